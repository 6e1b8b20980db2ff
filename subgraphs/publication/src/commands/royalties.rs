//! What sales and reading earn: booked, held for a while, released, taken back.

use coko_core::context::CommandContext;
use coko_core::database::Connection;
use coko_core::events::payment::{BookPurchased, OrderRefunded};
use coko_core::events::publication::RoyaltyAccrued;
use coko_core::money::{CurrencyCode, Money};
use coko_core::{Result, outbox};
use diesel_async::AsyncConnection as _;
use time::{Date, Duration};
use uuid::Uuid;

use super::Publishing;
use crate::config::Terms;
use crate::model::contract::deciding;
use crate::model::royalty::{self, Division};
use crate::model::{
    Accrual, AccrualStatus, Agreement, Manuscript, PayeeKind, RoyaltySource, Sale, SaleStatus,
};
use crate::store;
use crate::store::balances::{Account, Change};

/// How many accruals one round releases.
pub(crate) const BATCH: i64 = 100;

/// A copy was sold: what it earned is booked, once for each order however often it is told.
pub(crate) async fn sold(
    connection: &mut Connection,
    context: &CommandContext,
    terms: &Terms,
    event: &BookPurchased,
) -> Result<()> {
    let found = store::manuscripts::of_book(connection, event.book_id).await?;
    let Some(manuscript) = found else {
        return Ok(());
    };
    let sale = Sale {
        order_id: event.order_id,
        manuscript_id: manuscript.id,
        status: SaleStatus::Booked,
        amount: event.price.amount.max(0),
        currency: CurrencyCode(event.price.currency),
        at: context.now,
    };
    if !store::accruals::insert_sale(connection, &sale).await? || sale.amount == 0 {
        return Ok(());
    }
    let country = store::readers::country(connection, event.user_id).await?;
    let earned = Earned {
        source: RoyaltySource::Sale,
        order_id: Some(event.order_id),
        month: None,
        country: &country,
        on: event.purchased_at.date(),
        units: 1,
        gross: event.price,
        step: royalty::sale_step(event.order_id),
        subject: event.order_id,
    };
    let changes = accrue(connection, context, terms, &manuscript, earned).await?;
    store::balances::change(connection, &changes).await?;
    metrics::counter!("publication_sales_total", "currency" => event.price.currency.code())
        .increment(1);
    Ok(())
}

/// Something to be divided and booked.
pub(super) struct Earned<'a> {
    pub(super) source: RoyaltySource,
    pub(super) order_id: Option<Uuid>,
    pub(super) month: Option<Date>,
    /// Where it was earned; empty when that is not known.
    pub(super) country: &'a str,
    /// The day that decides about the contract.
    pub(super) on: Date,
    pub(super) units: i64,
    pub(super) gross: Money,
    /// The ledger's step, and what it is about.
    pub(super) step: String,
    pub(super) subject: Uuid,
}

/// Divides what was earned among those whom the contract names, books it, and says so. Returns by how much balances change, which is
/// left to the caller: whoever accrues several times changes all of them at once, in their order.
pub(super) async fn accrue(
    connection: &mut Connection,
    context: &CommandContext,
    terms: &Terms,
    manuscript: &Manuscript,
    earned: Earned<'_>,
) -> Result<Vec<(Account, Change)>> {
    let agreed = agreement(connection, terms, manuscript, &earned).await?;
    let division = Division::new(earned.source, earned.gross.amount, &agreed);
    let currency = CurrencyCode(earned.gross.currency);
    let journal = division.journal(earned.step, earned.source, currency.0);
    let id = context.id();
    if !store::ledger::book(connection, id, earned.subject, &journal, context.now).await? {
        return Ok(Vec::new());
    }
    let payable_at = context.now + Duration::days(terms.escrow_days);
    let (mut accruals, mut events, mut changes) = (Vec::new(), Vec::new(), Vec::new());
    for part in &division.parts {
        let accrual = Accrual {
            id: context.id(),
            source: earned.source,
            order_id: earned.order_id,
            month: earned.month,
            manuscript_id: manuscript.id,
            payee_id: part.payee,
            units: earned.units,
            gross: earned.gross.amount,
            amount: part.amount,
            currency,
            status: AccrualStatus::Escrow,
            accrued_at: context.now,
            payable_at,
            reversed_at: None,
        };
        let is_person = part.kind == PayeeKind::User;
        events.push(RoyaltyAccrued {
            accrual_id: accrual.id,
            source: accrual.source.as_str().to_owned(),
            manuscript_id: manuscript.id,
            book_id: manuscript.book_id,
            order_id: accrual.order_id,
            user_id: is_person.then_some(part.payee),
            organization_id: (!is_person).then_some(part.payee),
            amount: accrual.money(),
            payable_at,
            accrued_at: context.now,
        });
        let change = Change {
            escrow: part.amount,
            payable: 0,
        };
        changes.push(((part.payee, currency), change));
        accruals.push(accrual);
    }
    store::accruals::insert(connection, &accruals).await?;
    outbox::enqueue_all(connection, context, &events).await?;
    metrics::counter!("publication_royalties_total", "source" => earned.source.as_str())
        .increment(accruals.len() as u64);
    Ok(changes)
}

