//! A book comes in over a bad line, is looked at although its worker dies, and is read by someone who is entitled to it.

use coko_file::sample::{Book, Language};
use coko_tests::{Client, Shape, Stack};
use reqwest::{Method, Response, StatusCode};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::eventually;
use super::purchase::published;

/// The documents that the README shows, by their names: whoever pastes them gets what is tested here.
fn documented(name: &str) -> &'static str {
    const README: &str = include_str!("../../../README.md");
    README
        .split("```graphql\n")
        .filter_map(|block| block.split("```").next())
        .find(|block| block.contains(&format!(" {name}(")) || block.contains(&format!(" {name} ")))
        .unwrap_or_else(|| panic!("the README has no operation {name}"))
}

pub(super) async fn run(client: &Client, name: &str, variables: Value) -> Value {
    let answer = client.run_with(documented(name), variables).await.unwrap();
    let data = answer.ok().as_object().unwrap();
    data.values().next().unwrap().clone()
}

pub(super) async fn tus(
    stack: &Stack,
    method: Method,
    url: &str,
    offset: usize,
    body: Vec<u8>,
) -> Response {
    let path = reqwest::Url::parse(url).unwrap().path().to_owned();
    reqwest::Client::new()
        .request(method, format!("{}{path}", stack.base("router").unwrap()))
        .header("tus-resumable", "1.0.0")
        .header("upload-offset", offset)
        .header("content-type", "application/offset+octet-stream")
        .body(body)
        .send()
        .await
        .unwrap()
}

async fn offset(stack: &Stack, url: &str) -> usize {
    let answer = tus(stack, Method::HEAD, url, 0, Vec::new()).await;
    assert_eq!(answer.status(), StatusCode::OK);
    answer.headers()["upload-offset"]
        .to_str()
        .unwrap()
        .parse()
        .unwrap()
}

/// An EPUB of our own, announced for a book: where it is to be sent, what it is called, and what it is.
async fn announced(publisher: &Client, book: &Value) -> (String, Value, Vec<u8>) {
    let authors = ["Awa Ndiaye".to_owned()];
    let bytes = Book::demonstration("urn:coko:e2e", "Le baobab", &authors, Language::French)
        .epub()
        .unwrap();
    let input = json!({
        "kind": "EPUB", "name": "Le baobab.epub", "mediaType": "application/epub+zip", "byteSize": bytes.len(),
        "sha256": hex::encode(Sha256::digest(&bytes)), "bookId": book,
    });
    let announced = run(publisher, "Upload", json!({ "input": input })).await;
    assert_eq!(announced["errors"], json!([]), "{announced}");
    let url = announced["uploadUrl"].as_str().unwrap().to_owned();
    (url, announced["file"]["id"].clone(), bytes)
}

async fn is_ready(publisher: &Client, file: &Value) {
    eventually("the file to be ready", async || {
        let file = run(publisher, "Inside", json!({ "id": file })).await;
        (file["status"] == "READY").then_some(())
    })
    .await;
}

/// Uploads an EPUB of our own for a book and waits until it can be read: the file, and its bytes.
pub(crate) async fn uploaded(stack: &Stack, publisher: &Client, book: &Value) -> (Value, Vec<u8>) {
    let (url, file, bytes) = announced(publisher, book).await;
    let sent = tus(stack, Method::PATCH, &url, 0, bytes.clone()).await;
    assert_eq!(sent.status(), StatusCode::NO_CONTENT);
    let completed = run(publisher, "Complete", json!({ "input": { "id": file } })).await;
    assert_eq!(completed["errors"], json!([]), "{completed}");
    is_ready(publisher, &file).await;
    (file, bytes)
}

/// What a reader is answered who asks to download a file.
pub(crate) async fn download(reader: &Client, file: &Value) -> Value {
    run(reader, "Download", json!({ "input": { "id": file } })).await
}

