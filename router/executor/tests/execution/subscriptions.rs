//! Subscriptions: the source is named by the plan, and an event is answered as a query with the same root answer would be.

use bytes::Bytes;
use coko_executor::{
    ErrorCode, ExecutionInput, OperationKind, PlanCancellation, coerce_variables, execute_event,
    normalize, plan,
};
use graphql_tools::parser::parse_query;
use http::{HeaderMap, StatusCode};
use proptest::prelude::*;
use serde_json::{Value as Json, json};
use tokio::time::Instant;

use crate::kit::{Behaviour, Subgraph, World, summary};

fn world() -> World {
    let fields = "book(id: ID): Book books: [Book!]! count(from: Int): Int!";
    World::new(vec![
        Subgraph::new(
            "events",
            &format!(
                "type Query {{ {fields} }} type Subscription {{ {fields} }}
                 type Book @key(fields: \"id\", resolvable: false) {{ id: ID! }}"
            ),
        ),
        Subgraph::new(
            "books",
            "type Book @key(fields: \"id\") { id: ID! title: String! price: Int }",
        )
        .entities(json!([
            {"__typename": "Book", "id": "1", "title": "L'Enfant noir", "price": 2500},
            {"__typename": "Book", "id": "2", "title": "Xala", "price": null},
        ])),
        Subgraph::new(
            "stock",
            "type Book @key(fields: \"id\") { id: ID! price: Int @external stock: String @requires(fields: \"price\") }",
        )
        .entities(json!([{"__typename": "Book", "id": "1", "stock": {"$with": ["price"]}}])),
    ])
}

/// The answer to one event.
async fn event(world: &World, query: &str, variables: Json, payload: Bytes) -> Json {
    let normalized = world.normalize(query);
    let plan = plan(&world.supergraph, &normalized, &PlanCancellation::new()).unwrap();
    let provided = variables.as_object().unwrap();
    let variables = coerce_variables(&world.supergraph, &normalized, provided).unwrap();
    let input = ExecutionInput {
        variables: &variables,
        headers: &HeaderMap::new(),
        deadline: Instant::now() + world.timeout,
        transport: world,
        request_id: "",
        errors: &world.policy,
        max_errors: world.max_errors,
        introspection: true,
        max_response_bytes: world.max_response_bytes,
        files: None,
    };
    let output = execute_event(&world.supergraph, &plan, payload, input).await;
    serde_json::from_slice(&output.body).unwrap()
}

const BOOK: &str = "subscription($id: ID) { changed: book(id: $id) { t: title stock } }";

#[tokio::test(start_paused = true)]
async fn the_plan_names_its_source() {
    let world = world();
    let normalized = world.normalize(BOOK);
    let plan = plan(&world.supergraph, &normalized, &PlanCancellation::new()).unwrap();
    assert_eq!(plan.operation_kind(), OperationKind::Subscription);
    let provided = json!({"id": "1"});
    let variables = coerce_variables(
        &world.supergraph,
        &normalized,
        provided.as_object().unwrap(),
    )
    .unwrap();
    let source = plan.source(&variables).unwrap();
    assert_eq!(
        world.supergraph.subgraph(source.subgraph).unwrap().name,
        "events"
    );
    assert_eq!(source.field, "book");
    assert_eq!(source.arguments, *provided.as_object().unwrap());
    let body: Json = serde_json::from_slice(&source.body).unwrap();
    let document = body["query"].as_str().unwrap();
    assert!(document.starts_with("subscription"), "{document}");
    assert_eq!(body["variables"], provided);
    assert!(plan.pretty().contains("Subscription"), "{}", plan.pretty());
}

#[tokio::test(start_paused = true)]
async fn what_the_source_lacks_is_fetched_for_each_event() {
    let world = world();
    let normalized = world.normalize(BOOK);
    let plan = plan(&world.supergraph, &normalized, &PlanCancellation::new()).unwrap();
    let payload = plan
        .source_payload(&json!({"__typename": "Book", "id": "1", "other": [1]}))
        .unwrap();
    let answer = event(&world, BOOK, json!({"id": "1"}), payload).await;
    assert_eq!(
        answer,
        json!({"data": {"changed": {"t": "L'Enfant noir", "stock": "2500"}}}),
        "{}",
        plan.pretty()
    );
    assert_eq!(world.asked(), ["books", "stock"]);
}

#[tokio::test(start_paused = true)]
async fn errors_of_the_source_reach_the_client() {
    let world = world();
    let payload =
        json!({"data": null, "errors": [{"message": "no", "extensions": {"code": "NOT_FOUND"}}]});
    let payload = Bytes::from(payload.to_string());
    let answer = event(&world, "subscription { count }", json!({}), payload).await;
    assert_eq!(answer["data"], Json::Null);
    assert_eq!(summary(&answer), ["count: NOT_FOUND events"]);
}

#[test]
fn what_is_excluded_has_no_source() {
    let world = world();
    let query = "subscription($x: Boolean!) { count @include(if: $x) }";
    let normalized = world.normalize(query);
    let plan = plan(&world.supergraph, &normalized, &PlanCancellation::new()).unwrap();
    for (included, expected) in [(true, true), (false, false)] {
        let provided = json!({ "x": included });
        let provided = provided.as_object().unwrap();
        let variables = coerce_variables(&world.supergraph, &normalized, provided).unwrap();
        assert_eq!(plan.source(&variables).is_some(), expected);
    }
}

#[test]
fn a_subscription_has_one_root_field() {
    let world = world();
    for (query, expected) in [
        ("subscription { count }", None),
        (
            "subscription { books { title } ...F } fragment F on Subscription { books { id } }",
            None,
        ),
        (
            "subscription { count books { title } }",
            Some(ErrorCode::ValidationFailed),
        ),
        (
            "subscription { count again: count }",
            Some(ErrorCode::ValidationFailed),
        ),
        (
            "subscription { __typename }",
            Some(ErrorCode::ValidationFailed),
        ),
    ] {
        let document = parse_query::<String>(query).unwrap().into_static();
        let refused = normalize(&world.supergraph, &document, None).err();
        assert_eq!(refused.map(|error| error.code()), expected, "{query}");
    }
}

fn payloads() -> impl Strategy<Value = Vec<u8>> {
    let book = prop_oneof![
        Just(json!(null)),
        Just(json!({"__typename": "Book", "id": "1"})),
        Just(json!({"__typename": "Book", "id": "2"})),
        Just(json!({"__typename": "Book", "id": "9"})),
        Just(json!({"__typename": "Film", "id": "1"})),
        Just(json!({"id": 7})),
        Just(json!("x")),
        Just(json!([])),
    ];
    let data = prop::collection::vec(book, 0..4)
        .prop_map(|books| json!({"changed": books.first(), "books": books, "count": books.len()}));
    let data = prop_oneof![8 => data, 1 => Just(json!(null)), 1 => Just(json!([1]))];
    let errors = prop_oneof![
        3 => Just(json!([])),
        1 => Just(json!([{"message": "m", "path": ["books", 0]}])),
        1 => Just(json!([{"message": "m"}])),
        1 => Just(json!("odd")),
    ];
    (data, errors, 0_usize..2000, any::<u8>()).prop_map(|(data, errors, at, byte)| {
        let mut bytes = json!({"data": data, "errors": errors})
            .to_string()
            .into_bytes();
        // Some payloads are broken in one place.
        if let Some(broken) = bytes.get_mut(at) {
            *broken = byte;
        }
        bytes
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn an_event_is_answered_as_a_query_would_be(
        selection in prop::sample::select(&["changed: book { t: title stock }", "books { id title price }", "count"][..]),
        payload in payloads(),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
        let (event, query) = runtime.block_on(async {
            let events = world();
            let asked = world().behaving("events", Behaviour::Says(StatusCode::OK, payload.clone()));
            let subscription = format!("subscription {{ {selection} }}");
            let event = event(&events, &subscription, json!({}), Bytes::from(payload));
            (event.await, asked.run(&format!("{{ {selection} }}")).await)
        });
        // Messages name the root type.
        prop_assert_eq!(event.to_string().replace("Subscription.", "Query."), query.to_string());
    }
}
