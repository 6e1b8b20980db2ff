//! Streams and the tokens they were opened with.

use std::sync::atomic::Ordering;
use std::time::Duration;

use coko_core::identity::session_key;
use coko_core::testkit::{TestPlatform, TokenFor};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::clients::{Events, Talk};
use crate::live::{CHANGED, LiveStack, Way, live_stack_with, second};

async fn guarded(anonymous: bool) -> (LiveStack, TestPlatform) {
    let test = TestPlatform::new();
    let (verifier, clock) = (test.platform.verifier.clone(), test.platform.clock.clone());
    let stack = live_stack_with(Way::Sse, |config, deps| {
        config.anonymous = anonymous;
        config.subscriptions.recheck_ms = 20;
        deps.verifier = Some(verifier);
        deps.clock = Some(clock);
    })
    .await;
    (stack, test)
}

fn bearer(test: &TestPlatform, user: u128) -> String {
    let token = test.token(&TokenFor::user(Uuid::from_u128(user), &[]));
    format!("Bearer {token}")
}

/// A connection whose token came in the payload of `connection_init`.
async fn talk(stack: &LiveStack, token: &str) -> Talk {
    let mut talk = Talk::connect(&stack.url, &[]).await.unwrap();
    talk.initialise(json!({ "Authorization": token })).await;
    talk
}

async fn events(stack: &LiveStack, token: &str) -> Events {
    let body = json!({ "query": CHANGED });
    let headers = [("authorization", token)];
    let response = stack.stream_with("text/event-stream", body, &headers).await;
    Events::of(response).await
}

fn code(message: &Value) -> &str {
    message["payload"][0]["extensions"]["code"]
        .as_str()
        .unwrap_or_default()
}

#[tokio::test]
async fn a_token_counts_wherever_it_is_sent() {
    let (stack, test) = guarded(false).await;
    let token = bearer(&test, 1);
    let mut in_payload = talk(&stack, &token).await;
    in_payload.subscribe("a", CHANGED).await;
    let headers = [("authorization", token.as_str())];
    let mut in_header = Talk::connect(&stack.url, &headers).await.unwrap();
    in_header.initialise(json!({})).await;
    in_header.subscribe("a", CHANGED).await;
    let mut events = events(&stack, &token).await;
    // Until all of them have heard of it.
    let live = stack.live.clone();
    let changing = tokio::spawn(async move {
        loop {
            live.change("2");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    });
    assert_eq!(events.answer().await, second());
    assert_eq!(in_payload.message().await["payload"], second());
    assert_eq!(in_header.message().await["payload"], second());
    changing.abort();
    // All three are one viewer's, and share a source.
    assert_eq!(stack.live.opened.load(Ordering::SeqCst), 1);

    for bad in [json!({}), json!({ "Authorization": "Bearer forged" })] {
        let mut stranger = Talk::connect(&stack.url, &[]).await.unwrap();
        stranger.initialise(bad).await;
        stranger.subscribe("a", CHANGED).await;
        assert_eq!(code(&stranger.message().await), "UNAUTHENTICATED");
    }
}

#[tokio::test]
async fn viewers_do_not_share() {
    let (stack, test) = guarded(false).await;
    let mut first = events(&stack, &bearer(&test, 1)).await;
    let mut second_viewer = events(&stack, &bearer(&test, 2)).await;
    stack.live.followed_by(2).await;
    assert_eq!(stack.live.opened.load(Ordering::SeqCst), 2);
    stack.live.change("2");
    assert_eq!(first.answer().await, second());
    assert_eq!(second_viewer.answer().await, second());
}

#[tokio::test]
async fn a_stream_ends_with_its_token() {
    let (stack, test) = guarded(true).await;
    let mut guest = stack.events(CHANGED).await;
    let mut expiring = talk(&stack, &bearer(&test, 1)).await;
    expiring.subscribe("a", CHANGED).await;
    let revoked = Uuid::from_u128(2);
    let mut ended = events(&stack, &bearer(&test, 2)).await;
    stack.live.followed_by(3).await;

    let session = session_key(Uuid::from_u128(revoked.as_u128() ^ 1));
    let until = test.platform.clock.now() + Duration::from_secs(3600);
    test.platform
        .revocations
        .revoke(&[session], until)
        .await
        .unwrap();
    let answer = ended.answer().await;
    assert_eq!(answer["errors"][0]["extensions"]["code"], "UNAUTHENTICATED");
    assert_eq!(ended.next().await.unwrap().event, "complete");

    test.platform.clock.advance(time::Duration::minutes(16));
    let error = expiring.message().await;
    assert_eq!(
        (error["type"].as_str(), code(&error)),
        (Some("error"), "UNAUTHENTICATED")
    );
    // Who needs none goes on.
    stack.live.change("2");
    assert_eq!(guest.answer().await, second());
}
