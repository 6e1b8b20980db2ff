//! Stage 11 for subscriptions: the caller joins those who follow the same operation, or is the first.

use std::sync::Arc;

use bytes::Bytes;
use coko_core::Code;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use sha2::{Digest as _, Sha256};

use crate::context::RequestContext;
use crate::execute::{Executed, execute};
use crate::plan::Planned;
use crate::refusal::{GraphQLError, Refusal};
use crate::resolve::Resolved;
use crate::subscriptions::Origin;

/// Opens a subscription, and returns when its source has accepted it.
///
/// # Errors
/// `RATE_LIMITED` when too many are open; `HISTORY_GONE` when events are missed that nobody keeps; what the source
/// refuses with.
pub(crate) async fn subscribe(
    context: &RequestContext,
    mut resolved: Resolved,
    mut planned: Planned,
) -> Result<Executed, Refusal> {
    if context.explain {
        return execute(context, planned).await;
    }
    if !context.engine.config.subscriptions.enabled {
        return Err(Refusal::graphql(vec![GraphQLError::new(
            Code::BadRequest,
            "Subscriptions are not served here.",
        )]));
    }
    let resume = last_event(context, &resolved)?;
    // Files have no place in what is asked once and answered many times.
    (resolved.operation.uploads, planned.uploads) = (None, None);
    let operation = planned.operation.clone();
    let origin = Origin {
        context: shared(context),
        resolved,
    };
    let key = key(&origin);
    let hub = &context.engine.hub;
    let subscription = hub.open(origin, planned, key, resume).await?;
    let mut executed = Executed::new(&operation, Bytes::new());
    executed.stream = Some(Box::new(subscription));
    Ok(executed)
}

/// What a returning subscriber has seen last: in the request itself, or in the header that `EventSource` sends.
fn last_event(context: &RequestContext, resolved: &Resolved) -> Result<Option<u64>, Refusal> {
    let sent = resolved
        .operation
        .last_event_id
        .as_deref()
        .or_else(|| context.header("last-event-id"))
        .filter(|id| !id.is_empty());
    let Some(id) = sent else { return Ok(None) };
    id.parse().map(Some).map_err(|_| {
        Refusal::http_with(
            StatusCode::BAD_REQUEST,
            Code::BadRequest,
            "The last event id is none that this gateway gave out: send it as it was received.",
        )
    })
}

/// The context of a stream that may be shared: what tells one client from another with the same token is left out. It
/// outlives the request, whose buffers it must not keep.
fn shared(context: &RequestContext) -> RequestContext {
    let mut context = context.clone();
    context.headers = Arc::new(compact(&context, shared_headers(&context)));
    context.address = None;
    context.claimed_client = None;
    context
}

/// The headers that subgraphs get of every subscriber of a topic.
fn shared_headers(context: &RequestContext) -> impl Iterator<Item = &HeaderName> {
    static OF_EACH: [HeaderName; 2] = [header::AUTHORIZATION, header::ACCEPT_LANGUAGE];
    OF_EACH.iter().chain(&context.engine.forwarded)
}

/// Copies of some headers: the originals are slices of the connection's buffer.
pub(crate) fn compact<'a>(
    context: &RequestContext,
    names: impl Iterator<Item = &'a HeaderName>,
) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for name in names {
        if let Some(value) = context.headers.get(name)
            && let Ok(value) = HeaderValue::from_bytes(value.as_bytes())
        {
            headers.insert(name, value);
        }
    }
    headers
}

/// Equal for subscriptions that are answered alike: same operation, variables and headers, the token among them.
fn key(origin: &Origin) -> [u8; 32] {
    let mut digest = Sha256::new();
    let mut part = |bytes: &[u8]| {
        digest.update((bytes.len() as u64).to_le_bytes());
        digest.update(bytes);
    };
    let Resolved {
        document,
        operation,
    } = &origin.resolved;
    part(&document.digest);
    part(operation.name.as_deref().unwrap_or_default().as_bytes());
    part(
        serde_json::Value::from(operation.variables.clone())
            .to_string()
            .as_bytes(),
    );
    let headers = &origin.context.headers;
    for name in shared_headers(&origin.context) {
        part(name.as_str().as_bytes());
        // Absent is not empty.
        part(&[u8::from(headers.contains_key(name))]);
        part(headers.get(name).map_or(&[][..], HeaderValue::as_bytes));
    }
    digest.finalize().into()
}
