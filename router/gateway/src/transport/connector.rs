//! How connections to subgraphs are made: in which version of HTTP, whom they trust and what they show. Certificates are
//! read again when their files change, and hold for the connections made from then on.

use std::path::PathBuf;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use arc_swap::ArcSwap;
use http::Uri;
use hyper_rustls::builderstates::WantsProtocols1;
use hyper_rustls::{
    FixedServerNameResolver, HttpsConnector, HttpsConnectorBuilder, MaybeHttpsStream,
};
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tower::ServiceExt as _;
use tower::util::Oneshot;

use super::tls::ClientTls;
use crate::config::{Http2, SubgraphTls};

type Https = HttpsConnector<HttpConnector>;

/// Makes connections as is right when they are made.
#[derive(Clone)]
pub(crate) struct Connector(Arc<ArcSwap<Https>>);

impl Connector {
    fn new(connector: Https) -> Self {
        Self(Arc::new(ArcSwap::from_pointee(connector)))
    }
}

impl tower::Service<Uri> for Connector {
    type Response = MaybeHttpsStream<TokioIo<TcpStream>>;
    type Error = <Https as tower::Service<Uri>>::Error;
    type Future = Oneshot<Https, Uri>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        self.0.load().as_ref().clone().oneshot(uri)
    }
}

/// The connectors to one subgraph, or to all that have no settings of their own.
pub(crate) struct Connectors {
    connect_timeout: Duration,
    http2: Http2,
    tls: Option<SubgraphTls>,
    /// Of a pool of connections.
    pub(super) pooled: Connector,
    /// Of connections that become something else: they begin as HTTP/1.1, and no other version may be negotiated.
    pub(super) upgrading: Connector,
}

impl Connectors {
    /// Connections are made within `connect_timeout`; they trust the public authorities unless `tls` has others.
    ///
    /// # Errors
    /// Names the file at fault and says why.
    pub(super) fn new(
        connect_timeout: Duration,
        http2: Http2,
        tls: Option<&SubgraphTls>,
    ) -> Result<Self, String> {
        let [pooled, upgrading] = build(connect_timeout, http2, tls)?;
        Ok(Self {
            connect_timeout,
            http2,
            tls: tls.cloned(),
            pooled: Connector::new(pooled),
            upgrading: Connector::new(upgrading),
        })
    }

    pub(super) fn connect_timeout(&self) -> Duration {
        self.connect_timeout
    }

    pub(super) fn http2(&self) -> Http2 {
        self.http2
    }

    /// The files that [`Self::renew`] reads.
    pub(crate) fn files(&self) -> Vec<PathBuf> {
        let files = |tls: &SubgraphTls| {
            let files = [&tls.authorities, &tls.certificate, &tls.key];
            files.into_iter().flatten().cloned().collect()
        };
        self.tls.as_ref().map(files).unwrap_or_default()
    }

    /// Reads the files again. Where they cannot be used, what was read before stays: a key is replaced a moment before or
    /// after its certificate.
    ///
    /// # Errors
    /// Names the file at fault and says why.
    pub(crate) fn renew(&self) -> Result<(), String> {
        let [pooled, upgrading] = build(self.connect_timeout, self.http2, self.tls.as_ref())?;
        self.pooled.0.store(Arc::new(pooled));
        self.upgrading.0.store(Arc::new(upgrading));
        Ok(())
    }
}

/// A connector for pools, and one for connections that are upgraded.
fn build(
    connect_timeout: Duration,
    http2: Http2,
    tls: Option<&SubgraphTls>,
) -> Result<[Https; 2], String> {
    let mut plain = HttpConnector::new();
    plain.enforce_http(false);
    // A small request must not wait for the acknowledgement of the segment before it.
    plain.set_nodelay(true);
    plain.set_keepalive(Some(Duration::from_secs(60)));
    plain.set_connect_timeout(Some(connect_timeout));
    let tls = tls.map(ClientTls::load).transpose()?;
    let builder = secured(tls.clone());
    let pooled = match http2 {
        Http2::Never => builder.enable_http1().wrap_connector(plain.clone()),
        Http2::Negotiated => builder.enable_all_versions().wrap_connector(plain.clone()),
        Http2::PriorKnowledge => builder.enable_http2().wrap_connector(plain.clone()),
    };
    let upgrading = secured(tls).enable_http1().wrap_connector(plain);
    Ok([pooled, upgrading])
}

fn secured(tls: Option<ClientTls>) -> HttpsConnectorBuilder<WantsProtocols1> {
    let builder = HttpsConnectorBuilder::new();
    match tls {
        None => builder.with_webpki_roots().https_or_http(),
        Some(ClientTls {
            config,
            server_name: None,
        }) => builder.with_tls_config(config).https_or_http(),
        Some(ClientTls {
            config,
            server_name: Some(name),
        }) => builder
            .with_tls_config(config)
            .https_or_http()
            .with_server_name_resolver(FixedServerNameResolver::new(name)),
    }
}