/// The same address at the router of the stack.
pub(crate) fn at_router(stack: &Stack, url: &str) -> String {
    let url = reqwest::Url::parse(url).unwrap();
    let base = stack.base("router").unwrap();
    format!("{base}{}?{}", url.path(), url.query().unwrap())
}

async fn journey(shape: Shape) {
    let mut stack = Stack::start(shape).await.unwrap();
    let publisher = stack.staff("Maison", &["publisher"]).await.unwrap();
    let admin = stack.staff("Admin", &["admin"]).await.unwrap();
    let fields = json!({ "title": "Le baobab", "language": "fr" });
    let book = published(&admin, &publisher, fields).await["id"].clone();
    let (url, file, bytes) = announced(&publisher, &book).await;
    let url = url.as_str();

    // Half of it, then the service is killed; what was acknowledged is there when it comes back.
    let half = bytes.len() / 2;
    let first = tus(&stack, Method::PATCH, url, 0, bytes[..half].to_vec()).await;
    assert_eq!(first.status(), StatusCode::NO_CONTENT);
    stack.kill("file").await.unwrap();
    stack.restart("file").await.unwrap();
    assert_eq!(offset(&stack, url).await, half);
    let twice = tus(&stack, Method::PATCH, url, 0, bytes[..half].to_vec()).await;
    assert_eq!(twice.status(), StatusCode::CONFLICT);
    let rest = tus(&stack, Method::PATCH, url, half, bytes[half..].to_vec()).await;
    assert_eq!(rest.status(), StatusCode::NO_CONTENT);

    // Completed, and killed at once, perhaps in the middle of looking at it.
    let completed = run(&publisher, "Complete", json!({ "input": { "id": file } })).await;
    assert_eq!(completed["errors"], json!([]), "{completed}");
    stack.kill("file").await.unwrap();
    stack.restart("file").await.unwrap();
    is_ready(&publisher, &file).await;
    // The catalogue heard of it, once.
    let pages = "query($id: ID!) { book(id: $id) { pageCount files { id kind } } }";
    eventually("the page count in the catalogue", async || {
        let answer = publisher
            .run_with(pages, json!({ "id": book }))
            .await
            .unwrap();
        answer.ok()["book"]["pageCount"].is_i64().then_some(())
    })
    .await;

    // A reader gets nothing, then is entitled, and reads.
    let (_, reader) = stack.sign_up("Lamine").await.unwrap();
    let refused = download(&reader, &file).await;
    assert_eq!(refused["errors"][0]["code"], "NOT_FOUND");
    let me = reader.run("{ me { id } }").await.unwrap().ok()["me"]["id"].clone();
    let gift = "mutation($input: GiftBookInput!) { giftBook(input: $input) { errors { code } } }";
    let input = json!({ "input": { "bookId": book, "userId": me, "idempotencyKey": "g" } });
    eventually("the gift", async || {
        let given = admin.run_with(gift, input.clone()).await.unwrap();
        let errors = &given.ok()["giftBook"]["errors"];
        (*errors == json!([])).then_some(())
    })
    .await;
    let about = json!({ "id": file });
    eventually("the entitlement", async || {
        let found = run(&reader, "Inside", about.clone()).await;
        found.is_object().then_some(())
    })
    .await;
    let link = download(&reader, &file).await;
    let link = at_router(&stack, link["url"].as_str().unwrap());
    let http = reqwest::Client::new();
    let part = http
        .get(&link)
        .header("range", "bytes=10-19")
        .send()
        .await
        .unwrap();
    assert_eq!(part.status(), StatusCode::PARTIAL_CONTENT);
    assert_eq!(
        part.headers()["content-range"],
        format!("bytes 10-19/{}", bytes.len())
    );
    assert_eq!(part.bytes().await.unwrap(), bytes[10..20]);
    // Packed on no way, whatever the client takes: a strong tag names these bytes.
    let whole = http
        .get(&link)
        .header("accept-encoding", "gzip, br, zstd, deflate")
        .send()
        .await
        .unwrap();
    assert_eq!(whole.headers().get("content-encoding"), None);
    let tag = format!("\"{}\"", hex::encode(Sha256::digest(&bytes)));
    assert_eq!(whole.headers()["etag"], tag);
    assert_eq!(whole.bytes().await.unwrap(), bytes);

    let inside = run(&reader, "Inside", about).await;
    let chapter = inside["contents"][1]["href"].as_str().unwrap();
    let url = inside["resourceUrl"]
        .as_str()
        .unwrap()
        .replace("{path}", chapter);
    let url = at_router(&stack, &url);
    let plain = http
        .get(&url)
        .header("accept-encoding", "br")
        .send()
        .await
        .unwrap();
    assert_eq!(plain.headers().get("content-encoding"), None);
    let tag = plain.headers()["etag"].clone();
    let text = plain.text().await.unwrap();
    assert!(text.contains("Coumba"), "{text}");
    let packed = http
        .get(&url)
        .header("accept-encoding", "gzip")
        .send()
        .await
        .unwrap();
    assert_eq!(packed.headers()["content-encoding"], "gzip");
    assert_ne!(packed.headers()["etag"], tag);
    let known = http
        .get(&url)
        .header("if-none-match", tag)
        .send()
        .await
        .unwrap();
    assert_eq!(known.status(), StatusCode::NOT_MODIFIED);
    let downloads = "query($id: ID!) { book(id: $id) { stats { downloads } } }";
    eventually("the download in the catalogue", async || {
        let answer = publisher
            .run_with(downloads, json!({ "id": book }))
            .await
            .unwrap();
        (answer.ok()["book"]["stats"]["downloads"] == 1).then_some(())
    })
    .await;
}

