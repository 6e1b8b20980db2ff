//! What file answers besides GraphQL: uploads, downloads, pictures, the insides of books.

mod chapter;
mod content;
mod place;
mod refusal;
mod tus;

use std::sync::Arc;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request};
use axum::http::{HeaderMap, HeaderValue, header};
use axum::middleware::{self, Next};
use axum::response::Response;
use axum::routing::{get, options};
use coko_core::context::CommandContext;
use coko_core::identity::{RequestFacts, Viewer};
use coko_core::locale::Locale;
use coko_core::{Code, Error};
use serde::Deserialize;

use crate::Files;
use crate::model::{Claims, Purpose, is_staff};

/// The token of a signed link.
#[derive(Debug, Default, Deserialize)]
struct Token {
    #[serde(default)]
    t: Option<String>,
}

pub(crate) fn routes(files: Arc<Files>) -> Router {
    Router::new()
        .route("/uploads", options(tus::capabilities))
        .route(
            "/uploads/{link}",
            axum::routing::head(tus::offset)
                .patch(tus::append)
                .delete(tus::cancel)
                .options(tus::capabilities)
                .post(tus::overridden),
        )
        .route(
            "/files/{id}/content",
            get(content::whole).options(preflight),
        )
        .route(
            "/files/{id}/epub/{*path}",
            get(chapter::resource).options(preflight),
        )
        .route(
            "/files/{id}/{picture}",
            get(content::picture).options(preflight),
        )
        .layer(DefaultBodyLimit::disable())
        .layer(middleware::from_fn(from_anywhere))
        .with_state(files)
}

/// The headers say what a page may ask, and every answer has them.
fn preflight() -> std::future::Ready<axum::http::StatusCode> {
    std::future::ready(axum::http::StatusCode::NO_CONTENT)
}

/// Any page may ask: the link or the token decides, never a cookie, and nothing else is known of the one who asks.
async fn from_anywhere(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    for (name, value) in [
        (header::ACCESS_CONTROL_ALLOW_ORIGIN, "*"),
        (
            header::ACCESS_CONTROL_ALLOW_METHODS,
            "GET, HEAD, PATCH, DELETE, POST, OPTIONS",
        ),
        (
            header::ACCESS_CONTROL_ALLOW_HEADERS,
            "Authorization, Content-Type, If-Range, If-None-Match, Range, Tus-Resumable, Upload-Checksum, Upload-Offset, X-HTTP-Method-Override",
        ),
        (
            header::ACCESS_CONTROL_EXPOSE_HEADERS,
            "Accept-Ranges, Content-Disposition, Content-Length, Content-Range, ETag, Retry-After, Tus-Checksum-Algorithm, Tus-Extension, Tus-Max-Size, Tus-Resumable, Tus-Version, Upload-Expires, Upload-Length, Upload-Offset",
        ),
        (header::ACCESS_CONTROL_MAX_AGE, "86400"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}

/// The context of a request that a link or a token identifies.
fn context(files: &Files, headers: &HeaderMap) -> CommandContext {
    CommandContext {
        locale: text(headers, &header::ACCEPT_LANGUAGE).map_or(Locale::FR, Locale::negotiate),
        ..files.system()
    }
}

/// A header as text.
fn text<'a>(headers: &'a HeaderMap, name: &header::HeaderName) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

/// Who reads: by a signed link, by an access token, or nobody.
#[derive(Clone, Debug, Default)]
struct Reader {
    user: Option<uuid::Uuid>,
    staff: bool,
    claims: Option<Claims>,
}

/// The reader of a link for one of `purposes`, or of an access token.
///
/// # Errors
/// `UNAUTHENTICATED` when the link or the token does not hold (any more).
fn reader(
    files: &Files,
    headers: &HeaderMap,
    token: Option<&str>,
    file: uuid::Uuid,
    purposes: &[Purpose],
) -> Result<Reader, Error> {
    if let Some(token) = token {
        let now = files.clock.now();
        let claims = purposes
            .iter()
            .find_map(|purpose| Claims::open(token, &files.internal_key, *purpose, now))
            .filter(|claims| claims.file == file)
            .ok_or_else(|| Error::new(Code::Forbidden, "file-link-expired"))?;
        return Ok(Reader {
            user: Some(claims.user),
            staff: claims.staff,
            claims: Some(claims),
        });
    }
    let Some(value) = headers.get(header::AUTHORIZATION) else {
        return Ok(Reader::default());
    };
    let token = value
        .to_str()
        .ok()
        .and_then(|value| value.strip_prefix("Bearer "))
        .ok_or_else(|| Error::new(Code::Unauthenticated, "core-token-invalid"))?;
    let resource = format!("file:{file}");
    let facts = RequestFacts {
        subgraph: Some(crate::NAME),
        resource: Some(&resource),
        action: Some("read"),
        ..RequestFacts::default()
    };
    let viewer: Viewer = files.verifier.verify(token.trim(), facts)?;
    Ok(Reader {
        user: viewer.user_id(),
        staff: is_staff(&viewer),
        claims: None,
    })
}
