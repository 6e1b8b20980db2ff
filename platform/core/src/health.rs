//! `/health` says that the process lives, `/ready` that it can do its work.

use std::sync::Arc;
use std::time::Duration;

use axum::routing::get;
use axum::{Json, Router};
use diesel_async::SimpleAsyncConnection as _;
use futures::future::{BoxFuture, join_all};
use http::StatusCode;
use serde_json::json;

use crate::database::Pool;
use crate::service::Bus;

/// How long one dependency may take to answer.
const TIMEOUT: Duration = Duration::from_secs(2);

type Probe = Arc<dyn Fn() -> BoxFuture<'static, Result<(), String>> + Send + Sync>;

/// Something that a role cannot work without.
#[derive(Clone)]
pub struct Check {
    name: String,
    probe: Probe,
}

impl std::fmt::Debug for Check {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Check").field(&self.name).finish()
    }
}

impl Check {
    /// A check called `name`; `probe` answers or says why not.
    pub fn new<F: Future<Output = Result<(), String>> + Send + 'static>(
        name: impl Into<String>,
        probe: impl Fn() -> F + Send + Sync + 'static,
    ) -> Self {
        Self {
            name: name.into(),
            probe: Arc::new(move || Box::pin(probe())),
        }
    }

    /// Whether the database answers.
    pub fn database(name: impl Into<String>, pool: &Pool) -> Self {
        let pool = pool.clone();
        Self::new(name, move || {
            let pool = pool.clone();
            async move {
                let mut connection = pool.get().await.map_err(|error| error.to_string())?;
                connection
                    .batch_execute("SELECT 1")
                    .await
                    .map_err(|error| error.to_string())
            }
        })
    }

    /// Whether the broker is connected. Requests go on without it, but events wait.
    pub fn bus(bus: &Bus) -> Self {
        let bus = bus.clone();
        Self::new("nats", move || {
            let connected = match &bus {
                Bus::Nats(nats) => nats.is_connected(),
                Bus::Recording(_) => true,
            };
            std::future::ready(if connected {
                Ok(())
            } else {
                Err("not connected".to_owned())
            })
        })
    }

    async fn run(&self) -> (String, Result<(), String>) {
        let outcome = tokio::time::timeout(TIMEOUT, (self.probe)())
            .await
            .unwrap_or_else(|_| Err(format!("no answer within {TIMEOUT:?}")));
        if let Err(reason) = &outcome {
            tracing::warn!(check = self.name, reason, "not ready");
        }
        (self.name.clone(), outcome)
    }
}

/// `GET /health` and `GET /ready`; the second is 503 when a check fails, and names it without saying why to strangers.
pub fn router(checks: Vec<Check>) -> Router {
    let checks: Arc<[Check]> = checks.into();
    let ready = move || {
        let checks = checks.clone();
        async move {
            let outcomes = join_all(checks.iter().map(Check::run)).await;
            let ready = outcomes.iter().all(|(_, outcome)| outcome.is_ok());
            let checks: serde_json::Map<_, _> = outcomes
                .into_iter()
                .map(|(name, outcome)| (name, json!(if outcome.is_ok() { "ok" } else { "failed" })))
                .collect();
            let status = if ready {
                StatusCode::OK
            } else {
                StatusCode::SERVICE_UNAVAILABLE
            };
            (status, Json(json!({ "ready": ready, "checks": checks })))
        }
    };
    Router::new()
        .route("/health", get(|| async { Json(json!({ "status": "ok" })) }))
        .route("/ready", get(ready))
}
