//! Many open subscriptions: what each takes of the router's memory, and how soon one event has reached all of them.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use coko_composition::{SubgraphSource, compose};
use futures::{SinkExt as _, StreamExt as _};
use serde::Serialize;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, broadcast};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::http;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;

use crate::cores::Cores;
use crate::router::{CommandLine, Router};
use crate::subgraphs;

const SDL: &str = "extend schema @link(url: \"https://specs.apollo.dev/federation/v2.3\") type Subscription { tick(follower: Int): Tick! } type Tick { number: Int! text: String! }";
const QUERY: &str =
    "subscription Ticks($follower: Int) { tick(follower: $follower) { number text } }";
/// Connections that are being opened at once.
const OPENING: usize = 64;
/// How long all of them may take to hear of one event.
const PATIENCE: Duration = Duration::from_secs(60);

/// How clients subscribe.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, clap::ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum Protocol {
    /// `graphql-transport-ws`.
    WebSocket,
    /// graphql-sse, distinct connections.
    Sse,
}

/// What is opened.
#[derive(Debug, Clone)]
pub struct Crowd {
    /// How many clients, each with a connection of its own.
    pub clients: usize,
    /// How they subscribe.
    pub protocol: Protocol,
    /// Whether no two ask for the same, so that each has a source and an execution of its own.
    pub distinct: bool,
}

/// What was measured.
#[derive(Debug, Serialize)]
pub struct Figures {
    /// How they subscribed.
    pub protocol: Protocol,
    /// How many there were.
    pub clients: usize,
    /// Sources that the router opened for them.
    pub sources: usize,
    /// Resident bytes of the router before.
    pub before: u64,
    /// Resident bytes with all of them open and silent.
    pub open: u64,
    /// Resident bytes per client, open and silent.
    pub per_client: u64,
    /// Resident bytes per client after some events.
    pub per_client_after_events: u64,
    /// From an event's sending until the last client has read it, milliseconds; the median of five.
    pub fan_out_ms: f64,
    /// The slowest of the five.
    pub slowest_fan_out_ms: f64,
}

/// The subgraph's side: the number of the newest tick goes to all who follow.
#[derive(Clone)]
struct Ticks {
    ticks: broadcast::Sender<usize>,
    followers: Arc<AtomicUsize>,
}

/// How many clients have heard of each tick.
struct Heard(Vec<AtomicUsize>);

