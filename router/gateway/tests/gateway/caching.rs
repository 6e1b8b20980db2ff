//! The cache before real subgraphs: what is kept, for whom, and what drops it.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use proptest::test_runner::{Config as Cases, TestRunner};
use serde_json::{Value, json};

use crate::cached::{OPERATOR, World, stage};

const LIST: &str = "{ books { id title stars } }";

#[tokio::test]
async fn get_answers_say_what_their_parts_allow() {
    let stage = stage(&World::new(), |config, _| config.cache.enabled = false).await;
    for (query, token, expected) in [
        (LIST, None, "public, max-age=30"),
        ("{ book(id: \"1\") { title } }", None, "public, max-age=60"),
        ("{ books { title } mine }", None, "private, max-age=60"),
        (
            "{ books { id note } }",
            Some("Bearer a"),
            "private, max-age=30",
        ),
        ("{ silent }", None, "no-store"),
        ("{ books { id verdict } }", None, "no-store"),
        ("{ __typename }", None, "no-store"),
    ] {
        let mut request = stage.get(query);
        if let Some(token) = token {
            request = request.header("authorization", token);
        }
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["cache-control"], expected, "{query}");
        let vary: Vec<&str> = response
            .headers()
            .get_all("vary")
            .iter()
            .map(|value| value.to_str().unwrap())
            .collect();
        assert!(vary.join(",").contains("authorization"), "{vary:?}");
    }
}

#[tokio::test]
async fn what_a_client_has_is_not_sent_again() {
    let stage = stage(&World::new(), |_, _| ()).await;
    let first = stage.get(LIST).send().await.unwrap();
    let tag = first.headers()["etag"].clone();
    let body = first.text().await.unwrap();
    assert!(tag.to_str().unwrap().starts_with('"') && body.contains("noir"));
    let weak = format!("W/{}", tag.to_str().unwrap());
    let listed = format!("\"other\", {}", tag.to_str().unwrap());
    for known in [tag.to_str().unwrap(), &weak, &listed, "*"] {
        let again = stage
            .get(LIST)
            .header("if-none-match", known)
            .send()
            .await
            .unwrap();
        assert_eq!(again.status(), 304, "{known}");
        assert_eq!(again.headers()["etag"], tag);
        assert!(
            again.headers()["cache-control"]
                .to_str()
                .unwrap()
                .starts_with("public, max-age=")
        );
        assert_eq!(again.text().await.unwrap(), "");
    }
    let zipped = stage
        .get(LIST)
        .header("accept-encoding", "gzip")
        .send()
        .await
        .unwrap();
    let zipped_tag = zipped.headers()["etag"].to_str().unwrap().to_owned();
    if zipped.headers().contains_key("content-encoding") {
        assert_ne!(zipped_tag, tag);
    }
    let again = stage
        .get(LIST)
        .header("if-none-match", &zipped_tag)
        .send()
        .await
        .unwrap();
    assert_eq!(again.status(), 304);
    stage.world.rename("2", "Le Maître de la parole");
    assert_eq!(stage.purge(OPERATOR, json!("all")).await, 200);
    let changed = stage
        .get(LIST)
        .header("if-none-match", &tag)
        .send()
        .await
        .unwrap();
    assert_eq!(changed.status(), 200);
    assert_ne!(changed.headers()["etag"], tag);
}

#[tokio::test]
async fn only_what_is_missing_is_asked_for() {
    let stage = stage(&World::new(), |config, _| config.cache.operations = false).await;
    let answer = stage.run("{ book(id: \"2\") { id stars } }").await;
    assert_eq!(
        answer,
        json!({ "data": { "book": { "id": "2", "stars": 2 } } })
    );
    assert_eq!(stage.world.take_noted(), ["2"]);
    let answer = stage.run("{ books { id stars } }").await;
    let stars: Vec<i64> = answer["data"]["books"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|book| book["stars"].as_i64())
        .collect();
    assert_eq!(stars, [2, 2, 2]);
    // The list of books is another root field with the same entities, of which one is known.
    assert_eq!(stage.world.take_noted(), ["1", "3"]);
    assert_eq!(stage.calls_of("{ books { id stars } }").await, 0);
}

