//! Traces as a collector gets them over OTLP/HTTP: the request, planning, execution, and each call to a subgraph.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::routing::post;
use coko_core::telemetry::{self, TelemetryConfig};
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value as Attribute;
use opentelemetry_proto::tonic::trace::v1::{Span, span::SpanKind};
use prost::Message as _;
use serde_json::json;

use crate::support::{serve, stack};

type Received = Arc<Mutex<Vec<Span>>>;

async fn collect(State(received): State<Received>, body: Bytes) {
    let request = ExportTraceServiceRequest::decode(body).unwrap();
    let spans = request
        .resource_spans
        .into_iter()
        .flat_map(|resource| resource.scope_spans)
        .flat_map(|scope| scope.spans);
    received.lock().unwrap().extend(spans);
}

fn attribute(span: &Span, key: &str) -> Option<String> {
    let found = span
        .attributes
        .iter()
        .find(|attribute| attribute.key == key)?;
    match found.value.as_ref()?.value.as_ref()? {
        Attribute::StringValue(text) => Some(text.clone()),
        Attribute::IntValue(number) => Some(number.to_string()),
        other => Some(format!("{other:?}")),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_fetch_is_a_client_span_of_the_callers_trace() {
    let received = Received::default();
    let collector = Router::new()
        .route("/v1/traces", post(collect))
        .with_state(received.clone());
    let config = TelemetryConfig {
        log: Some("off".to_owned()),
        otlp_endpoint: Some(serve(collector).await),
        ..TelemetryConfig::default()
    };
    let exporting = telemetry::init(&config, "router").unwrap();
    let stack = stack().await;
    let trace = "4bf92f3577b34da6a3ce929d0e0e4736";
    let request = stack
        .post(&json!({"query": "query Shelf { books { title rating } }"}))
        .header("traceparent", format!("00-{trace}-00f067aa0ba902b7-01"));
    stack.send(request).await.data();
    // A caller that says "not sampled" is not traced.
    let quiet = "5bf92f3577b34da6a3ce929d0e0e4736";
    let request = stack
        .post(&json!({"query": "{ mood }"}))
        .header("traceparent", format!("00-{quiet}-00f067aa0ba902b7-00"));
    stack.send(request).await.data();
    // Ending the exporter sends what waits; it blocks, and the collector runs here.
    tokio::task::spawn_blocking(move || drop(exporting))
        .await
        .unwrap();

    let spans = received.lock().unwrap().clone();
    let ours: Vec<&Span> = spans
        .iter()
        .filter(|span| hex::encode(&span.trace_id) == trace)
        .collect();
    assert!(
        spans
            .iter()
            .all(|span| hex::encode(&span.trace_id) != quiet)
    );
    let named = |name: &str| {
        let found = ours.iter().find(|span| span.name == name);
        *found.unwrap_or_else(|| {
            panic!(
                "{name}: {:?}",
                ours.iter().map(|span| &span.name).collect::<Vec<_>>()
            )
        })
    };
    let request = named("request");
    assert_eq!(request.kind(), SpanKind::Server);
    assert_eq!(hex::encode(&request.parent_span_id), "00f067aa0ba902b7");
    for stage in ["prepare", "plan", "query"] {
        assert_eq!(named(stage).parent_span_id, request.span_id, "{stage}");
    }
    let executing = named("query");
    assert_eq!(
        attribute(executing, "graphql.operation.name").as_deref(),
        Some("Shelf")
    );
    let mut seen = Vec::new();
    for subgraph in ["books", "rogue"] {
        let call = named(&format!("POST {subgraph}"));
        assert_eq!(call.kind(), SpanKind::Client);
        assert_eq!(call.parent_span_id, executing.span_id);
        assert_eq!(attribute(call, "subgraph.name").as_deref(), Some(subgraph));
        assert_eq!(
            attribute(call, "http.response.status_code").as_deref(),
            Some("200")
        );
        assert_eq!(
            attribute(call, "graphql.document.hash").map(|hash| hash.len()),
            Some(64)
        );
        let bytes = |key: &str| attribute(call, key).and_then(|bytes| bytes.parse::<u64>().ok());
        assert!(
            bytes("http.request.body.size") > Some(10)
                && bytes("http.response.body.size") > Some(10)
        );
        seen.push(hex::encode(&call.span_id));
    }
    // The subgraph is told the call as its parent.
    let told = stack.rogue.seen.lock().unwrap()[0].clone();
    let told = told["traceparent"].to_str().unwrap();
    assert_eq!(told, format!("00-{trace}-{}-01", seen[1]));
}
