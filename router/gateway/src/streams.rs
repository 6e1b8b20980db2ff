//! The answers of a subscription as an HTTP body: server-sent events (graphql-sse's distinct connections mode) and
//! Apollo's multipart subscriptions.

use std::convert::Infallible;
use std::time::Duration;

use axum::body::Body;
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Response, header};
use serde_json::json;
use tokio_util::sync::CancellationToken;

use crate::context::{ClientContext, RequestContext};
use crate::media::StreamMedia;
use crate::respond;
use crate::subscriptions::{End, Item, Subscription};

/// Apollo's clients take a connection for dead after some time without a heartbeat; its own router sends one in 5 s.
const MULTIPART_HEARTBEAT: Duration = Duration::from_secs(5);

/// A stream on the wire. The media type is the context's.
pub(crate) fn respond_stream(
    context: &RequestContext,
    subscription: Subscription,
) -> Response<Body> {
    let media = context.stream.unwrap_or(StreamMedia::EventStream);
    let keep_alive = Duration::from_millis(context.engine.config.subscriptions.keep_alive_ms);
    let writer = Writer {
        client: ClientContext::new(context, HeaderMap::new()),
        subscription,
        media,
        keep_alive: match media {
            StreamMedia::Multipart => keep_alive.min(MULTIPART_HEARTBEAT),
            _ => keep_alive,
        },
        stop: context.engine.hub.draining.clone(),
        state: State::Beginning,
    };
    let frames = futures::stream::unfold(Box::new(writer), |mut writer| async move {
        let frame = writer.frame().await?;
        Some((Ok::<_, Infallible>(frame), writer))
    });
    streamed(context, content_type(media), Body::from_stream(frames))
}

/// A body that is sent as it comes to be.
pub(crate) fn streamed(
    context: &RequestContext,
    content_type: HeaderValue,
    body: Body,
) -> Response<Body> {
    let mut response = respond::empty(context);
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, content_type);
    // Proxies that gather answers before they pass them on are asked not to.
    headers.insert(
        HeaderName::from_static("x-accel-buffering"),
        HeaderValue::from_static("no"),
    );
    *response.body_mut() = body;
    response
}

/// A single answer for a client that takes server-sent events only.
pub(crate) fn respond_once(context: &RequestContext, body: &Bytes) -> Response<Body> {
    let mut frames = next_event(body, None);
    frames.extend_from_slice(COMPLETE_EVENT);
    let mut response = respond::empty(context);
    let media = content_type(StreamMedia::EventStream);
    response.headers_mut().insert(header::CONTENT_TYPE, media);
    *response.body_mut() = Body::from(frames);
    response
}

pub(crate) fn content_type(media: StreamMedia) -> HeaderValue {
    HeaderValue::from_static(match media {
        StreamMedia::Multipart => "multipart/mixed;boundary=\"graphql\";subscriptionSpec=\"1.0\"",
        StreamMedia::EventStream | StreamMedia::WebSocket => "text/event-stream; charset=utf-8",
    })
}

pub(crate) const COMPLETE_EVENT: &[u8] = b"event: complete\ndata:\n\n";

#[derive(Clone, Copy, PartialEq)]
enum State {
    Beginning,
    Open,
    Ended,
}

struct Writer {
    client: ClientContext,
    subscription: Subscription,
    media: StreamMedia,
    keep_alive: Duration,
    stop: CancellationToken,
    state: State,
}

impl Writer {
    /// The next piece of the body; `None` after the last.
    async fn frame(&mut self) -> Option<Bytes> {
        match self.state {
            State::Ended => return None,
            State::Beginning => {
                self.state = State::Open;
                return Some(Bytes::from_static(match self.media {
                    StreamMedia::Multipart => b"\r\n--graphql".as_slice(),
                    // Something at once, so that proxies and clients see that the stream is there.
                    _ => b":\n\n",
                }));
            }
            State::Open => {}
        }
        let outcome = tokio::select! {
            biased;
            () = self.stop.cancelled() => Step::Stop,
            next = self.subscription.next() => match next {
                Ok(item) => Step::Item(item),
                Err(end) => Step::End(end),
            },
            () = tokio::time::sleep(self.keep_alive) => Step::Silence,
        };
        if !matches!(outcome, Step::Item(_) | Step::Silence) {
            self.state = State::Ended;
        }
        Some(match self.media {
            StreamMedia::Multipart => self.part(outcome),
            StreamMedia::EventStream | StreamMedia::WebSocket => self.event(outcome),
        })
    }

    fn event(&self, step: Step) -> Bytes {
        match step {
            Step::Item(item) => next_event(&item.body, item.event).into(),
            Step::Silence => Bytes::from_static(b":\n\n"),
            // Without "complete" the client knows that it should come back.
            Step::Stop => Bytes::from_static(b": the server stops; connect again\n\n"),
            Step::End(End::Complete) => Bytes::from_static(COMPLETE_EVENT),
            Step::End(End::Refused(refusal)) => {
                let body = json!({ "errors": self.client.errors(&refusal) });
                let mut frames = next_event(body.to_string().as_bytes(), None);
                frames.extend_from_slice(COMPLETE_EVENT);
                frames.into()
            }
        }
    }

    fn part(&self, step: Step) -> Bytes {
        let (content, last) = match step {
            Step::Item(item) => (
                [b"{\"payload\":".as_slice(), item.body.as_ref(), b"}"].concat(),
                false,
            ),
            Step::Silence => (b"{}".to_vec(), false),
            Step::Stop => {
                let error = json!({ "message": "The server stops; connect again.", "extensions": { "code": "DOWNSTREAM_UNAVAILABLE" } });
                let content = json!({ "payload": null, "errors": [error] });
                (content.to_string().into_bytes(), true)
            }
            Step::End(End::Complete) => return Bytes::from_static(b"--\r\n"),
            Step::End(End::Refused(refusal)) => {
                let errors = self.client.errors(&refusal);
                let content = json!({ "payload": null, "errors": errors });
                (content.to_string().into_bytes(), true)
            }
        };
        let mut part = b"\r\ncontent-type: application/json\r\n\r\n".to_vec();
        part.extend_from_slice(&content);
        // The boundary comes with the part that it ends: a client need not wait for the next one.
        part.extend_from_slice(b"\r\n--graphql");
        if last {
            part.extend_from_slice(b"--\r\n");
        }
        part.into()
    }
}

enum Step {
    Item(Item),
    Silence,
    Stop,
    End(End),
}

/// `event: next` with its data on one line: line breaks in JSON are white space, as those in strings are escaped.
pub(crate) fn next_event(body: &[u8], id: Option<u64>) -> Vec<u8> {
    let mut frame = b"event: next\n".to_vec();
    if let Some(id) = id {
        frame.extend_from_slice(format!("id: {id}\n").as_bytes());
    }
    frame.extend_from_slice(b"data: ");
    frame.extend(body.iter().map(|byte| match byte {
        b'\n' | b'\r' => b' ',
        other => *other,
    }));
    frame.extend_from_slice(b"\n\n");
    frame
}
