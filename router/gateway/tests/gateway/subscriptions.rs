//! Subscriptions to clients: server-sent events, multipart, WebSocket, from each kind of subgraph.

use std::sync::atomic::Ordering;

use coko_core::lifecycle::Shutdown;
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message;

use crate::clients::{Events, Heard, Talk};
use crate::live::{CHANGED, Happening, Way, eventually, live_stack, live_stack_with, second};
use crate::support::Answer;

fn next(id: &str, payload: Value) -> Value {
    json!({ "id": id, "type": "next", "payload": payload })
}

fn complete(id: &str) -> Value {
    json!({ "id": id, "type": "complete" })
}

fn code(error: &Value) -> &str {
    error["extensions"]["code"].as_str().unwrap_or_default()
}

#[tokio::test]
async fn events_reach_clients_from_each_kind_of_subgraph() {
    for way in [Way::Sse, Way::WebSocket, Way::InProcess] {
        let stack = live_stack_with(way, |_, _| ()).await;
        let mut events = stack.events(CHANGED).await;
        let mut talk = stack.talk().await;
        talk.subscribe("a", "subscription { changed(id: 2) { id title } }")
            .await;
        stack.live.followed_by(2).await;
        stack.live.change("1");
        stack.live.change("2");
        let first =
            json!({ "data": { "changed": { "id": "1", "title": "Une si longue lettre" } } });
        assert_eq!(events.answer().await, first, "{way:?}");
        assert_eq!(events.answer().await, second(), "{way:?}");
        assert_eq!(talk.message().await, next("a", second()), "{way:?}");

        // The source's end is the clients'.
        stack.live.happen(Happening::End);
        assert_eq!(talk.message().await, complete("a"), "{way:?}");
        assert_eq!(events.next().await.unwrap().event, "complete", "{way:?}");
        assert_eq!(events.next().await, None, "{way:?}");
    }
}

#[tokio::test]
async fn a_source_that_breaks_off_is_told() {
    for way in [Way::Sse, Way::WebSocket] {
        let stack = live_stack_with(way, |_, _| ()).await;
        let mut events = stack.events(CHANGED).await;
        let mut talk = stack.talk().await;
        talk.subscribe("a", "subscription { changed { id note } }")
            .await;
        stack.live.followed_by(2).await;
        stack.live.happen(Happening::Break);
        let errors = events.answer().await["errors"].clone();
        assert_eq!(code(&errors[0]), "DOWNSTREAM_UNAVAILABLE", "{way:?}");
        assert_eq!(events.next().await.unwrap().event, "complete");
        let error = talk.message().await;
        assert_eq!(error["type"], "error", "{error}");
        assert_eq!(code(&error["payload"][0]), "DOWNSTREAM_UNAVAILABLE");
    }
}

#[tokio::test]
async fn equal_subscriptions_share_their_source() {
    let stack = live_stack().await;
    let mut all = Vec::new();
    for _ in 0..5 {
        all.push(stack.events(CHANGED).await);
    }
    let mut other = stack
        .events("subscription { changed { id title note } }")
        .await;
    stack.live.followed_by(2).await;
    assert_eq!(stack.live.opened.load(Ordering::SeqCst), 2);
    stack.live.change("2");
    for events in &mut all {
        assert_eq!(events.answer().await, second());
    }
    assert_eq!(other.answer().await["data"]["changed"]["note"], "new");
    // The source is let go of with the last who follows it.
    drop(all);
    drop(other);
    stack.live.change("2");
    stack.live.followed_by(0).await;
}

