//! `GET /exports/{token}`: a copy of one's data as JSON, for whoever was given the link.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use coko_core::web;

use crate::commands::{Auth, export};

pub(crate) fn routes(auth: Arc<Auth>) -> Router {
    Router::new()
        .route("/exports/{token}", get(archive))
        .with_state(auth)
}

async fn archive(
    State(auth): State<Arc<Auth>>,
    Path(token): Path<String>,
    headers: HeaderMap,
) -> Response {
    match export::archive(&auth, &token).await {
        Ok(archive) => {
            let kind = [
                (header::CONTENT_TYPE, "application/json"),
                (
                    header::CONTENT_DISPOSITION,
                    "attachment; filename=\"coko-data-export.json\"",
                ),
                (header::CACHE_CONTROL, "private, no-store"),
                (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
            ];
            (kind, archive.to_string()).into_response()
        }
        Err(error) => {
            let locale = web::language(&headers);
            web::problem(&error, &auth.translations, &locale, &[])
        }
    }
}
