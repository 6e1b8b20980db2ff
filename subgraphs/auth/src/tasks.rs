//! Work beside requests: text messages, revocations, copies of data, deletions and what is left of them, expiry, partitions of the audit log.

use std::sync::Arc;
use std::time::Duration;

use coko_core::Result;
use coko_core::clock::months_from;
use coko_core::context::CommandContext;
use coko_core::mail;
use coko_core::service::{Platform, Task};

use crate::commands::{Auth, deletion, erasure, export};
use crate::store;
use crate::texter::Texter;

/// Months of the audit log that have their partition ahead of time.
const MONTHS_AHEAD: i64 = 3;

pub(crate) fn tasks(platform: &Platform, auth: &Arc<Auth>, texter: &Texter) -> Vec<Task> {
    let clock = platform.clock.clone();
    let texts = {
        let (auth, texter, clock) = (auth.clone(), texter.clone(), clock.clone());
        Task::every("texts", Duration::from_secs(1), move || {
            let (auth, texter, now) = (auth.clone(), texter.clone(), clock.now());
            async move {
                texter
                    .send_due(&auth.pool, &auth.cipher, now)
                    .await
                    .map(drop)
            }
        })
    };
    let revocations = {
        let auth = auth.clone();
        Task::every("untold revocations", Duration::from_secs(2), move || {
            let auth = auth.clone();
            async move { auth.broadcast().await }
        })
    };
    let sweep = {
        let (auth, platform) = (auth.clone(), platform.clone());
        Task::every("sweep", Duration::from_secs(600), move || {
            let auth = auth.clone();
            let context = CommandContext::system(platform.clock.now(), platform.entropy.clone());
            async move { sweep(&context, &auth).await }
        })
    };
    let exports = {
        let (auth, platform) = (auth.clone(), platform.clone());
        Task::every("data exports", Duration::from_secs(2), move || {
            let auth = auth.clone();
            let context = CommandContext::system(platform.clock.now(), platform.entropy.clone());
            async move { export::collect(&context, &auth).await.map(drop) }
        })
    };
    let erasures = {
        let (auth, platform) = (auth.clone(), platform.clone());
        Task::every("erasures", Duration::from_secs(5), move || {
            let auth = auth.clone();
            let context = CommandContext::system(platform.clock.now(), platform.entropy.clone());
            async move { erasure::finish(&context, &auth).await.map(drop) }
        })
    };
    vec![texts, revocations, sweep, exports, erasures]
}

/// Carries out what has fallen due: deletions, the end of unproven registrations, of expired secrets and codes, of old letters; and
/// makes the partitions of the months to come.
pub(crate) async fn sweep(context: &CommandContext, auth: &Auth) -> Result<()> {
    let now = context.now;
    deletion::sweep(context, auth).await?;
    export::forget_old(context, auth).await?;
    let mut connection = auth.pool.get().await?;
    let waited = time::Duration::hours(auth.config.lifetimes.verification_hours);
    store::accounts::remove_unproven(&mut connection, now - waited).await?;
    store::sessions::remove_expired(&mut connection, now).await?;
    store::phones::remove_expired(&mut connection, now).await?;
    store::social::remove_expired(&mut connection, now).await?;
    mail::purge(&mut connection, now).await?;
    for month in months_from(now, MONTHS_AHEAD) {
        store::audit::make_partition(&mut connection, month).await?;
    }
    Ok(())
}
