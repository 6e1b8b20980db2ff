//! `POST /graphql` of a subgraph, answered whole or, with `Accept: text/event-stream`, as a stream.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, Instant};

use async_graphql::http::{MultipartOptions, receive_body};
use async_graphql::parser::types::{DocumentOperations, OperationType};
use async_graphql::{ObjectType, Request, Response, Schema, SubscriptionType};
use axum::Router;
use axum::body::Body;
use axum::extract::{ConnectInfo, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::sse::{Event as SentEvent, KeepAlive, Sse};
use axum::response::{IntoResponse as _, Response as HttpResponse};
use axum::routing::post;
use futures::io::Cursor;
use futures::{Stream, StreamExt as _};
use sha2::{Digest as _, Sha256};
use tracing::Instrument as _;

use super::errors;
use crate::context::CommandContext;
use crate::error::Error;
use crate::identity::{ENVELOPE_HEADER, Envelope, OperationKind, RequestFacts, Viewer};
use crate::locale::Locale;
use crate::service::Platform;
use crate::settings;
use crate::telemetry::{self, RequestMeters};
use crate::translation::Translations;

/// A subgraph's request may hold many representations, but never this much.
const MAX_BODY: usize = 4 * 1024 * 1024;

/// The same for a request with files.
const MAX_UPLOAD: usize = 36 * 1024 * 1024;

/// Most files in one request.
const MAX_FILES: usize = 20;

/// How often a stream without answers shows that it is there.
const KEEP_ALIVE: Duration = Duration::from_secs(15);

/// Says in how many milliseconds nobody waits for the answer any more; what is not answered by then is given up.
pub const DEADLINE_HEADER: &str = "x-request-timeout-ms";

/// Adds fresh DataLoaders to each request, so that what one viewer loaded is never another's.
pub type Loaders = Arc<dyn Fn(Request, &CommandContext) -> Request + Send + Sync>;

struct Endpoint<Q, M, S> {
    schema: Schema<Q, M, S>,
    platform: Platform,
    service: &'static str,
    meters: RequestMeters,
    translations: Translations,
    loaders: Loaders,
}

/// The HTTP side of a subgraph: `POST /graphql` over `schema`.
///
/// The viewer comes from the bearer token, verified here again; the operation's digest and the client's address come from the
/// gateway's signed envelope, or from the request itself when there is none.
pub fn router<Q, M, S>(
    schema: Schema<Q, M, S>,
    platform: &Platform,
    service: &'static str,
    translations: Translations,
    loaders: Loaders,
) -> Router
where
    Q: ObjectType + 'static,
    M: ObjectType + 'static,
    S: SubscriptionType + 'static,
{
    let endpoint = Arc::new(Endpoint {
        schema,
        platform: platform.clone(),
        service,
        meters: RequestMeters::new(service),
        translations,
        loaders,
    });
    Router::new()
        .route("/graphql", post(answer::<Q, M, S>))
        .with_state(endpoint)
}

async fn answer<Q, M, S>(
    State(endpoint): State<Arc<Endpoint<Q, M, S>>>,
    connection: Option<axum::Extension<ConnectInfo<SocketAddr>>>,
    headers: HeaderMap,
    body: Body,
) -> HttpResponse
where
    Q: ObjectType + 'static,
    M: ObjectType + 'static,
    S: SubscriptionType + 'static,
{
    let began = Instant::now();
    let peer = connection.map(|axum::Extension(ConnectInfo(address))| address.ip());
    let span = telemetry::request_span(endpoint.service, &headers);
    let opened = endpoint
        .open(&headers, peer, body)
        .instrument(span.clone())
        .await;
    let (status, mut response) = match opened {
        Ok((request, context)) if takes_events(&headers) => {
            endpoint.meters.count(StatusCode::OK, began.elapsed());
            return endpoint.stream(request, context, span).into_response();
        }
        Ok((request, context)) => {
            let running = endpoint.run(request, &context, patience(&headers));
            running.instrument(span).await
        }
        Err(refused) => *refused,
    };
    endpoint.meters.count(status, began.elapsed());
    let headers = std::mem::take(&mut response.http_headers);
    let body = serde_json::to_vec(&response).unwrap_or_default();
    let content_type = "application/graphql-response+json; charset=utf-8";
    let mut response = (status, [(header::CONTENT_TYPE, content_type)], body).into_response();
    response.headers_mut().extend(headers);
    response
}

/// Whether the caller asks for a stream of answers: a gateway does for subscriptions.
fn takes_events(headers: &HeaderMap) -> bool {
    headers
        .get(header::ACCEPT)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|value| value.trim_start().starts_with("text/event-stream"))
}

