//! A subgraph that fails costs its own fields, never the rest of the answer and never more time than it was given.

use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use serde_json::json;

use crate::support::{Mood, Shape, stack_with};

const QUERY: &str = "{ books(first: 2) { title rating } mood }";

#[tokio::test]
async fn the_rest_of_the_query_is_answered() {
    for shape in [Shape::OverHttp, Shape::InProcess] {
        let stack = stack_with(shape, |config, _| {
            config.limits.subgraph_response_bytes = 2 << 20;
        })
        .await;
        for (mood, code) in [
            (Mood::Slow, "TIMEOUT"),
            (Mood::Html, "DOWNSTREAM_UNAVAILABLE"),
            (Mood::Flood, "DOWNSTREAM_UNAVAILABLE"),
            (Mood::Panic, "DOWNSTREAM_UNAVAILABLE"),
            (Mood::NotJson, "DOWNSTREAM_UNAVAILABLE"),
            (Mood::NoData, "DOWNSTREAM_UNAVAILABLE"),
            (Mood::Truncated, "DOWNSTREAM_UNAVAILABLE"),
            (Mood::Http500, "DOWNSTREAM_UNAVAILABLE"),
        ] {
            stack.rogue.feel(mood);
            let began = Instant::now();
            let answer = stack.run(QUERY).await;
            assert!(
                began.elapsed() < Duration::from_secs(3),
                "{mood:?} took {:?}",
                began.elapsed()
            );
            assert_eq!(answer.status, 200, "{mood:?}");
            let expected = json!({
                "books": [{ "title": "Une si longue lettre", "rating": null }, { "title": "L'Enfant noir", "rating": null }],
                "mood": null,
            });
            assert_eq!(answer.body["data"], expected, "{mood:?}");
            assert!(!answer.codes().is_empty(), "{mood:?}");
            assert!(
                answer.codes().iter().all(|found| *found == code),
                "{mood:?} in {shape:?}: {}",
                answer.body
            );
            let services = answer.body["errors"]
                .as_array()
                .unwrap()
                .iter()
                .map(|error| &error["extensions"]["service"]);
            assert!(
                services.clone().all(|service| service == "rogue"),
                "{:?}",
                services.collect::<Vec<_>>()
            );
        }
        stack.rogue.feel(Mood::Well);
        assert_eq!(stack.run(QUERY).await.data()["mood"], "well");
        // The flood was stopped as soon as it was too much, plus what was under way.
        assert!(
            stack.rogue.flooded.load(Ordering::SeqCst) < 40,
            "{:?}",
            stack.rogue.flooded
        );
    }
}

#[tokio::test]
async fn wrong_shapes_are_nulls_with_errors() {
    for shape in [Shape::OverHttp, Shape::InProcess] {
        let stack = stack_with(shape, |_, _| ()).await;
        for mood in [Mood::WrongTypes, Mood::TooFew] {
            stack.rogue.feel(mood);
            let answer = stack.run("{ books(first: 2) { title rating } }").await;
            assert_eq!(answer.status, 200);
            assert_eq!(
                answer.body["data"]["books"][1],
                json!({ "title": "L'Enfant noir", "rating": null }),
                "{mood:?}"
            );
            // A field that may not be null takes its parent with it.
            let answer = stack.run("{ books(first: 2) { title stock } mood }").await;
            assert_eq!(
                answer.body["data"],
                json!(null),
                "{mood:?}: {}",
                answer.body
            );
            assert!(!answer.codes().is_empty());
        }
    }
}

#[tokio::test]
async fn a_subgraph_that_is_down_is_said_to_be() {
    let stack = stack_with(Shape::OverHttp, |config, _| {
        let down = coko_gateway::config::SubgraphConfig {
            url: Some("http://127.0.0.1:1/graphql".into()),
            ..Default::default()
        };
        config.subgraphs.insert("rogue".to_owned(), down);
    })
    .await;
    let answer = stack.run(QUERY).await;
    assert_eq!(
        answer.body["data"]["books"][0],
        json!({ "title": "Une si longue lettre", "rating": null })
    );
    assert!(
        answer
            .codes()
            .iter()
            .all(|code| *code == "DOWNSTREAM_UNAVAILABLE"),
        "{}",
        answer.body
    );
    assert!(
        !answer.body.to_string().contains("127.0.0.1"),
        "addresses stay inside: {}",
        answer.body
    );
}

#[tokio::test]
async fn subgraphs_errors_are_masked_when_asked() {
    for (mask, shown) in [(false, true), (true, false)] {
        let stack = stack_with(Shape::OverHttp, |config, _| config.errors.mask = mask).await;
        stack.rogue.feel(Mood::Errors);
        let answer = stack.run("{ mood }").await;
        assert_eq!(answer.body["data"], json!({ "mood": null }));
        assert_eq!(
            answer.body.to_string().contains("hunter2"),
            shown,
            "{}",
            answer.body
        );
    }
}

#[tokio::test]
async fn chosen_subgraphs_may_speak_for_themselves() {
    for (name, shown) in [("rogue", true), ("books", false)] {
        let stack = stack_with(Shape::OverHttp, |config, _| {
            config.errors.mask = true;
            config.errors.shown_subgraphs = vec![name.to_owned()];
        })
        .await;
        stack.rogue.feel(Mood::Errors);
        let answer = stack.run("{ mood }").await;
        let text = answer.body.to_string();
        assert_eq!(text.contains("hunter2"), shown, "{name}: {text}");
    }
}

#[tokio::test]
async fn the_deadline_of_the_request_goes_before_that_of_the_subgraph() {
    let stack = stack_with(Shape::OverHttp, |config, _| {
        config.timeouts.request_ms = 300;
        config.timeouts.subgraph_ms = 10_000;
    })
    .await;
    stack.rogue.feel(Mood::Slow);
    let began = Instant::now();
    let answer = stack.run(QUERY).await;
    assert!(
        began.elapsed() < Duration::from_millis(1_500),
        "{:?}",
        began.elapsed()
    );
    assert_eq!(
        answer.body["data"]["books"][0],
        json!({ "title": "Une si longue lettre", "rating": null })
    );
    assert!(
        answer.codes().iter().all(|code| *code == "TIMEOUT"),
        "{}",
        answer.body
    );
}
