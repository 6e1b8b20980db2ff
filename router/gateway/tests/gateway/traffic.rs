//! What lies between the gateway and its subgraphs: sharing, retries, circuits, deadlines.

use std::sync::atomic::Ordering;
use std::time::Duration;

use coko_gateway::config::SubgraphConfig;
use futures::future::join_all;
use serde_json::json;

use crate::faults::{Fault, Faulty};
use crate::support::{Mood, Shape, Stack, stack_with};

/// Waits for what another task does; gives up after a time that no working program takes.
async fn until(what: &str, mut holds: impl FnMut() -> bool) {
    for _ in 0..1_000 {
        if holds() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("never came true: {what}");
}

/// Lets those who have come go as far as they get: to the call that is held back.
async fn everyone_came(stack: &Stack, count: usize) {
    until("everyone came", || stack.gateway.in_flight() == count).await;
    tokio::time::sleep(Duration::from_millis(100)).await;
}

fn calls(stack: &Stack) -> usize {
    stack.rogue.calls.load(Ordering::SeqCst)
}

#[tokio::test]
async fn equal_queries_in_flight_are_sent_once() {
    for (shape, shared) in [
        (Shape::OverHttp, true),
        (Shape::InProcess, true),
        (Shape::OverHttp, false),
    ] {
        let stack = stack_with(shape, |config, _| {
            config.traffic.deduplication = shared;
            config.timeouts.subgraph_ms = 20_000;
        })
        .await;
        stack.rogue.feel(Mood::Held);
        let all = join_all((0..8).map(|_| stack.run("{ mood }")));
        let release = async {
            let expected = if shared { 1 } else { 8 };
            until("the calls arrive", || calls(&stack) == expected).await;
            // Those that joined are not seen by the subgraph; the gateway says how many there are.
            if shared {
                everyone_came(&stack, 8).await;
            }
            stack.rogue.release(Mood::Well);
        };
        let (answers, ()) = futures::join!(all, release);
        for answer in answers {
            assert_eq!(answer.data()["mood"], "well");
        }
        assert_eq!(calls(&stack), if shared { 1 } else { 8 });
        // Nothing is kept: it is no cache.
        assert_eq!(stack.run("{ mood }").await.data()["mood"], "well");
        assert_eq!(calls(&stack), if shared { 2 } else { 9 });
    }
}

#[tokio::test]
async fn callers_who_differ_share_nothing() {
    let stack = stack_with(Shape::OverHttp, |config, _| {
        config.traffic.operation_deduplication = true;
        config.timeouts.subgraph_ms = 20_000;
        config.forward_headers = vec!["x-country".to_owned()];
    })
    .await;
    stack.rogue.feel(Mood::Held);
    let body = json!({ "query": "{ mood }" });
    let requests = [
        stack.post(&body),
        stack.post(&body).header("authorization", "Bearer a"),
        stack.post(&body).header("authorization", "Bearer b"),
        stack.post(&body).header("accept-language", "wo"),
        stack.post(&body).header("x-country", "SN"),
        stack.post(&body).header("save-data", "on"),
        // These two are like others.
        stack.post(&body).header("user-agent", "another"),
        stack
            .post(&body)
            .header("authorization", "Bearer a")
            .header("x-request-id", "another"),
    ];
    let all = join_all(requests.map(|request| stack.send(request)));
    let release = async {
        until("the calls arrive", || calls(&stack) == 6).await;
        everyone_came(&stack, 8).await;
        assert_eq!(calls(&stack), 6);
        stack.rogue.release(Mood::Well);
    };
    let (answers, ()) = futures::join!(all, release);
    assert!(answers.iter().all(|answer| answer.data()["mood"] == "well"));
    let tokens: Vec<Option<String>> = stack
        .rogue
        .seen
        .lock()
        .unwrap()
        .iter()
        .map(|headers| Some(headers.get("authorization")?.to_str().ok()?.to_owned()))
        .collect();
    assert_eq!(
        tokens.iter().filter(|token| token.is_some()).count(),
        2,
        "{tokens:?}"
    );
}

#[tokio::test]
async fn a_failure_is_everyones_at_once() {
    let stack = stack_with(Shape::OverHttp, |config, _| {
        config.timeouts.subgraph_ms = 20_000;
    })
    .await;
    stack.rogue.feel(Mood::Held);
    let all = join_all((0..4).map(|_| stack.run("{ mood }")));
    let release = async {
        until("the call arrives", || calls(&stack) == 1).await;
        everyone_came(&stack, 4).await;
        stack.rogue.release(Mood::Http500);
    };
    let (answers, ()) = futures::join!(all, release);
    for answer in &answers {
        assert_eq!(answer.codes(), ["DOWNSTREAM_UNAVAILABLE"]);
    }
    assert_eq!(calls(&stack), 1);
    // Each error has the id of its own request.
    let ids: std::collections::HashSet<_> = answers
        .iter()
        .map(|answer| answer.body["errors"][0]["extensions"]["requestId"].to_string())
        .collect();
    assert_eq!(ids.len(), 4);
}

#[tokio::test]
async fn a_leader_that_leaves_does_not_take_the_call_with_it() {
    for operations in [false, true] {
        let stack = stack_with(Shape::OverHttp, |config, _| {
            config.traffic.operation_deduplication = operations;
            config.timeouts.subgraph_ms = 20_000;
        })
        .await;
        stack.rogue.feel(Mood::Held);
        let leader = tokio::spawn(stack.post(&json!({ "query": "{ mood }" })).send());
        until("the leader's call arrives", || calls(&stack) == 1).await;
        let follower = stack.run("{ mood }");
        let meanwhile = async {
            everyone_came(&stack, 2).await;
            leader.abort();
            until("the leader is gone", || stack.gateway.in_flight() == 1).await;
            stack.rogue.release(Mood::Well);
        };
        let (answer, ()) = futures::join!(follower, meanwhile);
        assert_eq!(answer.data()["mood"], "well");
        assert_eq!(calls(&stack), 1);
    }
}

#[tokio::test]
async fn whole_operations_in_flight_are_executed_once() {
    let stack = stack_with(Shape::OverHttp, |config, _| {
        config.traffic.operation_deduplication = true;
        config.traffic.deduplication = false;
        config.timeouts.subgraph_ms = 20_000;
    })
    .await;
    stack.rogue.feel(Mood::Held);
    let query = "query($first: Int!) { books(first: $first) { title } mood }";
    let run = |first| stack.run_with(query, json!({ "first": first }));
    let all = join_all([run(1), run(1), run(2), run(1)]);
    let release = async {
        until("the calls arrive", || calls(&stack) == 2).await;
        everyone_came(&stack, 4).await;
        stack.rogue.release(Mood::Well);
    };
    let (answers, ()) = futures::join!(all, release);
    let counts: Vec<usize> = answers
        .iter()
        .map(|answer| answer.data()["books"].as_array().unwrap().len())
        .collect();
    assert_eq!(counts, [1, 1, 2, 1]);
    assert_eq!(calls(&stack), 2);
}

#[tokio::test]
async fn mutations_are_never_shared() {
    let stack = stack_with(Shape::OverHttp, |config, _| {
        config.traffic.operation_deduplication = true;
    })
    .await;
    let before = stack.renames.load(Ordering::SeqCst);
    let mutation = r#"mutation { rename(id: 1, title: "T") { title } }"#;
    let answers = join_all((0..6).map(|_| stack.run(mutation))).await;
    assert!(
        answers
            .iter()
            .all(|answer| answer.data()["rename"]["title"] == "T")
    );
    assert_eq!(stack.renames.load(Ordering::SeqCst) - before, 6);
}

/// A stack whose third subgraph is the faulty server.
async fn faulty_stack(faulty: &Faulty, change: impl FnOnce(&mut coko_gateway::Config)) -> Stack {
    let url = Some(faulty.url.clone());
    stack_with(Shape::OverHttp, |config, _| {
        let own = SubgraphConfig {
            url,
            ..SubgraphConfig::default()
        };
        config.subgraphs.insert("rogue".to_owned(), own);
        config.traffic.retries.first_pause_ms = 1;
        change(config);
    })
    .await
}

#[tokio::test]
async fn what_may_pass_is_tried_again() {
    for faults in [
        vec![Fault::Reset, Fault::Reset],
        vec![Fault::Status(502), Fault::Status(503)],
        vec![Fault::Status(504)],
    ] {
        let faulty = Faulty::serve(faults.clone()).await;
        let stack = faulty_stack(&faulty, |_| ()).await;
        let answer = stack.run("{ mood }").await;
        assert_eq!(answer.data()["mood"], "well", "{faults:?}");
        assert_eq!(faulty.requests(), faults.len() + 1, "{faults:?}");
    }
}

#[tokio::test]
async fn retries_end() {
    let faulty = Faulty::serve(vec![Fault::Reset; 100]).await;
    let stack = faulty_stack(&faulty, |_| ()).await;
    let answer = stack.run("{ mood }").await;
    assert_eq!(answer.codes(), ["DOWNSTREAM_UNAVAILABLE"]);
    assert_eq!(faulty.requests(), 3);

    // With every call failing, retries are bounded by the budget, not multiplied by the attempts.
    let faulty = Faulty::serve(vec![Fault::Reset; 1_000]).await;
    let stack = faulty_stack(&faulty, |config| {
        config.traffic.retries.budget_per_second = 0;
        config.traffic.retries.budget_percent = 20;
    })
    .await;
    for _ in 0..50 {
        stack.run("{ mood }").await;
    }
    assert_eq!(faulty.requests(), 60);
}

#[tokio::test]
async fn what_may_have_had_an_effect_is_not_tried_again() {
    // Half an answer came: it was answered.
    let faulty = Faulty::serve(vec![Fault::Half]).await;
    let stack = faulty_stack(&faulty, |_| ()).await;
    let answer = stack.run("{ mood }").await;
    assert_eq!(answer.codes(), ["DOWNSTREAM_UNAVAILABLE"]);
    assert_eq!(faulty.requests(), 1);
    // Mutations never are.
    let faulty = Faulty::serve(vec![Fault::Reset; 5]).await;
    let stack = stack_with(Shape::OverHttp, |config, _| {
        let own = SubgraphConfig {
            url: Some(faulty.url.clone()),
            ..SubgraphConfig::default()
        };
        config.subgraphs.insert("books".to_owned(), own);
    })
    .await;
    let answer = stack
        .run(r#"mutation { rename(id: 1, title: "T") { title } }"#)
        .await;
    assert_eq!(answer.codes(), ["DOWNSTREAM_UNAVAILABLE"]);
    assert_eq!(faulty.requests(), 1);
}

#[tokio::test]
async fn a_failing_subgraph_is_left_alone_and_found_again() {
    let stack = stack_with(Shape::OverHttp, |config, _| {
        let circuit = &mut config.traffic.circuit_breaker;
        circuit.enabled = true;
        circuit.minimum_calls = 5;
        circuit.open_ms = 3_000;
        circuit.probes = 1;
    })
    .await;
    let circuit = async || -> String {
        let health = stack.client.get(format!("{}/health", stack.url));
        let health: serde_json::Value = health.send().await.unwrap().json().await.unwrap();
        health["circuits"]["rogue"].as_str().unwrap().to_owned()
    };
    assert_eq!(circuit().await, "CLOSED");
    stack.rogue.feel(Mood::Http500);
    for _ in 0..5 {
        stack.run("{ mood }").await;
    }
    assert_eq!(calls(&stack), 5);
    let answer = stack.run("{ mood books { title } }").await;
    assert_eq!(answer.codes(), ["DOWNSTREAM_UNAVAILABLE"]);
    assert_eq!(answer.body["data"]["books"][1]["title"], "L'Enfant noir");
    // A reload of the supergraph does not forget.
    stack
        .gateway
        .reload(&format!("{}\n# again", stack.sdl))
        .await
        .unwrap();
    stack.run("{ mood }").await;
    assert_eq!(calls(&stack), 5);
    stack.rogue.feel(Mood::Well);
    for _ in 0..500 {
        if circuit().await == "HALF_OPEN" {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert_eq!(stack.run("{ mood }").await.data()["mood"], "well");
    assert_eq!(circuit().await, "CLOSED");
}

#[tokio::test]
async fn subgraphs_are_told_how_long_anybody_waits() {
    for (told, request_ms) in [(true, 700), (false, 700)] {
        let stack = stack_with(Shape::OverHttp, |config, _| {
            config.timeouts.request_ms = request_ms;
            config.traffic.deadline_header = told;
        })
        .await;
        let query = r#"{ received(header: "x-request-timeout-ms") }"#;
        let body = json!({ "query": query });
        // What a client says is not handed on.
        let request = stack.post(&body).header("x-request-timeout-ms", "999999");
        let answer = stack.send(request).await;
        let left = answer.data()["received"].as_str();
        assert_eq!(left.is_some(), told);
        if let Some(left) = left {
            let left: u64 = left.parse().unwrap();
            assert!((1..=700).contains(&left), "{left}");
        }
    }
}

#[tokio::test]
async fn readers_who_save_data_say_so_to_subgraphs() {
    let stack = stack_with(Shape::OverHttp, |_, _| ()).await;
    let body = json!({ "query": r#"{ received(header: "save-data") }"# });
    let request = stack.post(&body).header("save-data", "on");
    assert_eq!(stack.send(request).await.data()["received"], "on");
    let answer = stack.send(stack.post(&body)).await;
    assert_eq!(answer.data()["received"], json!(null));
}
