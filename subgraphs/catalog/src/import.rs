//! Bringing whole catalogues in: CSV and ONIX 3.0.
//!
//! Records are matched by source and the source's own id, and compared by a digest of their content: importing a file
//! again changes nothing, and an import that was killed goes on where it stopped. Every row that cannot be a book is
//! reported with its line and the reason; the others go in.

mod csv;
mod onix;

use std::fs::File;
use std::io::{BufReader, Read};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use coko_core::context::CommandContext;
use coko_core::database::Pool;
use coko_core::events::publication::PublicationPublished;
use coko_core::money::Money;
use serde::Serialize;
use sha2::{Digest as _, Sha256};
use tokio::sync::mpsc;
use uuid::Uuid;

use crate::commands::imports;
use crate::model::{ContributorRole, Format, Isbn, PublicationDate};

/// Records per transaction.
const BATCH: usize = 500;
/// Rejections and warnings kept in a report; beyond it they are only counted.
const REPORTED: usize = 10_000;

/// What a file is written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ImportFormat {
    /// Comma-separated values in UTF-8 with a header: ours (see [`csv`]) or that of goodbooks-10k.
    Csv,
    /// ONIX for Books 3.0, reference or short tags.
    Onix,
}

impl ImportFormat {
    /// The format that a file name suggests.
    pub fn of(path: &Path) -> Option<Self> {
        match path.extension()?.to_str()?.to_ascii_lowercase().as_str() {
            "csv" => Some(Self::Csv),
            "xml" | "onix" | "onx" => Some(Self::Onix),
            _ => None,
        }
    }
}

/// What became of a file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Report {
    /// Rows or products read.
    pub read: u64,
    /// Books made.
    pub created: u64,
    /// Books that changed since the last import.
    pub updated: u64,
    /// Books that are as they were.
    pub unchanged: u64,
    /// How many rows were refused.
    pub refused: u64,
    /// Which rows were refused, and why; the first 10,000 of them.
    pub rejected: Vec<Rejection>,
    /// What was left out of books that went in, such as an ISBN with a wrong check digit; the first 10,000.
    pub warnings: Vec<Rejection>,
}

/// A row that is not a book, or a part of one that was left out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Rejection {
    /// Line in the file, from 1.
    pub line: u64,
    /// The column or element at fault.
    pub field: Option<String>,
    /// What was expected and what was found.
    pub reason: String,
}

impl Rejection {
    pub(crate) fn new(line: u64, field: &str, reason: impl Into<String>) -> Self {
        Self {
            line,
            field: (!field.is_empty()).then(|| field.to_owned()),
            reason: reason.into(),
        }
    }
}

/// Why a file could not be imported to its end; what was committed stays, and the import can be run again.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// The file cannot be read.
    #[error("the file cannot be read: {0}")]
    Io(#[from] std::io::Error),
    /// The header names neither our columns nor those of goodbooks-10k.
    #[error("the header is not one that can be imported: {0}")]
    Header(String),
    /// The XML is not well-formed from here on.
    #[error("line {line}: the XML is not well-formed: {reason}")]
    Xml {
        /// Line of the fault.
        line: u64,
        /// The parser's words.
        reason: String,
    },
    /// The database does not answer.
    #[error(transparent)]
    Store(#[from] coko_core::Error),
}

/// A book as a source describes it, checked and normalised.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Record {
    /// The id that the book has to have when it is made; any other when there is none.
    #[serde(skip)]
    pub id: Option<Uuid>,
    /// The source's own id.
    pub source_id: String,
    pub slug: Option<String>,
    pub title: String,
    pub subtitle: Option<String>,
    pub description: Option<String>,
    pub isbn: Option<Isbn>,
    pub language: String,
    #[serde(serialize_with = "as_text")]
    pub publication: Option<PublicationDate>,
    pub page_count: Option<i32>,
    pub format: Option<Format>,
    pub contributors: Vec<(String, ContributorRole)>,
    pub categories: Vec<CategoryKey>,
    pub publisher: Option<String>,
    pub series: Option<(String, Option<f64>)>,
    pub prices: Vec<Money>,
    pub is_free: bool,
    pub is_featured: bool,
    pub owner: Option<Uuid>,
    pub outside_ratings: i64,
    pub metadata: serde_json::Value,
    /// Whether an ISBN that another book has is dropped with a warning rather than refused.
    #[serde(skip)]
    pub lenient: bool,
}

/// How a source names a category.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub(crate) enum CategoryKey {
    /// By our slug; unknown ones are refused.
    Slug(String),
    /// By Thema code, or the nearest broader one we have; unknown ones are passed over.
    Thema(String),
}

#[expect(
    clippy::ref_option,
    clippy::trivially_copy_pass_by_ref,
    reason = "serde calls it with a reference to the field"
)]
fn as_text<S: serde::Serializer>(
    date: &Option<PublicationDate>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    date.map(|date| date.to_string()).serialize(serializer)
}

impl Record {
    /// A record of which only what every book has is known.
    pub(crate) fn new(source_id: String, title: String, language: String) -> Self {
        Self {
            id: None,
            source_id,
            slug: None,
            title,
            subtitle: None,
            description: None,
            isbn: None,
            language,
            publication: None,
            page_count: None,
            format: None,
            contributors: Vec::new(),
            categories: Vec::new(),
            publisher: None,
            series: None,
            prices: Vec::new(),
            is_free: false,
            is_featured: false,
            owner: None,
            outside_ratings: 0,
            metadata: serde_json::json!({}),
            lenient: false,
        }
    }

