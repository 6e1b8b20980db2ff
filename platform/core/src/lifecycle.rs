//! Stopping: first it is said, then nothing new is accepted, then what is in flight is finished, then it is cut off.

use std::time::Duration;

use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::service::Task;

/// How stopping goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct StopConfig {
    /// Milliseconds during which requests are still accepted while `/ready` says 503 already, so that load balancers
    /// learn of it first. Default 0.
    pub notice_ms: u64,
    /// Milliseconds that what is in flight may take after that. Default 20,000.
    pub grace_ms: u64,
}

impl Default for StopConfig {
    fn default() -> Self {
        Self {
            notice_ms: 0,
            grace_ms: 20_000,
        }
    }
}

/// One process's end: everything that runs watches it and is waited for.
#[derive(Clone, Debug, Default)]
pub struct Shutdown {
    config: StopConfig,
    announced: CancellationToken,
    stop: CancellationToken,
    tracker: TaskTracker,
}

impl Shutdown {
    /// Nothing is stopping yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// The same, with times of its own.
    pub fn with(config: StopConfig) -> Self {
        Self {
            config,
            ..Self::default()
        }
    }

    /// Whether a stop was announced: nobody should send anything new.
    pub fn is_announced(&self) -> bool {
        self.announced.is_cancelled()
    }

    /// Cancelled when the process should stop accepting work.
    pub fn token(&self) -> CancellationToken {
        self.stop.clone()
    }

    /// Begins the soft stop at once, without notice.
    pub fn begin(&self) {
        self.announced.cancel();
        self.stop.cancel();
    }

    /// Gives notice, then begins the soft stop.
    pub async fn announce(&self) {
        self.announced.cancel();
        tokio::time::sleep(Duration::from_millis(self.config.notice_ms)).await;
        self.begin();
    }

    /// Begins the soft stop at SIGINT or SIGTERM; a second signal ends the process at once.
    pub fn on_signals(&self) {
        let shutdown = self.clone();
        tokio::spawn(async move {
            signal().await;
            tracing::info!("stopping: finishing what is in flight");
            let announced = shutdown.clone();
            tokio::spawn(async move { announced.announce().await });
            signal().await;
            tracing::warn!("stopped at once");
            std::process::exit(130);
        });
    }

    /// Runs a task until the stop.
    pub fn run(&self, task: &Task) {
        self.tracker.spawn(task.run(self.stop.child_token()));
    }

    /// Runs a future that watches [`Shutdown::token`] itself.
    pub fn spawn(&self, future: impl Future<Output = ()> + Send + 'static) {
        self.tracker.spawn(future);
    }

    /// Waits for the stop, then for everything that runs, at most the grace period; returns whether all of it ended by itself.
    pub async fn wait(&self) -> bool {
        self.stop.cancelled().await;
        self.tracker.close();
        let grace = Duration::from_millis(self.config.grace_ms);
        tokio::time::timeout(grace, self.tracker.wait())
            .await
            .is_ok()
    }
}

async fn signal() {
    let interrupt = tokio::signal::ctrl_c();
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut terminate) = signal(SignalKind::terminate()) {
            tokio::select! {
                _ = interrupt => {}
                _ = terminate.recv() => {}
            }
            return;
        }
    }
    // Without a handler for SIGTERM, SIGINT is all there is to wait for.
    let _ = interrupt.await;
}
