//! Subscriptions: to how many, how long things may take, and where events come from.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Subscriptions, to clients and from sources.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct SubscriptionsConfig {
    /// Whether subscriptions are served at all. Default true.
    pub enabled: bool,
    /// Subscriptions open at once in this process. Default 50,000.
    pub max: usize,
    /// WebSocket connections open at once in this process. Default 50,000.
    pub max_connections: usize,
    /// Operations under way at once on one WebSocket connection. Default 100.
    pub max_per_connection: usize,
    /// Answers that wait for a client that reads too slowly; one more, and its subscription ends with an error. Default 64.
    pub queue: usize,
    /// Events worked on at once. Default 64.
    pub executing: usize,
    /// Milliseconds a WebSocket client has to send `connection_init`. Default 3,000.
    pub connection_init_ms: u64,
    /// Milliseconds between signs of life to clients that hear nothing else: WebSocket pings, comments, heartbeats.
    /// Default 12,000; Apollo's multipart protocol asks for no more than 5,000 and gets that.
    pub keep_alive_ms: u64,
    /// Milliseconds one message to a WebSocket client may take before the connection is given up. Default 10,000.
    pub send_ms: u64,
    /// Milliseconds between looks at whether the token of an open subscription still counts. Default 1,000.
    pub recheck_ms: u64,
    /// Attempts to open a subscription at a subgraph that cannot be reached, with a growing pause between. Default 3.
    pub attempts: u32,
    /// Events that are kept in memory per stream for subscriptions that fall behind; beyond them history is read.
    /// Default 1,024.
    pub recent_events: usize,
    /// Missed events a returning client is sent at most; one that missed more has to read anew. Default 10,000.
    pub catch_up: u64,
    /// Subgraphs that are no servers but sources of events, by their name in the supergraph.
    pub sources: BTreeMap<String, EventSourceConfig>,
}

impl Default for SubscriptionsConfig {
    fn default() -> Self {
        Self {
            enabled: true,
            max: 50_000,
            max_connections: 50_000,
            max_per_connection: 100,
            queue: 64,
            executing: 64,
            connection_init_ms: 3_000,
            keep_alive_ms: 12_000,
            send_ms: 10_000,
            recheck_ms: 1_000,
            attempts: 3,
            recent_events: 1_024,
            catch_up: 10_000,
            sources: BTreeMap::new(),
        }
    }
}

impl SubscriptionsConfig {
    /// The source that a subgraph of a supergraph is. Its URL says that it is none that is called: a server of another
    /// supergraph that happens to have the same name stays one.
    pub(crate) fn source(&self, name: &str, url: &str) -> Option<&EventSourceConfig> {
        self.sources.get(name).filter(|_| url.starts_with("nats:"))
    }

    /// What types cannot check: the setting at fault, what it is, what is expected.
    pub(super) fn fault(&self) -> Option<(&'static str, String, &'static str)> {
        let counts = [
            ("subscriptions.queue", self.queue as u64),
            ("subscriptions.executing", self.executing as u64),
            (
                "subscriptions.max_per_connection",
                self.max_per_connection as u64,
            ),
            ("subscriptions.connection_init_ms", self.connection_init_ms),
            ("subscriptions.keep_alive_ms", self.keep_alive_ms),
            ("subscriptions.send_ms", self.send_ms),
            ("subscriptions.recheck_ms", self.recheck_ms),
            ("subscriptions.attempts", u64::from(self.attempts)),
            ("subscriptions.recent_events", self.recent_events as u64),
        ];
        if let Some((setting, _)) = counts.into_iter().find(|(_, value)| *value == 0) {
            return Some((setting, "0".to_owned(), "at least 1"));
        }
        let fields = self.sources.iter().flat_map(|(source, config)| {
            config
                .fields
                .iter()
                .map(move |(name, field)| (format!("{source}.{name}"), field))
        });
        for (name, field) in fields {
            if field.stream.is_empty() || field.stream.contains(['.', '*', '>', ' ']) {
                let found = format!("{:?} for {name}", field.stream);
                return Some((
                    "subscriptions.sources.….stream",
                    found,
                    "the name of a JetStream stream",
                ));
            }
            if field.subject.is_empty() || field.subject.contains(char::is_whitespace) {
                let found = format!("{:?} for {name}", field.subject);
                return Some((
                    "subscriptions.sources.….subject",
                    found,
                    "a subject such as \"shop.order.*\"",
                ));
            }
            let pointers = field.entity.values().chain(field.filters.keys());
            for pointer in pointers {
                if !pointer.starts_with('/') {
                    let found = format!("{pointer:?} for {name}");
                    return Some((
                        "subscriptions.sources.….entity or filters",
                        found,
                        "a JSON pointer into the event, such as \"/data/id\"",
                    ));
                }
            }
            if field.entity.is_empty() {
                let found = format!("empty for {name}");
                return Some((
                    "subscriptions.sources.….entity",
                    found,
                    "where the fields of the entity's key stand in the event",
                ));
            }
        }
        None
    }
}

/// A subgraph whose `Subscription` fields are fed by JetStream events; all else is fetched by entity resolution.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct EventSourceConfig {
    /// The fields of its `Subscription` type.
    pub fields: BTreeMap<String, EventFieldConfig>,
}

/// How one `Subscription` field is fed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct EventFieldConfig {
    /// The JetStream stream: `COKO_CATALOG`.
    pub stream: String,
    /// The subject of its events; wildcards are allowed, and `{name}` as a whole token stands for the field's argument of
    /// that name (for any value when it is null).
    pub subject: String,
    /// What events must hold: JSON pointer into the event -> text, in which `{name}` stands for an argument. A filter
    /// whose argument is null lets everything pass. `{viewer.id}` is the account of whoever subscribes, so that people
    /// hear of what is theirs alone; nobody else can subscribe to such a field.
    pub filters: BTreeMap<String, String>,
    /// The entity: its field -> JSON pointer into the event. At least the fields of a key.
    pub entity: BTreeMap<String, String>,
}

/// How a subgraph's own subscriptions are reached.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum SubscriptionProtocol {
    /// Server-sent events, one request per subscription (graphql-sse's distinct connections mode).
    #[default]
    Sse,
    /// `graphql-transport-ws` over WebSocket.
    WebSocket,
}
