//! Layer 1: equal queries to a subgraph that are under way at the same time are sent once.
//!
//! Followers wait for the leader's call and share its answer, bytes and all, or its failure at once. A leader whose client
//! went away does not take the call with it while others wait.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use coko_executor::{SubgraphReply, TransportError};
use http::HeaderMap;
use tokio::time::Instant;

use super::multipart::Payload;
use super::route::Route;
use crate::flights::{Flights, Role};

/// What calls to one subgraph are equal in: for whom, and the request's bytes. Bytes are compared, never digests.
type Key = (Bytes, Bytes);

/// The calls to one subgraph that are under way.
pub(super) struct Deduplication {
    flights: Flights<Key, Result<SubgraphReply, TransportError>>,
    /// How long a call may take.
    timeout: Duration,
    name: String,
}

impl Deduplication {
    pub(super) fn new(name: &str, timeout: Duration) -> Self {
        Self {
            flights: Flights::default(),
            timeout,
            name: name.to_owned(),
        }
    }

    /// Joins an equal query, or sends it.
    pub(super) async fn query(
        &self,
        route: &Arc<Route>,
        scope: Bytes,
        payload: Payload,
        headers: &HeaderMap,
        deadline: Instant,
    ) -> Result<SubgraphReply, TransportError> {
        let until = deadline.min(Instant::now() + self.timeout);
        let key = (scope, payload.body.clone());
        let (flight, role) = self.flights.join(key, until, || {
            let (route, headers) = (route.clone(), headers.clone());
            async move { route.query(payload, &headers, deadline).await }
        });
        if role == Role::Follower {
            metrics::counter!("router_subgraph_deduplicated_total", "subgraph" => self.name.clone())
                .increment(1);
        }
        tokio::time::timeout_at(deadline, flight)
            .await
            .unwrap_or(Err(TransportError::Timeout))
    }

    /// After a change was sent, whoever asks gets what is read after it.
    pub(super) fn note_change(&self) {
        self.flights.close();
    }
}
