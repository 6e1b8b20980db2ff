//! Challenges: a goal, a window, and who may see and join.

use coko_core::text_enum;
use diesel::prelude::*;
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use super::board::Period;
use super::fact::Kind;
use crate::tables::{challenge_templates, challenges, participants};

/// The longest window.
pub(crate) const LONGEST: Duration = Duration::days(366);
/// The largest goal.
pub(crate) const MOST: i32 = 10_000;

text_enum! {
    /// Who may see something.
    #[graphql(name = "ChallengePrivacy")]
    pub(crate) Visibility {
        /// Everyone.
        Public = "PUBLIC",
        /// Those who follow its maker.
        Followers = "FOLLOWERS",
        /// Those who were given its invitation.
        Private = "PRIVATE",
    }
}

text_enum! {
    /// What a challenge counts within its window.
    #[graphql(name = "ChallengeMetric")]
    pub(crate) ChallengeMetric {
        /// Books that were finished.
        BooksCompleted = "BOOKS_COMPLETED",
        /// Days on which something was read, in the reader's zone.
        ReadingDays = "READING_DAYS",
        /// Reviews that were posted.
        ReviewsPosted = "REVIEWS_POSTED",
    }
}

impl ChallengeMetric {
    /// What is counted.
    pub(crate) fn kind(self) -> Kind {
        match self {
            Self::BooksCompleted => Kind::BookCompleted,
            Self::ReadingDays => Kind::ReadingDay,
            Self::ReviewsPosted => Kind::ReviewPosted,
        }
    }

    /// The metric that counts `kind`, if one does.
    pub(crate) fn of(kind: Kind) -> Option<Self> {
        Self::ALL
            .iter()
            .copied()
            .find(|metric| metric.kind() == kind)
    }
}

/// Where a challenge stands.
#[derive(async_graphql::Enum, Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ChallengeState {
    /// It has not begun; it can be joined.
    Upcoming,
    /// It runs.
    Running,
    /// Its window is over. What was read offline in it still counts when it becomes known.
    Over,
    /// Its maker called it off.
    Cancelled,
}

/// A challenge.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, Insertable, QueryableByName)]
#[diesel(table_name = challenges)]
pub(crate) struct Challenge {
    pub(crate) id: Uuid,
    pub(crate) code: Option<String>,
    pub(crate) creator_id: Option<Uuid>,
    pub(crate) metric: ChallengeMetric,
    pub(crate) target: i32,
    pub(crate) starts_at: OffsetDateTime,
    pub(crate) ends_at: OffsetDateTime,
    pub(crate) privacy: Visibility,
    pub(crate) invitation: Option<String>,
    pub(crate) title_fr: String,
    pub(crate) title_en: String,
    pub(crate) description_fr: String,
    pub(crate) description_en: String,
    pub(crate) participants: i32,
    pub(crate) created_at: OffsetDateTime,
    pub(crate) cancelled_at: Option<OffsetDateTime>,
}

impl Challenge {
    /// Where it stands at `now`.
    pub(crate) fn state(&self, now: OffsetDateTime) -> ChallengeState {
        if self.cancelled_at.is_some() {
            ChallengeState::Cancelled
        } else if now < self.starts_at {
            ChallengeState::Upcoming
        } else if now < self.ends_at {
            ChallengeState::Running
        } else {
            ChallengeState::Over
        }
    }

    /// Whether it can be joined at `now`.
    pub(crate) fn is_open(&self, now: OffsetDateTime) -> bool {
        matches!(
            self.state(now),
            ChallengeState::Upcoming | ChallengeState::Running
        )
    }

    /// Whether something that happened at `at` counts.
    pub(crate) fn holds(&self, at: OffsetDateTime) -> bool {
        (self.starts_at..self.ends_at).contains(&at)
    }

    /// Whether a reader sees it who takes part in it, follows its maker, or has `invitation`.
    pub(crate) fn is_seen_by(
        &self,
        viewer: Option<Uuid>,
        takes_part: bool,
        follows: bool,
        invitation: Option<&str>,
    ) -> bool {
        let made = self.creator_id.is_some() && self.creator_id == viewer;
        let invited = self.invitation.is_some() && self.invitation.as_deref() == invitation;
        made || takes_part
            || match self.privacy {
                Visibility::Public => true,
                Visibility::Followers => follows,
                Visibility::Private => invited,
            }
    }
}

