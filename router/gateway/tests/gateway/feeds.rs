//! Subscriptions that are fed by JetStream events, on a private broker.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_nats::jetstream;
use axum::extract::Request;
use axum::middleware::map_request;
use coko_composition::{SubgraphSource, compose};
use coko_core::servers::NatsServer;
use coko_core::service::Nats;
use coko_gateway::config::{EventFieldConfig, EventSourceConfig};
use coko_gateway::{Config, Dependencies, Gateway, SupergraphSource};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::clients::{Events, Heard, Talk};
use crate::support::{Answer, books, federation_sdl, graphql_router, serve, serve_gateway};

const SDL: &str = r#"
    extend schema @link(url: "https://specs.apollo.dev/federation/v2.5", import: ["@key"])
    type Subscription { changed(id: ID): Book! }
    type Book @key(fields: "id", resolvable: false) { id: ID! }
"#;
const QUERY: &str = "subscription($id: ID) { changed(id: $id) { id title } }";

/// A gateway whose second subgraph is a stream of events.
struct Fed {
    /// Calls to the subgraph that knows the books.
    calls: Arc<AtomicUsize>,
    server: NatsServer,
    nats: Nats,
    url: String,
    client: reqwest::Client,
    _folder: TempDir,
}

async fn fed() -> Fed {
    fed_with(|_| ()).await
}

async fn fed_with(change: impl FnOnce(&mut Config)) -> Fed {
    let folder = tempfile::tempdir().unwrap();
    let server = NatsServer::start(folder.path()).await.unwrap();
    let nats = Nats::connect(&server.url(), "test", 1).await.unwrap();
    nats.jetstream
        .create_stream(jetstream::stream::Config {
            name: "SHOP".to_owned(),
            subjects: vec!["shop.>".to_owned()],
            ..Default::default()
        })
        .await
        .unwrap();
    let calls = Arc::<AtomicUsize>::default();
    let counted = calls.clone();
    let router = graphql_router(books()).layer(map_request(move |request: Request| {
        counted.fetch_add(1, Ordering::SeqCst);
        std::future::ready(request)
    }));
    let books_url = format!("{}/graphql", serve(router).await);
    let source = |name: &str, url: &str, sdl: String| SubgraphSource {
        name: name.to_owned(),
        url: url.to_owned(),
        sdl,
    };
    let sources = [
        source("books", &books_url, federation_sdl(&books())),
        source("events", "nats://events", SDL.to_owned()),
    ];
    let sdl = compose(&sources)
        .unwrap_or_else(|error| panic!("{error}"))
        .sdl;
    let mut config = Config {
        supergraph: SupergraphSource::Sdl(sdl),
        ..Config::default()
    };
    let text = |pairs: &[(&str, &str)]| -> BTreeMap<String, String> {
        pairs
            .iter()
            .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
            .collect()
    };
    let field = EventFieldConfig {
        stream: "SHOP".to_owned(),
        subject: "shop.book.*".to_owned(),
        filters: text(&[("/data/id", "{id}")]),
        entity: text(&[("id", "/data/id")]),
    };
    let fields = BTreeMap::from([("changed".to_owned(), field)]);
    config
        .subscriptions
        .sources
        .insert("events".to_owned(), EventSourceConfig { fields });
    change(&mut config);
    let gateway_nats = Nats::connect(&server.url(), "gateway", 1).await.unwrap();
    let deps = Dependencies {
        nats: Some(gateway_nats),
        ..Dependencies::default()
    };
    let gateway = Gateway::build(config, deps)
        .await
        .unwrap_or_else(|error| panic!("{error}"));
    Fed {
        calls,
        server,
        nats,
        url: serve_gateway(&gateway).await,
        client: reqwest::Client::new(),
        _folder: folder,
    }
}

impl Fed {
    /// Publishes an event about a book; answers its sequence.
    async fn publish(&self, id: &str) -> u64 {
        let event = json!({ "type": "book.updated", "data": { "id": id } });
        let acknowledged = self
            .nats
            .jetstream
            .publish("shop.book.updated", event.to_string().into())
            .await
            .unwrap();
        acknowledged.await.unwrap().sequence
    }

    async fn response(&self, variables: Value, last: Option<&str>) -> reqwest::Response {
        let mut request = self
            .client
            .post(format!("{}/graphql", self.url))
            .header("content-type", "application/json")
            .header("accept", "text/event-stream")
            .body(json!({ "query": QUERY, "variables": variables }).to_string());
        if let Some(last) = last {
            request = request.header("last-event-id", last);
        }
        request.send().await.expect("an answer")
    }

    async fn events(&self, variables: Value, last: Option<&str>) -> Events {
        Events::of(self.response(variables, last).await).await
    }
}

/// The next answer's id and title.
async fn next(events: &mut Events) -> (u64, String) {
    let sent = events.next().await.expect("an event");
    assert_eq!(sent.event, "next", "{sent:?}");
    let id = sent.id.unwrap_or_else(|| panic!("no id: {}", sent.data));
    assert_eq!(sent.data["extensions"]["eventId"], id);
    let title = sent.data["data"]["changed"]["title"].as_str();
    (
        id.parse().unwrap(),
        title.unwrap_or_else(|| panic!("{}", sent.data)).to_owned(),
    )
}

