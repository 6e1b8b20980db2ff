//! A live subgraph and the clients who follow it: it sends numbers that rise by one, so that a client knows what it missed.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use anyhow::{Context as _, bail};
use coko_composition::SubgraphSource;
use futures::{SinkExt as _, StreamExt as _};
use serde::Serialize;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, broadcast};
use tokio::task::JoinSet;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::http;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;

const QUERY: &str =
    "subscription Ticks($follower: Int) { tick(follower: $follower) { number text } }";
/// Connections that are being opened at once.
const OPENING: usize = 64;

/// How clients subscribe.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, clap::ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum Protocol {
    /// `graphql-transport-ws`.
    WebSocket,
    /// graphql-sse, distinct connections.
    Sse,
}

/// The subgraph: the number of the newest tick goes to all who follow.
#[derive(Clone)]
pub(crate) struct Ticks {
    newest: broadcast::Sender<usize>,
    followers: Arc<AtomicUsize>,
    url: Arc<str>,
}

impl Ticks {
    /// Serves it until the runtime ends.
    ///
    /// # Errors
    /// When there is no port.
    pub(crate) async fn begin() -> anyhow::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let ticks = Self {
            newest: broadcast::Sender::new(64),
            followers: Arc::default(),
            url: format!("http://{}/graphql", listener.local_addr()?).into(),
        };
        tokio::spawn(serve(listener, ticks.clone()));
        Ok(ticks)
    }

    /// As composition takes it. Every revision but 0 has a field that no other has and nobody asks for.
    pub(crate) fn source(&self, revision: usize) -> SubgraphSource {
        let more = match revision {
            0 => String::new(),
            revision => format!(" revision{revision}: Int"),
        };
        SubgraphSource {
            name: "live".to_owned(),
            url: self.url.to_string(),
            sdl: format!(
                "extend schema @link(url: \"https://specs.apollo.dev/federation/v2.3\") \
                 type Subscription {{ tick(follower: Int): Tick! }} type Tick {{ number: Int! text: String!{more} }}"
            ),
        }
    }

    /// Sends a tick to all who follow.
    pub(crate) fn send(&self, number: usize) {
        // That nobody follows yet is no fault.
        let _ = self.newest.send(number);
    }

    /// How many have asked for ticks so far.
    pub(crate) fn sources(&self) -> usize {
        self.followers.load(Ordering::SeqCst)
    }
}

/// The live subgraph: whatever it is asked, it answers with ticks.
async fn serve(listener: TcpListener, ticks: Ticks) -> std::io::Result<()> {
    loop {
        let (stream, _) = listener.accept().await?;
        let _ = stream.set_nodelay(true);
        tokio::spawn(respond(stream, ticks.clone()));
    }
}

/// One request, whose answer ends with the connection.
async fn respond(mut stream: TcpStream, ticks: Ticks) -> std::io::Result<()> {
    let mut request = vec![0; 8192];
    // The router sends a small request at once; what it holds does not matter.
    if stream.read(&mut request).await? == 0 {
        return Ok(());
    }
    ticks.followers.fetch_add(1, Ordering::SeqCst);
    let mut numbers = ticks.newest.subscribe();
    let head = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n";
    stream.write_all(head.as_bytes()).await?;
    while let Ok(number) = numbers.recv().await {
        let event = format!(
            "event: next\ndata: {{\"data\":{{\"tick\":{{\"number\":{number},\"text\":\"the hour of the tick\"}}}}}}\n\n"
        );
        stream.write_all(event.as_bytes()).await?;
    }
    Ok(())
}

/// Clients who follow, each with a connection of its own; dropping them hangs up.
pub(crate) struct Followers(JoinSet<anyhow::Result<()>>);

