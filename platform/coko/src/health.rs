//! How roles do: what `/ready` answers, what heartbeats say, and what operators reach of a role from afar.

use std::time::Duration;

use axum::http::StatusCode;
use coko_core::clock::Clock;
use coko_core::database::Pool;
use coko_core::heartbeat::{self, Health};
use coko_core::ids::Entropy;
use coko_core::lifecycle::Shutdown;
use coko_core::service::{Bus, Nats, Platform, Service, Task};
use coko_core::{dead_letters, outbox};
use futures::FutureExt as _;
use serde_json::json;

use crate::roles::ROUTER;

/// How long each thing that is asked is waited for.
const READY_TIMEOUT: Duration = Duration::from_secs(2);

/// What operators see of a subgraph and do to it from afar: how it does, and its dead letters.
pub(crate) fn watch_over(service: &Service, platform: &Platform, shutdown: &Shutdown) {
    shutdown.run(&dead_letters::task(
        platform,
        service.name,
        service.pool.clone(),
    ));
    let Bus::Nats(nats) = &platform.bus else {
        return;
    };
    let (pool, bus, stopping) = (service.pool.clone(), platform.bus.clone(), shutdown.clone());
    let look = move || {
        let (pool, bus, stopping) = (pool.clone(), bus.clone(), stopping.clone());
        async move {
            let mut health = health(&pool, &bus, &stopping).await;
            if let Ok(Ok((waiting, dead))) =
                tokio::time::timeout(READY_TIMEOUT, backlog(&pool)).await
            {
                health.outbox = Some(waiting);
                health.dead_letters = Some(dead);
            }
            health
        }
        .boxed()
    };
    let clock = platform.clock.clone();
    let instance = platform.entropy.uuid(clock.now());
    shutdown.run(&heartbeat::task(
        nats.clone(),
        clock,
        service.name,
        instance,
        look,
    ));
}

/// Events that wait to be published, and those that could not be handled.
async fn backlog(pool: &Pool) -> coko_core::Result<(i64, i64)> {
    let mut connection = pool.get().await?;
    let waiting = outbox::pending(&mut connection).await?;
    Ok((waiting, dead_letters::count(&mut connection).await?))
}

/// A router has no database, and is ready as long as it is not about to stop.
pub(crate) fn router_heartbeat(nats: Nats, shutdown: &Shutdown) -> Task {
    let (bus, stopping) = (nats.clone(), shutdown.clone());
    let look = move || {
        let (broker, stopping) = (bus.is_connected(), stopping.is_announced());
        async move {
            Health {
                ready: !stopping,
                stopping,
                broker,
                ..Health::default()
            }
        }
        .boxed()
    };
    let clock = Clock::system();
    let instance = Entropy::system().uuid(clock.now());
    heartbeat::task(nats, clock, ROUTER, instance, look)
}

/// How a subgraph does: the database answers, the broker is connected, and the process is not about to stop.
async fn health(pool: &Pool, bus: &Bus, shutdown: &Shutdown) -> Health {
    let database = matches!(
        tokio::time::timeout(READY_TIMEOUT, pool.get()).await,
        Ok(Ok(_))
    );
    let stopping = shutdown.is_announced();
    Health {
        // With the broker down requests are answered and events wait in the outbox, so the role stays ready.
        ready: database && !stopping,
        stopping,
        database: Some(database),
        broker: match bus {
            Bus::Nats(nats) => nats.is_connected(),
            Bus::Recording(_) => true,
        },
        ..Health::default()
    }
}

/// Readiness, as `/ready` says it.
pub(crate) async fn ready(
    name: &'static str,
    pool: &Pool,
    bus: &Bus,
    shutdown: &Shutdown,
) -> (StatusCode, axum::Json<serde_json::Value>) {
    let health = health(pool, bus, shutdown).await;
    let say = |good: bool| if good { "ok" } else { "down" };
    let status = if health.ready {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    let body = json!({
        "status": match (health.stopping, health.ready) {
            (true, _) => "stopping",
            (false, true) => "ready",
            (false, false) => "not ready",
        },
        "service": name,
        "database": say(health.database.unwrap_or_default()),
        "broker": say(health.broker),
    });
    (status, axum::Json(body))
}
