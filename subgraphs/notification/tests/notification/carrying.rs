//! Messages on their way: every provider, and what goes wrong.

use coko_core::config::Secret;
use coko_core::events::Payload as _;
use coko_core::events::payment::PaymentFailed;
use coko_notification::config::ServiceAccountConfig;
use coko_provider_simulator::MessageScenario;
use serde_json::{Value, json};
use time::Duration;
use uuid::Uuid;

use crate::support::{EMAIL, OTHER, Office, PHONE, READER, TOKEN, paid};

fn failed(attempt: u128) -> PaymentFailed {
    PaymentFailed {
        attempt_id: Uuid::from_u128(attempt),
        user_id: READER,
        ..PaymentFailed::sample()
    }
}

async fn by_sms(office: &Office) {
    let choices = json!([
        { "channel": "SMS", "enabled": true }, { "channel": "PUSH", "enabled": false },
        { "channel": "EMAIL", "enabled": false },
    ]);
    office.choose(READER, json!({ "choices": choices })).await;
}

#[tokio::test]
async fn a_payment_is_told_by_letter_and_push() {
    let office = Office::new().await;
    office.register(READER).await;
    office.register_device(READER, TOKEN).await;
    office.tell(&paid(READER, 1)).await;
    let letter = &office.arrived(EMAIL, 1).await[0];
    assert_eq!(
        (letter.provider, letter.title.as_str()),
        ("smtp", "Payment received")
    );
    let text = letter.text.replace("=\r\n", "");
    for part in [
        "Hello Awa,",
        "by Wave on",
        "https://coko.example/orders/",
        "List-Unsubscribe:",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    let push = &office.arrived(TOKEN, 1).await[0];
    assert_eq!(
        (push.provider, push.title.as_str()),
        ("fcm", "Payment received")
    );
    let list = office.list(READER).await;
    assert_eq!(push.data["notificationId"], list[0]["id"]);
    assert_eq!(push.data["link"], list[0]["link"]);
    office.stands("EMAIL", "SENT", "").await;
    office.stands("PUSH", "SENT", "").await;
}

#[tokio::test]
async fn text_messages_go_by_who_serves_the_number() {
    let office = Office::new().await;
    office.register(READER).await;
    by_sms(&office).await;
    for (order, number, provider) in [
        (1, PHONE, "twilio"),
        (2, "+2250700000001", "orange"),
        (3, "+22990000001", "mtn"),
    ] {
        office.reach(READER, None, Some(number));
        office.tell(&paid(READER, order)).await;
        let text = &office.arrived(number, 1).await[0];
        assert_eq!(text.provider, provider);
        assert!(text.text.starts_with("Coko: We received"), "{}", text.text);
        assert!(text.text.is_ascii(), "{}", text.text);
    }
}

#[tokio::test]
async fn what_fails_for_now_is_tried_again_when_it_is_time() {
    let office = Office::new().await;
    office.register(READER).await;
    office.register_device(READER, TOKEN).await;
    let fails = |scenario, to| {
        office
            .simulator
            .set_message_scenario(scenario, Some(to), Some(2));
    };
    fails(MessageScenario::ServerError, EMAIL);
    fails(MessageScenario::RateLimited, TOKEN);
    office.tell(&paid(READER, 1)).await;
    office.stands("EMAIL", "PENDING", "SMTP").await;
    office.stands("PUSH", "PENDING", "QUOTA_EXCEEDED").await;
    office.pause().await;
    assert!(office.simulator.messages().is_empty());
    office.advance(Duration::seconds(30));
    office
        .eventually("a second try each", async || {
            let tries = "SELECT tries::text AS line FROM deliveries ORDER BY channel";
            office.lines(tries).await == ["2", "2"]
        })
        .await;
    office.pause().await;
    assert!(office.simulator.messages().is_empty());
    office.advance(Duration::minutes(2));
    office.arrived(EMAIL, 1).await;
    office.arrived(TOKEN, 1).await;
    office.stands("EMAIL", "SENT", "").await;
    office.stands("PUSH", "SENT", "").await;
    let log =
        "SELECT string_agg(outcome, ' ' ORDER BY number) AS line FROM attempts GROUP BY channel";
    let expected = ["RETRY RETRY ACCEPTED", "RETRY RETRY ACCEPTED"];
    assert_eq!(office.lines(log).await, expected);
}

#[tokio::test]
async fn what_never_works_is_given_up() {
    let office = Office::new().await;
    office.register(READER).await;
    office
        .simulator
        .set_message_scenario(MessageScenario::ServerError, None, None);
    office.tell(&paid(READER, 1)).await;
    for number in 1..=8 {
        office
            .eventually("the next try", async || {
                let tries = "SELECT tries::text AS line FROM deliveries WHERE channel = 'EMAIL'";
                office.lines(tries).await == [number.to_string()]
            })
            .await;
        office.pause().await;
        office.advance(Duration::hours(3));
    }
    office.stands("EMAIL", "FAILED", "SMTP").await;
    office.pause().await;
    let log = "SELECT count(*)::text AS line FROM attempts WHERE channel = 'EMAIL'";
    assert_eq!(office.lines(log).await, ["8"]);
}

#[tokio::test]
async fn a_device_that_is_no_more_is_forgotten_and_the_others_are_reached() {
    let office = Office::new().await;
    office.register(READER).await;
    let other = format!("{TOKEN}-other");
    office.register_device(READER, TOKEN).await;
    office.register_device(READER, &other).await;
    let gone = MessageScenario::Unregistered;
    office
        .simulator
        .set_message_scenario(gone, Some(TOKEN), None);
    office.tell(&paid(READER, 1)).await;
    office.arrived(&other, 1).await;
    office.stands("PUSH", "SENT", "").await;
    let devices = "SELECT count(*)::text AS line FROM devices";
    assert_eq!(office.lines(devices).await, ["1"]);
    let log = "SELECT concat_ws(' ', outcome, code) AS line FROM attempts WHERE channel = 'PUSH' ORDER BY outcome";
    assert_eq!(
        office.lines(log).await,
        ["ACCEPTED", "REJECTED UNREGISTERED"]
    );
}

#[tokio::test]
async fn a_mailbox_that_is_no_more_gets_no_more_letters() {
    let office = Office::new().await;
    office.register(READER).await;
    let bounced = MessageScenario::Bounced;
    office
        .simulator
        .set_message_scenario(bounced, Some(EMAIL), Some(1));
    office.tell(&paid(READER, 1)).await;
    office.stands("EMAIL", "FAILED", "REFUSED").await;
    office.tell(&paid(READER, 2)).await;
    office.stands("EMAIL", "SUPPRESSED", "BOUNCED").await;
    // Whose account it is makes no difference, and how it is written neither.
    office.register(OTHER).await;
    office.reach(OTHER, Some("AWA@coko.example"), None);
    office.tell(&paid(OTHER, 3)).await;
    office
        .eventually("another suppression", async || {
            let sql = "SELECT count(*)::text AS line FROM deliveries WHERE status = 'SUPPRESSED'";
            office.lines(sql).await == ["2"]
        })
        .await;
    assert!(office.simulator.messages_to(EMAIL).is_empty());
    // Nothing tells the address itself.
    let kept = "SELECT encode(recipient, 'escape') AS line FROM suppressions";
    assert!(!office.lines(kept).await[0].contains("awa"));

    // An operator who knows that it works again says so.
    let query = "mutation($i: LiftSuppressionInput!) { liftSuppression(input: $i) { lifted errors { code } } }";
    let input = json!({ "i": { "userId": READER, "channel": "EMAIL" } });
    let refused = office.reader(READER).run_with(query, input.clone()).await;
    assert_eq!(refused.codes(), ["FORBIDDEN"]);
    let lifted = office.operator().run_with(query, input.clone()).await;
    assert_eq!(lifted.ok()["liftSuppression"]["lifted"], true);
    let again = office.operator().run_with(query, input).await;
    assert_eq!(again.ok()["liftSuppression"]["lifted"], false);
    let push = json!({ "i": { "userId": READER, "channel": "PUSH" } });
    let refused = office.operator().run_with(query, push).await;
    let code = &refused.ok()["liftSuppression"]["errors"][0]["code"];
    assert_eq!(code, "NO_ADDRESS");
    office.tell(&paid(READER, 4)).await;
    office.arrived(EMAIL, 1).await;
}

#[tokio::test]
async fn who_cannot_be_reached_is_not_tried() {
    let office = Office::new().await;
    office.register(READER).await;
    office.reach(READER, None, None);
    office.tell(&paid(READER, 1)).await;
    office.stands("EMAIL", "FAILED", "NO_ADDRESS").await;
    office.stands("PUSH", "FAILED", "NO_DEVICE").await;
}

#[tokio::test]
async fn letters_wait_for_auth_and_push_messages_do_not() {
    let office = Office::new().await;
    office.register(READER).await;
    office.register_device(READER, TOKEN).await;
    office.auth_is_away(true);
    office.tell(&paid(READER, 1)).await;
    office.arrived(TOKEN, 1).await;
    for _ in 0..10 {
        office.advance(Duration::minutes(30));
        office.pause().await;
    }
    let waiting =
        "SELECT concat_ws(' ', status, tries) AS line FROM deliveries WHERE channel = 'EMAIL'";
    assert_eq!(office.lines(waiting).await, ["PENDING 0"]);
    office.auth_is_away(false);
    office.advance(Duration::minutes(1));
    office.arrived(EMAIL, 1).await;
}

#[tokio::test]
async fn a_push_message_that_stays_unread_is_followed_by_a_text() {
    let office = Office::new().await;
    office.register(READER).await;
    office.register_device(READER, TOKEN).await;
    let sms = json!([{ "workflow": "PAYMENT", "channel": "SMS", "enabled": true }]);
    office.choose(READER, json!({ "choices": sms })).await;
    office.tell(&failed(1)).await;
    office.arrived(TOKEN, 1).await;
    office.stands("PUSH", "SENT", "").await;
    office.advance(Duration::minutes(14));
    office.pause().await;
    assert!(office.simulator.messages_to(PHONE).is_empty());
    office.advance(Duration::minutes(2));
    let text = &office.arrived(PHONE, 1).await[0];
    assert_eq!(
        text.text,
        "Coko: your payment by Wave did not succeed: not enough money."
    );

    // What was read is not repeated.
    office.tell(&failed(2)).await;
    office.arrived(TOKEN, 2).await;
    let list = office.list(READER).await;
    let read = "mutation($i: MarkReadInput!) { markRead(input: $i) { marked } }";
    let input = json!({ "i": { "ids": [list[0]["id"]] } });
    office.reader(READER).run_with(read, input).await.ok();
    office.eventually("the push message is noted", async || {
        let noted = "SELECT count(*)::text AS line FROM deliveries WHERE channel = 'PUSH' AND status = 'SENT'";
        office.lines(noted).await == ["2"]
    })
    .await;
    office.advance(Duration::minutes(16));
    office.pause().await;
    office.arrived(PHONE, 1).await;

    // Without a device to push to, the text comes at once.
    let gone = MessageScenario::Unregistered;
    office
        .simulator
        .set_message_scenario(gone, Some(TOKEN), None);
    office.tell(&failed(3)).await;
    office.arrived(PHONE, 2).await;
}

#[tokio::test]
async fn no_text_follows_a_push_message_that_is_of_no_use_any_more() {
    let office = Office::new().await;
    office.register(READER).await;
    office.register_device(READER, TOKEN).await;
    let sms = json!([{ "workflow": "PAYMENT", "channel": "SMS", "enabled": true }]);
    office.choose(READER, json!({ "choices": sms })).await;
    let down = MessageScenario::ServerError;
    office
        .simulator
        .set_message_scenario(down, Some(TOKEN), None);
    office.tell(&failed(1)).await;
    office.stands("PUSH", "PENDING", "UNAVAILABLE").await;
    office.advance(Duration::days(3));
    office.stands("PUSH", "FAILED", "EXPIRED").await;
    office.pause().await;
    assert!(office.simulator.messages_to(PHONE).is_empty());
}

#[tokio::test]
async fn a_slow_provider_holds_up_nobody_and_a_worker_that_died_loses_nothing() {
    let office = Office::new().await;
    office.register(READER).await;
    office.register_device(READER, TOKEN).await;
    let slow = MessageScenario::Slow;
    office
        .simulator
        .set_message_scenario(slow, Some(TOKEN), Some(1));
    office.tell(&paid(READER, 1)).await;
    office.stands("PUSH", "PENDING", "TIMEOUT").await;
    // It arrived all the same: at least once.
    office.advance(Duration::minutes(1));
    office.arrived(TOKEN, 2).await;
    office.stands("PUSH", "SENT", "").await;

    // A delivery that somebody leased and never settled comes back.
    office
        .execute("UPDATE deliveries SET status = 'PENDING', tries = 1, due_at = '2027-01-15 12:06Z' WHERE channel = 'PUSH'")
        .await;
    office.pause().await;
    office.arrived(TOKEN, 2).await;
    office.advance(Duration::minutes(6));
    office.arrived(TOKEN, 3).await;
}

#[tokio::test]
async fn a_service_account_s_key_opens_firebase() {
    let office = Office::with(6, |config, _, base| {
        let fcm = config.fcm.as_mut().unwrap();
        fcm.service_account = Some(ServiceAccountConfig {
            client_email: "coko@coko.example".to_owned(),
            private_key: Secret::new(include_str!("service-account.pem")),
            token_uri: format!("{base}/fcm/token").parse().unwrap(),
        });
        // Nobody asks the machine.
        fcm.metadata_url = "http://127.0.0.1:9".parse().unwrap();
    })
    .await;
    office.register(READER).await;
    office.register_device(READER, TOKEN).await;
    office.tell(&paid(READER, 1)).await;
    office.arrived(TOKEN, 1).await;
}

#[tokio::test]
async fn what_is_reported_as_arrived_is_not_sent_again() {
    let office = Office::new().await;
    office.register(READER).await;
    by_sms(&office).await;
    let slow = MessageScenario::Slow;
    office
        .simulator
        .set_message_scenario(slow, Some(PHONE), Some(1));
    office.tell(&paid(READER, 1)).await;
    // The report comes before the answer, for which nobody waits long enough.
    office.stands("SMS", "DELIVERED", "").await;
    tokio::time::sleep(std::time::Duration::from_secs(3)).await;
    office.advance(Duration::minutes(10));
    office.pause().await;
    office.arrived(PHONE, 1).await;
    office.stands("SMS", "DELIVERED", "").await;
}

#[tokio::test]
async fn operators_see_what_became_of_it_and_never_what_it_said() {
    let office = Office::new().await;
    office.register(READER).await;
    office.tell(&paid(READER, 1)).await;
    office.stands("EMAIL", "SENT", "").await;
    office.stands("PUSH", "FAILED", "NO_DEVICE").await;
    let query = "query($u: ID!) { deliveries(userId: $u) { nodes { channel workflow status reason provider attempts { number outcome provider code } } } }";
    let user = json!({ "u": READER });
    let answer = office.operator().run_with(query, user.clone()).await;
    let nodes = answer.ok()["deliveries"]["nodes"].as_array().unwrap();
    let mail: Vec<&Value> = nodes
        .iter()
        .filter(|node| node["channel"] == "EMAIL")
        .collect();
    let attempts =
        json!([{ "number": 1, "outcome": "ACCEPTED", "provider": "smtp", "code": null }]);
    assert_eq!(mail[0]["attempts"], attempts);
    let refused = office.reader(READER).run_with(query, user).await;
    assert_eq!(refused.codes(), ["FORBIDDEN"]);
}
