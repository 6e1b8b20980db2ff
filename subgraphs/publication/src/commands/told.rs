//! What other domains tell of files and accounts. Each runs in its consumer's transaction.

use coko_core::context::CommandContext;
use coko_core::database::Connection;
use coko_core::events::file::{FileProcessed, FileRejected};
use coko_core::events::publication::ManuscriptDiscarded;
use coko_core::outbox;
use diesel::QueryResult;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::model::{FileStatus, Findings, Images, Manuscript, ManuscriptFile, MemberRole};
use crate::store;

/// A file was found good: it is kept when somebody uploaded it who works on the manuscript of its book.
pub(crate) async fn processed(
    connection: &mut Connection,
    event: FileProcessed,
) -> QueryResult<()> {
    let Some(manuscript) = of(connection, event.book_id, event.uploaded_by).await? else {
        return Ok(());
    };
    let file = ManuscriptFile {
        file_id: event.file_id,
        manuscript_id: manuscript.id,
        kind: event.kind,
        status: FileStatus::Ready,
        reason: None,
        media_type: Some(event.media_type),
        page_count: event.page_count,
        findings: Findings(event.findings),
        images: Images(event.images),
        public_url: event.public_url,
        uploaded_by: event.uploaded_by,
        at: event.processed_at,
    };
    store::files::keep(connection, &file).await.map(drop)
}

/// A file cannot be used; its authors are to see why.
pub(crate) async fn rejected(connection: &mut Connection, event: FileRejected) -> QueryResult<()> {
    let Some(manuscript) = of(connection, event.book_id, event.uploaded_by).await? else {
        return Ok(());
    };
    let file = ManuscriptFile {
        file_id: event.file_id,
        manuscript_id: manuscript.id,
        kind: event.kind,
        status: FileStatus::Rejected,
        reason: Some(event.reason),
        media_type: None,
        page_count: None,
        findings: Findings::default(),
        images: Images::default(),
        public_url: None,
        uploaded_by: event.uploaded_by,
        at: event.rejected_at,
    };
    store::files::keep(connection, &file).await.map(drop)
}

/// The manuscript that a file was uploaded for, by somebody who may: a member who writes, or staff, whom the file service does not
/// name.
async fn of(
    connection: &mut Connection,
    book: Option<Uuid>,
    uploader: Option<Uuid>,
) -> QueryResult<Option<Manuscript>> {
    let Some(book) = book else {
        return Ok(None);
    };
    let Some(manuscript) = store::manuscripts::of_book(connection, book).await? else {
        return Ok(None);
    };
    if let Some(user) = uploader {
        let organization = manuscript.organization_id;
        let role = store::organizations::role(connection, organization, user).await?;
        let writes = role.is_some_and(MemberRole::writes);
        if !writes {
            tracing::warn!(%book, uploader = %user, "a file for somebody else's manuscript is ignored");
            return Ok(None);
        }
    }
    Ok(Some(manuscript))
}

/// Keeps that there is an account, and where.
pub(crate) async fn located(
    connection: &mut Connection,
    user: Uuid,
    country: Option<&str>,
    at: OffsetDateTime,
) -> QueryResult<()> {
    store::readers::keep(connection, user, country, at).await
}

/// Somebody signed in: an account that was not registered by itself, such as one of the staff's, is known from then on.
pub(crate) async fn met(connection: &mut Connection, user: Uuid) -> QueryResult<()> {
    store::readers::meet(connection, user).await.map(drop)
}

/// An account is gone. Manuscripts stay with their organisations, and the books of accounts as the law requires, under an id that
/// names nobody any more. What an organisation without members never published goes, and with it the organisation, unless books or
/// accounts are its own.
pub(crate) async fn forget(
    connection: &mut Connection,
    context: &CommandContext,
    user: Uuid,
) -> QueryResult<()> {
    let deserted = store::organizations::forget(connection, user).await?;
    if !deserted.is_empty() {
        discard(connection, context, &deserted).await?;
        store::organizations::remove_empty(connection, &deserted).await?;
    }
    store::notes::forget(connection, user).await?;
    store::versions::forget(connection, user).await?;
    store::files::forget(connection, user).await?;
    store::reading::forget(connection, user).await?;
    store::readers::forget(connection, user).await?;
    Ok(())
}

/// Removes what organisations without members never published, and has its files removed.
async fn discard(
    connection: &mut Connection,
    context: &CommandContext,
    organizations: &[Uuid],
) -> QueryResult<()> {
    let abandoned = store::manuscripts::lock_abandoned(connection, organizations).await?;
    let said: Vec<ManuscriptDiscarded> = abandoned
        .iter()
        .map(|manuscript| ManuscriptDiscarded {
            manuscript_id: manuscript.id,
            book_id: manuscript.book_id,
            discarded_at: context.now,
        })
        .collect();
    let ids: Vec<Uuid> = abandoned.iter().map(|manuscript| manuscript.id).collect();
    store::manuscripts::remove(connection, &ids).await?;
    outbox::enqueue_all(connection, context, &said).await
}
