//! Work beside requests: training, looking up what is new, and dropping what is old.

use std::sync::Arc;
use std::time::Duration;

use coko_core::service::Task;

use crate::commands::{Advisor, training};

/// How often old hours are dropped.
const PRUNE: Duration = Duration::from_secs(3600);
/// How soon training that failed is tried again.
const AGAIN: Duration = Duration::from_secs(30);

pub(crate) fn tasks(advisor: &Arc<Advisor>) -> Vec<Task> {
    let timers = advisor.config.timers;
    let refresh = Duration::from_millis(timers.refresh_millis.max(10));
    let (trained, refreshed, pruned) = (advisor.clone(), advisor.clone(), advisor.clone());
    vec![
        Task::new("training", move |stop| {
            let advisor = trained.clone();
            async move {
                while !stop.is_cancelled() {
                    let pause = match training::train(&advisor, &stop).await {
                        Ok(()) => Duration::from_secs(timers.train_seconds.max(1)),
                        Err(error) => {
                            tracing::warn!(%error, "the models are trained later");
                            AGAIN
                        }
                    };
                    tokio::select! {
                        () = tokio::time::sleep(pause) => {}
                        () = stop.cancelled() => {}
                    }
                }
            }
        }),
        Task::every("new books and trends", refresh, move || {
            let advisor = refreshed.clone();
            async move { training::refresh(&advisor).await }
        }),
        Task::every("old activity", PRUNE, move || {
            let advisor = pruned.clone();
            async move { training::prune(&advisor).await }
        }),
    ]
}
