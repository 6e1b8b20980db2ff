//! The metrics that every request moves, looked up once.

use std::time::Duration;

use coko_core::telemetry::RequestMeters;
use http::StatusCode;
use metrics::{Counter, Histogram};

/// How it goes well: the outcome that is counted most.
const OK: &str = "OK";

/// Of the gateway as a whole.
pub(crate) struct Meters {
    requests: RequestMeters,
    answered: Counter,
    operation_duration: Histogram,
    operation_cost: Histogram,
}

impl Meters {
    /// Looks them up.
    pub(crate) fn new() -> Self {
        Self {
            requests: RequestMeters::new("router"),
            answered: metrics::counter!("router_operations_total", "outcome" => OK),
            operation_duration: metrics::histogram!("router_operation_duration_seconds"),
            operation_cost: metrics::histogram!("router_operation_cost"),
        }
    }

    /// Counts an HTTP request.
    pub(crate) fn request(&self, status: StatusCode, took: Duration) {
        self.requests.count(status, took);
    }

    /// Notes what an operation is estimated to cost.
    pub(crate) fn cost(&self, cost: u64) {
        self.operation_cost.record(precise(cost));
    }

    /// Counts an operation.
    pub(crate) fn operation(&self, outcome: &'static str, took: Duration) {
        if outcome == OK {
            self.answered.increment(1);
        } else {
            metrics::counter!("router_operations_total", "outcome" => outcome).increment(1);
        }
        self.operation_duration.record(took.as_secs_f64());
    }
}

#[expect(
    clippy::cast_precision_loss,
    reason = "a metric needs no more than 52 bits"
)]
fn precise(cost: u64) -> f64 {
    cost as f64
}

/// Of the calls to one subgraph.
pub(crate) struct SubgraphMeters {
    name: String,
    answered: Counter,
    duration: Histogram,
}

impl SubgraphMeters {
    /// Looks up those of the subgraph of this name.
    pub(crate) fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            answered: metrics::counter!("router_subgraph_requests_total", "subgraph" => name.to_owned(), "outcome" => OK),
            duration: metrics::histogram!("router_subgraph_duration_seconds", "subgraph" => name.to_owned()),
        }
    }

    /// Counts a call.
    pub(crate) fn call(&self, outcome: &'static str, took: Duration) {
        if outcome == OK {
            self.answered.increment(1);
        } else {
            metrics::counter!("router_subgraph_requests_total", "subgraph" => self.name.clone(), "outcome" => outcome).increment(1);
        }
        self.duration.record(took.as_secs_f64());
    }
}
