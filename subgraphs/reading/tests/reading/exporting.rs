//! Notes as files, behind links that end.

use axum::body::Body;
use axum::http::{HeaderMap, Request, StatusCode};
use coko_core::events::Payload as _;
use coko_core::events::catalog::{BookPublished, BookState};
use http_body_util::BodyExt as _;
use serde_json::{Value, json};
use time::Duration;
use tower::ServiceExt as _;

use crate::support::{BOOK, FREE, Library, OTHER, PHONE, READER, highlight, v7};

/// What `path` answers.
pub(crate) async fn get(library: &Library, path: &str) -> (StatusCode, Vec<u8>, HeaderMap) {
    let request = Request::get(path)
        .header("accept-language", "fr")
        .body(Body::empty())
        .unwrap();
    let response = library.router.clone().oneshot(request).await.unwrap();
    let (status, headers) = (response.status(), response.headers().clone());
    let body = response.into_body().collect().await.unwrap().to_bytes();
    (status, body.to_vec(), headers)
}

async fn link(library: &Library, format: &str) -> Value {
    let query = "query($b: ID!, $f: NotesFormat!) { exportNotes(bookId: $b, format: $f) {
        export { url format mediaType expiresAt } errors { code } } }";
    let variables = json!({ "b": BOOK, "f": format });
    let answer = library.reader(READER).run_with(query, variables).await;
    answer.ok()["exportNotes"].clone()
}

/// The path and query of a link.
fn path(link: &Value) -> String {
    let url = link["export"]["url"].as_str().unwrap();
    url.strip_prefix("http://coko.test").unwrap().to_owned()
}

#[tokio::test]
async fn notes_are_exported_behind_a_link_that_ends() {
    let library = Library::new().await;
    assert_eq!(
        link(&library, "MARKDOWN").await["errors"][0]["code"],
        "NOT_FOUND"
    );
    let long = "mot ".repeat(200);
    let mut marked = highlight(v7(1), BOOK, "À *relire*", library.now());
    marked["annotation"]["quote"] = json!(long);
    library.push(READER, PHONE, vec![marked]).await;

    let markdown = link(&library, "MARKDOWN").await;
    let (status, body, headers) = get(&library, &path(&markdown)).await;
    assert_eq!(status, StatusCode::OK);
    let text = String::from_utf8(body).unwrap();
    assert!(text.contains("Une si longue lettre"), "{text}");
    assert!(text.contains("À \\*relire\\*"), "{text}");
    assert!(
        text.contains('…') && !text.contains(&"mot ".repeat(100)),
        "{text}"
    );
    assert_eq!(headers["content-type"], "text/markdown; charset=utf-8");
    assert_eq!(headers["cache-control"], "private, no-store");
    assert!(
        headers["content-disposition"]
            .to_str()
            .unwrap()
            .starts_with("attachment")
    );

    let linked = link(&library, "WEB_ANNOTATION").await;
    let (_, body, _) = get(&library, &path(&linked)).await;
    let collection: Value = serde_json::from_slice(&body).unwrap();
    assert_eq!(collection["total"], 1);

    // A link is for these notes and for nothing else.
    let token = path(&markdown).split("t=").nth(1).unwrap().to_owned();
    let elsewhere = format!("/notes/{FREE}.md?t={token}");
    assert_eq!(get(&library, &elsewhere).await.0, StatusCode::FORBIDDEN);
    let as_token = library.guest().with_token(token);
    let refused = as_token.run("{ changes { nodes { __typename } } }").await;
    assert_eq!(refused.codes(), ["FORBIDDEN"]);
    // A token of one's own does not belong into an address.
    let own = library
        .platform
        .token(&coko_core::testkit::TokenFor::user(READER, &["reading:*"]));
    let pasted = format!("/notes/{BOOK}.md?t={own}");
    assert_eq!(get(&library, &pasted).await.0, StatusCode::UNAUTHORIZED);
    for nothing in [
        format!("/notes/{BOOK}.md"),
        format!("/notes/{BOOK}.exe?t=x"),
        "/notes/x.md?t=x".to_owned(),
        "/notes/x".to_owned(),
    ] {
        let status = get(&library, &nothing).await.0;
        assert!(status.is_client_error(), "{nothing}: {status}");
    }
    library.advance(Duration::minutes(11));
    assert!(get(&library, &path(&markdown)).await.0.is_client_error());
}

#[tokio::test]
async fn passages_of_free_books_are_exported_whole() {
    let library = Library::new().await;
    let free = BookState {
        book_id: BOOK,
        version: 2,
        is_free: true,
        ..BookPublished::sample().book
    };
    library.tell(&BookPublished { book: free }).await;
    let long = "mot ".repeat(200);
    let mut marked = highlight(v7(1), BOOK, "", library.now());
    marked["annotation"]["quote"] = json!(long);
    library.push(READER, PHONE, vec![marked]).await;
    let linked = link(&library, "MARKDOWN").await;
    let (_, body, _) = get(&library, &path(&linked)).await;
    assert!(String::from_utf8(body).unwrap().contains(long.trim()));
}

#[tokio::test]
async fn others_notes_are_not_exported() {
    let library = Library::new().await;
    library
        .push(
            OTHER,
            PHONE,
            vec![highlight(v7(1), BOOK, "x", library.now())],
        )
        .await;
    assert_eq!(
        link(&library, "MARKDOWN").await["errors"][0]["code"],
        "NOT_FOUND"
    );
}