#[tokio::test]
async fn any_operation_runs_over_a_web_socket() {
    let stack = live_stack().await;
    let mut talk = stack.talk().await;
    talk.subscribe("q", "{ books(first: 1) { title } }").await;
    let books = json!({ "data": { "books": [{ "title": "Une si longue lettre" }] } });
    assert_eq!(talk.message().await, next("q", books));
    assert_eq!(talk.message().await, complete("q"));
    // An id may be used again once it is free.
    talk.subscribe("q", "mutation { rename(id: 1, title: \"x\") { title } }")
        .await;
    let renamed = json!({ "data": { "rename": { "title": "x" } } });
    assert_eq!(talk.message().await, next("q", renamed));
    assert_eq!(talk.message().await, complete("q"));
    for (query, expected) in [
        ("{ nope }", "GRAPHQL_VALIDATION_FAILED"),
        ("{", "GRAPHQL_PARSE_FAILED"),
        (
            "subscription { changed { id } again: changed { id } }",
            "GRAPHQL_VALIDATION_FAILED",
        ),
    ] {
        talk.subscribe("e", query).await;
        let error = talk.message().await;
        assert_eq!(error["type"], "error", "{error}");
        assert_eq!(code(&error["payload"][0]), expected);
    }
    talk.say(json!({ "type": "ping", "payload": { "a": 1 } }))
        .await;
    assert_eq!(
        talk.message().await,
        json!({ "type": "pong", "payload": { "a": 1 } })
    );
    // What is no longer wanted is let go of.
    talk.subscribe("s", CHANGED).await;
    stack.live.followed_by(1).await;
    talk.say(complete("s")).await;
    eventually(|| {
        stack.live.change("2");
        stack.live.followers() == 0
    })
    .await;
}

#[tokio::test]
async fn the_protocol_is_enforced() {
    let stack = live_stack_with(Way::Sse, |config, _| {
        config.subscriptions.connection_init_ms = 300;
    })
    .await;
    let connect = async || Talk::connect(&stack.url, &[]).await.unwrap();
    let text = |value: Value| Message::text(value.to_string());
    let table = [
        (4400, Message::text("no JSON")),
        (4400, Message::binary(vec![0])),
        (4400, text(json!({ "type": "start", "id": "1" }))),
        (4400, text(json!({ "type": "subscribe", "payload": {} }))),
        (
            4401,
            text(json!({ "id": "1", "type": "subscribe", "payload": { "query": "{ alive }" } })),
        ),
        // What can be no token is no reason to take the caller for a guest.
        (
            4403,
            text(json!({ "type": "connection_init", "payload": { "token": "a\nb" } })),
        ),
    ];
    for (expected, message) in table {
        let mut talk = connect().await;
        talk.say_raw(message.clone()).await;
        assert_eq!(talk.hear().await, Heard::Closed(expected), "{message}");
    }
    let mut silent = connect().await;
    assert_eq!(silent.hear().await, Heard::Closed(4408));

    let mut twice = stack.talk().await;
    twice.say(json!({ "type": "connection_init" })).await;
    assert_eq!(twice.hear().await, Heard::Closed(4429));

    let mut same = stack.talk().await;
    same.subscribe("1", CHANGED).await;
    same.subscribe("1", CHANGED).await;
    assert_eq!(same.hear().await, Heard::Closed(4409));

    let mut malformed = stack.talk().await;
    malformed
        .say(json!({ "id": "1", "type": "subscribe", "payload": { "query": 7 } }))
        .await;
    assert_eq!(malformed.hear().await, Heard::Closed(4400));

    let mut other = Talk::connect_plain(&stack.url, &[]).await.unwrap();
    assert_eq!(other.hear().await, Heard::Closed(4406));
}

#[tokio::test]
async fn pages_of_other_sites_may_not_connect() {
    let stack = live_stack_with(Way::Sse, |config, _| {
        config.cors.origins = vec!["https://app.example".to_owned()];
    })
    .await;
    for (origin, expected) in [
        ("https://app.example", None),
        (stack.url.as_str(), None),
        ("https://evil.example", Some(403)),
        ("null", Some(403)),
    ] {
        let connected = Talk::connect(&stack.url, &[("origin", origin)]).await;
        assert_eq!(connected.err(), expected, "{origin}");
    }
}

