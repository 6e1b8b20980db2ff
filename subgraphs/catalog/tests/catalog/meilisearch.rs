//! The Meilisearch engine: what it sends, against a recorded contract; and a real server, where one is named.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::response::IntoResponse as _;
use coko_catalog::Config;
use coko_catalog::search::MeilisearchConfig;
use coko_core::config::{DatabaseConfig, Secret};
use coko_core::events::Event;
use coko_core::events::catalog::{BookPublished, BookWithdrawn};
use serde_json::{Value, json};

use crate::support::{Catalogue, nodes};

type Requests = Arc<Mutex<Vec<(String, Value)>>>;

#[derive(Clone)]
struct Recorded {
    requests: Requests,
    book: Arc<Mutex<String>>,
}

/// Answers as Meilisearch 1.x does, and remembers what was asked.
async fn answer(
    State(recorded): State<Recorded>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> axum::response::Response {
    if headers
        .get("authorization")
        .and_then(|value| value.to_str().ok())
        != Some("Bearer search-key")
    {
        let error = json!({ "message": "The provided API key is invalid.", "code": "invalid_api_key", "type": "auth", "link": "https://docs.meilisearch.com/errors#invalid_api_key" });
        return (StatusCode::FORBIDDEN, axum::Json(error)).into_response();
    }
    let body: Value = serde_json::from_slice(&body).unwrap_or_default();
    recorded
        .requests
        .lock()
        .unwrap()
        .push((format!("{method} {uri}"), body.clone()));
    let book = recorded.book.lock().unwrap().clone();
    let result = |query: &Value| {
        let facets: Vec<String> = query["facets"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|name| name.as_str().map(str::to_owned))
            .collect();
        let mut result = json!({ "indexUid": "coko-books", "hits": [{ "book_id": book }], "query": query["q"], "processingTimeMs": 1, "limit": 20, "offset": query["offset"].as_u64().unwrap_or(0), "estimatedTotalHits": 1 });
        if query["page"].is_number() {
            result = json!({ "indexUid": "coko-books", "hits": [{ "book_id": book }], "query": query["q"], "processingTimeMs": 1, "hitsPerPage": 1, "page": 1, "totalPages": 37, "totalHits": 37 });
        }
        if facets.iter().any(|facet| facet == "language") {
            result["facetDistribution"] = json!({ "language": { "fr": 30, "en": 7 } });
        }
        result
    };
    match (method.as_str(), uri.path()) {
        ("POST", "/indexes/coko-books/search") => axum::Json(result(&body)).into_response(),
        ("POST", "/multi-search") => {
            let results: Vec<Value> = body["queries"]
                .as_array()
                .unwrap()
                .iter()
                .map(result)
                .collect();
            axum::Json(json!({ "results": results })).into_response()
        }
        ("PATCH" | "POST" | "DELETE" | "PUT", _) => {
            let task = json!({ "taskUid": 7, "indexUid": "coko-books", "status": "enqueued", "type": "documentAdditionOrUpdate", "enqueuedAt": "2026-01-15T08:30:00Z" });
            (StatusCode::ACCEPTED, axum::Json(task)).into_response()
        }
        _ => StatusCode::NOT_FOUND.into_response(),
    }
}

async fn catalogue(url: &str, key: &str, index: &str) -> Catalogue {
    let meilisearch = MeilisearchConfig {
        url: url.to_owned(),
        key: Some(Secret::new(key)),
        index: index.to_owned(),
    };
    Catalogue::with(|database| Config {
        database: DatabaseConfig::new(database),
        meilisearch: Some(meilisearch),
    })
    .await
}

async fn serve() -> (String, Recorded) {
    let recorded = Recorded {
        requests: Requests::default(),
        book: Arc::default(),
    };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let router = Router::new().fallback(answer).with_state(recorded.clone());
    tokio::spawn(async move { axum::serve(listener, router).await });
    (url, recorded)
}

fn config(catalogue: &Catalogue, url: &str, key: &str, index: &str) -> Config {
    Config {
        database: catalogue.database.config(),
        meilisearch: Some(MeilisearchConfig {
            url: url.to_owned(),
            key: Some(Secret::new(key)),
            index: index.to_owned(),
        }),
    }
}

#[tokio::test]
async fn requests_are_what_the_contract_says() {
    let (url, recorded) = serve().await;
    let catalogue = catalogue(&url, "search-key", "coko-books").await;
    let book = catalogue.published("Les Misérables").await;
    *recorded.book.lock().unwrap() = book["id"].as_str().unwrap().to_owned();

    let query = "query($f: SearchFilter) { searchBooks(query: \"miserables\", first: 5, filter: $f) { books { nodes { title } edges { cursor } } facets { totalCount languages { language count } priceBands { count } } } }";
    let answer = catalogue
        .guest()
        .run_with(
            query,
            json!({ "f": { "languages": ["fr"], "priceBands": ["FREE"] } }),
        )
        .await;
    let found = &answer.ok()["searchBooks"];
    assert_eq!(nodes(&found["books"], "title"), ["Les Misérables"]);
    assert_eq!(
        found["facets"],
        json!({ "totalCount": 37, "languages": [{ "language": "fr", "count": 30 }, { "language": "en", "count": 7 }], "priceBands": [] })
    );
    let cursor = found["books"]["edges"][0]["cursor"].clone();
    catalogue.guest().run_with("query($a: String) { searchBooks(query: \"miserables\", first: 5, after: $a) { books { nodes { id } } } }", json!({ "a": cursor })).await.ok();

    let requests = recorded.requests.lock().unwrap().clone();
    let searches: Vec<&Value> = requests
        .iter()
        .filter(|(line, _)| line.ends_with("/search"))
        .map(|(_, body)| body)
        .collect();
    assert_eq!(searches[0]["q"], "miserables");
    assert_eq!(
        (
            &searches[0]["offset"],
            &searches[0]["limit"],
            &searches[0]["matchingStrategy"]
        ),
        (&json!(0), &json!(6), &json!("all"))
    );
    assert_eq!(
        searches[0]["filter"],
        r#"language IN ["fr"] AND price_band IN ["FREE"]"#
    );
    assert_eq!(searches[1]["offset"], 1);
    let (_, multi) = requests
        .iter()
        .find(|(line, _)| line == "POST /multi-search")
        .unwrap();
    let by_facet: Vec<(&Value, &Value)> = multi["queries"]
        .as_array()
        .unwrap()
        .iter()
        .map(|query| (&query["facets"], &query["filter"]))
        .collect();
    // One for the total, one per facet that was asked for.
    assert_eq!(by_facet.len(), 3);
    assert!(by_facet.contains(&(&json!(["language"]), &json!(r#"price_band IN ["FREE"]"#))));
    assert!(by_facet.contains(&(&json!(["price_band"]), &json!(r#"language IN ["fr"]"#))));
}

#[tokio::test]
async fn documents_follow_events_and_a_rebuild() {
    let (url, recorded) = serve().await;
    let catalogue = catalogue(&url, "search-key", "coko-books").await;
    let book = catalogue.published("Suivi").await;
    let config = config(&catalogue, &url, "search-key", "coko-books");
    let consumers = coko_catalog::consumers(&catalogue.platform.platform, &config).unwrap();
    let said = catalogue
        .lines("SELECT event::text AS line FROM outbox ORDER BY sequence")
        .await;
    let published: Event = serde_json::from_str(&said[0]).unwrap();
    let state = published.payload::<BookPublished>().unwrap().book;
    assert!(consumers.handle(&published).await.unwrap());
    let (line, documents) = recorded.requests.lock().unwrap().last().cloned().unwrap();
    assert_eq!(
        line,
        "POST /indexes/coko-books/documents?primaryKey=book_id"
    );
    assert_eq!(
        (
            &documents[0]["title"],
            &documents[0]["book_id"],
            &documents[0]["price_band"]
        ),
        (&json!("Suivi"), &book["id"], &json!("NOT_SOLD"))
    );

    catalogue
        .execute("UPDATE books SET status = 'WITHDRAWN'")
        .await;
    let gone = BookWithdrawn {
        book_id: state.book_id,
        version: 3,
        deleted: false,
        withdrawn_at: catalogue.context().now,
    };
    consumers
        .handle(&Event::new(&catalogue.context(), &gone).unwrap())
        .await
        .unwrap();
    let (line, ids) = recorded.requests.lock().unwrap().last().cloned().unwrap();
    assert_eq!(
        (line.as_str(), ids),
        (
            "POST /indexes/coko-books/documents/delete-batch",
            json!([book["id"]])
        )
    );

    catalogue
        .execute("UPDATE books SET status = 'PUBLISHED'")
        .await;
    recorded.requests.lock().unwrap().clear();
    assert_eq!(coko_catalog::reindex(&config, |_, _| {}).await.unwrap(), 1);
    let requests = recorded.requests.lock().unwrap().clone();
    assert_eq!(requests[0].0, "PATCH /indexes/coko-books/settings");
    assert_eq!(
        requests[0].1["searchableAttributes"],
        json!([
            "title",
            "subtitle",
            "names",
            "series",
            "isbn",
            "description"
        ])
    );
    assert!(
        requests[0].1["filterableAttributes"]
            .as_array()
            .unwrap()
            .contains(&json!("category_ids"))
    );
    assert_eq!(
        requests[0].1["sortableAttributes"],
        json!(["popularity", "publication_year"])
    );
    assert_eq!(
        requests[0].1["typoTolerance"]["minWordSizeForTypos"],
        json!({ "oneTypo": 4, "twoTypos": 8 })
    );
    assert_eq!(requests.len(), 2);
}

#[tokio::test]
async fn a_server_that_refuses_or_is_down_is_a_coded_fault() {
    let (url, _) = serve().await;
    for (url, key) in [
        (url.as_str(), "wrong-key"),
        ("http://127.0.0.1:9", "search-key"),
    ] {
        let catalogue = catalogue(url, key, "coko-books").await;
        let answer = catalogue
            .guest()
            .run(r#"{ searchBooks(query: "dune") { books { nodes { id } } } }"#)
            .await;
        assert_eq!(answer.codes(), ["DOWNSTREAM_UNAVAILABLE"]);
        assert!(!answer.body.to_string().contains("127.0.0.1"));
    }
}

/// Against a real server, where `COKO_TEST_MEILISEARCH_URL` (and `COKO_TEST_MEILISEARCH_KEY`) name one.
#[tokio::test]
async fn a_real_server_finds_what_a_person_means() {
    #[expect(
        clippy::disallowed_methods,
        reason = "tests have no configuration but such variables"
    )]
    let variable = |name: &str| std::env::var(name).ok();
    let Some(url) = variable("COKO_TEST_MEILISEARCH_URL") else {
        println!("skipped: COKO_TEST_MEILISEARCH_URL is not set");
        return;
    };
    let key = variable("COKO_TEST_MEILISEARCH_KEY").unwrap_or_default();
    let index = format!(
        "test-{}",
        uuid::Uuid::from_bytes(coko_core::ids::Entropy::system().bytes()).simple()
    );
    let catalogue = catalogue(&url, &key, &index).await;
    coko_catalog::seed_sample(catalogue.pool(), &catalogue.context())
        .await
        .unwrap();
    coko_catalog::reindex(&config(&catalogue, &url, &key, &index), |_, _| {})
        .await
        .unwrap();
    for attempt in 0..100 {
        let answer = catalogue
            .guest()
            .run(r#"{ searchBooks(query: "enfnat noir") { books { nodes { title } } } }"#)
            .await;
        if nodes(&answer.ok()["searchBooks"]["books"], "title")
            .first()
            .map(String::as_str)
            == Some("L'Enfant noir")
        {
            return;
        }
        assert!(attempt < 99, "{:?}", answer.body);
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
}
