//! Uploads by tus 1.0 (<https://tus.io/protocols/resumable-upload>), at the signed link that `createUpload` returned.
//!
//! Creation is the mutation's. Here are the core protocol and the extensions `expiration`, `termination` and `checksum`. Bytes
//! are stored in pieces of a few MiB as they come, and each piece counts as soon as it is stored: a client, a connection or a
//! process that dies costs at most the last piece.

use std::future::Ready;
use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, BodyDataStream};
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use bytes::{Bytes, BytesMut};
use coko_core::context::CommandContext;
use coko_core::{Error, Result};
use futures::StreamExt as _;
use sha2::{Digest as _, Sha256};

use super::{context, refusal, text};
use crate::commands::uploads;
use crate::model::{Checksum, ChecksumError, Claims, File, Kind, Purpose, Status, append_at};
use crate::store::uploads::Part;
use crate::{Files, store};

const VERSION: &str = "1.0.0";
/// Bytes of a piece; this much of each upload is in memory.
const PIECE: usize = 4 << 20;
/// Most pieces of an upload: a line that breaks every 20 KiB still brings in the largest file, one byte at a time brings nothing.
const PIECES: i32 = 20_000;
/// How long a client may be silent.
const SILENCE: Duration = Duration::from_secs(60);

const TUS_RESUMABLE: HeaderName = HeaderName::from_static("tus-resumable");
const UPLOAD_OFFSET: HeaderName = HeaderName::from_static("upload-offset");
const UPLOAD_LENGTH: HeaderName = HeaderName::from_static("upload-length");
const UPLOAD_EXPIRES: HeaderName = HeaderName::from_static("upload-expires");
const UPLOAD_CHECKSUM: HeaderName = HeaderName::from_static("upload-checksum");
const METHOD_OVERRIDE: HeaderName = HeaderName::from_static("x-http-method-override");
/// tus, checksum extension: the checksum does not match.
const CHECKSUM_MISMATCH: u16 = 460;

