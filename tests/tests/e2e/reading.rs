//! A reader buys a book with mobile money and reads it on two devices: the grant, progress that the other device hears of at
//! once, notes that are merged and exported, the end of the book; and the refund that takes it away.

use coko_core::clock::Clock;
use coko_core::ids::Entropy;
use coko_core::service::Nats;
use coko_tests::{Client, Shape, Stack};
use futures::{SinkExt as _, StreamExt as _};
use reqwest::StatusCode;
use serde_json::{Value, json};
use time::format_description::well_known::Rfc3339;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};
use uuid::Uuid;

use super::purchase::{bought, refunded};
use super::upload::{at_router, download, uploaded};
use super::{count, eventually};

const PHONE: Uuid = Uuid::from_u128(0xcccc_0001);
const TABLET: Uuid = Uuid::from_u128(0xcccc_0002);

const PUSH: &str = "mutation($i: PushChangesInput!) { pushChanges(input: $i) { results { outcome error { code } } } }";
const FOLLOW: &str =
    "subscription($b: ID) { progressChanged(bookId: $b) { deviceId progression book { title } } }";

fn now() -> String {
    Clock::system().now().format(&Rfc3339).unwrap()
}

/// A fresh UUIDv7.
fn id() -> Uuid {
    Entropy::system().uuid(Clock::system().now())
}

fn place(share: f64) -> Value {
    json!({
        "href": "text/ch1.xhtml", "type": "application/xhtml+xml",
        "locations": { "totalProgression": share },
    })
}

async fn push(client: &Client, device: Uuid, changes: Value) {
    let input = json!({ "i": { "deviceId": device, "changes": changes } });
    let answer = client.run_with(PUSH, input).await.unwrap();
    for result in answer.ok()["pushChanges"]["results"].as_array().unwrap() {
        assert_eq!(result["outcome"], "APPLIED", "{answer:?}");
    }
}

async fn reads_on(client: &Client, device: Uuid, book: &Value, share: f64) {
    let change = json!({ "at": now(), "progress": { "bookId": book, "locator": place(share) } });
    push(client, device, json!([change])).await;
}

/// The answers to the subscription by server-sent events.
struct Events {
    response: reqwest::Response,
    buffer: String,
}

impl Events {
    async fn open(stack: &Stack, token: Option<&str>, book: &Value) -> reqwest::Response {
        let mut request = reqwest::Client::new()
            .post(format!("{}/graphql", stack.base("router").unwrap()))
            .header("accept", "text/event-stream")
            .json(&json!({ "query": FOLLOW, "variables": { "b": book } }));
        if let Some(token) = token {
            request = request.bearer_auth(token);
        }
        request.send().await.unwrap()
    }

    async fn next(&mut self) -> Value {
        loop {
            while let Some((block, rest)) = self.buffer.split_once("\n\n") {
                let (block, rest) = (block.to_owned(), rest.to_owned());
                self.buffer = rest;
                let field = |name: &str| block.lines().find_map(|line| line.strip_prefix(name));
                if let (Some("next"), Some(data)) = (field("event: "), field("data: ")) {
                    return serde_json::from_str(data).unwrap();
                }
            }
            let chunk = self.response.chunk().await.unwrap();
            let chunk = chunk.expect("the stream goes on");
            self.buffer.push_str(std::str::from_utf8(&chunk).unwrap());
        }
    }
}

/// The newest event of a kind in the history of reading.
async fn last_said(stack: &Stack, kind: &str) -> Option<Value> {
    let nats = Nats::connect(&stack.nats.url(), "listener", 1)
        .await
        .unwrap();
    let history = nats.jetstream.get_stream("COKO_READING").await.ok()?;
    let subject = format!("coko.reading.{kind}");
    let message = history
        .get_last_raw_message_by_subject(&subject)
        .await
        .ok()?;
    serde_json::from_slice(&message.payload).ok()
}

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// The subscription over WebSocket, of whoever the token speaks for.
async fn socket(stack: &Stack, token: &str, book: &Value) -> Socket {
    let url = stack.base("router").unwrap().replace("http://", "ws://");
    let mut request = format!("{url}/graphql").into_client_request().unwrap();
    let protocol = "graphql-transport-ws".parse().unwrap();
    request
        .headers_mut()
        .insert("sec-websocket-protocol", protocol);
    let (mut socket, _) = tokio_tungstenite::connect_async(request).await.unwrap();
    let payload = json!({ "query": FOLLOW, "variables": { "b": book } });
    let init = json!({ "Authorization": format!("Bearer {token}") });
    for message in [
        json!({ "type": "connection_init", "payload": init }),
        json!({ "id": "1", "type": "subscribe", "payload": payload }),
    ] {
        let text = Message::text(message.to_string());
        socket.send(text).await.unwrap();
    }
    socket
}

