//! An operator looks after the platform: what is counted, how roles do, a dead letter, a switch that every role obeys, a reader's
//! view of things, a reader's copy of their data, and the audit log that holds all of it.

use coko_core::service::Nats;
use coko_tests::{Client, Shape, Stack};
use serde_json::{Value, json};
use uuid::Uuid;

use super::eventually;
use super::purchase::bought;

/// An event that nobody can understand.
const NONSENSE: Uuid = Uuid::from_u128(0x0189_0a5d_ac96_774b_bcce_dead_dead_dead);

/// Runs a mutation that takes `input` and answers with `fields` and errors; returns the payload, which must not refuse.
pub(super) async fn mutate(
    client: &Client,
    (field, input): (&str, &str),
    fields: &str,
    value: Value,
) -> Value {
    let query = format!(
        "mutation($i: {input}!) {{ {field}(input: $i) {{ {fields} errors {{ code message }} }} }}"
    );
    let answer = client.run_with(&query, json!({ "i": value })).await;
    let answer = answer.unwrap();
    let payload = answer.ok()[field].clone();
    assert_eq!(payload["errors"], json!([]), "{payload}");
    payload
}

/// What somebody bought and read is counted, within seconds.
async fn counted(operator: &Client) {
    let query = "query($m: PlatformMetric!) { metricSeries(metric: $m, from: \"2026-01-01\", to: \"2099-12-31\", step: MONTH) { total currency } }";
    // More months than may be asked for.
    let refused = operator.run_with(query, json!({ "m": "REVENUE" })).await;
    assert_eq!(refused.unwrap().codes(), ["VALIDATION_FAILED"]);
    let today = coko_core::clock::Clock::system().now().date();
    let query = format!(
        "query($m: PlatformMetric!) {{ metricSeries(metric: $m, from: \"{today}\", to: \"{today}\") {{ total currency }} }}"
    );
    for (metric, expected) in [
        ("REVENUE", json!([{ "total": 2500, "currency": "XOF" }])),
        ("BOOKS_SOLD", json!([{ "total": 1, "currency": null }])),
        // The reader, and the two who look after the platform.
        ("REGISTRATIONS", json!([{ "total": 3, "currency": null }])),
    ] {
        eventually(metric, async || {
            let answer = operator.run_with(&query, json!({ "m": metric })).await;
            (answer.unwrap().ok()["metricSeries"] == expected).then_some(())
        })
        .await;
    }
    let top = format!(
        "{{ topBooks(by: SALES, from: \"{today}\", to: \"{today}\") {{ value book {{ title }} }} }}"
    );
    let top = operator.run(&top).await.unwrap();
    assert_eq!(
        top.ok()["topBooks"],
        json!([{ "value": 1, "book": { "title": "Une si longue lettre" } }])
    );
}

/// Every role says how it does.
async fn healthy(operator: &Client) {
    let query =
        "{ systemHealth { role status deadLetters instances { version database broker } } }";
    let roles = [
        "admin",
        "auth",
        "catalog",
        "community",
        "file",
        "gamification",
        "payment",
        "reading",
        "router",
    ];
    eventually("a heartbeat of every role", async || {
        let answer = operator.run(query).await.unwrap();
        let health = answer.ok()["systemHealth"].as_array().unwrap().clone();
        let ready = |role: &str| {
            health
                .iter()
                .any(|seen| seen["role"] == role && seen["status"] == "READY")
        };
        roles.iter().all(|role| ready(role)).then_some(())
    })
    .await;
}

/// What a role cannot understand is shown, and thrown away by hand.
async fn dead_letter(stack: &Stack, operator: &Client) {
    let nats = Nats::connect(&stack.nats.url(), "nonsense", 1)
        .await
        .unwrap();
    let mut headers = async_nats::HeaderMap::new();
    headers.insert("Nats-Msg-Id", NONSENSE.to_string());
    nats.client
        .publish_with_headers("coko.catalog.book.published", headers, "nonsense".into())
        .await
        .unwrap();
    nats.client.flush().await.unwrap();
    let list =
        "query($role: String!) { deadLetters(role: $role) { nodes { eventId subject error } } }";
    for role in ["reading", "payment"] {
        let letter = eventually("a dead letter", async || {
            let answer = operator.run_with(list, json!({ "role": role })).await;
            let nodes = answer.unwrap().ok()["deadLetters"]["nodes"].clone();
            nodes.get(0).cloned()
        })
        .await;
        assert_eq!(letter["eventId"], json!(NONSENSE));
        let show =
            "query($role: String!, $id: ID!) { deadLetter(role: $role, eventId: $id) { payload } }";
        let shown = json!({ "role": role, "id": NONSENSE });
        let shown = operator.run_with(show, shown).await.unwrap();
        assert_eq!(shown.ok()["deadLetter"]["payload"], "nonsense");
        let input = json!({ "role": role, "eventId": NONSENSE });
        let field = ("discardDeadLetter", "DeadLetterInput");
        mutate(operator, field, "eventId", input).await;
        let left = operator.run_with(list, json!({ "role": role })).await;
        assert_eq!(left.unwrap().ok()["deadLetters"]["nodes"], json!([]));
    }
    let nobody = operator.run_with(list, json!({ "role": "nobody" })).await;
    assert_eq!(nobody.unwrap().codes(), ["DOWNSTREAM_UNAVAILABLE"]);
}

