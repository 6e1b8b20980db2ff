//! Invoices: issued with the pivot, undone with the refund, printed when they are fetched.

use coko_core::context::CommandContext;
use coko_core::database::Connection;
use coko_core::identity::link;
use coko_core::locale::Locale;
use coko_core::{Error, Result};
use serde::{Deserialize, Serialize};
use time::Duration;
use uuid::Uuid;

use super::Payment;
use crate::model::{Attempt, Invoice, Order};
use crate::{print, store};

/// What signatures of these links are about, so that none is taken for another's.
const LINK: &str = "coko-payment-invoice";
/// How long a link may be used.
const LINK_LIFE: Duration = Duration::minutes(10);

/// Issues the invoice of an order that was just paid. It comes last in the transaction, for numbers are taken one after the other.
pub(super) async fn issue(
    connection: &mut Connection,
    context: &CommandContext,
    payment: &Payment,
    order: &Order,
    attempt: &Attempt,
) -> Result<()> {
    match Invoice::of(context.id(), order, attempt, &payment.config.seller) {
        Some(invoice) => number(connection, context, invoice).await,
        None => Ok(()),
    }
}

/// Issues the credit note of an order that was just paid back. It comes last in the transaction.
pub(super) async fn undo(
    connection: &mut Connection,
    context: &CommandContext,
    order: &Order,
) -> Result<()> {
    let issued = store::invoices::of_orders(connection, &[order.id]).await?;
    match issued.as_slice() {
        [invoice] => number(connection, context, invoice.undone(context.id())).await,
        // A wallet's money had no invoice.
        _ => Ok(()),
    }
}

async fn number(
    connection: &mut Connection,
    context: &CommandContext,
    invoice: Invoice,
) -> Result<()> {
    let number = store::invoices::next_number(connection, invoice.kind, context.now).await?;
    let invoice = invoice.numbered(number);
    store::invoices::insert(connection, &invoice).await?;
    metrics::counter!("payment_invoices_total", "kind" => invoice.kind.as_str()).increment(1);
    Ok(())
}

/// What a link permits: one document in one language.
#[derive(Debug, Serialize, Deserialize)]
struct Claims {
    #[serde(rename = "i")]
    invoice: Uuid,
    #[serde(rename = "l")]
    language: String,
}

/// The address of an invoice's PDF, for whoever holds it, for a short while.
pub(crate) fn address(
    context: &CommandContext,
    payment: &Payment,
    invoice: &Invoice,
    locale: &Locale,
) -> String {
    let claims = Claims {
        invoice: invoice.id,
        language: locale.language().to_owned(),
    };
    let ends = context.now + LINK_LIFE;
    let token = link::seal(&payment.platform.internal_key, LINK, &claims, ends);
    format!("{}/invoices/{token}", payment.platform.public_url)
}

/// An invoice on paper.
#[derive(Debug)]
pub(crate) struct Printed {
    /// Its number, for the name of the file.
    pub(crate) code: String,
    /// The PDF.
    pub(crate) pdf: Vec<u8>,
}

/// Prints the invoice that `token` permits.
///
/// # Errors
/// `FORBIDDEN` for a link that is not ours or has ended; when the database does not answer.
pub(crate) async fn print(payment: &Payment, token: &str) -> Result<Printed> {
    let now = payment.platform.clock.now();
    let claims: Claims = link::open(&payment.platform.internal_key, LINK, token, now)
        .ok_or_else(|| Error::new(coko_core::Code::Forbidden, "payment-link-ended"))?;
    let locale: Locale = claims.language.parse().unwrap_or_default();
    // Waiting here rather than for a thread: printing is work for the processor.
    let turn = payment.printing.clone().acquire_owned().await;
    let turn = turn.map_err(Error::internal)?;
    let mut connection = payment.pool.get().await?;
    let mut found = store::invoices::by_ids(&mut connection, &[claims.invoice]).await?;
    let invoice = found.pop().ok_or_else(Error::not_found)?;
    let undone = match invoice.cancels_id {
        Some(id) => store::invoices::by_ids(&mut connection, &[id]).await?.pop(),
        None => None,
    };
    drop(connection);
    let seller = invoice.seller().map_err(Error::internal)?;
    let translations = payment.translations.clone();
    let code = invoice.code();
    let printed = tokio::task::spawn_blocking(move || {
        let _turn = turn;
        print::pdf(&invoice, &seller, undone.as_ref(), &translations, &locale)
    });
    let pdf = printed.await.map_err(Error::internal)?;
    Ok(Printed {
        code,
        pdf: pdf.map_err(Error::internal)?,
    })
}
