//! Work beside requests: keys of repeated calls are forgotten when they are old.

use std::sync::Arc;
use std::time::Duration;

use coko_core::service::Task;

use crate::commands::Community;

/// How often what is not urgent is looked at.
const SLOW: Duration = Duration::from_secs(600);

pub(crate) fn tasks(community: &Arc<Community>) -> Vec<Task> {
    let community = community.clone();
    vec![Task::every("community upkeep", SLOW, move || {
        let community = community.clone();
        async move {
            let mut connection = community.pool.get().await?;
            let now = community.platform.clock.now();
            coko_core::idempotency::purge(&mut connection, now).await?;
            Ok(())
        }
    })]
}
