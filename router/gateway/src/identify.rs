//! Stage 2: who asks. Settled before anything that is shared between callers is touched.

use std::sync::Arc;

use coko_core::identity::RequestFacts;
use coko_core::{Code, Error};
use http::header::AUTHORIZATION;

use crate::context::{Glance, RequestContext};
use crate::lexical;
use crate::receive::Operation;
use crate::refusal::Refusal;

/// Verifies the token, if there is one, against the operation it is used for.
///
/// Without a verifier a token is the subgraphs' business: it is forwarded, and counts as no token here.
///
/// # Errors
/// `UNAUTHENTICATED` for a bad token and for a missing one where one is needed; `FORBIDDEN` when the token was narrowed to
/// something else.
pub(crate) fn identify(
    mut context: RequestContext,
    operation: &Operation,
) -> Result<RequestContext, Refusal> {
    let engine = context.engine.clone();
    let Some(verifier) = &engine.verifier else {
        return Ok(context);
    };
    let Some(value) = context.headers.get(AUTHORIZATION) else {
        return if engine.config.anonymous {
            Ok(context)
        } else {
            Err(Error::unauthenticated().into())
        };
    };
    let token = value
        .to_str()
        .ok()
        .and_then(bearer)
        .ok_or_else(|| Error::new(Code::Unauthenticated, "core-token-invalid"))?;
    let glance = glance(&context, operation);
    let facts = RequestFacts {
        operation: glance.hash.as_deref(),
        kind: glance.kind,
        ..RequestFacts::default()
    };
    let viewer = verifier.verify(token, facts)?;
    context.viewer = Arc::new(viewer);
    context.glance = glance;
    Ok(context)
}

/// Whether the token of a stream still counts; `None` when there is none to look at.
pub(crate) fn recheck(context: &RequestContext) -> Option<Result<(), Refusal>> {
    let verifier = context.engine.verifier.as_ref()?;
    let token = bearer(context.headers.get(AUTHORIZATION)?.to_str().ok()?)?;
    let facts = RequestFacts {
        operation: context.glance.hash.as_deref(),
        kind: context.glance.kind,
        ..RequestFacts::default()
    };
    Some(
        verifier
            .verify(token, facts)
            .map(drop)
            .map_err(Refusal::from),
    )
}

/// The scheme is case-insensitive (RFC 9110, section 11.1).
pub(crate) fn bearer(value: &str) -> Option<&str> {
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

/// The digest and kind of the document as it was sent, or of the registered document that it names.
fn glance(context: &RequestContext, operation: &Operation) -> Glance {
    let documents = &context.engine.documents;
    let document = match (&operation.document, &operation.id) {
        (Some(document), _) => Some(document.clone()),
        (None, Some(id)) => documents.named(id).or_else(|| documents.registered(id)),
        (None, None) => None,
    };
    match document {
        Some(document) => Glance {
            kind: lexical::kind(&document.text, operation.name.as_deref()),
            hash: Some(document.hash()),
        },
        // It is not known here, and will be refused as such unless the token refuses it first.
        None => Glance {
            hash: operation.id.clone(),
            kind: None,
        },
    }
}
