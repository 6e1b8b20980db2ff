//! What people want to hear, when, and what they hear in any case.

use coko_core::events::Payload as _;
use coko_core::events::auth::{SessionRevoked, UserSuspended};
use coko_core::events::community::PostCreated;
use serde_json::{Value, json};
use time::Duration;
use uuid::Uuid;

use crate::support::{EMAIL, OTHER, Office, PHONE, READER, TOKEN, paid};

fn stolen(session: u128) -> SessionRevoked {
    SessionRevoked {
        session_id: Uuid::from_u128(session),
        user_id: READER,
        reason: "REFRESH_REUSE".to_owned(),
    }
}

fn reply(post: u128) -> PostCreated {
    PostCreated {
        post_id: Uuid::from_u128(post),
        author_id: OTHER,
        parent_author_id: Some(READER),
        ..PostCreated::sample()
    }
}

async fn planned(office: &Office) -> Vec<String> {
    let sql = "SELECT concat_ws(' ', workflow, channel) AS line FROM deliveries ORDER BY workflow, channel";
    office.lines(sql).await
}

#[tokio::test]
async fn what_is_not_wanted_is_not_told() {
    let office = Office::new().await;
    office.register(READER).await;
    let off = json!([{ "enabled": false }]);
    office.choose(READER, json!({ "choices": off })).await;
    office.tell(&paid(READER, 1)).await;
    assert!(office.list(READER).await.is_empty());
    assert!(planned(&office).await.is_empty());

    let mail = json!([{ "workflow": "PAYMENT", "channel": "EMAIL", "enabled": true }]);
    let answer = office.choose(READER, json!({ "choices": mail })).await;
    assert_eq!(
        answer["preferences"]["choices"].as_array().unwrap().len(),
        2
    );
    office.tell(&paid(READER, 2)).await;
    assert_eq!(planned(&office).await, ["PAYMENT EMAIL"]);
    assert!(office.list(READER).await.is_empty());

    // A choice that is withdrawn leaves what was beneath it.
    let withdrawn = json!([{ "enabled": null }]);
    office.choose(READER, json!({ "choices": withdrawn })).await;
    office.tell(&paid(READER, 3)).await;
    assert_eq!(office.list(READER).await.len(), 1);
}

#[tokio::test]
async fn what_is_critical_is_told_in_any_case() {
    let office = Office::new().await;
    office.register(READER).await;
    office.register_device(READER, TOKEN).await;
    let quiet = json!({ "from": "11:00", "until": "13:00" });
    let off = json!({ "choices": [{ "enabled": false }], "quietHours": quiet });
    office.choose(READER, off).await;
    office.tell(&stolen(1)).await;
    assert_eq!(office.list(READER).await.len(), 1);
    office.arrived(TOKEN, 1).await;
    let letter = &office.arrived(EMAIL, 1).await[0];
    assert!(!letter.text.contains("List-Unsubscribe"), "{}", letter.text);

    // An account that is suspended hears of that, and of nothing else.
    let suspended = UserSuspended {
        user_id: READER,
        reason: "Spam in three forums.".to_owned(),
    };
    office.tell(&suspended).await;
    office.arrived(EMAIL, 2).await;
    office
        .choose(READER, json!({ "choices": [{ "enabled": true }] }))
        .await;
    office.tell(&paid(READER, 1)).await;
    office.pause().await;
    office.arrived(EMAIL, 2).await;
}

#[tokio::test]
async fn nothing_interrupts_quiet_hours() {
    let office = Office::new().await;
    office.register(READER).await;
    office.register_device(READER, TOKEN).await;
    let quiet = json!({ "from": "11:00", "until": "13:30" });
    let answer = office.choose(READER, json!({ "quietHours": quiet })).await;
    assert_eq!(answer["preferences"]["quietHours"], quiet);
    office.tell(&paid(READER, 1)).await;
    // A letter interrupts nobody.
    office.arrived(EMAIL, 1).await;
    office.pause().await;
    assert!(office.simulator.messages_to(TOKEN).is_empty());
    office.advance(Duration::minutes(89));
    office.pause().await;
    assert!(office.simulator.messages_to(TOKEN).is_empty());
    office.advance(Duration::minutes(2));
    office.arrived(TOKEN, 1).await;
}

