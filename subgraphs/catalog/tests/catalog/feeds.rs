//! OPDS feeds and covers, as reading applications fetch them.

use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use http_body_util::BodyExt as _;
use serde_json::{Value, json};
use tower::ServiceExt as _;

use crate::support::Catalogue;

struct Fetched {
    status: StatusCode,
    headers: axum::http::HeaderMap,
    text: String,
}

impl Fetched {
    fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap()
    }
}

async fn fetch(
    catalogue: &Catalogue,
    path: &str,
    headers: &[(header::HeaderName, &str)],
) -> Fetched {
    let mut request = Request::get(path);
    for (name, value) in headers {
        request = request.header(name, *value);
    }
    let response = catalogue
        .router
        .clone()
        .oneshot(request.body(Body::empty()).unwrap())
        .await
        .unwrap();
    let (parts, body) = response.into_parts();
    let bytes = body.collect().await.unwrap().to_bytes();
    Fetched {
        status: parts.status,
        headers: parts.headers,
        text: String::from_utf8(bytes.to_vec()).unwrap(),
    }
}

/// Follows every internal link from the start, and `next` to its end.
#[tokio::test]
async fn the_whole_catalogue_is_reached_from_its_start() {
    let catalogue = Catalogue::sampled().await;
    let start = fetch(&catalogue, "/opds", &[(header::ACCEPT_LANGUAGE, "en")]).await;
    assert_eq!(start.headers[header::CONTENT_TYPE], "application/opds+json");
    let feed = start.json();
    assert_eq!(feed["metadata"]["title"], "Coko catalogue");
    assert!(
        feed["links"]
            .as_array()
            .unwrap()
            .iter()
            .any(|link| link["rel"] == "search" && link["templated"] == true)
    );
    let mut seen = std::collections::HashSet::new();
    let mut waiting: Vec<String> = Vec::new();
    let collect = |feed: &Value, waiting: &mut Vec<String>| {
        let navigation = feed["navigation"].as_array().cloned().unwrap_or_default();
        let links = feed["links"].as_array().cloned().unwrap_or_default();
        let next = links.into_iter().filter(|link| link["rel"] == "next");
        for link in navigation.into_iter().chain(next) {
            waiting.push(
                link["href"]
                    .as_str()
                    .unwrap()
                    .strip_prefix("http://coko.test")
                    .unwrap()
                    .to_owned(),
            );
        }
    };
    collect(&feed, &mut waiting);
    let mut publications = std::collections::HashSet::new();
    while let Some(path) = waiting.pop() {
        if !seen.insert(path.clone()) {
            continue;
        }
        let fetched = fetch(&catalogue, &path, &[]).await;
        assert_eq!(fetched.status, StatusCode::OK, "{path}");
        let feed = fetched.json();
        assert!(!feed["metadata"]["title"].as_str().unwrap().is_empty());
        for publication in feed["publications"].as_array().cloned().unwrap_or_default() {
            assert!(
                publication["metadata"]["title"].is_string()
                    && publication["images"][0]["href"].is_string()
            );
            assert!(
                publication["links"]
                    .as_array()
                    .unwrap()
                    .iter()
                    .all(|link| link["href"].is_string() && link["type"].is_string())
            );
            publications.insert(
                publication["metadata"]["identifier"]
                    .as_str()
                    .unwrap()
                    .to_owned(),
            );
        }
        collect(&feed, &mut waiting);
    }
    assert_eq!(
        i64::try_from(publications.len()).unwrap(),
        catalogue
            .number("SELECT count(*) AS number FROM books")
            .await
    );
}

#[tokio::test]
async fn a_publication_says_what_it_costs_and_a_search_finds_it() {
    let catalogue = Catalogue::sampled().await;
    let feed = fetch(&catalogue, "/opds/search?query=enfant%20noir", &[])
        .await
        .json();
    assert_eq!(feed["metadata"]["title"], "Résultats pour « enfant noir »");
    let found = &feed["publications"][0];
    assert_eq!(found["metadata"]["title"], "L'Enfant noir");
    assert_eq!(found["metadata"]["identifier"], "urn:isbn:9782266178945");
    assert_eq!(
        found["metadata"]["author"],
        json!([{ "name": "Camara Laye", "sortAs": "Camara, Laye" }])
    );
    let buy: Vec<&Value> = found["links"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|link| link["rel"] == "http://opds-spec.org/acquisition/buy")
        .collect();
    assert_eq!(
        buy[0]["properties"]["price"],
        json!({ "currency": "XOF", "value": 2500 })
    );
    assert_eq!(
        buy[1]["properties"]["price"],
        json!({ "currency": "EUR", "value": 3.99 })
    );
    let facet = fetch(&catalogue, "/opds/categories/fiction?language=en", &[])
        .await
        .json();
    let books = facet["publications"].as_array().unwrap();
    assert!(
        !books.is_empty()
            && books
                .iter()
                .all(|book| book["metadata"]["language"] == "en")
    );
    let english = facet["facets"][0]["links"]
        .as_array()
        .unwrap()
        .iter()
        .find(|link| link["title"] == "en")
        .unwrap();
    assert_eq!(
        (
            english["rel"].as_str(),
            english["properties"]["numberOfItems"].as_u64()
        ),
        (Some("self"), Some(books.len() as u64))
    );
}

#[tokio::test]
async fn feeds_and_covers_are_cached_and_bad_addresses_are_refused() {
    let catalogue = Catalogue::sampled().await;
    let id = catalogue
        .lines("SELECT id::text AS line FROM books LIMIT 1")
        .await
        .remove(0);
    for path in [
        "/opds".to_owned(),
        "/opds/new".to_owned(),
        format!("/covers/{id}/320.svg"),
    ] {
        let first = fetch(&catalogue, &path, &[]).await;
        assert_eq!(first.status, StatusCode::OK, "{path}");
        assert!(
            first.headers[header::CACHE_CONTROL]
                .to_str()
                .unwrap()
                .contains("max-age")
        );
        let tag = first.headers[header::ETAG].to_str().unwrap().to_owned();
        let again = fetch(&catalogue, &path, &[(header::IF_NONE_MATCH, &tag)]).await;
        assert_eq!(
            (again.status, again.text.as_str()),
            (StatusCode::NOT_MODIFIED, ""),
            "{path}"
        );
    }
    let draft = catalogue.draft(&catalogue.admin(), "Secret").await;
    let hidden = format!("/covers/{}/320.svg", draft["id"].as_str().unwrap());
    for (path, status) in [
        ("/opds/categories/nowhere", StatusCode::NOT_FOUND),
        ("/opds/search", StatusCode::BAD_REQUEST),
        ("/opds/search?query=x", StatusCode::BAD_REQUEST),
        ("/opds/popular?after=foreign", StatusCode::BAD_REQUEST),
        (
            "/opds/categories/fiction?language=%3Cb%3E",
            StatusCode::BAD_REQUEST,
        ),
        ("/covers/nonsense/320.svg", StatusCode::NOT_FOUND),
        (&format!("/covers/{id}/321.svg"), StatusCode::NOT_FOUND),
        (&hidden, StatusCode::NOT_FOUND),
    ] {
        assert_eq!(fetch(&catalogue, path, &[]).await.status, status, "{path}");
    }
}