/// `OPTIONS`: what the server can.
pub(super) fn capabilities(State(files): State<Arc<Files>>) -> Ready<Response> {
    let most = Kind::ALL
        .iter()
        .map(|kind| files.config.limits.bytes(*kind))
        .max()
        .unwrap_or(0);
    let mut response = StatusCode::NO_CONTENT.into_response();
    let headers = response.headers_mut();
    headers.insert(TUS_RESUMABLE, HeaderValue::from_static(VERSION));
    for (name, value) in [
        ("tus-version", VERSION),
        ("tus-extension", "checksum,expiration,termination"),
        ("tus-checksum-algorithm", "sha256"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers.insert("tus-max-size", HeaderValue::from(most));
    std::future::ready(response)
}

/// `HEAD`: how much is here.
pub(super) async fn offset(
    State(files): State<Arc<Files>>,
    Path(link): Path<String>,
    headers: HeaderMap,
) -> Response {
    let context = context(&files, &headers);
    match found(&files, &context, &link, &headers).await {
        Ok(file) => {
            let mut response = progress(StatusCode::OK, &file, file.received.unsigned_abs());
            let headers = response.headers_mut();
            headers.insert(UPLOAD_LENGTH, HeaderValue::from(file.byte_size));
            response
        }
        Err(response) => *response,
    }
}

/// `POST` with `X-HTTP-Method-Override`, for clients that can send neither PATCH nor DELETE.
pub(super) async fn overridden(
    State(files): State<Arc<Files>>,
    Path(link): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let method = text(&headers, &METHOD_OVERRIDE).and_then(|name| name.parse::<Method>().ok());
    match method {
        Some(Method::PATCH) => append(State(files), Path(link), headers, body).await,
        Some(Method::DELETE) => cancel(State(files), Path(link), headers).await,
        _ => StatusCode::METHOD_NOT_ALLOWED.into_response(),
    }
}

/// `PATCH`: more bytes.
pub(super) async fn append(
    State(files): State<Arc<Files>>,
    Path(link): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let context = context(&files, &headers);
    let file = match found(&files, &context, &link, &headers).await {
        Ok(file) => file,
        Err(response) => return *response,
    };
    let (offset, checksum) = match checked(&files, &context, &file, &headers) {
        Ok(checked) => checked,
        Err(response) => return *response,
    };
    // In a task of its own: when the connection goes, the pieces that came are still put away.
    let intake = Intake {
        files: files.clone(),
        context: context.clone(),
        file: file.clone(),
        offset,
        checksum,
    };
    let received = tokio::spawn(intake.run(body.into_data_stream())).await;
    match received {
        Ok(Ok(Received::Upto(offset))) => progress(StatusCode::NO_CONTENT, &file, offset),
        Ok(Ok(Received::TooMuch)) => refused(
            &files,
            &context,
            StatusCode::PAYLOAD_TOO_LARGE,
            "file-upload-too-much",
        ),
        Ok(Ok(Received::Overtaken)) => {
            refused(&files, &context, StatusCode::CONFLICT, "file-upload-offset")
        }
        Ok(Ok(Received::Broken)) => refused(
            &files,
            &context,
            StatusCode::REQUEST_TIMEOUT,
            "file-upload-broken",
        ),
        Ok(Ok(Received::Mismatch)) => {
            let status = StatusCode::from_u16(CHECKSUM_MISMATCH).unwrap_or(StatusCode::BAD_REQUEST);
            refused(&files, &context, status, "file-upload-checksum")
        }
        Ok(Err(error)) => tagged(refusal::answer(&files, &context, &error)),
        Err(error) => tagged(refusal::answer(&files, &context, &Error::internal(error))),
    }
}

/// `DELETE`: nothing more comes.
pub(super) async fn cancel(
    State(files): State<Arc<Files>>,
    Path(link): Path<String>,
    headers: HeaderMap,
) -> Response {
    let context = context(&files, &headers);
    let file = match found(&files, &context, &link, &headers).await {
        Ok(file) => file,
        Err(response) => return *response,
    };
    match uploads::cancel(&files, &context, file.id).await {
        Ok(true) => tagged(StatusCode::NO_CONTENT.into_response()),
        Ok(false) => refused(
            &files,
            &context,
            StatusCode::FORBIDDEN,
            "file-upload-completed",
        ),
        Err(error) => tagged(refusal::answer(&files, &context, &error)),
    }
}

/// The upload of a link that holds, asked for in a version that is spoken here.
async fn found(
    files: &Files,
    context: &CommandContext,
    link: &str,
    headers: &HeaderMap,
) -> Result<File, Box<Response>> {
    if text(headers, &TUS_RESUMABLE) != Some(VERSION) {
        let mut response = refused(
            files,
            context,
            StatusCode::PRECONDITION_FAILED,
            "file-upload-version",
        );
        response
            .headers_mut()
            .insert("tus-version", HeaderValue::from_static(VERSION));
        return Err(Box::new(response));
    }
    let gone = || {
        Box::new(refused(
            files,
            context,
            StatusCode::GONE,
            "file-link-expired",
        ))
    };
    let claims =
        Claims::open(link, &files.internal_key, Purpose::Upload, context.now).ok_or_else(gone)?;
    let loaded: Result<Option<File>> = async {
        let mut connection = files.pool.get().await?;
        Ok(store::files::by_id(&mut connection, claims.file).await?)
    }
    .await;
    match loaded {
        Ok(Some(file)) if file.owner_id == Some(claims.user) => Ok(file),
        Ok(_) => Err(gone()),
        Err(error) => Err(Box::new(tagged(refusal::answer(files, context, &error)))),
    }
}

/// Where the bytes of a PATCH begin, and their checksum, when the request may be followed.
fn checked(
    files: &Files,
    context: &CommandContext,
    file: &File,
    headers: &HeaderMap,
) -> Result<(u64, Option<Checksum>), Box<Response>> {
    let refuse = |status, key| Err(Box::new(refused(files, context, status, key)));
    if text(headers, &header::CONTENT_TYPE) != Some("application/offset+octet-stream") {
        return refuse(StatusCode::UNSUPPORTED_MEDIA_TYPE, "file-upload-type");
    }
    let number = |name: &HeaderName| text(headers, name).and_then(|text| text.parse::<u64>().ok());
    let Some(offset) = number(&UPLOAD_OFFSET) else {
        return refuse(StatusCode::BAD_REQUEST, "file-upload-offset-missing");
    };
    if !append_at(file.received.unsigned_abs(), offset) {
        return refuse(StatusCode::CONFLICT, "file-upload-offset");
    }
    if file.status != Status::Pending {
        return refuse(StatusCode::FORBIDDEN, "file-upload-completed");
    }
    if file.parts >= PIECES {
        return refuse(StatusCode::FORBIDDEN, "file-upload-pieces");
    }
    let left = file.byte_size.unsigned_abs() - offset;
    if number(&header::CONTENT_LENGTH).is_some_and(|length| length > left) {
        return refuse(StatusCode::PAYLOAD_TOO_LARGE, "file-upload-too-much");
    }
    match text(headers, &UPLOAD_CHECKSUM).map(str::parse).transpose() {
        Ok(checksum) => Ok((offset, checksum)),
        Err(ChecksumError::Unsupported | ChecksumError::Malformed) => {
            refuse(StatusCode::BAD_REQUEST, "file-upload-checksum-form")
        }
    }
}

/// What became of the bytes of a PATCH.
enum Received {
    /// All are put away; the upload ends here.
    Upto(u64),
    /// There were more than announced; those that fitted are put away.
    TooMuch,
    /// Another request put bytes at the same place before.
    Overtaken,
    /// The client fell silent; what came is put away.
    Broken,
    /// They are not what the checksum says; none is put away.
    Mismatch,
}

/// The bytes of one PATCH on their way into the storage.
struct Intake {
    files: Arc<Files>,
    context: CommandContext,
    file: File,
    offset: u64,
    checksum: Option<Checksum>,
}

impl Intake {
    async fn run(mut self, mut body: BodyDataStream) -> Result<Received> {
        let mut left = self.file.byte_size.unsigned_abs() - self.offset;
        let mut piece = BytesMut::new();
        // With a checksum nothing counts before all of it is verified.
        let mut waiting: Vec<Part> = Vec::new();
        let mut digest = Sha256::new();
        let mut end = Received::Upto(0);
        loop {
            let mut bytes = match tokio::time::timeout(SILENCE, body.next()).await {
                Ok(Some(Ok(bytes))) => bytes,
                Ok(None) => break,
                Ok(Some(Err(_))) | Err(_) => {
                    end = Received::Broken;
                    break;
                }
            };
            if bytes.len() as u64 > left {
                end = Received::TooMuch;
                bytes.truncate(usize::try_from(left).unwrap_or(0));
            }
            left -= bytes.len() as u64;
            if self.checksum.is_some() {
                digest.update(&bytes);
            }
            piece.extend_from_slice(&bytes);
            while piece.len() >= PIECE {
                let full = piece.split_to(PIECE).freeze();
                if !self.put(full, &mut waiting).await? {
                    return Ok(Received::Overtaken);
                }
            }
            if matches!(end, Received::TooMuch) {
                break;
            }
        }
        if let Some(Checksum(expected)) = &self.checksum {
            let whole = matches!(end, Received::Upto(_));
            if !whole || digest.finalize()[..] != expected[..] {
                self.discard(&waiting).await;
                return Ok(if whole { Received::Mismatch } else { end });
            }
        }
        if !piece.is_empty() && !self.put(piece.freeze(), &mut waiting).await? {
            return Ok(Received::Overtaken);
        }
        if !waiting.is_empty() && !self.count(&waiting).await? {
            return Ok(Received::Overtaken);
        }
        Ok(match end {
            Received::Upto(_) => Received::Upto(self.offset),
            other => other,
        })
    }

    /// Stores a piece, and counts it unless it waits for the checksum; `false` when another request was faster.
    async fn put(&mut self, bytes: Bytes, waiting: &mut Vec<Part>) -> Result<bool> {
        let before: i64 = waiting.iter().map(|part| part.length).sum();
        let first = i64::try_from(self.offset).map_err(Error::internal)? + before;
        let object = format!("{}/{}", File::parts_prefix(self.file.id), self.context.id());
        let part = Part {
            file_id: self.file.id,
            first_byte: first,
            length: i64::try_from(bytes.len()).map_err(Error::internal)?,
            object,
        };
        self.files.storage.put(&part.object, bytes).await?;
        if self.checksum.is_some() {
            waiting.push(part);
            return Ok(true);
        }
        self.count(&[part]).await
    }

    async fn count(&mut self, parts: &[Part]) -> Result<bool> {
        self.context.now = self.files.clock.now();
        let counted =
            uploads::append(&self.files, &self.context, self.file.id, self.offset, parts).await?;
        if counted {
            self.offset += parts
                .iter()
                .map(|part| part.length.unsigned_abs())
                .sum::<u64>();
        } else {
            self.discard(parts).await;
        }
        Ok(counted)
    }

    /// Removes pieces that do not count.
    async fn discard(&self, parts: &[Part]) {
        for part in parts {
            if let Err(error) = self.files.storage.remove(&part.object).await {
                tracing::warn!(%error, object = part.object, "a piece of an upload is left over until the upload ends");
            }
        }
    }
}

/// An answer that says how far the upload is.
fn progress(status: StatusCode, file: &File, offset: u64) -> Response {
    let mut response = tagged(status.into_response());
    let headers = response.headers_mut();
    headers.insert(UPLOAD_OFFSET, HeaderValue::from(offset));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if let Ok(expires) = HeaderValue::from_str(&http_date(file.expires_at)) {
        headers.insert(UPLOAD_EXPIRES, expires);
    }
    response
}

fn refused(files: &Files, context: &CommandContext, status: StatusCode, key: &str) -> Response {
    let code = match status.as_u16() {
        404 | 410 => "NOT_FOUND",
        409 => "CONFLICT",
        413 => "PAYLOAD_TOO_LARGE",
        403 => "FORBIDDEN",
        408 => "TIMEOUT",
        CHECKSUM_MISMATCH => "VALIDATION_FAILED",
        _ => "BAD_REQUEST",
    };
    tagged(refusal::say(files, context, status, code, key))
}

/// Every answer of the protocol names its version.
fn tagged(mut response: Response) -> Response {
    response
        .headers_mut()
        .insert(TUS_RESUMABLE, HeaderValue::from_static(VERSION));
    response
}

/// A date as HTTP has it (RFC 9110, 5.6.7).
fn http_date(at: time::OffsetDateTime) -> String {
    let format = time::macros::format_description!(
        "[weekday repr:short], [day] [month repr:short] [year] [hour]:[minute]:[second] GMT"
    );
    at.to_offset(time::UtcOffset::UTC)
        .format(&format)
        .unwrap_or_default()
}
