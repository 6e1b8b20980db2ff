//! Stage 3: may this caller come in now? Cross-site requests, too many at once, too many in a while.

use std::net::IpAddr;

use coko_core::identity::Principal;
use coko_core::{Code, Error};
use http::{Method, StatusCode, header};
use tokio::sync::OwnedSemaphorePermit;

use crate::context::RequestContext;
use crate::media;
use crate::receive::PathId;
use crate::refusal::{Refusal, seconds};

/// Held while the request is handled.
#[derive(Debug)]
pub(crate) struct Admission {
    _permit: OwnedSemaphorePermit,
}

/// Checks quotas and room for one operation.
///
/// # Errors
/// `RATE_LIMITED`, with 429 and `Retry-After` when the caller asks too often, with 503 when everyone together does.
pub(crate) async fn admit(context: &RequestContext) -> Result<Admission, Refusal> {
    let engine = &context.engine;
    let permit = engine.in_flight.clone().try_acquire_owned().map_err(|_| {
        Refusal::http_with(
            StatusCode::SERVICE_UNAVAILABLE,
            Code::RateLimited,
            "The gateway is busy; try again later.",
        )
        .header(
            header::RETRY_AFTER,
            seconds(std::time::Duration::from_secs(1)),
        )
    })?;
    let limits = &engine.config.rate_limits;
    let (class, quota) = match context.viewer.principal {
        Principal::Guest => ("guest", limits.guest),
        Principal::User { .. } => ("user", limits.user),
        Principal::Partner { .. } => ("partner", limits.partner),
        Principal::System => ("system", None),
    };
    if let Some(quota) = quota {
        let key = match (&context.viewer.principal, context.address) {
            (Principal::Guest, Some(address)) => network(address),
            _ => context.viewer.key(),
        };
        engine
            .limiter
            .check(class, &key, quota)
            .await
            .map_err(Error::from)?;
    }
    Ok(Admission { _permit: permit })
}

/// Whom an address stands for: of IPv6 the first 64 bits, for the rest is the caller's to choose.
fn network(address: IpAddr) -> String {
    match address {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => match address.to_ipv4_mapped() {
            Some(mapped) => mapped.to_string(),
            None => {
                let [a, b, c, d, ..] = address.segments();
                format!("{a:x}:{b:x}:{c:x}:{d:x}::/64")
            }
        },
    }
}

/// Refuses what a browser sends on behalf of any page without asking the gateway first.
///
/// A `POST` with JSON makes the browser ask, and other content types are refused when they are received. A `GET` does not,
/// unless it has one of the configured headers or a `Content-Type` that is not simple. The address of a persisted document
/// (`GET /graphql/<id>`) is exempt unless some client registered the document: it runs a query that the operator
/// published, and caches must be able to ask it.
///
/// # Errors
/// `BAD_REQUEST` naming the headers.
pub(crate) fn check_origin(
    context: &RequestContext,
    path_id: Option<&PathId>,
) -> Result<(), Refusal> {
    let csrf = &context.engine.config.csrf;
    let documents = &context.engine.documents;
    let exempt = path_id.is_some_and(|PathId(id)| {
        documents.named(id).is_some() || documents.registered(id).is_none()
    });
    let is_simple = context.method == Method::GET || media::is_form(&context.headers);
    if !csrf.enabled || !is_simple || exempt {
        return Ok(());
    }
    let asks_first = csrf
        .headers
        .iter()
        .any(|name| context.headers.contains_key(name));
    let not_simple = context.header("content-type").is_some_and(|value| {
        let essence = value
            .split(';')
            .next()
            .unwrap_or_default()
            .trim()
            .to_ascii_lowercase();
        !matches!(
            essence.as_str(),
            "text/plain" | "application/x-www-form-urlencoded" | "multipart/form-data" | ""
        )
    });
    // A token in this header cannot be sent by another site without the browser asking first.
    if asks_first || not_simple || context.headers.contains_key(header::AUTHORIZATION) {
        return Ok(());
    }
    let names = csrf.headers.join(", ");
    Err(Refusal::http(
        Code::BadRequest,
        format!(
            "This request could come from another site: send one of the headers {names}, or use POST with JSON."
        ),
    ))
}

#[cfg(test)]
mod tests {
    use super::network;

    #[test]
    fn one_caller_is_one_network() {
        let of = |text: &str| network(text.parse().unwrap());
        assert_eq!(of("192.0.2.7"), "192.0.2.7");
        assert_eq!(of("::ffff:192.0.2.7"), "192.0.2.7");
        assert_eq!(of("2001:db8:1:2:3::4"), of("2001:db8:1:2::9"));
        assert_ne!(of("2001:db8:1:2::"), of("2001:db8:1:3::"));
    }
}