#[tokio::test]
async fn nothing_is_kept_of_what_failed_or_said_nothing() {
    let stage = stage(&World::new(), |_, _| ()).await;
    let query = "{ books { id verdict } }";
    let first = stage.run(query).await;
    assert_eq!(first["errors"][0]["path"], json!(["books", 1, "verdict"]));
    stage.world.take_noted();
    let second = stage.run(query).await;
    assert_eq!(first["data"], second["data"]);
    assert_eq!(second["errors"][0]["path"], json!(["books", 1, "verdict"]));
    // An answer with errors says nothing of how long it may be kept; nothing of it was.
    assert_eq!(stage.world.take_noted(), ["1", "2", "3"]);
    assert_eq!(stage.calls_of("{ silent }").await, 1);
    assert_eq!(stage.calls_of("{ silent }").await, 1);
}

#[tokio::test]
async fn what_is_private_stays_with_its_caller() {
    let stage = stage(&World::new(), |_, _| ()).await;
    let query = "{ mine books { id note stars } }";
    for _ in 0..2 {
        for token in [Some("Bearer a"), Some("Bearer b"), None] {
            let answer = stage.run_as(token, query).await;
            let name = token.unwrap_or("guest");
            assert_eq!(answer["data"]["mine"], name);
            assert_eq!(answer["data"]["books"][2]["note"], format!("{name} on 3"));
        }
    }
    let before = stage.world.calls();
    stage.run_as(Some("Bearer a"), query).await;
    assert_eq!(stage.world.calls(), before);
    // What is public is shared by those who are not.
    assert_eq!(stage.calls_of("{ book(id: \"1\") { title } }").await, 1);
    stage
        .run_as(Some("Bearer c"), "{ book(id: \"1\") { title } }")
        .await;
    assert_eq!(stage.world.calls(), before + 1);
}

#[tokio::test]
async fn a_language_is_part_of_the_key_and_reduced_to_what_is_spoken() {
    let stage = stage(&World::new(), |config, _| {
        config.cache.languages = vec!["fr".to_owned(), "en".to_owned()];
    })
    .await;
    let ask = async |language: &str| {
        let before = stage.world.calls();
        let request = stage.get(LIST).header("accept-language", language);
        assert_eq!(request.send().await.unwrap().status(), 200);
        stage.world.calls() - before
    };
    assert_eq!(ask("fr-SN, fr;q=0.9").await, 2);
    assert_eq!(ask("fr").await, 0);
    assert_eq!(ask("wo").await, 0);
    assert_eq!(ask("en-GB").await, 2);
}

#[tokio::test]
async fn operators_drop_what_they_name() {
    let stage = stage(&World::new(), |_, _| ()).await;
    let both = "{ books { title } best { stars } }";
    let one = "{ book(id: \"1\") { id title } }";
    let other = "{ book(id: \"2\") { id title } }";
    for (purge, expected) in [
        (
            json!({ "entity": { "type": "Book", "key": { "id": "1" } } }),
            [2, 1, 0],
        ),
        (json!({ "type": "Book" }), [2, 1, 1]),
        (json!({ "field": "Query.book" }), [0, 1, 1]),
        (json!({ "field": "Query.best" }), [1, 0, 0]),
        (json!({ "subgraph": "notes" }), [1, 0, 0]),
        (
            json!({ "entity": { "type": "Book", "key": { "isbn": "7" } } }),
            [2, 1, 1],
        ),
        (json!("all"), [2, 1, 1]),
    ] {
        for query in [both, one, other] {
            stage.run(query).await;
            assert_eq!(stage.calls_of(query).await, 0);
        }
        assert_eq!(stage.purge(OPERATOR, purge.clone()).await, 200);
        for (query, expected) in [both, one, other].into_iter().zip(expected) {
            assert_eq!(stage.calls_of(query).await, expected, "{purge}: {query}");
        }
    }
    assert_eq!(stage.purge("not an operator", json!("all")).await, 401);
    assert_eq!(
        stage.purge(OPERATOR, json!({ "everything": true })).await,
        400
    );
}

#[tokio::test]
async fn whoever_changes_something_sees_it_changed() {
    let stage = stage(&World::new(), |_, _| ()).await;
    let (one, other) = (
        "{ book(id: \"1\") { title } }",
        "{ book(id: \"2\") { id title } }",
    );
    stage.run(one).await;
    stage.run(other).await;
    stage
        .run("mutation { rename(id: \"1\", title: \"Lettre\") { id title } }")
        .await;
    assert_eq!(stage.run(one).await["data"]["book"]["title"], "Lettre");
    assert_eq!(stage.calls_of(other).await, 0);
}

