//! Stage 1: from an HTTP request to GraphQL operations (GraphQL over HTTP, section 5).

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::ConnectInfo;
use bytes::Bytes;
use coko_core::identity::Viewer;
use coko_core::locale::Locale;
use coko_core::{Code, telemetry};
use futures::{Stream, StreamExt as _};
use http::request::Parts;
use http::{HeaderMap, HeaderName, Method, StatusCode, header};
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use serde::Deserialize;
use serde_json::{Map, Value};
use tokio::time::Instant;

use crate::config::Audience;
use crate::context::{Glance, RequestContext};
use crate::engine::Engine;
use crate::headers::{CLIENT_NAMES, FORWARDED_FOR, REQUEST_ID};
use crate::media;
use crate::persisted::Document;
use crate::refusal::Refusal;
use crate::uploads::{Uploads, receive_multipart};

/// The id in `GET /graphql/<id>`, put among the request's extensions by the router.
#[derive(Clone, Debug)]
pub(crate) struct PathId(pub(crate) String);

/// One GraphQL request, not yet looked into.
#[derive(Clone, Debug, Default)]
pub(crate) struct Operation {
    /// The document, when it was sent.
    pub(crate) document: Option<Document>,
    /// The id or hash of a persisted document.
    pub(crate) id: Option<String>,
    pub(crate) name: Option<String>,
    pub(crate) variables: Map<String, Value>,
    /// The files among the variables.
    pub(crate) uploads: Option<Uploads>,
    /// The last event a returning subscriber has seen (`extensions.lastEventId`, `Last-Event-ID`).
    pub(crate) last_event_id: Option<String>,
}

/// What an HTTP request holds.
#[derive(Debug)]
#[expect(
    clippy::large_enum_variant,
    reason = "there is one per request, and an allocation would cost more than the move"
)]
pub(crate) enum Received {
    One(Operation),
    Batch(Vec<Operation>),
}

/// Begins a request's context. Its media type is JSON where nothing acceptable can be answered, for saying so.
pub(crate) fn open(
    engine: &Arc<Engine>,
    parts: &mut Parts,
    started: Instant,
) -> (RequestContext, Result<(), Refusal>) {
    let kept = Arc::new(std::mem::take(&mut parts.headers));
    let headers = &*kept;
    let now = engine.clock.now();
    let negotiated = media::negotiate(headers);
    let text = |name: &HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    let request_id = text(&REQUEST_ID)
        .filter(|id| {
            (1..=128).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_graphic())
        })
        .map_or_else(|| engine.entropy.uuid(now).to_string(), str::to_owned);
    let traceparent =
        telemetry::current_traceparent(headers).unwrap_or_else(|| engine.new_traceparent());
    let claimed_client = CLIENT_NAMES.iter().find_map(text);
    let explain = engine.config.plan_audience() != Audience::Nobody
        && parts.uri.query().is_some_and(|query| {
            url::form_urlencoded::parse(query.as_bytes())
                .any(|pair| pair == ("plan".into(), "1".into()))
        });
    let mut patience = engine.config.timeouts.request_ms;
    if engine.config.uploads.enabled && media::is_form(headers) {
        patience = patience.saturating_add(engine.config.uploads.timeout_ms);
    }
    let context = RequestContext {
        engine: engine.clone(),
        snapshot: engine.snapshot(),
        request_id: request_id.into(),
        deadline: started + Duration::from_millis(patience),
        method: parts.method.clone(),
        media: negotiated
            .as_ref()
            .map_or(media::Media::Json, |picked| picked.media),
        stream: negotiated.as_ref().ok().and_then(|picked| picked.stream),
        stream_only: negotiated.as_ref().is_ok_and(|picked| picked.stream_only),
        incremental: engine.config.incremental
            && negotiated.as_ref().is_ok_and(|picked| picked.incremental),
        locale: text(&header::ACCEPT_LANGUAGE).map_or(Locale::EN, Locale::negotiate),
        address: address(engine, headers, &parts.extensions),
        traceparent: traceparent.into(),
        claimed_client: claimed_client.map(Into::into),
        viewer: Arc::new(Viewer::guest()),
        glance: Glance::default(),
        explain,
        headers: kept,
    };
    (context, negotiated.map(drop))
}