impl Heard {
    fn note(&self, number: usize) {
        if let Some(count) = self.0.get(number) {
            count.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn of(&self, number: usize) -> usize {
        self.0[number].load(Ordering::Relaxed)
    }
}

/// Ticks before it is clear that everyone follows.
const FIRST_MEASURED: usize = 200;
const MEASURED: usize = 5;

impl Crowd {
    /// Starts a router, opens everything, and measures.
    ///
    /// # Errors
    /// When the router does not start, refuses a client, or an event does not reach everyone.
    pub async fn measure(&self, line: &CommandLine, cores: &Cores) -> anyhow::Result<Figures> {
        let folder = tempfile::tempdir()?;
        let ticks = Ticks {
            ticks: broadcast::Sender::new(64),
            followers: Arc::default(),
        };
        let router = start(line, folder.path(), &ticks, cores).await?;
        // What the first clients make the router allocate once is not theirs.
        let heard = Arc::new(Heard(
            (0..FIRST_MEASURED + MEASURED)
                .map(|_| AtomicUsize::new(0))
                .collect(),
        ));
        let warm = self.open(32, &router, &Arc::new(Heard(Vec::new()))).await?;
        drop(warm);
        tokio::time::sleep(Duration::from_secs(1)).await;
        let before = router.memory()?;
        let clients = self.open(self.clients, &router, &heard).await?;
        tokio::time::sleep(Duration::from_secs(1)).await;
        let open = router.memory()?;

        let mut number = 0;
        while heard.of(number) < self.clients {
            number += 1;
            if number == FIRST_MEASURED {
                bail!(
                    "only {} of {} clients follow",
                    heard.of(number - 1),
                    self.clients
                );
            }
            let _ = ticks.ticks.send(number);
            let waited = Instant::now();
            while heard.of(number) < self.clients && waited.elapsed() < Duration::from_secs(2) {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        }
        let mut times = Vec::with_capacity(MEASURED);
        for number in FIRST_MEASURED..FIRST_MEASURED + MEASURED {
            tokio::time::sleep(Duration::from_millis(300)).await;
            let sent = Instant::now();
            let _ = ticks.ticks.send(number);
            while heard.of(number) < self.clients {
                if sent.elapsed() > PATIENCE {
                    bail!(
                        "an event reached {} of {} clients",
                        heard.of(number),
                        self.clients
                    );
                }
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
            times.push(sent.elapsed().as_secs_f64() * 1000.0);
        }
        times.sort_by(f64::total_cmp);
        let after = router.memory()?;
        let share = |bytes: u64| bytes.saturating_sub(before) / self.clients.max(1) as u64;
        let figures = Figures {
            protocol: self.protocol,
            clients: self.clients,
            sources: ticks.followers.load(Ordering::SeqCst),
            before,
            open,
            per_client: share(open),
            per_client_after_events: share(after),
            fan_out_ms: times[MEASURED / 2],
            slowest_fan_out_ms: times[MEASURED - 1],
        };
        drop(clients);
        router.stop().await?;
        Ok(figures)
    }

    async fn open(
        &self,
        count: usize,
        router: &Router,
        heard: &Arc<Heard>,
    ) -> anyhow::Result<tokio::task::JoinSet<anyhow::Result<()>>> {
        let mut clients = tokio::task::JoinSet::new();
        let opening = Arc::new(Semaphore::new(OPENING));
        let opened = Arc::new(AtomicUsize::new(0));
        for follower in 0..count {
            let (address, heard) = (router.address, heard.clone());
            let (opening, opened) = (opening.clone(), opened.clone());
            let follower = if self.distinct { follower } else { 0 };
            let protocol = self.protocol;
            clients.spawn(async move {
                let place = opening.acquire_owned().await?;
                let ready = move || {
                    opened.fetch_add(1, Ordering::SeqCst);
                    drop(place);
                };
                match protocol {
                    Protocol::WebSocket => follow_socket(address, follower, ready, &heard).await,
                    Protocol::Sse => follow_events(address, follower, ready, &heard).await,
                }
            });
        }
        while opened.load(Ordering::SeqCst) < count {
            if let Some(ended) = clients.try_join_next() {
                ended?.context("a client's subscription was refused or cut")?;
                bail!("a client's subscription ended");
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        Ok(clients)
    }
}

async fn start(
    line: &CommandLine,
    folder: &Path,
    ticks: &Ticks,
    cores: &Cores,
) -> anyhow::Result<Router> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let live = format!("http://{}/graphql", listener.local_addr()?);
    tokio::spawn(serve(listener, ticks.clone()));
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let base = format!("http://{}", listener.local_addr()?);
    tokio::spawn(crate::server::serve(listener));
    let mut sources = subgraphs::sources(&base).to_vec();
    sources.push(SubgraphSource {
        name: "live".to_owned(),
        url: live,
        sdl: SDL.to_owned(),
    });
    let supergraph = folder.join("supergraph.graphql");
    std::fs::write(&supergraph, compose(&sources)?.sdl)?;
    Router::start(line, &supergraph, folder, cores).await
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
    let mut numbers = ticks.ticks.subscribe();
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
    heard: &Heard,
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
            heard.note(number);
        }
    }
    bail!("the router closed the connection")
}

async fn follow_events(
    address: SocketAddr,
    follower: usize,
    ready: impl FnOnce(),
    heard: &Heard,
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
                heard.note(number);
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
