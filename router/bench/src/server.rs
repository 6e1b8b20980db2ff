//! The subgraphs over HTTP/1.1: `POST /<name>`.

use std::convert::Infallible;
use std::sync::Arc;

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::header::{CONTENT_TYPE, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};

use crate::subgraphs::{Subgraph, Subgraphs};

/// Serves the subgraphs until the task ends.
///
/// # Errors
/// When no connection can be accepted.
pub async fn serve(listener: TcpListener) -> std::io::Result<()> {
    let subgraphs = Arc::new(Subgraphs::default());
    loop {
        let (stream, _) = listener.accept().await?;
        tokio::spawn(converse(stream, subgraphs.clone()));
    }
}

/// One connection. A router that hangs up is no error here.
async fn converse(stream: TcpStream, subgraphs: Arc<Subgraphs>) {
    let _ = stream.set_nodelay(true);
    let service = service_fn(move |request| {
        let subgraphs = subgraphs.clone();
        async move { Ok::<_, Infallible>(respond(&subgraphs, request).await) }
    });
    let _ = http1::Builder::new()
        .pipeline_flush(true)
        .serve_connection(TokioIo::new(stream), service)
        .await;
}

async fn respond(subgraphs: &Subgraphs, request: Request<Incoming>) -> Response<Full<Bytes>> {
    let name = request.uri().path().trim_matches('/');
    let Some(subgraph) = Subgraph::named(name) else {
        return refuse(StatusCode::NOT_FOUND);
    };
    let Ok(body) = request.into_body().collect().await else {
        return refuse(StatusCode::BAD_REQUEST);
    };
    let answer = subgraphs.answer(subgraph, &body.to_bytes());
    let mut response = Response::new(Full::new(answer));
    response
        .headers_mut()
        .insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

fn refuse(status: StatusCode) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::default());
    *response.status_mut() = status;
    response
}
