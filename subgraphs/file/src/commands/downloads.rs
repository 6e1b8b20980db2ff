//! Links to files, and their use.

use coko_core::context::CommandContext;
use coko_core::events::file::BookDownloaded;
use coko_core::graphql::{Failure, Outcome};
use coko_core::{Error, Result, outbox};
use diesel_async::AsyncConnection as _;
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use crate::error::CreateDownloadErrorCode;
use crate::model::{Claims, File, Grants, Purpose, Status, is_staff, may_read};
use crate::{Files, store};

/// A link with its end.
#[derive(Clone, Debug)]
pub(crate) struct Link {
    pub url: String,
    pub expires_at: OffsetDateTime,
}

/// A link to the whole of a file, for the viewer alone.
///
/// # Errors
/// Refusals of a file that is not the viewer's to have or not ready; `RATE_LIMITED`.
pub(crate) async fn create(
    files: &Files,
    context: &CommandContext,
    id: Uuid,
) -> Outcome<Link, CreateDownloadErrorCode> {
    let user = context.viewer.require_user()?;
    let staff = is_staff(&context.viewer);
    let file = readable(files, id, Some(user), staff)
        .await?
        .ok_or_else(|| Failure::field(CreateDownloadErrorCode::NotFound, "id"))?;
    if file.status != Status::Ready {
        return Err(Failure::field(CreateDownloadErrorCode::NotReady, "id"));
    }
    files
        .limiter
        .check(
            "file-download",
            &user.to_string(),
            files.config.limits.downloads,
        )
        .await
        .map_err(Error::from)?;
    let expires_at =
        context.now + Duration::minutes(files.config.lifetimes.download_minutes.into());
    let download = context.id();
    let mut connection = files.pool.get().await?;
    store::transfers::announce(&mut connection, download, id, user, context.now).await?;
    let claims = Claims {
        purpose: Purpose::Download,
        file: id,
        user,
        staff,
        download: Some(download),
        expires_at: expires_at.unix_timestamp(),
    };
    let token = claims.seal(&files.internal_key);
    Ok(Link {
        url: format!("{}/files/{id}/content?t={token}", files.public_url),
        expires_at,
    })
}

/// The file, when `user` may read it.
pub(crate) async fn readable(
    files: &Files,
    id: Uuid,
    user: Option<Uuid>,
    staff: bool,
) -> Result<Option<File>> {
    let mut connection = files.pool.get().await?;
    let Some(file) = store::files::by_id(&mut connection, id).await? else {
        return Ok(None);
    };
    let grants = match (user, file.book_id) {
        (Some(user), Some(book)) => store::grants::held(&mut connection, user, &[book]).await?,
        _ => Grants::new(),
    };
    Ok(may_read(&file, user, staff, &grants).then_some(file))
}

/// Notes that a link is used; the first time, a reader fetched a book.
pub(crate) async fn started(
    files: &Files,
    context: &CommandContext,
    file: &File,
    claims: &Claims,
) -> Result<()> {
    let Some(download) = claims.download else {
        return Ok(());
    };
    let mut connection = files.pool.get().await?;
    connection
        .transaction(async |connection| {
            let first = store::transfers::start(connection, download, context.now).await?;
            if let (true, Some(book_id)) = (first, file.book_id) {
                let event = BookDownloaded {
                    book_id,
                    file_id: file.id,
                    user_id: claims.user,
                    at: context.now,
                };
                outbox::enqueue(connection, context, &event).await?;
            }
            Ok(())
        })
        .await
}

/// Forgets links that ended; returns how many.
pub(crate) async fn forget_ended(files: &Files, context: &CommandContext) -> Result<usize> {
    let life = Duration::minutes(files.config.lifetimes.download_minutes.into());
    let mut connection = files.pool.get().await?;
    Ok(store::transfers::forget_links(&mut connection, context.now - life).await?)
}

/// Takes a place for a download that begins; says whether there was one.
pub(crate) async fn occupy(
    files: &Files,
    place: Uuid,
    user: Uuid,
    now: OffsetDateTime,
    until: OffsetDateTime,
) -> Result<bool> {
    let most = files.config.limits.transfers;
    let mut connection = files.pool.get().await?;
    connection
        .transaction(async |connection| {
            Ok(store::transfers::occupy(connection, place, user, most, now, until).await?)
        })
        .await
}
