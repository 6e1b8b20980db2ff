//! A line of a leaderboard.

use async_graphql::Object;

use super::UserType;
use crate::model::board::Ranked;

/// A line of a leaderboard.
pub(crate) struct EntryType(pub(crate) Ranked);

/// A reader's place on a leaderboard.
#[Object(name = "LeaderboardEntry")]
impl EntryType {
    /// One more than the number of readers with more points; equal points share a rank.
    async fn rank(&self) -> i64 {
        self.0.rank
    }

    /// The reader's points in the period.
    async fn points(&self) -> i64 {
        self.0.standing.points
    }

    /// The reader.
    async fn user(&self) -> UserType {
        UserType {
            id: self.0.standing.user_id.into(),
        }
    }
}
