//! The page on which a person pays or declines.

use axum::Router;
use axum::extract::{Path, State as Shared};
use axum::http::StatusCode;
use axum::response::{Html, Redirect};
use axum::routing::{get, post};

use crate::{Scenario, Simulator};

pub(crate) fn routes() -> Router<Simulator> {
    Router::new()
        .route("/pay/{id}", get(page))
        .route("/pay/{id}/{action}", post(act))
}

async fn page(
    Shared(simulator): Shared<Simulator>,
    Path(id): Path<String>,
) -> Result<Html<String>, StatusCode> {
    let state = simulator.state();
    let paying = state.payments.get(&id).ok_or(StatusCode::NOT_FOUND)?;
    let (provider, amount) = (paying.provider, paying.amount);
    // The currency comes from the caller.
    let currency: String = paying
        .currency
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .take(3)
        .collect();
    let id = &paying.id;
    Ok(Html(format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">\
         <title>Simulated payment</title><body style=\"font:1.1rem sans-serif;max-width:24rem;margin:3rem auto\">\
         <h1>{provider}</h1><p>{amount} {currency} (minor units). No real money moves.</p>\
         <form method=\"post\" action=\"/pay/{id}/pay\"><button>Pay</button></form>\
         <form method=\"post\" action=\"/pay/{id}/decline\"><button>Decline</button></form>\
         <form method=\"post\" action=\"/pay/{id}/poor\"><button>Have too little money</button></form></body></html>"
    )))
}

/// Acts as the payer, and sends the browser back to the shop.
async fn act(
    Shared(simulator): Shared<Simulator>,
    Path((id, action)): Path<(String, String)>,
) -> Result<Redirect, StatusCode> {
    let (success, cancel) = {
        let state = simulator.state();
        let paying = state.payments.get(&id).ok_or(StatusCode::NOT_FOUND)?;
        (paying.success_url.clone(), paying.cancel_url.clone())
    };
    let (scenario, back) = match action.as_str() {
        "pay" => (Scenario::Success, success),
        "decline" => (Scenario::Decline, cancel),
        "poor" => (Scenario::InsufficientFunds, cancel),
        _ => return Err(StatusCode::NOT_FOUND),
    };
    simulator.act(&id, scenario).await;
    Ok(Redirect::to(&back))
}
