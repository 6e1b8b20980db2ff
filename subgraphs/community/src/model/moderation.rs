//! Reports, the cases that they open, decisions and appeals.

use coko_core::text_enum;
use diesel::prelude::*;
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use super::content::ContentKind;
use crate::tables::{cases, moderation_log, reports};

/// Most characters of a note or an appeal.
pub(crate) const NOTE: usize = 2000;
/// Most reports that a case shows.
pub(crate) const SHOWN_REPORTS: i64 = 50;

text_enum! {
    /// Why content is reported, and why it is removed.
    pub(crate) ReportReason {
        /// Advertising, or the same thing everywhere.
        Spam = "SPAM",
        /// Insults or harassment.
        Harassment = "HARASSMENT",
        /// Hatred of people for what they are.
        Hate = "HATE",
        /// Violence, or a call for it.
        Violence = "VIOLENCE",
        /// Sexual content where it has no place.
        Sexual = "SEXUAL",
        /// Gives away what happens, unmarked.
        Spoiler = "SPOILER",
        /// Copies what belongs to others.
        Copyright = "COPYRIGHT",
        /// Someone's private matters.
        Privacy = "PRIVACY",
        /// Not about what it stands under.
        OffTopic = "OFF_TOPIC",
        /// Something else, which the note says.
        Other = "OTHER",
    }
}

text_enum! {
    /// Where a case stands.
    #[graphql(name = "ModerationStatus")]
    pub(crate) CaseStatus {
        /// Waits for a moderator.
        Open = "OPEN",
        /// The content stays.
        Kept = "KEPT",
        /// The content was removed.
        Removed = "REMOVED",
        /// The author appealed; waits for another moderator.
        Appealed = "APPEALED",
        /// The removal stands for good.
        Upheld = "UPHELD",
        /// The content is back.
        Overturned = "OVERTURNED",
    }
}

text_enum! {
    /// What a moderator decides of a case.
    #[graphql(name = "ModerationVerdict")]
    pub(crate) Verdict {
        /// The content stays.
        Keep = "KEEP",
        /// The content is removed.
        Remove = "REMOVE",
    }
}

/// Reports of one content, until they are decided.
#[derive(
    Clone, Debug, PartialEq, Eq, Queryable, Selectable, QueryableByName, Insertable, AsChangeset,
)]
#[diesel(table_name = cases, treat_none_as_null = true)]
pub(crate) struct Case {
    pub(crate) id: Uuid,
    pub(crate) kind: ContentKind,
    pub(crate) content_id: Uuid,
    pub(crate) author_id: Uuid,
    pub(crate) status: CaseStatus,
    pub(crate) weight: i32,
    pub(crate) report_count: i32,
    pub(crate) opened_at: OffsetDateTime,
    pub(crate) reason: Option<ReportReason>,
    pub(crate) note: Option<String>,
    pub(crate) moderator_id: Option<Uuid>,
    pub(crate) decided_at: Option<OffsetDateTime>,
    pub(crate) appeal: Option<String>,
    pub(crate) appealed_at: Option<OffsetDateTime>,
    pub(crate) appeal_moderator_id: Option<Uuid>,
    pub(crate) appeal_decided_at: Option<OffsetDateTime>,
}

/// Why a moderator cannot decide.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unfit {
    /// The case waits for nothing of the kind.
    NotOpen,
    /// It is about the moderator's own content.
    Own,
    /// It is an appeal against the moderator's own decision.
    OwnDecision,
}

impl Case {
    /// A case that the first report opens.
    pub(crate) fn opened(
        id: Uuid,
        (kind, content_id): (ContentKind, Uuid),
        author_id: Uuid,
        now: OffsetDateTime,
    ) -> Self {
        Self {
            id,
            kind,
            content_id,
            author_id,
            status: CaseStatus::Open,
            weight: 0,
            report_count: 0,
            opened_at: now,
            reason: None,
            note: None,
            moderator_id: None,
            decided_at: None,
            appeal: None,
            appealed_at: None,
            appeal_moderator_id: None,
            appeal_decided_at: None,
        }
    }

    /// Takes a report in; returns whether this one makes the content hide.
    pub(crate) fn add(&mut self, weight: i32, hide_at: i32) -> bool {
        let before = self.weight;
        self.weight = self.weight.saturating_add(weight);
        self.report_count += 1;
        before < hide_at && self.weight >= hide_at
    }

