//! A reader finishes a book: the badge that their phone hears of at once, the level that others see, the leaderboard, and
//! what is left of it when they do not want to be seen.

use coko_core::clock::Clock;
use coko_tests::{Client, Shape, Stack};
use serde_json::{Value, json};
use time::format_description::well_known::Rfc3339;
use uuid::Uuid;

use super::eventually;
use super::purchase::bought;

const PHONE: Uuid = Uuid::from_u128(0xcccc_0001);

const PUSH: &str = "mutation($i: PushChangesInput!) { pushChanges(input: $i) { results { outcome error { code } } } }";
const FOLLOW: &str =
    "subscription { achievementUnlocked { kind badge { code name } level { number } } }";
const BOARD: &str = "{ leaderboard(period: ALL_TIME, first: 100) { nodes { points user { displayName level { number } badges { badge { code } } } } } }";

/// The reader is at the end of the book.
async fn finishes(client: &Client, book: &Value) {
    let at = Clock::system().now().format(&Rfc3339).unwrap();
    let locator = json!({
        "href": "text/ch1.xhtml", "type": "application/xhtml+xml",
        "locations": { "totalProgression": 1.0 },
    });
    let change = json!({ "at": at, "progress": { "bookId": book, "locator": locator } });
    let input = json!({ "i": { "deviceId": PHONE, "changes": [change] } });
    let answer = client.run_with(PUSH, input).await.unwrap();
    assert_eq!(
        answer.ok()["pushChanges"]["results"][0]["outcome"],
        "APPLIED"
    );
}

/// The subscription by server-sent events.
async fn follow(stack: &Stack, token: Option<&str>) -> reqwest::Response {
    let mut request = reqwest::Client::new()
        .post(format!("{}/graphql", stack.base("router").unwrap()))
        .header("accept", "text/event-stream")
        .json(&json!({ "query": FOLLOW }));
    if let Some(token) = token {
        request = request.bearer_auth(token);
    }
    request.send().await.unwrap()
}

/// Reads on until the badge was heard of; everything that was heard.
async fn heard(mut response: reqwest::Response) -> String {
    let listening = tokio::time::timeout(std::time::Duration::from_secs(60), async {
        let mut text = String::new();
        while !text.contains("first-book") {
            let chunk = response.chunk().await.unwrap();
            let chunk = chunk.expect("the stream goes on");
            text.push_str(&String::from_utf8_lossy(&chunk));
        }
        text
    });
    listening.await.expect("the badge is heard of")
}

/// The reader's line, where the leaderboard has one.
async fn line(client: &Client, name: &str) -> Option<Value> {
    let answer = client.run(BOARD).await.unwrap();
    let nodes = answer.ok()["leaderboard"]["nodes"].as_array().unwrap();
    let of = |node: &&Value| node["user"]["displayName"] == name;
    nodes.iter().find(of).cloned()
}

async fn journey(shape: Shape) {
    let stack = Stack::start(shape).await.unwrap();
    let purchase = bought(&stack, "Aminata").await;
    let reader = &purchase.reader;
    let refused = follow(&stack, None).await;
    assert_eq!(refused.status(), reqwest::StatusCode::UNAUTHORIZED);
    let followed = follow(&stack, Some(&purchase.token)).await;
    assert!(followed.status().is_success());

    finishes(reader, &purchase.book["id"]).await;
    let heard = heard(followed).await;
    assert!(heard.contains("achievementUnlocked"), "{heard}");

    let guest = stack.client().unwrap();
    // Ten for the account, twenty for the purchase, a hundred for the book.
    let line_of = eventually("all points", async || {
        let line = line(&guest, "Aminata").await?;
        (line["points"] == 130).then_some(line)
    })
    .await;
    assert_eq!(line_of["user"]["level"]["number"], 2);
    let badges = json!([{ "badge": { "code": "first-book" } }]);
    assert_eq!(line_of["user"]["badges"], badges);

    let hide =
        "mutation { updateGamification(input: { optedOut: true }) { stats { points optedOut } } }";
    let hidden = reader.run(hide).await.unwrap();
    let stats = json!({ "points": 130, "optedOut": true });
    assert_eq!(hidden.ok()["updateGamification"]["stats"], stats);
    assert_eq!(line(&guest, "Aminata").await, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn in_one_process() {
    journey(Shape::OneProcess).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn with_a_process_per_role() {
    journey(Shape::ProcessPerRole).await;
}
