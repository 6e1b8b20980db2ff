//! The one place where errors become what clients see.

use async_graphql::{ErrorExtensionValues, Response, ServerError};
use fluent_bundle::FluentValue;

use crate::context::CommandContext;
use crate::paging::MAX_PAGE;
use crate::translation::Translations;
use crate::{Code, Error};

/// Gives every error of `response` a code, a request id and a message that is safe, and logs what is our fault, once.
pub(super) fn finish(
    response: &mut Response,
    service: &'static str,
    context: &CommandContext,
    translations: &Translations,
) {
    for error in &mut response.errors {
        let code = present(error, service, context, translations);
        metrics::counter!("graphql_errors_total", "service" => service, "code" => code.as_str())
            .increment(1);
    }
}

fn present(
    error: &mut ServerError,
    service: &'static str,
    context: &CommandContext,
    translations: &Translations,
) -> Code {
    let mut extensions = error.extensions.take().unwrap_or_default();
    let code = match error.source::<Error>().cloned() {
        Some(known) => {
            if known.code().is_fault() {
                tracing::error!(service, request_id = context.request_id, path = ?error.path, error = %known, "a resolver failed");
            }
            error.message = message(&known, context, translations);
            if let Some(wait) = known.retry_after() {
                extensions.set("retryAfter", wait.as_secs().max(1));
            }
            if let Some(field) = known.field() {
                extensions.set("field", field);
            }
            known.code()
        }
        // Without a path it is the document that is at fault, and the text says where.
        None if error.path.is_empty() => match extensions.get("code") {
            Some(_) => Code::BadRequest,
            None => Code::GraphqlValidationFailed,
        },
        // A resolver's error of another type was not meant for clients, but for what async-graphql itself says of arguments.
        None if error.source.is_none() => Code::ValidationFailed,
        None => {
            tracing::error!(service, request_id = context.request_id, path = ?error.path, error = error.message, "a resolver failed");
            error.message = translations.text(&context.locale, "core-internal", &[]);
            Code::Internal
        }
    };
    error.source = None;
    set_common(&mut extensions, code, context);
    error.extensions = Some(extensions);
    code
}

/// An answer that is one error, for what fails before execution.
pub(super) fn whole(
    error: &Error,
    context: &CommandContext,
    translations: &Translations,
) -> Response {
    let mut server_error = ServerError::new(message(error, context, translations), None);
    let mut extensions = ErrorExtensionValues::default();
    set_common(&mut extensions, error.code(), context);
    server_error.extensions = Some(extensions);
    Response::from_errors(vec![server_error])
}

fn set_common(extensions: &mut ErrorExtensionValues, code: Code, context: &CommandContext) {
    extensions.set("code", code.as_str());
    extensions.set("requestId", context.request_id.as_str());
}

fn message(error: &Error, context: &CommandContext, translations: &Translations) -> String {
    let arguments = [("max", FluentValue::from(MAX_PAGE))];
    translations.text(&context.locale, error.message(), &arguments)
}
