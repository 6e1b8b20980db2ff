//! `GET /invoices/{token}`: an invoice as a PDF, for whoever was given the link.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use coko_core::web;

use crate::commands::{Payment, invoices};

pub(crate) fn routes(payment: Arc<Payment>) -> Router {
    Router::new()
        .route("/invoices/{token}", get(invoice))
        .with_state(payment)
}

async fn invoice(
    State(payment): State<Arc<Payment>>,
    Path(token): Path<String>,
    headers: HeaderMap,
) -> Response {
    let printed = match invoices::print(&payment, &token).await {
        Ok(printed) => printed,
        Err(error) => {
            let locale = web::language(&headers);
            return web::problem(&error, &payment.translations, &locale, &[]);
        }
    };
    // The same invoice is the same bytes: a client may keep them, a shared cache may not.
    let tag = web::entity_tag(&printed.pdf);
    let cache = [
        (header::CACHE_CONTROL, "private, max-age=600".to_owned()),
        (header::ETAG, tag.clone()),
    ];
    if web::is_known(&headers, &tag) {
        return (StatusCode::NOT_MODIFIED, cache).into_response();
    }
    let name = format!("inline; filename=\"{}.pdf\"", printed.code);
    let kind = [
        (header::CONTENT_TYPE, "application/pdf".to_owned()),
        (header::CONTENT_DISPOSITION, name),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff".to_owned()),
    ];
    (cache, kind, printed.pdf).into_response()
}
