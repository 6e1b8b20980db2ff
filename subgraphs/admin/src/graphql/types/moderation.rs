//! Reported contents.

use async_graphql::{ID, Object, SimpleObject};
use time::OffsetDateTime;

use super::UserType;
use crate::model::{ReportedContent, ReportedStatus};

/// Community's case, which has the content, the reports and the decision; decide it with `decideCase` and `decideAppeal`.
#[derive(SimpleObject)]
#[graphql(name = "ModerationCase", unresolvable = "id")]
struct CaseReference {
    /// Identifies the case.
    id: ID,
}

/// How many reported for a reason.
#[derive(SimpleObject)]
#[graphql(name = "ReportReasonCount")]
struct ReasonType {
    /// The reason: `SPAM`, `HARASSMENT`, …
    reason: String,
    /// How many.
    count: i32,
}

/// A content that was reported.
pub(crate) struct ReportedContentType(pub(crate) ReportedContent);

/// A content that was reported.
#[Object(name = "ReportedContentEntry")]
impl ReportedContentType {
    /// Identifies the entry, as its case.
    async fn id(&self) -> ID {
        self.0.case_id.into()
    }

    /// The case, where the content, the reports and the decision are.
    async fn case(&self) -> CaseReference {
        CaseReference {
            id: self.0.case_id.into(),
        }
    }

    /// What kind of content: `POST`, `REVIEW`, …
    async fn kind(&self) -> &str {
        &self.0.kind
    }

    /// Which one.
    async fn content_id(&self) -> ID {
        self.0.content_id.into()
    }

    /// Who wrote it.
    async fn author(&self) -> UserType {
        UserType::reference(self.0.author_id)
    }

    /// Where it stands.
    async fn status(&self) -> ReportedStatus {
        self.0.status
    }

    /// How many reported it.
    async fn report_count(&self) -> i32 {
        self.0.reports
    }

    /// How many for which reason.
    async fn reasons(&self) -> Vec<ReasonType> {
        let reasons = self.0.reasons.0.iter();
        reasons
            .map(|(reason, count)| ReasonType {
                reason: reason.clone(),
                count: *count,
            })
            .collect()
    }

    /// Whether it is hidden until a moderator has looked.
    async fn hidden(&self) -> bool {
        self.0.hidden
    }

    /// What was decided: `KEPT`, `REMOVED`, `UPHELD`, `OVERTURNED`.
    async fn decision(&self) -> Option<&str> {
        self.0.decision.as_deref()
    }

    /// When it was first reported.
    async fn reported_at(&self) -> OffsetDateTime {
        self.0.reported_at
    }
}
