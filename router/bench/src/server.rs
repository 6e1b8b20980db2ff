//! The subgraphs over HTTP/1.1: `POST /<name>`.

use std::sync::Arc;

use tokio::net::{TcpListener, TcpStream};

use crate::subgraphs::{Subgraph, Subgraphs};
use crate::wire::{Expect, Wire, answer};

/// Serves the subgraphs until the task ends.
///
/// # Errors
/// When no connection can be accepted.
pub async fn serve(listener: TcpListener) -> std::io::Result<()> {
    let subgraphs = Arc::new(Subgraphs::default());
    loop {
        let (stream, _) = listener.accept().await?;
        let subgraphs = subgraphs.clone();
        tokio::spawn(async move {
            // A router that hangs up is no error here.
            let _ = converse(stream, &subgraphs).await;
        });
    }
}

/// One connection.
async fn converse(stream: TcpStream, subgraphs: &Subgraphs) -> std::io::Result<()> {
    let mut wire = Wire::new(stream)?;
    while let Some(message) = wire.receive(Expect::Request).await? {
        let subgraph = Subgraph::named(message.path.trim_matches('/'));
        let response = match subgraph {
            Some(subgraph) => subgraphs.response(subgraph, message.body),
            None => answer("404 Not Found", b"{}"),
        };
        wire.send(&response).await?;
    }
    Ok(())
}
