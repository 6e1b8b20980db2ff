//! Interfaces, unions and interface objects across subgraphs.

use serde_json::json;

use crate::kit::{Subgraph, World, summary};

pub(crate) fn media() -> World {
    World::new(vec![
        Subgraph::new(
            "media",
            "type Query { all: [Media!]! search: [Result] one: Media }
             interface Media { id: ID! title: String }
             type Book implements Media @key(fields: \"id\") { id: ID! title: String pages: Int related: Media }
             type Song implements Media @key(fields: \"id\") { id: ID! title: String seconds: Int }
             union Result = Book | Song | Note
             type Note { text: String! }",
        )
        .query(json!({
            "all": [
                {"__typename": "Book", "id": "b1", "title": "Une vie", "pages": 300,
                 "related": {"__typename": "Song", "id": "s1", "title": "Yé", "seconds": 180}},
                {"__typename": "Song", "id": "s1", "title": "Yé", "seconds": 180},
            ],
            "search": [
                {"__typename": "Note", "text": "hello"}, null,
                {"__typename": "Song", "id": "s1", "title": "Yé", "seconds": 180},
            ],
            "one": {"__typename": "Book", "id": "b1", "title": "Une vie", "pages": 300},
        })),
        Subgraph::new(
            "prices",
            "type Book @key(fields: \"id\") { id: ID! price: Int } type Song @key(fields: \"id\") { id: ID! price: String }",
        )
        .entities(json!([
            {"__typename": "Book", "id": "b1", "price": 5000},
            {"__typename": "Song", "id": "s1", "price": "cheap"},
        ])),
    ])
}

#[tokio::test(start_paused = true)]
async fn interfaces_answer_by_concrete_type() {
    let world = media();
    let data = world
        .data("{ all { __typename title ... on Book { pages price related { title ... on Song { cost: price } } } ... on Song { seconds } } }")
        .await;
    assert_eq!(
        data,
        json!({"all": [
            {"__typename": "Book", "title": "Une vie", "pages": 300, "price": 5000,
             "related": {"title": "Yé", "cost": "cheap"}},
            {"__typename": "Song", "title": "Yé", "seconds": 180},
        ]})
    );
}

#[tokio::test(start_paused = true)]
async fn unions_answer_by_concrete_type() {
    let world = media();
    let data = world
        .data("{ search { kind: __typename ... on Note { text } ... on Media { title } ... on Song { cost: price } } }")
        .await;
    assert_eq!(
        data,
        json!({"search": [
            {"kind": "Note", "text": "hello"}, null, {"kind": "Song", "title": "Yé", "cost": "cheap"},
        ]})
    );
}

#[tokio::test(start_paused = true)]
async fn keys_of_different_type_are_kept_apart() {
    let world = World::new(vec![
        Subgraph::new(
            "a",
            "type Query { items: [Item] } interface Item { id: ID }
             type One implements Item { id: ID value: String } type Many implements Item { id: ID value: [String] }",
        )
        .query(json!({"items": [
            {"__typename": "One", "value": "x"}, {"__typename": "Many", "value": ["y", null]},
        ]})),
    ]);
    let query = "{ items { ... on One { value } ... on Many { value } } }";
    assert!(world.plan(query).pretty().contains("_internal_qp_alias"));
    let data = world.data(query).await;
    assert_eq!(
        data,
        json!({"items": [{"value": "x"}, {"value": ["y", null]}]})
    );
}

#[tokio::test(start_paused = true)]
async fn renamed_keys_are_found_inside_fragments_the_plan_shares() {
    let user = json!({"__typename": "User", "id": "u", "name": "Awa"});
    let admin = json!({"__typename": "Admin", "id": 7, "name": "Kofi"});
    let mut accounts = json!([user, admin]);
    accounts[0]["similar"] = json!([user, admin]);
    accounts[1]["similar"] = json!([admin, user]);
    let world = World::new(vec![
        Subgraph::new(
            "a",
            "type Query { accounts: [Account!]! } interface Account { name: String }
             type User implements Account { id: ID! name: String similar: [Account] }
             type Admin implements Account { id: Int name: String similar: [Account] }",
        )
        .query(json!({"accounts": accounts})),
    ]);
    let query = "{ accounts {
        ... on User { id name similar { ... on User { id name } ... on Admin { id name } } }
        ... on Admin { id name similar { ... on User { id name } ... on Admin { id name } } }
    } }";
    let plan = world.plan(query).pretty();
    assert!(
        plan.contains("...a") && plan.contains("_internal_qp_alias"),
        "{plan}"
    );
    let (user, admin) = (
        json!({"id": "u", "name": "Awa"}),
        json!({"id": 7, "name": "Kofi"}),
    );
    assert_eq!(
        world.data(query).await,
        json!({"accounts": [
            {"id": "u", "name": "Awa", "similar": [user, admin]},
            {"id": 7, "name": "Kofi", "similar": [admin, user]},
        ]})
    );
}

