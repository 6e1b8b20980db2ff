use coko_core::events::community::UserFollowed;
use coko_core::events::payment::{
    SubscriptionActivated, SubscriptionExpired, SubscriptionRenewed, SubscriptionState,
};
use coko_core::events::{Event, Payload as _};
use coko_core::identity::RequestFacts;
use diesel_async::SimpleAsyncConnection as _;
use serde_json::{Value, json};
use time::Duration;

use crate::bench::{Bench, PASSWORD, Person, refusals};

const DELETE: &str = "mutation($password: String) { deleteAccount(input: { password: $password }) { deleteAfter errors { code } } }";

async fn look(viewer: &coko_core::testkit::GraphqlClient, id: &str) -> Value {
    let query = "query($id: ID!) { user(id: $id) { displayName avatar country createdAt email phone roles status language
        sessions { id } preferences { theme } deleted } }";
    viewer.run_with(query, json!({ "id": id })).await.ok()["user"].clone()
}

async fn set_privacy(person: &Person, privacy: &str) {
    let query = format!(
        "mutation {{ updateProfile(input: {{ privacy: {privacy}, avatar: \"https://example.org/a.webp\" }}) {{ errors {{ code }} }} }}"
    );
    person.client.run(&query).await.ok();
}

#[tokio::test]
async fn a_profile_shows_what_its_owner_permits() {
    let bench = Bench::new().await;
    let awa = bench.person("awa@example.sn", &[]).await;
    let moussa = bench.person("moussa@example.sn", &[]).await;
    let moderator = bench.person("mod@example.org", &["moderator"]).await;
    let awa = bench.signed_in(&bench.refresh(&awa.refresh).await.ok()["refresh"]);
    let private = [
        "email",
        "phone",
        "roles",
        "status",
        "language",
        "sessions",
        "preferences",
    ];
    for (privacy, avatar, country) in [
        ("PUBLIC", true, true),
        ("FOLLOWERS", true, false),
        ("PRIVATE", false, false),
    ] {
        set_privacy(&awa, privacy).await;
        for stranger in [&bench.guest, &moussa.client] {
            let seen = look(stranger, &awa.id).await;
            assert_eq!(seen["displayName"], "awa");
            assert_eq!(
                (seen["avatar"].is_string(), seen["country"].is_string()),
                (avatar, country),
                "{privacy}: {seen:#}"
            );
            assert!(
                private.iter().all(|field| seen[field].is_null()),
                "{privacy}: {seen:#}"
            );
        }
        for insider in [&awa.client, &moderator.client] {
            let seen = look(insider, &awa.id).await;
            assert_eq!(
                (&seen["email"], &seen["country"]),
                (&json!("awa@example.sn"), &json!("SN"))
            );
            assert_eq!(seen["sessions"].as_array().unwrap().len(), 1);
        }
    }
}

#[tokio::test]
async fn followers_see_what_is_for_followers() {
    let bench = Bench::new().await;
    let awa = bench.person("awa@example.sn", &[]).await;
    let moussa = bench.person("moussa@example.sn", &[]).await;
    let awa = bench.signed_in(&bench.refresh(&awa.refresh).await.ok()["refresh"]);
    set_privacy(&awa, "FOLLOWERS").await;
    let consumers = coko_auth::consumers(&bench.platform.platform, bench.database.pool.clone());
    let now = bench.platform.platform.clock.now();
    let followed = |following, at| UserFollowed {
        follower_id: moussa.id.parse().unwrap(),
        user_id: awa.id.parse().unwrap(),
        following,
        at,
    };
    let event = |payload: UserFollowed| Event::new(&bench.platform.context(), &payload).unwrap();
    let follow = event(followed(true, now));
    assert!(consumers.handle(&follow).await.unwrap());
    assert!(
        !consumers.handle(&follow).await.unwrap(),
        "an event has its effect once"
    );
    assert_eq!(look(&moussa.client, &awa.id).await["country"], "SN");
    assert!(look(&bench.guest, &awa.id).await["country"].is_null());
    // An older word that comes late changes nothing; a newer one does.
    consumers
        .handle(&event(followed(false, now - Duration::HOUR)))
        .await
        .unwrap();
    assert_eq!(look(&moussa.client, &awa.id).await["country"], "SN");
    consumers
        .handle(&event(followed(false, now + Duration::HOUR)))
        .await
        .unwrap();
    assert!(look(&moussa.client, &awa.id).await["country"].is_null());
}

