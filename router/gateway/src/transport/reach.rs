//! What the ways to subgraphs have in common over all supergraphs: connections, and what is remembered of each subgraph.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use coko_core::ids::Entropy;

use super::circuit::Circuit;
use super::connector::Connectors;
use super::http::Client;
use super::retry::Retries;
use crate::config::{Config, ConfigError, SubgraphConfig, TrafficConfig};

/// How subgraphs are reached, whatever the supergraph. It outlives reloads.
pub(crate) struct Reach {
    client: Client,
    /// Of subgraphs whose connections are made in another way.
    own_clients: HashMap<String, Client>,
    /// How connections are made to subgraphs with certificates of their own.
    certified: Vec<(String, Arc<Connectors>)>,
    in_process: HashMap<String, axum::Router>,
    entropy: Entropy,
    shares_tokens: bool,
    guards: Mutex<HashMap<String, Arc<Guard>>>,
}

/// What is remembered of one subgraph from call to call.
pub(super) struct Guard {
    pub(super) circuit: Option<Circuit>,
    pub(super) retries: Option<Retries>,
}

impl Reach {
    /// `shares_tokens` unless subgraphs check tokens against what only the envelope says.
    ///
    /// # Errors
    /// [`ConfigError::SubgraphTls`] when a subgraph's certificates cannot be used.
    pub(crate) fn new(
        config: &Config,
        in_process: HashMap<String, axum::Router>,
        entropy: Entropy,
        shares_tokens: bool,
    ) -> Result<Self, ConfigError> {
        let connect_timeout = Duration::from_millis(config.timeouts.connect_ms);
        let all = config.traffic.http2;
        let connectors = |name: &str, http2, tls| {
            Connectors::new(connect_timeout, http2, tls).map_err(|reason| {
                ConfigError::SubgraphTls {
                    name: name.to_owned(),
                    reason,
                }
            })
        };
        let (mut own_clients, mut certified) = (HashMap::new(), Vec::new());
        for (name, own) in &config.subgraphs {
            let http2 = own.http2.unwrap_or(all);
            if own.tls.is_none() && http2 == all {
                continue;
            }
            let connectors = connectors(name, http2, own.tls.as_ref())?;
            own_clients.insert(name.clone(), Client::new(&connectors));
            if own.tls.is_some() {
                certified.push((name.clone(), Arc::new(connectors)));
            }
        }
        Ok(Self {
            client: Client::new(&connectors("*", all, None)?),
            own_clients,
            certified,
            in_process,
            entropy,
            shares_tokens,
            guards: Mutex::default(),
        })
    }

    /// Subgraphs with certificates that may change, by name.
    pub(crate) fn certified(&self) -> &[(String, Arc<Connectors>)] {
        &self.certified
    }

    /// Whether calls with equal tokens may be shared.
    pub(super) fn shares_tokens(&self) -> bool {
        self.shares_tokens
    }

    pub(super) fn client(&self, name: &str) -> &Client {
        self.own_clients.get(name).unwrap_or(&self.client)
    }

    pub(super) fn in_process(&self, name: &str) -> Option<&axum::Router> {
        self.in_process.get(name)
    }

    /// What is remembered of a subgraph; settings do not change while the process lives.
    pub(super) fn guard(
        &self,
        name: &str,
        own: &SubgraphConfig,
        all: &TrafficConfig,
    ) -> Arc<Guard> {
        let mut guards = self.guards.lock().unwrap_or_else(PoisonError::into_inner);
        let guard = guards.entry(name.to_owned()).or_insert_with(|| {
            let circuit = own.circuit_breaker.as_ref().unwrap_or(&all.circuit_breaker);
            let retries = own.retries.as_ref().unwrap_or(&all.retries);
            Arc::new(Guard {
                circuit: Circuit::new(name, circuit),
                retries: Retries::new(retries, self.entropy.clone()),
            })
        });
        guard.clone()
    }
}
