use diesel_async::SimpleAsyncConnection as _;
use serde_json::json;

use crate::bench::{Bench, refusals};

const GRANT: &str = "mutation($id: ID!, $role: String!) { grantRole(input: { userId: $id, role: $role }) { user { roles } errors { code } } }";
const REVOKE: &str = "mutation($id: ID!, $role: String!) { revokeRole(input: { userId: $id, role: $role }) { user { roles } errors { code } } }";
const SUSPEND: &str = "mutation($id: ID!, $reason: String!) { suspendUser(input: { userId: $id, reason: $reason }) { user { status } errors { code message } } }";
const UNSUSPEND: &str = "mutation($id: ID!) { unsuspendUser(input: { userId: $id }) { user { status } errors { code } } }";

#[tokio::test]
async fn roles_are_granted_and_taken_away() {
    let bench = Bench::new().await;
    let admin = bench.person("admin@example.org", &["admin"]).await;
    let awa = bench.person("awa@example.sn", &[]).await;
    let grant = |id: &str, role: &str| {
        admin
            .client
            .run_with(GRANT, json!({ "id": id, "role": role }))
    };
    let revoke = |id: &str, role: &str| {
        admin
            .client
            .run_with(REVOKE, json!({ "id": id, "role": role }))
    };

    assert_eq!(
        grant(&awa.id, "author").await.ok()["grantRole"]["user"]["roles"],
        json!(["author", "user"])
    );
    grant(&awa.id, "author").await.ok();
    assert_eq!(
        bench.events("user.role.changed").await,
        [
            json!({ "user_id": awa.id, "role": "author", "granted": true, "roles": ["author", "user"] })
        ],
        "granting again says nothing"
    );
    let author = bench.signed_in(&bench.refresh(&awa.refresh).await.ok()["refresh"]);
    let created = author
        .client
        .run("mutation { createPersonalAccessToken(input: { name: \"p\", scopes: [\"books:publish\"], expiresInDays: 9 }) { token } }")
        .await;
    let token = bench.guest.with_token(
        created.ok()["createPersonalAccessToken"]["token"]
            .as_str()
            .unwrap(),
    );
    assert_eq!(
        token.run("{ me { id } }").await.ok()["me"]["id"],
        json!(awa.id)
    );

    assert_eq!(
        revoke(&awa.id, "author").await.ok()["revokeRole"]["user"]["roles"],
        json!(["user"])
    );
    assert!(!author.is_known().await, "tokens that carry the role end");
    assert_eq!(
        token.run("{ me { id } }").await.codes(),
        ["UNAUTHENTICATED"],
        "and so do personal tokens beyond their owner's rights"
    );

    assert_eq!(
        refusals(&grant("nonsense", "author").await),
        ["USER_NOT_FOUND"]
    );
    assert_eq!(refusals(&grant(&awa.id, "emperor").await), ["ROLE_UNKNOWN"]);
    assert_eq!(refusals(&grant(&awa.id, "guest").await), ["ROLE_FIXED"]);
    assert_eq!(refusals(&revoke(&awa.id, "user").await), ["ROLE_FIXED"]);
    assert_eq!(
        refusals(&revoke(&awa.id, "emperor").await),
        ["ROLE_UNKNOWN"]
    );
    assert_eq!(refusals(&revoke(&admin.id, "admin").await), ["LAST_ADMIN"]);
    grant(&awa.id, "admin").await.ok();
    assert!(refusals(&revoke(&admin.id, "admin").await).is_empty());
}