#[tokio::test]
async fn access_tokens_say_the_plan_while_it_is_paid() {
    let bench = Bench::new().await;
    let mut awa = bench.person("awa@example.sn", &[]).await;
    let consumers = coko_auth::consumers(&bench.platform.platform, bench.database.pool.clone());
    let now = bench.platform.platform.clock.now();
    let state = |days| SubscriptionState {
        user_id: awa.id.parse().unwrap(),
        period_start: now,
        period_end: now + Duration::days(days),
        ..SubscriptionActivated::sample().subscription
    };
    let [first, longer] = [state(30), state(60)];
    let context = bench.platform.context();
    let begun = SubscriptionActivated {
        subscription: first.clone(),
    };
    let renewed = SubscriptionRenewed {
        subscription: longer.clone(),
    };
    let late = SubscriptionExpired {
        subscription: first,
    };
    let ended = SubscriptionExpired {
        subscription: longer,
    };
    for (event, plan) in [
        (Event::new(&context, &begun).unwrap(), Some("premium")),
        (Event::new(&context, &renewed).unwrap(), Some("premium")),
        // The end of a period that was renewed since ends nothing.
        (Event::new(&context, &late).unwrap(), Some("premium")),
        (Event::new(&context, &ended).unwrap(), None),
    ] {
        consumers.handle(&event).await.unwrap();
        let refreshed = bench.refresh(&awa.refresh).await.ok()["refresh"].clone();
        awa.refresh = refreshed["tokens"]["refreshToken"]
            .as_str()
            .unwrap()
            .to_owned();
        let token = refreshed["tokens"]["accessToken"].as_str().unwrap();
        let verifier = &bench.platform.platform.verifier;
        let viewer = verifier.verify(token, RequestFacts::default()).unwrap();
        assert_eq!(viewer.plan.as_deref(), plan, "{}", event.kind);
    }
}

#[tokio::test]
async fn consents_have_a_history() {
    let bench = Bench::new().await;
    let awa = bench.person("awa@example.sn", &[]).await;
    let set = |consents: Value| {
        let query = "mutation($consents: [ConsentInput!]!) { setConsents(input: { consents: $consents }) { consents { kind granted } errors { code } } }";
        awa.client.run_with(query, json!({ "consents": consents }))
    };
    assert_eq!(
        refusals(&set(json!([{ "kind": "TRACKING", "granted": false }])).await),
        ["CONSENT_REQUIRED"]
    );
    let twice = json!([{ "kind": "MARKETING", "granted": true }, { "kind": "MARKETING", "granted": false }]);
    assert_eq!(refusals(&set(twice).await), ["DUPLICATE"]);
    bench.later(Duration::minutes(1));
    let now = set(json!([{ "kind": "MARKETING", "granted": true }])).await;
    assert_eq!(
        now.ok()["setConsents"]["consents"][1],
        json!({ "kind": "MARKETING", "granted": true })
    );
    bench.later(Duration::minutes(1));
    set(json!([{ "kind": "MARKETING", "granted": false }]))
        .await
        .ok();
    let history = awa.client.run("{ consentHistory(first: 2) { nodes { kind granted } pageInfo { hasNextPage } } consents { kind granted } }").await;
    assert_eq!(
        history.ok()["consentHistory"]["nodes"],
        json!([{ "kind": "MARKETING", "granted": false }, { "kind": "MARKETING", "granted": true }])
    );
    assert_eq!(
        history.data()["consentHistory"]["pageInfo"]["hasNextPage"],
        true
    );
    assert_eq!(history.data()["consents"][1]["granted"], false);
}

