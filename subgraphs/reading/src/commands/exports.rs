//! Links to exported notes, and what they lead to.

use coko_core::context::CommandContext;
use coko_core::graphql::{Failure, Outcome};
use coko_core::identity::{Viewer, narrow};
use coko_core::{Error, Result};
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use super::{Reading, reader};
use crate::error::ExportNotesErrorCode;
use crate::export::{Format, Notes};
use crate::store;

/// Annotations that are read at a time.
const PAGE: i64 = 1000;
/// Annotations of one export; those that follow are left out.
const MAX_ANNOTATIONS: usize = 10_000;

/// A link to notes in one format.
#[derive(Clone, Debug)]
pub(crate) struct Link {
    pub(crate) url: String,
    pub(crate) format: Format,
    pub(crate) expires_at: OffsetDateTime,
}

/// A link to the viewer's notes on a book, for whoever has it, for a few minutes. It carries the viewer's own token,
/// narrowed to these notes.
///
/// # Errors
/// Refused when there is nothing to export; `UNAUTHENTICATED` for a guest.
pub(crate) async fn link(
    context: &CommandContext,
    reading: &Reading,
    book: Uuid,
    format: Format,
) -> Outcome<Link, ExportNotesErrorCode> {
    let user = reader(&context.viewer, "read")?;
    let mut connection = reading.pool.get().await?;
    let first = store::annotations::in_book(&mut connection, user, book, None, 1).await?;
    if first.is_empty() {
        return Err(Failure::field(ExportNotesErrorCode::NotFound, "bookId"));
    }
    drop(connection);
    let token = context.viewer.token.clone();
    let token = token.ok_or_else(Error::unauthenticated)?;
    let ends = context.now + Duration::seconds(reading.config.timers.export_seconds);
    let expires_at = context.viewer.expires_at.map_or(ends, |end| end.min(ends));
    let token = narrow(&token, &resource(book), "read", expires_at)?;
    let base = reading.platform.public_url.trim_end_matches('/');
    Ok(Link {
        url: format!("{base}/notes/{book}.{}?t={token}", format.extension()),
        format,
        expires_at,
    })
}

/// What a link's token permits to read.
pub(crate) fn resource(book: Uuid) -> String {
    format!("notes/{book}")
}

/// The notes of whoever the link's token speaks for.
///
/// # Errors
/// `NOT_FOUND` when there are none; `UNAUTHENTICATED` when no person asks.
pub(crate) async fn notes(reading: &Reading, viewer: &Viewer, book: Uuid) -> Result<Notes> {
    let user = reader(viewer, "read")?;
    let mut connection = reading.pool.get().await?;
    let known = store::books::by_ids(&mut connection, &[book]).await?.pop();
    let mut annotations = Vec::new();
    loop {
        let from = annotations.last().map(store::annotations::key);
        let page = store::annotations::in_book(&mut connection, user, book, from, PAGE).await?;
        let is_last = page.len() < usize::try_from(PAGE).unwrap_or(usize::MAX);
        annotations.extend(page);
        if is_last || annotations.len() >= MAX_ANNOTATIONS {
            break;
        }
    }
    if annotations.is_empty() {
        return Err(Error::not_found());
    }
    Ok(Notes {
        book,
        title: known
            .as_ref()
            .map_or_else(String::new, |known| known.title.clone()),
        authors: known
            .as_ref()
            .map_or_else(Vec::new, |known| known.authors.clone()),
        language: known
            .as_ref()
            .map_or_else(|| "und".to_owned(), |known| known.language.clone()),
        // Of a book that is not known nothing is known to be free.
        is_protected: known.as_ref().is_none_or(crate::model::Book::is_protected),
        annotations,
    })
}
