//! Logs as JSON lines, metrics in Prometheus text, traces over OTLP.

mod lines;

use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::Router;
use axum::routing::get;
use http::{HeaderMap, StatusCode};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use opentelemetry::trace::{
    SpanContext, SpanId, TraceContextExt as _, TraceFlags, TraceId, TraceState, TracerProvider as _,
};
use opentelemetry_otlp::WithExportConfig as _;
use opentelemetry_sdk::trace::Sampler;
use serde::{Deserialize, Serialize};
use tracing::Span;
use tracing_opentelemetry::OpenTelemetrySpanExt as _;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{EnvFilter, Layer as _};
use uuid::Uuid;

use self::lines::{JsonLine, Lines, SpanFields};

/// The `telemetry` section.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct TelemetryConfig {
    /// What is logged, as `tracing` filters read it (`info`, `coko_core=debug,info`).
    pub log: Option<String>,
    /// The base URL of an OTLP/HTTP collector (`http://jaeger:4318`); no traces are exported without one.
    pub otlp_endpoint: Option<String>,
    /// The share of requests that are traced, 0 to 1; all by default. A caller that sends a W3C trace context decides for
    /// its requests itself.
    pub otlp_sample: Option<f64>,
    /// Logs for people instead of JSON lines.
    pub pretty: bool,
}

/// The target of spans that are for traces alone: no log has them, and without an exporter they are not made.
pub const TRACES: &str = "coko::traces";

/// Keeps the exporter alive; traces and lines of the log that wait are sent when it is dropped.
pub struct Telemetry {
    lines: Option<Lines>,
    tracer: Option<opentelemetry_sdk::trace::SdkTracerProvider>,
}

impl std::fmt::Debug for Telemetry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Telemetry")
            .field("tracer", &self.tracer)
            .finish_non_exhaustive()
    }
}

impl Drop for Telemetry {
    fn drop(&mut self) {
        if let Some(tracer) = &self.tracer
            && let Err(error) = tracer.shutdown_with_timeout(Duration::from_secs(3))
        {
            tracing::debug!(%error, "the last traces were not sent");
        }
        if let Some(lines) = &self.lines {
            lines.flush();
        }
    }
}

/// Starts logging, metrics and tracing of this process, which calls itself `service`. Call it once.
///
/// # Errors
/// When the filter or the endpoint is malformed, or something else already logs in this process.
pub fn init(config: &TelemetryConfig, service: &'static str) -> Result<Telemetry, String> {
    let logged = config
        .log
        .as_deref()
        .unwrap_or("info,async_nats=warn,fred=warn,h2=warn");
    let logged = || {
        EnvFilter::try_new(format!("{logged},{TRACES}=off"))
            .map_err(|error| format!("the log filter is malformed: {error}"))
    };
    let tracer = config
        .otlp_endpoint
        .as_deref()
        .map(|endpoint| tracer(endpoint, config.otlp_sample.unwrap_or(1.0), service))
        .transpose()?;
    let traces = tracer
        .as_ref()
        .map(|provider| tracing_opentelemetry::layer().with_tracer(provider.tracer("coko")));
    let traced = Targets::new()
        .with_default(LevelFilter::INFO)
        .with_target(TRACES, LevelFilter::TRACE);
    let filter = logged()?;
    let waiting = (!config.pretty)
        .then(Lines::start)
        .transpose()
        .map_err(|error| format!("the log cannot be written: {error}"))?;
    let (lines, people) = if let Some(waiting) = waiting.clone() {
        let lines = tracing_subscriber::fmt::layer()
            .with_writer(waiting)
            .event_format(JsonLine { service });
        (Some(lines.with_filter(filter)), None)
    } else {
        let people = tracing_subscriber::fmt::layer()
            .with_writer(std::io::stderr)
            .with_target(false)
            .compact();
        (None, Some(people.with_filter(filter)))
    };
    tracing_subscriber::registry()
        .with(SpanFields.with_filter(logged()?))
        // A filter around no layer would still ask for its spans.
        .with(traces.map(|layer| layer.with_filter(traced)))
        .with(lines)
        .with(people)
        .try_init()
        .map_err(|error| error.to_string())?;
    EXPORTS.store(tracer.is_some(), Ordering::Relaxed);
    prometheus();
    Ok(Telemetry {
        lines: waiting,
        tracer,
    })
}