/// A switch that every role obeys within a second.
async fn read_only(operator: &Client, reader: &Client) {
    let set = async |value: bool| {
        let input =
            json!({ "key": "platform.read-only", "description": "Maintenance", "value": value });
        let field = ("setPlatformSetting", "SetPlatformSettingInput");
        mutate(operator, field, "setting { told }", input).await
    };
    let hide = "mutation { updateGamification(input: { optedOut: true }) { stats { optedOut } } }";
    assert_eq!(set(true).await["setting"]["told"], true);
    eventually("mutations to be refused", async || {
        let answer = reader.run(hide).await.unwrap();
        (answer.codes() == ["DOWNSTREAM_UNAVAILABLE"]).then_some(())
    })
    .await;
    reader.run("{ myStats { points } }").await.unwrap().ok();
    set(false).await;
    eventually("mutations to be taken", async || {
        let answer = reader.run(hide).await.unwrap();
        answer.codes().is_empty().then_some(())
    })
    .await;
}

/// An operator sees what a reader sees, and changes nothing.
async fn impersonated(stack: &Stack, operator: &Client, reader: &Client) {
    let me = "{ me { id email } }";
    let who = reader.run(me).await.unwrap().ok()["me"].clone();
    let input = json!({ "userId": who["id"], "reason": "Ticket 4711", "minutes": 5 });
    let field = ("impersonateUser", "ImpersonateUserInput");
    let fields = "token impersonation { id operator { displayName } }";
    let begun = mutate(operator, field, fields, input).await;
    let seen = stack.client().unwrap();
    let seen = seen.with_token(begun["token"].as_str().unwrap());
    assert_eq!(seen.run(me).await.unwrap().ok()["me"], who);
    let changes = seen
        .run("mutation { updateGamification(input: { optedOut: false }) { stats { optedOut } } }")
        .await
        .unwrap();
    assert_eq!(changes.codes(), ["FORBIDDEN"]);
    let input = json!({ "id": begun["impersonation"]["id"] });
    let field = ("endImpersonation", "EndImpersonationInput");
    mutate(operator, field, "impersonation { endedAt }", input).await;
    eventually("the token to end", async || {
        let answer = seen.run(me).await.unwrap();
        (answer.codes() == ["UNAUTHENTICATED"]).then_some(())
    })
    .await;
    let staff = operator.run(me).await.unwrap().ok()["me"]["id"].clone();
    let query = "mutation($i: ImpersonateUserInput!) { impersonateUser(input: $i) { token errors { code } } }";
    let input = json!({ "i": { "userId": staff, "reason": "x" } });
    let own = operator.run_with(query, input).await.unwrap();
    assert_eq!(
        own.ok()["impersonateUser"],
        json!({ "token": null, "errors": [{ "code": "OWN_ACCOUNT" }] })
    );
}

/// A reader asks for the copy of their data: where it is fetched, and what it holds.
pub(super) async fn copied(stack: &Stack, reader: &Client) -> (String, Value) {
    let asked =
        "mutation { requestDataExport { dataExport { id readyAt downloadUrl } errors { code } } }";
    let asked = reader.run(asked).await.unwrap();
    let export = &asked.ok()["requestDataExport"]["dataExport"];
    assert_eq!(export["downloadUrl"], json!(null));
    let url = eventually("the copy of the reader's data", async || {
        let query = "{ dataExports { downloadUrl } }";
        let answer = reader.run(query).await.unwrap();
        let url = answer.ok()["dataExports"][0]["downloadUrl"].as_str();
        url.map(str::to_owned)
    })
    .await;
    let path = &url[url.find("/exports/").unwrap()..];
    let address = format!("{}{path}", stack.base("router").unwrap());
    let fetched = reqwest::get(&address).await.unwrap();
    assert_eq!(fetched.headers()["cache-control"], "private, no-store");
    let text = fetched.text().await.unwrap();
    (address, serde_json::from_str(&text).unwrap())
}

/// A reader's copy of their data holds the part of every domain.
async fn exported(stack: &Stack, reader: &Client, book: &Value) {
    let (address, archive) = copied(stack, reader).await;
    let domains = &archive["domains"];
    for domain in coko_core::export::DOMAINS {
        assert!(domains[domain].is_object(), "{domain}: {archive:#}");
    }
    assert!(domains["auth"]["profile"]["email"].is_string());
    assert_eq!(domains["payment"]["orders"][0]["book_id"], *book);
    assert_eq!(domains["reading"]["rights"][0]["book_id"], *book);
    let forged = address.replacen("/exports/", "/exports/x", 1);
    let refused = reqwest::get(&forged).await.unwrap();
    assert_eq!(refused.status(), reqwest::StatusCode::FORBIDDEN);
}

/// Everything that the operator did is in the log.
async fn audited(operator: &Client) {
    let query =
        "query($a: String!) { auditLog(filter: { action: $a }) { nodes { actor subject } } }";
    for action in [
        "setting.changed",
        "dead-letter.discarded",
        "impersonation.started",
        "impersonation.ended",
        "export.ready",
    ] {
        eventually(action, async || {
            let answer = operator.run_with(query, json!({ "a": action })).await;
            let nodes = answer.unwrap().ok()["auditLog"]["nodes"].clone();
            (!nodes[0].is_null()).then_some(())
        })
        .await;
    }
}

async fn journey(shape: Shape) {
    let stack = Stack::start(shape).await.unwrap();
    let purchase = bought(&stack, "Aminata").await;
    let reader = &purchase.reader;
    let operator = stack.staff("Operator", &["admin"]).await.unwrap();
    let refused = reader.run("{ systemHealth { role } }").await.unwrap();
    assert_eq!(refused.codes(), ["FORBIDDEN"]);
    counted(&operator).await;
    healthy(&operator).await;
    dead_letter(&stack, &operator).await;
    read_only(&operator, reader).await;
    impersonated(&stack, &operator, reader).await;
    exported(&stack, reader, &purchase.book["id"]).await;
    audited(&operator).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn in_one_process() {
    journey(Shape::OneProcess).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn with_a_process_per_role() {
    journey(Shape::ProcessPerRole).await;
}
