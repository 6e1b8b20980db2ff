//! Manuscripts, their versions and files, and what is said about them.

use async_graphql::dataloader::DataLoader;
use async_graphql::{Context, Enum, ID, Object, SimpleObject};
use coko_core::Result;
use coko_core::events::file::FileFinding;
use coko_core::graphql::MoneyType;
use time::OffsetDateTime;

use super::{BookRef, ContractType, FileRef, OrganizationType, UserRef};
use crate::graphql::loader::{
    Accessory, Contracts, Files, LatestVersions, NewestFiles, Organizations, Roles,
};
use crate::model::{FileStatus, Manuscript, ManuscriptFile, ManuscriptStatus, Note, Version};

/// A work on its way to readers.
#[derive(Clone)]
pub(crate) struct ManuscriptType(pub(crate) Manuscript);

/// A work on its way to readers.
#[Object(name = "Manuscript")]
impl ManuscriptType {
    /// Identifies the manuscript.
    async fn id(&self) -> ID {
        self.0.id.into()
    }

    /// Whose it is.
    async fn organization(&self, context: &Context<'_>) -> Result<Option<OrganizationType>> {
        let loader = context.data_unchecked::<DataLoader<Organizations>>();
        let found = loader.load_one(self.0.organization_id).await?;
        Ok(found.map(OrganizationType))
    }

    /// The id of the book that it becomes: upload its text, cover and sample for this `bookId`.
    async fn book_id(&self) -> ID {
        self.0.book_id.into()
    }

    /// The book in the catalogue, once it was published.
    async fn book(&self) -> Option<BookRef> {
        self.0.published_at.map(|_| self.0.book_id.into())
    }

    /// The title without the subtitle.
    async fn title(&self) -> &str {
        &self.0.title
    }

    /// What follows the title.
    async fn subtitle(&self) -> Option<&str> {
        self.0.subtitle.as_deref()
    }

    /// What it is about.
    async fn description(&self) -> Option<&str> {
        self.0.description.as_deref()
    }

    /// BCP 47 language.
    async fn language(&self) -> &str {
        &self.0.language
    }

    /// ISBN-13.
    async fn isbn(&self) -> Option<&str> {
        self.0.isbn.as_deref()
    }

    /// The authors' names, in order.
    async fn authors(&self) -> &[String] {
        &self.0.authors.0
    }

    /// Slugs of the catalogue's categories.
    async fn categories(&self) -> &[String] {
        &self.0.categories.0
    }

    /// What it will cost, at most once per currency.
    async fn prices(&self) -> Vec<MoneyType> {
        self.0.prices.0.iter().copied().map(MoneyType).collect()
    }

    /// Where it is on its way.
    async fn status(&self) -> ManuscriptStatus {
        self.0.status
    }

    /// The states that may come next, whoever brings them about.
    async fn allowed(&self) -> Vec<ManuscriptStatus> {
        self.0.status.allowed()
    }

    /// Rises with every change; `updateManuscript` wants the one that was seen.
    async fn version(&self) -> i64 {
        self.0.version
    }

    /// Who began it.
    async fn created_by(&self) -> UserRef {
        self.0.created_by.into()
    }

    /// When it was begun.
    async fn created_at(&self) -> OffsetDateTime {
        self.0.created_at
    }

    /// When it was submitted last.
    async fn submitted_at(&self) -> Option<OffsetDateTime> {
        self.0.submitted_at
    }

    /// When it will be published, while it is scheduled.
    async fn publish_at(&self) -> Option<OffsetDateTime> {
        self.0.publish_at
    }

    /// When it was published last.
    async fn published_at(&self) -> Option<OffsetDateTime> {
        self.0.published_at
    }

    /// Its newest text; look at the report of its file before you submit it.
    async fn latest_version(&self, context: &Context<'_>) -> Result<Option<VersionType>> {
        let loader = context.data_unchecked::<DataLoader<LatestVersions>>();
        Ok(loader.load_one(self.0.id).await?.map(VersionType))
    }

    /// The newest cover that was uploaded.
    async fn cover(&self, context: &Context<'_>) -> Result<Option<FileType>> {
        let loader = context.data_unchecked::<DataLoader<NewestFiles>>();
        Ok(loader
            .load_one((self.0.id, Accessory::Cover))
            .await?
            .map(FileType))
    }

    /// The newest sample that was uploaded.
    async fn sample(&self, context: &Context<'_>) -> Result<Option<FileType>> {
        let loader = context.data_unchecked::<DataLoader<NewestFiles>>();
        Ok(loader
            .load_one((self.0.id, Accessory::Sample))
            .await?
            .map(FileType))
    }