#[tokio::test]
async fn limits_are_kept() {
    let stack = live_stack_with(Way::Sse, |config, _| {
        config.subscriptions.max = 3;
        config.subscriptions.max_connections = 1;
        config.subscriptions.max_per_connection = 2;
    })
    .await;
    let mut talk = stack.talk().await;
    talk.subscribe("1", CHANGED).await;
    talk.subscribe("2", "subscription { changed { note } }")
        .await;
    talk.subscribe("3", CHANGED).await;
    let error = talk.message().await;
    assert_eq!(
        (error["type"].as_str(), error["id"].as_str()),
        (Some("error"), Some("3"))
    );
    assert_eq!(code(&error["payload"][0]), "RATE_LIMITED");
    assert_eq!(Talk::connect(&stack.url, &[]).await.err(), Some(503));
    stack.live.followed_by(2).await;
    let _third = stack.events(CHANGED).await;
    let refused = stack
        .stream("text/event-stream", json!({ "query": CHANGED }))
        .await;
    let refused = Answer::of(refused).await;
    assert_eq!(
        (refused.status, refused.codes()),
        (503, vec!["RATE_LIMITED"])
    );
}

#[tokio::test]
async fn a_single_answer_is_a_stream_of_one_where_nothing_else_is_accepted() {
    let stack = live_stack().await;
    let mut events = stack.events("{ alive }").await;
    assert_eq!(events.answer().await, json!({ "data": { "alive": true } }));
    assert_eq!(events.next().await.unwrap().event, "complete");
    assert_eq!(events.next().await, None);
    for (accept, query, status) in [
        ("text/event-stream", "{ nope }", 400),
        ("application/json", CHANGED, 200),
        ("application/graphql-response+json", CHANGED, 400),
    ] {
        let answer = stack.stream(accept, json!({ "query": query })).await;
        let answer = Answer::of(answer).await;
        assert_eq!(answer.status, status, "{accept}");
        assert_eq!(answer.codes().len(), 1, "{accept}");
    }
}

/// The contents of the parts that have come whole.
fn parts(body: &str) -> Vec<Value> {
    let inner = body.split("\r\n--graphql");
    inner
        .filter_map(|part| part.split_once("\r\n\r\n"))
        .map(|(head, content)| {
            assert_eq!(head.trim(), "content-type: application/json");
            serde_json::from_str(content).unwrap()
        })
        .collect()
}

#[tokio::test]
async fn multipart_subscriptions_are_as_apollos_clients_read_them() {
    let stack = live_stack_with(Way::Sse, |config, _| {
        config.subscriptions.keep_alive_ms = 50;
    })
    .await;
    let accept = "multipart/mixed;boundary=\"graphql\";subscriptionSpec=1.0,application/json";
    let mut response = stack.stream(accept, json!({ "query": CHANGED })).await;
    assert_eq!(
        response.headers()["content-type"],
        "multipart/mixed;boundary=\"graphql\";subscriptionSpec=\"1.0\""
    );
    stack.live.followed_by(1).await;
    let mut body = String::new();
    let mut changed = false;
    while let Some(chunk) = response.chunk().await.unwrap() {
        body.push_str(std::str::from_utf8(&chunk).unwrap());
        let heartbeats = parts(&body)
            .iter()
            .filter(|part| **part == json!({}))
            .count();
        if heartbeats >= 1 && !changed {
            changed = true;
            stack.live.change("2");
            stack.live.happen(Happening::End);
        }
    }
    assert!(body.ends_with("\r\n--graphql--\r\n"), "{body}");
    let payloads: Vec<Value> = parts(&body)
        .into_iter()
        .filter(|part| *part != json!({}))
        .collect();
    assert_eq!(payloads, [json!({ "payload": second() })]);

    // A query is answered as ever.
    let query = stack.stream(accept, json!({ "query": "{ alive }" })).await;
    assert_eq!(*Answer::of(query).await.data(), json!({ "alive": true }));
}