/// Somebody who takes part.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, Insertable, QueryableByName)]
#[diesel(table_name = participants)]
pub(crate) struct Participant {
    pub(crate) challenge_id: Uuid,
    pub(crate) user_id: Uuid,
    pub(crate) joined_at: OffsetDateTime,
    pub(crate) completed_at: Option<OffsetDateTime>,
}

/// A challenge that the platform holds every week or month.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = challenge_templates)]
pub(crate) struct Template {
    pub(crate) code: String,
    pub(crate) period: Period,
    pub(crate) metric: ChallengeMetric,
    pub(crate) target: i32,
    pub(crate) title_fr: String,
    pub(crate) title_en: String,
    pub(crate) description_fr: String,
    pub(crate) description_en: String,
}

impl Template {
    /// The challenges of the period that holds `now` and of the one after it; `id` gives each its id.
    pub(crate) fn challenges(
        &self,
        now: OffsetDateTime,
        mut id: impl FnMut() -> Uuid,
    ) -> [Challenge; 2] {
        let start = self.period.start(now);
        let next = self.period.next(start);
        [(start, next), (next, self.period.next(next))].map(|(start, end)| Challenge {
            id: id(),
            code: Some(format!("{}:{start}", self.code)),
            creator_id: None,
            metric: self.metric,
            target: self.target,
            starts_at: start.midnight().assume_utc(),
            ends_at: end.midnight().assume_utc(),
            privacy: Visibility::Public,
            invitation: None,
            title_fr: self.title_fr.clone(),
            title_en: self.title_en.clone(),
            description_fr: self.description_fr.clone(),
            description_en: self.description_en.clone(),
            participants: 0,
            created_at: now,
            cancelled_at: None,
        })
    }
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    fn monthly() -> [Challenge; 2] {
        let template = Template {
            code: "monthly-books".to_owned(),
            period: Period::Month,
            metric: ChallengeMetric::BooksCompleted,
            target: 2,
            title_fr: String::new(),
            title_en: String::new(),
            description_fr: String::new(),
            description_en: String::new(),
        };
        template.challenges(datetime!(2027-01-15 12:00 UTC), Uuid::nil)
    }

    #[test]
    fn the_platform_s_challenges_follow_on_each_other() {
        let [this, next] = monthly();
        assert_eq!(this.code.as_deref(), Some("monthly-books:2027-01-01"));
        assert_eq!(this.ends_at, next.starts_at);
        assert_eq!(next.ends_at, datetime!(2027-03-01 00:00 UTC));
        assert_eq!(
            this.state(datetime!(2026-12-31 23:59 UTC)),
            ChallengeState::Upcoming
        );
        assert_eq!(this.state(this.starts_at), ChallengeState::Running);
        assert_eq!(this.state(this.ends_at), ChallengeState::Over);
        assert!(this.holds(this.starts_at) && !this.holds(this.ends_at));
    }

    #[test]
    fn a_private_challenge_is_seen_with_its_invitation() {
        let [public, _] = monthly();
        let maker = Uuid::from_u128(1);
        let other = Some(Uuid::from_u128(2));
        let private = Challenge {
            creator_id: Some(maker),
            privacy: Visibility::Private,
            invitation: Some("abc".to_owned()),
            ..public.clone()
        };
        assert!(public.is_seen_by(None, false, false, None));
        assert!(!private.is_seen_by(other, false, true, None));
        assert!(!private.is_seen_by(other, false, true, Some("abd")));
        assert!(private.is_seen_by(other, false, false, Some("abc")));
        assert!(private.is_seen_by(other, true, false, None));
        assert!(private.is_seen_by(Some(maker), false, false, None));
        let followers = Challenge {
            privacy: Visibility::Followers,
            invitation: None,
            ..private
        };
        assert!(!followers.is_seen_by(other, false, false, None));
        assert!(followers.is_seen_by(other, false, true, None));
        assert!(!followers.is_seen_by(None, false, false, None));
    }
}