#[tokio::test]
async fn a_copy_of_ones_data_is_made_and_announced() {
    let bench = Bench::new().await;
    let awa = bench.person("awa@example.sn", &[]).await;
    let request = "mutation { requestDataExport { dataExport { id account } errors { code } } }";
    let answer = awa.client.run(request).await;
    let export = &answer.ok()["requestDataExport"]["dataExport"];
    assert_eq!(export["account"]["profile"]["email"], "awa@example.sn");
    assert_eq!(export["account"]["sessions"][0]["id"], json!(awa.session));
    assert_eq!(export["account"]["consents"].as_array().unwrap().len(), 3);
    assert_eq!(
        bench.events("user.export.requested").await[0]["export_id"],
        export["id"]
    );
    assert_eq!(
        refusals(&awa.client.run(request).await),
        ["ALREADY_REQUESTED"]
    );
    let listed = awa.client.run("{ dataExports { id } }").await;
    assert_eq!(listed.ok()["dataExports"][0]["id"], export["id"]);
}

#[tokio::test]
async fn a_deletion_can_be_cancelled_by_signing_in() {
    let bench = Bench::new().await;
    let awa = bench.person("awa@example.sn", &[]).await;
    let delete = |password: Value| awa.client.run_with(DELETE, json!({ "password": password }));
    assert_eq!(refusals(&delete(json!(null)).await), ["PASSWORD_WRONG"]);
    assert_eq!(
        refusals(&delete(json!("a wrong password")).await),
        ["PASSWORD_WRONG"]
    );
    assert_eq!(
        delete(json!(PASSWORD)).await.ok()["deleteAccount"]["deleteAfter"],
        "2027-02-14T12:00:13Z"
    );
    assert!(!awa.is_known().await);
    assert_eq!(bench.letters().await.len(), 1);
    bench.later(Duration::days(29));
    let back = bench.login("awa@example.sn").await;
    assert_eq!(
        back.client.run("{ me { status deleteAfter } }").await.ok()["me"],
        json!({ "status": "ACTIVE", "deleteAfter": null })
    );
    bench.later(Duration::days(2));
    bench.run_task("sweep", async || true).await;
    assert!(bench.events("user.deleted").await.is_empty());
}

#[tokio::test]
async fn it_is_forgotten_to_whom_was_written_long_ago() {
    let bench = Bench::new().await;
    let write = "INSERT INTO mail (id, recipient, subject, text_body, created_at, next_at) VALUES
        (gen_random_uuid(), 'old@example.sn', '', '', '2026-12-15 00:00Z', '2026-12-15 00:00Z'),
        (gen_random_uuid(), 'new@example.sn', '', '', '2027-01-14 00:00Z', '2027-01-14 00:00Z')";
    let mut connection = bench.connection().await;
    connection.batch_execute(write).await.unwrap();
    drop(connection);
    let kept = "SELECT recipient FROM mail";
    bench
        .run_task("sweep", async || {
            bench.rows(kept).await == [json!({ "recipient": "new@example.sn" })]
        })
        .await;
}

#[tokio::test]
async fn a_deletion_becomes_final_and_leaves_nothing_personal() {
    let bench = Bench::new().await;
    let awa = bench.person("awa@example.sn", &["author"]).await;
    let moussa = bench.person("moussa@example.sn", &[]).await;
    let last_admin = bench.person("admin@example.org", &["admin"]).await;
    assert_eq!(
        refusals(
            &last_admin
                .client
                .run_with(DELETE, json!({ "password": PASSWORD }))
                .await
        ),
        ["LAST_ADMIN"]
    );
    awa.client
        .run("mutation { requestDataExport { dataExport { id } } }")
        .await
        .ok();
    awa.client
        .run_with(DELETE, json!({ "password": PASSWORD }))
        .await
        .ok();
    bench.later(Duration::days(30));
    bench
        .run_task("sweep", async || {
            bench.events("user.deleted").await.len() == 1
        })
        .await;
    let event = &bench.events("user.deleted").await[0];
    assert_eq!(event["user_id"], json!(awa.id));

    let seen = look(&bench.guest, &awa.id).await;
    assert_eq!(
        (&seen["displayName"], &seen["deleted"], &seen["country"]),
        (&json!("Deleted account"), &json!(true), &json!(null))
    );
    let french = bench.guest.with_language("fr");
    assert_eq!(
        look(&french, &awa.id).await["displayName"],
        "Compte supprimé"
    );
    assert_eq!(
        refusals(&bench.try_login("awa@example.sn", PASSWORD).await),
        ["CREDENTIALS_INVALID"]
    );
    for table in [
        "users",
        "sessions",
        "refresh_tokens",
        "one_time_tokens",
        "personal_access_tokens",
        "data_exports",
        "consents",
        "audit_log",
        "outbox",
    ] {
        let rows = json!(bench.rows(&format!("SELECT * FROM {table}")).await).to_string();
        assert!(
            !rows.contains("awa@example.sn"),
            "{table} still holds the address: {rows}"
        );
    }
    assert!(bench.login("moussa@example.sn").await.is_known().await);
    assert!(!moussa.id.is_empty());
}

