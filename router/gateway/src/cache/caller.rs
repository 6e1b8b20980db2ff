//! Who asks, as far as answers depend on it: part of every key.

use coko_core::identity::{ENVELOPE_HEADER, Principal};
use http::{HeaderMap, header};
use sha2::{Digest as _, Sha256};

use crate::context::RequestContext;

/// Headers to subgraphs on which answers do not depend: they name the request, not what is asked for. Whatever else is
/// handed on is part of every key.
const NEVER_MATTER: [&str; 5] = [
    ENVELOPE_HEADER,
    "traceparent",
    "tracestate",
    "user-agent",
    "x-request-id",
];

/// The caller's part of keys.
#[derive(Clone, Debug)]
pub(crate) struct Caller {
    /// Over the headers that may change an answer.
    pub(super) headers: [u8; 32],
    /// Over those and the caller himself.
    pub(super) own: [u8; 32],
}

impl Caller {
    /// Reads what is sent to subgraphs on the caller's behalf.
    pub(crate) fn of(context: &RequestContext, forwarded: &HeaderMap) -> Self {
        let mut names: Vec<&str> = forwarded.keys().map(http::HeaderName::as_str).collect();
        names.retain(|name| is_keyed(name));
        names.sort_unstable();
        let mut hash = Sha256::new();
        for name in names {
            for value in forwarded.get_all(name) {
                add(&mut hash, name.as_bytes());
                add(&mut hash, value.as_bytes());
            }
        }
        let mut own = hash.clone();
        identity(context, forwarded, &mut own);
        Self {
            headers: hash.finalize().into(),
            own: own.finalize().into(),
        }
    }
}

/// Whether a request header is part of every key.
pub(super) fn is_keyed(name: &str) -> bool {
    name != header::AUTHORIZATION.as_str() && !NEVER_MATTER.contains(&name)
}

/// Everything about the caller that a subgraph may decide by.
fn identity(context: &RequestContext, forwarded: &HeaderMap, hash: &mut Sha256) {
    let viewer = &context.viewer;
    add(hash, viewer.key().as_bytes());
    // A token that was not verified here, or that its holder narrowed, is only like itself.
    if (viewer.principal == Principal::Guest || viewer.attenuated)
        && let Some(token) = forwarded.get(header::AUTHORIZATION)
    {
        add(hash, b"token");
        add(hash, token.as_bytes());
    }
    if let Some(session) = viewer.session_id() {
        add(hash, session.as_bytes());
    }
    for role in &viewer.roles {
        add(hash, b"role");
        add(hash, role.as_bytes());
    }
    for right in viewer.rights.iter() {
        add(hash, b"right");
        add(hash, right.resource().as_bytes());
        add(hash, right.action().as_bytes());
    }
    if let Some(plan) = &viewer.plan {
        add(hash, b"plan");
        add(hash, plan.as_bytes());
    }
}

/// Lengths keep neighbours apart.
fn add(hash: &mut Sha256, bytes: &[u8]) {
    hash.update(bytes.len().to_le_bytes());
    hash.update(bytes);
}