/// What was agreed about the place and the day.
async fn agreement(
    connection: &mut Connection,
    terms: &Terms,
    manuscript: &Manuscript,
    earned: &Earned<'_>,
) -> Result<Agreement> {
    let contracts = store::contracts::of_manuscripts(connection, &[manuscript.id]).await?;
    let country = Some(earned.country).filter(|country| !country.is_empty());
    let Some(contract) = deciding(&contracts, country, earned.on) else {
        let organization = manuscript.organization_id;
        return Ok(Agreement::default_for(organization, terms.platform_share));
    };
    let parties = store::contracts::parties(connection, &[contract.id]).await?;
    Ok(Agreement::of(contract, &parties))
}

/// A sale was undone: what it earned is taken back from where it is. A sale that was not heard of yet will be passed over.
pub(crate) async fn refunded(
    connection: &mut Connection,
    context: &CommandContext,
    event: &OrderRefunded,
) -> Result<()> {
    let Some(book) = event.book_id else {
        return Ok(());
    };
    let Some(manuscript) = store::manuscripts::of_book(connection, book).await? else {
        return Ok(());
    };
    let unheard = Sale {
        order_id: event.order_id,
        manuscript_id: manuscript.id,
        status: SaleStatus::Cancelled,
        amount: event.price.amount.max(0),
        currency: CurrencyCode(event.price.currency),
        at: context.now,
    };
    if store::accruals::insert_sale(connection, &unheard).await? {
        return Ok(());
    }
    let sale = store::accruals::lock_sale(connection, event.order_id).await?;
    if sale.is_none_or(|sale| sale.status != SaleStatus::Booked) {
        return Ok(());
    }
    let accruals = store::accruals::lock_of_order(connection, event.order_id).await?;
    let (mut released, mut changes) = (Vec::new(), Vec::new());
    for accrual in &accruals {
        let mut change = Change::default();
        match accrual.status {
            AccrualStatus::Escrow => change.escrow = -accrual.amount,
            AccrualStatus::Payable => {
                change.payable = -accrual.amount;
                released.push(accrual.payee_id);
            }
            AccrualStatus::Reversed => continue,
        }
        changes.push(((accrual.payee_id, accrual.currency), change));
    }
    let step = royalty::sale_step(event.order_id);
    let booked = store::ledger::booked(connection, &step).await?;
    if !booked.is_empty() {
        let journal = royalty::refund(event.order_id, booked, &released);
        let id = context.id();
        store::ledger::book(connection, id, event.order_id, &journal, context.now).await?;
    }
    store::accruals::reverse(connection, event.order_id, context.now).await?;
    store::accruals::set_sale(connection, event.order_id, SaleStatus::Reversed).await?;
    store::balances::change(connection, &changes).await?;
    metrics::counter!("publication_reversals_total").increment(1);
    Ok(())
}

/// Releases what was held long enough; returns how much there was.
///
/// # Errors
/// When the database does not answer.
pub(crate) async fn release(context: &CommandContext, publishing: &Publishing) -> Result<usize> {
    let mut connection = publishing.pool.get().await?;
    connection
        .transaction(async |connection| {
            let due = store::accruals::lock_due(connection, context.now, BATCH).await?;
            let mut changes = Vec::with_capacity(due.len());
            for accrual in &due {
                let journal = royalty::release(accrual.id, accrual.payee_id, accrual.money());
                let id = context.id();
                store::ledger::book(connection, id, accrual.id, &journal, context.now).await?;
                let change = Change {
                    escrow: -accrual.amount,
                    payable: accrual.amount,
                };
                changes.push(((accrual.payee_id, accrual.currency), change));
            }
            let ids: Vec<Uuid> = due.iter().map(|accrual| accrual.id).collect();
            store::accruals::release(connection, &ids).await?;
            store::balances::change(connection, &changes).await?;
            Ok(due.len())
        })
        .await
}