#[tokio::test]
async fn events_become_answers_with_what_other_subgraphs_know() {
    let fed = fed().await;
    fed.publish("1").await;
    let mut all = fed.events(json!({}), None).await;
    let mut one = fed.events(json!({ "id": "3" }), None).await;
    for id in ["2", "3", "9"] {
        fed.publish(id).await;
    }
    assert_eq!(next(&mut all).await, (2, "L'Enfant noir".to_owned()));
    let third = (3, "Things Fall Apart".to_owned());
    assert_eq!(next(&mut all).await, third);
    assert_eq!(next(&mut one).await, third);
    // A book that is gone meanwhile is an error in the place of its answer, and the stream goes on.
    let gone = all.answer().await;
    assert!(gone["errors"].is_array(), "{gone}");
    fed.publish("3").await;
    assert_eq!(next(&mut all).await.0, 5);
    assert_eq!(next(&mut one).await.0, 5);
}

#[tokio::test]
async fn a_returning_client_misses_nothing() {
    let fed = fed().await;
    let mut first = fed.events(json!({}), None).await;
    fed.publish("1").await;
    let (seen, _) = next(&mut first).await;
    drop(first);
    for _ in 0..20 {
        fed.publish("2").await;
    }
    // It comes back while more is published.
    let last = seen.to_string();
    let (mut second, ()) = tokio::join!(fed.events(json!({}), Some(&last)), async {
        for _ in 0..20 {
            fed.publish("3").await;
        }
    });
    fed.publish("1").await;
    for expected in seen + 1..=seen + 41 {
        assert_eq!(next(&mut second).await.0, expected);
    }

    // The same over WebSocket, where the id is among the extensions.
    let mut talk = Talk::connect(&fed.url, &[]).await.unwrap();
    talk.initialise(json!({})).await;
    let payload =
        json!({ "query": QUERY, "extensions": { "lastEventId": (seen + 39).to_string() } });
    talk.say(json!({ "id": "a", "type": "subscribe", "payload": payload }))
        .await;
    for expected in [seen + 40, seen + 41] {
        let message = talk.message().await;
        assert_eq!(
            message["payload"]["extensions"]["eventId"],
            expected.to_string(),
            "{message}"
        );
    }
}

#[tokio::test]
async fn those_who_return_together_share_what_they_missed() {
    let fed = fed().await;
    for _ in 0..30 {
        fed.publish("1").await;
    }
    // The first was away longest; the others have seen more or less of it.
    let first = fed.events(json!({}), Some("0")).await;
    let returning = (1..20).map(|seen| {
        let (fed, last) = (&fed, seen.to_string());
        async move { (seen, fed.events(json!({}), Some(&last)).await) }
    });
    let mut events = futures::future::join_all(returning).await;
    events.push((0, first));
    for (seen, events) in &mut events {
        for expected in *seen + 1..=30 {
            assert_eq!(next(events).await.0, expected);
        }
    }
    // One who comes while they are there reads on where they stopped.
    fed.publish("2").await;
    let mut late = fed.events(json!({}), Some("29")).await;
    assert_eq!(next(&mut late).await.0, 30);
    for (_, events) in &mut events {
        assert_eq!(next(events).await, (31, "L'Enfant noir".to_owned()));
    }
    assert_eq!(next(&mut late).await.0, 31);
    // Each event once for all of them, and the last one also for those who followed already.
    let calls = fed.calls.load(Ordering::SeqCst);
    assert!((31..=32).contains(&calls), "{calls}");
}

#[tokio::test]
async fn a_client_that_missed_too_much_is_told() {
    let fed = fed_with(|config| config.subscriptions.catch_up = 5).await;
    for _ in 0..10 {
        fed.publish("1").await;
    }
    let mut enough = fed.events(json!({}), Some("5")).await;
    assert_eq!(next(&mut enough).await.0, 6);
    let purged = fed.nats.jetstream.get_stream("SHOP").await.unwrap();
    purged.purge().sequence(9).await.unwrap();
    for (last, code) in [
        ("2", "HISTORY_GONE"),
        ("7", "HISTORY_GONE"),
        ("999", "HISTORY_GONE"),
        ("x", "BAD_REQUEST"),
        ("-1", "BAD_REQUEST"),
    ] {
        let answer = Answer::of(fed.response(json!({}), Some(last)).await).await;
        assert_eq!(answer.codes(), [code], "{last}");
    }
    let mut rest = fed.events(json!({}), Some("8")).await;
    assert_eq!(next(&mut rest).await.0, 9);
}

#[tokio::test]
async fn a_broker_that_is_killed_loses_nothing() {
    let mut fed = fed().await;
    let mut events = fed.events(json!({}), None).await;
    let mut talk = Talk::connect(&fed.url, &[]).await.unwrap();
    talk.initialise(json!({})).await;
    talk.subscribe("a", QUERY).await;
    fed.publish("1").await;
    assert_eq!(next(&mut events).await.0, 1);
    fed.server.kill().await;
    fed.server.restart().await.unwrap();
    let before = tokio::time::timeout(std::time::Duration::from_secs(30), async {
        while !fed.nats.is_connected() {
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
    });
    before.await.expect("the broker comes back");
    for _ in 0..10 {
        fed.publish("2").await;
    }
    for expected in 2..=11 {
        assert_eq!(next(&mut events).await.0, expected);
    }
    // What comes over WebSocket is the same, from the first it was there for.
    let mut last = 0;
    while last < 11 {
        match talk.hear().await {
            Heard::Message(message) => {
                let id = message["payload"]["extensions"]["eventId"].as_str();
                let id: u64 = id.and_then(|id| id.parse().ok()).expect("an id");
                assert!(last == 0 || id == last + 1, "{id} after {last}");
                last = id;
            }
            other => panic!("{other:?}"),
        }
    }
}
