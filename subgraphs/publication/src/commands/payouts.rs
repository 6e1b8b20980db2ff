//! Payouts: asked for by payees, made by operators outside the platform, confirmed here.

use coko_core::context::CommandContext;
use coko_core::graphql::{Failure, Outcome, Refusal};
use coko_core::idempotency::{self, Claim};
use coko_core::money::{Currency, CurrencyCode};
use coko_core::text;
use coko_core::{Error, Result};
use diesel_async::AsyncConnection as _;
use time::Duration;
use uuid::Uuid;

use super::{Publishing, accountant, cashier, may_account};
use crate::error::{RequestPayoutErrorCode, SettlePayoutErrorCode};
use crate::model::details::text_refusal;
use crate::model::payout::{MAX_NAME, MAX_REFERENCE, e164};
use crate::model::{Destination, Payout, PayoutStatus, royalty};
use crate::store;
use crate::store::balances::Change;

/// The column in whose name destinations are sealed.
const DESTINATION: &str = "payouts.destination";
/// How long after it was settled it is known whose account a payout went to.
const DESTINATION_LIFE: Duration = Duration::days(400);
/// How many destinations one round forgets.
const FORGOTTEN: i64 = 500;

/// A payout that somebody asks for.
#[derive(Clone, Debug)]
pub(crate) struct Wanted {
    pub(crate) payee: Uuid,
    pub(crate) currency: Currency,
    /// In minor units; all that is owed when there is none.
    pub(crate) amount: Option<i64>,
    pub(crate) mobile: String,
    pub(crate) name: String,
}

/// Asks for a payout of what is owed.
///
/// # Errors
/// Refusals of the input; `FORBIDDEN` without `royalties:manage`.
pub(crate) async fn request(
    context: &CommandContext,
    publishing: &Publishing,
    wanted: Wanted,
    key: &str,
) -> Outcome<Uuid, RequestPayoutErrorCode> {
    use RequestPayoutErrorCode as Code;
    let user = accountant(context)?;
    let mobile =
        e164(&wanted.mobile).ok_or_else(|| Failure::field(Code::InvalidMobile, "mobile"))?;
    let name = text::line(&wanted.name, MAX_NAME).map_err(|error| {
        let (required, control) = (Code::Required, Code::ControlCharacters);
        let refusal = text_refusal(error, "name", required, Code::TooLong, control);
        Failure::Refused(vec![refusal])
    })?;
    let destination = Destination { mobile, name };
    let id = context.id();
    let account = (wanted.payee, CurrencyCode(wanted.currency));
    let least = publishing.config.thresholds.of(wanted.currency);
    let text = serde_json::to_string(&destination).map_err(Error::internal)?;
    let sealed = publishing
        .cipher
        .seal(&publishing.platform.entropy, DESTINATION, &text);
    let mut connection = publishing.pool.get().await?;
    connection
        .transaction(async |connection| {
            if !may_account(connection, user, wanted.payee).await? {
                return Err(Failure::field(Code::NotFound, "payeeId"));
            }
            let owner = context.viewer.key();
            let input = (
                wanted.payee,
                wanted.currency,
                wanted.amount,
                &destination.mobile,
                &destination.name,
            );
            let call = ("requestPayout", &input);
            let claim = idempotency::claim(connection, &owner, key, call, id, context.now).await?;
            if let Claim::Seen(payout) = claim {
                return Ok(payout);
            }
            let balance = store::balances::lock(connection, account).await?;
            let owed = balance.map_or(0, |balance| balance.payable);
            let amount = wanted.amount.unwrap_or(owed);
            if amount < least {
                let least = usize::try_from(least).unwrap_or(usize::MAX);
                let refusal = Refusal::beyond(Code::BelowThreshold, "amount", least);
                return Err(Failure::Refused(vec![refusal]));
            }
            if amount > owed {
                return Err(Failure::field(Code::NotEnough, "amount"));
            }
            let payout = Payout {
                id,
                payee_id: wanted.payee,
                requested_by: user,
                amount,
                currency: account.1,
                status: PayoutStatus::Requested,
                destination_sealed: Some(sealed),
                destination_hint: destination.hint(),
                reference: None,
                settled_by: None,
                created_at: context.now,
                settled_at: None,
            };
            store::payouts::insert(connection, &payout)
                .await
                .map_err(|error| match store::broken_index(&error) {
                    Some("payouts_open") => Failure::field(Code::AlreadyRequested, "payeeId"),
                    _ => error.into(),
                })?;
            let journal = royalty::request(id, wanted.payee, payout.money());
            store::ledger::book(connection, context.id(), id, &journal, context.now).await?;
            let change = Change {
                escrow: 0,
                payable: -amount,
            };
            store::balances::change(connection, &[(account, change)]).await?;
            metrics::counter!("publication_payouts_total", "status" => "REQUESTED").increment(1);
            Ok(id)
        })
        .await
}

