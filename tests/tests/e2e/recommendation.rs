//! A reader who buys a book is led to its like, refuses some of it for good, and finds the same after an operator has rebuilt
//! everything from the history of events.

use coko_tests::{Client, Shape, Stack};
use serde_json::{Value, json};

use super::eventually;
use super::purchase::bought;

const LIKE: &str = "query($id: ID!) { book(id: $id) { title similar(first: 10) { nodes { book { id title } } } whyRecommended { kind } } }";
const NEXT: &str = "{ recommendedForMe(first: 50) { nodes { book { id title } reason { kind text book { title } } } } }";

/// Books of the author of the one that was bought, on the shelf.
pub(super) async fn more(stack: &Stack, titles: &[&str]) -> Vec<Value> {
    let admin = stack.staff("Bookseller", &["admin"]).await.unwrap();
    let made = "mutation { createAuthor(input: { name: \"Mariama Bâ\" }) { author { id } } }";
    let author = admin.run(made).await.unwrap().ok()["createAuthor"]["author"]["id"].clone();
    let create = "mutation($i: CreateBookInput!) { createBook(input: $i) { book { id version } errors { code } } }";
    let publish = "mutation($i: PublishBookInput!) { publishBook(input: $i) { errors { code } } }";
    let mut books = Vec::new();
    for title in titles {
        let input = json!({
            "title": title, "language": "fr", "description": "Une longue lettre du Sénégal",
            "contributors": [{ "authorId": author }], "prices": [{ "amount": 2500, "currency": "XOF" }],
        });
        let made = admin.run_with(create, json!({ "i": input })).await.unwrap();
        let book = made.ok()["createBook"]["book"].clone();
        let published = admin.run_with(publish, json!({ "i": book })).await.unwrap();
        assert_eq!(published.ok()["publishBook"]["errors"], json!([]));
        books.push(book["id"].clone());
    }
    books
}

/// What a reader is recommended.
pub(super) async fn next(client: &Client) -> Vec<Value> {
    let answer = client.run(NEXT).await.unwrap();
    let nodes = answer.ok()["recommendedForMe"]["nodes"].as_array().unwrap();
    nodes.clone()
}

pub(super) fn has(nodes: &[Value], book: &Value) -> bool {
    nodes.iter().any(|node| node["book"]["id"] == *book)
}

async fn journey(shape: Shape) {
    let stack = Stack::start(shape).await.unwrap();
    let purchase = bought(&stack, "Aminata").await;
    let (reader, own) = (&purchase.reader, &purchase.book["id"]);
    let books = more(&stack, &["Une lettre encore", "La dernière lettre"]).await;

    let found = eventually("recommendations without what was bought", async || {
        let found = next(reader).await;
        let all = books.iter().all(|book| has(&found, book));
        (all && !has(&found, own)).then_some(found)
    })
    .await;
    // One answer from two subgraphs: the place from recommendation, the title from catalog.
    let titles: Vec<&Value> = found.iter().map(|node| &node["book"]["title"]).collect();
    assert!(titles.contains(&&json!("Une lettre encore")), "{titles:?}");
    let like = stack
        .client()
        .unwrap()
        .run_with(LIKE, json!({ "id": own }))
        .await
        .unwrap();
    let like = &like.ok()["book"];
    assert!(has(like["similar"]["nodes"].as_array().unwrap(), &books[0]));
    assert_eq!(like["whyRecommended"], Value::Null);

    let refuse = json!({ "input": { "signals": [{ "bookId": books[1], "kind": "NEGATIVE" }] } });
    let refused = reader
        .run_operation("RecordFeedback", refuse)
        .await
        .unwrap();
    assert_eq!(refused.ok()["recordFeedback"]["recorded"], 1);
    let left = next(reader).await;
    assert!(has(&left, &books[0]) && !has(&left, &books[1]));

    let said = stack
        .command(&["--format", "json", "rebuild", "recommendation"])
        .await
        .unwrap();
    let said: Value = serde_json::from_str(&said).unwrap();
    assert_eq!(said["refused"], 0, "{said}");
    assert!(said["handled"].as_u64().unwrap() >= 4, "{said}");
    let rebuilt = next(reader).await;
    assert!(has(&rebuilt, &books[0]));
    assert!(!has(&rebuilt, &books[1]) && !has(&rebuilt, own));
}

#[tokio::test(flavor = "multi_thread")]
async fn in_one_process() {
    journey(Shape::OneProcess).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn with_a_process_per_role() {
    journey(Shape::ProcessPerRole).await;
}
