//! Readers who follow a book hear of its changes: over WebSocket and server-sent events, through a broker that dies and a
//! connection that is lost.

use coko_tests::{Client, Shape, Stack};
use futures::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;

use super::eventually;

const FOLLOW: &str = "subscription($id: ID) { bookChanged(id: $id) { title subtitle } }";

/// The payload of a mutation without refusals.
async fn edited(client: &Client, field: &str, kind: &str, input: Value) -> Value {
    let document = format!(
        "mutation($input: {kind}!) {{ {field}(input: $input) {{ book {{ id version }} errors {{ field code }} }} }}"
    );
    let answer = client
        .run_with(&document, json!({ "input": input }))
        .await
        .unwrap();
    let payload = answer.ok()[field].clone();
    assert_eq!(payload["errors"], json!([]), "{payload}");
    payload["book"].clone()
}

/// Gives the book a subtitle; answers its new state.
async fn subtitle(publisher: &Client, book: &Value, subtitle: &str) -> Value {
    let input = json!({ "id": book["id"], "version": book["version"], "subtitle": subtitle });
    edited(publisher, "updateBook", "UpdateBookInput", input).await
}

/// A stream of server-sent events.
struct Events {
    response: reqwest::Response,
    buffer: String,
}

impl Events {
    async fn open(stack: &Stack, book: &Value, last: Option<&str>) -> Self {
        let body = json!({ "query": FOLLOW, "variables": { "id": book["id"] } });
        let mut request = reqwest::Client::new()
            .post(format!("{}/graphql", stack.base("router").unwrap()))
            .header("accept", "text/event-stream")
            .json(&body);
        if let Some(last) = last {
            request = request.header("last-event-id", last);
        }
        let response = request.send().await.unwrap();
        let status = response.status();
        assert!(
            status.is_success(),
            "{status}: {}",
            response.text().await.unwrap()
        );
        Self {
            response,
            buffer: String::new(),
        }
    }

    /// The next answer's subtitle and id.
    async fn next(&mut self) -> (String, String) {
        loop {
            while let Some((block, rest)) = self.buffer.split_once("\n\n") {
                let (block, rest) = (block.to_owned(), rest.to_owned());
                self.buffer = rest;
                let field = |name: &str| block.lines().find_map(|line| line.strip_prefix(name));
                if let (Some("next"), Some(id), Some(data)) =
                    (field("event: "), field("id: "), field("data: "))
                {
                    return (heard(&serde_json::from_str(data).unwrap()), id.to_owned());
                }
            }
            let chunk = self
                .response
                .chunk()
                .await
                .unwrap()
                .expect("the stream goes on");
            self.buffer.push_str(std::str::from_utf8(&chunk).unwrap());
        }
    }
}

fn heard(answer: &Value) -> String {
    let book = &answer["data"]["bookChanged"];
    assert_eq!(book["title"], "Le Fleuve", "{answer}");
    book["subtitle"].as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn readers_hear_of_every_change_of_a_book() {
    let mut stack = Stack::start(Shape::ProcessPerRole).await.unwrap();
    let publisher = stack.staff("Maison", &["publisher"]).await.unwrap();
    let author = "mutation { createAuthor(input: { name: \"Awa Ndiaye\" }) { author { id } errors { code } } }";
    let author = publisher.run(author).await.unwrap().ok()["createAuthor"]["author"].clone();
    let book = json!({
        "title": "Le Fleuve", "language": "fr", "contributors": [{ "authorId": author["id"] }],
    });
    let draft = edited(&publisher, "createBook", "CreateBookInput", book).await;
    let book = edited(&publisher, "publishBook", "PublishBookInput", draft).await;

    let mut events = Events::open(&stack, &book, None).await;
    let url = stack.base("router").unwrap().replace("http://", "ws://");
    let mut request = format!("{url}/graphql").into_client_request().unwrap();
    let protocol = "graphql-transport-ws".parse().unwrap();
    request
        .headers_mut()
        .insert("sec-websocket-protocol", protocol);
    let (mut socket, _) = tokio_tungstenite::connect_async(request).await.unwrap();
    let payload = json!({ "query": FOLLOW, "variables": { "id": book["id"] } });
    for message in [
        json!({ "type": "connection_init" }),
        json!({ "id": "1", "type": "subscribe", "payload": payload }),
    ] {
        socket
            .send(Message::text(message.to_string()))
            .await
            .unwrap();
    }
    // Until the second reader has joined, the first alone may hear.
    let mut book = book;
    let mut number = 0;
    eventually("the first change over WebSocket", async || {
        number += 1;
        book = subtitle(&publisher, &book, &format!("before {number}")).await;
        assert_eq!(events.next().await.0, format!("before {number}"));
        let waiting = tokio::time::timeout(std::time::Duration::from_secs(1), async {
            loop {
                let message = socket.next().await.unwrap().unwrap();
                let Ok(text) = message.to_text() else {
                    continue;
                };
                let message: Value = serde_json::from_str(text).unwrap_or_default();
                if message["type"] == "next" {
                    return heard(&message["payload"]);
                }
            }
        });
        waiting.await.ok()
    })
    .await;

    // The broker dies; what is changed meanwhile waits in the outbox and is heard of.
    stack.nats.kill().await;
    book = subtitle(&publisher, &book, "without a broker").await;
    stack.nats.restart().await.unwrap();
    let (said, id) = events.next().await;
    assert_eq!(said, "without a broker");

    // The connection is lost; who comes back with the last id has missed nothing.
    drop(events);
    book = subtitle(&publisher, &book, "while away").await;
    book = subtitle(&publisher, &book, "and again").await;
    let mut back = Events::open(&stack, &book, Some(&id)).await;
    // The first may show the newest state already: what is resolved is the book as it is now.
    let (_, first) = back.next().await;
    let (last, second) = back.next().await;
    assert_eq!(last, "and again");
    let numbers = [&id, &first, &second].map(|id| id.parse::<u64>().unwrap());
    assert!(
        numbers.is_sorted_by(|left, right| left < right),
        "{numbers:?}"
    );
}