/// Notes that the request is there: what its files took to arrive is not the operation's time.
pub(crate) fn arrived(context: &mut RequestContext) {
    if media::is_form(&context.headers) {
        let patience = Duration::from_millis(context.engine.config.timeouts.request_ms);
        context.deadline = context.deadline.min(Instant::now() + patience);
    }
}

fn address(engine: &Engine, headers: &HeaderMap, extensions: &http::Extensions) -> Option<IpAddr> {
    if engine.config.trust_forwarded_for
        && let Some(address) = forwarded_for(headers)
    {
        return Some(address);
    }
    extensions
        .get::<ConnectInfo<SocketAddr>>()
        .map(|ConnectInfo(peer)| peer.ip())
}

/// The last entry, which is the one that the trusted proxy itself saw. A proxy adds it to the last line or as a line of its
/// own; whatever comes before is the client's to choose. Some write the port as well.
fn forwarded_for(headers: &HeaderMap) -> Option<IpAddr> {
    let last = headers.get_all(FORWARDED_FOR).iter().next_back()?;
    let entry = last.to_str().ok()?.rsplit(',').next()?.trim();
    let bare = entry.trim_matches(['[', ']']);
    bare.parse()
        .ok()
        .or_else(|| entry.parse().ok().map(|address: SocketAddr| address.ip()))
}

/// Decodes the request.
///
/// # Errors
/// 400 for what is malformed, 405, 408, 413 and 415 as HTTP has them.
pub(crate) async fn receive(
    context: &RequestContext,
    parts: &Parts,
    body: Body,
) -> Result<Received, Refusal> {
    let path_id = parts
        .extensions
        .get::<PathId>()
        .map(|PathId(id)| id.clone());
    match context.method {
        Method::GET => {
            decode_query(parts.uri.query().unwrap_or_default(), path_id).map(Received::One)
        }
        Method::POST if path_id.is_some() => Err(Refusal::method(
            "GET",
            "A persisted document's address takes GET.",
        )),
        Method::POST => {
            if let Some(boundary) = media::boundary(&context.headers)
                && context.engine.config.uploads.enabled
            {
                return Box::pin(receive_multipart(context, boundary, body)).await;
            }
            media::check_content_type(&context.headers)?;
            let bytes = read_body(context, &context.headers, body).await?;
            decode_body(context, &bytes)
        }
        _ => Err(Refusal::method(
            "GET, POST",
            "The GraphQL endpoint takes GET and POST.",
        )),
    }
}

async fn read_body(
    context: &RequestContext,
    headers: &HeaderMap,
    body: Body,
) -> Result<Bytes, Refusal> {
    let limit = context.engine.config.limits.body_bytes;
    let announced = headers
        .get(header::CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok()?.parse::<usize>().ok());
    if announced.is_some_and(|length| length > limit) {
        drain(body.into_data_stream()).await;
        return Err(too_large(limit));
    }
    let patience = Duration::from_millis(context.engine.config.timeouts.body_ms);
    match tokio::time::timeout(patience, Limited::new(body, limit).collect()).await {
        Ok(Ok(collected)) => Ok(collected.to_bytes()),
        Ok(Err(error)) if error.is::<LengthLimitError>() => Err(too_large(limit)),
        Ok(Err(error)) => Err(Refusal::http(
            Code::BadRequest,
            format!("The body could not be read: {error}"),
        )),
        Err(_) => Err(Refusal::http_with(
            StatusCode::REQUEST_TIMEOUT,
            Code::Timeout,
            "The body did not arrive in time.",
        )),
    }
}

/// Reads on for a moment without keeping anything: many clients look for an answer only once they have sent their body.
pub(crate) async fn drain<E>(mut body: impl Stream<Item = Result<Bytes, E>> + Unpin) {
    const MOST: usize = 256 << 20;
    let reading = async {
        let mut read = 0;
        while let Some(Ok(chunk)) = body.next().await {
            read += chunk.len();
            if read > MOST {
                break;
            }
        }
    };
    let _ = tokio::time::timeout(Duration::from_secs(2), reading).await;
}

