//! Rate limits and cache on a real Redis, and without it.

use std::time::Duration;

use coko_core::cache::Cache;
use coko_core::clock::Clock;
use coko_core::ids::Entropy;
use coko_core::rate_limit::{Quota, RateLimiter};
use coko_core::redis;
use coko_core::service::{Bus, Recording};

fn url() -> Option<String> {
    #[expect(
        clippy::disallowed_methods,
        reason = "tests have no configuration but this variable"
    )]
    let url = std::env::var("COKO_TEST_REDIS_URL").ok();
    if url.is_none() {
        println!("skipped: Redis is not installed (COKO_TEST_REDIS_URL is not set)");
    }
    url
}

#[tokio::test(flavor = "multi_thread")]
async fn two_processes_share_one_quota() {
    let Some(url) = url() else { return };
    let limiters = [0, 1].map(|_| RateLimiter::new(Clock::system(), redis::connect(&url).ok()));
    let key = Entropy::system().token();
    let quota = Quota::new(10, Duration::from_secs(3600));
    let mut permitted = 0;
    for turn in 0..30 {
        if limiters[turn % 2]
            .check("shared", &key, quota)
            .await
            .is_ok()
        {
            permitted += 1;
        }
    }
    assert_eq!(permitted, 10);
    let wait = limiters[0]
        .check("shared", &key, quota)
        .await
        .unwrap_err()
        .0;
    assert!(
        wait > Duration::from_secs(300) && wait <= Duration::from_secs(360),
        "{wait:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn without_redis_each_process_counts_for_itself() {
    // Nothing listens on the discard port.
    let client = redis::connect("redis://127.0.0.1:9").unwrap();
    let limiter = RateLimiter::new(Clock::system(), Some(client.clone()));
    let quota = Quota::new(2, Duration::from_secs(3600));
    let outcomes = [
        limiter.check("alone", "a", quota).await.is_ok(),
        limiter.check("alone", "a", quota).await.is_ok(),
        limiter.check("alone", "a", quota).await.is_ok(),
    ];
    assert_eq!(outcomes, [true, true, false]);
    let cache = Cache::new(1 << 20, Some(client), &Bus::Recording(Recording::default()));
    cache.put("k", &7, Duration::from_secs(60)).await;
    assert_eq!(cache.get::<i32>("k").await, Some(7));
    cache.invalidate(&["k".to_owned()]).await;
    assert_eq!(cache.get::<i32>("k").await, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_value_is_shared_and_forgotten_together() {
    let Some(url) = url() else { return };
    let bus = Bus::Recording(Recording::default());
    let caches = [0, 1].map(|_| Cache::new(1 << 20, redis::connect(&url).ok(), &bus));
    let key = Entropy::system().token();
    caches[0].put(&key, &"livre", Duration::from_secs(60)).await;
    assert_eq!(
        caches[1].get::<String>(&key).await.as_deref(),
        Some("livre")
    );
    assert_eq!(caches[1].get::<i32>(&key).await, None);
    caches[1].invalidate(std::slice::from_ref(&key)).await;
    assert_eq!(caches[1].get::<String>(&key).await, None);
}
