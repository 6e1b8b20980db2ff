//! `@defer`: what comes first, and what follows where.

use serde_json::{Value as Json, json};

use crate::{
    abstract_types::media,
    entities::shop,
    kit::{Behaviour, Subgraph, World, summary},
    parts::{check, entries, together},
};

#[tokio::test(start_paused = true)]
async fn deferred_fields_follow_item_by_item() {
    let world = shop();
    let query = "{ products { name ... @defer(label: \"stock\") { inStock } } }";
    let payloads = check(&world, query, json!({})).await;
    let first = json!({
        "data": {"products": [{"name": "Chair"}, {"name": "Table"}, {"name": "Chair"}]},
        "hasNext": true,
    });
    assert_eq!(payloads[0], (first, 1));
    let entry = |index: u32, stock: bool| json!({"data": {"inStock": stock}, "path": ["products", index], "label": "stock"});
    let second = json!({
        "incremental": [entry(0, true), entry(1, false), entry(2, true)],
        "hasNext": false,
    });
    assert_eq!(payloads[1..], [(second, 2)]);
}

#[tokio::test(start_paused = true)]
async fn what_needs_no_further_fetch_comes_whole() {
    let world = shop();
    for query in [
        "{ products { id ... @defer { name price } } }",
        "{ top { inStock ... @defer { id } } }",
        "{ products { name ... @defer(if: false) { inStock } } }",
        "{ ... @defer { __typename } __schema { queryType { name } } }",
    ] {
        assert_eq!(world.payloads(query, json!({})).await, [], "{query}");
    }
    let query = "query($x: Boolean!) { top { name ... @defer @include(if: $x) { inStock } } }";
    assert_eq!(world.payloads(query, json!({"x": false})).await, []);
    assert_eq!(check(&world, query, json!({"x": true})).await.len(), 2);
    // A root field is fetched later.
    let payloads = check(&world, "{ ... @defer { me { name } } }", json!({})).await;
    let asked: Vec<usize> = payloads.into_iter().map(|(_, asked)| asked).collect();
    assert_eq!(asked, [0, 1]);
    let query = "query($later: Boolean!) { top { name ... @defer(if: $later) { inStock } } }";
    assert_eq!(world.payloads(query, json!({"later": false})).await, []);
    assert_eq!(check(&world, query, json!({"later": true})).await.len(), 2);
}

