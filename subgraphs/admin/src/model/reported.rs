//! Contents that were reported, wherever on the platform.

use std::collections::BTreeMap;

use coko_core::{json_column, text_enum};
use diesel::deserialize::FromSqlRow;
use diesel::expression::AsExpression;
use diesel::prelude::*;
use diesel::sql_types::Jsonb;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::tables::reported_contents;

text_enum! {
    /// Where a reported content stands.
    #[graphql(name = "ReportedContentStatus")]
    pub(crate) ReportedStatus {
        /// Waits for a moderator.
        Open = "OPEN",
        /// Its author appealed; waits for another moderator.
        Appealed = "APPEALED",
        /// It was decided.
        Decided = "DECIDED",
    }
}

/// How many reported for which reason.
#[derive(
    Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, AsExpression, FromSqlRow,
)]
#[diesel(sql_type = Jsonb)]
pub(crate) struct Reasons(pub(crate) BTreeMap<String, i32>);

json_column!(Reasons);

impl Reasons {
    /// One more.
    pub(crate) fn add(&mut self, reason: &str) {
        let count = self.0.entry(reason.chars().take(40).collect()).or_default();
        *count = count.saturating_add(1);
    }
}

/// A reported content.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = reported_contents, treat_none_as_null = true)]
pub(crate) struct ReportedContent {
    /// The case of the domain that the content is of.
    pub(crate) case_id: Uuid,
    pub(crate) kind: String,
    pub(crate) content_id: Uuid,
    pub(crate) author_id: Uuid,
    pub(crate) status: ReportedStatus,
    pub(crate) reports: i32,
    pub(crate) reasons: Reasons,
    pub(crate) hidden: bool,
    pub(crate) decision: Option<String>,
    pub(crate) reported_at: OffsetDateTime,
    pub(crate) status_at: OffsetDateTime,
}

impl ReportedContent {
    /// A case of which nothing is known but that it is there, since `at`.
    pub(crate) fn new(
        case_id: Uuid,
        (kind, content_id): (&str, Uuid),
        author_id: Uuid,
        at: OffsetDateTime,
    ) -> Self {
        Self {
            case_id,
            kind: kind.chars().take(40).collect(),
            content_id,
            author_id,
            status: ReportedStatus::Open,
            reports: 0,
            reasons: Reasons::default(),
            hidden: false,
            decision: None,
            reported_at: at,
            status_at: OffsetDateTime::UNIX_EPOCH,
        }
    }

    /// One more report, in whatever order it is heard of.
    pub(crate) fn report(&mut self, reason: &str, hidden: bool, at: OffsetDateTime) {
        self.reports = self.reports.saturating_add(1);
        self.reasons.add(reason);
        // Whether it hides is settled by what was decided, where that is known already.
        if at >= self.status_at {
            self.hidden |= hidden;
        }
        self.reported_at = self.reported_at.min(at);
    }

    /// Something became of it, unless something later is known; returns whether this is news.
    pub(crate) fn turn(
        &mut self,
        status: ReportedStatus,
        decision: Option<&str>,
        at: OffsetDateTime,
    ) -> bool {
        if at < self.status_at {
            return false;
        }
        self.status = status;
        self.status_at = at;
        if let Some(decision) = decision {
            self.decision = Some(decision.chars().take(40).collect());
            self.hidden = false;
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    #[test]
    fn reports_and_decisions_come_to_the_same_in_any_order() {
        let first = datetime!(2026-02-01 09:00 UTC);
        let second = datetime!(2026-02-01 10:00 UTC);
        let decided = datetime!(2026-02-01 11:00 UTC);
        let new = |at| {
            let (case, content, author) =
                (Uuid::from_u128(1), Uuid::from_u128(2), Uuid::from_u128(3));
            ReportedContent::new(case, ("POST", content), author, at)
        };
        let mut one = new(first);
        one.report("SPAM", false, first);
        one.report("SPAM", true, second);
        assert!(one.hidden);
        assert!(one.turn(ReportedStatus::Decided, Some("REMOVED"), decided));
        let mut other = new(decided);
        assert!(other.turn(ReportedStatus::Decided, Some("REMOVED"), decided));
        other.report("SPAM", true, second);
        other.report("SPAM", false, first);
        assert_eq!(one, other);
        assert_eq!(one.reasons.0["SPAM"], 2);
        assert!(!one.turn(ReportedStatus::Appealed, None, second));
        assert_eq!(one.status, ReportedStatus::Decided);
    }
}
