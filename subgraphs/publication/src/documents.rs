//! `GET /statements/{token}`: a statement as CSV or PDF, for whoever was given the link.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use coko_core::web;

use crate::commands::Publishing;
use crate::commands::statements::{self, Format};

pub(crate) fn routes(publishing: Arc<Publishing>) -> Router {
    Router::new()
        .route("/statements/{token}", get(statement))
        .with_state(publishing)
}

async fn statement(
    State(publishing): State<Arc<Publishing>>,
    Path(token): Path<String>,
    headers: HeaderMap,
) -> Response {
    let printed = match statements::print(&publishing, &token).await {
        Ok(printed) => printed,
        Err(error) => {
            let locale = web::language(&headers);
            return web::problem(&error, &publishing.translations, &locale, &[]);
        }
    };
    // The same statement is the same bytes: a client may keep them, a shared cache may not.
    let tag = web::entity_tag(&printed.bytes);
    let cache = [
        (header::CACHE_CONTROL, "private, max-age=600".to_owned()),
        (header::ETAG, tag.clone()),
    ];
    if web::is_known(&headers, &tag) {
        return (StatusCode::NOT_MODIFIED, cache).into_response();
    }
    let (kind, ending, shown) = match printed.format {
        Format::Csv => ("text/csv; charset=utf-8", "csv", "attachment"),
        Format::Pdf => ("application/pdf", "pdf", "inline"),
    };
    let name = format!("{shown}; filename=\"{}.{ending}\"", printed.code);
    let kind = [
        (header::CONTENT_TYPE, kind.to_owned()),
        (header::CONTENT_DISPOSITION, name),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff".to_owned()),
    ];
    (cache, kind, printed.bytes).into_response()
}
