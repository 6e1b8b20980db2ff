//! A client of the endpoint: one kept connection, opened again when it has broken or was not used for long.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use url::Url;

use super::operations::Operation;
use crate::wire::{Expect, Wire, request_as};

/// A connection that was silent for longer may have been closed by the server.
const IDLE: Duration = Duration::from_secs(20);

/// Where requests go.
#[derive(Debug)]
pub(super) struct Endpoint {
    address: SocketAddr,
    /// As the URL has it, for the `Host` header.
    host: String,
    path: String,
}

impl Endpoint {
    /// The endpoint at `url`.
    ///
    /// # Errors
    /// When it is not plain HTTP, or its host has no address.
    pub(super) fn new(url: &Url) -> anyhow::Result<Self> {
        ensure!(
            url.scheme() == "http",
            "{url} cannot be measured: only plain HTTP is spoken"
        );
        let addresses = url
            .socket_addrs(|| None)
            .with_context(|| format!("the host of {url} is not found"))?;
        let address = addresses.into_iter().next();
        Ok(Self {
            address: address.with_context(|| format!("the host of {url} has no address"))?,
            host: url.authority().to_owned(),
            path: url.path().to_owned(),
        })
    }
}

/// One connection, which sends the next request when the answer to the one before is there.
pub(super) struct Client {
    endpoint: Arc<Endpoint>,
    /// With the moment of the newest answer. Gone while a request is under way, so that one that is given up takes its
    /// connection with it.
    wire: Option<(Wire, Instant)>,
}

impl Client {
    /// Not connected yet.
    pub(super) fn new(endpoint: &Arc<Endpoint>) -> Self {
        Self {
            endpoint: endpoint.clone(),
            wire: None,
        }
    }

    /// Sends the body of a request and has `read` look at status and body of the answer.
    ///
    /// # Errors
    /// When there is no connection or it breaks.
    pub(super) async fn post<T>(
        &mut self,
        token: Option<&str>,
        body: &[u8],
        read: impl FnOnce(u16, &[u8]) -> T,
    ) -> io::Result<T> {
        let mut wire = match self.wire.take() {
            Some((wire, used)) if used.elapsed() < IDLE => wire,
            _ => Wire::new(TcpStream::connect(self.endpoint.address).await?)?,
        };
        let (host, path) = (&self.endpoint.host, &self.endpoint.path);
        wire.send(&request_as(token, host, path, body)).await?;
        let answer = wire.receive(Expect::Answer).await?;
        let answer = answer.ok_or_else(|| io::Error::from(io::ErrorKind::UnexpectedEof))?;
        let read = read(answer.status, answer.body);
        self.wire = Some((wire, Instant::now()));
        Ok(read)
    }

    /// Runs an operation by its id, and registers it with the router where its id is not known.
    ///
    /// # Errors
    /// When the connection breaks or the answer is not JSON.
    pub(super) async fn run(
        &mut self,
        token: Option<&str>,
        operation: &Operation,
        variables: &Value,
    ) -> anyhow::Result<Value> {
        let answer = self.json(token, &operation.by_id(variables)).await?;
        let code = &answer["errors"][0]["extensions"]["code"];
        if *code != json!("PERSISTED_QUERY_NOT_FOUND") {
            return Ok(answer);
        }
        self.json(token, &operation.in_full(variables)).await
    }

    async fn json(&mut self, token: Option<&str>, body: &[u8]) -> anyhow::Result<Value> {
        let read = |status: u16, body: &[u8]| {
            let parsed = serde_json::from_slice::<Value>(body);
            parsed.with_context(|| format!("the answer (status {status}) is not JSON"))
        };
        let sent = self.post(token, body, read).await;
        sent.with_context(|| format!("the endpoint at {} does not answer", self.endpoint.address))?
    }
}