#[tokio::test]
async fn who_does_not_read_is_told_and_let_go() {
    let stack = live_stack_with(Way::Sse, |config, _| {
        config.subscriptions.queue = 4;
        config.subscriptions.send_ms = 60_000;
    })
    .await;
    let query = "subscription { changed { note } }";
    let mut slow = stack.talk().await;
    slow.subscribe("slow", query).await;
    let mut quick = stack.events(query).await;
    stack.live.followed_by(1).await;
    let note = "x".repeat(1 << 20);
    for _ in 0..40 {
        stack.live.change_with("1", &note);
        assert_eq!(quick.answer().await["data"]["changed"]["note"], note);
    }
    let mut answers = 0;
    let end = loop {
        let message = slow.message().await;
        if message["type"] != "next" {
            break message;
        }
        answers += 1;
    };
    assert!(answers < 40);
    assert_eq!(end["type"], "error");
    assert_eq!(code(&end["payload"][0]), "RATE_LIMITED");
    // The connection goes on.
    slow.subscribe("again", "{ alive }").await;
    assert_eq!(slow.message().await["id"], "again");
}

#[tokio::test]
async fn a_reload_does_not_cut_streams() {
    let stack = live_stack().await;
    let mut events = stack.events(CHANGED).await;
    let mut talk = stack.talk().await;
    talk.subscribe("note", "subscription { changed { id note } }")
        .await;
    stack.live.followed_by(2).await;

    // What does not concern the source leaves it alone.
    stack
        .gateway
        .reload(&format!("{}\n# a comment\n", stack.sdl))
        .await
        .unwrap();
    stack.live.change("2");
    assert_eq!(events.answer().await, second());
    assert_eq!(
        talk.message().await["payload"]["data"]["changed"]["note"],
        "new"
    );
    assert_eq!(stack.live.opened.load(Ordering::SeqCst), 2);

    // Who asks for what is no longer there is told.
    let without = stack.sdl.replace("note: String!", "remark: String!");
    assert_ne!(without, stack.sdl);
    stack.gateway.reload(&without).await.unwrap();
    let error = talk.message().await;
    assert_eq!(error["type"], "error", "{error}");
    assert_eq!(code(&error["payload"][0]), "GRAPHQL_VALIDATION_FAILED");
    stack.live.change("2");
    assert_eq!(events.answer().await, second());
    assert_eq!(stack.live.opened.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn streams_are_told_when_the_process_stops() {
    let shutdown = Shutdown::new();
    let given = shutdown.clone();
    let stack = live_stack_with(Way::Sse, |_, deps| deps.shutdown = Some(given)).await;
    let mut events = stack.events(CHANGED).await;
    let mut talk = stack.talk().await;
    talk.subscribe("a", CHANGED).await;
    let accept = "multipart/mixed;subscriptionSpec=1.0";
    let multipart = stack.stream(accept, json!({ "query": CHANGED })).await;
    shutdown.begin();
    assert_eq!(talk.hear().await, Heard::Closed(1001));
    // Without "complete" clients connect again.
    assert_eq!(events.next().await, None);
    let body = multipart.text().await.unwrap();
    assert!(body.ends_with("\r\n--graphql--\r\n"), "{body}");
    assert_eq!(
        code(&parts(&body)[0]["errors"][0]),
        "DOWNSTREAM_UNAVAILABLE"
    );
    drop(talk);
    assert!(shutdown.wait().await);
}

#[tokio::test]
async fn connections_that_are_dead_are_noticed() {
    let stack = live_stack_with(Way::Sse, |config, _| {
        config.subscriptions.keep_alive_ms = 100;
    })
    .await;
    // Who never reads answers no ping either.
    let mut dead = stack.talk().await;
    dead.subscribe("a", CHANGED).await;
    stack.live.followed_by(1).await;
    eventually(|| {
        stack.live.change("2");
        stack.live.followers() == 0
    })
    .await;
    let mut events = Events::of(
        stack
            .stream("text/event-stream", json!({ "query": CHANGED }))
            .await,
    )
    .await;
    stack.live.followed_by(1).await;
    stack.live.change("2");
    assert_eq!(events.answer().await, second());
}
