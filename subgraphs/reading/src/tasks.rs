//! Work beside requests: progress that is told late, rights that end with a book, erasure, partitions.

use std::sync::Arc;
use std::time::Duration;

use coko_core::service::Task;

use crate::commands::{Reading, sweep};

/// How often what is not urgent is looked at.
const SLOW: Duration = Duration::from_secs(600);

pub(crate) fn tasks(reading: &Arc<Reading>) -> Vec<Task> {
    let poll = Duration::from_millis(reading.config.timers.poll_millis.max(10));
    let timers = {
        let reading = reading.clone();
        Task::every("reading timers", poll, move || {
            let reading = reading.clone();
            async move {
                let context = || reading.system();
                sweep::drain(|| async { sweep::progress(&context(), &reading).await }).await?;
                sweep::drain(|| async { sweep::withdrawn(&context(), &reading).await }).await
            }
        })
    };
    let slow = {
        let reading = reading.clone();
        Task::every("erasure and partitions", SLOW, move || {
            let reading = reading.clone();
            async move {
                let context = || reading.system();
                sweep::partitions(&context(), &reading).await?;
                sweep::drain(|| async { sweep::erase(&context(), &reading).await }).await?;
                let mut connection = reading.pool.get().await?;
                coko_core::idempotency::purge(&mut connection, reading.platform.clock.now())
                    .await?;
                Ok(())
            }
        })
    };
    vec![timers, slow]
}