/// A PDF that is little but a list of millions: it fills any memory that it is read into.
fn greedy() -> Vec<u8> {
    let list = "0 ".repeat(30_000_000);
    let text =
        format!("%PDF-1.5\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj[{list}]endobj\n");
    let (second, table) = (text.find("2 0 obj").unwrap(), text.len());
    let entries =
        format!("xref\n0 3\n0000000000 65535 f \n0000000009 00000 n \n{second:010} 00000 n \n");
    let trailer = format!("trailer<</Size 3/Root 1 0 R>>\nstartxref\n{table}\n%%EOF\n");
    [text, entries, trailer].concat().into_bytes()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_document_that_fills_memory_is_rejected_and_the_service_lives() {
    let stack = Stack::start(Shape::OneProcess).await.unwrap();
    let publisher = stack.staff("Maison", &["publisher"]).await.unwrap();
    let created = publisher
        .run("mutation { createBook(input: { title: \"Le gouffre\", language: \"fr\" }) { book { id } } }")
        .await
        .unwrap();
    let bytes = greedy();
    let input = json!({
        "kind": "PDF", "name": "Le gouffre.pdf", "mediaType": "application/pdf", "byteSize": bytes.len(),
        "sha256": hex::encode(Sha256::digest(&bytes)), "bookId": created.ok()["createBook"]["book"]["id"],
    });
    let announced = run(&publisher, "Upload", json!({ "input": input })).await;
    let url = announced["uploadUrl"].as_str().unwrap();
    let sent = tus(&stack, Method::PATCH, url, 0, bytes).await;
    assert_eq!(sent.status(), StatusCode::NO_CONTENT);
    let id = json!({ "id": announced["file"]["id"] });
    let completed = run(&publisher, "Complete", json!({ "input": id })).await;
    assert_eq!(completed["errors"], json!([]), "{completed}");
    let file = eventually("the rejection", async || {
        let file = run(&publisher, "Inside", id.clone()).await;
        (file["status"] != "PROCESSING").then_some(file)
    })
    .await;
    assert_eq!(file["rejection"], "TOO_DEMANDING", "{file}");
}

#[tokio::test(flavor = "multi_thread")]
async fn in_one_process() {
    journey(Shape::OneProcess).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn with_a_process_per_role() {
    journey(Shape::ProcessPerRole).await;
}
