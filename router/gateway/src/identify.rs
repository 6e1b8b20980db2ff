//! Stage 2: who asks. Settled before anything that is shared between callers is touched.

use std::sync::Arc;

use coko_core::identity::{OperationKind, RequestFacts};
use coko_core::{Code, Error};
use http::header::AUTHORIZATION;

use crate::context::RequestContext;
use crate::lexical;
use crate::persisted::Document;
use crate::receive::Operation;
use crate::refusal::Refusal;

/// What a narrowed token's checks may speak of, as far as it is known before parsing.
pub(crate) struct Facts {
    hash: Option<String>,
    kind: Option<OperationKind>,
}

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
    let facts = Facts::of(&context, operation);
    let viewer = verifier.verify(
        token,
        RequestFacts {
            operation: facts.hash.as_deref(),
            kind: facts.kind,
            ..RequestFacts::default()
        },
    )?;
    if let Some(user) = viewer.user_id() {
        tracing::Span::current().record("user_id", tracing::field::display(user));
    }
    context.viewer = Arc::new(viewer);
    context.glanced_kind = facts.kind;
    Ok(context)
}

/// The scheme is case-insensitive (RFC 9110, section 11.1).
fn bearer(value: &str) -> Option<&str> {
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

impl Facts {
    /// The digest and kind of the document as it was sent, or of the manifest's document that it names.
    fn of(context: &RequestContext, operation: &Operation) -> Self {
        let documents = &context.engine.documents;
        let document = match (&operation.text, &operation.id) {
            (Some(text), _) => Some(Document::new(text.as_str())),
            (None, Some(id)) => documents.named(id).or_else(|| documents.registered(id)),
            (None, None) => None,
        };
        match document {
            Some(document) => Self {
                kind: lexical::kind(&document.text, operation.name.as_deref()),
                hash: Some(document.hash()),
            },
            // It is not known here, and will be refused as such unless the token refuses it first.
            None => Self {
                hash: operation.id.clone(),
                kind: None,
            },
        }
    }
}
