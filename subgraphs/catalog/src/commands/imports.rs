//! Writing records: one transaction per batch, a handful of statements each, search documents and events included.

mod entries;

use std::collections::{HashMap, HashSet};

use coko_core::Error;
use coko_core::context::CommandContext;
use coko_core::database::{Connection, Pool};
use diesel_async::AsyncConnection as _;
use uuid::Uuid;

use self::entries::{all_series, contributions, fill, houses, people, slugs};
use super::{announce_published, announce_updated};
use crate::import::{CategoryKey, Record, Rejection, Report, Row};
use crate::model::Book;
use crate::store::imports::{self, Known, Relations, SourceRow};

/// Why a single record could not be applied.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ApplyError {
    /// The record cannot be a book.
    #[error("{0}")]
    Refused(String),
    /// The database does not answer.
    #[error(transparent)]
    Store(#[from] Error),
}

impl From<diesel::result::Error> for ApplyError {
    fn from(error: diesel::result::Error) -> Self {
        Self::Store(error.into())
    }
}

/// Applies one batch of rows in a transaction of its own.
pub(crate) async fn batch(
    pool: &Pool,
    context: &CommandContext,
    source: &str,
    rows: Vec<Row>,
) -> Result<Report, Error> {
    let mut report = Report {
        read: rows.len() as u64,
        ..Report::default()
    };
    let mut records = Vec::with_capacity(rows.len());
    for row in rows {
        report.warnings.extend(row.warnings);
        match row.record {
            Ok(record) => records.push((row.line, record)),
            Err(rejection) => report.rejected.push(rejection),
        }
    }
    let mut connection = pool.get().await?;
    let outcome = connection
        .transaction(async |connection| write(connection, context, source, records.clone()).await)
        .await?;
    report.created = outcome.created;
    report.updated = outcome.updated;
    report.unchanged = outcome.unchanged;
    report.rejected.extend(outcome.rejected);
    report.rejected.sort_by_key(|rejection| rejection.line);
    report.warnings.extend(outcome.warnings);
    report.refused = report.rejected.len() as u64;
    Ok(report)
}

/// Applies one record inside the caller's transaction.
pub(super) async fn one(
    connection: &mut Connection,
    context: &CommandContext,
    source: &str,
    record: Record,
) -> Result<(), ApplyError> {
    let report = write(connection, context, source, vec![(0, record)]).await?;
    match report.rejected.into_iter().next() {
        None => Ok(()),
        Some(rejection) => Err(ApplyError::Refused(rejection.reason)),
    }
}

/// Applies records that are in memory, for the sample catalogue.
pub(super) async fn all(
    connection: &mut Connection,
    context: &CommandContext,
    source: &str,
    records: Vec<Record>,
) -> Result<Report, Error> {
    write(connection, context, source, (1..).zip(records).collect()).await
}

/// A record on its way into the tables.
struct Pending {
    line: u64,
    record: Record,
    digest: Vec<u8>,
    /// The book it made before, if it did.
    known: Option<Uuid>,
}

async fn write(
    connection: &mut Connection,
    context: &CommandContext,
    source: &str,
    records: Vec<(u64, Record)>,
) -> Result<Report, Error> {
    let mut report = Report::default();
    let mut pending = changed(connection, source, records, &mut report).await?;
    let shelves = shelve(connection, &mut pending, &mut report).await?;
    check_isbns(connection, &mut pending, &mut report).await?;
    if pending.is_empty() {
        return Ok(report);
    }
    let people = people(connection, context, &pending).await?;
    let houses = houses(connection, context, &pending).await?;
    let series = all_series(connection, context, &pending).await?;
    let slugs = slugs(connection, &pending).await?;

    let known: Vec<Uuid> = pending.iter().filter_map(|entry| entry.known).collect();
    let mut existing: HashMap<Uuid, Book> = crate::store::books::by_ids(connection, &known)
        .await?
        .into_iter()
        .map(|book| (book.id, book))
        .collect();
    let mut relations = Relations::default();
    let (mut created, mut updated) = (Vec::new(), Vec::new());
    for (entry, slug) in pending.iter().zip(slugs) {
        let record = &entry.record;
        let known = entry.known.and_then(|id| existing.remove(&id));
        let is_new = known.is_none();
        let mut book = known.unwrap_or_else(|| {
            let id = record.id.unwrap_or_else(|| context.id());
            Book::draft(id, slug, record.owner, context.now)
        });
        fill(&mut book, record, &houses, &series, context, is_new);
        let categories = record
            .categories
            .iter()
            .filter_map(|key| shelves.get(key).copied());
        relations.add(&book, record, contributions(record, &people), categories);
        relations.sources.push(SourceRow {
            source: source.to_owned(),
            source_id: record.source_id.clone(),
            book_id: book.id,
            content_hash: entry.digest.clone(),
            imported_at: context.now,
        });
        if is_new {
            created.push(book);
        } else {
            updated.push(book);
        }
    }
    imports::write(connection, &created, &updated, &relations).await?;
    let ids = |books: &[Book]| books.iter().map(|book| book.id).collect::<Vec<_>>();
    announce_published(connection, context, &ids(&created)).await?;
    announce_updated(connection, context, &ids(&updated)).await?;
    report.created = created.len() as u64;
    report.updated = updated.len() as u64;
    Ok(report)
}

