//! A reader as a player: sums of what they did, and who sees them.

use diesel::prelude::*;
use time::{Date, OffsetDateTime};
use uuid::Uuid;

use super::badge::Metric;
use super::challenge::Visibility;
use super::fact::Kind;
use super::streak::Streak;
use crate::tables::players;

/// A reader's row.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, AsChangeset)]
#[diesel(table_name = players, treat_none_as_null = true)]
pub(crate) struct Player {
    pub(crate) user_id: Uuid,
    pub(crate) country: Option<String>,
    pub(crate) time_zone: String,
    pub(crate) privacy: Visibility,
    pub(crate) opted_out: bool,
    pub(crate) points: i64,
    pub(crate) level: i32,
    pub(crate) books_completed: i32,
    pub(crate) books_purchased: i32,
    pub(crate) reviews_posted: i32,
    pub(crate) reading_days: i32,
    pub(crate) seconds_read: i64,
    pub(crate) challenges: i32,
    pub(crate) longest_row: i32,
    pub(crate) streak_days: i32,
    pub(crate) streak_end: Option<Date>,
    pub(crate) streak_longest: i32,
    pub(crate) freezes: i32,
    pub(crate) deleted_at: Option<OffsetDateTime>,
}

impl Player {
    /// Somebody of whom nothing is known.
    pub(crate) fn new(user: Uuid) -> Self {
        Self {
            user_id: user,
            country: None,
            time_zone: "UTC".to_owned(),
            privacy: Visibility::Public,
            opted_out: false,
            points: 0,
            level: 1,
            books_completed: 0,
            books_purchased: 0,
            reviews_posted: 0,
            reading_days: 0,
            seconds_read: 0,
            challenges: 0,
            longest_row: 0,
            streak_days: 0,
            streak_end: None,
            streak_longest: 0,
            freezes: 0,
            deleted_at: None,
        }
    }

    /// Whether the account is gone.
    pub(crate) fn is_gone(&self) -> bool {
        self.deleted_at.is_some()
    }

    /// Whether leaderboards that everyone sees leave the player out.
    pub(crate) fn is_hidden(&self) -> bool {
        self.opted_out || self.privacy != Visibility::Public || self.is_gone()
    }

    /// Whether `viewer`, who follows the player or not, sees what the player reached.
    pub(crate) fn is_seen_by(&self, viewer: Option<Uuid>, follows: bool) -> bool {
        if viewer == Some(self.user_id) {
            return true;
        }
        !self.opted_out
            && !self.is_gone()
            && match self.privacy {
                Visibility::Public => true,
                Visibility::Followers => follows,
                Visibility::Private => false,
            }
    }

    /// Counts `count` more of what was done.
    pub(crate) fn count(&mut self, kind: Kind, count: i32) {
        match kind {
            Kind::BookCompleted => self.books_completed += count,
            Kind::BookPurchased => self.books_purchased += count,
            Kind::ReviewPosted => self.reviews_posted += count,
            Kind::ReadingDay => self.reading_days += count,
            Kind::AccountRegistered | Kind::HalfHourRead => {}
        }
    }

    /// Takes over what the days of reading come to.
    pub(crate) fn keep_streak(&mut self, streak: &Streak) {
        self.streak_days = streak.days;
        self.streak_end = streak.end;
        self.streak_longest = streak.longest;
        self.freezes = streak.freezes;
        self.keep_longest_row(streak.longest_row);
    }

    /// Keeps the longest row that is known of.
    pub(crate) fn keep_longest_row(&mut self, days: i32) {
        self.longest_row = self.longest_row.max(days);
    }

    /// What the player has of `metric`.
    pub(crate) fn measure(&self, metric: Metric) -> i64 {
        match metric {
            Metric::BooksCompleted => self.books_completed.into(),
            Metric::BooksPurchased => self.books_purchased.into(),
            Metric::ReviewsPosted => self.reviews_posted.into(),
            Metric::ReadingDays => self.reading_days.into(),
            Metric::LongestRow => self.longest_row.into(),
            Metric::MinutesRead => self.seconds_read / 60,
            Metric::Level => self.level.into(),
            Metric::Points => self.points,
            Metric::ChallengesCompleted => self.challenges.into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_opted_out_is_seen_by_nobody_else() {
        let user = Uuid::from_u128(1);
        let other = Some(Uuid::from_u128(2));
        let player = |privacy, opted_out| Player {
            privacy,
            opted_out,
            ..Player::new(user)
        };
        for privacy in Visibility::ALL {
            assert!(
                !player(*privacy, true).is_seen_by(other, true),
                "{privacy:?}"
            );
            assert!(player(*privacy, true).is_hidden());
            assert!(player(*privacy, true).is_seen_by(Some(user), false));
            assert!(!player(*privacy, true).is_seen_by(None, false));
        }
        let public = player(Visibility::Public, false);
        assert!(public.is_seen_by(None, false) && !public.is_hidden());
        let followers = player(Visibility::Followers, false);
        assert!(followers.is_seen_by(other, true) && !followers.is_seen_by(other, false));
        assert!(followers.is_hidden());
        let private = player(Visibility::Private, false);
        assert!(!private.is_seen_by(other, true) && private.is_hidden());
    }
}