impl<Q, M, S> Endpoint<Q, M, S>
where
    Q: ObjectType + 'static,
    M: ObjectType + 'static,
    S: SubscriptionType + 'static,
{
    /// A request that may be executed, with what is known of it.
    ///
    /// # Errors
    /// The answer to one that may not.
    async fn open(
        &self,
        headers: &HeaderMap,
        peer: Option<IpAddr>,
        body: Body,
    ) -> Result<(Request, CommandContext), Box<(StatusCode, Response)>> {
        let mut context = self.context(headers, peer);
        let refused = |error: &Error, context: &CommandContext| {
            let response = errors::whole(error, context, &self.translations);
            Box::new((error.code().http_status(), response))
        };
        let mut request = match receive(headers, body).await {
            Ok(request) => request,
            Err(error) => return Err(refused(&error, &context)),
        };
        let envelope = self.envelope(headers);
        match self.viewer(headers, envelope.as_ref(), &mut request) {
            Ok(viewer) => {
                if let Some(user) = viewer.user_id() {
                    tracing::Span::current().record("user_id", tracing::field::display(user));
                }
                context.viewer = viewer.into();
            }
            Err(error) => return Err(refused(&error, &context)),
        }
        if let Some(envelope) = envelope {
            context.request_id = envelope.request_id;
            context.address = envelope.address;
        }
        if self.is_read_only() && kind_of(&mut request) == Some(OperationKind::Mutation) {
            let error = Error::new(crate::Code::DownstreamUnavailable, "core-read-only");
            let response = errors::whole(&error, &context, &self.translations);
            // The subgraph is well, and must not look to its callers as if it were not.
            return Err(Box::new((StatusCode::OK, response)));
        }
        let request = (self.loaders)(request, &context)
            .data(context.clone())
            .data(self.translations.clone());
        Ok((request, context))
    }

    async fn run(
        &self,
        mut request: Request,
        context: &CommandContext,
        patience: Option<Duration>,
    ) -> (StatusCode, Response) {
        let is_query = kind_of(&mut request) == Some(OperationKind::Query);
        let executing = self.schema.execute(request);
        let Some(mut response) = within(patience, executing).await else {
            let error = Error::timeout();
            let response = errors::whole(&error, context, &self.translations);
            return (error.code().http_status(), response);
        };
        if let Some(value) = cache_control(&response, is_query, context.viewer.was_consulted()) {
            response.http_headers.insert(header::CACHE_CONTROL, value);
        }
        errors::finish(&mut response, self.service, context, &self.translations);
        (StatusCode::OK, response)
    }

    /// Whether operators had mutations refused here for now.
    fn is_read_only(&self) -> bool {
        !["auth", "admin"].contains(&self.service)
            && self.platform.settings.is_on(settings::READ_ONLY, None)
    }

    /// The answers as they come, as server-sent events (graphql-sse, distinct connections mode): one for a query or a
    /// mutation, any number for a subscription.
    fn stream(
        &self,
        request: Request,
        context: CommandContext,
        span: tracing::Span,
    ) -> Sse<impl Stream<Item = Result<SentEvent, axum::Error>> + use<Q, M, S>> {
        let (service, translations) = (self.service, self.translations.clone());
        let answers = self
            .schema
            .execute_stream(request)
            .map(move |mut response| {
                span.in_scope(|| errors::finish(&mut response, service, &context, &translations));
                SentEvent::default().event("next").json_data(&response)
            });
        let complete = std::future::ready(Ok(SentEvent::default().event("complete").data("")));
        Sse::new(answers.chain(futures::stream::once(complete)))
            .keep_alive(KeepAlive::new().interval(KEEP_ALIVE))
    }

    /// What is known of the request before anyone is identified.
    fn context(&self, headers: &HeaderMap, peer: Option<IpAddr>) -> CommandContext {
        let now = self.platform.clock.now();
        let text =
            |name: header::HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
        CommandContext {
            now,
            viewer: Viewer::guest().into(),
            locale: text(header::ACCEPT_LANGUAGE).map_or(Locale::FR, Locale::negotiate),
            request_id: self.platform.entropy.uuid(now).to_string(),
            traceparent: telemetry::current_traceparent(headers),
            causation_id: None,
            address: peer,
            agent: text(header::USER_AGENT).map(|agent| agent.chars().take(300).collect()),
            entropy: self.platform.entropy.clone(),
        }
    }

    fn envelope(&self, headers: &HeaderMap) -> Option<Envelope> {
        let value = headers.get(ENVELOPE_HEADER)?.to_str().ok()?;
        Envelope::open(
            value,
            &self.platform.internal_key,
            self.platform.clock.now(),
        )
    }

    fn viewer(
        &self,
        headers: &HeaderMap,
        envelope: Option<&Envelope>,
        request: &mut Request,
    ) -> Result<Viewer, Error> {
        let Some(value) = headers.get(header::AUTHORIZATION) else {
            return Ok(Viewer::guest());
        };
        let token = value
            .to_str()
            .ok()
            .and_then(|value| value.strip_prefix("Bearer "))
            .ok_or_else(|| Error::new(crate::Code::Unauthenticated, "core-token-invalid"))?;
        let (digest, kind) = match envelope {
            Some(envelope) => (envelope.operation.clone(), Some(envelope.kind)),
            None => (
                hex::encode(Sha256::digest(request.query.as_bytes())),
                kind_of(request),
            ),
        };
        self.platform.verifier.verify(
            token.trim(),
            RequestFacts {
                operation: Some(&digest),
                kind,
                subgraph: Some(self.service),
                ..RequestFacts::default()
            },
        )
    }
}