    /// Whether `moderator` may decide the open case.
    pub(crate) fn decidable(&self, moderator: Uuid) -> Result<(), Unfit> {
        match self.status {
            CaseStatus::Open if self.author_id == moderator => Err(Unfit::Own),
            CaseStatus::Open => Ok(()),
            _ => Err(Unfit::NotOpen),
        }
    }

    /// Whether the author may appeal now.
    pub(crate) fn appealable(&self, now: OffsetDateTime, days: i64) -> bool {
        self.status == CaseStatus::Removed
            && self
                .decided_at
                .is_some_and(|decided| now <= decided + Duration::days(days))
    }

    /// Whether `moderator` may decide the appeal: somebody else than who removed the content, and than who wrote it.
    pub(crate) fn appeal_decidable(&self, moderator: Uuid) -> Result<(), Unfit> {
        match self.status {
            CaseStatus::Appealed if self.author_id == moderator => Err(Unfit::Own),
            CaseStatus::Appealed if self.moderator_id == Some(moderator) => Err(Unfit::OwnDecision),
            CaseStatus::Appealed => Ok(()),
            _ => Err(Unfit::NotOpen),
        }
    }
}

/// One person's report.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, QueryableByName, Insertable)]
#[diesel(table_name = reports)]
pub(crate) struct Report {
    pub(crate) id: Uuid,
    pub(crate) case_id: Uuid,
    pub(crate) reporter_id: Uuid,
    pub(crate) reason: ReportReason,
    pub(crate) note: Option<String>,
    pub(crate) weight: i32,
    pub(crate) created_at: OffsetDateTime,
}

/// What a moderator, or the platform itself, did.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, QueryableByName, Insertable)]
#[diesel(table_name = moderation_log)]
pub(crate) struct LogEntry {
    pub(crate) id: Uuid,
    pub(crate) at: OffsetDateTime,
    pub(crate) moderator_id: Option<Uuid>,
    pub(crate) action: String,
    pub(crate) subject_kind: String,
    pub(crate) subject_id: Uuid,
    pub(crate) case_id: Option<Uuid>,
    pub(crate) reason: Option<ReportReason>,
    pub(crate) note: Option<String>,
    pub(crate) address: Option<String>,
    pub(crate) request_id: String,
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use time::macros::datetime;

    use super::*;

    const NOW: OffsetDateTime = datetime!(2027-01-15 12:00 UTC);
    const AUTHOR: Uuid = Uuid::from_u128(2);

    fn case() -> Case {
        Case::opened(
            Uuid::from_u128(1),
            (ContentKind::Post, Uuid::nil()),
            AUTHOR,
            NOW,
        )
    }

    proptest! {
        /// Content hides once, and exactly when the weights reach the threshold.
        #[test]
        fn the_threshold_is_passed_once(weights in prop::collection::vec(0..7, 1..20), hide_at in 1..20) {
            let mut case = case();
            let mut hidden = 0;
            for weight in &weights {
                hidden += i32::from(case.add(*weight, hide_at));
            }
            prop_assert_eq!(hidden, i32::from(weights.iter().sum::<i32>() >= hide_at));
        }
    }

    #[test]
    fn nobody_judges_in_their_own_cause() {
        let (one, two) = (Uuid::from_u128(3), Uuid::from_u128(4));
        let mut case = case();
        assert_eq!(case.decidable(AUTHOR), Err(Unfit::Own));
        assert_eq!(case.decidable(one), Ok(()));
        assert_eq!(case.appeal_decidable(one), Err(Unfit::NotOpen));
        assert!(!case.appealable(NOW, 30));
        case.status = CaseStatus::Removed;
        case.moderator_id = Some(one);
        case.decided_at = Some(NOW);
        assert!(case.appealable(NOW + Duration::days(30), 30));
        assert!(!case.appealable(NOW + Duration::days(31), 30));
        case.status = CaseStatus::Appealed;
        assert_eq!(case.decidable(two), Err(Unfit::NotOpen));
        assert_eq!(case.appeal_decidable(one), Err(Unfit::OwnDecision));
        assert_eq!(case.appeal_decidable(AUTHOR), Err(Unfit::Own));
        assert_eq!(case.appeal_decidable(two), Ok(()));
    }
}