/// What an operator says of a payout.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It was made.
    Paid,
    /// It was not, and is owed again.
    Rejected,
}

/// Says what became of a payout: with the transfer's id when it was made, with the reason when it was not. Saying the same again
/// does no harm.
///
/// # Errors
/// Refusals of the input; `FORBIDDEN` without `royalties:pay`.
pub(crate) async fn settle(
    context: &CommandContext,
    publishing: &Publishing,
    id: Uuid,
    verdict: Verdict,
    reference: &str,
) -> Outcome<Uuid, SettlePayoutErrorCode> {
    use SettlePayoutErrorCode as Code;
    let user = cashier(context)?;
    let reference = text::line(reference, MAX_REFERENCE).map_err(|error| {
        let (required, control) = (Code::Required, Code::ControlCharacters);
        let refusal = text_refusal(error, "reference", required, Code::TooLong, control);
        Failure::Refused(vec![refusal])
    })?;
    let mut connection = publishing.pool.get().await?;
    connection
        .transaction(async |connection| {
            let found = store::payouts::lock(connection, id).await?;
            let mut payout = found.ok_or_else(|| Failure::field(Code::NotFound, "payoutId"))?;
            let status = match verdict {
                Verdict::Paid => PayoutStatus::Paid,
                Verdict::Rejected => PayoutStatus::Rejected,
            };
            if payout.status == status && payout.reference.as_deref() == Some(reference.as_str()) {
                return Ok(id);
            }
            if payout.status != PayoutStatus::Requested {
                return Err(Failure::field(Code::AlreadySettled, "payoutId"));
            }
            payout.status = status;
            payout.reference = Some(reference);
            payout.settled_by = Some(user);
            payout.settled_at = Some(context.now);
            store::payouts::update(connection, &payout).await?;
            let journal = match verdict {
                Verdict::Paid => royalty::paid(id, payout.money()),
                Verdict::Rejected => royalty::returned(id, payout.payee_id, payout.money()),
            };
            store::ledger::book(connection, context.id(), id, &journal, context.now).await?;
            if verdict == Verdict::Rejected {
                let change = Change {
                    escrow: 0,
                    payable: payout.amount,
                };
                let account = (payout.payee_id, payout.currency);
                store::balances::change(connection, &[(account, change)]).await?;
            }
            metrics::counter!("publication_payouts_total", "status" => status.as_str())
                .increment(1);
            Ok(id)
        })
        .await
}

/// Whose account a payout goes to, as long as that is known.
///
/// # Errors
/// When it was sealed with a key that is no longer configured.
pub(crate) fn destination(publishing: &Publishing, payout: &Payout) -> Result<Option<Destination>> {
    let Some(sealed) = &payout.destination_sealed else {
        return Ok(None);
    };
    let text = publishing.cipher.open(DESTINATION, sealed)?;
    let destination = serde_json::from_str(&text).map_err(Error::internal)?;
    Ok(Some(destination))
}

/// Forgets whose accounts payouts went to that were settled long ago; returns how many there were.
///
/// # Errors
/// When the database does not answer.
pub(crate) async fn forget(context: &CommandContext, publishing: &Publishing) -> Result<usize> {
    let before = context.now - DESTINATION_LIFE;
    let mut connection = publishing.pool.get().await?;
    connection
        .transaction(async |connection| {
            Ok(store::payouts::forget_destinations(connection, before, FORGOTTEN).await?)
        })
        .await
}