    /// The record of a work that the publication domain released.
    pub(crate) fn from_publication(work: &PublicationPublished) -> Self {
        Self {
            id: work.book_id,
            page_count: work.page_count,
            format: work
                .format
                .as_deref()
                .and_then(|format| format.parse().ok()),
            subtitle: work.subtitle.clone(),
            description: Some(work.description.clone()),
            isbn: work.isbn.as_deref().and_then(|isbn| isbn.parse().ok()),
            publication: work.published_at.date().to_string().parse().ok(),
            contributors: work
                .authors
                .iter()
                .map(|name| (name.clone(), ContributorRole::Author))
                .collect(),
            categories: work
                .categories
                .iter()
                .cloned()
                .map(CategoryKey::Slug)
                .collect(),
            publisher: work.publisher.clone(),
            prices: work.prices.clone(),
            owner: Some(work.owner_user_id),
            ..Self::new(
                work.publication_id.to_string(),
                work.title.clone(),
                work.language.clone(),
            )
        }
    }

    /// SHA-256 of everything the record says.
    pub(crate) fn digest(&self) -> Vec<u8> {
        // Records are made of texts and numbers, whose JSON cannot fail.
        Sha256::digest(serde_json::to_vec(self).unwrap_or_default()).to_vec()
    }
}

/// One row of a file: a book, or why it is none; with what was left out of it.
pub(crate) struct Row {
    pub line: u64,
    pub record: Result<Record, Rejection>,
    pub warnings: Vec<Rejection>,
}

/// What the parsing thread sends.
enum Parsed {
    Rows(Vec<Row>),
    Failed(ImportError),
}

/// [`run`], with the file's name without its extension as the source.
///
/// # Errors
/// As [`run`].
pub async fn run_file(
    pool: &Pool,
    context: &CommandContext,
    path: &Path,
    format: ImportFormat,
    progress: impl Fn(u64, u64),
) -> Result<Report, ImportError> {
    let source = path.file_stem().map_or_else(
        || "file".to_owned(),
        |stem| stem.to_string_lossy().into_owned(),
    );
    run(pool, context, path, format, &source, progress).await
}

/// Imports the file at `path`; `source` names where it comes from and is part of every record's identity. `progress` is told
/// how many bytes of how many were read.
///
/// # Errors
/// When the file ends early, in the sense of [`ImportError`]; everything before that place is in the catalogue.
pub async fn run(
    pool: &Pool,
    context: &CommandContext,
    path: &Path,
    format: ImportFormat,
    source: &str,
    progress: impl Fn(u64, u64),
) -> Result<Report, ImportError> {
    let file = File::open(path)?;
    let total = file.metadata()?.len();
    let position = Arc::new(AtomicU64::new(0));
    let (send, mut receive) = mpsc::channel(2);
    let counting = Counting {
        inner: file,
        position: position.clone(),
    };
    // Parsing is blocking work; two batches ahead is enough to keep the database busy.
    let parsing = tokio::task::spawn_blocking(move || parse(counting, format, &send));
    let mut report = Report::default();
    progress(0, total);
    while let Some(parsed) = receive.recv().await {
        match parsed {
            Parsed::Rows(rows) => {
                report.absorb(imports::batch(pool, context, source, rows).await?);
                progress(position.load(Ordering::Relaxed), total);
            }
            Parsed::Failed(error) => return Err(error),
        }
    }
    parsing
        .await
        .map_err(|error| ImportError::Store(coko_core::Error::internal(error)))?;
    progress(total, total);
    Ok(report)
}

fn parse(file: Counting, format: ImportFormat, send: &mpsc::Sender<Parsed>) {
    let reader = BufReader::with_capacity(64 * 1024, file);
    let mut rows = Vec::with_capacity(BATCH);
    let mut seen = std::collections::HashMap::new();
    let outcome = {
        // A receiver that is gone stopped with an error of its own.
        let mut take = |mut row: Row| {
            let first = row
                .record
                .as_ref()
                .ok()
                .and_then(|record| seen.insert(record.source_id.clone(), row.line));
            if let Some(first) = first {
                row.record = Err(Rejection::new(
                    row.line,
                    "id",
                    format!("the same id as line {first}"),
                ));
            }
            rows.push(row);
            rows.len() < BATCH
                || send
                    .blocking_send(Parsed::Rows(std::mem::take(&mut rows)))
                    .is_ok()
        };
        match format {
            ImportFormat::Csv => csv::read(reader, &mut take),
            ImportFormat::Onix => onix::read(reader, &mut take),
        }
    };
    if !rows.is_empty() && send.blocking_send(Parsed::Rows(rows)).is_err() {
        return;
    }
    if let Err(error) = outcome {
        let _ = send.blocking_send(Parsed::Failed(error));
    }
}

impl Report {
    fn absorb(&mut self, other: Self) {
        self.read += other.read;
        self.created += other.created;
        self.updated += other.updated;
        self.unchanged += other.unchanged;
        self.refused += other.refused;
        for (all, more) in [
            (&mut self.rejected, other.rejected),
            (&mut self.warnings, other.warnings),
        ] {
            let room = REPORTED.saturating_sub(all.len());
            all.extend(more.into_iter().take(room));
        }
    }
}

/// Counts what is read, for progress.
struct Counting {
    inner: File,
    position: Arc<AtomicU64>,
}

impl Read for Counting {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let count = self.inner.read(buffer)?;
        self.position.fetch_add(count as u64, Ordering::Relaxed);
        Ok(count)
    }
}