#[tokio::test]
async fn what_was_said_of_a_deleted_account_is_erased_once_its_end_is_published() {
    let bench = Bench::new().await;
    let awa = bench.person("awa@example.sn", &[]).await;
    let admin = bench.person("admin@example.org", &["admin"]).await;
    set_privacy(&awa, "PRIVATE").await;
    let look =
        "mutation($i: ImpersonateUserInput!) { impersonateUser(input: $i) { errors { code } } }";
    let input = json!({ "i": { "userId": awa.id, "reason": "Awa Ndiaye asked", "minutes": 5 } });
    admin.client.run_with(look, input).await.ok();
    awa.client
        .run_with(DELETE, json!({ "password": PASSWORD }))
        .await
        .ok();
    bench.later(Duration::days(30));
    let deleted = async || bench.events("user.deleted").await.len() == 1;
    bench.run_task("sweep", deleted).await;

    let waiting = "SELECT * FROM erasures WHERE done_at IS NULL";
    let done = format!(
        "SELECT * FROM erasures WHERE done_at IS NOT NULL AND user_id = '{}'",
        awa.id
    );
    let said =
        "SELECT * FROM outbox WHERE event->>'type' IN ('user.registered', 'user.profile.updated')";
    let of_awa = format!("{said} AND event->>'subject' = '{}'", awa.id);
    let reason = "SELECT * FROM audit_log WHERE action = 'impersonation.started' AND jsonb_exists(new_values, 'reason')";
    assert_eq!(bench.rows(waiting).await.len(), 1);
    assert!(!bench.rows(&of_awa).await.is_empty());
    assert_eq!(bench.rows(reason).await.len(), 1);
    // Until its end is published, more may be said of the account.
    let mut rounds = 0;
    bench
        .run_task("erasures", async || {
            rounds += 1;
            rounds > 10
        })
        .await;
    assert_eq!(bench.rows(waiting).await.len(), 1);
    let unsent = "SELECT * FROM outbox WHERE sent_at IS NULL";
    bench
        .run_task("outbox-relay", async || bench.rows(unsent).await.is_empty())
        .await;
    bench
        .run_task("erasures", async || bench.rows(&done).await.len() == 1)
        .await;
    assert!(bench.rows(&of_awa).await.is_empty());
    assert!(bench.rows(reason).await.is_empty());
    let looked = "SELECT user_id FROM impersonations WHERE reason = ''";
    assert_eq!(bench.rows(looked).await, [json!({ "user_id": awa.id })]);
    let located = format!(
        "SELECT * FROM audit_log WHERE actor_id = '{}' AND (address IS NOT NULL OR agent IS NOT NULL)",
        awa.id
    );
    assert!(bench.rows(&located).await.is_empty());
    let deeds = format!(
        "SELECT DISTINCT action FROM audit_log WHERE actor_id = '{0}' OR subject_id = '{0}'",
        awa.id
    );
    let deeds = json!(bench.rows(&deeds).await).to_string();
    for action in [
        "profile.updated",
        "impersonation.started",
        "account.deletion_requested",
        "account.deleted",
        "account.erased",
    ] {
        assert!(deeds.contains(action), "{action}: {deeds}");
    }
    // What can be taken away cannot be changed.
    let change = "UPDATE audit_log SET agent = 'another' WHERE action = 'account.deleted'";
    let refused = bench.connection().await.batch_execute(change).await;
    assert!(refused.unwrap_err().to_string().contains("append-only"));
}
