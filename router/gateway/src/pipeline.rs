//! The way of a request, one stage after the other; each is a file with one verb.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::Request;
use coko_core::telemetry;
use futures::future::join_all;
use http::Response;
use http::request::Parts;
use tokio::time::Instant;
use tracing::Instrument as _;

use crate::admit::{admit, check_origin};
use crate::authorize::authorize;
use crate::coerce::coerce;
use crate::context::RequestContext;
use crate::engine::Engine;
use crate::execute::execute;
use crate::identify::identify;
use crate::plan::plan;
use crate::prepare::prepare;
use crate::receive::{self, Operation, PathId, Received, receive};
use crate::resolve::resolve;
use crate::respond::{self, Outcome, respond, respond_all};

/// Answers one HTTP request to the GraphQL endpoint.
pub(crate) async fn serve(engine: Arc<Engine>, request: Request) -> Response<Body> {
    let started = Instant::now();
    let span = telemetry::request_span("router", request.headers());
    let response = answer(engine, request, started).instrument(span).await;
    respond::count(&response, started.elapsed());
    response
}

async fn answer(engine: Arc<Engine>, request: Request, started: Instant) -> Response<Body> {
    let (parts, body) = request.into_parts();
    let (context, acceptable) = receive::open(&engine, &parts, started);
    if let Err(refusal) = acceptable {
        return finish(&context, Err(refusal), started);
    }
    match open(&context, &parts, body).await {
        Ok(Received::One(operation)) => {
            let outcome = operate(context.clone(), operation).await;
            finish(&context, outcome, started)
        }
        Ok(Received::Batch(operations)) => {
            let outcomes = join_all(
                operations
                    .into_iter()
                    .map(|operation| operate(context.clone(), operation)),
            )
            .await;
            for outcome in &outcomes {
                respond::summarize(&context, outcome, started.elapsed());
            }
            respond_all(&context, outcomes)
        }
        Err(refusal) => finish(&context, Err(refusal), started),
    }
}

async fn open(
    context: &RequestContext,
    parts: &Parts,
    body: Body,
) -> Result<Received, crate::refusal::Refusal> {
    check_origin(context, parts.extensions.get::<PathId>())?;
    receive(context, parts, body).await
}

/// The stages of one operation. What one returns is what the next takes.
async fn operate(context: RequestContext, operation: Operation) -> Outcome {
    let context = identify(context, &operation)?;
    let _admission = admit(&context).await?;
    let resolved = resolve(&context, operation)?;
    // Parses, validates and normalizes, once per document.
    let prepared = prepare(&context, resolved).await?;
    let authorized = authorize(&context, prepared)?;
    let coerced = coerce(&context, authorized)?;
    let planned = plan(&context, coerced).await?;
    execute(&context, planned).await
}

fn finish(context: &RequestContext, outcome: Outcome, started: Instant) -> Response<Body> {
    respond::summarize(context, &outcome, started.elapsed());
    respond(context, outcome)
}
