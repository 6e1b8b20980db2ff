//! The gateway as a program of its own, without the rest of the platform: quick to build, for profiling and measuring.
//!
//! `router SUPERGRAPH ADDRESS [CONFIG]`: a supergraph's file, where to listen, and the router's section as JSON.

use std::net::SocketAddr;
use std::path::PathBuf;

use coko_core::lifecycle::Shutdown;
use coko_core::listen;
use coko_core::telemetry::{self, TelemetryConfig};
use coko_gateway::{Dependencies, Gateway, SupergraphSource, config::Config};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let (Some(supergraph), Some(address)) = (arguments.next(), arguments.next()) else {
        return Err("usage: router SUPERGRAPH ADDRESS [CONFIG]".into());
    };
    let mut config: Config = match arguments.next() {
        Some(file) => serde_json::from_slice(&std::fs::read(file)?)?,
        None => Config::default(),
    };
    config.supergraph = SupergraphSource::File(PathBuf::from(supergraph));
    config.listen = address.parse::<SocketAddr>()?;
    let _telemetry = telemetry::init(&TelemetryConfig::default(), "router")?;
    let shutdown = Shutdown::new();
    let listener = tokio::net::TcpListener::bind(config.listen).await?;
    let gateway = Gateway::build(config, Dependencies::default()).await?;
    let listening = gateway.listening()?;
    let front = gateway.front(gateway.router());
    listen::serve(listener, front, listening, shutdown.token()).await?;
    Ok(())
}
