//! How a process listens: HTTP/1.1 and HTTP/2 on one port, with or without TLS, bounded in what strangers can hold.
//!
//! Over TLS the protocol is agreed by ALPN; without, a client that begins with HTTP/2's preface gets HTTP/2.

mod config;
mod tls;

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::body::Body;
use axum::extract::{ConnectInfo, Request};
use axum::response::Response;
use hyper::body::Incoming;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;
use tower::Service;

pub use self::config::{ConnectionsConfig, TlsConfig, TlsVersion};
pub use self::tls::{Tls, TlsError};

/// How one listener treats connections. The default is plain HTTP within default bounds.
#[derive(Clone, Debug, Default)]
pub struct Listening {
    /// What connections may take.
    pub connections: ConnectionsConfig,
    /// TLS, where it ends here.
    pub tls: Option<Tls>,
}

/// Serves `service`, an [`axum::Router`] most often, on a listener that is already bound, until the stop; requests in flight
/// are finished.
///
/// # Errors
/// When the listener fails.
pub async fn serve<S>(
    listener: TcpListener,
    service: S,
    listening: Listening,
    stop: CancellationToken,
) -> std::io::Result<()>
where
    S: Answering,
    S::Future: Send,
{
    let room = Arc::new(Semaphore::new(listening.connections.max));
    let graceful = GracefulShutdown::new();
    let server = Arc::new(Server {
        protocol: protocol(&listening.connections),
        patience: Duration::from_millis(listening.connections.head_ms),
        service,
        tls: listening.tls.clone(),
    });
    let reading = listening.tls.map(|tls| tokio::spawn(tls.keep_reading()));
    while let Some(permit) = stop.run_until_cancelled(room.clone().acquire_owned()).await {
        let Some(accepted) = stop.run_until_cancelled(listener.accept()).await else {
            break;
        };
        let (stream, peer) = match accepted {
            Ok(accepted) => accepted,
            Err(error) if concerns_one(&error) => continue,
            Err(error) => {
                // Out of descriptors, most likely: others will be closed soon.
                tracing::error!(%error, "no connection can be accepted for a moment");
                tokio::time::sleep(Duration::from_millis(200)).await;
                continue;
            }
        };
        let (server, watcher) = (server.clone(), graceful.watcher());
        tokio::spawn(async move {
            server.connection(stream, peer, watcher).await;
            drop(permit);
        });
    }
    drop(listener);
    if let Some(reading) = reading {
        reading.abort();
    }
    graceful.shutdown().await;
    Ok(())
}

/// Whether an error of accepting is that of the one who connected.
fn concerns_one(error: &std::io::Error) -> bool {
    matches!(
        error.kind(),
        std::io::ErrorKind::ConnectionRefused
            | std::io::ErrorKind::ConnectionAborted
            | std::io::ErrorKind::ConnectionReset
    )
}

fn protocol(config: &ConnectionsConfig) -> Builder<TokioExecutor> {
    let mut builder = Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(Duration::from_millis(config.head_ms))
        .max_headers(config.headers)
        .max_buf_size(config.head_bytes);
    builder
        .http2()
        .timer(TokioTimer::new())
        .keep_alive_interval(Duration::from_secs(20))
        .keep_alive_timeout(Duration::from_secs(20))
        .max_concurrent_streams(config.streams)
        .max_header_list_size(u32::try_from(config.head_bytes).unwrap_or(u32::MAX));
    builder
}

/// What answers every request.
pub trait Answering:
    Service<Request, Response = Response<Body>, Error = Infallible> + Clone + Send + Sync + 'static
{
}

impl<S> Answering for S where
    S: Service<Request, Response = Response<Body>, Error = Infallible>
        + Clone
        + Send
        + Sync
        + 'static
{
}

struct Server<S> {
    protocol: Builder<TokioExecutor>,
    patience: Duration,
    service: S,
    tls: Option<Tls>,
}

impl<S> Server<S>
where
    S: Answering,
    S::Future: Send,
{
    async fn connection(&self, stream: TcpStream, peer: SocketAddr, watcher: Watcher) {
        // A small answer must not wait for the next segment's acknowledgement.
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "TCP_NODELAY could not be set");
        }
        match &self.tls {
            None => {
                self.converse(stream, peer, watcher, self.protocol.clone())
                    .await;
            }
            // By itself, so that plain connections do not take the memory of those over TLS.
            Some(tls) => Box::pin(self.secure(tls, stream, peer, watcher)).await,
        }
    }

    async fn secure(&self, tls: &Tls, stream: TcpStream, peer: SocketAddr, watcher: Watcher) {
        let handshake = TlsAcceptor::from(tls.current()).accept(stream);
        match tokio::time::timeout(self.patience, handshake).await {
            Ok(Ok(stream)) => {
                let protocol = match stream.get_ref().1.alpn_protocol() {
                    Some(b"h2") => self.protocol.clone().http2_only(),
                    _ => self.protocol.clone().http1_only(),
                };
                self.converse(stream, peer, watcher, protocol).await;
            }
            Ok(Err(error)) => tracing::debug!(%peer, %error, "a TLS handshake failed"),
            Err(_) => tracing::debug!(%peer, "a TLS handshake took too long"),
        }
    }

    /// Answers the requests of one connection.
    async fn converse(
        &self,
        stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
        peer: SocketAddr,
        watcher: Watcher,
        protocol: Builder<TokioExecutor>,
    ) {
        let spoke = Arc::new(AtomicBool::new(false));
        let (answering, noted) = (self.service.clone(), spoke.clone());
        let service = hyper::service::service_fn(move |request: Request<Incoming>| {
            noted.store(true, Ordering::Relaxed);
            let mut request = request.map(Body::new);
            request.extensions_mut().insert(ConnectInfo(peer));
            answering.clone().call(request)
        });
        let connection = protocol.serve_connection_with_upgrades(TokioIo::new(stream), service);
        let connection = watcher.watch(connection.into_owned());
        tokio::pin!(connection);
        let silence = async {
            // Until the first request it is not known which protocol's own time-outs apply.
            tokio::time::sleep(self.patience).await;
            if spoke.load(Ordering::Relaxed) {
                std::future::pending::<()>().await;
            }
        };
        tokio::select! {
            outcome = &mut connection => {
                if let Err(error) = outcome {
                    tracing::debug!(%peer, %error, "a connection ended");
                }
            }
            () = silence => tracing::debug!(%peer, "a connection said nothing in time"),
        }
    }
}
