//! Work beside requests: notices, attempts whose notice never came, timers of orders, refunds, subscriptions, reconciliation.

use std::sync::Arc;
use std::time::Duration;

use coko_core::service::Task;
use tokio_util::sync::CancellationToken;

use crate::commands::{Payment, notices, refunds, subscriptions, sweep};

/// How often books are compared and subscriptions end; both are bounded by rows, not by time.
const SLOW: Duration = Duration::from_secs(30);

pub(crate) fn tasks(payment: &Arc<Payment>) -> Vec<Task> {
    let poll = Duration::from_millis(payment.config.timers.poll_millis.max(10));
    let noticed = {
        let payment = payment.clone();
        Task::new("provider notices", move |stop| {
            listen(payment.clone(), poll, stop)
        })
    };
    let timers = {
        let payment = payment.clone();
        Task::every("payment timers", poll, move || {
            let payment = payment.clone();
            async move {
                let context = || payment.system();
                sweep::drain(|| async { sweep::attempts(&context(), &payment).await }).await?;
                sweep::drain(|| async { sweep::orders(&context(), &payment).await }).await?;
                sweep::drain(|| async { refunds::work(&context(), &payment).await }).await
            }
        })
    };
    let slow = {
        let payment = payment.clone();
        Task::every("subscriptions and reconciliation", SLOW, move || {
            let payment = payment.clone();
            async move {
                let context = || payment.system();
                sweep::drain(|| async { subscriptions::sweep(&context(), &payment).await }).await?;
                sweep::drain(|| async { sweep::reconcile(&context(), &payment).await }).await?;
                let mut connection = payment.pool.get().await?;
                coko_core::idempotency::purge(&mut connection, payment.platform.clock.now())
                    .await?;
                Ok(())
            }
        })
    };
    vec![noticed, timers, slow]
}

/// Works on notices as they come; looks again every `poll` for those of other processes and for those that wait.
async fn listen(payment: Arc<Payment>, poll: Duration, stop: CancellationToken) {
    while !stop.is_cancelled() {
        let round =
            sweep::drain(|| async { notices::work(&payment.system(), &payment).await }).await;
        if let Err(error) = round {
            tracing::warn!(%error, "notices wait for another try");
        }
        tokio::select! {
            () = payment.noticed.notified() => {}
            () = tokio::time::sleep(poll) => {}
            () = stop.cancelled() => {}
        }
    }
}