pub(crate) fn too_large(limit: usize) -> Refusal {
    Refusal::http(
        Code::PayloadTooLarge,
        format!("The body is larger than the {limit} bytes accepted."),
    )
}

/// The members of a request's JSON (section 5.1); those unknown are ignored.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Members {
    query: Option<String>,
    operation_name: Option<String>,
    variables: Option<Map<String, Value>>,
    extensions: Option<Extensions>,
    document_id: Option<String>,
    id: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Extensions {
    persisted_query: Option<PersistedQuery>,
    last_event_id: Option<EventId>,
}

/// Event ids are text; a client that keeps them as numbers is understood too.
#[derive(Deserialize)]
#[serde(untagged)]
enum EventId {
    Text(String),
    Number(u64),
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct PersistedQuery {
    sha256_hash: String,
}

impl TryFrom<Members> for Operation {
    type Error = Refusal;

    fn try_from(members: Members) -> Result<Self, Refusal> {
        let (persisted, last_event_id) = members.extensions.map_or((None, None), |extensions| {
            (extensions.persisted_query, extensions.last_event_id)
        });
        let hash = persisted.map(|persisted| persisted.sha256_hash);
        let id = hash
            .or(members.document_id)
            .or(members.id)
            .filter(|id| !id.is_empty());
        let text = members.query.filter(|text| !text.is_empty());
        if text.is_none() && id.is_none() {
            return Err(malformed(
                "there is no document: send \"query\", \"documentId\" or \"extensions.persistedQuery\"",
            ));
        }
        Ok(Self {
            document: text.map(Document::new),
            id,
            name: members.operation_name.filter(|name| !name.is_empty()),
            variables: members.variables.unwrap_or_default(),
            uploads: None,
            last_event_id: last_event_id.map(|id| match id {
                EventId::Text(text) => text,
                EventId::Number(number) => number.to_string(),
            }),
        })
    }
}

/// One operation from the JSON of a WebSocket message.
///
/// # Errors
/// `BAD_REQUEST` saying what is malformed.
pub(crate) fn decode_operation(value: Value) -> Result<Operation, Refusal> {
    let members: Members = serde_json::from_value(value).map_err(malformed)?;
    Operation::try_from(members)
}

pub(crate) fn malformed(reason: impl std::fmt::Display) -> Refusal {
    Refusal::http(
        Code::BadRequest,
        format!("The request is malformed: {reason}."),
    )
}

/// One operation or a batch in JSON.
pub(crate) fn decode_body(context: &RequestContext, bytes: &[u8]) -> Result<Received, Refusal> {
    let is_batch = bytes.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'[');
    if !is_batch {
        let members: Members = serde_json::from_slice(bytes).map_err(malformed)?;
        return Operation::try_from(members).map(Received::One);
    }
    let batching = &context.engine.config.batching;
    if !batching.enabled {
        return Err(malformed(
            "several operations in one request are not accepted",
        ));
    }
    let batch: Vec<Members> = serde_json::from_slice(bytes).map_err(malformed)?;
    if batch.is_empty() || batch.len() > batching.max {
        return Err(malformed(format!(
            "{} operations in one request; 1 to {} are accepted",
            batch.len(),
            batching.max
        )));
    }
    batch
        .into_iter()
        .map(Operation::try_from)
        .collect::<Result<_, _>>()
        .map(Received::Batch)
}

