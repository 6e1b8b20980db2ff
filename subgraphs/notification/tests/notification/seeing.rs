//! Who sees and does what; operators' announcements; devices.

use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::{EMAIL, OTHER, Office, PHONE, READER, TOKEN, paid};

#[tokio::test]
async fn everybody_sees_their_own_only() {
    let office = Office::new().await;
    office.register(READER).await;
    office.tell(&paid(READER, 1)).await;
    let id = office.list(READER).await[0]["id"].clone();
    let query =
        "query($r: [_Any!]!) { _entities(representations: $r) { ... on Notification { title } } }";
    let representation = json!({ "r": [{ "__typename": "Notification", "id": id }] });
    for (client, sees) in [
        (office.reader(READER), true),
        (office.reader(OTHER), false),
        (office.guest(), false),
        (office.client(READER, &["books:read"]), false),
        (office.operator(), false),
    ] {
        let answer = client.run_with(query, representation.clone()).await;
        assert_eq!(answer.ok()["_entities"][0].is_null(), !sees);
    }
    assert!(office.list(OTHER).await.is_empty());
}

#[tokio::test]
async fn what_is_not_permitted_is_refused() {
    let office = Office::new().await;
    let queries = [
        "{ notifications { nodes { id } } }",
        "{ unreadCount }",
        "{ preferences { digest } }",
        "{ pushDevices { id } }",
        "{ deliveries(userId: \"x\") { nodes { id } } }",
        "mutation { markRead(input: { ids: [\"x\"] }) { marked } }",
        "mutation { updatePreferences(input: { digest: OFF }) { errors { code } } }",
        "mutation { registerDevice(input: { token: \"t\", platform: WEB }) { errors { code } } }",
        "mutation { unregisterDevice(input: { deviceId: \"x\" }) { errors { code } } }",
        "mutation { sendNotification(input: { userIds: [\"x\"], title: { fr: \"a\", en: \"a\" }, body: { fr: \"a\", en: \"a\" }, idempotencyKey: \"k\" }) { errors { code } } }",
    ];
    let narrow = office.client(READER, &["books:read"]);
    for query in queries {
        let guest = office.guest().run(query).await;
        assert_eq!(guest.codes(), ["UNAUTHENTICATED"], "{query}");
        assert_eq!(narrow.run(query).await.codes(), ["FORBIDDEN"], "{query}");
    }
}

#[tokio::test]
async fn operators_announce_once_to_whom_they_name() {
    let office = Office::new().await;
    office.register(READER).await;
    office.register(OTHER).await;
    office.reach(OTHER, None, Some(PHONE));
    let query = "mutation($i: SendNotificationInput!) { sendNotification(input: $i) { announcementId errors { field code } } }";
    let input = |change: Value| {
        let mut input = json!({
            "userIds": [OTHER, READER, READER], "link": "/help", "idempotencyKey": "night-1",
            "title": { "fr": "Cette nuit", "en": "Tonight" },
            "body": { "fr": "Coko s'arrête une heure.", "en": "Coko stops for an hour." },
        });
        for (name, value) in change.as_object().unwrap() {
            input[name] = value.clone();
        }
        json!({ "i": input })
    };
    let operator = office.operator();
    let first = operator.run_with(query, input(json!({}))).await.ok()["sendNotification"].clone();
    let again = operator.run_with(query, input(json!({}))).await.ok()["sendNotification"].clone();
    assert_eq!(first, again);
    let letter = &office.arrived(EMAIL, 1).await[0];
    assert_eq!(letter.title, "Tonight");
    for user in [READER, OTHER] {
        let list = office.list(user).await;
        assert_eq!(list.len(), 1);
        assert_eq!(list[0]["text"], "Coko stops for an hour.");
    }
    let other = input(json!({ "link": null }));
    let mismatch = operator.run_with(query, other).await;
    assert_eq!(mismatch.codes(), ["IDEMPOTENCY_MISMATCH"]);

    let fresh = |change: Value| {
        let mut change = change;
        change["idempotencyKey"] = "night-2".into();
        input(change)
    };
    let crowd: Vec<Uuid> = (1..=201).map(Uuid::from_u128).collect();
    for (change, field, code) in [
        (json!({ "userIds": [] }), "userIds", "RECIPIENTS_INVALID"),
        (json!({ "userIds": crowd }), "userIds", "RECIPIENTS_INVALID"),
        (
            json!({ "userIds": ["nonsense"] }),
            "userIds",
            "RECIPIENTS_INVALID",
        ),
        (
            json!({ "title": { "fr": "", "en": "x" } }),
            "title",
            "TITLE_INVALID",
        ),
        (
            json!({ "body": { "fr": "x", "en": "\u{7}" } }),
            "body",
            "BODY_INVALID",
        ),
        (
            json!({ "link": "https://evil.example" }),
            "link",
            "LINK_INVALID",
        ),
    ] {
        let refused = operator.run_with(query, fresh(change)).await;
        let error = json!([{ "field": field, "code": code }]);
        assert_eq!(refused.ok()["sendNotification"]["errors"], error);
    }
    // A refused call leaves the key free; what is urgent reaches who has no device by SMS.
    let urgent = fresh(json!({ "urgent": true }));
    operator.run_with(query, urgent).await.ok();
    let text = &office.arrived(PHONE, 2).await[0];
    assert_eq!(text.text, "Coko: Coko stops for an hour.");
}

#[tokio::test]
async fn a_device_is_its_owner_s_and_a_token_is_one_device_s() {
    let office = Office::new().await;
    office.register(READER).await;
    office.register(OTHER).await;
    let first = office.register_device(READER, TOKEN).await;
    let again = office.register_device(READER, TOKEN).await;
    assert_eq!(first["device"]["id"], again["device"]["id"]);
    // Somebody else signs in on the same phone.
    office.register_device(OTHER, TOKEN).await;
    let devices = async |user: Uuid| {
        let answer = office
            .reader(user)
            .run("{ pushDevices { id platform } }")
            .await;
        answer.ok()["pushDevices"].as_array().unwrap().len()
    };
    assert_eq!((devices(READER).await, devices(OTHER).await), (0, 1));
    for number in 0..12 {
        office.advance(time::Duration::seconds(1));
        let token = format!("{TOKEN}-{number}");
        office.register_device(READER, &token).await;
    }
    assert_eq!(devices(READER).await, 10);
    let refused = office.register_device(READER, "short").await;
    assert_eq!(refused["errors"][0]["code"], "TOKEN_INVALID");
    // The token itself is kept sealed.
    let kept = format!(
        "SELECT id::text AS line FROM devices WHERE encode(token_sealed, 'escape') LIKE '%{TOKEN}%'"
    );
    assert!(office.lines(&kept).await.is_empty());

    let list = office.reader(OTHER).run("{ pushDevices { id } }").await;
    let id = list.ok()["pushDevices"][0]["id"].clone();
    let query = "mutation($i: UnregisterDeviceInput!) { unregisterDevice(input: $i) { deviceId errors { code } } }";
    let input = json!({ "i": { "deviceId": id } });
    let stranger = office.reader(READER).run_with(query, input.clone()).await;
    assert_eq!(
        stranger.ok()["unregisterDevice"]["errors"][0]["code"],
        "NOT_FOUND"
    );
    let owner = office.reader(OTHER).run_with(query, input).await;
    assert_eq!(owner.ok()["unregisterDevice"]["deviceId"], id);
    assert_eq!(devices(OTHER).await, 0);
}
