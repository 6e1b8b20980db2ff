//! `GET /files/{id}/epub/{path}`: one resource of an EPUB, so that a slow phone fetches a chapter and not a book.
//!
//! A resource that is packed in the archive is sent as it lies there, as gzip, to clients that take it: nothing is unpacked and
//! packed again. What a book holds is a stranger's document on our host, so nothing in it runs.

use std::io::Read as _;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use bytes::Bytes;
use coko_core::{Error, Result};
use flate2::read::DeflateDecoder;
use futures::{StreamExt as _, TryStreamExt as _};
use uuid::Uuid;

use super::content::{describe, not_satisfiable, readable, set, validator};
use super::{Token, context, reader, refusal, text};
use crate::Files;
use crate::model::{
    ByteRange, Entry, File, Index, Purpose, RangeOutcome, Status, Validator, select,
};

/// A file of DEFLATE without name and time (RFC 1952, 2.3).
const GZIP_HEADER: [u8; 10] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255];
/// Nothing in a book runs, is sent or is fetched from elsewhere.
const SANDBOX: &str = "sandbox; default-src 'none'; img-src 'self' data:; style-src 'self' 'unsafe-inline'; font-src 'self' data:; media-src 'self'";
/// How long a directory is kept; it never changes.
const DIRECTORY: std::time::Duration = std::time::Duration::from_secs(3600);

pub(super) async fn resource(
    State(files): State<Arc<Files>>,
    Path((id, path)): Path<(String, String)>,
    Query(token): Query<Token>,
    method: Method,
    headers: HeaderMap,
) -> Response {
    let context = context(&files, &headers);
    match try_resource(&files, &id, &path, &token, &method, &headers).await {
        Ok(response) => response,
        Err(error) => refusal::answer(&files, &context, &error),
    }
}

async fn try_resource(
    files: &Arc<Files>,
    id: &str,
    path: &str,
    token: &Token,
    method: &Method,
    headers: &HeaderMap,
) -> Result<Response> {
    let id: Uuid = id.parse().map_err(|_| Error::not_found())?;
    let purposes = [Purpose::Read, Purpose::Download];
    let reader = reader(files, headers, token.t.as_deref(), id, &purposes)?;
    let file = readable(files, id, &reader).await?;
    let index = directory(files, &file).await?;
    let entry = index.0.get(path).ok_or_else(Error::not_found)?;
    let packed = entry.deflated && accepts_gzip(headers);
    let tag = entity_tag(&file, entry, packed);
    let cache = if file.kind.is_public() {
        "public, max-age=86400"
    } else {
        "private, max-age=86400"
    };
    // A range of what is packed cannot be found without unpacking it, so ranges are for what is stored: sound, pictures, films.
    let asked = if entry.deflated {
        Validator {
            range: None,
            ..validator(headers)
        }
    } else {
        validator(headers)
    };
    let (status, range) = match select(asked, &tag, entry.size.max(1)) {
        RangeOutcome::Whole => (StatusCode::OK, None),
        RangeOutcome::Part(range) if entry.size > 0 => (StatusCode::PARTIAL_CONTENT, Some(range)),
        RangeOutcome::Unchanged => {
            let headers = [
                (header::ETAG, tag),
                (header::CACHE_CONTROL, cache.to_owned()),
            ];
            return Ok((StatusCode::NOT_MODIFIED, headers).into_response());
        }
        RangeOutcome::Changed => return Ok(StatusCode::PRECONDITION_FAILED.into_response()),
        _ => return Ok(not_satisfiable(entry.size)),
    };
    let body = if method == Method::HEAD {
        Body::empty()
    } else if packed {
        gzip(files, &file, entry).await?
    } else if entry.deflated {
        match unpacked(files, &file, entry).await? {
            Some(bytes) => Body::from(bytes),
            None => return Ok(StatusCode::NOT_ACCEPTABLE.into_response()),
        }
    } else {
        stored(files, &file, entry, range).await?
    };
    let mut response = body.into_response();
    *response.status_mut() = status;
    let out = response.headers_mut();
    if packed {
        set(out, header::CONTENT_ENCODING, "gzip");
        out.insert(header::CONTENT_LENGTH, (entry.packed + 18).into());
    } else {
        describe(out, range, entry.size);
        if entry.deflated {
            out.remove(header::ACCEPT_RANGES);
        }
    }
    set(out, header::CONTENT_TYPE, entry.content_type());
    set(out, header::ETAG, &tag);
    set(out, header::CACHE_CONTROL, cache);
    set(out, header::VARY, "Accept-Encoding, Authorization");
    set(out, header::CONTENT_SECURITY_POLICY, SANDBOX);
    Ok(response)
}