fn tracer(
    endpoint: &str,
    sample: f64,
    service: &'static str,
) -> Result<opentelemetry_sdk::trace::SdkTracerProvider, String> {
    // The exporter's client is built for whatever provider the process has chosen: ring, as everywhere here.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let exporter = opentelemetry_otlp::SpanExporter::builder()
        .with_http()
        .with_endpoint(format!("{}/v1/traces", endpoint.trim_end_matches('/')))
        .with_timeout(Duration::from_secs(5))
        .build()
        .map_err(|error| format!("traces cannot be exported: {error}"))?;
    let resource = opentelemetry_sdk::Resource::builder()
        .with_service_name(service)
        .build();
    Ok(opentelemetry_sdk::trace::SdkTracerProvider::builder()
        .with_batch_exporter(exporter)
        .with_sampler(Sampler::ParentBased(Box::new(Sampler::TraceIdRatioBased(
            sample,
        ))))
        .with_resource(resource)
        .build())
}

/// The process's metrics; the recorder is installed at the first call.
pub fn prometheus() -> Option<&'static PrometheusHandle> {
    static HANDLE: OnceLock<Option<PrometheusHandle>> = OnceLock::new();
    const BUCKETS: [f64; 13] = [
        0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.3, 0.5, 1.0, 2.5, 5.0,
    ];
    const COST_BUCKETS: [f64; 9] = [
        1.0, 5.0, 25.0, 100.0, 500.0, 1_000.0, 5_000.0, 25_000.0, 100_000.0,
    ];
    HANDLE
        .get_or_init(|| {
            let handle = PrometheusBuilder::new()
                .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), &BUCKETS)
                .and_then(|builder| {
                    let cost = Matcher::Suffix("_cost".to_owned());
                    builder.set_buckets_for_metric(cost, &COST_BUCKETS)
                })
                .and_then(PrometheusBuilder::install_recorder)
                .map_err(|error| tracing::warn!(%error, "metrics are not recorded"))
                .ok()?;
            drain_samples(handle.clone());
            Some(handle)
        })
        .as_ref()
}

/// Folds histogram samples into their buckets every second: they would pile up in memory until somebody scrapes.
fn drain_samples(handle: PrometheusHandle) {
    let drain = move || {
        loop {
            std::thread::sleep(Duration::from_secs(1));
            handle.run_upkeep();
        }
    };
    let started = std::thread::Builder::new()
        .name("metrics".to_owned())
        .spawn(drain);
    if let Err(error) = started {
        tracing::warn!(%error, "metrics take memory until they are scraped");
    }
}

/// `GET /metrics` in Prometheus text.
pub fn metrics_router() -> Router {
    let render = || async {
        match prometheus() {
            Some(handle) => (StatusCode::OK, handle.render()),
            None => (StatusCode::SERVICE_UNAVAILABLE, String::new()),
        }
    };
    Router::new().route("/metrics", get(render))
}

/// The metrics of the HTTP requests of a service.
#[derive(Clone)]
pub struct RequestMeters {
    service: &'static str,
    /// Those answered with 200, which are most.
    ok: metrics::Counter,
    duration: metrics::Histogram,
}

impl std::fmt::Debug for RequestMeters {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RequestMeters")
            .field("service", &self.service)
            .finish_non_exhaustive()
    }
}

impl RequestMeters {
    /// Looks them up, with the process's recorder in place.
    pub fn new(service: &'static str) -> Self {
        prometheus();
        Self {
            service,
            ok: metrics::counter!("http_requests_total", "service" => service, "status" => "200"),
            duration: metrics::histogram!("request_duration_seconds", "service" => service),
        }
    }