/// Leaves what is new or differs from the last import.
async fn changed(
    connection: &mut Connection,
    source: &str,
    records: Vec<(u64, Record)>,
    report: &mut Report,
) -> Result<Vec<Pending>, Error> {
    let ids: Vec<&str> = records
        .iter()
        .map(|(_, record)| record.source_id.as_str())
        .collect();
    let known: HashMap<String, Known> = imports::known(connection, source, &ids).await?;
    let mut pending = Vec::new();
    for (line, record) in records {
        let digest = record.digest();
        match known.get(&record.source_id) {
            // A book that an editor deleted stays deleted.
            Some(known) if known.content_hash == digest || known.deleted => report.unchanged += 1,
            known => pending.push(Pending {
                line,
                record,
                digest,
                known: known.map(|known| known.book_id),
            }),
        }
    }
    Ok(pending)
}

/// Finds every category; a record with an unknown slug is refused.
async fn shelve(
    connection: &mut Connection,
    pending: &mut Vec<Pending>,
    report: &mut Report,
) -> Result<HashMap<CategoryKey, Uuid>, Error> {
    let mut wanted: HashSet<&CategoryKey> = HashSet::new();
    for entry in pending.iter() {
        wanted.extend(&entry.record.categories);
    }
    if wanted.is_empty() {
        return Ok(HashMap::new());
    }
    let categories = crate::store::categories::all(connection).await?;
    let mut shelves = HashMap::new();
    for key in wanted {
        let found = match key {
            CategoryKey::Slug(slug) => categories
                .iter()
                .find(|category| category.slug.as_str() == slug),
            // A Thema code is the code of its broader subject with a letter more.
            CategoryKey::Thema(code) => (1..=code.len())
                .rev()
                .filter_map(|length| code.get(..length))
                .find_map(|code| {
                    categories
                        .iter()
                        .find(|category| category.thema.as_deref() == Some(code))
                }),
        };
        if let Some(category) = found {
            shelves.insert(key.clone(), category.id);
        }
    }
    pending.retain(|entry| {
        let unknown = entry.record.categories.iter().find_map(|key| match key {
            CategoryKey::Slug(slug) if !shelves.contains_key(key) => Some(slug),
            _ => None,
        });
        if let Some(slug) = unknown {
            let reason = format!("there is no category `{slug}`");
            report
                .rejected
                .push(Rejection::new(entry.line, "categories", reason));
        }
        unknown.is_none()
    });
    Ok(shelves)
}

/// Refuses, or for lenient sources leaves out, ISBNs that another book has.
async fn check_isbns(
    connection: &mut Connection,
    pending: &mut Vec<Pending>,
    report: &mut Report,
) -> Result<(), Error> {
    let wanted: Vec<&str> = pending
        .iter()
        .filter_map(|entry| Some(entry.record.isbn.as_ref()?.as_str()))
        .collect();
    let mut owners: HashMap<String, Option<Uuid>> =
        imports::isbn_owners(connection, &wanted).await?;
    pending.retain_mut(|entry| {
        let Some(isbn) = entry.record.isbn.clone() else {
            return true;
        };
        match owners.get(isbn.as_str()) {
            Some(owner) if owner.is_none() || *owner != entry.known => {}
            _ => {
                // Within the batch the first one has it; a new book has no id yet.
                owners.insert(isbn.to_string(), entry.known);
                return true;
            }
        }
        let rejection = Rejection::new(
            entry.line,
            "isbn",
            format!("another book has the ISBN {isbn}"),
        );
        if entry.record.lenient {
            report.warnings.push(rejection);
            entry.record.isbn = None;
            return true;
        }
        report.rejected.push(rejection);
        false
    });
    Ok(())
}
