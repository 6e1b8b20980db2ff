//! Start and stop: listeners are bound first, stopping is soft, then hard.

use std::time::Duration;

use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::service::Task;

/// How long in-flight work may take after a stop was asked for.
const GRACE: Duration = Duration::from_secs(20);

/// One process's end: everything that runs watches it and is waited for.
#[derive(Clone, Debug, Default)]
pub struct Shutdown {
    stop: CancellationToken,
    tracker: TaskTracker,
}

impl Shutdown {
    /// Nothing is stopping yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Cancelled when the process should stop accepting work.
    pub fn token(&self) -> CancellationToken {
        self.stop.clone()
    }

    /// Begins the soft stop.
    pub fn begin(&self) {
        self.stop.cancel();
    }

    /// Begins the soft stop at SIGINT or SIGTERM; a second signal ends the process at once.
    pub fn on_signals(&self) {
        let stop = self.stop.clone();
        tokio::spawn(async move {
            signal().await;
            tracing::info!("stopping: finishing what is in flight");
            stop.cancel();
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
        tokio::time::timeout(GRACE, self.tracker.wait())
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

/// Serves `router` on a listener that is already bound, until the stop; connections in flight are finished.
///
/// # Errors
/// When the listener fails.
pub async fn serve(
    listener: TcpListener,
    router: axum::Router,
    stop: CancellationToken,
) -> std::io::Result<()> {
    use axum::serve::ListenerExt as _;
    let listener = listener.tap_io(|stream| {
        // A small answer must not wait for the next segment's acknowledgement.
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "TCP_NODELAY could not be set");
        }
    });
    axum::serve(
        listener,
        router.into_make_service_with_connect_info::<std::net::SocketAddr>(),
    )
    .with_graceful_shutdown(stop.cancelled_owned())
    .await
}
