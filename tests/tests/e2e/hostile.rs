//! Bad input of every kind: each a clear coded error, the process alive, nothing written.

use coko_tests::{Client, Shape, Stack};
use serde_json::{Value, json};

use super::count;

async fn books(stack: &Stack) -> i64 {
    let pool = stack.pool("catalog").unwrap();
    count(&pool, "SELECT count(*) AS count FROM books")
        .await
        .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_documents_and_bodies_are_refused_with_a_code() {
    let stack = Stack::start(Shape::OneProcess).await.unwrap();
    let endpoint = format!("{}/graphql", stack.base("router").unwrap());
    let http = reqwest::Client::new();
    let send = async |body: Vec<u8>| {
        let response = http
            .post(&endpoint)
            .header("content-type", "application/json")
            .body(body)
            .send()
            .await
            .unwrap();
        let status = response.status().as_u16();
        let body: Value = response.json().await.unwrap_or_default();
        (
            status,
            body["errors"][0]["extensions"]["code"]
                .as_str()
                .unwrap_or_default()
                .to_owned(),
        )
    };
    let document = |query: String| serde_json::to_vec(&json!({ "query": query })).unwrap();
    let deep = format!("{}{}", "{ books ".repeat(10_000), "}".repeat(10_000));
    let aliases: Vec<String> = (0..10_000)
        .map(|number| format!("a{number}: __typename"))
        .collect();
    let aliases = aliases.join(" ");
    let cases = [
        ("malformed JSON", b"{\"query\": ".to_vec(), "BAD_REQUEST"),
        ("no JSON at all", vec![0xff, 0xfe, 0x00], "BAD_REQUEST"),
        (
            "malformed GraphQL",
            document("{ books ".to_owned()),
            "GRAPHQL_PARSE_FAILED",
        ),
        (
            "an unknown field",
            document("{ nonsense }".to_owned()),
            "GRAPHQL_VALIDATION_FAILED",
        ),
        ("10,000 levels", document(deep), "COST_LIMIT_EXCEEDED"),
        (
            "10,000 aliases",
            document(format!("{{ {aliases} }}")),
            "COST_LIMIT_EXCEEDED",
        ),
    ];
    for (what, body, expected) in cases {
        let (status, code) = send(body).await;
        assert_eq!(code, expected, "{what}");
        assert!(status == 200 || status == 400, "{what}: {status}");
    }
    // A client that is told "too large" may find the connection closed before it has sent everything.
    let huge = http
        .post(&endpoint)
        .header("content-type", "application/json")
        .body(vec![b'x'; 50 << 20])
        .send()
        .await;
    if let Ok(response) = huge {
        assert_eq!(response.status().as_u16(), 413);
    }
    assert_eq!(
        stack
            .client()
            .unwrap()
            .run("{ __typename }")
            .await
            .unwrap()
            .ok()["__typename"],
        "Query"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_arguments_write_nothing() {
    let stack = Stack::start(Shape::OneProcess).await.unwrap();
    let client = stack.client().unwrap();
    // The router counts what a page would cost; the subgraph by itself refuses the page.
    let vast = "{ books(first: 100000) { nodes { id } } }";
    assert_eq!(
        client.run(vast).await.unwrap().codes(),
        ["COST_LIMIT_EXCEEDED"]
    );
    assert_eq!(
        stack
            .subgraph("catalog")
            .unwrap()
            .run(vast)
            .await
            .unwrap()
            .codes(),
        ["VALIDATION_FAILED"]
    );
    for query in [
        "{ books(first: 101) { nodes { id } } }",
        "{ books(first: 0) { nodes { id } } }",
        "{ books(after: \"bm90IG91cnM\") { nodes { id } } }",
        "{ books(first: 1, last: 1) { nodes { id } } }",
        "{ searchBooks(query: \"a\") { books { nodes { id } } } }",
    ] {
        let answer = client.run(query).await.unwrap();
        assert_eq!(
            answer.codes(),
            ["VALIDATION_FAILED"],
            "{query}: {:#}",
            answer.body
        );
    }

    let publisher = stack.staff("Maison", &["publisher"]).await.unwrap();
    let create = "mutation($input: CreateBookInput!) { createBook(input: $input) { book { title } errors { field code } } }";
    let refusals = [
        (
            json!({ "title": "x", "language": "fr", "isbn": "9782070360025" }),
            "INVALID_ISBN",
        ),
        (
            json!({ "title": "x", "language": "fr", "prices": [{ "amount": -1, "currency": "XOF" }] }),
            "NEGATIVE_PRICE",
        ),
        (
            json!({ "title": "a\u{0}b", "language": "fr" }),
            "CONTROL_CHARACTERS",
        ),
        (
            json!({ "title": "x".repeat(400), "language": "fr" }),
            "TOO_LONG",
        ),
        (
            json!({ "title": "x", "language": "no such language" }),
            "INVALID_LANGUAGE",
        ),
    ];
    for (input, expected) in refusals {
        let answer = publisher
            .run_with(create, json!({ "input": input }))
            .await
            .unwrap();
        assert_eq!(
            answer.ok()["createBook"]["errors"][0]["code"],
            expected,
            "{input}"
        );
        assert_eq!(answer.ok()["createBook"]["book"], Value::Null, "{input}");
    }
    let unknown =
        json!({ "title": "x", "language": "fr", "prices": [{ "amount": 1, "currency": "BTC" }] });
    assert_eq!(
        publisher
            .run_with(create, json!({ "input": unknown }))
            .await
            .unwrap()
            .data(),
        &Value::Null
    );
    assert_eq!(books(&stack).await, 0);
    texts_stay_texts(&stack, &publisher, create).await;
}

/// SQL and HTML are words like any others: stored as they are, run by nobody, escaped where they are shown.
async fn texts_stay_texts(stack: &Stack, publisher: &Client, create: &str) {
    for title in [
        "Robert'); DROP TABLE books;--",
        "<script>alert(1)</script>",
        "=HYPERLINK(\"http://x\")",
        "{{7*7}} ${7*7} %s",
    ] {
        let answer = publisher
            .run_with(
                create,
                json!({ "input": { "title": title, "language": "fr" } }),
            )
            .await
            .unwrap();
        assert_eq!(answer.ok()["createBook"]["book"]["title"], title);
        let search = "query($query: String!) { searchBooks(query: $query) { books { nodes { id } } } suggest(query: $query) { text } }";
        publisher
            .run_with(search, json!({ "query": title }))
            .await
            .unwrap()
            .ok();
    }
    assert_eq!(books(stack).await, 4);
}