/// The next answer over WebSocket; none when nothing is heard for a second.
async fn heard(socket: &mut Socket) -> Option<Value> {
    let waiting = tokio::time::timeout(std::time::Duration::from_secs(1), async {
        loop {
            let message = socket.next().await.unwrap().unwrap();
            let Ok(text) = message.to_text() else {
                continue;
            };
            let message: Value = serde_json::from_str(text).unwrap_or_default();
            if message["type"] == "next" {
                return message["payload"].clone();
            }
        }
    });
    waiting.await.ok()
}

async fn journey(shape: Shape) {
    let stack = Stack::start(shape).await.unwrap();
    let purchase = bought(&stack, "Ndeye").await;
    let (reader, book) = (&purchase.reader, &purchase.book["id"]);
    let library =
        "query { me { library { nodes { book { title } isReadable entitlements { source } } } } }";
    let mine = reader.run(library).await.unwrap().ok()["me"]["library"]["nodes"].clone();
    assert_eq!(
        mine,
        json!([{ "book": { "title": "Une si longue lettre" }, "isReadable": true, "entitlements": [{ "source": "PURCHASED" }] }])
    );

    // Its file came in after it was sold, and is there for who bought it and for nobody else.
    let (file, bytes) = uploaded(&stack, &purchase.admin, book).await;
    let link = eventually("the right to download", async || {
        let link = download(reader, &file).await;
        link["url"].as_str().map(|url| at_router(&stack, url))
    })
    .await;
    let part = reqwest::Client::new()
        .get(&link)
        .header("range", "bytes=100-199")
        .send()
        .await
        .unwrap();
    assert_eq!(part.status(), StatusCode::PARTIAL_CONTENT);
    assert_eq!(part.bytes().await.unwrap(), bytes[100..200]);

    // The tablet follows over both transports; so does somebody else, who must hear nothing.
    let token = purchase.token.as_str();
    let mut events = Events {
        response: Events::open(&stack, Some(token), book).await,
        buffer: String::new(),
    };
    assert!(events.response.status().is_success());
    let refused = Events::open(&stack, None, book).await;
    assert_eq!(refused.status(), StatusCode::UNAUTHORIZED);
    let (account, other) = stack.sign_up("Moussa").await.unwrap();
    let refused = download(&other, &file).await;
    assert_eq!(refused["errors"][0]["code"], "NOT_FOUND");
    let stranger = stack.token(&account).await.unwrap();
    let mut followed = socket(&stack, token, book).await;
    let mut strange = socket(&stack, &stranger, book).await;
    let mut share = 0.0;
    eventually("progress over WebSocket", async || {
        share += 0.01;
        reads_on(reader, PHONE, book, share).await;
        let sent = events.next().await;
        let progress = &sent["data"]["progressChanged"];
        assert_eq!(progress["deviceId"], json!(PHONE), "{sent}");
        assert_eq!(progress["progression"], share);
        assert_eq!(progress["book"]["title"], "Une si longue lettre");
        heard(&mut followed).await
    })
    .await;
    assert_eq!(heard(&mut strange).await, None);

    // Both devices note something while they do not hear of each other.
    let note = id();
    let written = |fields: Value| {
        let mut annotation = json!({ "id": note, "bookId": book, "kind": "HIGHLIGHT" });
        for (key, value) in fields.as_object().unwrap() {
            annotation[key] = value.clone();
        }
        json!([{ "at": now(), "annotation": annotation }])
    };
    let marked =
        json!({ "locator": place(0.2), "quote": "Aïssatou, j'ai reçu ton mot.", "note": "phone" });
    push(reader, PHONE, written(marked)).await;
    push(reader, TABLET, written(json!({ "colour": "PINK" }))).await;
    let sync = "query { changes(first: 50) { nodes { ... on Annotation { note colour } } } }";
    let changes = reader.run(sync).await.unwrap().ok()["changes"]["nodes"].clone();
    let merged = json!({ "note": "phone", "colour": "PINK" });
    assert!(changes.as_array().unwrap().contains(&merged), "{changes}");

    let query = "query($b: ID!) { exportNotes(bookId: $b, format: MARKDOWN) { export { url } errors { code } }
        printed: exportNotes(bookId: $b, format: PDF) { export { url } }
        book(id: $b) { pageCount minutesLeft inMyLibrary myProgress { current { progression } } myAnnotations { nodes { note } } } }";
    let answer = reader.run_with(query, json!({ "b": book })).await.unwrap();
    let seen = &answer.ok()["book"];
    // A hundred pages at a minute and a half each, of which hardly any are read: what catalog knows, reading reckons with.
    assert_eq!(seen["pageCount"], 100);
    assert!(
        (100..=150).contains(&seen["minutesLeft"].as_i64().unwrap()),
        "{seen}"
    );
    assert_eq!(seen["inMyLibrary"], true);
    assert_eq!(seen["myAnnotations"]["nodes"], json!([{ "note": "phone" }]));
    let exported = async |name: &str| {
        let url = answer.ok()[name]["export"]["url"].as_str().unwrap();
        reqwest::get(at_router(&stack, url)).await.unwrap()
    };
    let printed = exported("printed").await.bytes().await.unwrap();
    assert!(printed.starts_with(b"%PDF-"));
    let exported = exported("exportNotes").await;
    assert!(exported.headers().contains_key("content-disposition"));
    let exported = exported.text().await.unwrap();
    assert!(exported.contains("> Aïssatou"), "{exported}");

    reads_on(reader, TABLET, book, 1.0).await;
    let finished = "query { me { library(status: READ) { nodes { status finishedAt } } } }";
    let read = reader.run(finished).await.unwrap();
    assert_eq!(read.ok()["me"]["library"]["nodes"][0]["status"], "READ");
    let completed = eventually("`reading.completed`", async || {
        last_said(&stack, "reading.completed").await
    })
    .await;
    assert_eq!(completed["data"]["book_id"], *book);
    assert_eq!(completed["data"]["self_reported"], false);

    refunded(&stack, &purchase).await;
    eventually("the end of the right", async || {
        let mine = reader.run(library).await.unwrap();
        let item = &mine.ok()["me"]["library"]["nodes"][0];
        (item["isReadable"] == false).then_some(())
    })
    .await;
    eventually("the end of downloads", async || {
        let refused = download(reader, &file).await;
        (refused["errors"][0]["code"] == "NOT_FOUND").then_some(())
    })
    .await;
    // Every journal balances, and what was taken was given back.
    let ledger = stack.pool("payment").unwrap();
    for group in ["journal_id", "account"] {
        let unbalanced = format!(
            "SELECT count(*) AS count FROM (SELECT FROM ledger_entries GROUP BY {group}, currency HAVING sum(amount) <> 0) g"
        );
        assert_eq!(count(&ledger, &unbalanced).await, Some(0), "{group}");
    }
    let entries = "SELECT count(*) AS count FROM ledger_entries";
    assert!(count(&ledger, entries).await > Some(0));
    let license = "mutation($i: IssueOfflineLicenseInput!) { issueOfflineLicense(input: $i) { errors { code } } }";
    let input = json!({ "i": { "bookId": book, "deviceId": PHONE, "deviceName": "Phone" } });
    let answer = reader.run_with(license, input).await.unwrap();
    assert_eq!(
        answer.ok()["issueOfflineLicense"]["errors"][0]["code"],
        "NOT_ENTITLED"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn in_one_process() {
    journey(Shape::OneProcess).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn with_a_process_per_role() {
    journey(Shape::ProcessPerRole).await;
}
