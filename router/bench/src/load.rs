//! The load: some connections, each sending the next request when the answer to the one before is there.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use bytes::Bytes;
use futures::future::try_join_all;
use tokio::net::TcpStream;

use crate::histogram::Histogram;
use crate::wire::{Expect, Message, Wire, request};

/// What is sent where, and what must come back.
#[derive(Debug, Clone)]
pub struct Load {
    /// The router's address; its endpoint is `/graphql`.
    pub address: SocketAddr,
    /// The body of every request.
    pub body: Bytes,
    /// The body of every answer, byte for byte.
    pub expected: Bytes,
    /// How many connections.
    pub connections: usize,
}

/// What came of it.
#[derive(Debug, Clone, Default)]
pub struct Measured {
    /// How long requests took.
    pub latencies: Histogram,
    /// From the first request to the last answer.
    pub took: Duration,
}

impl Load {
    /// Runs the load for that long.
    ///
    /// # Errors
    /// When a connection breaks or an answer is not the expected one.
    pub async fn run(&self, duration: Duration) -> anyhow::Result<Measured> {
        let started = Instant::now();
        let end = started + duration;
        let running = (0..self.connections).map(|_| async move {
            let spawned = tokio::spawn(converse(self.clone(), end));
            spawned.await.context("a connection's task failed")?
        });
        let mut measured = Measured::default();
        for latencies in try_join_all(running).await? {
            measured.latencies.merge(&latencies);
        }
        measured.took = started.elapsed();
        Ok(measured)
    }
}

async fn converse(load: Load, end: Instant) -> anyhow::Result<Histogram> {
    let mut connection = Connection::open(load.address).await?;
    let request = connection.request(&load.body);
    let mut latencies = Histogram::default();
    let mut started = Instant::now();
    while started < end {
        let answer = connection.send(&request).await?;
        if answer.status != 200 {
            bail!("a request was answered with status {}", answer.status);
        }
        if answer.body != load.expected {
            bail!(
                "an answer of {} bytes differs from the first one of {}",
                answer.body.len(),
                load.expected.len()
            );
        }
        let ended = Instant::now();
        latencies.record(ended - started);
        started = ended;
    }
    Ok(latencies)
}

/// One kept connection to a router.
pub struct Connection {
    wire: Wire,
    address: SocketAddr,
}

impl Connection {
    /// Connects.
    ///
    /// # Errors
    /// When nobody listens.
    pub async fn open(address: SocketAddr) -> anyhow::Result<Self> {
        let wire = Wire::new(TcpStream::connect(address).await?)?;
        Ok(Self { wire, address })
    }

    /// The bytes of a GraphQL request.
    pub fn request(&self, body: &[u8]) -> Bytes {
        request(&self.address.to_string(), "/graphql", body)
    }

    /// Sends the bytes of a request and waits for the whole answer.
    ///
    /// # Errors
    /// When the connection breaks.
    pub async fn send(&mut self, request: &[u8]) -> anyhow::Result<Message<'_>> {
        self.wire.send(request).await?;
        let answer = self.wire.receive(Expect::Answer).await?;
        answer.context("the router closed the connection instead of answering")
    }

    /// Sends one GraphQL request and reads the answer, which must be data without errors.
    ///
    /// # Errors
    /// When it is not; says what it is.
    pub async fn ask(&mut self, body: &[u8]) -> anyhow::Result<Bytes> {
        let request = self.request(body);
        let answer = self.send(&request).await?;
        let status = answer.status;
        let json: serde_json::Value = serde_json::from_slice(answer.body)
            .with_context(|| format!("the answer (status {status}) is not JSON"))?;
        if status != 200 || !json["data"].is_object() || json.get("errors").is_some() {
            let shown: String = json.to_string().chars().take(500).collect();
            bail!("the answer (status {status}) is not data without errors: {shown}");
        }
        Ok(Bytes::copy_from_slice(answer.body))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use tokio::net::TcpListener;

    use super::*;
    use crate::wire::answer;

    const ANSWER: &str = r#"{"data":{"a":1}}"#;

    /// A server that answers `ANSWER` so many times, and `after` from then on.
    async fn server(times: usize, after: &'static str) -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let answered = Arc::new(AtomicUsize::new(0));
        tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let answered = answered.clone();
                tokio::spawn(async move {
                    let mut wire = Wire::new(stream).unwrap();
                    while let Ok(Some(message)) = wire.receive(Expect::Request).await {
                        assert_eq!(message.path, "/graphql");
                        let count = answered.fetch_add(1, Ordering::Relaxed);
                        let body = if count < times { ANSWER } else { after };
                        let sent = wire.send(&answer("200 OK", body.as_bytes())).await;
                        if sent.is_err() {
                            return;
                        }
                    }
                });
            }
        });
        address
    }

    fn load(address: SocketAddr) -> Load {
        Load {
            address,
            body: Bytes::from_static(b"{}"),
            expected: Bytes::from_static(ANSWER.as_bytes()),
            connections: 2,
        }
    }

    #[tokio::test]
    async fn every_answer_counts_once() {
        let address = server(usize::MAX, ANSWER).await;
        let mut connection = Connection::open(address).await.unwrap();
        assert_eq!(connection.ask(b"").await.unwrap(), ANSWER);
        let measured = load(address).run(Duration::from_millis(200)).await.unwrap();
        assert!(measured.latencies.count() >= 2);
        assert!(measured.took >= Duration::from_millis(200));
    }

    #[tokio::test]
    async fn an_answer_that_differs_ends_the_run() {
        for other in [
            r#"{"data":{"a":2}}"#,
            r#"{"data":{"a":1}"#,
            r#"{"data":{"a":1}} "#,
        ] {
            let address = server(5, other).await;
            let outcome = load(address).run(Duration::from_secs(10)).await;
            assert!(outcome.is_err(), "{other}");
        }
    }

    #[tokio::test]
    async fn the_first_answer_is_data_without_errors() {
        for bad in [
            r#"{"data":null}"#,
            r#"{"data":{},"errors":[{"message":"x"}]}"#,
            "<html>",
        ] {
            let address = server(0, bad).await;
            let mut connection = Connection::open(address).await.unwrap();
            assert!(connection.ask(b"").await.is_err(), "{bad}");
        }
    }
}
