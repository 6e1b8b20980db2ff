//! Where a topic's events come from: a subgraph's own subscription, or a feed of JetStream events.

use std::time::Duration;

use bytes::Bytes;
use coko_core::Code;
use coko_executor::{
    OperationKind, SourceEvent, SubgraphEvents, SubgraphRequest, SubgraphTransport as _,
    SubscriptionSource, TransportError,
};
use futures::StreamExt as _;
use http::{HeaderName, HeaderValue};

use super::feed::Reader;
use super::mapping::Mapping;
use crate::config::EventFieldConfig;
use crate::context::RequestContext;
use crate::execute::headers;
use crate::plan::Planned;
use crate::refusal::{GraphQLError, Refusal};

/// The header by which a server-sent event stream is resumed.
pub(crate) const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");
/// The pause after the first failed attempt; it doubles.
const PAUSE: Duration = Duration::from_millis(200);

/// What a source is asked. Equal requests bring the same events, whatever supergraph they were planned with.
#[derive(PartialEq)]
pub(super) struct Request {
    subgraph: String,
    url: String,
    body: Bytes,
}

/// Events as they come.
pub(super) enum Events {
    Subgraph(Stream),
    Feed(Box<Reader>),
}

/// A subgraph's own stream, with what resumes it.
pub(super) struct Stream {
    events: SubgraphEvents,
    last: Option<u64>,
    /// The connection broke, and the stream has to be resumed.
    broken: bool,
}

impl Request {
    /// # Errors
    /// `BAD_REQUEST` when there is nothing to subscribe to.
    pub(super) fn of(context: &RequestContext, planned: &Planned) -> Result<Self, Refusal> {
        let source = source(planned)?;
        let entry = context.snapshot.supergraph.subgraph(source.subgraph);
        let (subgraph, url) = entry.map_or_else(Default::default, |entry| {
            (entry.name.clone(), entry.url.clone())
        });
        Ok(Self {
            subgraph,
            url,
            body: source.body,
        })
    }

    /// Asks, and returns when the source has accepted. With `resume`, events after that one are asked for.
    ///
    /// # Errors
    /// `DOWNSTREAM_UNAVAILABLE` and `TIMEOUT` when it does not.
    pub(super) async fn open(
        &self,
        context: &RequestContext,
        planned: &Planned,
        resume: Option<u64>,
    ) -> Result<Events, Refusal> {
        if let Some(mapping) = mapping(context, planned)? {
            let reader = Reader::open(context, mapping).await?;
            return Ok(Events::Feed(Box::new(reader)));
        }
        let events = connect(context, planned, resume).await?;
        Ok(Events::Subgraph(Stream {
            events,
            last: resume,
            broken: false,
        }))
    }
}

impl Events {
    /// The next event; `None` when the source has ended by itself. Nothing is lost when the future is dropped.
    ///
    /// # Errors
    /// `DOWNSTREAM_UNAVAILABLE` when the source fails, and cannot be resumed without missing something.
    pub(super) async fn next(
        &mut self,
        context: &RequestContext,
        planned: &Planned,
    ) -> Result<Option<SourceEvent>, Refusal> {
        match self {
            Self::Feed(reader) => loop {
                let Some((entity, sequence)) = reader.next().await? else {
                    return Ok(None);
                };
                if let Some(payload) = planned.plan.source_payload(&entity) {
                    return Ok(Some(SourceEvent {
                        payload,
                        id: Some(sequence),
                    }));
                }
            },
            Self::Subgraph(stream) => loop {
                if stream.broken {
                    stream.events = connect(context, planned, stream.last).await?;
                    stream.broken = false;
                }
                match stream.events.next().await {
                    None => return Ok(None),
                    Some(Ok(event)) => {
                        stream.last = event.id.or(stream.last);
                        return Ok(Some(event));
                    }
                    // A source that counts its events goes on where it was; another one might have missed some.
                    Some(Err(_)) if stream.last.is_some() => stream.broken = true,
                    Some(Err(error)) => return Err(failed(&error)),
                }
            },
        }
    }
}

/// The plan's source.
///
/// # Errors
/// `BAD_REQUEST` when `@skip` or `@include` leave nothing.
pub(super) fn source(planned: &Planned) -> Result<SubscriptionSource, Refusal> {
    planned.plan.source(&planned.variables).ok_or_else(|| {
        Refusal::graphql(vec![GraphQLError::new(
            Code::BadRequest,
            "There is nothing to subscribe to: the root field is excluded.",
        )])
    })
}

/// How events are mapped, when the source is configured to be a feed.
///
/// # Errors
/// As [`Mapping::bind`].
pub(super) fn mapping(
    context: &RequestContext,
    planned: &Planned,
) -> Result<Option<Mapping>, Refusal> {
    let source = source(planned)?;
    let snapshot = &context.snapshot;
    let Some(entry) = snapshot.supergraph.subgraph(source.subgraph) else {
        return Ok(None);
    };
    let subscriptions = &context.engine.config.subscriptions;
    let Some(config) = subscriptions.source(&entry.name, &entry.url) else {
        return Ok(None);
    };
    let field: &EventFieldConfig = config.fields.get(&source.field).ok_or_else(|| {
        Refusal::http(
            Code::Internal,
            format!("No events are configured for {}.", source.field),
        )
    })?;
    let root = snapshot.table.root(OperationKind::Subscription);
    let type_name = snapshot
        .table
        .field(root, &source.field)
        .map(|entry| entry.type_name.clone())
        .unwrap_or_default();
    Mapping::bind(field, &source.arguments, &context.viewer, type_name).map(Some)
}

async fn connect(
    context: &RequestContext,
    planned: &Planned,
    resume: Option<u64>,
) -> Result<SubgraphEvents, Refusal> {
    let source = source(planned)?;
    let mut headers = headers(context, &planned.operation);
    if let Some(id) = resume {
        headers.insert(LAST_EVENT_ID, HeaderValue::from(id));
    }
    let attempts = context.engine.config.subscriptions.attempts;
    let mut pause = PAUSE;
    let mut attempt = 1;
    loop {
        let request = SubgraphRequest {
            subgraph: source.subgraph,
            body: source.body.clone(),
            kind: OperationKind::Subscription,
            headers: &headers,
            deadline: tokio::time::Instant::now()
                + Duration::from_millis(context.engine.config.timeouts.subgraph_ms),
            files: None,
            layout: None,
        };
        match context.snapshot.transports.subscribe(request).await {
            Ok(events) => return Ok(events),
            Err(TransportError::Connect(reason)) if attempt < attempts => {
                tracing::debug!(reason, attempt, "a subgraph's subscription is tried again");
                tokio::time::sleep(pause).await;
                pause *= 2;
                attempt += 1;
            }
            Err(error) => return Err(failed(&error)),
        }
    }
}

fn failed(error: &TransportError) -> Refusal {
    tracing::warn!(%error, "a subgraph's subscription failed");
    let code = match error {
        TransportError::Timeout => Code::Timeout,
        _ => Code::DownstreamUnavailable,
    };
    Refusal::graphql(vec![GraphQLError::new(code, error.public_message())])
}
