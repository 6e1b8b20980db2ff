//! Work beside requests: messages that are due, what follows those that stay unread, and the end of what is old.

use std::sync::Arc;
use std::time::Duration;

use coko_core::service::Task;

use crate::commands::{Dispatch, escalation, sending, sweep};

/// How often what is old is looked for.
const SLOW: Duration = Duration::from_secs(600);

pub(crate) fn tasks(dispatch: &Arc<Dispatch>) -> Vec<Task> {
    let poll = Duration::from_millis(dispatch.config.timers.poll_millis.max(10));
    let deliveries = {
        let dispatch = dispatch.clone();
        Task::every("deliveries", poll, move || {
            let dispatch = dispatch.clone();
            async move {
                let context = || dispatch.system();
                sweep::drain(|| async { escalation::work(&context(), &dispatch).await }).await?;
                sweep::drain(|| async { sending::work(&context(), &dispatch).await }).await
            }
        })
    };
    let old = {
        let dispatch = dispatch.clone();
        Task::every("old notifications", SLOW, move || {
            let dispatch = dispatch.clone();
            async move {
                sweep::drain(|| async { sweep::sweep(&dispatch.system(), &dispatch).await }).await
            }
        })
    };
    vec![deliveries, old]
}