/// Where everything lies in an EPUB.
async fn directory(files: &Files, file: &File) -> Result<Index> {
    let key = format!("file:index:{}", file.id);
    if let Some(index) = files.cache.get(&key).await {
        return Ok(index);
    }
    if file.status != Status::Ready || file.media_type.as_deref() != Some("application/epub+zip") {
        return Err(Error::not_found());
    }
    let stream = files.storage.read(&file.index(), None).await?;
    let bytes = collected(stream).await?;
    let index: Index = serde_json::from_slice(&bytes).map_err(Error::internal)?;
    files.cache.put(&key, &index, DIRECTORY).await;
    Ok(index)
}

async fn collected(stream: crate::storage::Stream) -> Result<Vec<u8>> {
    stream
        .try_fold(Vec::new(), |mut all, bytes| async move {
            all.extend_from_slice(&bytes);
            Ok(all)
        })
        .await
        .map_err(Error::unavailable)
}

/// The resource's bytes as they lie in the archive; none of a resource that is empty.
async fn raw(files: &Files, file: &File, entry: &Entry) -> Result<crate::storage::Stream> {
    if entry.packed == 0 {
        return Ok(futures::stream::empty().boxed());
    }
    let range = ByteRange {
        first: entry.start,
        last: entry.start + entry.packed - 1,
    };
    files.storage.read(&file.object(), Some(range)).await
}

async fn stored(
    files: &Files,
    file: &File,
    entry: &Entry,
    range: Option<ByteRange>,
) -> Result<Body> {
    let Some(range) = range else {
        return Ok(Body::from_stream(raw(files, file, entry).await?));
    };
    let shifted = ByteRange {
        first: entry.start + range.first,
        last: entry.start + range.last,
    };
    let stream = files.storage.read(&file.object(), Some(shifted)).await?;
    Ok(Body::from_stream(stream))
}

async fn gzip(files: &Files, file: &File, entry: &Entry) -> Result<Body> {
    // RFC 1952, 2.3.1: CRC-32 and size modulo 2^32, which is what an archive keeps too.
    let size = u32::try_from(entry.size & u64::from(u32::MAX)).unwrap_or(0);
    let trailer = [entry.crc32.to_le_bytes(), size.to_le_bytes()].concat();
    let before = futures::stream::once(async { Ok(Bytes::from_static(&GZIP_HEADER)) });
    let after = futures::stream::once(async move { Ok(Bytes::from(trailer)) });
    let stream = before.chain(raw(files, file, entry).await?).chain(after);
    Ok(Body::from_stream(stream))
}

/// The content for a client that takes no gzip; `None` when it is larger than a document.
async fn unpacked(files: &Files, file: &File, entry: &Entry) -> Result<Option<Vec<u8>>> {
    if entry.size > files.config.content.document_bytes() {
        return Ok(None);
    }
    let packed = collected(raw(files, file, entry).await?).await?;
    let size = entry.size;
    let mut bytes = Vec::with_capacity(usize::try_from(size).unwrap_or(0));
    DeflateDecoder::new(packed.as_slice())
        .take(size)
        .read_to_end(&mut bytes)
        .map_err(Error::internal)?;
    Ok(Some(bytes))
}

/// Differs between the encodings, as a strong tag must (RFC 9110, 8.8.3.3).
fn entity_tag(file: &File, entry: &Entry, packed: bool) -> String {
    let digest = hex::encode(&file.sha256[..8.min(file.sha256.len())]);
    let encoding = if packed { "-gzip" } else { "" };
    format!(
        "\"{digest}-{:08x}-{:x}{encoding}\"",
        entry.crc32, entry.start
    )
}

/// Whether gzip is acceptable (RFC 9110, 12.5.3).
fn accepts_gzip(headers: &HeaderMap) -> bool {
    text(headers, &header::ACCEPT_ENCODING).is_some_and(|accepted| {
        accepted.split(',').any(|coding| {
            let (name, weight) = coding.split_once(';').unwrap_or((coding, ""));
            let refused = weight.trim().strip_prefix("q=").is_some_and(|weight| {
                weight
                    .trim()
                    .parse::<f32>()
                    .is_ok_and(|weight| weight <= 0.0)
            });
            name.trim().eq_ignore_ascii_case("gzip") && !refused
        })
    })
}