    /// Counts one request.
    pub fn count(&self, status: StatusCode, took: Duration) {
        if status == StatusCode::OK {
            self.ok.increment(1);
        } else {
            metrics::counter!("http_requests_total", "service" => self.service, "status" => status.as_u16().to_string())
                .increment(1);
        }
        self.duration.record(took.as_secs_f64());
    }
}

/// Whether this process exports traces.
static EXPORTS: AtomicBool = AtomicBool::new(false);

/// The [`request_span`] of a request that belongs to a trace or begins one; else none, which costs nothing.
pub fn traced_request_span(service: &'static str, headers: &HeaderMap) -> Span {
    if EXPORTS.load(Ordering::Relaxed) || headers.contains_key("traceparent") {
        request_span(service, headers)
    } else {
        Span::none()
    }
}

/// The span of one request, a child of the caller's by W3C Trace Context.
pub fn request_span(service: &'static str, headers: &HeaderMap) -> Span {
    let span = tracing::info_span!(
        "request",
        service,
        otel.kind = "server",
        trace_id = tracing::field::Empty,
        span_id = tracing::field::Empty,
        user_id = tracing::field::Empty
    );
    if let Some(parent) = traceparent(headers).and_then(parse_traceparent) {
        span.record("trace_id", tracing::field::display(parent.trace_id()));
        span.record("span_id", tracing::field::display(parent.span_id()));
        let context = opentelemetry::Context::new().with_remote_span_context(parent);
        // Without an exporter there is no tracer to tell, and that is no fault.
        let _ = span.set_parent(context);
    }
    span
}

/// Notes the user in the request's span, or in the one returned where the request has none: what is logged inside it
/// names him.
pub fn viewer_span(user: Option<Uuid>) -> Span {
    let Some(user) = user else {
        return Span::none();
    };
    let current = Span::current();
    if current.is_none() {
        return tracing::info_span!("request", user_id = tracing::field::display(user));
    }
    current.record("user_id", tracing::field::display(user));
    Span::none()
}

/// The `traceparent` to hand on: the current span's when traces are recorded, else the caller's as it came.
pub fn current_traceparent(headers: &HeaderMap) -> Option<String> {
    if EXPORTS.load(Ordering::Relaxed)
        && let Some(own) = traceparent_of(&Span::current())
    {
        return Some(own);
    }
    let given = traceparent(headers)?;
    parse_traceparent(given).map(|_| given.to_owned())
}

/// The `traceparent` that makes a span the parent of what is called; none when traces are not recorded.
pub fn traceparent_of(span: &Span) -> Option<String> {
    let context = span.context();
    let span = context.span();
    let own = span.span_context();
    let flags = own.trace_flags().to_u8();
    own.is_valid()
        .then(|| format!("00-{}-{}-{flags:02x}", own.trace_id(), own.span_id()))
}

fn traceparent(headers: &HeaderMap) -> Option<&str> {
    headers.get("traceparent")?.to_str().ok()
}

/// Reads `00-<32 hex>-<16 hex>-<2 hex>` (W3C Trace Context, section 3.2).
fn parse_traceparent(text: &str) -> Option<SpanContext> {
    let mut parts = text.split('-');
    let (version, trace, span, flags) =
        (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    if version.len() != 2
        || version == "ff"
        || trace.len() != 32
        || span.len() != 16
        || flags.len() != 2
    {
        return None;
    }
    let context = SpanContext::new(
        TraceId::from_hex(trace).ok()?,
        SpanId::from_hex(span).ok()?,
        TraceFlags::new(u8::from_str_radix(flags, 16).ok()?),
        true,
        TraceState::default(),
    );
    context.is_valid().then_some(context)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trace_contexts_are_read_strictly() {
        let good = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
        assert!(parse_traceparent(good).is_some());
        for bad in [
            "",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7",
            "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
            "00-xbf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        ] {
            assert!(parse_traceparent(bad).is_none(), "{bad}");
        }
    }
}