/// Reads a request: JSON, or a form with files (GraphQL multipart request specification).
async fn receive(headers: &HeaderMap, body: Body) -> Result<Request, Error> {
    let media = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .filter(|media| media.starts_with("multipart/form-data"));
    let limit = if media.is_some() {
        MAX_UPLOAD
    } else {
        MAX_BODY
    };
    let body = axum::body::to_bytes(body, limit).await.map_err(|error| {
        let text = format!("the body does not arrive or is larger than {limit} bytes: {error}");
        Error::new(crate::Code::PayloadTooLarge, text)
    })?;
    let malformed = |error: &dyn std::fmt::Display| {
        let text = format!("the body is not a GraphQL request: {error}");
        Error::new(crate::Code::BadRequest, text)
    };
    let Some(media) = media else {
        return serde_json::from_slice(&body).map_err(|error| malformed(&error));
    };
    let options = MultipartOptions::default()
        .max_file_size(MAX_UPLOAD)
        .max_num_files(MAX_FILES);
    receive_body(Some(media), Cursor::new(body), options)
        .await
        .map_err(|error| malformed(&error))
}

/// What caches may do with an answer, if its types say anything (`#[graphql(cache_control(…))]`).
///
/// What they say of an answer that is public holds as long as it is: once somebody looked who asks it is not kept at all.
/// What they declare private is kept for the viewer alone.
fn cache_control(response: &Response, is_query: bool, consulted: bool) -> Option<HeaderValue> {
    let declared = response.cache_control;
    let value = match declared.max_age {
        _ if !is_query => return None,
        0 => return None,
        seconds if seconds < 0 || !response.errors.is_empty() => "no-store".to_owned(),
        _ if declared.public && consulted => "private, no-store".to_owned(),
        seconds if declared.public => format!("public, max-age={seconds}"),
        seconds => format!("private, max-age={seconds}"),
    };
    HeaderValue::try_from(value).ok()
}

