use coko_core::events::admin::OperatorActed;
use coko_core::events::{Event, Payload as _};
use diesel_async::SimpleAsyncConnection as _;
use serde_json::{Value, json};
use time::Duration;

use crate::bench::{Bench, Person, refusals};

const BEGIN: &str = "mutation($id: ID!, $reason: String!, $minutes: Int!) { impersonateUser(input: { userId: $id, reason: $reason, minutes: $minutes }) { token impersonation { id reason operator { id } user { id } expiresAt } errors { code } } }";
const END: &str = "mutation($id: ID!) { endImpersonation(input: { id: $id }) { impersonation { endedAt } errors { code } } }";

async fn begin(operator: &Person, id: &str) -> Value {
    let variables = json!({ "id": id, "reason": "Ticket 4711", "minutes": 30 });
    let answer = operator.client.run_with(BEGIN, variables).await;
    answer.ok()["impersonateUser"].clone()
}

#[tokio::test]
async fn an_operator_sees_as_somebody_else_and_changes_nothing() {
    let bench = Bench::new().await;
    let operator = bench.person("admin@example.org", &["admin"]).await;
    let awa = bench.person("awa@example.sn", &[]).await;
    let begun = begin(&operator, &awa.id).await;
    assert_eq!(begun["impersonation"]["operator"]["id"], json!(operator.id));
    assert_eq!(begun["impersonation"]["user"]["id"], json!(awa.id));
    let seen = bench.guest.with_token(begun["token"].as_str().unwrap());
    let me = "{ me { id email } }";
    assert_eq!(
        seen.run(me).await.ok()["me"],
        json!({ "id": awa.id, "email": "awa@example.sn" })
    );
    for mutation in [
        "mutation { updateProfile(input: { displayName: \"X\" }) { errors { code } } }",
        "mutation { logout { errors { code } } }",
        "mutation { requestDataExport { errors { code } } }",
    ] {
        assert_eq!(
            seen.run(mutation).await.codes(),
            ["FORBIDDEN"],
            "{mutation}"
        );
    }
    // Half an hour is all.
    bench.later(Duration::minutes(31));
    assert_eq!(seen.run(me).await.codes(), ["UNAUTHENTICATED"]);
}

