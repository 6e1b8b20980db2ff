//! Something to read on a fresh platform: EPUBs of our own for some of the sample's books, uploaded as a publisher would.

use std::time::Duration;

use anyhow::{Context as _, bail};
use axum::Router;
use axum::body::Body;
use axum::http::{Request, header};
use coko_file::sample::{Book, Language};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use tower::ServiceExt as _;

const BOOKS: &str = "{ books(first: 6, sort: POPULARITY) { nodes { id title language authors { name } files { sha256 } } } }";
const OPEN: &str = "{ myFiles(first: 50, kind: EPUB, status: PENDING) { nodes { id sha256 book { id } upload { received url } } } }";
const CREATE: &str = "mutation($input: CreateUploadInput!) { createUpload(input: $input) { file { id upload { received url } } errors { message } } }";
const COMPLETE: &str = "mutation($input: CompleteUploadInput!) { completeUpload(input: $input) { file { id } errors { message } } }";
const GIFT: &str =
    "mutation($input: GiftBookInput!) { giftBook(input: $input) { errors { code message } } }";

/// How often a gift is tried again while reading has not heard of the book, and how long after.
const TRIES: u32 = 300;
const PAUSE: Duration = Duration::from_millis(100);

/// Uploads an EPUB for each of the most popular books through the router, and gives them to the reader; returns how many.
///
/// What a run that was killed has done is not done again: a book that is there is left alone, an upload that was begun goes on.
///
/// # Errors
/// When the router refuses a step.
pub(super) async fn fill(router: &Router, admin: &str, reader: &str) -> anyhow::Result<usize> {
    let me = ask(router, reader, "{ me { id } }", &json!({})).await?;
    let found = ask(router, admin, BOOKS, &json!({})).await?;
    let open = ask(router, admin, OPEN, &json!({})).await?;
    let books = listed(&found["books"]["nodes"]);
    for book in books {
        let epub = demonstration(book)?;
        let digest = hex::encode(Sha256::digest(&epub));
        let is_same = |file: &Value| file["sha256"] == digest.as_str();
        if !listed(&book["files"]).iter().any(is_same) {
            let begun = listed(&open["myFiles"]["nodes"])
                .iter()
                .find(|file| is_same(file) && file["book"]["id"] == book["id"]);
            let file = match begun {
                Some(file) => file.clone(),
                None => announce(router, admin, book, &epub, &digest).await?,
            };
            upload(router, admin, &file, &epub).await?;
        }
        give(router, admin, &me["me"]["id"], &book["id"]).await?;
    }
    Ok(books.len())
}

/// Gives the reader a book, once; reading hears of the catalogue's books by event, so perhaps a moment after the catalogue.
async fn give(router: &Router, admin: &str, reader: &Value, book: &Value) -> anyhow::Result<()> {
    let key = format!("sample-{}", text(book)?);
    let input = json!({ "bookId": book, "userId": reader, "idempotencyKey": key });
    let variables = json!({ "input": input });
    for _ in 0..TRIES {
        let given = ask(router, admin, GIFT, &variables).await?;
        let refused = &given["giftBook"]["errors"][0];
        match refused["code"].as_str() {
            None => return Ok(()),
            Some("NOT_FOUND") => tokio::time::sleep(PAUSE).await,
            Some(_) => bail!(
                "a book of the sample cannot be given: {}",
                refused["message"]
            ),
        }
    }
    bail!("reading does not hear of the sample's books")
}

/// A book of our own that bears the name of one of the catalogue; the same each time.
fn demonstration(book: &Value) -> anyhow::Result<Vec<u8>> {
    let authors: Vec<String> = listed(&book["authors"])
        .iter()
        .filter_map(|author| author["name"].as_str().map(str::to_owned))
        .collect();
    let language = match book["language"].as_str() {
        Some("en") => Language::English,
        _ => Language::French,
    };
    let identifier = format!("urn:uuid:{}", text(&book["id"])?);
    Ok(Book::demonstration(&identifier, text(&book["title"])?, &authors, language).epub()?)
}

async fn announce(
    router: &Router,
    token: &str,
    book: &Value,
    epub: &[u8],
    digest: &str,
) -> anyhow::Result<Value> {
    let input = json!({
        "kind": "EPUB", "name": format!("{}.epub", text(&book["title"])?), "mediaType": "application/epub+zip",
        "byteSize": epub.len(), "sha256": digest, "bookId": book["id"],
    });
    let mut created = ask(router, token, CREATE, &json!({ "input": input })).await?;
    let file = created["createUpload"]["file"].take();
    if file.is_null() {
        bail!("a book of the sample was refused: {created}");
    }
    Ok(file)
}

/// Sends what is missing of an upload, and completes it.
async fn upload(router: &Router, token: &str, file: &Value, epub: &[u8]) -> anyhow::Result<()> {
    let url = url::Url::parse(text(&file["upload"]["url"])?)?;
    let received = file["upload"]["received"].as_u64().unwrap_or(0);
    let rest = usize::try_from(received)
        .ok()
        .and_then(|received| epub.get(received..))
        .context("an upload holds more than was announced")?;
    if !rest.is_empty() {
        let request = Request::patch(url.path())
            .header("tus-resumable", "1.0.0")
            .header("upload-offset", received)
            .header(header::CONTENT_TYPE, "application/offset+octet-stream")
            .body(Body::from(rest.to_vec()))?;
        let response = match router.clone().oneshot(request).await {
            Ok(response) => response,
            Err(never) => match never {},
        };
        if !response.status().is_success() {
            bail!("a book of the sample was refused: {}", response.status());
        }
    }
    let input = json!({ "id": file["id"] });
    let completed = ask(router, token, COMPLETE, &json!({ "input": input })).await?;
    let completed = &completed["completeUpload"];
    if completed["file"].is_null() {
        bail!("a book of the sample was refused: {completed}");
    }
    Ok(())
}

fn listed(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn text(value: &Value) -> anyhow::Result<&str> {
    value.as_str().context("the router's answer lacks a text")
}

async fn ask(
    router: &Router,
    token: &str,
    query: &str,
    variables: &Value,
) -> anyhow::Result<Value> {
    let body = json!({ "query": query, "variables": variables }).to_string();
    let request = Request::post("/graphql")
        .header(header::CONTENT_TYPE, "application/json")
        .header(header::AUTHORIZATION, format!("Bearer {token}"))
        .body(Body::from(body))?;
    let response = match router.clone().oneshot(request).await {
        Ok(response) => response,
        Err(never) => match never {},
    };
    let bytes = axum::body::to_bytes(response.into_body(), 1 << 20).await?;
    let mut answer: Value =
        serde_json::from_slice(&bytes).context("the router's answer is not JSON")?;
    if !answer["errors"].is_null() {
        bail!("the router refused: {}", answer["errors"]);
    }
    Ok(answer["data"].take())
}