/// How long the caller waits; none when it does not say, or says what is no number.
fn patience(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get(DEADLINE_HEADER)?.to_str().ok()?;
    Some(Duration::from_millis(text.parse().ok()?))
}

async fn within<T>(patience: Option<Duration>, future: impl Future<Output = T>) -> Option<T> {
    match patience {
        Some(patience) => tokio::time::timeout(patience, future).await.ok(),
        None => Some(future.await),
    }
}

/// The kind of the operation that would run; none when the document does not parse, which execution then says.
fn kind_of(request: &mut Request) -> Option<OperationKind> {
    let name = request.operation_name.clone();
    let document = request.parsed_query().ok()?;
    let operation = match &document.operations {
        DocumentOperations::Single(operation) => operation,
        DocumentOperations::Multiple(operations) => operations.get(name?.as_str())?,
    };
    Some(match operation.node.ty {
        OperationType::Query => OperationKind::Query,
        OperationType::Mutation => OperationKind::Mutation,
        OperationType::Subscription => OperationKind::Subscription,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn media(value: &'static str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(
            header::CONTENT_TYPE,
            header::HeaderValue::from_static(value),
        );
        headers
    }

    #[tokio::test]
    async fn requests_come_as_json_or_with_files() {
        let json = media("application/json");
        let request = receive(&json, Body::from(r#"{"query":"{ a }"}"#)).await;
        assert_eq!(request.unwrap().query, "{ a }");
        let error = receive(&json, Body::from("{")).await.unwrap_err();
        assert_eq!(error.code(), crate::Code::BadRequest);
        let error = receive(&json, Body::from(vec![b' '; MAX_BODY + 1])).await;
        assert_eq!(error.unwrap_err().code(), crate::Code::PayloadTooLarge);

        let form = media("multipart/form-data; boundary=edge");
        let part = |name: &str, content: &str| {
            format!("--edge\r\ncontent-disposition: form-data; {name}\r\n\r\n{content}\r\n")
        };
        let body = part(
            "name=\"operations\"",
            r#"{"query":"{ a }","variables":{"f":null}}"#,
        ) + &part("name=\"map\"", r#"{"0":["variables.f"]}"#)
            + &part("name=\"0\"; filename=\"a.txt\"", "text")
            + "--edge--\r\n";
        let request = receive(&form, Body::from(body)).await.unwrap();
        assert_eq!(request.uploads.len(), 1);
        assert_eq!(&request.uploads[0].content[..], b"text");
        let error = receive(&form, Body::from("--edge--\r\n")).await;
        assert_eq!(error.unwrap_err().code(), crate::Code::BadRequest);
    }

    #[tokio::test(start_paused = true)]
    async fn nothing_is_done_longer_than_the_caller_waits() {
        let said = |text: &'static str| {
            let value = header::HeaderValue::from_static(text);
            patience(&HeaderMap::from_iter([(
                header::HeaderName::from_static(DEADLINE_HEADER),
                value,
            )]))
        };
        let forever = std::future::pending::<()>;
        assert_eq!(said("250"), Some(Duration::from_millis(250)));
        assert_eq!(within(said("250"), forever()).await, None);
        assert_eq!(within(said("250"), async { 1 }).await, Some(1));
        assert_eq!(within(said("0"), forever()).await, None);
        for nonsense in ["", "-1", "soon", "1e9"] {
            assert_eq!(said(nonsense), None, "{nonsense}");
        }
        assert_eq!(
            within(patience(&HeaderMap::new()), async { 2 }).await,
            Some(2)
        );
    }
}
