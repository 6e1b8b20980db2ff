//! The way of a request, one stage after the other; each is a file with one verb.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::Request;
use coko_core::telemetry;
use coko_executor::OperationKind;
use futures::future::join_all;
use http::Response;
use http::request::Parts;
use tokio::time::Instant;
use tracing::Instrument as _;

use crate::admit::{admit, check_origin};
use crate::authorize::authorize;
use crate::cache::{Recalled, recall};
use crate::coerce::coerce;
use crate::context::RequestContext;
use crate::engine::Engine;
use crate::identify::identify;
use crate::incremental::{delivery, execute_in_parts};
use crate::plan::plan;
use crate::prepare::prepare;
use crate::receive::{self, Operation, PathId, Received, receive};
use crate::refusal::Refusal;
use crate::resolve::resolve;
use crate::respond::{self, Outcome, respond, respond_all};
use crate::share::share;
use crate::subscribe::subscribe;

/// Answers one HTTP request to the GraphQL endpoint.
pub(crate) async fn serve(engine: Arc<Engine>, request: Request) -> Response<Body> {
    let started = Instant::now();
    let span = telemetry::traced_request_span("router", request.headers());
    let response = answer(engine.clone(), request, started)
        .instrument(span)
        .await;
    engine.meters.request(response.status(), started.elapsed());
    response
}

async fn answer(engine: Arc<Engine>, request: Request, started: Instant) -> Response<Body> {
    let (mut parts, body) = request.into_parts();
    let (mut context, acceptable) = receive::open(&engine, &mut parts, started);
    if let Err(refusal) = acceptable {
        return finish(&context, Err(refusal), started);
    }
    let received = open(&context, &parts, body).await;
    receive::arrived(&mut context);
    match received {
        Ok(Received::One(operation)) => {
            respond(&context, operate(&context, operation, started).await)
        }
        Ok(Received::Batch(operations)) => {
            // The answers are one JSON array, in which there is no place for a stream.
            let context = RequestContext {
                stream: None,
                incremental: false,
                ..context
            };
            let running = operations
                .into_iter()
                .map(|operation| operate(&context, operation, started));
            let outcomes = join_all(running).await;
            respond_all(&context, outcomes)
        }
        Err(refusal) => finish(&context, Err(refusal), started),
    }
}

async fn open(context: &RequestContext, parts: &Parts, body: Body) -> Result<Received, Refusal> {
    check_origin(context, parts.extensions.get::<PathId>())?;
    receive(context, parts, body).await
}

/// Settles who asks, then runs the operation, and says in one line what became of it.
pub(crate) async fn operate(
    context: &RequestContext,
    operation: Operation,
    started: Instant,
) -> Outcome {
    let identified = identify(context.clone(), &operation);
    let (context, outcome) = match identified {
        Ok(identified) => {
            let span = telemetry::viewer_span(identified.viewer.user_id());
            let outcome = run(&identified, operation).instrument(span).await;
            (identified, outcome)
        }
        Err(refusal) => (context.clone(), Err(refusal)),
    };
    respond::summarize(&context, &outcome, started.elapsed());
    outcome
}

/// The stages of one operation. What one returns is what the next takes.
async fn run(context: &RequestContext, operation: Operation) -> Outcome {
    let admission = admit(context).await?;
    let resolved = resolve(context, operation)?;
    // What a stream is prepared from again when the supergraph is replaced.
    let origin = context.stream.map(|_| resolved.clone());
    // Parses, validates and normalizes, once per document.
    let prepared = prepare(context, resolved).await?;
    let authorized = authorize(context, prepared)?;
    let coerced = coerce(context, authorized)?;
    let asked = match recall(context, coerced) {
        Recalled::Answer(executed) => return Ok(executed),
        Recalled::Ask(asked) => *asked,
    };
    let planned = plan(context, asked).await?;
    if let Some(delivery) = delivery(context, &planned) {
        // Answers in parts are rare and their beginnings large.
        return Box::pin(execute_in_parts(context, planned, delivery, admission)).await;
    }
    match origin {
        Some(origin) if planned.operation.kind == OperationKind::Subscription => {
            // Streams are rare and their beginnings large.
            Box::pin(subscribe(context, origin, planned)).await
        }
        // Executes, unless an equal query of the same caller is being executed.
        _ => share(context, planned).await,
    }
}

fn finish(context: &RequestContext, outcome: Outcome, started: Instant) -> Response<Body> {
    respond::summarize(context, &outcome, started.elapsed());
    respond(context, outcome)
}
