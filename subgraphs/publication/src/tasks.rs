//! Work beside requests: what is scheduled is published, what is held long enough is released, months are shared and stated.

use std::sync::Arc;
use std::time::Duration;

use coko_core::Result;
use coko_core::service::Task;

use crate::commands::{Publishing, payouts, reading, royalties, schedule, statements};

/// How often it is looked whether a month is over, and what can be forgotten.
const SLOW: Duration = Duration::from_secs(30);

pub(crate) fn tasks(publishing: &Arc<Publishing>) -> Vec<Task> {
    let poll = Duration::from_millis(publishing.config.timers.poll_millis.max(10));
    let timers = {
        let publishing = publishing.clone();
        Task::every("publication timers", poll, move || {
            let publishing = publishing.clone();
            async move {
                let context = || publishing.system();
                drain(|| async { schedule::work(&context(), &publishing).await }).await?;
                drain(|| async { royalties::release(&context(), &publishing).await }).await
            }
        })
    };
    let months = {
        let publishing = publishing.clone();
        Task::every("royalties of months", SLOW, move || {
            let publishing = publishing.clone();
            async move {
                let context = || publishing.system();
                drain(|| async { reading::share(&context(), &publishing).await }).await?;
                drain(|| async { reading::book(&context(), &publishing).await }).await?;
                drain(|| async { reading::settle(&publishing).await }).await?;
                drain(|| async { statements::issue(&context(), &publishing).await }).await?;
                drain(|| async { payouts::forget(&context(), &publishing).await }).await?;
                let mut connection = publishing.pool.get().await?;
                coko_core::idempotency::purge(&mut connection, publishing.platform.clock.now())
                    .await?;
                Ok(())
            }
        })
    };
    vec![timers, months]
}

/// Works until there is nothing left to do.
async fn drain<F: Future<Output = Result<usize>>>(work: impl Fn() -> F) -> Result<()> {
    while work().await? > 0 {}
    Ok(())
}
