//! What reading answers besides GraphQL: exported notes, and the keys that offline licences are checked with.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use axum::{Json, Router};
use coko_core::graphql::FluentValue;
use coko_core::identity::RequestFacts;
use coko_core::locale::Locale;
use coko_core::rate_limit::Quota;
use coko_core::translation::Translations;
use coko_core::{Code, Error};
use serde::Deserialize;
use serde_json::json;
use uuid::Uuid;

use crate::commands::{Reading, exports};
use crate::export::{Format, Notes, Words, markdown, pdf, web_annotation};
use crate::model::license::key_set;

/// Exports of one person.
const QUOTA: Quota = Quota::new(30, Duration::from_secs(3600));

#[derive(Clone)]
struct Site {
    reading: Arc<Reading>,
    translations: Translations,
}

/// The token of a link.
#[derive(Debug, Default, Deserialize)]
struct Token {
    #[serde(default)]
    t: String,
}

pub(crate) fn routes(reading: Arc<Reading>, translations: Translations) -> Router {
    let keys = key_set(&reading.published_keys);
    let site = Site {
        reading,
        translations,
    };
    Router::new()
        .route(
            "/.well-known/offline-license-keys.json",
            get(move || {
                let keys = keys.clone();
                async move { ([(header::CACHE_CONTROL, "public, max-age=300")], Json(keys)) }
            }),
        )
        .route("/notes/{file}", get(notes))
        .with_state(site)
}

async fn notes(
    State(site): State<Site>,
    Path(file): Path<String>,
    Query(token): Query<Token>,
    headers: HeaderMap,
) -> Response {
    let locale = headers
        .get(header::ACCEPT_LANGUAGE)
        .and_then(|value| value.to_str().ok())
        .map_or(Locale::FR, Locale::negotiate);
    match exported(&site, &file, &token.t, &locale).await {
        Ok(response) => response,
        Err(error) => refuse(&error, &site.translations, &locale),
    }
}

async fn exported(
    site: &Site,
    file: &str,
    token: &str,
    locale: &Locale,
) -> Result<Response, Error> {
    let (book, extension) = file.split_once('.').ok_or_else(Error::not_found)?;
    let book: Uuid = book.parse().map_err(|_| Error::not_found())?;
    let format = *Format::ALL
        .iter()
        .find(|format| format.extension() == extension)
        .ok_or_else(Error::not_found)?;
    let resource = exports::resource(book);
    let facts = RequestFacts {
        subgraph: Some(crate::NAME),
        resource: Some(&resource),
        action: Some("read"),
        ..RequestFacts::default()
    };
    let reading = &site.reading;
    let viewer = reading.platform.verifier.verify(token, facts)?;
    // A token that was not narrowed to this has no place in an address.
    if !viewer.attenuated {
        return Err(Error::unauthenticated());
    }
    let limiter = &reading.platform.limiter;
    limiter.check("notes-export", &viewer.key(), QUOTA).await?;
    let notes = exports::notes(reading, &viewer, book).await?;
    let words = Words::new(&site.translations, locale);
    let body = match format {
        Format::Markdown => markdown::render(&notes, &words).into_bytes(),
        Format::Pdf => printed(site, notes, locale).await?,
        Format::WebAnnotation => {
            serde_json::to_vec_pretty(&web_annotation::render(&notes)).map_err(Error::internal)?
        }
    };
    metrics::counter!("reading_exports_total", "format" => format.as_str()).increment(1);
    let name = format!("attachment; filename=\"notes-{book}.{extension}\"");
    let headers = [
        (header::CONTENT_TYPE, format.media_type().to_owned()),
        (header::CONTENT_DISPOSITION, name),
        (header::CACHE_CONTROL, "private, no-store".to_owned()),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff".to_owned()),
        (header::REFERRER_POLICY, "no-referrer".to_owned()),
    ];
    Ok((headers, body).into_response())
}

/// The notes as PDF, laid out where nobody waits for the thread.
async fn printed(site: &Site, notes: Notes, locale: &Locale) -> Result<Vec<u8>, Error> {
    let (translations, locale) = (site.translations.clone(), locale.clone());
    let now = site.reading.platform.clock.now();
    let laying_out = tokio::task::spawn_blocking(move || {
        pdf::render(&notes, &Words::new(&translations, &locale), now)
    });
    laying_out
        .await
        .map_err(Error::internal)?
        .map_err(|error| match error {
            coko_pdf::Error::TooLong => {
                Error::new(Code::PayloadTooLarge, "reading-export-too-long")
            }
            other => Error::internal(other),
        })
}

/// The error as a problem (RFC 9457).
fn refuse(error: &Error, translations: &Translations, locale: &Locale) -> Response {
    if error.code().is_fault() {
        tracing::error!(%error, "notes could not be exported");
    }
    let status = error.code().http_status();
    let none: [(&str, FluentValue<'_>); 0] = [];
    let title = translations.text(locale, error.message(), &none);
    let body = json!({
        "type": "about:blank", "status": status.as_u16(), "title": title, "code": Code::as_str(error.code()),
    });
    let media = [(header::CONTENT_TYPE, "application/problem+json")];
    (status, media, body.to_string()).into_response()
}
