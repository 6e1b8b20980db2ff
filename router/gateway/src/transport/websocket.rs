//! Subscriptions of subgraphs over WebSocket (`graphql-transport-ws`), a connection each.

use std::borrow::Cow;
use std::time::Duration;

use bytes::Bytes;
use coko_executor::{SourceEvent, SubgraphEvents, TransportError};
use futures::{SinkExt as _, StreamExt as _};
use http::{HeaderMap, HeaderValue, Uri, header};
use hyper_rustls::MaybeHttpsStream;
use hyper_util::rt::TokioIo;
use serde::Deserialize;
use serde_json::json;
use serde_json::value::RawValue;
use tokio::net::TcpStream;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tower::ServiceExt as _;

use super::http::Client;

type Socket = WebSocketStream<TokioIo<MaybeHttpsStream<TokioIo<TcpStream>>>>;

/// The only subscription of its connection.
const ID: &str = "1";
/// A subgraph that says nothing, not even when it is asked for a sign of life, is taken for gone.
const SILENCE: Duration = Duration::from_secs(30);

/// Where a subgraph's subscriptions are reached.
pub(super) struct WebSocketEndpoint {
    /// With the scheme that a connection is made for: `http` or `https`.
    uri: Uri,
    client: Client,
}

/// What the subgraph says; the payload is taken as it is.
#[derive(Deserialize)]
struct ServerMessage<'a> {
    #[serde(rename = "type", borrow)]
    kind: Cow<'a, str>,
    #[serde(borrow)]
    payload: Option<&'a RawValue>,
}

impl WebSocketEndpoint {
    /// Checks the URL; `http` and `https` stand for `ws` and `wss`.
    ///
    /// # Errors
    /// Says what is wrong with it.
    pub(super) fn new(url: &str, client: Client) -> Result<Self, String> {
        let url = match url.split_once("://") {
            Some(("ws", rest)) => format!("http://{rest}"),
            Some(("wss", rest)) => format!("https://{rest}"),
            _ => url.to_owned(),
        };
        let uri: Uri = url.parse().map_err(|error| format!("{error}"))?;
        match uri.scheme_str() {
            Some("http" | "https") if uri.authority().is_some() => Ok(Self { uri, client }),
            _ => Err("expected ws://host/path, wss://host/path, http:// or https://".to_owned()),
        }
    }