#[tokio::test]
async fn a_suspension_ends_everything_at_once_and_can_be_lifted() {
    let bench = Bench::new().await;
    let admin = bench.person("admin@example.org", &["admin"]).await;
    let awa = bench.person("awa@example.sn", &[]).await;
    let suspend = |id: &str, reason: &str| {
        admin
            .client
            .run_with(SUSPEND, json!({ "id": id, "reason": reason }))
    };
    assert_eq!(refusals(&suspend(&awa.id, " ").await), ["REASON_INVALID"]);
    assert_eq!(
        refusals(&suspend(&admin.id, "myself").await),
        ["OWN_ACCOUNT"]
    );
    assert_eq!(refusals(&suspend("x", "nobody").await), ["USER_NOT_FOUND"]);
    assert_eq!(
        suspend(&awa.id, "Spam").await.ok()["suspendUser"]["user"]["status"],
        "SUSPENDED"
    );
    assert_eq!(refusals(&suspend(&awa.id, "Spam").await), ["NOT_POSSIBLE"]);
    assert!(!awa.is_known().await);
    assert_eq!(
        refusals(&bench.refresh(&awa.refresh).await),
        ["TOKEN_INVALID"]
    );
    assert_eq!(
        refusals(
            &bench
                .try_login("awa@example.sn", crate::bench::PASSWORD)
                .await
        ),
        ["ACCOUNT_SUSPENDED"]
    );
    assert_eq!(
        refusals(&bench.try_login("awa@example.sn", "a wrong password").await),
        ["CREDENTIALS_INVALID"],
        "only its owner learns that"
    );
    assert_eq!(
        bench.events("user.suspended").await,
        [json!({ "user_id": awa.id, "reason": "Spam" })]
    );
    assert_eq!(
        bench.events("session.revoked").await[0]["reason"],
        "SUSPENDED"
    );

    assert_eq!(
        admin
            .client
            .run_with(UNSUSPEND, json!({ "id": awa.id }))
            .await
            .ok()["unsuspendUser"]["user"]["status"],
        "ACTIVE"
    );
    assert_eq!(
        refusals(
            &admin
                .client
                .run_with(UNSUSPEND, json!({ "id": awa.id }))
                .await
        ),
        ["NOT_POSSIBLE"]
    );
    bench.login("awa@example.sn").await;
    assert_eq!(bench.events("user.unsuspended").await.len(), 1);
}

#[tokio::test]
async fn accounts_are_listed_filtered_and_paged() {
    let bench = Bench::new().await;
    let admin = bench.person("admin@example.org", &["admin"]).await;
    for n in 0..5 {
        bench
            .person(
                &format!("reader{n}@example.sn"),
                if n == 3 { &["author"] } else { &[] },
            )
            .await;
    }
    let admin = bench.refresh(&admin.refresh).await;
    let admin = bench.signed_in(&admin.ok()["refresh"]).client;
    let list =
        "query($filter: UserFilter, $first: Int, $after: String, $last: Int, $before: String) {
        users(filter: $filter, first: $first, after: $after, last: $last, before: $before) {
            nodes { email } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }";
    let emails = |value: &serde_json::Value| -> Vec<String> {
        value["users"]["nodes"]
            .as_array()
            .unwrap()
            .iter()
            .map(|node| node["email"].as_str().unwrap().to_owned())
            .collect()
    };
    let all = admin.run_with(list, json!({})).await;
    let all = emails(all.ok());
    assert_eq!(all.len(), 6);
    assert_eq!(all[0], "reader4@example.sn", "newest first");

    let mut seen = Vec::new();
    let mut after = json!(null);
    loop {
        let page = admin
            .run_with(list, json!({ "first": 4, "after": after }))
            .await;
        seen.extend(emails(page.ok()));
        let info = &page.data()["users"]["pageInfo"];
        after = info["endCursor"].clone();
        if info["hasNextPage"] == false {
            assert_eq!(info["hasPreviousPage"], true);
            break;
        }
    }
    assert_eq!(seen, all);
    let back = admin
        .run_with(list, json!({ "last": 2, "before": after }))
        .await;
    assert_eq!(emails(back.ok()), all[3..5], "the two before the last");

    let by = |filter: serde_json::Value| admin.run_with(list, json!({ "filter": filter }));
    assert_eq!(
        emails(by(json!({ "role": "author" })).await.ok()),
        ["reader3@example.sn"]
    );
    assert_eq!(
        emails(by(json!({ "emailPrefix": "READER2" })).await.ok()),
        ["reader2@example.sn"]
    );
    assert!(emails(by(json!({ "emailPrefix": "%" })).await.ok()).is_empty());
    assert!(emails(by(json!({ "status": "SUSPENDED" })).await.ok()).is_empty());
    assert_eq!(
        admin
            .run_with(list, json!({ "first": 100_000 }))
            .await
            .codes(),
        ["VALIDATION_FAILED"]
    );
    assert_eq!(
        admin
            .run_with(list, json!({ "after": "nonsense" }))
            .await
            .codes(),
        ["VALIDATION_FAILED"]
    );
    let foreign = admin
        .run("{ auditLog(first: 1) { pageInfo { endCursor } } }")
        .await;
    let foreign = &foreign.ok()["auditLog"]["pageInfo"]["endCursor"];
    assert_eq!(
        admin
            .run_with(list, json!({ "after": foreign }))
            .await
            .codes(),
        ["VALIDATION_FAILED"]
    );
    let roles = admin.run("{ roles { name rights } }").await;
    assert_eq!(roles.ok()["roles"].as_array().unwrap().len(), 7);
}

