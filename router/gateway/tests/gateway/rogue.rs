//! A subgraph that does what it is told, rather than what it should.

use std::convert::Infallible;
use std::sync::atomic::{AtomicU8, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::post;
use futures::StreamExt as _;
use serde_json::{Value, json};

pub(crate) const ROGUE_SDL: &str = r#"
    extend schema @link(url: "https://specs.apollo.dev/federation/v2.7",
        import: ["@key", "@authenticated", "@requiresScopes", "@policy"])
    type Query {
        mood: String
        secret: String @authenticated
        sales: Int @requiresScopes(scopes: [["sales:read"]])
    }
    type Book @key(fields: "id") { id: ID! rating: Int stock: Int! }
"#;

/// How the third subgraph behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Mood {
    Well,
    Slow,
    Html,
    Flood,
    Panic,
    NotJson,
    NoData,
    WrongTypes,
    TooFew,
    Truncated,
    Http500,
    Errors,
    /// Answers are held back until [`Rogue::release`].
    Held,
}

const MOODS: [Mood; 13] = [
    Mood::Well,
    Mood::Slow,
    Mood::Html,
    Mood::Flood,
    Mood::Panic,
    Mood::NotJson,
    Mood::NoData,
    Mood::WrongTypes,
    Mood::TooFew,
    Mood::Truncated,
    Mood::Http500,
    Mood::Errors,
    Mood::Held,
];

/// A subgraph that does what it is told, rather than what it should.
#[derive(Clone, Default)]
pub(crate) struct Rogue {
    mood: Arc<AtomicU8>,
    pub(crate) calls: Arc<AtomicUsize>,
    pub(crate) flooded: Arc<AtomicUsize>,
    pub(crate) seen: Arc<Mutex<Vec<HeaderMap>>>,
    released: Arc<tokio::sync::Notify>,
}

impl Rogue {
    pub(crate) fn feel(&self, mood: Mood) {
        self.mood.store(mood as u8, Ordering::SeqCst);
    }

    /// Answers what was held back, and everything from now on, in another mood.
    pub(crate) fn release(&self, mood: Mood) {
        self.feel(mood);
        self.released.notify_waiters();
    }

    async fn mood(&self) -> Mood {
        loop {
            // Listening begins before looking, so that no release is missed.
            let released = self.released.notified();
            match MOODS[usize::from(self.mood.load(Ordering::SeqCst))] {
                Mood::Held => released.await,
                mood => return mood,
            }
        }
    }

    pub(crate) fn router(&self) -> Router {
        Router::new()
            .route("/graphql", post(rogue))
            .with_state(self.clone())
    }
}

pub(crate) fn json_response(body: impl Into<Body>) -> Response {
    let mut response = Response::new(body.into());
    response.headers_mut().insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("application/json"),
    );
    response
}

async fn rogue(State(rogue): State<Rogue>, headers: HeaderMap, body: Bytes) -> Response {
    rogue.calls.fetch_add(1, Ordering::SeqCst);
    rogue
        .seen
        .lock()
        .expect("no test panics while it holds the lock")
        .push(headers);
    let request: Value = serde_json::from_slice(&body).expect("the gateway sends JSON");
    let mood = rogue.mood().await;
    let entities = representations(&request);
    let well = || match &entities {
        Some(ids) => json!({ "data": entity_data(&request, ids.iter().map(|id| json!({
            "__typename": "Book", "id": id, "rating": id.parse::<i32>().unwrap_or(0) * 10, "stock": 7 })).collect()) }),
        None => json!({ "data": { "mood": "well", "secret": "s3", "sales": 42 } }),
    };
    match mood {
        Mood::Well | Mood::Held => json_response(well().to_string()),
        Mood::Slow => {
            tokio::time::sleep(Duration::from_secs(20)).await;
            json_response(well().to_string())
        }
        Mood::Html => ([(header::CONTENT_TYPE, "text/html")], "<html><body>502</body></html>").into_response(),
        Mood::Flood => flood(&rogue),
        Mood::Panic => panic!("the rogue panics as it was told"),
        Mood::NotJson => json_response("{\"data\":{\"mood\":\u{1}"),
        Mood::NoData => json_response("{}"),
        Mood::WrongTypes => match entities {
            Some(_) => json_response(json!({ "data": { "_entities": "no list" } }).to_string()),
            None => json_response(json!({ "data": { "mood": { "a": [1] }, "sales": "many" } }).to_string()),
        },
        Mood::TooFew => json_response(json!({ "data": entity_data(&request, Vec::new()) }).to_string()),
        Mood::Truncated => json_response(r#"{"data":{"mood":"we"#),
        Mood::Http500 => (StatusCode::INTERNAL_SERVER_ERROR, "boom").into_response(),
        Mood::Errors => json_response(
            json!({ "data": null, "errors": [{ "message": "password=hunter2", "extensions": { "code": "INTERNAL" } }] }).to_string(),
        ),
    }
}

/// 200 MB, a megabyte at a time, counted as it is taken.
fn flood(rogue: &Rogue) -> Response {
    let flooded = rogue.flooded.clone();
    let megabytes = futures::stream::iter(0..200).map(move |_| {
        flooded.fetch_add(1, Ordering::SeqCst);
        Ok::<_, Infallible>(Bytes::from(vec![b' '; 1 << 20]))
    });
    json_response(Body::from_stream(megabytes))
}

/// The ids of the books that are asked for, if it is about entities.
fn representations(request: &Value) -> Option<Vec<String>> {
    let variables = request.get("variables")?.as_object()?;
    let list = variables.values().find_map(Value::as_array)?;
    Some(
        list.iter()
            .filter_map(|representation| representation["id"].as_str().map(str::to_owned))
            .collect(),
    )
}

/// The entities under every name that the request gives them.
fn entity_data(request: &Value, entities: Vec<Value>) -> Value {
    let query = request["query"].as_str().unwrap_or_default();
    let name = query.split("_entities").next().and_then(|before| {
        let before = before.trim_end().strip_suffix(':')?;
        before.rsplit(['{', ' ']).next()
    });
    json!({ name.unwrap_or("_entities"): entities })
}
