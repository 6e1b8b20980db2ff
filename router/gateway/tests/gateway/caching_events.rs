//! What makes kept answers stale from outside: events of JetStream, and a Redis that routers share.

use std::time::Duration;

use coko_core::servers::{Durability, NatsServer, RedisServer};
use coko_core::service::Nats;
use coko_gateway::config::{EventPurge, PurgeRule};
use serde_json::json;

use crate::cached::{OPERATOR, World, stage};

/// Waits for something that another process brings about.
async fn eventually<F: Future<Output = bool>>(what: &str, mut holds: impl FnMut() -> F) {
    for _ in 0..400 {
        if holds().await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    panic!("{what} does not come about");
}

#[tokio::test(flavor = "multi_thread")]
async fn events_reach_every_router_and_what_routers_share() {
    let folder = tempfile::tempdir().unwrap();
    let redis = RedisServer::start(&folder.path().join("redis"), Durability::Throwaway)
        .await
        .unwrap();
    let mut broker = NatsServer::start(&folder.path().join("nats"))
        .await
        .unwrap();
    let nats = Nats::connect(&broker.url(), "test", 1).await.unwrap();
    eventually("the connection", || async { nats.is_connected() }).await;
    let world = World::new();
    let build = async || {
        let (bus, redis) = (
            nats.clone(),
            coko_core::redis::connect(&redis.url()).unwrap(),
        );
        stage(&world, move |config, deps| {
            config.cache.events = vec![EventPurge {
                stream: "COKO_CATALOG".to_owned(),
                event: "book.updated".to_owned(),
                purge: vec![PurgeRule::Entity {
                    type_name: "Book".to_owned(),
                    key: [("id".to_owned(), "data.book_id".to_owned())].into(),
                }],
            }];
            deps.nats = Some(bus);
            deps.redis = Some(redis);
        })
        .await
    };
    nats.ensure_stream("catalog").await.unwrap();
    let routers = [build().await, build().await];
    let query = "{ book(id: \"1\") { id title stars } }";
    let tell = async |id: &str| {
        let event = json!({ "type": "book.updated", "data": { "book_id": id } });
        let published = nats
            .jetstream
            .publish("coko.catalog.book.updated", event.to_string().into())
            .await
            .unwrap();
        published.await.unwrap();
    };
    // What one asked for the other finds in Redis, once both are done with what they missed before they were there.
    eventually("an answer of the other's", || async {
        routers[0].run(query).await;
        routers[0].world.calls() == {
            routers[1].run(query).await;
            routers[1].world.calls()
        } && routers[1].calls_of(query).await == 0
    })
    .await;
    world.rename("1", "Un chant écarlate");
    assert_eq!(routers[0].calls_of(query).await, 0);
    tell("1").await;
    for router in &routers {
        eventually("the new title", || async {
            router.run(query).await["data"]["book"]["title"] == "Un chant écarlate"
        })
        .await;
    }
    // What happens while the broker is away is heard when it is back.
    broker.kill().await;
    world.rename("1", "Une si longue lettre");
    eventually("the loss", || async { !nats.is_connected() }).await;
    broker.restart().await.unwrap();
    eventually("the connection", || async { nats.is_connected() }).await;
    tell("1").await;
    for router in &routers {
        eventually("the old title", || async {
            router.run(query).await["data"]["book"]["title"] == "Une si longue lettre"
        })
        .await;
    }
    // An operator's purge of one router is everyone's.
    world.rename("1", "Lettre");
    assert_eq!(
        routers[0].purge(OPERATOR, json!({ "type": "Book" })).await,
        200
    );
    for router in &routers {
        eventually("the shortened title", || async {
            router.run(query).await["data"]["book"]["title"] == "Lettre"
        })
        .await;
    }
    broker.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_kept_before_the_broker_was_reached_is_dropped() {
    let folder = tempfile::tempdir().unwrap();
    let mut broker = NatsServer::start(&folder.path().join("nats"))
        .await
        .unwrap();
    let nats = Nats::connect(&broker.url(), "test", 1).await.unwrap();
    eventually("the connection", || async { nats.is_connected() }).await;
    nats.ensure_stream("catalog").await.unwrap();
    broker.kill().await;
    eventually("the loss", || async { !nats.is_connected() }).await;
    let world = World::new();
    let bus = nats.clone();
    let router = stage(&world, move |config, deps| {
        config.cache.events = vec![EventPurge {
            stream: "COKO_CATALOG".to_owned(),
            event: "book.updated".to_owned(),
            purge: vec![PurgeRule::Type("Book".to_owned())],
        }];
        deps.nats = Some(bus);
    })
    .await;
    let query = "{ book(id: \"1\") { id title } }";
    router.run(query).await;
    assert_eq!(router.calls_of(query).await, 0);
    // The event of this came before the place where the router begins to follow, and will never be heard.
    world.rename("1", "Un chant écarlate");
    broker.restart().await.unwrap();
    eventually("the new title", || async {
        router.run(query).await["data"]["book"]["title"] == "Un chant écarlate"
    })
    .await;
    broker.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn redis_may_come_and_go() {
    let folder = tempfile::tempdir().unwrap();
    let mut redis = RedisServer::start(&folder.path().join("redis"), Durability::Throwaway)
        .await
        .unwrap();
    let world = World::new();
    let url = redis.url();
    let build = async || {
        let redis = coko_core::redis::connect(&url).unwrap();
        stage(&world, move |_, deps| deps.redis = Some(redis)).await
    };
    let first = build().await;
    let query = "{ book(id: \"1\") { id title } }";
    let second = build().await;
    eventually("an answer of the other's", || async {
        first.run(query).await;
        second
            .purge(OPERATOR, json!({ "field": "Query.books" }))
            .await;
        second.calls_of(query).await == 0
    })
    .await;
    redis.kill().await;
    assert_eq!(
        first.run(query).await["data"]["book"]["title"],
        "Une si longue lettre"
    );
    // This purge does not reach Redis, so nothing in it counts for this router until everything in it is purged.
    world.rename("1", "Lettre");
    first.purge(OPERATOR, json!({ "type": "Book" })).await;
    assert_eq!(first.run(query).await["data"]["book"]["title"], "Lettre");
    redis.restart().await.unwrap();
    first.purge(OPERATOR, json!({ "type": "Book" })).await;
    assert_eq!(first.run(query).await["data"]["book"]["title"], "Lettre");
    redis.stop().await;
}
