//! Quotas over several routers, with a real Redis that goes away and comes back.

use std::time::Duration;

use coko_core::clock::Clock;
use coko_core::rate_limit::{Quota, RateLimiter};
use coko_core::redis;
use coko_core::servers::{Durability, Program, RedisServer, find};
use serde_json::Value;

use crate::support::{Shape, Stack, stack_with};

async fn router(url: &str) -> Stack {
    let client = redis::connect(url).unwrap();
    stack_with(Shape::OverHttp, |config, deps| {
        config.rate_limits.guest = Some(Quota::new(6, Duration::from_secs(3600)));
        deps.limiter = Some(RateLimiter::new(Clock::system(), Some(client)));
    })
    .await
}

async fn health(stack: &Stack) -> String {
    let response = stack.client.get(format!("{}/health", stack.url)).send();
    let response = response.await.unwrap();
    assert_eq!(response.status(), 200);
    let health: Value = response.json().await.unwrap();
    health["rateLimits"].as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn routers_share_quotas_and_go_on_without_redis() {
    if find(Program::Redis).is_none() {
        println!("skipped: Redis is not installed");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let mut server = RedisServer::start(folder.path(), Durability::Throwaway)
        .await
        .unwrap();
    let routers = [router(&server.url()).await, router(&server.url()).await];
    // The first commands wait for the connection; until it is there each router would count for itself.
    for stack in &routers {
        for _ in 0..200 {
            let answer = stack.run("{ mood }").await;
            if answer.status == 429 || health(stack).await == "ok" {
                break;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
    let mut served = 0;
    for turn in 0..20 {
        let answer = routers[turn % 2].run("{ mood }").await;
        match answer.status {
            200 => served += 1,
            status => assert_eq!((status, answer.codes()), (429, vec!["RATE_LIMITED"])),
        }
    }
    assert!(served <= 4, "both together served {served} more");
    for stack in &routers {
        assert_eq!(stack.run("{ mood }").await.status, 429);
        assert_eq!(health(stack).await, "ok");
    }
    // Without Redis each counts for itself, serves, and says so.
    server.stop().await;
    for stack in &routers {
        assert_eq!(stack.run("{ mood }").await.status, 200);
        assert!(health(stack).await.contains("Redis does not answer"));
        let mut refused = false;
        for _ in 0..10 {
            refused |= stack.run("{ mood }").await.status == 429;
        }
        assert!(refused, "it counts by itself");
    }
}

#[tokio::test]
async fn a_limited_caller_costs_nothing() {
    use std::sync::atomic::Ordering;
    let stack = stack_with(Shape::OverHttp, |config, _| {
        config.rate_limits.guest = Some(Quota::new(1, Duration::from_secs(3600)));
    })
    .await;
    assert_eq!(stack.run("{ mood }").await.status, 200);
    // Not even what cannot be parsed is looked at any more.
    for query in ["{ mood }", "{ mood", "{ unknown }"] {
        let answer = stack.run(query).await;
        assert_eq!((answer.status, answer.codes()), (429, vec!["RATE_LIMITED"]));
    }
    assert_eq!(stack.rogue.calls.load(Ordering::SeqCst), 1);
}