    /// Who gets which part of what it earns, at most 200, the oldest first; null for reviewers.
    async fn contracts(&self, context: &Context<'_>) -> Result<Option<Vec<ContractType>>> {
        let roles = context.data_unchecked::<DataLoader<Roles>>();
        if roles.load_one(self.0.organization_id).await?.is_none() {
            return Ok(None);
        }
        let loader = context.data_unchecked::<DataLoader<Contracts>>();
        let found = loader.load_one(self.0.id).await?.unwrap_or_default();
        Ok(Some(found.into_iter().map(ContractType).collect()))
    }
}

/// One state of a manuscript's text.
#[derive(Clone)]
pub(crate) struct VersionType(pub(crate) Version);

/// One state of a manuscript's text.
#[Object(name = "ManuscriptVersion")]
impl VersionType {
    /// Identifies the version.
    async fn id(&self) -> ID {
        self.0.id.into()
    }

    /// From 1.
    async fn number(&self) -> i32 {
        self.0.number
    }

    /// What is new in it.
    async fn notes(&self) -> Option<&str> {
        self.0.notes.as_deref()
    }

    /// Who added it.
    async fn created_by(&self) -> UserRef {
        self.0.created_by.into()
    }

    /// When.
    async fn created_at(&self) -> OffsetDateTime {
        self.0.created_at
    }

    /// Its file with the report of the validation.
    async fn file(&self, context: &Context<'_>) -> Result<Option<FileType>> {
        let loader = context.data_unchecked::<DataLoader<Files>>();
        Ok(loader.load_one(self.0.file_id).await?.map(FileType))
    }
}

/// How grave a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
pub(crate) enum ValidationSeverity {
    /// Reading systems will stumble over it; a manuscript with errors cannot be submitted.
    Error,
    /// It should be mended.
    Warning,
}

/// One thing that the validation of a file found.
#[derive(SimpleObject)]
pub(crate) struct ValidationFinding {
    /// How grave it is.
    severity: ValidationSeverity,
    /// What it is, for programs: `missing-title`.
    code: String,
    /// Where, as a path inside the EPUB.
    path: Option<String>,
}

impl From<FileFinding> for ValidationFinding {
    fn from(finding: FileFinding) -> Self {
        Self {
            severity: match finding.severity.as_str() {
                "ERROR" => ValidationSeverity::Error,
                _ => ValidationSeverity::Warning,
            },
            code: finding.code,
            path: finding.path,
        }
    }
}

/// A file that was uploaded for a manuscript's book.
pub(crate) struct FileType(ManuscriptFile);

/// A file that was uploaded for a manuscript's book, and what the file service found in it.
#[Object(name = "ManuscriptFile")]
impl FileType {
    /// The file itself.
    async fn file(&self) -> FileRef {
        self.0.file_id.into()
    }

    /// What it is: `EPUB`, `PDF`, `COVER`, `SAMPLE`.
    async fn kind(&self) -> &str {
        &self.0.kind
    }

    /// Whether it can be used.
    async fn status(&self) -> FileStatus {
        self.0.status
    }

    /// Why it cannot be used: `ZIP_BOMB`, `NOT_AN_EPUB`, …
    async fn rejection(&self) -> Option<&str> {
        self.0.reason.as_deref()
    }

    /// Pages of a PDF, or synthetic pages (1024 characters) of an EPUB.
    async fn page_count(&self) -> Option<i32> {
        self.0.page_count
    }

    /// Whether the validation found something that reading systems will stumble over.
    async fn has_errors(&self) -> bool {
        self.0.has_errors()
    }

    /// What the validation found, the gravest first, at most 200.
    async fn findings(&self) -> Vec<ValidationFinding> {
        let findings = self.0.findings.0.iter().cloned();
        findings.map(ValidationFinding::from).collect()
    }

    /// When it was looked at.
    async fn processed_at(&self) -> OffsetDateTime {
        self.0.at
    }
}

/// A step of a manuscript, a comment, or both.
#[derive(Clone)]
pub(crate) struct NoteType(pub(crate) Note);

/// A step of a manuscript, a comment, or both.
#[Object(name = "ManuscriptNote")]
impl NoteType {
    /// Identifies the note.
    async fn id(&self) -> ID {
        self.0.id.into()
    }

    /// Who; null when the clock did it, or whoever did it is gone.
    async fn author(&self) -> Option<UserRef> {
        self.0.author_id.map(UserRef::from)
    }

    /// The state that the step led to; null when it is only a comment.
    async fn status(&self) -> Option<ManuscriptStatus> {
        self.0.status
    }

    /// What was said.
    async fn body(&self) -> Option<&str> {
        self.0.body.as_deref()
    }

    /// When.
    async fn at(&self) -> OffsetDateTime {
        self.0.at
    }
}