impl Followers {
    /// Opens them all: each with its protocol, what it follows, and what hears the numbers. One that does not like what it
    /// hears ends.
    ///
    /// # Errors
    /// When the router refuses one.
    pub(crate) async fn open<H>(
        address: SocketAddr,
        followers: impl IntoIterator<Item = (Protocol, usize, H)>,
    ) -> anyhow::Result<Self>
    where
        H: FnMut(usize) -> anyhow::Result<()> + Send + 'static,
    {
        let mut clients = Self(JoinSet::new());
        let opening = Arc::new(Semaphore::new(OPENING));
        let opened = Arc::new(AtomicUsize::new(0));
        for (protocol, follower, hear) in followers {
            let (opening, opened) = (opening.clone(), opened.clone());
            clients.0.spawn(async move {
                let place = opening.acquire_owned().await?;
                let ready = move || {
                    opened.fetch_add(1, Ordering::SeqCst);
                    drop(place);
                };
                match protocol {
                    Protocol::WebSocket => follow_socket(address, follower, ready, hear).await,
                    Protocol::Sse => follow_events(address, follower, ready, hear).await,
                }
            });
        }
        let count = clients.0.len();
        while opened.load(Ordering::SeqCst) < count {
            clients.check()?;
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        Ok(clients)
    }

    /// Sees that all of them still follow.
    ///
    /// # Errors
    /// Why one does not.
    pub(crate) fn check(&mut self) -> anyhow::Result<()> {
        let Some(ended) = self.0.try_join_next() else {
            return Ok(());
        };
        ended?.context("a client's subscription was refused or cut")?;
        bail!("a client's subscription ended")
    }
}

/// The number in an answer.
fn number(text: &str) -> Option<usize> {
    let (_, rest) = text.split_once("\"number\":")?;
    let end = rest.find(|c: char| !c.is_ascii_digit())?;
    rest[..end].parse().ok()
}

async fn follow_socket(
    address: SocketAddr,
    follower: usize,
    ready: impl FnOnce(),
    mut hear: impl FnMut(usize) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    let mut request = format!("ws://{address}/graphql").into_client_request()?;
    request.headers_mut().insert(
        http::header::SEC_WEBSOCKET_PROTOCOL,
        http::HeaderValue::from_static("graphql-transport-ws"),
    );
    let config = WebSocketConfig::default()
        .read_buffer_size(1024)
        .write_buffer_size(0);
    let connecting = tokio_tungstenite::client_async_with_config(request, stream, Some(config));
    let (mut socket, _) = connecting.await?;
    let payload = serde_json::json!({ "query": QUERY, "variables": { "follower": follower } });
    let subscribe = serde_json::json!({ "id": "1", "type": "subscribe", "payload": payload });
    socket
        .send(Message::text(r#"{"type":"connection_init"}"#))
        .await?;
    socket.send(Message::text(subscribe.to_string())).await?;
    socket.send(Message::text(r#"{"type":"ping"}"#)).await?;
    let mut ready = Some(ready);
    while let Some(message) = socket.next().await {
        let Message::Text(text) = message? else {
            continue;
        };
        let text = text.as_str();
        if text.contains("\"pong\"") {
            if let Some(ready) = ready.take() {
                ready();
            }
        } else if text.contains("\"error\"") {
            bail!("{text}");
        } else if let Some(number) = number(text) {
            hear(number)?;
        }
    }
    bail!("the router closed the connection")
}

async fn follow_events(
    address: SocketAddr,
    follower: usize,
    ready: impl FnOnce(),
    mut hear: impl FnMut(usize) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let mut stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    let body =
        serde_json::json!({ "query": QUERY, "variables": { "follower": follower } }).to_string();
    let request = format!(
        "POST /graphql HTTP/1.1\r\nhost: {address}\r\ncontent-type: application/json\r\n\
         accept: text/event-stream\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(request.as_bytes()).await?;
    let mut ready = Some(ready);
    let mut buffer = Vec::new();
    loop {
        if stream.read_buf(&mut buffer).await? == 0 {
            bail!("the router closed the connection");
        }
        // Events and the head of the answer end with an empty line.
        while let Some(end) = buffer.windows(2).position(|pair| pair == b"\n\n") {
            let event = String::from_utf8_lossy(&buffer[..end]).into_owned();
            buffer.drain(..end + 2);
            if event.contains("HTTP/1.1") && !event.contains("HTTP/1.1 200") {
                bail!("{event}");
            }
            if let Some(ready) = ready.take() {
                ready();
            }
            if let Some(number) = number(&event) {
                hear(number)?;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_number_of_a_tick_is_read_wherever_it_stands() {
        let text =
            r#"{"id":"1","type":"next","payload":{"data":{"tick":{"number":207,"text":"x"}}}}"#;
        assert_eq!(number(text), Some(207));
        assert_eq!(number(":"), None);
    }
}
