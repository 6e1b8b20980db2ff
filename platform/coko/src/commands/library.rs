//! Something to read on a fresh platform: EPUBs of our own for some of the sample's books, uploaded as a publisher would.

use anyhow::{Context as _, bail};
use axum::Router;
use axum::body::Body;
use axum::http::{Request, header};
use coko_core::database::Pool;
use coko_file::sample::{Book, Language};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use tower::ServiceExt as _;

use super::attached::context;

const BOOKS: &str =
    "{ books(first: 6, sort: POPULARITY) { nodes { id title language authors { name } } } }";
const CREATE: &str = "mutation($input: CreateUploadInput!) { createUpload(input: $input) { file { id } uploadUrl errors { message } } }";
const COMPLETE: &str = "mutation($input: CompleteUploadInput!) { completeUpload(input: $input) { file { id } errors { message } } }";

/// Uploads an EPUB for each of the most popular books through the router, and grants them to the reader; returns how many.
///
/// # Errors
/// When the router refuses a step.
pub(super) async fn fill(
    router: &Router,
    pool: &Pool,
    admin: &str,
    reader: &str,
) -> anyhow::Result<usize> {
    let me = ask(router, reader, "{ me { id } }", &json!({})).await?;
    let reader: uuid::Uuid = text(&me["me"]["id"])?.parse()?;
    let found = ask(router, admin, BOOKS, &json!({})).await?;
    let books = found["books"]["nodes"]
        .as_array()
        .cloned()
        .unwrap_or_default();
    for book in &books {
        upload(router, admin, book).await?;
        let id = text(&book["id"])?.parse()?;
        coko_file::grant(pool, &context(), reader, id).await?;
    }
    Ok(books.len())
}

async fn upload(router: &Router, token: &str, book: &Value) -> anyhow::Result<()> {
    let title = text(&book["title"])?;
    let authors: Vec<String> = book["authors"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|author| author["name"].as_str().map(str::to_owned))
        .collect();
    let language = match book["language"].as_str() {
        Some("en") => Language::English,
        _ => Language::French,
    };
    let identifier = format!("urn:uuid:{}", text(&book["id"])?);
    let bytes = Book::demonstration(&identifier, title, &authors, language).epub()?;
    let input = json!({
        "kind": "EPUB", "name": format!("{title}.epub"), "mediaType": "application/epub+zip",
        "byteSize": bytes.len(), "sha256": hex::encode(Sha256::digest(&bytes)), "bookId": book["id"],
    });
    let created = ask(router, token, CREATE, &json!({ "input": input })).await?;
    let created = &created["createUpload"];
    let url = url::Url::parse(text(&created["uploadUrl"]).with_context(|| created.to_string())?)?;
    let request = Request::patch(url.path())
        .header("tus-resumable", "1.0.0")
        .header("upload-offset", 0)
        .header(header::CONTENT_TYPE, "application/offset+octet-stream")
        .body(Body::from(bytes))?;
    let response = match router.clone().oneshot(request).await {
        Ok(response) => response,
        Err(never) => match never {},
    };
    if !response.status().is_success() {
        bail!("the upload of {title} was refused: {}", response.status());
    }
    let input = json!({ "id": created["file"]["id"] });
    let completed = ask(router, token, COMPLETE, &json!({ "input": input })).await?;
    let completed = &completed["completeUpload"];
    if completed["file"].is_null() {
        bail!("the upload of {title} was refused: {completed}");
    }
    Ok(())
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