#[tokio::test(start_paused = true)]
async fn an_unknown_or_missing_type_is_null_with_an_error() {
    for (name, expected) in [
        (json!("Painting"), "one: INTERNAL -"),
        (json!(7), "one: INTERNAL -"),
    ] {
        let world = media().changing("media", move |mut answer| {
            answer["data"]["one"]["__typename"] = name.clone();
            answer
        });
        let answer = world.run("{ one { title ... on Book { pages } } }").await;
        assert_eq!(answer["data"], json!({"one": null}));
        assert_eq!(summary(&answer), [expected]);
    }
}

fn nodes() -> World {
    World::new(vec![
        Subgraph::new(
            "people",
            "type Query { users: [Named!]! }
             interface Named @key(fields: \"id\") { id: ID! name: String }
             type User implements Named @key(fields: \"id\") { id: ID! name: String age: Int }
             type Robot implements Named @key(fields: \"id\") { id: ID! name: String }",
        )
        .query(json!({"users": [
            {"__typename": "User", "id": "u1", "name": "Awa", "age": 30},
            {"__typename": "Robot", "id": "u2", "name": "R2"},
        ]}))
        .entities(json!([
            {"__typename": "User", "id": "u1", "name": "Awa", "age": 30},
            {"__typename": "Robot", "id": "u2", "name": "R2"},
        ])),
        Subgraph::new(
            "handles",
            "type Query { anotherUsers: [Named] }
             type Named @interfaceObject @key(fields: \"id\") { id: ID! username: String }",
        )
        .query(json!({"anotherUsers": [
            {"__typename": "Named", "id": "u1", "username": "awa"},
            {"__typename": "Named", "id": "u2", "username": "r2"},
        ]}))
        .entities(json!([
            {"__typename": "Named", "id": "u1", "username": "awa"},
            {"__typename": "Named", "id": "u2", "username": "r2"},
        ])),
    ])
}

#[tokio::test(start_paused = true)]
async fn an_interface_object_adds_fields_to_every_implementation() {
    let data = nodes()
        .data("{ users { __typename name username ... on User { age } } }")
        .await;
    assert_eq!(
        data,
        json!({"users": [
            {"__typename": "User", "name": "Awa", "username": "awa", "age": 30},
            {"__typename": "Robot", "name": "R2", "username": "r2"},
        ]})
    );
}

#[tokio::test(start_paused = true)]
async fn an_interface_object_need_not_know_its_implementations() {
    let world = nodes();
    let data = world.data("{ anotherUsers { id username } }").await;
    assert_eq!(
        data,
        json!({"anotherUsers": [{"id": "u1", "username": "awa"}, {"id": "u2", "username": "r2"}]})
    );
    assert_eq!(world.asked(), ["handles"]);
}

#[tokio::test(start_paused = true)]
async fn an_interface_object_learns_the_type_when_it_is_asked() {
    let data = nodes()
        .data("{ anotherUsers { __typename username name } }")
        .await;
    assert_eq!(
        data,
        json!({"anotherUsers": [
            {"__typename": "User", "username": "awa", "name": "Awa"},
            {"__typename": "Robot", "username": "r2", "name": "R2"},
        ]})
    );

    let data = nodes()
        .data("{ anotherUsers { username ... on User { age username } ... on Robot { name } } }")
        .await;
    assert_eq!(
        data,
        json!({"anotherUsers": [{"username": "awa", "age": 30}, {"username": "r2", "name": "R2"}]})
    );
}
