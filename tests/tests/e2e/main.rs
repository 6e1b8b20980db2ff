//! The end-to-end journeys: real processes, real PostgreSQL, real JetStream, HTTP. One file per journey.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod architecture;
mod caching;
mod faults;
mod following;
mod gamification;
mod hostile;
mod partner;
mod purchase;
mod reader;
mod reading;
mod recommendation;
mod shopping;
mod signing_in;
mod upload;

use std::time::Duration;

/// Waits until `probe` gives something, at most half a minute.
async fn eventually<T>(what: &str, mut probe: impl AsyncFnMut() -> Option<T>) -> T {
    for _ in 0..300 {
        if let Some(found) = probe().await {
            return found;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("{what} did not come about within half a minute");
}
