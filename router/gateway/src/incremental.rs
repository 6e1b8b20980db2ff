//! Stage 11 for answers in parts: the first as soon as it is there, what `@defer` marks as it comes.
//!
//! Parts are for their caller alone: such an answer is neither kept as a whole nor shared with an equal operation under
//! way, and caches before the router are told to keep nothing of it. Calls to subgraphs go through the cache as always.

use std::convert::Infallible;

use axum::body::Body;
use bytes::Bytes;
use coko_core::Code;
use coko_executor::{IncrementalDelivery, IncrementalPayload, OperationKind, execute_incremental};
use http::{HeaderValue, Response};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio_util::task::AbortOnDropHandle;
use tracing::Instrument as _;

use crate::actual_cost;
use crate::admit::Admission;
use crate::context::RequestContext;
use crate::execute::{Executed, caching, headers, input, measure};
use crate::media::{MULTIPART, StreamMedia};
use crate::plan::Planned;
use crate::refusal::Refusal;
use crate::streams::{COMPLETE_EVENT, content_type, next_event, streamed};
use crate::trace;

/// How the answer comes in parts, when the client takes them and there are some.
pub(crate) fn delivery(context: &RequestContext, planned: &Planned) -> Option<IncrementalDelivery> {
    // What an answer did cost is known when it is whole.
    if !context.incremental || context.explain || actual_cost::is_asked(context) {
        return None;
    }
    planned.plan.incremental_delivery(&planned.variables)
}

/// The parts of one answer that are still to come. They come about by themselves, so that a client that is slow to read
/// them holds no room that others could have; when this is dropped, nothing goes on.
pub(crate) struct Parts {
    _running: AbortOnDropHandle<()>,
    made: UnboundedReceiver<IncrementalPayload>,
    /// Whether there is another one.
    has_next: bool,
}

impl Parts {
    /// The next part; `None` after the last.
    pub(crate) async fn next(&mut self) -> Option<IncrementalPayload> {
        let part = self.made.recv().await;
        self.has_next = part.as_ref().is_some_and(|part| part.has_next);
        part
    }
}

/// Runs the plan up to the first part of the answer.
///
/// # Errors
/// None but `INTERNAL`: failures of subgraphs are part of the answer, as is the deadline's passing.
pub(crate) async fn execute_in_parts(
    context: &RequestContext,
    planned: Planned,
    delivery: IncrementalDelivery,
    admission: Admission,
) -> Result<Executed, Refusal> {
    let operation = planned.operation.clone();
    let (made, parts) = unbounded_channel();
    let running = run(context.clone(), planned, delivery, admission, made);
    let running = tokio::spawn(running.instrument(trace::executing(&operation)));
    let mut parts = Parts {
        _running: AbortOnDropHandle::new(running),
        made: parts,
        has_next: true,
    };
    let Some(first) = parts.next().await else {
        let message = "Something went wrong on our side.";
        return Err(Refusal::http(Code::Internal, message));
    };
    if operation.kind == OperationKind::Mutation
        && let Some(running) = &context.engine.running
    {
        // What changes is changed by now; whoever asks from here on gets what is read after it.
        running.close();
    }
    let mut executed = Executed::new(&operation, first.body);
    executed.errors = first.error_count;
    executed.fetches = first.fetches;
    executed.parts = Some(Box::new(parts));
    Ok(executed)
}

/// Runs the plan to its end. It counts among the requests under way until then.
async fn run(
    context: RequestContext,
    planned: Planned,
    delivery: IncrementalDelivery,
    _admission: Admission,
    made: UnboundedSender<IncrementalPayload>,
) {
    let Planned {
        operation,
        plan,
        variables,
        uploads,
        recall,
        cost: _,
    } = planned;
    let headers = headers(&context, &operation);
    let caching = caching(&context, &operation, recall.as_ref(), false);
    let mut input = input(&context, &variables, &headers, caching.as_ref());
    input.files = uploads.as_ref().map(|uploads| &uploads.files);
    let supergraph = &context.snapshot.supergraph;
    // Whoever takes the parts ends this when they go.
    let deliver = |part| drop(made.send(part));
    let fetches = execute_incremental(supergraph, &plan, delivery, input, deliver).await;
    measure(&context, &fetches);
}

/// Writes a part, which may be the first and the last.
type Frame = fn(&Bytes, bool, bool) -> Bytes;

/// An answer in parts on the wire: `multipart/mixed` as Apollo's clients and urql read it, or server-sent events for those
/// who take nothing else.
pub(crate) fn respond_in_parts(
    context: &RequestContext,
    first: Bytes,
    parts: Parts,
) -> Response<Body> {
    let (content_type, frame): (_, Frame) = if context.stream_only {
        (content_type(StreamMedia::EventStream), event)
    } else {
        (HeaderValue::from_static(MULTIPART), part)
    };
    let frames = futures::stream::unfold(Some((Some(first), parts)), move |rest| async move {
        let (first, mut parts) = rest?;
        let is_first = first.is_some();
        let body = match first {
            Some(body) => body,
            None => parts.next().await?.body,
        };
        let is_last = !parts.has_next;
        let rest = (!is_last).then_some((None, parts));
        Some((Ok::<_, Infallible>(frame(&body, is_first, is_last)), rest))
    });
    streamed(context, content_type, Body::from_stream(frames))
}

/// The boundary comes with the part that it ends: a client need not wait for the next one.
fn part(body: &Bytes, is_first: bool, is_last: bool) -> Bytes {
    let opening: &[u8] = if is_first { b"\r\n---" } else { b"" };
    let closing: &[u8] = if is_last { b"--\r\n" } else { b"" };
    let content = b"\r\ncontent-type: application/json\r\n\r\n";
    [opening, content, body, b"\r\n---", closing]
        .concat()
        .into()
}

fn event(body: &Bytes, _is_first: bool, is_last: bool) -> Bytes {
    let mut frames = next_event(body, None);
    if is_last {
        frames.extend_from_slice(COMPLETE_EVENT);
    }
    frames.into()
}
