//! Announcing, receiving and completing uploads.

use coko_core::context::CommandContext;
use coko_core::database::Connection;
use coko_core::graphql::{Failure, Outcome, Refusal, Refusals};
use coko_core::{Error, Result};
use diesel_async::AsyncConnection as _;
use time::Duration;
use uuid::Uuid;

use super::{reject, remove};
use crate::error::{CompleteUploadErrorCode, CreateUploadErrorCode};
use crate::model::{
    Claims, File, Kind, MAX_NAME, Purpose, Reason, Status, clean_name, is_staff, sniff,
};
use crate::store::uploads::Part;
use crate::{Files, store};

/// What a client announces.
#[derive(Clone, Debug)]
pub(crate) struct Announced {
    pub kind: Kind,
    pub name: String,
    pub media_type: String,
    /// Bytes.
    pub byte_size: i64,
    /// SHA-256 in hexadecimal.
    pub sha256: String,
    pub book_id: Option<Uuid>,
}

/// Announces a file; returns it with the signed link that takes its bytes.
///
/// # Errors
/// Refusals of the input; `FORBIDDEN` for a book's file without `books:publish`; `RATE_LIMITED`.
pub(crate) async fn create(
    files: &Files,
    context: &CommandContext,
    announced: Announced,
) -> Outcome<(File, String), CreateUploadErrorCode> {
    let user = context.viewer.require_user()?;
    let staff = is_staff(&context.viewer);
    if announced.kind.is_of_book() && !staff {
        context.viewer.require("books", "publish")?;
    }
    let (name, sha256) = checked(files, &announced)?;
    files
        .limiter
        .check(
            "file-upload",
            &user.to_string(),
            files.config.limits.uploads,
        )
        .await
        .map_err(Error::from)?;
    let file = File {
        id: context.id(),
        owner_id: Some(user),
        by_staff: staff,
        kind: announced.kind,
        book_id: announced.book_id,
        name,
        declared_type: announced.media_type,
        media_type: None,
        byte_size: announced.byte_size,
        sha256,
        status: Status::Pending,
        reason: None,
        details: serde_json::json!({}),
        received: 0,
        parts: 0,
        expires_at: context.now + Duration::hours(files.config.lifetimes.upload_hours.into()),
        created_at: context.now,
        updated_at: context.now,
        held: false,
    };
    let limits = &files.config.limits;
    let mut connection = files.pool.get().await?;
    connection
        .transaction(async |connection| {
            let (open, bytes) = store::files::usage(connection, user).await?;
            if open >= i64::from(limits.open_uploads) {
                return Err(Failure::whole(CreateUploadErrorCode::TooManyOpen));
            }
            let total = u64::try_from(bytes.saturating_add(file.byte_size)).unwrap_or(u64::MAX);
            if !staff && total > limits.person_bytes() {
                return Err(Failure::field(
                    CreateUploadErrorCode::QuotaExceeded,
                    "byteSize",
                ));
            }
            // A text that comes after a publication waits for the next one.
            let held = match file.book_id.filter(|_| file.kind.is_text()) {
                Some(book) => store::releases::has(connection, book).await?,
                None => false,
            };
            let file = File {
                held,
                ..file.clone()
            };
            store::files::insert(connection, &file).await?;
            Ok::<_, Failure<CreateUploadErrorCode>>(())
        })
        .await?;
    let link = upload_link(files, &file, user);
    Ok((file, link))
}

/// The link that takes the bytes of an upload.
pub(crate) fn upload_link(files: &Files, file: &File, user: Uuid) -> String {
    let claims = Claims {
        purpose: Purpose::Upload,
        file: file.id,
        user,
        staff: false,
        download: None,
        expires_at: file.expires_at.unix_timestamp(),
    };
    format!(
        "{}/uploads/{}",
        files.public_url,
        claims.seal(&files.internal_key)
    )
}

/// The name as it is kept and the digest as bytes, of an input that can be accepted.
fn checked(
    files: &Files,
    announced: &Announced,
) -> Result<(String, Vec<u8>), Vec<Refusal<CreateUploadErrorCode>>> {
    use CreateUploadErrorCode as Code;
    let mut refusals = Refusals::default();
    let name = clean_name(&announced.name);
    if name.is_none() {
        refusals.push(Refusal::beyond(Code::InvalidName, "name", MAX_NAME));
    }
    if !announced
        .kind
        .media_types()
        .contains(&announced.media_type.as_str())
    {
        refusals.add(Code::InvalidType, "mediaType");
    }
    let most = files.config.limits.bytes(announced.kind);
    match u64::try_from(announced.byte_size) {
        Ok(1..) if announced.byte_size.unsigned_abs() <= most => {}
        Ok(1..) => {
            let mib = usize::try_from(most >> 20).unwrap_or(usize::MAX);
            refusals.push(Refusal::beyond(Code::TooLarge, "byteSize", mib));
        }
        _ => refusals.add(Code::Empty, "byteSize"),
    }
    let sha256 = hex::decode(&announced.sha256)
        .ok()
        .filter(|digest| digest.len() == 32);
    if sha256.is_none() {
        refusals.add(Code::InvalidDigest, "sha256");
    }
    match (announced.kind.is_of_book(), announced.book_id) {
        (true, None) => refusals.add(Code::BookRequired, "bookId"),
        (false, Some(_)) => refusals.add(Code::BookNotAllowed, "bookId"),
        _ => {}
    }
    refusals.finish((name.unwrap_or_default(), sha256.unwrap_or_default()))
}