    /// Connects, initialises and subscribes.
    pub(super) async fn subscribe(
        &self,
        body: Bytes,
        headers: &HeaderMap,
        cap: usize,
    ) -> Result<SubgraphEvents, TransportError> {
        let connector = self.client.upgrading.clone();
        let stream = connector
            .oneshot(self.uri.clone())
            .await
            .map_err(|error| TransportError::Connect(error.to_string()))?;
        // Only the handshake asks for the scheme of WebSocket; what lies under it is settled.
        let address = self.uri.to_string().replacen("http", "ws", 1);
        let mut request = address
            .into_client_request()
            .map_err(|error| TransportError::Other(error.to_string()))?;
        for (name, value) in headers {
            request.headers_mut().insert(name, value.clone());
        }
        request.headers_mut().insert(
            header::SEC_WEBSOCKET_PROTOCOL,
            HeaderValue::from_static("graphql-transport-ws"),
        );
        let config = WebSocketConfig::default()
            .read_buffer_size(8 * 1024)
            .write_buffer_size(0)
            .max_message_size(Some(cap))
            .max_frame_size(Some(cap));
        let stream = TokioIo::new(stream);
        let connecting = tokio_tungstenite::client_async_with_config(request, stream, Some(config));
        let (mut socket, _) = connecting
            .await
            .map_err(|error| TransportError::Other(error.to_string()))?;
        initialise(&mut socket, headers).await?;
        // The body is JSON as it is.
        let payload = String::from_utf8_lossy(&body);
        let subscribe = format!(r#"{{"id":"{ID}","type":"subscribe","payload":{payload}}}"#);
        send(&mut socket, subscribe).await?;
        let events = futures::stream::unfold((socket, false), |(mut socket, ended)| async move {
            if ended {
                return None;
            }
            let event = match next(&mut socket).await {
                Ok(Said::Next(payload)) => return Some((Ok(event(payload)), (socket, false))),
                Ok(Said::Error(payload)) => Ok(event(payload)),
                Ok(Said::Complete) => return None,
                Err(error) => Err(error),
            };
            Some((event, (socket, true)))
        });
        Ok(events.boxed())
    }
}

fn event(payload: Bytes) -> SourceEvent {
    SourceEvent { payload, id: None }
}

async fn send(socket: &mut Socket, text: String) -> Result<(), TransportError> {
    socket
        .send(Message::text(text))
        .await
        .map_err(|error| TransportError::Other(error.to_string()))
}

/// The token goes into the payload as well: many servers look for it there only.
async fn initialise(socket: &mut Socket, headers: &HeaderMap) -> Result<(), TransportError> {
    let token = headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok());
    let init = match token {
        Some(token) => {
            json!({ "type": "connection_init", "payload": { "Authorization": token } })
        }
        None => json!({ "type": "connection_init" }),
    };
    send(socket, init.to_string()).await?;
    loop {
        let text = receive(socket).await?;
        let message = read(&text)?;
        match message.kind.as_ref() {
            "connection_ack" => return Ok(()),
            "ping" => send(socket, r#"{"type":"pong"}"#.to_owned()).await?,
            "pong" => {}
            _ => return Err(unexpected(&message.kind)),
        }
    }
}

enum Said {
    Next(Bytes),
    Error(Bytes),
    Complete,
}

async fn next(socket: &mut Socket) -> Result<Said, TransportError> {
    loop {
        let text = receive(socket).await?;
        let message = read(&text)?;
        let payload = message.payload.map_or("null", RawValue::get);
        match message.kind.as_ref() {
            "next" => return Ok(Said::Next(Bytes::copy_from_slice(payload.as_bytes()))),
            "error" => return Ok(Said::Error(format!("{{\"errors\":{payload}}}").into())),
            "complete" => return Ok(Said::Complete),
            "ping" => send(socket, r#"{"type":"pong"}"#.to_owned()).await?,
            "pong" => {}
            _ => return Err(unexpected(&message.kind)),
        }
    }
}

fn read(text: &str) -> Result<ServerMessage<'_>, TransportError> {
    serde_json::from_str(text).map_err(|error| {
        TransportError::NotGraphQL(format!("a message that is not the protocol's ({error})"))
    })
}

fn unexpected(kind: &str) -> TransportError {
    let kind: String = kind.chars().take(40).collect();
    TransportError::NotGraphQL(format!("the message {kind:?}"))
}

/// The next text. A subgraph that has been silent is asked for a sign of life.
async fn receive(socket: &mut Socket) -> Result<String, TransportError> {
    let mut asked = false;
    loop {
        let message = match tokio::time::timeout(SILENCE, socket.next()).await {
            Ok(message) => message,
            Err(_) if asked => return Err(TransportError::Timeout),
            Err(_) => {
                asked = true;
                let ping = socket.send(Message::Ping(Bytes::new())).await;
                ping.map_err(|error| TransportError::Other(error.to_string()))?;
                continue;
            }
        };
        asked = false;
        match message {
            Some(Ok(Message::Text(text))) => return Ok(text.as_str().to_owned()),
            Some(Ok(Message::Close(frame))) => {
                let reason = frame.map_or_else(String::new, |frame| {
                    format!(" ({} {})", u16::from(frame.code), frame.reason)
                });
                let reason = format!("it closed the connection{reason}");
                return Err(TransportError::Other(reason));
            }
            Some(Ok(_)) => {}
            Some(Err(error)) => return Err(TransportError::Other(error.to_string())),
            None => {
                return Err(TransportError::Other("the connection ended".to_owned()));
            }
        }
    }
}
