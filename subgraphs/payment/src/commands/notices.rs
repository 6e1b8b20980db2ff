//! Providers' notices: kept as they came, answered at once, worked on afterwards.

use axum::http::HeaderMap;
use coko_core::context::CommandContext;
use coko_core::{Error, Result};
use diesel_async::AsyncConnection as _;
use time::Duration;

use super::{NOTICE_TOKEN, Payment, checkout, settle};
use crate::connectors::{About, NoticeError};
use crate::fault;
use crate::model::{Attempt, Provider};
use crate::store;
use crate::store::notices::Stored;

/// How many notices one round takes.
const BATCH: i64 = 64;
/// The column in whose name bodies are sealed.
const BODY: &str = "notices.body";
/// How often a notice is looked at whose attempt is not there; its opening may still be under way.
const MAX_TRIES: i32 = 8;

/// Why a notice is not kept.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Refusal {
    /// No such provider here.
    #[error("no such provider")]
    NoProvider,
    /// It is not genuine, or not readable.
    #[error(transparent)]
    Notice(#[from] NoticeError),
    /// It cannot be kept now.
    #[error(transparent)]
    Fault(#[from] Error),
}

/// Proves a notice and keeps it once; returns whether it was new.
pub(crate) async fn keep(
    context: &CommandContext,
    payment: &Payment,
    provider: Provider,
    headers: &HeaderMap,
    body: &[u8],
) -> Result<bool, Refusal> {
    let connector = payment.connectors.of(provider).ok_or(Refusal::NoProvider)?;
    connector.verify(headers, body, context.now).await?;
    let notice = connector.read(body)?;
    let text =
        std::str::from_utf8(body).map_err(|error| NoticeError::Malformed(error.to_string()))?;
    let stored = Stored {
        id: context.id(),
        provider,
        event_id: notice.event_id,
        body_sealed: payment.cipher.seal(&context.entropy, BODY, text),
        status: "NEW".to_owned(),
        received_at: context.now,
        due_at: Some(context.now),
        tries: 0,
    };
    let mut connection = payment.pool.get().await.map_err(Error::from)?;
    let fresh = store::notices::insert(&mut connection, &stored)
        .await
        .map_err(Error::from)?;
    fault::point("notice-kept");
    payment.noticed.notify_one();
    Ok(fresh)
}

/// Works on the notices that are due; returns how many were looked at.
///
/// # Errors
/// When the database does not answer.
pub(crate) async fn work(context: &CommandContext, payment: &Payment) -> Result<usize> {
    let again = context.now + Duration::seconds(30);
    let mut connection = payment.pool.get().await?;
    let due = connection
        .transaction(async |connection| {
            store::notices::lease_due(connection, context.now, again, BATCH).await
        })
        .await?;
    drop(connection);
    for stored in &due {
        one(context, payment, stored).await?;
    }
    Ok(due.len())
}

async fn one(context: &CommandContext, payment: &Payment, stored: &Stored) -> Result<()> {
    let Some(connector) = payment.connectors.of(stored.provider) else {
        return Ok(());
    };
    let body = payment.cipher.open(BODY, &stored.body_sealed)?;
    let notice = connector.read(body.as_bytes()).map_err(Error::internal)?;
    let attempt = match &notice.about {
        About::Nothing => return done(payment, stored, "DONE").await,
        about => attempt(payment, stored.provider, about).await?,
    };
    let Some(attempt) = attempt else {
        // 1 s, 2 s, 4 s …: the notice may have come before the answer to the call that opened the checkout.
        if stored.tries >= MAX_TRIES {
            tracing::warn!(notice = %stored.id, provider = stored.provider.as_str(), "a notice is about nothing of ours");
            return done(payment, stored, "UNKNOWN").await;
        }
        let exponent = u32::try_from(stored.tries.max(1) - 1).unwrap_or(0);
        let again = context.now + Duration::seconds(2_i64.pow(exponent));
        let mut connection = payment.pool.get().await?;
        store::notices::settle(&mut connection, stored.id, "NEW", Some(again)).await?;
        return Ok(());
    };
    let certain = match notice.payment {
        Some(paying) => {
            settle::settle(context, payment, attempt.id, paying).await?;
            true
        }
        None => checkout::ask(context, payment, &attempt).await?,
    };
    if certain {
        done(payment, stored, "DONE").await
    } else {
        // The lease's timer brings it back.
        Ok(())
    }
}

async fn attempt(payment: &Payment, provider: Provider, about: &About) -> Result<Option<Attempt>> {
    let mut connection = payment.pool.get().await?;
    let id = match about {
        About::Attempt(id) => Some(*id),
        About::Token(token) => {
            let index = payment.cipher.blind_index(NOTICE_TOKEN, token);
            store::attempts::by_notice(&mut connection, provider, &index).await?
        }
        About::Nothing => None,
    };
    let Some(id) = id else { return Ok(None) };
    let found = store::attempts::by_id(&mut connection, id).await?;
    Ok(found.filter(|attempt| attempt.provider == provider))
}

async fn done(payment: &Payment, stored: &Stored, status: &str) -> Result<()> {
    let mut connection = payment.pool.get().await?;
    store::notices::settle(&mut connection, stored.id, status, None).await?;
    metrics::counter!("payment_notices_total", "provider" => stored.provider.as_str(), "outcome" => if status == "DONE" { "DONE" } else { "UNKNOWN" })
        .increment(1);
    Ok(())
}
