//! Stage 4: which document is meant, and whether this caller may run it.

use coko_core::Code;
use coko_core::identity::Principal;
use http::StatusCode;

use crate::config::PersistedMode;
use crate::context::RequestContext;
use crate::persisted::Document;
use crate::receive::Operation;
use crate::refusal::{GraphQLError, Level, Refusal};

/// An operation whose document is known.
#[derive(Clone, Debug)]
pub(crate) struct Resolved {
    pub(crate) document: Document,
    pub(crate) operation: Operation,
}

/// Finds the document an operation names, or checks that the one it sends may be run.
///
/// # Errors
/// `PERSISTED_QUERY_NOT_FOUND` for an unknown id; `FORBIDDEN` for a document that the caller's mode does not allow;
/// `BAD_REQUEST` when a document and its hash do not fit.
pub(crate) fn resolve(
    context: &RequestContext,
    mut operation: Operation,
) -> Result<Resolved, Refusal> {
    let mode = mode(context);
    let documents = &context.engine.documents;
    let document = match (operation.document.take(), &operation.id) {
        (None, Some(id)) => {
            let registered = || {
                if mode <= PersistedMode::LogUnknown {
                    documents.registered(id)
                } else {
                    None
                }
            };
            documents
                .named(id)
                .or_else(registered)
                .ok_or_else(|| not_found(context, mode))?
        }
        (Some(document), id) => {
            check_sent(context, mode, &document)?;
            if let Some(id) = id {
                register(context, mode, &document, id)?;
            }
            document
        }
        (None, None) => return Err(Refusal::http(Code::BadRequest, "There is no document.")),
    };
    Ok(Resolved {
        document,
        operation,
    })
}

/// The rule for this caller.
fn mode(context: &RequestContext) -> PersistedMode {
    let config = &context.engine.config.persisted;
    if let Principal::Partner { client, .. } = &context.viewer.principal {
        return config
            .clients
            .get(client)
            .copied()
            .unwrap_or(config.partners);
    }
    let claimed = context
        .claimed_client
        .as_deref()
        .and_then(|name| config.clients.get(name))
        .copied();
    claimed.map_or(config.mode, |claimed| claimed.max(config.mode))
}

/// A document that was sent as text.
fn check_sent(
    context: &RequestContext,
    mode: PersistedMode,
    document: &Document,
) -> Result<(), Refusal> {
    if mode == PersistedMode::Allow {
        return Ok(());
    }
    let known = context.engine.documents.contains(document);
    match mode {
        PersistedMode::LogUnknown if !known => {
            metrics::counter!("router_unknown_operations_total").increment(1);
            tracing::warn!(
                operation = document.hash(),
                client = context.claimed_client.as_deref(),
                "an operation is in no manifest"
            );
            Ok(())
        }
        PersistedMode::Safelist if !known => Err(Refusal::http(
            Code::Forbidden,
            "Only registered operations are run, and this is none.",
        )),
        PersistedMode::IdsOnly => Err(Refusal::http(
            Code::Forbidden,
            "Only registered operations are run, and only by their id.",
        )),
        _ => Ok(()),
    }
}

/// Automatic persisted queries: the client sends a document with its hash to name it by hash from then on.
fn register(
    context: &RequestContext,
    mode: PersistedMode,
    document: &Document,
    hash: &str,
) -> Result<(), Refusal> {
    let hash = hash.strip_prefix("sha256:").unwrap_or(hash);
    if !hash.eq_ignore_ascii_case(&document.hash()) {
        return Err(Refusal::http(
            Code::BadRequest,
            "The hash is not the SHA-256 of the document.",
        ));
    }
    if mode <= PersistedMode::LogUnknown {
        context.engine.documents.register(document);
    }
    Ok(())
}

/// Clients that register by hash look for these very messages.
fn not_found(context: &RequestContext, mode: PersistedMode) -> Refusal {
    let registers = context.engine.documents.is_automatic() && mode <= PersistedMode::LogUnknown;
    let message = if registers || mode > PersistedMode::LogUnknown {
        "PersistedQueryNotFound"
    } else {
        "PersistedQueryNotSupported"
    };
    Refusal {
        level: Level::GraphQL(StatusCode::NOT_FOUND),
        errors: vec![GraphQLError::new(Code::PersistedQueryNotFound, message)],
        headers: Vec::new(),
    }
}
