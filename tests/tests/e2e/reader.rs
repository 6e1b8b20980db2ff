//! A publisher's book reaches a reader, and leaves again: the same journey in both shapes.

use coko_tests::{Client, Shape, Stack};
use serde_json::{Value, json};

use super::eventually;

/// What a mutation of the catalogue answers, without refusals.
async fn edited(client: &Client, field: &str, kind: &str, selection: &str, input: Value) -> Value {
    let document = format!(
        "mutation($input: {kind}!) {{ {field}(input: $input) {{ {selection} errors {{ field code message }} }} }}"
    );
    let answer = client
        .run_with(&document, json!({ "input": input }))
        .await
        .unwrap();
    let payload = answer.ok()[field].clone();
    assert_eq!(payload["errors"], json!([]), "{payload}");
    payload
}

const BOOK: &str = "book { id slug status version }";

async fn journey(shape: Shape) {
    let stack = Stack::start(shape).await.unwrap();
    let publisher = stack.staff("Maison", &["publisher"]).await.unwrap();
    let owner = publisher.run("{ me { id } }").await.unwrap().ok()["me"]["id"].clone();
    let admin = stack.staff("Admin", &["admin"]).await.unwrap();
    let house = json!({ "name": "Éditions du Fleuve", "country": "SN", "ownerId": owner });
    let house = edited(
        &admin,
        "createPublisher",
        "CreatePublisherInput",
        "publisher { id }",
        house,
    )
    .await;
    let author = json!({ "name": "Awa Ndiaye", "country": "SN" });
    let author = edited(
        &publisher,
        "createAuthor",
        "CreateAuthorInput",
        "author { id }",
        author,
    )
    .await;

    let book = json!({
        "title": "Le Chant du karité", "description": "Trois sœurs au bord du fleuve.", "language": "fr",
        "isbn": "978-2-07-036002-4", "publisherId": house["publisher"]["id"],
        "contributors": [{ "authorId": author["author"]["id"] }],
        "prices": [{ "amount": 2500, "currency": "XOF" }],
    });
    let draft =
        edited(&publisher, "createBook", "CreateBookInput", BOOK, book).await["book"].clone();
    assert_eq!(draft["status"], "DRAFT");

    // A draft is its publisher's alone.
    let (_, reader) = stack.sign_up("Lamine").await.unwrap();
    let lookup = "query($slug: String!) { me { displayName } book(slug: $slug) {
        title isbn authors { name } price(currency: XOF) { amount formatted } cover(size: SMALL) } }";
    let slug = json!({ "slug": draft["slug"] });
    assert_eq!(
        reader.run_with(lookup, slug.clone()).await.unwrap().ok()["book"],
        Value::Null
    );
    assert_eq!(
        publisher.run_with(lookup, slug.clone()).await.unwrap().ok()["book"]["title"],
        "Le Chant du karité"
    );

    let input = json!({ "id": draft["id"], "version": draft["version"] });
    let published = edited(
        &publisher,
        "publishBook",
        "PublishBookInput",
        BOOK,
        input.clone(),
    )
    .await["book"]
        .clone();
    // Someone who still holds the older version is told so.
    let stale =
        "mutation($input: PublishBookInput!) { publishBook(input: $input) { errors { code } } }";
    let stale = publisher
        .run_with(stale, json!({ "input": input }))
        .await
        .unwrap();
    assert_ne!(stale.ok()["publishBook"]["errors"], json!([]));

    // One request: the viewer from auth, the book from catalog.
    let found = reader
        .run_with(lookup, slug.clone())
        .await
        .unwrap()
        .ok()
        .clone();
    assert_eq!(found["me"]["displayName"], "Lamine");
    assert_eq!(found["book"]["isbn"], "9782070360024");
    assert_eq!(found["book"]["authors"][0]["name"], "Awa Ndiaye");
    assert_eq!(found["book"]["price"]["amount"], 2500);
    let cover = reqwest::get(format!(
        "{}{}",
        stack.base("router").unwrap(),
        path(&found["book"]["cover"])
    ))
    .await
    .unwrap();
    assert!(cover.status().is_success(), "{}", cover.status());
    assert!(cover.text().await.unwrap().contains("karité"));

    // Search follows by events, and forgives.
    let search = "{ searchBooks(query: \"chant du karite\") { books { nodes { slug } } } }";
    let hits = |answer: &Value| {
        answer["searchBooks"]["books"]["nodes"]
            .as_array()
            .unwrap()
            .len()
    };
    eventually("the book in the search", async || {
        (hits(reader.run(search).await.unwrap().ok()) == 1).then_some(())
    })
    .await;
    let feed = reqwest::get(format!("{}/opds", stack.base("router").unwrap()))
        .await
        .unwrap();
    assert_eq!(feed.headers()["content-type"], "application/opds+json");

    // A reader may not edit, and is told so before anything is written.
    let input = json!({ "id": published["id"], "version": published["version"] });
    let withdraw =
        "mutation($input: WithdrawBookInput!) { withdrawBook(input: $input) { errors { code } } }";
    let refused = reader
        .run_with(withdraw, json!({ "input": input }))
        .await
        .unwrap();
    assert_eq!(refused.codes(), ["FORBIDDEN"], "{:#}", refused.body);

    edited(&publisher, "withdrawBook", "WithdrawBookInput", BOOK, input).await;
    assert_eq!(
        reader.run_with(lookup, slug).await.unwrap().ok()["book"],
        Value::Null
    );
    eventually("the book out of the search", async || {
        (hits(reader.run(search).await.unwrap().ok()) == 0).then_some(())
    })
    .await;
}

/// The path of an absolute URL.
fn path(url: &Value) -> String {
    let url = reqwest::Url::parse(url.as_str().unwrap()).unwrap();
    url.path().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn in_one_process() {
    journey(Shape::OneProcess).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn with_a_process_per_role() {
    journey(Shape::ProcessPerRole).await;
}
