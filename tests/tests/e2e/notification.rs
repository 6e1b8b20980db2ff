//! A reader buys a book and hears of it: in the list, by letter, on the phone; an operator's word reaches them at once; and they
//! say what they want to hear no more.

use coko_tests::{Client, Shape, Stack};
use serde_json::{Value, json};

use super::eventually;
use super::purchase::bought;

const PHONE: &str = "fcm:APA91bHun4MxP5egoKMwt2KZFBaFUH";

const FOLLOW: &str = "subscription { notificationReceived { kind title text } }";
const LIST: &str = "{ unreadCount notifications { nodes { id kind title text book { title } } } }";
const REGISTER: &str =
    "mutation($i: RegisterDeviceInput!) { registerDevice(input: $i) { errors { code } } }";
const ANNOUNCE: &str = "mutation($i: SendNotificationInput!) { sendNotification(input: $i) { announcementId errors { code } } }";
const READ: &str = "mutation($i: MarkReadInput!) { markRead(input: $i) { unreadCount } }";

/// The notification of this kind, once it is there.
async fn told(reader: &Client, kind: &str) -> Value {
    eventually(kind, async || {
        let answer = reader.run(LIST).await.unwrap();
        let nodes = answer.ok()["notifications"]["nodes"].as_array().unwrap();
        nodes.iter().find(|node| node["kind"] == kind).cloned()
    })
    .await
}

/// The subscription by server-sent events.
async fn follow(stack: &Stack, token: Option<&str>) -> reqwest::Response {
    let mut request = reqwest::Client::new()
        .post(format!("{}/graphql", stack.base("router").unwrap()))
        .header("accept", "text/event-stream")
        .header("accept-language", "en")
        .json(&json!({ "query": FOLLOW }));
    if let Some(token) = token {
        request = request.bearer_auth(token);
    }
    request.send().await.unwrap()
}

/// Reads on until `words` were heard.
async fn heard(mut response: reqwest::Response, words: &str) {
    let listening = tokio::time::timeout(std::time::Duration::from_secs(60), async {
        let mut text = String::new();
        while !text.contains(words) {
            let chunk = response.chunk().await.unwrap();
            let chunk = chunk.expect("the stream goes on");
            text.push_str(&String::from_utf8_lossy(&chunk));
        }
    });
    listening.await.expect("it is heard of");
}

async fn journey(shape: Shape) {
    let stack = Stack::start(shape).await.unwrap();
    let purchase = bought(&stack, "Aminata").await;
    let reader = &purchase.reader;

    // What happened before is in the list, by the names that things have.
    told(reader, "WELCOME").await;
    told(reader, "PAYMENT_RECEIVED").await;
    let available = told(reader, "BOOK_AVAILABLE").await;
    assert_eq!(
        available["text"],
        "“Une si longue lettre” is in your library."
    );
    assert_eq!(available["book"]["title"], "Une si longue lettre");
    // The address is auth's to tell: no event carries it.
    eventually("a letter about the payment", async || {
        let letters = stack.letters(&purchase.account.email);
        letters
            .iter()
            .any(|letter| letter.contains("/orders/"))
            .then_some(())
    })
    .await;

    let device = json!({ "i": { "token": PHONE, "platform": "ANDROID" } });
    reader.run_with(REGISTER, device).await.unwrap().ok();
    let refused = follow(&stack, None).await;
    assert_eq!(refused.status(), reqwest::StatusCode::UNAUTHORIZED);
    let followed = follow(&stack, Some(&purchase.token)).await;
    assert!(followed.status().is_success());
    let me = reader.run("{ me { id } }").await.unwrap().ok()["me"]["id"].clone();
    let announcement = json!({ "i": {
        "userIds": [me], "idempotencyKey": "tonight",
        "title": { "fr": "Cette nuit", "en": "Tonight" },
        "body": { "fr": "Coko s'arrête une heure.", "en": "Coko stops for an hour." },
    } });
    let refused = reader
        .run_with(ANNOUNCE, announcement.clone())
        .await
        .unwrap();
    assert_eq!(refused.codes(), ["FORBIDDEN"]);
    let admin = &purchase.admin;
    admin.run_with(ANNOUNCE, announcement).await.unwrap().ok();
    heard(followed, "Coko stops for an hour.").await;
    eventually("a message on the phone", async || {
        let pushed = stack.simulator.messages_to(PHONE);
        pushed
            .iter()
            .any(|message| message.data["deliveryId"].is_string())
            .then_some(())
    })
    .await;

    let all = reader.run(LIST).await.unwrap();
    let nodes = all.ok()["notifications"]["nodes"]
        .as_array()
        .unwrap()
        .clone();
    let ids: Vec<&Value> = nodes.iter().map(|node| &node["id"]).collect();
    let read = reader
        .run_with(READ, json!({ "i": { "ids": ids } }))
        .await
        .unwrap();
    assert_eq!(read.ok()["markRead"]["unreadCount"], 0);

    let off = "mutation { updatePreferences(input: { choices: [{ workflow: ANNOUNCEMENT, enabled: false }] }) { errors { code } } }";
    reader.run(off).await.unwrap().ok();
    let again = json!({ "i": {
        "userIds": [me], "idempotencyKey": "tomorrow",
        "title": { "fr": "Demain", "en": "Tomorrow" }, "body": { "fr": "Rien.", "en": "Nothing." },
    } });
    admin.run_with(ANNOUNCE, again).await.unwrap().ok();
    let after = reader.run(LIST).await.unwrap();
    assert_eq!(after.ok()["unreadCount"], 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn in_one_process() {
    journey(Shape::OneProcess).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn with_a_process_per_role() {
    journey(Shape::ProcessPerRole).await;
}