fn decode_query(query: &str, path_id: Option<String>) -> Result<Operation, Refusal> {
    let is_path = path_id.is_some();
    let mut members = Members {
        query: None,
        operation_name: None,
        variables: None,
        extensions: None,
        document_id: path_id,
        id: None,
    };
    for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
        match name.as_ref() {
            "query" => members.query = Some(value.into_owned()),
            "operationName" => members.operation_name = Some(value.into_owned()),
            "documentId" if !is_path => {
                members.document_id = Some(value.into_owned());
            }
            "id" => members.id = Some(value.into_owned()),
            "variables" if !value.is_empty() => {
                members.variables = serde_json::from_str(&value)
                    .map_err(|error| malformed(format!("variables: {error}")))?;
            }
            "extensions" if !value.is_empty() => {
                members.extensions = serde_json::from_str(&value)
                    .map_err(|error| malformed(format!("extensions: {error}")))?;
            }
            _ => {}
        }
    }
    let names_another = members.query.is_some()
        || members.id.is_some()
        || members
            .extensions
            .as_ref()
            .is_some_and(|extensions| extensions.persisted_query.is_some());
    // What may be asked without more ado is settled by the path: it must be what is run.
    if is_path && names_another {
        return Err(malformed(
            "the address names the document; leave \"query\", \"id\" and \"persistedQuery\" out",
        ));
    }
    Operation::try_from(members)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn get_parameters_are_decoded() {
        let operation = decode_query(
            "query=%7Ba%7D&operationName=A&variables=%7B%22x%22%3A1%7D",
            None,
        )
        .unwrap();
        assert_eq!(
            operation.document.as_ref().map(|document| &*document.text),
            Some("{a}")
        );
        assert_eq!(operation.name.as_deref(), Some("A"));
        assert_eq!(operation.variables["x"], 1);
        let persisted = decode_query(
            "extensions=%7B%22persistedQuery%22%3A%7B%22sha256Hash%22%3A%22ab%22%7D%7D",
            None,
        )
        .unwrap();
        assert_eq!(persisted.id.as_deref(), Some("ab"));
        assert_eq!(
            decode_query("variables=%7B%7D", Some("x".into()))
                .unwrap()
                .id
                .as_deref(),
            Some("x")
        );
        assert_eq!(
            decode_query("documentId=y", Some("x".into()))
                .unwrap()
                .id
                .as_deref(),
            Some("x")
        );
        for another in [
            "query=%7Ba%7D",
            "query=",
            "id=y",
            "extensions=%7B%22persistedQuery%22%3A%7B%22sha256Hash%22%3A%22ab%22%7D%7D",
        ] {
            let refused = decode_query(another, Some("x".into())).unwrap_err();
            assert_eq!(refused.code(), Code::BadRequest, "{another}");
        }
        for bad in [
            "",
            "variables=1&query=a",
            "variables=%7B&query=a",
            "extensions=%5B%5D&query=a",
        ] {
            assert_eq!(
                decode_query(bad, None).unwrap_err().code(),
                Code::BadRequest,
                "{bad}"
            );
        }
    }

    #[test]
    fn the_last_proxy_says_who_asks() {
        let of = |lines: &[&'static str]| {
            let lines = lines
                .iter()
                .map(|line| ("x-forwarded-for".parse().unwrap(), line.parse().unwrap()));
            forwarded_for(&lines.collect()).map(|address| address.to_string())
        };
        assert_eq!(of(&["192.0.2.1"]).as_deref(), Some("192.0.2.1"));
        assert_eq!(of(&["1.1.1.1, 192.0.2.1"]).as_deref(), Some("192.0.2.1"));
        assert_eq!(of(&["1.1.1.1", "192.0.2.1"]).as_deref(), Some("192.0.2.1"));
        assert_eq!(of(&["192.0.2.1:4711"]).as_deref(), Some("192.0.2.1"));
        assert_eq!(of(&["2001:db8::1"]).as_deref(), Some("2001:db8::1"));
        assert_eq!(of(&["[2001:db8::1]"]).as_deref(), Some("2001:db8::1"));
        assert_eq!(of(&["[2001:db8::1]:80"]).as_deref(), Some("2001:db8::1"));
        assert_eq!(of(&["192.0.2.1, unknown"]), None);
        assert_eq!(of(&[]), None);
    }

    #[test]
    fn members_have_types() {
        for bad in [
            r#"{"query":1}"#,
            r#"{"query":"{a}","variables":[]}"#,
            r#"{"query":"{a}","variables":"x"}"#,
            r#"{"query":"{a}","operationName":7}"#,
            r#"{"query":"{a}","extensions":"x"}"#,
            "",
            "null",
        ] {
            assert!(serde_json::from_str::<Members>(bad).is_err(), "{bad}");
        }
        let nulls =
            r#"{"query":"{a}","variables":null,"operationName":null,"extensions":null,"other":1}"#;
        assert!(Operation::try_from(serde_json::from_str::<Members>(nulls).unwrap()).is_ok());
    }
}