/// Appends stored pieces to an upload; says whether they fitted, that is whether nobody else was faster.
pub(crate) async fn append(
    files: &Files,
    context: &CommandContext,
    file: Uuid,
    from: u64,
    parts: &[Part],
) -> Result<bool> {
    let from = i64::try_from(from).map_err(Error::internal)?;
    let to = from + parts.iter().map(|part| part.length).sum::<i64>();
    let mut connection = files.pool.get().await?;
    connection
        .transaction(async |connection| {
            Ok(store::uploads::append(connection, file, from, to, parts, context.now).await?)
        })
        .await
}

/// Ends an upload whose link somebody holds; what is completed stays.
pub(crate) async fn cancel(files: &Files, context: &CommandContext, id: Uuid) -> Result<bool> {
    let mut connection = files.pool.get().await?;
    connection
        .transaction(
            async |connection| match store::files::lock(connection, id).await? {
                Some(file) if file.status == Status::Pending => {
                    remove(connection, context, id).await?;
                    Ok(true)
                }
                _ => Ok(false),
            },
        )
        .await
}

/// Puts the pieces of an upload together, and verifies that they are what was announced. Doing it again does no harm.
///
/// # Errors
/// Refusals of an upload that is not complete, or not what was announced.
pub(crate) async fn complete(
    files: &Files,
    context: &CommandContext,
    id: Uuid,
) -> Outcome<File, CompleteUploadErrorCode> {
    let user = context.viewer.require_user()?;
    let mut connection = files.pool.get().await?;
    let file = own(&mut connection, user, id).await?;
    if file.status != Status::Pending {
        return settled(file);
    }
    if file.received != file.byte_size {
        return Err(Failure::whole(CompleteUploadErrorCode::Incomplete));
    }
    let parts = store::uploads::parts(&mut connection, id).await?;
    // Joining takes as long as the file is large; nobody else should wait for the connection.
    drop(connection);
    let composed = files.storage.compose(&parts, &file.object()).await;
    let mut connection = files.pool.get().await?;
    connection
        .transaction(async |connection| {
            let Some(mut file) = store::files::lock(connection, id).await? else {
                // It was deleted meanwhile; what was just written goes too.
                store::jobs::purge(connection, &File::prefix(id), context.now).await?;
                return Err(Failure::field(CompleteUploadErrorCode::NotFound, "id"));
            };
            if file.status != Status::Pending {
                if file.status == Status::Rejected {
                    store::jobs::purge(connection, &File::prefix(id), context.now).await?;
                }
                return Ok(file);
            }
            let composed = composed?;
            let media_type = sniff(&composed.start);
            let reason = if composed.sha256[..] != file.sha256[..]
                || i64::try_from(composed.size) != Ok(file.byte_size)
            {
                Some(Reason::DigestMismatch)
            } else if media_type != Some(&file.declared_type) {
                Some(Reason::TypeMismatch)
            } else {
                None
            };
            file.media_type = media_type.map(str::to_owned);
            file.updated_at = context.now;
            if let Some(reason) = reason {
                reject(connection, context, &mut file, reason).await?;
                return Ok(file);
            }
            file.status = Status::Processing;
            store::files::update(connection, &file).await?;
            store::uploads::forget_parts(connection, id).await?;
            store::jobs::purge(connection, &File::parts_prefix(id), context.now).await?;
            let traceparent = context.traceparent.as_deref();
            store::jobs::enqueue(
                connection,
                id,
                context.now,
                &context.request_id,
                traceparent,
            )
            .await?;
            Ok(file)
        })
        .await
        .and_then(settled)
        .inspect(|_| files.wake.notify_one())
}

/// A rejection at completion is told to whoever completes, however often.
fn settled(file: File) -> Outcome<File, CompleteUploadErrorCode> {
    match file.reason {
        Some(Reason::DigestMismatch) => Err(Failure::field(
            CompleteUploadErrorCode::DigestMismatch,
            "id",
        )),
        Some(Reason::TypeMismatch) => {
            Err(Failure::field(CompleteUploadErrorCode::TypeMismatch, "id"))
        }
        _ => Ok(file),
    }
}

async fn own(
    connection: &mut Connection,
    user: Uuid,
    id: Uuid,
) -> Outcome<File, CompleteUploadErrorCode> {
    store::files::by_id(connection, id)
        .await?
        .filter(|file| file.owner_id == Some(user))
        .ok_or_else(|| Failure::field(CompleteUploadErrorCode::NotFound, "id"))
}

/// Forgets uploads that were not completed in time; returns how many.
pub(crate) async fn forget_expired(files: &Files, context: &CommandContext) -> Result<usize> {
    let mut connection = files.pool.get().await?;
    connection
        .transaction(async |connection| {
            let expired = store::files::expired(connection, context.now).await?;
            for id in &expired {
                remove(connection, context, *id).await?;
            }
            Ok(expired.len())
        })
        .await
}

/// The beginnings of names whose objects are to be removed now; each comes again in a minute unless it is forgotten.
pub(crate) async fn due_purges(files: &Files, context: &CommandContext) -> Result<Vec<String>> {
    let retry = context.now + Duration::minutes(1);
    let mut connection = files.pool.get().await?;
    connection
        .transaction(async |connection| {
            Ok(store::jobs::due_purges(connection, context.now, retry).await?)
        })
        .await
}
