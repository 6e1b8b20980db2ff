//! `__schema`, `__type` and `__typename`, answered without asking anyone.

use serde_json::{Value as Json, json};

use crate::{
    entities::shop,
    kit::{Subgraph, World, summary},
};

const FULL: &str = "query IntrospectionQuery { __schema { description queryType { name kind } mutationType { name } \
    subscriptionType { name } types { ...FullType } directives { name description isRepeatable locations \
    args(includeDeprecated: true) { ...InputValue } } } } \
    fragment FullType on __Type { kind name description specifiedByURL isOneOf \
    fields(includeDeprecated: true) { name description args(includeDeprecated: true) { ...InputValue } type { ...TypeRef } \
    isDeprecated deprecationReason } inputFields(includeDeprecated: true) { ...InputValue } interfaces { ...TypeRef } \
    enumValues(includeDeprecated: true) { name description isDeprecated deprecationReason } possibleTypes { ...TypeRef } } \
    fragment InputValue on __InputValue { name description type { ...TypeRef } defaultValue isDeprecated deprecationReason } \
    fragment TypeRef on __Type { kind name ofType { kind name ofType { kind name ofType { kind name ofType { kind name } } } } }";

fn world() -> World {
    World::new(vec![Subgraph::new(
        "s",
        "type Query { \"All of them.\" books(first: Int = 10, by: Order = {field: TITLE}): [Book!]! @deprecated(reason: \"use find\")
             secret: String @inaccessible find: Found }
         interface Titled { title: String } type Book implements Titled { title: String }
         type Hidden @inaccessible { x: Int }
         union Found = Book | Hidden
         input Order { field: Field! down: Boolean = false } enum Field { TITLE YEAR @deprecated }
         scalar Date @specifiedBy(url: \"https://example.com/date\")
         type Uses { date: Date } extend type Query { uses: Uses }",
    )
    .query(json!({"books": []}))])
}

fn type_named<'a>(schema: &'a Json, name: &str) -> &'a Json {
    let types = schema["__schema"]["types"].as_array().unwrap();
    types
        .iter()
        .find(|ty| ty["name"] == name)
        .unwrap_or(&Json::Null)
}

#[tokio::test(start_paused = true)]
async fn the_full_introspection_query_describes_the_public_schema() {
    let world = world();
    let schema = world.data(FULL).await;
    assert_eq!(world.asked(), [""; 0]);
    assert_eq!(
        schema["__schema"]["queryType"],
        json!({"name": "Query", "kind": "OBJECT"})
    );
    assert_eq!(schema["__schema"]["mutationType"], Json::Null);

    let query = type_named(&schema, "Query");
    let names: Vec<_> = query["fields"]
        .as_array()
        .unwrap()
        .iter()
        .map(|field| field["name"].as_str().unwrap())
        .collect();
    assert!(
        names.contains(&"books") && !names.contains(&"secret") && !names.contains(&"__schema"),
        "{names:?}"
    );
    let books = query["fields"]
        .as_array()
        .unwrap()
        .iter()
        .find(|field| field["name"] == "books")
        .unwrap();
    assert_eq!(books["description"], "All of them.");
    assert_eq!(books["deprecationReason"], "use find");
    assert_eq!(books["type"]["kind"], "NON_NULL");
    assert_eq!(
        books["type"]["ofType"]["ofType"]["ofType"],
        json!({"kind": "OBJECT", "name": "Book", "ofType": null})
    );
    assert_eq!(
        books["args"]
            .as_array()
            .unwrap()
            .iter()
            .find(|arg| arg["name"] == "first")
            .unwrap()["defaultValue"],
        "10"
    );

    assert_eq!(
        type_named(&schema, "Titled")["possibleTypes"][0]["name"],
        "Book"
    );
    assert_eq!(
        type_named(&schema, "Found")["possibleTypes"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
    assert_eq!(type_named(&schema, "Hidden"), &Json::Null);
    assert_eq!(type_named(&schema, "Order")["isOneOf"], false);
    assert_eq!(
        type_named(&schema, "Date")["specifiedByURL"],
        "https://example.com/date"
    );
    assert_eq!(
        type_named(&schema, "Field")["enumValues"][1]["deprecationReason"],
        "No longer supported"
    );
    for ty in schema["__schema"]["types"].as_array().unwrap() {
        let name = ty["name"].as_str().unwrap();
        assert!(
            !name.starts_with("join__") && !name.starts_with("link__"),
            "{name}"
        );
    }
    for name in [
        "Int",
        "String",
        "Boolean",
        "__Schema",
        "__Type",
        "__DirectiveLocation",
    ] {
        assert_ne!(type_named(&schema, name), &Json::Null, "{name}");
    }
    let directives: Vec<_> = schema["__schema"]["directives"]
        .as_array()
        .unwrap()
        .iter()
        .map(|directive| directive["name"].as_str().unwrap())
        .collect();
    assert!(
        directives.contains(&"skip") && directives.contains(&"deprecated"),
        "{directives:?}"
    );
    assert!(
        !directives
            .iter()
            .any(|name| name.starts_with("join__") || *name == "inaccessible" || *name == "link"),
        "{directives:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn introspection_mixes_with_data_in_document_order() {
    let world = shop();
    let output = world
        .output(
            "query($n: String!, $yes: Boolean!) { __typename t: __type(name: $n) { name ...F } me { name __typename } no: __type(name: \"No\") { name } \
               x: __schema @skip(if: $yes) { queryType { name } } }
             fragment F on __Type { fields { name @include(if: $yes) __typename } }",
            json!({"n": "User", "yes": true}),
        )
        .await;
    assert_eq!(
        std::str::from_utf8(&output.body).unwrap(),
        "{\"data\":{\"__typename\":\"Query\",\"t\":{\"name\":\"User\",\"fields\":[{\"name\":\"id\",\"__typename\":\"__Field\"},\
         {\"name\":\"name\",\"__typename\":\"__Field\"}]},\"me\":{\"name\":\"Awa\",\"__typename\":\"User\"},\"no\":null}}"
    );
}

#[tokio::test(start_paused = true)]
async fn the_root_type_name_alone_asks_nobody() {
    let world = shop();
    assert_eq!(
        world
            .data("query { ...F } fragment F on Query { a: __typename }")
            .await,
        json!({"a": "Query"})
    );
    assert_eq!(world.asked(), [""; 0]);
    assert_eq!(world.plan("{ __typename }").fetches(), 0);
}

#[tokio::test(start_paused = true)]
async fn closed_introspection_is_refused() {
    let mut world = shop();
    world.introspection = false;
    let answer = world.run("{ __schema { queryType { name } } }").await;
    assert_eq!(answer["data"], Json::Null);
    assert_eq!(summary(&answer), ["__schema: FORBIDDEN -"]);
}
