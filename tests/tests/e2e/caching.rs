//! What readers see again and again comes from the routers' caches, until somebody changes it.

use coko_tests::{Client, Shape, Stack};
use serde_json::{Value, json};

use super::eventually;

/// What a mutation answers, without refusals.
async fn done(client: &Client, document: &str, field: &str, input: Value) -> Value {
    let answer = client
        .run_with(document, json!({ "input": input }))
        .await
        .unwrap();
    let payload = answer.ok()[field].clone();
    assert_eq!(payload["errors"], json!([]), "{payload}");
    payload["book"].clone()
}

/// How many lookups were answered from the cache, by the router's own count.
async fn hits(router: &Client) -> u64 {
    let metrics = router.metrics().await.unwrap();
    let count = |line: &str| {
        let is_hit = line.starts_with("router_cache_") && line.contains("outcome=\"HIT\"");
        let figure = line.rsplit(' ').next()?.parse::<u64>().ok()?;
        is_hit.then_some(figure)
    };
    metrics.lines().filter_map(count).sum()
}

const CREATE: &str = "mutation($input: CreateBookInput!) { createBook(input: $input) { book { id version } errors { code message } } }";
const PUBLISH: &str = "mutation($input: PublishBookInput!) { publishBook(input: $input) { book { id version } errors { code message } } }";
const UPDATE: &str = "mutation($input: UpdateBookInput!) { updateBook(input: $input) { book { id version } errors { code message } } }";

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_book_is_changed_in_every_router() {
    let mut stack = Stack::start(Shape::ProcessPerRole).await.unwrap();
    let admin = stack.staff("Admin", &["admin"]).await.unwrap();
    let (_, reader) = stack.sign_up("Lamine").await.unwrap();
    let second = stack.another_router().await.unwrap();
    let author = "mutation { createAuthor(input: { name: \"Awa Ndiaye\" }) { author { id } errors { code } } }";
    let author = admin.run(author).await.unwrap();
    let book = json!({
        "title": "Le Chant du karité", "description": "Trois sœurs au bord du fleuve.", "language": "fr",
        "contributors": [{ "authorId": author.ok()["createAuthor"]["author"]["id"] }], "isFree": true,
    });
    let book = done(&admin, CREATE, "createBook", book).await;
    let input = json!({ "id": book["id"], "version": book["version"] });
    let book = done(&admin, PUBLISH, "publishBook", input).await;

    let query = format!("{{ book(id: {}) {{ title }} }}", book["id"]);
    let title = async |client: &Client| {
        let answer = client.run(&query).await.unwrap();
        answer.ok()["book"]["title"].as_str().map(str::to_owned)
    };
    let guest = stack.client().unwrap();
    for router in [&guest, &second] {
        eventually("an answer from the cache", async || {
            let before = hits(router).await;
            title(router).await;
            title(router).await;
            (hits(router).await > before).then_some(())
        })
        .await;
        assert_eq!(title(router).await.as_deref(), Some("Le Chant du karité"));
    }
    // What is public is the same for readers and guests.
    let before = hits(&guest).await;
    assert_eq!(title(&reader).await.as_deref(), Some("Le Chant du karité"));
    assert!(hits(&guest).await > before);

    let input =
        json!({ "id": book["id"], "version": book["version"], "title": "Le Chant du baobab" });
    done(&admin, UPDATE, "updateBook", input).await;
    // Where it was changed it is changed at once, elsewhere as soon as the event is there.
    assert_eq!(title(&reader).await.as_deref(), Some("Le Chant du baobab"));
    eventually("the new title in the other router", async || {
        (title(&second).await.as_deref() == Some("Le Chant du baobab")).then_some(())
    })
    .await;
}
