//! What providers report of deliveries; each report counts once, in whatever order it comes.

use axum::http::HeaderMap;
use coko_core::context::CommandContext;
use coko_core::database::Connection;
use coko_core::{Error, Result};
use diesel_async::AsyncConnection as _;
use uuid::Uuid;

use super::Dispatch;
use crate::connectors::{ReportError, sendgrid};
use crate::model::Channel;
use crate::model::callback::Told;
use crate::store;

/// Why a report is not taken.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Refusal {
    /// No such provider here.
    #[error("no such provider")]
    NoProvider,
    /// It is not genuine, or not readable.
    #[error(transparent)]
    Report(#[from] ReportError),
    /// It cannot be taken now.
    #[error(transparent)]
    Fault(#[from] Error),
}

/// Takes a report of SendGrid's about any number of letters; returns how many events of it were new.
pub(crate) async fn letters(
    context: &CommandContext,
    dispatch: &Dispatch,
    headers: &HeaderMap,
    body: &[u8],
) -> Result<usize, Refusal> {
    let provider = dispatch.connectors.sendgrid.as_ref();
    let provider = provider.ok_or(Refusal::NoProvider)?;
    provider.verify(headers, body, context.now)?;
    let told = sendgrid::read(body)?;
    Ok(take(context, dispatch, "sendgrid", Channel::Email, &told).await?)
}

/// Takes a report of Twilio's about one text message; returns how many events of it were new.
pub(crate) async fn text(
    context: &CommandContext,
    dispatch: &Dispatch,
    delivery: Uuid,
    headers: &HeaderMap,
    body: &[u8],
) -> Result<usize, Refusal> {
    let provider = dispatch.connectors.twilio.as_ref();
    let provider = provider.ok_or(Refusal::NoProvider)?;
    let signature = headers.get("x-twilio-signature");
    let signature = signature.and_then(|value| value.to_str().ok());
    let told = provider.read(delivery, signature, body)?;
    Ok(take(context, dispatch, "twilio", Channel::Sms, &[told]).await?)
}

async fn take(
    context: &CommandContext,
    dispatch: &Dispatch,
    provider: &'static str,
    channel: Channel,
    told: &[Told],
) -> Result<usize> {
    let mut connection = dispatch.pool.get().await?;
    let mut fresh = 0;
    // Each by itself: a report may be about thousands of people, and what was taken of it need not be taken again.
    for each in told {
        let new = connection
            .transaction(async |connection| {
                one(connection, context, dispatch, provider, channel, each).await
            })
            .await?;
        fresh += usize::from(new);
    }
    Ok(fresh)
}

async fn one(
    connection: &mut Connection,
    context: &CommandContext,
    dispatch: &Dispatch,
    provider: &'static str,
    channel: Channel,
    told: &Told,
) -> Result<bool> {
    let now = context.now;
    if !store::callbacks::note(connection, provider, &told.event_id, now).await? {
        return Ok(false);
    }
    if let Some((address, reason)) = &told.suppress {
        let recipient = dispatch.recipient(channel, address);
        store::suppressions::keep(connection, channel, &recipient, *reason, now).await?;
    }
    if let (Some(id), Some(status)) = (told.delivery, told.status)
        && let Some(delivery) = store::deliveries::lock(connection, id).await?
        && delivery.channel == channel
    {
        let after = delivery.status.after(status);
        if after != delivery.status {
            let reason = told.code.as_deref();
            store::deliveries::set_told(connection, id, after, reason, now).await?;
        }
    }
    let label = told.status.map_or("OTHER", |status| status.as_str());
    metrics::counter!("notification_reports_total", "provider" => provider, "status" => label)
        .increment(1);
    Ok(true)
}