#[tokio::test]
async fn the_audit_log_tells_who_did_what_and_cannot_be_changed() {
    let bench = Bench::new().await;
    let admin = bench.person("admin@example.org", &["admin"]).await;
    let awa = bench.person("awa@example.sn", &[]).await;
    admin
        .client
        .run_with(GRANT, json!({ "id": awa.id, "role": "author" }))
        .await
        .ok();
    let log = "query($filter: AuditFilter) { auditLog(filter: $filter) { nodes { actor action subjectType subject newValues requestId } } }";
    let entries = admin
        .client
        .run_with(log, json!({ "filter": { "actor": admin.id } }))
        .await;
    let entry = &entries.ok()["auditLog"]["nodes"][0];
    assert_eq!(entry["action"], "role.granted");
    assert_eq!(
        (&entry["subject"], &entry["newValues"]),
        (&json!(awa.id), &json!({ "role": "author" }))
    );
    let by_action = admin
        .client
        .run_with(
            log,
            json!({ "filter": { "action": "session.started", "subject": awa.session } }),
        )
        .await;
    assert_eq!(
        by_action.ok()["auditLog"]["nodes"]
            .as_array()
            .unwrap()
            .len(),
        1
    );

    let count = async || bench.rows("SELECT count(*) AS n FROM audit_log").await[0]["n"].clone();
    let before = count().await;
    let partition = bench
        .rows("SELECT DISTINCT tableoid::regclass::text AS name FROM audit_log")
        .await;
    let partition = partition[0]["name"].as_str().unwrap().to_owned();
    for sql in [
        "UPDATE audit_log SET action = 'x'".to_owned(),
        "DELETE FROM audit_log".to_owned(),
        "TRUNCATE audit_log".to_owned(),
        format!("UPDATE {partition} SET action = 'x'"),
        format!("DELETE FROM {partition}"),
        format!("TRUNCATE {partition}"),
    ] {
        let refused = bench
            .connection()
            .await
            .batch_execute(&sql)
            .await
            .unwrap_err()
            .to_string();
        assert!(refused.contains("append-only"), "{sql}: {refused}");
    }
    assert_eq!(count().await, before);
}

#[tokio::test]
async fn partitions_are_made_ahead_of_time() {
    let bench = Bench::new().await;
    // A year on, in a month that no migration foresaw.
    bench.later(time::Duration::days(400));
    let partitions = async || {
        bench
            .rows("SELECT relname FROM pg_class WHERE relname IN ('audit_log_2028_02', 'audit_log_2028_05') AND relkind = 'r' ORDER BY 1")
            .await
            .len()
    };
    assert_eq!(partitions().await, 0);
    bench
        .run_task("sweep", async || partitions().await == 2)
        .await;
    bench.person("awa@example.sn", &[]).await;
    let used = bench
        .rows("SELECT DISTINCT tableoid::regclass::text AS name FROM audit_log")
        .await;
    assert_eq!(used, [json!({ "name": "audit_log_2028_02" })]);
}
