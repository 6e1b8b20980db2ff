//! `ReaderStats`, what the viewer did and reached, with `ReaderLevel`, `ReaderStreak` and `PointEntry`.

use async_graphql::connection::{Connection, EmptyFields};
use async_graphql::dataloader::DataLoader;
use async_graphql::{Context, Object, SimpleObject};
use coko_core::Result;
use coko_core::graphql::{PageArgs, RequestExt as _, connection};
use time::{Date, OffsetDateTime};

use super::user::level;
use crate::commands::boards;
use crate::graphql::loader::Levels;
use crate::graphql::{game, spoken};
use crate::model::zone::day_in;
use crate::model::{Board, Entry, Level, Period, Player, Streak, streak};
use crate::store;

/// A level.
pub(crate) struct LevelType(pub(crate) Level);

/// A level that points lead to.
#[Object(name = "ReaderLevel")]
impl LevelType {
    /// From 1.
    async fn number(&self) -> i32 {
        self.0.number
    }

    /// Its name in the viewer's language.
    async fn name(&self, context: &Context<'_>) -> &str {
        spoken(context.locale(), &self.0.name_fr, &self.0.name_en)
    }

    /// The points at which it begins.
    async fn points(&self) -> i64 {
        self.0.points
    }
}

/// Days of reading in a row.
#[derive(SimpleObject)]
#[graphql(name = "ReaderStreak")]
pub(crate) struct StreakType {
    /// Days of reading in the row that goes on, days that were frozen apart; 0 when it has ended.
    days: i32,
    /// The most days that a row ever had.
    longest: i32,
    /// The newest day of reading, in the reader's zone.
    last_day: Option<Date>,
    /// Missed days in the last row that freezes stood in for. A day that was read offline gives its freeze back when it
    /// becomes known.
    frozen_days: Vec<Date>,
    /// Days that may be missed without ending the row. Seven days of reading earn one; two are kept at most.
    freezes_left: i32,
}

/// What a reader got points for.
pub(crate) struct EntryType(Entry);

/// Points, and what for.
#[Object(name = "PointEntry")]
impl EntryType {
    /// The rule and its version: `book-completed.v1`.
    async fn rule(&self) -> &str {
        &self.0.rule
    }

    /// How many.
    async fn points(&self) -> i32 {
        self.0.points
    }

    /// When it happened.
    async fn at(&self) -> OffsetDateTime {
        self.0.at
    }
}

/// A player's numbers.
pub(crate) struct StatsType(pub(crate) Player);

/// What the viewer did and reached. Only they see it.
#[Object(name = "ReaderStats")]
impl StatsType {
    /// All points.
    async fn points(&self) -> i64 {
        self.0.points
    }

    /// The level that they lead to.
    async fn level(&self, context: &Context<'_>) -> Result<Option<LevelType>> {
        level(context, self.0.level).await
    }

    /// The level after it; null on the highest.
    async fn next_level(&self, context: &Context<'_>) -> Result<Option<LevelType>> {
        let loader = context.data_unchecked::<DataLoader<Levels>>();
        let levels = loader.load_one(()).await?.unwrap_or_default();
        let next = levels.iter().find(|level| level.number > self.0.level);
        Ok(next.cloned().map(LevelType))
    }

    /// Days of reading in a row.
    async fn streak(&self, context: &Context<'_>) -> Result<StreakType> {
        let player = &self.0;
        let today = day_in(&player.time_zone, context.command().now);
        let (end, freezes) = (player.streak_end, player.freezes);
        let (days, freezes_left) = streak::running(player.streak_days, end, freezes, today);
        let mut connection = game(context).pool.get().await?;
        let known = store::facts::days(&mut connection, player.user_id).await?;
        Ok(StreakType {
            days,
            longest: player.streak_longest.max(player.longest_row),
            last_day: end,
            frozen_days: Streak::of(&known).frozen,
            freezes_left,
        })
    }

    /// Books that were finished.
    async fn books_completed(&self) -> i32 {
        self.0.books_completed
    }

    /// Reviews that were posted.
    async fn reviews_posted(&self) -> i32 {
        self.0.reviews_posted
    }

    /// Days on which something was read.
    async fn reading_days(&self) -> i32 {
        self.0.reading_days
    }

    /// Minutes of reading.
    async fn minutes_read(&self) -> i64 {
        self.0.seconds_read / 60
    }

    /// Challenges that were completed.
    async fn challenges_completed(&self) -> i32 {
        self.0.challenges
    }

    /// The viewer's rank on the leaderboard that everyone sees; null while they are not on it.
    async fn rank(
        &self,
        context: &Context<'_>,
        #[graphql(default_with = "Period::Week")] period: Period,
    ) -> Result<Option<i64>> {
        let starts = period.start(context.command().now);
        let board = Board {
            period,
            starts,
            country: None,
        };
        boards::rank(game(context), &board, self.0.user_id).await
    }

    /// Whether the viewer is hidden from leaderboards, and their badges and challenges from others.
    async fn opted_out(&self) -> bool {
        self.0.opted_out
    }

    /// What the points are for, the newest first.
    async fn point_entries(
        &self,
        context: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
    ) -> Result<Connection<String, EntryType, EmptyFields, EmptyFields>> {
        let list = store::ledger::LIST;
        let page = PageArgs::new(first, after, last, before).page(list)?;
        let mut database = game(context).pool.get().await?;
        let slice = store::ledger::list(&mut database, &page, self.0.user_id).await?;
        Ok(connection(list, slice, store::ledger::key, EntryType))
    }
}
