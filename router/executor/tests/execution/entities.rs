//! Entities across subgraphs: keys, requirements, provided fields, batches, equal representations.

use serde_json::json;

use crate::kit::{Subgraph, World};

pub(crate) fn shop() -> World {
    World::new(vec![
        Subgraph::new(
            "products",
            "type Query { products: [Product!]! top: Product best: Product }
             type Product @key(fields: \"id\") { id: ID! name: String! price: Int weight: Float tags: [String!] }",
        )
        .query(json!({
            "products": [
                {"__typename": "Product", "id": "1", "name": "Chair", "price": 100, "weight": 2.5, "tags": ["a", "b"]},
                {"__typename": "Product", "id": "2", "name": "Table", "price": 900, "weight": null, "tags": []},
                {"__typename": "Product", "id": "1", "name": "Chair", "price": 100, "weight": 2.5, "tags": null},
            ],
            "top": {"__typename": "Product", "id": "1", "name": "Chair", "price": 100, "weight": 2.5},
            "best": {"__typename": "Product", "id": "2", "name": "Table", "price": 900},
        }))
        .entities(json!([{"__typename": "Product", "id": "1", "name": "Chair", "price": 100, "weight": 2.5}])),
        Subgraph::new(
            "inventory",
            "type Product @key(fields: \"id\") { id: ID! price: Int @external weight: Float @external
               inStock: Boolean shipping: String @requires(fields: \"price weight\") }",
        )
        .entities(json!([
            {"__typename": "Product", "id": "1", "inStock": true, "shipping": {"$with": ["price", "weight"]}},
            {"__typename": "Product", "id": "2", "inStock": false, "shipping": {"$with": ["price", "weight"]}},
        ])),
        Subgraph::new(
            "reviews",
            "type Product @key(fields: \"id\") { id: ID! shipping: String @external
               reviews: [Review!]! verdict: String @requires(fields: \"shipping\") }
             type Review @key(fields: \"id\") { id: ID! text: String author: User! product: Product! }
             type User @key(fields: \"id\") { id: ID! }",
        )
        .entities(json!([
            {"__typename": "Product", "id": "1", "verdict": {"$with": ["shipping"]}, "reviews": [
                {"__typename": "Review", "id": "r1", "text": "good", "author": {"__typename": "User", "id": "u1"},
                 "product": {"__typename": "Product", "id": "1"}},
                {"__typename": "Review", "id": "r2", "text": "bad \"\\\n é🦀", "author": {"__typename": "User", "id": "u2"},
                 "product": {"__typename": "Product", "id": "1"}},
            ]},
            {"__typename": "Product", "id": "2", "verdict": {"$with": ["shipping"]}, "reviews": []},
        ])),
        Subgraph::new(
            "accounts",
            "type Query { me: User } type User @key(fields: \"id\") { id: ID! name: String }",
        )
        .query(json!({"me": {"__typename": "User", "id": "u1", "name": "Awa"}}))
        .entities(json!([
            {"__typename": "User", "id": "u1", "name": "Awa"},
            {"__typename": "User", "id": "u2", "name": "Kofi"},
        ])),
    ])
}

#[tokio::test(start_paused = true)]
async fn one_subgraph_answers_alone() {
    let world = shop();
    let data = world.data("{ me { id n: name __typename } }").await;
    assert_eq!(
        data,
        json!({"me": {"id": "u1", "n": "Awa", "__typename": "User"}})
    );
    assert_eq!(world.asked(), ["accounts"]);
}

#[tokio::test(start_paused = true)]
async fn entities_are_joined_and_equal_ones_are_asked_once() {
    let world = shop();
    let data = world
        .data("{ products { name inStock reviews { text author { name } } } me { name } }")
        .await;
    let chair = json!({"name": "Chair", "inStock": true, "reviews": [
        {"text": "good", "author": {"name": "Awa"}},
        {"text": "bad \"\\\n é🦀", "author": {"name": "Kofi"}},
    ]});
    let table = json!({"name": "Table", "inStock": false, "reviews": []});
    assert_eq!(
        data,
        json!({"products": [chair, table, chair], "me": {"name": "Awa"}})
    );

    let inventory = world.requests("inventory");
    assert_eq!(inventory.len(), 1);
    assert_eq!(
        inventory[0].variables,
        json!({"representations": [
            {"__typename": "Product", "id": "1"},
            {"__typename": "Product", "id": "2"},
        ]})
    );
}

#[tokio::test(start_paused = true)]
async fn requirements_are_fetched_in_a_chain() {
    let world = shop();
    let data = world.data("{ products { verdict } }").await;
    assert_eq!(
        data,
        json!({"products": [
            {"verdict": "\"100+2.5\""},
            {"verdict": "\"900+null\""},
            {"verdict": "\"100+2.5\""},
        ]})
    );
    assert_eq!(world.asked(), ["products", "inventory", "reviews"]);
}

#[tokio::test(start_paused = true)]
async fn several_paths_share_one_batch() {
    let world = shop();
    let query = "{ top { inStock shipping } best { inStock } products { inStock } }";
    assert!(
        world.plan(query).pretty().contains("BatchFetch"),
        "{}",
        world.plan(query).pretty()
    );
    let data = world.data(query).await;
    assert_eq!(
        data,
        json!({
            "top": {"inStock": true, "shipping": "100+2.5"},
            "best": {"inStock": false},
            "products": [{"inStock": true}, {"inStock": false}, {"inStock": true}],
        })
    );
    assert_eq!(world.requests("inventory").len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_shared_entity_keeps_what_each_place_asked() {
    let world = shop();
    let data = world
        .data(
            "{ products { reviews { product { name } } } top { reviews { product { price inStock } } } }",
        )
        .await;
    let named =
        json!({"reviews": [{"product": {"name": "Chair"}}, {"product": {"name": "Chair"}}]});
    assert_eq!(data["products"][0], named);
    assert_eq!(data["products"][2], named);
    let priced = json!({"product": {"price": 100, "inStock": true}});
    assert_eq!(data["top"], json!({"reviews": [priced, priced]}));
}

#[tokio::test(start_paused = true)]
async fn aliases_and_fragments_are_answered_as_written() {
    let world = shop();
    let data = world
        .data(
            "query { a: top { ...Part } b: top { key: id cost: price stock: inStock } }
             fragment Part on Product { title: name ... { stock: inStock } ...Deep }
             fragment Deep on Product { reviews { who: author { called: name } } }",
        )
        .await;
    assert_eq!(
        data,
        json!({
            "a": {"title": "Chair", "stock": true, "reviews": [
                {"who": {"called": "Awa"}}, {"who": {"called": "Kofi"}}]},
            "b": {"key": "1", "cost": 100, "stock": true},
        })
    );
}

#[tokio::test(start_paused = true)]
async fn an_alias_over_a_required_field_does_not_disturb_the_representation() {
    let world = shop();
    let data = world
        .data("{ top { price: name id: inStock shipping } }")
        .await;
    assert_eq!(
        data,
        json!({"top": {"price": "Chair", "id": true, "shipping": "100+2.5"}})
    );
}

#[tokio::test(start_paused = true)]
async fn provided_fields_are_not_fetched_again() {
    let world = World::new(vec![
        Subgraph::new(
            "books",
            "type Query { book: Book @provides(fields: \"author { name }\") other: Book }
             type Book @key(fields: \"id\") { id: ID! author: Author }
             type Author @key(fields: \"id\") { id: ID! name: String @external }",
        )
        .query(json!({
            "book": {"__typename": "Book", "id": "1",
                     "author": {"__typename": "Author", "id": "a", "name": "provided"}},
            "other": {"__typename": "Book", "id": "1", "author": {"__typename": "Author", "id": "a"}},
        })),
        Subgraph::new("authors", "type Author @key(fields: \"id\") { id: ID! name: String @shareable }")
            .entities(json!([{"__typename": "Author", "id": "a", "name": "fetched"}])),
    ]);
    let data = world.data("{ book { author { name } } }").await;
    assert_eq!(data, json!({"book": {"author": {"name": "provided"}}}));
    assert_eq!(world.asked(), ["books"]);
    let data = world.data("{ other { author { name } } }").await;
    assert_eq!(data, json!({"other": {"author": {"name": "fetched"}}}));
}

#[tokio::test(start_paused = true)]
async fn value_types_from_two_subgraphs_merge() {
    let world = World::new(vec![
        Subgraph::new(
            "a",
            "type Query { thing: Thing } type Thing @key(fields: \"id\") { id: ID! size: Size @shareable }
             type Size { width: Int }",
        )
        .query(json!({"thing": {"__typename": "Thing", "id": "1", "size": {"__typename": "Size", "width": 3}}})),
        Subgraph::new(
            "b",
            "type Thing @key(fields: \"id\") { id: ID! size: Size @shareable } type Size { height: Int }",
        )
        .entities(json!([{"__typename": "Thing", "id": "1", "size": {"__typename": "Size", "height": 4}}])),
    ]);
    let data = world.data("{ thing { size { width height } } }").await;
    assert_eq!(data, json!({"thing": {"size": {"width": 3, "height": 4}}}));
}

#[tokio::test(start_paused = true)]
async fn compound_keys_and_nested_requirements() {
    let world = World::new(vec![
        Subgraph::new(
            "orders",
            "type Query { order: Order }
             type Order @key(fields: \"number shop { code }\") { number: Int! shop: Shop! lines: [Line!] }
             type Shop @shareable { code: String! }
             type Line { sku: String quantity: Int }",
        )
        .query(json!({"order": {"__typename": "Order", "number": 7, "shop": {"__typename": "Shop", "code": "DKR"},
            "lines": [{"__typename": "Line", "sku": "x", "quantity": 2}, {"__typename": "Line", "sku": null, "quantity": 1}]}})),
        Subgraph::new(
            "delivery",
            "type Order @key(fields: \"number shop { code }\") { number: Int! shop: Shop! lines: [Line!] @external
                label: String @requires(fields: \"lines { sku quantity }\") }
             type Shop @shareable { code: String! }
             type Line { sku: String @external quantity: Int @external }",
        )
        .keys(&["number", "shop"])
        .entities(json!([{"__typename": "Order", "number": 7, "shop": {"code": "DKR"}, "label": {"$with": ["lines"]}}])),
    ]);
    let data = world.data("{ order { label } }").await;
    let label: serde_json::Value =
        serde_json::from_str(data["order"]["label"].as_str().unwrap()).unwrap();
    assert_eq!(
        label,
        json!([{"sku": "x", "quantity": 2}, {"sku": null, "quantity": 1}])
    );
}
