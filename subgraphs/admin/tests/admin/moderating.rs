//! The queue of reported contents.

use coko_core::events::Payload as _;
use coko_core::events::community::{ContentAppealed, ContentModerated, ContentReported};
use serde_json::{Value, json};
use time::Duration;
use uuid::Uuid;

use crate::support::{Desk, OTHER, READER, person};

const QUEUE: &str = "query($s: ReportedContentStatus!, $first: Int, $after: String) { reportedContents(status: $s, first: $first, after: $after) {
    nodes { case { id } kind author { id } status reportCount reasons { reason count } hidden decision } pageInfo { hasNextPage endCursor } } }";

async fn queue(desk: &Desk, status: &str) -> Value {
    let answer = desk
        .operator()
        .run_with(QUEUE, json!({ "s": status }))
        .await;
    answer.ok()["reportedContents"]["nodes"].clone()
}

fn case(number: u128) -> Uuid {
    Uuid::from_u128(0xcccc_0000 + number)
}

fn reported(desk: &Desk, number: u128, reason: &str) -> ContentReported {
    ContentReported {
        case_id: case(number),
        author_id: READER,
        reason: reason.to_owned(),
        at: desk.now(),
        ..ContentReported::sample()
    }
}

fn moderated(desk: &Desk, number: u128, decision: &str) -> ContentModerated {
    ContentModerated {
        case_id: case(number),
        author_id: READER,
        decision: decision.to_owned(),
        at: desk.now(),
        ..ContentModerated::sample()
    }
}

#[tokio::test]
async fn a_content_waits_until_it_is_decided_and_again_when_it_is_appealed() {
    let desk = Desk::new().await;
    let later = || desk.platform.platform.clock.advance(Duration::MINUTE);
    desk.tell(&reported(&desk, 1, "SPAM")).await;
    later();
    desk.tell(&reported(&desk, 1, "SPAM")).await;
    let hiding = ContentReported {
        hidden: true,
        ..reported(&desk, 1, "HATE")
    };
    desk.tell(&hiding).await;
    assert_eq!(
        queue(&desk, "OPEN").await,
        json!([{
            "case": { "id": case(1) }, "kind": "POST", "author": { "id": READER }, "status": "OPEN", "reportCount": 3,
            "reasons": [{ "reason": "HATE", "count": 1 }, { "reason": "SPAM", "count": 2 }], "hidden": true, "decision": null,
        }])
    );
    later();
    desk.tell(&moderated(&desk, 1, "REMOVED")).await;
    assert_eq!(queue(&desk, "OPEN").await, json!([]));
    assert_eq!(queue(&desk, "DECIDED").await[0]["decision"], "REMOVED");
    later();
    let appealed = ContentAppealed {
        case_id: case(1),
        author_id: READER,
        at: desk.now(),
        ..ContentAppealed::sample()
    };
    desk.tell(&appealed).await;
    assert_eq!(
        queue(&desk, "APPEALED").await[0]["case"]["id"],
        json!(case(1))
    );
    let seen = person(&desk.operator(), READER, "activity { reports removals }").await;
    assert_eq!(seen["activity"], json!({ "reports": 3, "removals": 1 }));
    later();
    desk.tell(&moderated(&desk, 1, "OVERTURNED")).await;
    assert_eq!(queue(&desk, "APPEALED").await, json!([]));
    let seen = person(&desk.operator(), READER, "activity { removals }").await;
    assert_eq!(seen["activity"], json!({ "removals": 0 }));
}

#[tokio::test]
async fn a_decision_that_is_heard_first_stands() {
    let desk = Desk::new().await;
    let early = reported(&desk, 1, "SPAM");
    desk.platform.platform.clock.advance(Duration::HOUR);
    desk.tell(&moderated(&desk, 1, "KEPT")).await;
    desk.tell(&early).await;
    assert_eq!(queue(&desk, "OPEN").await, json!([]));
    assert_eq!(queue(&desk, "DECIDED").await[0]["reportCount"], 1);
}

#[tokio::test]
async fn those_that_wait_longest_come_first_page_by_page() {
    let desk = Desk::new().await;
    for number in [3, 1, 2] {
        desk.tell(&reported(&desk, number, "SPAM")).await;
        desk.platform.platform.clock.advance(Duration::MINUTE);
    }
    let moderator = desk.client(OTHER, &["community:moderate"]);
    let mut found = Vec::new();
    let mut after = json!(null);
    loop {
        let variables = json!({ "s": "OPEN", "first": 2, "after": after });
        let answer = moderator.run_with(QUEUE, variables).await;
        let page = answer.ok()["reportedContents"].clone();
        for node in page["nodes"].as_array().unwrap() {
            found.push(node["case"]["id"].clone());
        }
        if page["pageInfo"]["hasNextPage"] == false {
            break;
        }
        after = page["pageInfo"]["endCursor"].clone();
    }
    assert_eq!(found, [json!(case(3)), json!(case(1)), json!(case(2))]);
}
