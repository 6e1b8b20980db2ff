//! Leaderboards: their periods, whom they show, and who stands where.

use coko_core::text_enum;
use diesel::prelude::*;
use time::macros::date;
use time::{Date, Duration, OffsetDateTime, UtcOffset};
use uuid::Uuid;

use crate::tables::scores;

text_enum! {
    /// What a leaderboard sums up. Weeks begin on Monday; weeks and months are those of UTC, the same for everyone.
    #[graphql(name = "LeaderboardPeriod")]
    pub(crate) Period {
        /// This week.
        Week = "WEEK",
        /// This month.
        Month = "MONTH",
        /// Since the beginning.
        AllTime = "ALL_TIME",
    }
}

impl Period {
    /// The first day of what has no beginning.
    pub(crate) const EVER: Date = date!(1970 - 01 - 01);

    /// The first day of the period that holds `at`.
    pub(crate) fn start(self, at: OffsetDateTime) -> Date {
        let day = at.to_offset(UtcOffset::UTC).date();
        match self {
            Self::Week => {
                let since = i64::from(day.weekday().number_days_from_monday());
                day.checked_sub(Duration::days(since)).unwrap_or(day)
            }
            Self::Month => day.replace_day(1).unwrap_or(day),
            Self::AllTime => Self::EVER,
        }
    }

    /// The first day of the period after the one that begins on `start`.
    pub(crate) fn next(self, start: Date) -> Date {
        // Every month is over 32 days after its first day, and the month after it is not.
        let days = match self {
            Self::Week => 7,
            Self::Month | Self::AllTime => 32,
        };
        let later = start.checked_add(Duration::days(days)).unwrap_or(start);
        match self {
            Self::Week => later,
            Self::Month | Self::AllTime => later.replace_day(1).unwrap_or(later),
        }
    }
}

/// One leaderboard.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Board {
    pub(crate) period: Period,
    pub(crate) starts: Date,
    /// Players of one country only.
    pub(crate) country: Option<String>,
}

/// Somebody's points on a board. Boards go from many points to few; equal points stand by account, the same everywhere.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = scores)]
pub(crate) struct Standing {
    pub(crate) user_id: Uuid,
    pub(crate) points: i64,
}

/// A standing with its rank.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Ranked {
    pub(crate) standing: Standing,
    /// One more than the number of players with more points.
    pub(crate) rank: i64,
}

/// Where the first of a page stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Place {
    /// Players with more points.
    pub(crate) above: i64,
    /// Players with as many points that stand before.
    pub(crate) equal_before: i64,
}

/// Gives a page its ranks.
pub(crate) fn ranked(standings: Vec<Standing>, first: Place) -> Vec<Ranked> {
    let mut rank = first.above + 1;
    let mut last: Option<i64> = None;
    let mut ranked = Vec::with_capacity(standings.len());
    for (before, standing) in (first.above + first.equal_before..).zip(standings) {
        if last.is_some_and(|points| points != standing.points) {
            rank = before + 1;
        }
        last = Some(standing.points);
        ranked.push(Ranked { standing, rank });
    }
    ranked
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    #[test]
    fn periods_begin_where_they_should() {
        let at = datetime!(2027-01-01 00:30 +01:00);
        // In UTC it is still the last Thursday of the year.
        assert_eq!(Period::Week.start(at), date!(2026 - 12 - 28));
        assert_eq!(Period::Month.start(at), date!(2026 - 12 - 01));
        assert_eq!(Period::AllTime.start(at), Period::EVER);
        assert_eq!(
            Period::Month.next(date!(2026 - 12 - 01)),
            date!(2027 - 01 - 01)
        );
        assert_eq!(
            Period::Month.next(date!(2027 - 02 - 01)),
            date!(2027 - 03 - 01)
        );
        assert_eq!(
            Period::Week.next(date!(2026 - 12 - 28)),
            date!(2027 - 01 - 04)
        );
    }

    #[test]
    fn equal_points_share_a_rank() {
        let standing = |points| Standing {
            user_id: Uuid::nil(),
            points,
        };
        let page = [30, 30, 20, 10, 10].map(standing).to_vec();
        // Three have more; one with thirty points was on the page before.
        let place = Place {
            above: 3,
            equal_before: 1,
        };
        let ranks: Vec<_> = ranked(page, place).iter().map(|row| row.rank).collect();
        assert_eq!(ranks, [4, 4, 7, 8, 8]);
        assert!(ranked(Vec::new(), Place::default()).is_empty());
    }
}
