//! Narrowing a caller's own token to one thing for a short while: what a link carries instead of the token.

use std::collections::HashMap;

use biscuit_auth::builder::Term;
use biscuit_auth::{BlockBuilder, UnverifiedBiscuit};
use time::OffsetDateTime;

use super::mint::{MintError, text};

/// `token` narrowed to reading: it runs queries, but neither mutations nor subscriptions, and nothing outside GraphQL.
///
/// # Errors
/// When the token is malformed or was sealed against narrowing.
pub fn read_only(token: &str) -> Result<String, MintError> {
    let block = BlockBuilder::new().code("check if operation_kind(\"query\")")?;
    Ok(UnverifiedBiscuit::from_base64(token)?
        .append(block)?
        .to_base64()?)
}

/// `token` narrowed to `action` on `resource` until `until`. Verifiers that ask for the same in their
/// [`super::RequestFacts`] accept it; nobody accepts it for an operation.
///
/// # Errors
/// When the token is malformed or was sealed against narrowing.
pub fn narrow(
    token: &str,
    resource: &str,
    action: &str,
    until: OffsetDateTime,
) -> Result<String, MintError> {
    let until = Term::Date(u64::try_from(until.unix_timestamp()).unwrap_or(0));
    let terms = [
        ("resource".to_owned(), text(resource)),
        ("action".to_owned(), text(action)),
        ("until".to_owned(), until),
    ];
    let block = BlockBuilder::new().code_with_params(
        "check if resource({resource}), action({action}); check if time($now), $now < {until}",
        HashMap::from(terms),
        HashMap::new(),
    )?;
    Ok(UnverifiedBiscuit::from_base64(token)?
        .append(block)?
        .to_base64()?)
}