#[tokio::test]
async fn an_impersonation_ends_at_once_when_it_is_ended_or_its_operator_is_suspended() {
    let bench = Bench::new().await;
    let operator = bench.person("admin@example.org", &["admin"]).await;
    let chief = bench.person("chief@example.org", &["admin"]).await;
    let awa = bench.person("awa@example.sn", &[]).await;
    let begun = begin(&operator, &awa.id).await;
    let seen = bench.guest.with_token(begun["token"].as_str().unwrap());
    let id = json!({ "id": begun["impersonation"]["id"] });
    chief.client.run_with(END, id.clone()).await.ok();
    assert_eq!(seen.run("{ me { id } }").await.codes(), ["UNAUTHENTICATED"]);
    assert_eq!(
        refusals(&chief.client.run_with(END, id).await),
        ["NOT_FOUND"]
    );
    let begun = begin(&operator, &awa.id).await;
    let seen = bench.guest.with_token(begun["token"].as_str().unwrap());
    seen.run("{ me { id } }").await.ok();
    let suspend = format!(
        "mutation {{ suspendUser(input: {{ userId: \"{}\", reason: \"x\" }}) {{ errors {{ code }} }} }}",
        operator.id
    );
    chief.client.run(&suspend).await.ok();
    assert_eq!(seen.run("{ me { id } }").await.codes(), ["UNAUTHENTICATED"]);
    let list = "{ impersonations { nodes { reason endedAt } } }";
    let listed = chief.client.run(list).await;
    let nodes = listed.ok()["impersonations"]["nodes"].as_array().unwrap();
    assert_eq!(nodes.len(), 2);
    assert!(nodes.iter().all(|node| node["endedAt"].is_string()));
    let log = "{ auditLog(filter: { action: \"impersonation.ended\" }) { nodes { subject } } }";
    let log = chief.client.run(log).await;
    assert_eq!(log.ok()["auditLog"]["nodes"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn an_impersonation_ends_with_a_session_of_its_operator_and_not_of_the_other() {
    let bench = Bench::new().await;
    let operator = bench.person("admin@example.org", &["admin"]).await;
    let awa = bench.person("awa@example.sn", &[]).await;
    let begun = begin(&operator, &awa.id).await;
    let seen = bench.guest.with_token(begun["token"].as_str().unwrap());
    let logout = "mutation { logout { errors { code } } }";
    awa.client.run(logout).await.ok();
    seen.run("{ me { id } }").await.ok();
    operator.client.run(logout).await.ok();
    assert_eq!(seen.run("{ me { id } }").await.codes(), ["UNAUTHENTICATED"]);
}

#[tokio::test]
async fn who_looks_after_others_is_not_impersonated() {
    let bench = Bench::new().await;
    let operator = bench.person("admin@example.org", &["admin"]).await;
    let moderator = bench.person("mod@example.org", &["moderator"]).await;
    let awa = bench.person("awa@example.sn", &[]).await;
    for (id, reason, minutes, code) in [
        (operator.id.as_str(), "x", 5, "OWN_ACCOUNT"),
        (moderator.id.as_str(), "x", 5, "STAFF"),
        ("nonsense", "x", 5, "USER_NOT_FOUND"),
        (awa.id.as_str(), " ", 5, "REASON_INVALID"),
        (awa.id.as_str(), "x", 0, "MINUTES_INVALID"),
        (awa.id.as_str(), "x", 31, "MINUTES_INVALID"),
    ] {
        let variables = json!({ "id": id, "reason": reason, "minutes": minutes });
        let answer = operator.client.run_with(BEGIN, variables).await;
        assert_eq!(refusals(&answer), [code], "{id} {reason} {minutes}");
        assert_eq!(answer.data()["impersonateUser"]["token"], json!(null));
    }
}

#[tokio::test]
async fn what_operators_do_elsewhere_is_in_the_log_once() {
    let bench = Bench::new().await;
    let operator = bench.person("admin@example.org", &["admin"]).await;
    let platform = &bench.platform.platform;
    let deed = OperatorActed {
        operator_id: operator.id.parse().unwrap(),
        at: platform.clock.now(),
        ..OperatorActed::sample()
    };
    let event = Event::new(&bench.platform.context(), &deed).unwrap();
    let consumers = coko_auth::consumers(platform, bench.database.pool.clone());
    assert!(consumers.handle(&event).await.unwrap());
    assert!(!consumers.handle(&event).await.unwrap());
    let query = "{ auditLog(filter: { action: \"setting.changed\" }) { nodes { actor subjectType subject newValues } } }";
    let answer = operator.client.run(query).await;
    assert_eq!(
        answer.ok()["auditLog"]["nodes"],
        json!([{ "actor": operator.id, "subjectType": "setting", "subject": "search.typo-tolerance", "newValues": { "value": true } }])
    );
}

#[tokio::test]
async fn a_copy_of_ones_data_is_fetched_once_every_domain_has_answered() {
    let bench = Bench::new().await;
    let awa = bench.person("awa@example.sn", &[]).await;
    let asked =
        "mutation { requestDataExport { dataExport { id readyAt downloadUrl } errors { code } } }";
    let asked = awa.client.run(asked).await;
    let export = asked.ok()["requestDataExport"]["dataExport"].clone();
    assert_eq!(export["downloadUrl"], json!(null));
    // What the task does when the last domain has answered.
    let id = export["id"].as_str().unwrap();
    let sql = format!(
        "INSERT INTO data_export_parts VALUES ('{id}', 'reading', '{{\"library\": []}}', now());
         UPDATE data_exports SET ready_at = now() WHERE id = '{id}'"
    );
    let mut connection = bench.connection().await;
    connection.batch_execute(&sql).await.unwrap();
    drop(connection);
    let listed = awa.client.run("{ dataExports { downloadUrl } }").await;
    let url = listed.ok()["dataExports"][0]["downloadUrl"]
        .as_str()
        .unwrap()
        .to_owned();
    // A personal access token reads the profile, and not everything that there is.
    let make = "mutation { createPersonalAccessToken(input: { name: \"p\", scopes: [\"profile:read\"], expiresInDays: 9 }) { token } }";
    let made = awa.client.run(make).await;
    let token = made.ok()["createPersonalAccessToken"]["token"].as_str();
    let narrow = bench.guest.with_token(token.unwrap());
    let listed = narrow.run("{ dataExports { id downloadUrl } }").await;
    let expected = json!([{ "id": id, "downloadUrl": null }]);
    assert_eq!(listed.ok()["dataExports"], expected);
    let fetch = async |path: &str| -> (u16, Value) {
        let request = axum::http::Request::get(path)
            .body(axum::body::Body::empty())
            .unwrap();
        let router = bench.service.router.clone();
        let response = tower::ServiceExt::oneshot(router, request).await.unwrap();
        let status = response.status().as_u16();
        let bytes = http_body_util::BodyExt::collect(response.into_body())
            .await
            .unwrap()
            .to_bytes();
        (status, serde_json::from_slice(&bytes).unwrap_or_default())
    };
    let path = url[url.find("/exports/").unwrap()..].to_owned();
    let (status, archive) = fetch(&path).await;
    assert_eq!(status, 200, "{archive}");
    assert_eq!(archive["domains"]["reading"], json!({ "library": [] }));
    assert_eq!(
        archive["domains"]["auth"]["profile"]["email"],
        "awa@example.sn"
    );
    assert_eq!(fetch("/exports/nonsense").await.0, 403);
    bench.later(Duration::minutes(11));
    assert_eq!(fetch(&path).await.0, 403);
}