#[tokio::test]
async fn an_answer_that_a_purge_overtook_is_not_kept() {
    let stage = Arc::new(stage(&World::new(), |_, _| ()).await);
    let query = "{ book(id: \"1\") { title } }";
    stage.world.held.store(true, Ordering::SeqCst);
    let asking = tokio::spawn({
        let stage = stage.clone();
        async move { stage.run(query).await }
    });
    stage.world.waiting.notified().await;
    stage.world.rename("1", "Un chant écarlate");
    let purged = json!({ "entity": { "type": "Book", "key": { "id": "1" } } });
    assert_eq!(stage.purge(OPERATOR, purged).await, 200);
    stage.world.held.store(false, Ordering::SeqCst);
    stage.world.bell.notify_waiters();
    assert_eq!(
        asking.await.unwrap()["data"]["book"]["title"],
        "Une si longue lettre"
    );
    assert_eq!(
        stage.run(query).await["data"]["book"]["title"],
        "Un chant écarlate"
    );
}

#[tokio::test]
async fn one_asks_for_all_who_miss() {
    let stage = Arc::new(stage(&World::new(), |_, _| ()).await);
    let query = "{ book(id: \"1\") { title } }";
    // Once it is known to be public, strangers wait for each other.
    stage.run(query).await;
    stage.purge(OPERATOR, json!("all")).await;
    let before = stage.world.calls();
    stage.world.held.store(true, Ordering::SeqCst);
    let asking: Vec<_> = (0..20)
        .map(|number| {
            let stage = stage.clone();
            tokio::spawn(
                async move { stage.run_as(Some(&format!("Bearer {number}")), query).await },
            )
        })
        .collect();
    stage.world.waiting.notified().await;
    stage.world.held.store(false, Ordering::SeqCst);
    stage.world.bell.notify_waiters();
    for answer in asking {
        assert_eq!(
            answer.await.unwrap()["data"]["book"]["title"],
            "Une si longue lettre"
        );
    }
    assert_eq!(stage.world.calls(), before + 1);
}

/// Whatever is asked by whomever in whatever order, and whatever changes in between with a purge after it: the answers are
/// those of a gateway that keeps nothing.
#[test]
fn answers_are_those_of_a_gateway_without_a_cache() {
    use proptest::prelude::*;
    const QUERIES: [&str; 8] = [
        "{ books { id title stars } }",
        "{ books { id note } }",
        "{ book(id: \"1\") { title note stars } }",
        "{ book(id: \"2\") { title verdict note } }",
        "{ b: book(id: \"3\") { id: title other: id note } mine }",
        "{ best { id title note } mine }",
        "{ books { ... on Book { t: title n: note } } best { stars } }",
        "{ book(id: \"9\") { title } }",
    ];
    #[derive(Clone, Debug)]
    enum Step {
        Ask(usize, usize),
        Rename(String, String),
    }
    let step = prop_oneof![
        6 => (0..QUERIES.len(), 0..4_usize).prop_map(|(query, caller)| Step::Ask(query, caller)),
        1 => ("[1-3]", "[a-z]{3}").prop_map(|(id, title)| Step::Rename(id, title)),
    ];
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    let world = World::new();
    let (cached, plain) = runtime.block_on(async {
        let cached = stage(&world, |_, _| ()).await;
        let plain = stage(&world, |config, _| config.cache.enabled = false).await;
        (cached, plain)
    });
    let callers = [None, Some("Bearer a"), Some("Bearer b"), Some("Bearer c")];
    let mut runner = TestRunner::new(Cases {
        cases: 40,
        failure_persistence: None,
        ..Cases::default()
    });
    let steps = proptest::collection::vec(step, 1..40);
    let outcome = runner.run(&steps, |steps| {
        runtime.block_on(async {
            for step in &steps {
                match step {
                    Step::Ask(query, caller) => {
                        let (query, caller) = (QUERIES[*query], callers[*caller]);
                        let (mut one, mut other) =
                            tokio::join!(cached.run_as(caller, query), plain.run_as(caller, query));
                        for answer in [&mut one, &mut other] {
                            let errors = answer.get_mut("errors").and_then(Value::as_array_mut);
                            for error in errors.into_iter().flatten() {
                                error["extensions"]["requestId"] = Value::Null;
                            }
                        }
                        assert_eq!(one, other, "{query} as {caller:?}");
                    }
                    Step::Rename(id, title) => {
                        world.rename(id, title);
                        let purged = json!({ "entity": { "type": "Book", "key": { "id": id } } });
                        assert_eq!(cached.purge(OPERATOR, purged).await, 200);
                    }
                }
            }
        });
        Ok(())
    });
    outcome.unwrap();
}
