//! Work beside requests: leaderboards that go to Redis, and the platform's own challenges.

use std::sync::Arc;
use std::time::Duration;

use coko_core::service::Task;

use crate::commands::{Game, boards, sweep};

/// How often it is looked whether a challenge is to be made; each is made a week or a month ahead.
const SLOW: Duration = Duration::from_secs(3600);

pub(crate) fn tasks(game: &Arc<Game>) -> Vec<Task> {
    let slow = {
        let game = game.clone();
        Task::every("the platform's challenges", SLOW, move || {
            let game = game.clone();
            async move { sweep::challenges(&game.system(), &game).await }
        })
    };
    let mut tasks = vec![slow];
    if game.mirror.is_some() {
        let poll = Duration::from_millis(game.config.timers.poll_millis.max(10));
        let game = game.clone();
        tasks.push(Task::every("leaderboards to Redis", poll, move || {
            let game = game.clone();
            async move {
                sweep::drain(|| async { boards::carry(&game.system(), &game).await }).await
            }
        }));
    }
    tasks
}
