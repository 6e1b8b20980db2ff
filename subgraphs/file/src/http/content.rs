//! `GET /files/{id}/content`: a whole file or a range of it; `GET /files/{id}/{width}.webp`: a picture.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use coko_core::Error;
use uuid::Uuid;

use super::place::{Held, Place};
use super::{Reader, Token, context, reader, refusal, text};
use crate::Files;
use crate::commands::downloads;
use crate::model::{
    ByteRange, File, Purpose, RangeOutcome, Status, Validator, content_disposition, select,
};

/// A day, and a week in which an old answer is shown while a new one is fetched: what these addresses show never changes.
const PUBLIC: &str = "public, max-age=86400, stale-while-revalidate=604800, immutable";
/// Bytes of a link that is one reader's alone.
const PRIVATE: &str = "private, no-store";

pub(super) async fn whole(
    State(files): State<Arc<Files>>,
    Path(id): Path<String>,
    Query(token): Query<Token>,
    method: Method,
    headers: HeaderMap,
) -> Response {
    let context = context(&files, &headers);
    match try_whole(&files, &context, &id, &token, &method, &headers).await {
        Ok(response) => response,
        Err(error) => refusal::answer(&files, &context, &error),
    }
}

async fn try_whole(
    files: &Arc<Files>,
    context: &coko_core::context::CommandContext,
    id: &str,
    token: &Token,
    method: &Method,
    headers: &HeaderMap,
) -> Result<Response, Error> {
    let id: Uuid = id.parse().map_err(|_| Error::not_found())?;
    let reader = reader(files, headers, token.t.as_deref(), id, &[Purpose::Download])?;
    let file = readable(files, id, &reader).await?;
    let is_sample = file.kind.is_public() && !file.kind.is_picture();
    // A whole book is fetched by a link, which is counted; a picture's original is its owner's.
    if !is_sample && reader.claims.is_none() {
        return Err(Error::forbidden());
    }
    let size = file.byte_size.unsigned_abs();
    let tag = file.entity_tag();
    let outcome = select(validator(headers), &tag, size);
    let cache = if is_sample { PUBLIC } else { PRIVATE };
    let (status, range) = match outcome {
        RangeOutcome::Whole => (StatusCode::OK, None),
        RangeOutcome::Part(range) => (StatusCode::PARTIAL_CONTENT, Some(range)),
        RangeOutcome::Unchanged => {
            let headers = [
                (header::ETAG, tag),
                (header::CACHE_CONTROL, cache.to_owned()),
            ];
            return Ok((StatusCode::NOT_MODIFIED, headers).into_response());
        }
        RangeOutcome::Changed => return Ok(StatusCode::PRECONDITION_FAILED.into_response()),
        RangeOutcome::NotSatisfiable => return Ok(not_satisfiable(size)),
    };
    let body = if method == Method::HEAD {
        Body::empty()
    } else {
        let place = match reader.claims {
            Some(claims) => match Place::take(files, claims.user).await? {
                Some(place) => Some(place),
                None => return Ok(refusal::busy(files, context)),
            },
            None => None,
        };
        let stream = files.storage.read(&file.object(), range).await?;
        if let Some(claims) = &reader.claims {
            downloads::started(files, context, &file, claims).await?;
        }
        Body::from_stream(Held {
            stream,
            _place: place,
        })
    };
    let mut response = body.into_response();
    *response.status_mut() = status;
    let out = response.headers_mut();
    describe(out, range, size);
    set(
        out,
        header::CONTENT_TYPE,
        file.media_type
            .as_deref()
            .unwrap_or("application/octet-stream"),
    );
    set(out, header::ETAG, &tag);
    set(out, header::CACHE_CONTROL, cache);
    set(
        out,
        header::CONTENT_DISPOSITION,
        &content_disposition(&file.name),
    );
    Ok(response)
}

pub(super) async fn picture(
    State(files): State<Arc<Files>>,
    Path((id, picture)): Path<(String, String)>,
    Query(token): Query<Token>,
    headers: HeaderMap,
) -> Response {
    let context = context(&files, &headers);
    match try_picture(&files, &id, &picture, &token, &headers).await {
        Ok(response) => response,
        Err(error) => refusal::answer(&files, &context, &error),
    }
}

async fn try_picture(
    files: &Arc<Files>,
    id: &str,
    picture: &str,
    token: &Token,
    headers: &HeaderMap,
) -> Result<Response, Error> {
    let id: Uuid = id.parse().map_err(|_| Error::not_found())?;
    let width: u32 = picture
        .strip_suffix(".webp")
        .and_then(|width| width.parse().ok())
        .ok_or_else(Error::not_found)?;
    let purposes = [Purpose::Read, Purpose::Download];
    let reader = reader(files, headers, token.t.as_deref(), id, &purposes)?;
    let file = readable(files, id, &reader).await?;
    if !file.details().widths.contains(&width) {
        return Err(Error::not_found());
    }
    let cache = if file.kind.is_public() {
        PUBLIC
    } else {
        "private, max-age=86400"
    };
    let tag = format!(
        "\"{}-{width}\"",
        hex::encode(&file.sha256[..16.min(file.sha256.len())])
    );
    let cached = [
        (header::ETAG, tag.clone()),
        (header::CACHE_CONTROL, cache.to_owned()),
    ];
    let known = Validator {
        if_none_match: text(headers, &header::IF_NONE_MATCH),
        ..Validator::default()
    };
    if select(known, &tag, 1) == RangeOutcome::Unchanged {
        return Ok((StatusCode::NOT_MODIFIED, cached).into_response());
    }
    let object = File::variant(id, width);
    let stream = files.storage.read(&object, None).await?;
    let kind = [(header::CONTENT_TYPE, "image/webp")];
    Ok((cached, kind, Body::from_stream(stream)).into_response())
}

/// The file, when the reader may have it and it is ready.
pub(super) async fn readable(files: &Files, id: Uuid, reader: &Reader) -> Result<File, Error> {
    downloads::readable(files, id, reader.user, reader.staff)
        .await?
        .filter(|file| file.status == Status::Ready)
        .ok_or_else(Error::not_found)
}

/// What of a request decides on the bytes it gets.
pub(super) fn validator(headers: &HeaderMap) -> Validator<'_> {
    Validator {
        range: text(headers, &header::RANGE),
        if_range: text(headers, &header::IF_RANGE),
        if_none_match: text(headers, &header::IF_NONE_MATCH),
        if_match: text(headers, &header::IF_MATCH),
    }
}

/// 416 with the size that there is.
pub(super) fn not_satisfiable(size: u64) -> Response {
    let headers = [
        (header::CONTENT_RANGE, format!("bytes */{size}")),
        (header::ACCEPT_RANGES, "bytes".to_owned()),
    ];
    (StatusCode::RANGE_NOT_SATISFIABLE, headers).into_response()
}

/// How many bytes are sent, and which of how many.
pub(super) fn describe(headers: &mut HeaderMap, range: Option<ByteRange>, size: u64) {
    headers.insert(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    let length = range.map_or(size, ByteRange::length);
    headers.insert(header::CONTENT_LENGTH, HeaderValue::from(length));
    if let Some(ByteRange { first, last }) = range {
        set(
            headers,
            header::CONTENT_RANGE,
            &format!("bytes {first}-{last}/{size}"),
        );
    }
}

/// Sets a header whose value is ASCII, as all of ours are.
pub(super) fn set(headers: &mut HeaderMap, name: header::HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.insert(name, value);
    }
}
