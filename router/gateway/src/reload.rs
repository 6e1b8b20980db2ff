//! Watches what the gateway was configured with, and takes over what has changed.
//!
//! Files are looked at, not subscribed to: that works on every file system, through mounts and symbolic links that are
//! swapped, and a look costs next to nothing.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use coko_core::lifecycle::Shutdown;

use crate::config::{ConfigError, SupergraphSource};
use crate::gateway::{Gateway, read_supergraph};
use crate::snapshot;
use crate::transport::Connectors;

/// Begins to watch, if there is anything to watch.
pub(crate) fn watch(gateway: &Gateway, shutdown: Option<&Shutdown>) {
    let config = &gateway.engine().config;
    let watches_supergraph = !matches!(config.supergraph, SupergraphSource::Sdl(_));
    let certified = gateway.engine().reach.certified();
    if !watches_supergraph && config.persisted.files.is_empty() && certified.is_empty() {
        return;
    }
    let gateway = gateway.clone();
    match shutdown {
        Some(shutdown) => {
            let stop = shutdown.token();
            shutdown.spawn(async move {
                tokio::select! {
                    () = keep_watching(gateway) => {}
                    () = stop.cancelled() => {}
                }
            });
        }
        None => drop(tokio::spawn(keep_watching(gateway))),
    }
}

/// What is known of a file without reading it.
type Stamp = Option<(SystemTime, u64)>;

async fn stamp(path: &Path) -> Stamp {
    let metadata = tokio::fs::metadata(path).await.ok()?;
    Some((metadata.modified().ok()?, metadata.len()))
}

async fn stamps(paths: &[PathBuf]) -> Vec<Stamp> {
    let mut stamps = Vec::with_capacity(paths.len());
    for path in paths {
        stamps.push(stamp(path).await);
    }
    stamps
}

async fn keep_watching(gateway: Gateway) {
    let config = gateway.engine().config.clone();
    let period = Duration::from_millis(config.timeouts.reload_ms);
    let mut supergraph = SupergraphWatch::begin(&gateway);
    let reach = gateway.engine().reach.clone();
    let mut certificates: Vec<Vec<Stamp>> = vec![Vec::new(); reach.certified().len()];
    // They may have changed since they were read: the first look reads them again.
    let mut manifests = Vec::new();
    loop {
        tokio::time::sleep(period).await;
        supergraph.look(&gateway).await;
        for ((name, connectors), seen) in reach.certified().iter().zip(&mut certificates) {
            look_at_certificates(name, connectors, seen).await;
        }
        let now = stamps(&config.persisted.files).await;
        if now != manifests {
            manifests = now;
            match gateway.reload_operations() {
                Ok(count) => tracing::info!(count, "the operation manifests were taken over"),
                Err(error) => tracing::error!(%error, "reload"),
            }
        }
    }
}

/// Takes over the certificates towards a subgraph when their files have changed.
async fn look_at_certificates(name: &str, connectors: &Arc<Connectors>, seen: &mut Vec<Stamp>) {
    let now = stamps(&connectors.files()).await;
    if now == *seen {
        return;
    }
    // They may have changed since they were read at the beginning: the first look reads them again.
    let first = std::mem::replace(seen, now).is_empty();
    let renewing = connectors.clone();
    let outcome = tokio::task::spawn_blocking(move || renewing.renew()).await;
    let outcome = outcome.unwrap_or_else(|error| Err(error.to_string()));
    let label = match outcome {
        Ok(()) if first => return,
        Ok(()) => {
            tracing::info!(subgraph = name, "the certificates were taken over");
            "OK"
        }
        Err(reason) => {
            tracing::error!(
                subgraph = name,
                reason,
                "the certificates were not taken over"
            );
            "REFUSED"
        }
    };
    metrics::counter!("router_subgraph_tls_reloads_total", "subgraph" => name.to_owned(), "outcome" => label)
        .increment(1);
}

/// What the supergraph was when it was last looked at.
struct SupergraphWatch {
    stamp: Stamp,
    /// The text last read, by digest, whether it could be served or not.
    seen: [u8; 32],
}

impl SupergraphWatch {
    /// The stamp is unknown at first: the file may have changed since it was read.
    fn begin(gateway: &Gateway) -> Self {
        Self {
            stamp: None,
            seen: gateway.engine().snapshot().sdl_digest,
        }
    }

    async fn look(&mut self, gateway: &Gateway) {
        let engine = gateway.engine();
        match &engine.config.supergraph {
            SupergraphSource::Sdl(_) => return,
            SupergraphSource::Compose(_) => {}
            SupergraphSource::File(path) => {
                let now = stamp(path).await;
                // A file that is missing for a moment is being replaced.
                if now.is_none() || now == self.stamp {
                    return;
                }
                self.stamp = now;
            }
        }
        match read_supergraph(&engine.config, &engine.reach).await {
            Ok(sdl) => {
                let digest = snapshot::digest(&sdl);
                if digest != self.seen {
                    self.seen = digest;
                    // Logged and counted where it is refused.
                    let _ = gateway.reload(&sdl).await;
                }
            }
            Err(error) => note(gateway, error),
        }
    }
}

/// A subgraph that is down stays down for many looks; it is said once.
fn note(gateway: &Gateway, error: ConfigError) {
    let known = gateway.engine().reload_fault.load();
    if !known
        .as_ref()
        .as_ref()
        .is_some_and(|fault| fault.contains(&error.to_string()))
    {
        gateway.refuse_reload(error);
    }
}
