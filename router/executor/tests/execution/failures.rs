//! Subgraphs that fail, in every way: the rest of the answer stands.

use std::time::Duration;

use coko_executor::{ErrorExposure, ErrorPolicy, FetchOutcome};
use http::StatusCode;
use serde_json::{Value as Json, json};

use crate::{
    entities::shop,
    kit::{Behaviour, Subgraph, World, summary},
};

const QUERY: &str = "{ me { name } products { name inStock } }";

fn without_stock() -> Json {
    json!({"me": {"name": "Awa"}, "products": [
        {"name": "Chair", "inStock": null}, {"name": "Table", "inStock": null}, {"name": "Chair", "inStock": null},
    ]})
}

fn stock_errors(code: &str) -> Vec<String> {
    (0..3)
        .map(|index| format!("products.{index}.inStock: {code} inventory"))
        .collect()
}

#[tokio::test(start_paused = true)]
async fn an_entity_subgraph_that_fails_takes_only_its_fields() {
    let bomb = format!("{{\"data\":{{\"_entities\":[{}", "[".repeat(100_000));
    let says = |text: &str| Behaviour::Says(StatusCode::OK, text.as_bytes().to_vec());
    let table = [
        ("down", Behaviour::Down),
        ("empty", says("")),
        ("HTML", says("<html><body>502</body></html>")),
        ("a bare string", says("\"data\"")),
        ("a list", says("[]")),
        ("no data", says("{}")),
        ("null data", says("{\"data\":null}")),
        ("data of another kind", says("{\"data\":[1]}")),
        ("no entities", says("{\"data\":{}}")),
        ("null entities", says("{\"data\":{\"_entities\":null}}")),
        (
            "entities of another kind",
            says("{\"data\":{\"_entities\":{\"inStock\":true}}}"),
        ),
        (
            "too few entities",
            says("{\"data\":{\"_entities\":[{\"inStock\":true}]}}"),
        ),
        (
            "too many entities",
            says("{\"data\":{\"_entities\":[{\"inStock\":true},{\"inStock\":true},null]}}"),
        ),
        (
            "strings for entities",
            says("{\"data\":{\"_entities\":[\"a\",[]]}}"),
        ),
        (
            "cut off",
            says("{\"data\":{\"_entities\":[{\"inStock\":true},{\"inSt"),
        ),
        (
            "trailing bytes",
            says("{\"data\":{\"_entities\":[{\"inStock\":true},{\"inStock\":true}]}} x"),
        ),
        (
            "a depth bomb",
            Behaviour::Says(StatusCode::OK, bomb.into_bytes()),
        ),
        (
            "no UTF-8",
            Behaviour::Says(
                StatusCode::OK,
                b"{\"data\":{\"_entities\":[{\"inStock\":\"\xff\"},null]}}".to_vec(),
            ),
        ),
        (
            "an error status",
            Behaviour::Says(
                StatusCode::BAD_GATEWAY,
                b"{\"data\":{\"_entities\":[null,null]}}".to_vec(),
            ),
        ),
    ];
    for (name, behaviour) in table {
        let answer = shop().behaving("inventory", behaviour).run(QUERY).await;
        assert_eq!(answer["data"], without_stock(), "{name}");
        assert_eq!(
            summary(&answer),
            stock_errors("DOWNSTREAM_UNAVAILABLE"),
            "{name}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_subgraph_that_hangs_is_given_up_at_the_deadline() {
    let started = tokio::time::Instant::now();
    let answer = shop()
        .behaving("inventory", Behaviour::Hangs)
        .run(QUERY)
        .await;
    assert_eq!(answer["data"], without_stock());
    assert_eq!(summary(&answer), stock_errors("TIMEOUT"));
    assert_eq!(started.elapsed(), Duration::from_secs(5));
}

#[tokio::test(start_paused = true)]
async fn a_root_subgraph_that_fails_takes_its_root_fields() {
    let answer = shop()
        .behaving("accounts", Behaviour::Down)
        .run("{ me { name } top { name } }")
        .await;
    assert_eq!(
        answer["data"],
        json!({"me": null, "top": {"name": "Chair"}})
    );
    assert_eq!(summary(&answer), ["me: DOWNSTREAM_UNAVAILABLE accounts"]);

    let answer = shop()
        .behaving("products", Behaviour::Down)
        .run(QUERY)
        .await;
    assert_eq!(answer["data"], Json::Null);
    assert_eq!(
        summary(&answer),
        ["products: DOWNSTREAM_UNAVAILABLE products"]
    );
}

#[tokio::test(start_paused = true)]
async fn what_needs_a_failed_field_fails_with_its_cause_and_is_not_asked() {
    let world = shop().behaving("inventory", Behaviour::Down);
    let answer = world.run("{ top { name verdict } }").await;
    assert_eq!(
        answer["data"],
        json!({"top": {"name": "Chair", "verdict": null}})
    );
    assert_eq!(
        summary(&answer),
        ["top.verdict: DOWNSTREAM_UNAVAILABLE inventory"]
    );
    assert_eq!(world.asked(), ["products", "inventory"]);
}

#[tokio::test(start_paused = true)]
async fn an_entity_that_is_gone_is_null() {
    let world = shop().changing("inventory", |mut answer| {
        answer["data"]["_entities"][0] = Json::Null;
        answer
    });
    let answer = world.run("{ products { inStock } }").await;
    assert_eq!(
        answer,
        json!({"data": {"products": [{"inStock": null}, {"inStock": false}, {"inStock": null}]}})
    );

    let world = shop().changing("reviews", |mut answer| {
        answer["data"]["_entities"][0] = Json::Null;
        answer
    });
    let answer = world
        .run("{ best { name } top { reviews { text } } }")
        .await;
    assert_eq!(
        answer["data"],
        json!({"best": {"name": "Table"}, "top": null})
    );
    assert_eq!(summary(&answer), ["top.reviews: INTERNAL -"]);
}

#[tokio::test(start_paused = true)]
async fn entity_errors_are_shown_at_every_place_of_the_entity() {
    let world = shop().changing("inventory", |mut answer| {
        answer["data"]["_entities"][0] = json!({"stock": null});
        answer["errors"] = json!([{"message": "count lost", "path": ["_entities", 0, "stock"],
            "extensions": {"code": "LOST", "detail": 1}}]);
        answer
    });
    let answer = world.run("{ products { stock: inStock } }").await;
    assert_eq!(
        answer["data"],
        json!({"products": [{"stock": null}, {"stock": false}, {"stock": null}]})
    );
    assert_eq!(
        summary(&answer),
        [
            "products.0.stock: LOST inventory",
            "products.2.stock: LOST inventory"
        ]
    );
    assert_eq!(answer["errors"][0]["message"], "count lost");
    assert_eq!(answer["errors"][0]["extensions"]["detail"], 1);
}

#[tokio::test(start_paused = true)]
async fn errors_in_a_batch_find_their_alias() {
    let world = shop().changing("inventory", |mut answer| {
        let key = answer["data"]
            .as_object()
            .unwrap()
            .keys()
            .next()
            .unwrap()
            .clone();
        answer["data"][&key][0] = Json::Null;
        answer["errors"] = json!([{"message": "gone", "path": [key, 0]}]);
        answer
    });
    let answer = world
        .run("{ products { inStock } top { inStock shipping } }")
        .await;
    let lines = summary(&answer);
    assert!(
        !lines.is_empty()
            && lines
                .iter()
                .all(|line| line.starts_with("products.") || line.starts_with("top")),
        "{lines:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn errors_without_data_or_path_are_not_lost() {
    let errors =
        json!([{"message": "not today", "extensions": {"code": "CLOSED"}}, {"message": "really"}]);
    let body = json!({"errors": errors, "data": null}).to_string();
    let answer = shop()
        .saying("accounts", &body)
        .run("{ me { name } top { name } }")
        .await;
    assert_eq!(
        answer["data"],
        json!({"me": null, "top": {"name": "Chair"}})
    );
    assert_eq!(
        summary(&answer),
        [": INTERNAL accounts", "me: CLOSED accounts"]
    );

    let body = json!({"errors": errors, "data": {"me": {"name": "Awa"}}}).to_string();
    let answer = shop()
        .saying("accounts", &body)
        .run("{ me { name } }")
        .await;
    assert_eq!(answer["data"], json!({"me": {"name": "Awa"}}));
    assert_eq!(
        summary(&answer),
        [": CLOSED accounts", ": INTERNAL accounts"]
    );

    let body = json!({"errors": errors}).to_string().into_bytes();
    let behaviour = Behaviour::Says(StatusCode::BAD_REQUEST, body);
    let answer = shop()
        .behaving("inventory", behaviour)
        .run("{ top { inStock } }")
        .await;
    assert_eq!(answer["data"], json!({"top": {"inStock": null}}));
    assert_eq!(
        summary(&answer),
        [": INTERNAL inventory", "top.inStock: CLOSED inventory"]
    );
}

#[tokio::test(start_paused = true)]
async fn paths_of_fields_the_client_did_not_ask_stop_before_them() {
    let world = shop().changing("products", |mut answer| {
        answer["data"]["top"]["price"] = Json::Null;
        answer["errors"] = json!([{"message": "no price", "path": ["top", "price"]}]);
        answer
    });
    let answer = world.run("{ top { shipping } }").await;
    assert_eq!(answer["data"], json!({"top": {"shipping": "null+2.5"}}));
    assert_eq!(summary(&answer), ["top: INTERNAL products"]);
}

#[tokio::test(start_paused = true)]
async fn messages_are_masked_unless_they_are_allowed() {
    let subgraph = Subgraph::new("s", "type Query { a: Int b: Int }").query(json!({
        "a": {"$error": "password=hunter2", "$code": "SQL_ERROR"},
        "b": {"$error": "sign in first", "$code": "UNAUTHENTICATED"},
    }));
    let mut world = World::new(vec![subgraph]);
    world.policy = ErrorPolicy {
        allowed_codes: vec!["UNAUTHENTICATED".to_owned()],
        messages_with_allowed_code: true,
        ..ErrorPolicy::default()
    };
    let answer = world.run("{ a b }").await;
    assert_eq!(answer["data"], json!({"a": null, "b": null}));
    assert_eq!(summary(&answer), ["a: INTERNAL s", "b: UNAUTHENTICATED s"]);
    assert!(!answer.to_string().contains("hunter2"));
    assert_eq!(answer["errors"][1]["message"], "sign in first");

    world.policy.messages_with_allowed_code = false;
    assert!(!world.run("{ a b }").await.to_string().contains("sign in"));
    world.policy.exposure = ErrorExposure::Only(vec![world.supergraph.subgraphs()[0].id]);
    assert!(world.run("{ a b }").await.to_string().contains("hunter2"));
}

#[tokio::test(start_paused = true)]
async fn errors_beyond_the_limit_are_counted() {
    let mut world = shop().behaving("inventory", Behaviour::Down);
    world.max_errors = 2;
    let output = world
        .output("{ products { inStock shipping } }", json!({}))
        .await;
    assert_eq!(output.error_count, 6);
    let answer: Json = serde_json::from_slice(&output.body).unwrap();
    assert_eq!(answer["errors"].as_array().unwrap().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_is_too_large_is_refused_whole() {
    let mut world = shop();
    world.max_response_bytes = 60;
    let answer = world.run("{ products { name price weight } }").await;
    assert_eq!(answer["data"], Json::Null);
    assert_eq!(summary(&answer), [": PAYLOAD_TOO_LARGE -"]);
}

#[tokio::test(start_paused = true)]
async fn every_fetch_is_recorded() {
    let output = shop()
        .behaving("reviews", Behaviour::Down)
        .output("{ products { inStock reviews { id } } }", json!({}))
        .await;
    let outcomes: Vec<_> = output
        .fetches
        .iter()
        .map(|fetch| (fetch.representations, fetch.outcome))
        .collect();
    assert_eq!(outcomes[0], (0, FetchOutcome::Answered));
    assert!(outcomes.contains(&(2, FetchOutcome::Answered)));
    assert!(outcomes.contains(&(
        2,
        FetchOutcome::Failed(coko_executor::ErrorCode::DownstreamUnavailable)
    )));
    assert_eq!(output.fetches[0].duration, Duration::from_millis(10));
    assert!(output.fetches[0].bytes_received > 0);
}
