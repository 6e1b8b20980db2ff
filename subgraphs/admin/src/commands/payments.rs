//! Reconciliation with payment providers: asked for here, done by payment, which tells what it came to.

use coko_core::context::CommandContext;
use coko_core::events::admin::ReconciliationRequested;
use coko_core::graphql::{Failure, Outcome};
use coko_core::{outbox, text};
use diesel_async::AsyncConnection as _;
use serde_json::json;
use time::OffsetDateTime;
use uuid::Uuid;

use super::{Admin, Deed, operator, record};
use crate::error::{CloseDiscrepancyErrorCode, ReconciliationErrorCode};
use crate::model::discrepancy::{Provider, is_span};
use crate::model::{Discrepancy, Reconciliation, note};
use crate::store;

/// Asks that the payments that were settled in a span of time be compared once more. Needs `system:payments`.
///
/// # Errors
/// Refusals; `UNAUTHENTICATED`, `FORBIDDEN`.
pub(crate) async fn request(
    context: &CommandContext,
    admin: &Admin,
    provider: Option<Provider>,
    (from, until): (OffsetDateTime, OffsetDateTime),
) -> Outcome<Reconciliation, ReconciliationErrorCode> {
    let user = operator(context, "payments")?;
    if !is_span(from, until, context.now) {
        return Err(Failure::field(
            ReconciliationErrorCode::SpanInvalid,
            "until",
        ));
    }
    let request = Reconciliation {
        id: context.id(),
        provider,
        from_at: from,
        until_at: until,
        requested_at: context.now,
        requested_by: user,
    };
    let mut connection = admin.pool.get().await?;
    connection
        .transaction(async |connection| {
            store::payments::request(connection, &request).await?;
            let provider = provider.map(|provider| provider.as_str().to_owned());
            let deed = Deed {
                action: "reconciliation.requested",
                subject: ("reconciliation", request.id.to_string()),
                old: None,
                new: Some(json!({ "provider": provider, "days": (until - from).whole_days() })),
            };
            record(connection, context, user, deed).await?;
            let event = ReconciliationRequested {
                request_id: request.id,
                provider,
                from,
                until,
            };
            outbox::enqueue(connection, context, &event).await?;
            Ok::<_, Failure<ReconciliationErrorCode>>(())
        })
        .await?;
    Ok(request)
}

/// Notes how a discrepancy was settled. Needs `system:payments`.
///
/// # Errors
/// Refusals; `UNAUTHENTICATED`, `FORBIDDEN`.
pub(crate) async fn close(
    context: &CommandContext,
    admin: &Admin,
    attempt: Uuid,
    how: &str,
) -> Outcome<Discrepancy, CloseDiscrepancyErrorCode> {
    type Code = CloseDiscrepancyErrorCode;
    let user = operator(context, "payments")?;
    let how =
        text::block(how, note::TEXT).map_err(|_| Failure::field(Code::NoteInvalid, "note"))?;
    let mut connection = admin.pool.get().await?;
    connection
        .transaction(async |connection| {
            let found = store::payments::lock(connection, attempt).await?;
            let found = found.ok_or_else(|| Failure::field(Code::NotFound, "attemptId"))?;
            if found.closed_at.is_some() {
                return Err(Failure::whole(Code::Closed));
            }
            let closed = Discrepancy {
                closed_at: Some(context.now),
                closed_by: Some(user),
                note: Some(how.clone()),
                ..found
            };
            store::payments::close(connection, &closed).await?;
            let deed = Deed {
                action: "discrepancy.closed",
                subject: ("payment-attempt", attempt.to_string()),
                old: None,
                new: Some(json!({ "note": how })),
            };
            record(connection, context, user, deed).await?;
            Ok::<_, Failure<Code>>(closed)
        })
        .await
}
