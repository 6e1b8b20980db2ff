//! The load: some connections, each sending the next request when the answer to the one before is there.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use bytes::Bytes;
use futures::future::try_join_all;
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::header::{ACCEPT, CONTENT_TYPE, HOST, HeaderValue};
use hyper::{Method, Request, Response, StatusCode, Uri};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use crate::histogram::Histogram;

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
    let mut latencies = Histogram::default();
    loop {
        let started = Instant::now();
        if started >= end {
            return Ok(latencies);
        }
        let response = connection.send(load.body.clone()).await?;
        if response.status() != StatusCode::OK {
            bail!("a request was answered with status {}", response.status());
        }
        compare(response, &load.expected).await?;
        latencies.record(started.elapsed());
    }
}

/// Compares an answer with the expected one as it comes in; keeping it would cost more than the load itself.
async fn compare(response: Response<Incoming>, expected: &[u8]) -> anyhow::Result<()> {
    let mut body = response.into_body();
    let mut rest = expected;
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame?.into_data() else {
            continue;
        };
        rest = rest
            .strip_prefix(&data[..])
            .context("an answer differs from the first one")?;
    }
    if !rest.is_empty() {
        bail!("an answer is {} bytes shorter than the first", rest.len());
    }
    Ok(())
}

/// One kept connection to a router.
pub struct Connection {
    sender: SendRequest<Full<Bytes>>,
    host: HeaderValue,
}

impl Connection {
    /// Connects.
    ///
    /// # Errors
    /// When nobody listens.
    pub async fn open(address: SocketAddr) -> anyhow::Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        let (sender, connection) = handshake(TokioIo::new(stream)).await?;
        // Its end shows in the sender.
        tokio::spawn(connection);
        Ok(Self {
            sender,
            host: HeaderValue::from_str(&address.to_string())?,
        })
    }

    /// Sends one GraphQL request.
    ///
    /// # Errors
    /// When the connection breaks.
    pub async fn send(&mut self, body: Bytes) -> anyhow::Result<Response<Incoming>> {
        let mut request = Request::new(Full::new(body));
        *request.method_mut() = Method::POST;
        *request.uri_mut() = Uri::from_static("/graphql");
        let headers = request.headers_mut();
        let json = HeaderValue::from_static("application/json");
        headers.insert(HOST, self.host.clone());
        headers.insert(CONTENT_TYPE, json.clone());
        headers.insert(ACCEPT, json);
        self.sender.ready().await?;
        Ok(self.sender.send_request(request).await?)
    }

    /// Sends one GraphQL request and reads the answer, which must be data without errors.
    ///
    /// # Errors
    /// When it is not; says what it is.
    pub async fn ask(&mut self, body: Bytes) -> anyhow::Result<Bytes> {
        let response = self.send(body).await?;
        let status = response.status();
        let answer = response.into_body().collect().await?.to_bytes();
        let json: serde_json::Value = serde_json::from_slice(&answer)
            .with_context(|| format!("the answer (status {status}) is not JSON"))?;
        if status != StatusCode::OK || !json["data"].is_object() || json.get("errors").is_some() {
            let shown: String = json.to_string().chars().take(500).collect();
            bail!("the answer (status {status}) is not data without errors: {shown}");
        }
        Ok(answer)
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use hyper::server::conn::http1;
    use hyper::service::service_fn;
    use tokio::net::TcpListener;

    use super::*;

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
                let service = service_fn(move |request: Request<Incoming>| {
                    let count = answered.fetch_add(1, Ordering::Relaxed);
                    async move {
                        assert_eq!(request.uri().path(), "/graphql");
                        request.into_body().collect().await.unwrap();
                        let body = if count < times { ANSWER } else { after };
                        Ok::<_, Infallible>(Response::new(Full::new(Bytes::from(body))))
                    }
                });
                tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
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
        assert_eq!(connection.ask(Bytes::new()).await.unwrap(), ANSWER);
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
            assert!(connection.ask(Bytes::new()).await.is_err(), "{bad}");
        }
    }
}
