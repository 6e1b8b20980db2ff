//! What falls due with time: partitions of the months to come, and what is kept only for a while.

use coko_core::Result;
use time::{Duration, OffsetDateTime};

use super::Admin;
use crate::model::metric::day_of;
use crate::store;

/// Days by which partitions are ahead.
const AHEAD: i64 = 95;
/// Rows that one query forgets.
const PLENTY: usize = 10_000;

/// Makes partitions ahead of time and forgets what is no longer needed.
///
/// # Errors
/// When the database does not answer.
pub(crate) async fn sweep(admin: &Admin, now: OffsetDateTime) -> Result<()> {
    let mut connection = admin.pool.get().await?;
    for days in (0..=AHEAD).step_by(28) {
        let moment = day_of(now + Duration::days(days));
        store::actives::make_partitions(&mut connection, moment).await?;
    }
    let keep = admin.config.keep;
    let active = day_of(now - Duration::days(keep.active_days));
    store::actives::drop_before(&mut connection, active).await?;
    let settled = now - Duration::days(keep.settled_days);
    while store::orders::forget_before(&mut connection, settled).await? == PLENTY {}
    while store::reported::forget_before(&mut connection, settled).await? == PLENTY {}
    Ok(())
}
