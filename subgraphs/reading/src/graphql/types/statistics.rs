//! `ReadingStats`.

use async_graphql::Object;
use time::Date;

use crate::model::{Day, Statistics};

/// A reader's statistics.
pub(crate) struct StatisticsType(pub(crate) Statistics);

/// What a reader read, as far as it counts, in days of the reader's own zone. Only the reader sees it.
#[Object(name = "ReadingStats")]
impl StatisticsType {
    /// Days in a row with reading, up to today, or to yesterday as long as today may still be added.
    async fn current_streak(&self) -> i32 {
        self.0.streak
    }

    /// The most days in a row so far.
    async fn longest_streak(&self) -> i32 {
        self.0.longest
    }

    /// Minutes in all of the periods.
    async fn minutes(&self) -> i64 {
        let periods = self.0.periods.iter();
        periods.map(|period| i64::from(period.seconds)).sum::<i64>() / 60
    }

    /// Pages in all of the periods.
    async fn pages(&self) -> f64 {
        let periods = self.0.periods.iter();
        periods.map(|period| period.pages).sum::<f64>().round()
    }

    /// Books finished in all of the periods.
    async fn books(&self) -> i32 {
        self.0.periods.iter().map(|period| period.books).sum()
    }

    /// The periods in which something was read, the newest first; at most 400.
    async fn periods(&self) -> Vec<PeriodType> {
        let periods = self.0.periods.iter().cloned();
        periods.map(PeriodType).collect()
    }
}

/// A day, week or month.
pub(crate) struct PeriodType(Day);

/// What was read in a day, a week or a month.
#[Object(name = "ReadingPeriod")]
impl PeriodType {
    /// Its first day.
    async fn starts_on(&self) -> Date {
        self.0.day
    }

    /// Minutes.
    async fn minutes(&self) -> i32 {
        self.0.seconds / 60
    }

    /// Pages.
    async fn pages(&self) -> f64 {
        self.0.pages.round()
    }

    /// Books whose end was reached.
    async fn books(&self) -> i32 {
        self.0.books
    }

    /// Stretches of reading.
    async fn sessions(&self) -> i32 {
        self.0.sessions
    }
}