#[tokio::test]
async fn who_changes_their_mind_before_it_leaves_gets_nothing() {
    let office = Office::new().await;
    office.register(READER).await;
    office.register_device(READER, TOKEN).await;
    office.tell(&reply(1)).await;
    let off = json!([{ "workflow": "REPLY", "channel": "PUSH", "enabled": false }]);
    office.choose(READER, json!({ "choices": off })).await;
    office.advance(Duration::minutes(11));
    office.stands("PUSH", "CANCELLED", "UNWANTED").await;
    office.arrived(EMAIL, 1).await;
    assert!(office.simulator.messages_to(TOKEN).is_empty());
}

#[tokio::test]
async fn several_of_the_same_leave_as_one() {
    let office = Office::new().await;
    office.register(READER).await;
    office.register_device(READER, TOKEN).await;
    for post in 1..=4 {
        office.tell(&reply(post)).await;
        office.advance(Duration::minutes(2));
    }
    office.pause().await;
    assert!(office.simulator.messages().is_empty());
    office.advance(Duration::minutes(3));
    let push = &office.arrived(TOKEN, 1).await[0];
    assert_eq!(push.title, "4 new replies");
    let letter = &office.arrived(EMAIL, 1).await[0];
    assert_eq!(letter.title, "4 new replies");
    assert_eq!(office.list(READER).await.len(), 4);

    // What comes after it has left begins another one; one alone is told as it is.
    office.tell(&reply(9)).await;
    office.advance(Duration::minutes(11));
    let push = &office.arrived(TOKEN, 2).await[1];
    assert_eq!(push.title, "An answer");

    // Whoever has read it all needs no message about it.
    office.tell(&reply(10)).await;
    let mark = "mutation { markRead(input: { until: \"2027-01-16T00:00:00Z\" }) { marked } }";
    office.reader(READER).run(mark).await.ok();
    office.advance(Duration::minutes(11));
    office.stands("PUSH", "CANCELLED", "READ").await;
    office.arrived(TOKEN, 2).await;
}

#[tokio::test]
async fn digests_leave_when_the_person_wants_them() {
    let office = Office::new().await;
    office.register(READER).await;
    office.register_device(READER, TOKEN).await;
    office.choose(READER, json!({ "digest": "OFF" })).await;
    office.tell(&reply(1)).await;
    office.arrived(TOKEN, 1).await;
    office.choose(READER, json!({ "digest": "DAILY" })).await;
    office.tell(&reply(2)).await;
    office.advance(Duration::hours(5));
    office.tell(&reply(3)).await;
    office.pause().await;
    office.arrived(TOKEN, 1).await;
    office.advance(Duration::minutes(61));
    let push = &office.arrived(TOKEN, 2).await[1];
    assert_eq!(push.title, "2 new replies");
}

#[tokio::test]
async fn what_makes_no_sense_is_refused_and_changes_nothing() {
    let office = Office::new().await;
    office.register(READER).await;
    let many: Vec<Value> = vec![json!({ "enabled": true }); 101];
    let same = json!({ "from": "22:00", "until": "22:00" });
    let odd = json!({ "from": "25:00", "until": "07:00" });
    for (input, field, code) in [
        (
            json!({ "quietHours": same }),
            "quietHours",
            "QUIET_HOURS_INVALID",
        ),
        (
            json!({ "quietHours": odd, "digest": "OFF" }),
            "quietHours",
            "QUIET_HOURS_INVALID",
        ),
        (json!({ "choices": many }), "choices", "TOO_MANY"),
    ] {
        let refused = office.choose(READER, input).await;
        assert_eq!(refused["errors"][0]["field"], field);
        assert_eq!(refused["errors"][0]["code"], code);
    }
    let query = "{ preferences { digest quietHours { from } choices { enabled } workflows { workflow channels critical } } }";
    let answer = office.reader(READER).run(query).await;
    let preferences = &answer.ok()["preferences"];
    assert_eq!(preferences["digest"], "SHORT");
    assert_eq!(preferences["quietHours"], Value::Null);
    assert_eq!(preferences["choices"], json!([]));
    let security = preferences["workflows"].as_array().unwrap().iter();
    let mut security = security.filter(|workflow| workflow["workflow"] == "SECURITY");
    let security = security.next().unwrap();
    assert_eq!(security["channels"], json!(["IN_APP", "EMAIL", "PUSH"]));
    assert_eq!(
        security["critical"],
        json!(["SESSION_STOLEN", "EXPORT_REQUESTED"])
    );
    assert!(office.simulator.messages_to(PHONE).is_empty());
}
