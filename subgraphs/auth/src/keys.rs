//! `GET /.well-known/biscuit-keys.json`: the public keys that tokens are verified with, by id.

use axum::http::header;
use axum::response::IntoResponse;
use axum::routing::get;
use axum::{Json, Router};
use coko_core::identity::{PublishedKey, RootKey};

use crate::config::Config;
use crate::error::BuildError;

/// The configured root keys; the first signs.
pub(crate) fn root_keys(config: &Config) -> Result<Vec<RootKey>, BuildError> {
    let keys = config
        .root_keys
        .expose()
        .split(',')
        .map(str::trim)
        .filter(|key| !key.is_empty())
        .map(|key| {
            RootKey::parse(&coko_core::config::Secret::new(key))
                .map_err(|error| BuildError::RootKeys(error.to_string()))
        })
        .collect::<Result<Vec<_>, _>>()?;
    let mut ids: Vec<u32> = keys.iter().map(RootKey::id).collect();
    ids.sort_unstable();
    ids.dedup();
    match keys.len() {
        0 => Err(BuildError::RootKeys("it holds no key".to_owned())),
        length if length != ids.len() => {
            Err(BuildError::RootKeys("a key id is used twice".to_owned()))
        }
        _ => Ok(keys),
    }
}

/// The route that publishes `keys`. Verifiers may keep them for five minutes: a new key is published that much before it signs.
pub(crate) fn route(keys: Vec<PublishedKey>) -> Router {
    let document = serde_json::json!({ "keys": keys });
    Router::new().route(
        "/.well-known/biscuit-keys.json",
        get(move || {
            let document = document.clone();
            async move {
                (
                    [(header::CACHE_CONTROL, "public, max-age=300")],
                    Json(document),
                )
                    .into_response()
            }
        }),
    )
}
