//! Cases, reports, and the log of what moderators did.

use async_graphql::dataloader::DataLoader;
use async_graphql::{Context, ID, Object, SimpleObject, Union};
use coko_core::Result;
use coko_core::graphql::RequestExt as _;
use time::OffsetDateTime;

use super::{PostType, ReviewType, UserType};
use crate::commands::moderates;
use crate::graphql::loader::{CaseReports, Posts, Reviews};
use crate::model::{Case, CaseStatus, ContentKind, LogEntry, Report, ReportReason};

/// What was reported.
#[derive(Union)]
#[graphql(name = "ReportedContent")]
enum ReportedContent {
    Post(PostType),
    Review(ReviewType),
}

/// Reports of one content, and what was decided.
#[derive(Clone)]
pub(crate) struct CaseType(pub(crate) Case);

/// `value`, where the viewer moderates.
fn for_moderators<T>(context: &Context<'_>, value: Option<T>) -> Option<T> {
    value.filter(|_| moderates(context.viewer()))
}

/// Reports of one content, and what was decided. Its author sees the decision, not who reported or decided.
#[Object(name = "ModerationCase")]
impl CaseType {
    /// Identifies the case.
    async fn id(&self) -> ID {
        self.0.id.into()
    }

    /// What kind of content it is about.
    async fn kind(&self) -> ContentKind {
        self.0.kind
    }

    /// What it is about; null where it is no longer to be seen.
    async fn content(&self, context: &Context<'_>) -> Result<Option<ReportedContent>> {
        Ok(match self.0.kind {
            ContentKind::Post => {
                let loader = context.data_unchecked::<DataLoader<Posts>>();
                let post = loader.load_one(self.0.content_id).await?;
                post.map(|post| ReportedContent::Post(post.into()))
            }
            ContentKind::Review => {
                let loader = context.data_unchecked::<DataLoader<Reviews>>();
                let review = loader.load_one(self.0.content_id).await?;
                review.map(|review| ReportedContent::Review(ReviewType(review)))
            }
        })
    }

    /// Who wrote it.
    async fn author(&self) -> UserType {
        UserType::reference(self.0.author_id)
    }

    /// Where the case stands.
    async fn status(&self) -> CaseStatus {
        self.0.status
    }

    /// The reporters' weights, summed; for moderators.
    async fn weight(&self, context: &Context<'_>) -> Option<i32> {
        for_moderators(context, Some(self.0.weight))
    }

    /// How many reported; for moderators.
    async fn report_count(&self, context: &Context<'_>) -> Option<i32> {
        for_moderators(context, Some(self.0.report_count))
    }

    /// The reports, at most fifty; for moderators.
    async fn reports(&self, context: &Context<'_>) -> Result<Vec<ReportType>> {
        let loader = context.data_unchecked::<DataLoader<CaseReports>>();
        let reports = loader.load_one(self.0.id).await?.unwrap_or_default();
        Ok(reports.into_iter().map(ReportType::from).collect())
    }

    /// Why the content was removed.
    async fn reason(&self) -> Option<ReportReason> {
        self.0.reason
    }

    /// What the moderator wrote to the author.
    async fn note(&self) -> Option<&str> {
        self.0.note.as_deref()
    }

    /// Who decided; for moderators.
    async fn moderator(&self, context: &Context<'_>) -> Option<UserType> {
        let moderator = for_moderators(context, self.0.moderator_id);
        moderator.map(UserType::reference)
    }

    /// What the author says against the decision.
    async fn appeal(&self) -> Option<&str> {
        self.0.appeal.as_deref()
    }

    /// When the first report came.
    async fn opened_at(&self) -> OffsetDateTime {
        self.0.opened_at
    }

    /// When it was decided.
    async fn decided_at(&self) -> Option<OffsetDateTime> {
        self.0.decided_at
    }

    /// When the appeal was decided.
    async fn appeal_decided_at(&self) -> Option<OffsetDateTime> {
        self.0.appeal_decided_at
    }
}

/// One person's report.
#[derive(SimpleObject)]
#[graphql(name = "ContentReport")]
struct ReportType {
    /// Who.
    reporter: UserType,
    /// Why.
    reason: ReportReason,
    /// What they say about it.
    note: Option<String>,
    /// How much it weighs.
    weight: i32,
    /// When.
    created_at: OffsetDateTime,
}

impl From<Report> for ReportType {
    fn from(report: Report) -> Self {
        Self {
            reporter: UserType::reference(report.reporter_id),
            reason: report.reason,
            note: report.note,
            weight: report.weight,
            created_at: report.created_at,
        }
    }
}

/// What a moderator, or the platform itself, did.
#[derive(SimpleObject)]
#[graphql(name = "ModerationLogEntry")]
pub(crate) struct LogEntryType {
    /// Identifies the entry.
    id: ID,
    /// When.
    at: OffsetDateTime,
    /// Who; null where the platform itself acted.
    moderator: Option<UserType>,
    /// What: `case.decided.removed`, `content.hidden`, …
    action: String,
    /// The kind of thing it was done to: `POST`, `REVIEW`, `TOPIC`, `FORUM`.
    subject_kind: String,
    /// Which one.
    subject_id: ID,
    /// The case.
    case_id: Option<ID>,
    /// Why.
    reason: Option<ReportReason>,
    /// In the moderator's words.
    note: Option<String>,
}

impl From<LogEntry> for LogEntryType {
    fn from(entry: LogEntry) -> Self {
        Self {
            id: entry.id.into(),
            at: entry.at,
            moderator: entry.moderator_id.map(UserType::reference),
            action: entry.action,
            subject_kind: entry.subject_kind,
            subject_id: entry.subject_id.into(),
            case_id: entry.case_id.map(ID::from),
            reason: entry.reason,
            note: entry.note,
        }
    }
}
