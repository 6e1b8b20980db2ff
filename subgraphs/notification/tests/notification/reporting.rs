//! What providers report, and who pretends to.

use coko_provider_simulator::MessageScenario;
use serde_json::json;

use crate::support::{EMAIL, Office, PHONE, READER, paid};

async fn by_sms(office: &Office) {
    let choices = json!([
        { "channel": "SMS", "enabled": true }, { "channel": "PUSH", "enabled": false },
        { "channel": "EMAIL", "enabled": false },
    ]);
    office.choose(READER, json!({ "choices": choices })).await;
}

#[tokio::test]
async fn letters_are_reported_and_reports_count_once() {
    let office = Office::with_sendgrid().await;
    office.register(READER).await;
    office.tell(&paid(READER, 1)).await;
    let letter = &office.arrived(EMAIL, 1).await[0];
    assert_eq!(letter.provider, "sendgrid");
    let link = letter.data["List-Unsubscribe"].as_str().unwrap();
    assert!(
        link.starts_with(&format!("<{}/notifications/unsubscribe/", office.base)),
        "{link}"
    );
    office.stands("EMAIL", "DELIVERED", "").await;
    let told = "SELECT count(*)::text AS line FROM callbacks";
    assert_eq!(office.lines(told).await, ["1"]);

    let bounced = MessageScenario::Bounced;
    office
        .simulator
        .set_message_scenario(bounced, Some(EMAIL), Some(1));
    office.tell(&paid(READER, 2)).await;
    office.stands("EMAIL", "FAILED", "BOUNCE").await;
    office.tell(&paid(READER, 3)).await;
    office.stands("EMAIL", "SUPPRESSED", "BOUNCED").await;
}

#[tokio::test]
async fn texts_are_reported_in_any_order() {
    let office = Office::new().await;
    office.register(READER).await;
    by_sms(&office).await;
    office.tell(&paid(READER, 1)).await;
    office.stands("SMS", "DELIVERED", "").await;
    let bounced = MessageScenario::Bounced;
    office
        .simulator
        .set_message_scenario(bounced, Some(PHONE), Some(1));
    office.tell(&paid(READER, 2)).await;
    office.stands("SMS", "FAILED", "30005").await;
    // The number is unknown to its operator.
    office.tell(&paid(READER, 3)).await;
    office.stands("SMS", "SUPPRESSED", "INVALID").await;
}

#[tokio::test]
async fn a_forged_report_changes_nothing() {
    let office = Office::with_sendgrid().await;
    office.register(READER).await;
    by_sms(&office).await;
    let forged = MessageScenario::BadSignature;
    office.simulator.set_message_scenario(forged, None, None);
    office.tell(&paid(READER, 1)).await;
    let choices = json!([{ "channel": "EMAIL", "enabled": true }]);
    office.choose(READER, json!({ "choices": choices })).await;
    office.tell(&paid(READER, 2)).await;
    office.stands("SMS", "SENT", "").await;
    office.stands("EMAIL", "SENT", "").await;
    office.pause().await;
    let told = "SELECT count(*)::text AS line FROM callbacks";
    assert_eq!(office.lines(told).await, ["0"]);

    let client = reqwest::Client::new();
    let post = async |path: &str, body: &str| {
        let url = format!("{}/notifications/callbacks/{path}", office.base);
        let request = client.post(url).body(body.to_owned());
        request.send().await.unwrap().status().as_u16()
    };
    let somebody = "01890a5d-ac96-774b-bcce-b302099a8001";
    assert_eq!(post("sendgrid", "[]").await, 401);
    assert_eq!(
        post(&format!("twilio/{somebody}"), "MessageSid=SM1").await,
        401
    );
    assert_eq!(post("twilio/nonsense", "").await, 400);
    assert_eq!(post("telex", "").await, 404);
}

#[tokio::test]
async fn letters_end_with_one_request_and_with_no_look() {
    let office = Office::new().await;
    office.register(READER).await;
    office.tell(&paid(READER, 1)).await;
    let letter = office.arrived(EMAIL, 1).await[0].text.clone();
    let (_, rest) = letter.split_once("List-Unsubscribe:").unwrap();
    let (link, _) = rest
        .split_once('<')
        .and_then(|(_, rest)| rest.split_once('>'))
        .unwrap();
    // A long header is folded.
    let link: String = link.split_whitespace().collect();
    let client = reqwest::Client::new();
    let page = client.get(&link).send().await.unwrap();
    assert_eq!(page.status(), 200);
    assert!(
        page.text()
            .await
            .unwrap()
            .contains("<form method=\"post\">")
    );
    let chosen = "SELECT concat_ws(' ', workflow, channel, enabled) AS line FROM preferences";
    assert!(office.lines(chosen).await.is_empty());
    let request = client.post(&link).body("List-Unsubscribe=One-Click");
    assert_eq!(request.send().await.unwrap().status(), 200);
    assert_eq!(office.lines(chosen).await, ["PAYMENT EMAIL f"]);
    let forged = format!("{link}x");
    assert_eq!(client.post(forged).send().await.unwrap().status(), 404);
    office.tell(&paid(READER, 2)).await;
    office.pause().await;
    office.arrived(EMAIL, 1).await;
    assert_eq!(office.list(READER).await.len(), 2);
}