#[tokio::test(start_paused = true)]
async fn each_fragment_comes_as_soon_as_it_can() {
    let mut world = shop();
    for subgraph in &mut world.subgraphs {
        if subgraph.name == "reviews" {
            subgraph.latency = std::time::Duration::from_millis(500);
        }
    }
    let query = "{ top { name ...Stock @defer(label: \"stock\") ... @defer(label: \"reviews\") {
        name reviews { text ... @defer(label: \"authors\") { author { name } } } } } }
        fragment Stock on Product { inStock }";
    let payloads = check(&world, query, json!({})).await;
    let labels: Vec<Vec<&str>> = payloads
        .iter()
        .map(|(payload, _)| {
            entries(payload)
                .map(|entry| entry["label"].as_str().unwrap())
                .collect()
        })
        .collect();
    assert_eq!(
        labels,
        [vec![], vec!["stock"], vec!["reviews"], vec!["authors"; 2]]
    );
    let paths: Vec<&Json> = entries(&payloads[3].0)
        .map(|entry| &entry["path"])
        .collect();
    assert_eq!(
        paths,
        [&json!(["top", "reviews", 0]), &json!(["top", "reviews", 1])]
    );
}

#[tokio::test(start_paused = true)]
async fn nested_fragments_wait_for_those_around_them() {
    let world = shop();
    // The inner one has what it needs before the outer one.
    let query = "{ top { name ... @defer(label: \"outer\") { verdict ... @defer(label: \"inner\") { inStock } } } }";
    let payloads = check(&world, query, json!({})).await;
    let labels: Vec<&str> = payloads
        .iter()
        .flat_map(|(payload, _)| entries(payload))
        .map(|entry| entry["label"].as_str().unwrap())
        .collect();
    assert_eq!(labels, ["outer", "inner"]);
    // By variables either is there without the other.
    let query =
        "query($o: Boolean!, $i: Boolean!) { top { name ... @defer(if: $o, label: \"o\") { shipping
        ... @defer(if: $i, label: \"i\") { reviews { text } } } } }";
    for (outer, inner, expected) in [
        (true, true, vec!["o", "i"]),
        (true, false, vec!["o"]),
        (false, true, vec!["i"]),
        (false, false, vec![]),
    ] {
        let payloads = check(&world, query, json!({"o": outer, "i": inner})).await;
        let labels: Vec<&str> = payloads
            .iter()
            .flat_map(|(payload, _)| entries(payload))
            .map(|entry| entry["label"].as_str().unwrap())
            .collect();
        assert_eq!(labels, expected, "{outer} {inner}");
    }
}

#[tokio::test(start_paused = true)]
async fn fragments_follow_by_the_type_of_the_object() {
    let world = media();
    let query = "{ all { title ... on Book @defer { price } ... on Song @defer { cost: price } } }";
    let payloads = check(&world, query, json!({})).await;
    assert_eq!(payloads[0].1, 1);
    let found: Vec<(&Json, &Json)> = payloads
        .iter()
        .flat_map(|(payload, _)| entries(payload))
        .map(|entry| (&entry["path"], &entry["data"]))
        .collect();
    assert_eq!(
        found,
        [
            (&json!(["all", 0]), &json!({"price": 5000})),
            (&json!(["all", 1]), &json!({"cost": "cheap"})),
        ]
    );
}

fn strict() -> World {
    World::new(vec![
        Subgraph::new(
            "a",
            "type Query { book: Book missing: Book } type Book @key(fields: \"id\") { id: ID! title: String! note: String! }",
        )
        .query(json!({"book": {"__typename": "Book", "id": "1", "title": "t", "note": null}, "missing": null})),
        Subgraph::new(
            "b",
            "type Book @key(fields: \"id\") { id: ID! stock: Int! rating: Int shop: Shop } type Shop { name: String! size: Int }",
        )
        .entities(json!([{"__typename": "Book", "id": "1", "stock": null, "rating": 4,
            "shop": {"name": null, "size": 1}}])),
    ])
}

#[tokio::test(start_paused = true)]
async fn a_null_that_may_not_be_stays_in_its_fragment() {
    let world = strict();
    let query = "{ book { title ... @defer(label: \"a\") { stock ... @defer { rating } } ... @defer(label: \"b\") { rating } } }";
    let payloads = check(&world, query, json!({})).await;
    assert_eq!(payloads[0].0["data"], json!({"book": {"title": "t"}}));
    let found: Vec<&Json> = payloads[1..]
        .iter()
        .flat_map(|(payload, _)| entries(payload))
        .collect();
    assert_eq!(found.len(), 2, "{found:#?}");
    assert_eq!(
        (&found[0]["label"], &found[0]["data"]),
        (&json!("a"), &Json::Null)
    );
    assert_eq!(summary(found[0]), ["book.stock: INTERNAL -"]);
    assert_eq!(
        *found[1],
        json!({"data": {"rating": 4}, "path": ["book"], "label": "b"})
    );
}

#[tokio::test(start_paused = true)]
async fn what_one_part_makes_null_is_null_in_all() {
    // Each part alone would show a shop.
    let query = "{ book { title ... @defer { shop { name } } ... @defer { shop { size } } } }";
    let payloads = check(&strict(), query, json!({})).await;
    assert_eq!(
        together(&payloads)["data"],
        json!({"book": {"title": "t", "shop": null}})
    );
}

#[tokio::test(start_paused = true)]
async fn there_are_no_parts_of_what_is_not_there() {
    let query = "{ missing { title ... @defer { stock } } }";
    let payloads = check(&strict(), query, json!({})).await;
    let parts: Vec<Json> = payloads.into_iter().map(|(payload, _)| payload).collect();
    assert_eq!(
        parts,
        [
            json!({"data": {"missing": null}, "hasNext": true}),
            json!({"hasNext": false}),
        ]
    );
    // The whole object is null because of a field of the first part.
    let payloads = check(
        &strict(),
        "{ book { note ... @defer { rating } } }",
        json!({}),
    )
    .await;
    assert_eq!(together(&payloads)["data"], json!({"book": null}));
}

#[tokio::test(start_paused = true)]
async fn errors_are_listed_where_their_field_is() {
    let rating = json!([{"__typename": "Product", "id": "1", "inStock": {"$error": "no idea", "$code": "X"}}]);
    let mut world = shop();
    let inventory = world
        .subgraphs
        .iter_mut()
        .find(|subgraph| subgraph.name == "inventory")
        .unwrap();
    inventory.entities.clone_from(rating.as_array().unwrap());
    let query = "{ products { name ... @defer { inStock } } }";
    let payloads = check(&world, query, json!({})).await;
    let found: Vec<Vec<String>> = entries(&payloads[1].0).map(summary).collect();
    assert_eq!(
        found,
        [
            vec!["products.0.inStock: X inventory"],
            vec![],
            vec!["products.2.inStock: X inventory"]
        ]
    );
    assert_eq!(payloads[0].0.get("errors"), None);

    let world = shop().behaving("inventory", Behaviour::Down);
    let payloads = check(&world, query, json!({})).await;
    let found: Vec<&str> = entries(&payloads[1].0)
        .map(|entry| entry["errors"][0]["extensions"]["code"].as_str().unwrap())
        .collect();
    assert_eq!(found, ["DOWNSTREAM_UNAVAILABLE"; 3]);

    // The deadline is that of the whole request.
    let world = shop().behaving("inventory", Behaviour::Hangs);
    let started = tokio::time::Instant::now();
    let payloads = world.payloads(query, json!({})).await;
    assert!(started.elapsed() < world.timeout * 2);
    assert_eq!(
        entries(&payloads[1].0).next().unwrap()["errors"][0]["extensions"]["code"],
        "TIMEOUT"
    );
}

#[tokio::test(start_paused = true)]
async fn parts_are_bounded_together() {
    let mut world = shop();
    world.max_response_bytes = 120;
    let query = "{ products { name ... @defer { reviews { text author { name } } } } }";
    let payloads = world.payloads(query, json!({})).await;
    assert_eq!(payloads.len(), 2, "{payloads:#?}");
    assert_eq!(payloads[0].0["data"]["products"][0]["name"], "Chair");
    let errors: Vec<&Json> = entries(&payloads[1].0)
        .flat_map(|entry| entry["errors"].as_array().unwrap())
        .collect();
    assert_eq!(errors.len(), 1, "{payloads:#?}");
    assert_eq!(errors[0]["extensions"]["code"], "PAYLOAD_TOO_LARGE");
    let mut world = shop().behaving("inventory", Behaviour::Down);
    world.max_errors = 2;
    let payloads = world
        .payloads("{ products { name ... @defer { inStock } } }", json!({}))
        .await;
    assert_eq!(together(&payloads)["errors"].as_array().unwrap().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn introspection_may_be_deferred() {
    let world = shop();
    let query =
        "{ top { name } ... @defer { __typename __type(name: \"User\") { name } me { name } } }";
    let payloads = check(&world, query, json!({})).await;
    let data = json!({"__typename": "Query", "__type": {"name": "User"}, "me": {"name": "Awa"}});
    assert_eq!(
        entries(&payloads[1].0).collect::<Vec<_>>(),
        [&json!({"data": data, "path": []})]
    );
    // But nothing inside it is.
    let query = "{ __type(name: \"User\") { ... @defer { name } } ... @defer { me { name } } }";
    let payloads = check(&world, query, json!({})).await;
    assert_eq!(payloads[0].0["data"], json!({"__type": {"name": "User"}}));
}
