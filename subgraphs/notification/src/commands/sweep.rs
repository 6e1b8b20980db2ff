//! What comes with time: partitions of the months to come, and the end of what is old.

use coko_core::Result;
use coko_core::clock::months_from;
use coko_core::context::CommandContext;
use time::Duration;

use super::Dispatch;
use crate::store;

/// Months of the log that have their partition ahead of time.
const MONTHS_AHEAD: i64 = 3;
/// How long a provider may repeat itself.
const CALLBACK_LIFE: Duration = Duration::days(30);

/// Makes partitions and removes what is old, a bounded number of rows at a time; returns how many rows.
///
/// # Errors
/// When the database does not answer.
pub(crate) async fn sweep(context: &CommandContext, dispatch: &Dispatch) -> Result<usize> {
    let now = context.now;
    let timers = &dispatch.config.timers;
    let mut connection = dispatch.pool.get().await?;
    for month in months_from(now, MONTHS_AHEAD) {
        store::attempts::make_partition(&mut connection, month).await?;
    }
    let kept = now - Duration::days(timers.delivery_days);
    store::attempts::drop_before(&mut connection, kept).await?;
    let mut removed = store::deliveries::sweep(&mut connection, kept).await?;
    let before = now - Duration::days(timers.notification_days);
    removed += store::notifications::sweep(&mut connection, before).await?;
    removed += store::callbacks::sweep(&mut connection, now - CALLBACK_LIFE).await?;
    let before = now - Duration::days(timers.device_days);
    removed += store::devices::remove_unseen(&mut connection, before).await?;
    removed += coko_core::idempotency::purge(&mut connection, now).await?;
    Ok(removed)
}

/// Runs `work` as long as it finds something to do.
///
/// # Errors
/// As `work`.
pub(crate) async fn drain<F: Future<Output = Result<usize>>>(work: impl Fn() -> F) -> Result<()> {
    while work().await? > 0 {}
    Ok(())
}
