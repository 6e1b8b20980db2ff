//! What can be done with files, one function per use case.
//!
//! Each loads, lets the model decide, writes and enqueues its events in one transaction. Bytes are moved before it begins.

pub(crate) mod downloads;
pub(crate) mod processing;
pub(crate) mod readers;
pub(crate) mod uploads;

use coko_core::context::CommandContext;
use coko_core::database::Connection;
use coko_core::events::file::FileRejected;
use coko_core::graphql::{Failure, Outcome};
use coko_core::outbox;
use diesel::QueryResult;
use diesel_async::AsyncConnection as _;
use uuid::Uuid;

use crate::error::DeleteFileErrorCode;
use crate::model::{File, Reason, is_staff};
use crate::{Files, store};

/// Deletes a file, or an upload that is not completed. For its owner and for staff.
///
/// # Errors
/// `NOT_FOUND` for a file that is not the viewer's.
pub(crate) async fn delete(
    files: &Files,
    context: &CommandContext,
    id: Uuid,
) -> Outcome<Uuid, DeleteFileErrorCode> {
    let user = context.viewer.require_user()?;
    let mut connection = files.pool.get().await?;
    connection
        .transaction(async |connection| {
            let file = store::files::lock(connection, id)
                .await?
                .filter(|file| file.owner_id == Some(user) || is_staff(&context.viewer))
                .ok_or_else(|| Failure::field(DeleteFileErrorCode::NotFound, "id"))?;
            remove(connection, context, file.id).await?;
            Ok(id)
        })
        .await
}

/// Forgets a file; its objects are removed afterwards, and again should the process die meanwhile.
async fn remove(
    connection: &mut Connection,
    context: &CommandContext,
    id: Uuid,
) -> QueryResult<()> {
    store::files::delete(connection, id).await?;
    for prefix in [File::prefix(id), File::parts_prefix(id)] {
        store::jobs::purge(connection, &prefix, context.now).await?;
    }
    Ok(())
}

/// Rejects a locked file, says so, and gives its bytes back.
async fn reject(
    connection: &mut Connection,
    context: &CommandContext,
    file: &mut File,
    reason: Reason,
) -> QueryResult<()> {
    file.reject(reason, context.now);
    store::files::update(connection, file).await?;
    store::uploads::forget_parts(connection, file.id).await?;
    for prefix in [File::prefix(file.id), File::parts_prefix(file.id)] {
        store::jobs::purge(connection, &prefix, context.now).await?;
    }
    metrics::counter!("file_processed_total", "kind" => file.kind.as_str(), "outcome" => reason.as_str())
        .increment(1);
    let event = FileRejected {
        file_id: file.id,
        kind: file.kind.as_str().to_owned(),
        book_id: file.book_id,
        uploaded_by: file.owner_id,
        reason: reason.as_str().to_owned(),
        rejected_at: context.now,
    };
    outbox::enqueue(connection, context, &event).await.map(drop)
}
