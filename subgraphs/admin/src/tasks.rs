//! Work beside requests: settings that are to be broadcast, partitions, and what is kept only for a while.

use std::sync::Arc;
use std::time::Duration;

use coko_core::service::Task;

use crate::commands::{Admin, settings, sweep};

/// How often it is looked whether a setting could not be broadcast.
const SOON: Duration = Duration::from_secs(2);
/// How often everything is broadcast anew, for a broker that lost it.
const ANEW: Duration = Duration::from_secs(300);
/// How often what is not urgent is looked at.
const SLOW: Duration = Duration::from_secs(3600);

pub(crate) fn tasks(admin: &Arc<Admin>) -> Vec<Task> {
    let untold = {
        let admin = admin.clone();
        Task::every("untold settings", SOON, move || {
            let admin = admin.clone();
            async move { settings::tell_untold(&admin).await }
        })
    };
    let anew = {
        let admin = admin.clone();
        Task::every("settings anew", ANEW, move || {
            let admin = admin.clone();
            async move { settings::tell_all(&admin).await }
        })
    };
    let sweep = {
        let admin = admin.clone();
        Task::every("admin upkeep", SLOW, move || {
            let admin = admin.clone();
            async move { sweep::sweep(&admin, admin.platform.clock.now()).await }
        })
    };
    vec![untold, anew, sweep]
}
