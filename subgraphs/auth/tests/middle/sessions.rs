use serde_json::json;

use crate::bench::{Bench, PASSWORD, refusals};

#[tokio::test]
async fn a_refresh_token_rotates() {
    let bench = Bench::new().await;
    let awa = bench.person("awa@example.sn", &[]).await;
    bench.later(time::Duration::minutes(16));
    assert_eq!(
        awa.client.run("{ me { id } }").await.codes(),
        ["UNAUTHENTICATED"],
        "an access token lives 15 minutes"
    );
    let next = bench.refresh(&awa.refresh).await;
    let next = bench.signed_in(&next.ok()["refresh"]);
    assert_eq!(next.session, awa.session);
    assert_ne!(next.refresh, awa.refresh);
    assert!(next.is_known().await);
    bench.later(time::Duration::days(8));
    assert_eq!(
        refusals(&bench.refresh(&next.refresh).await),
        ["TOKEN_INVALID"],
        "an idle session ends after seven days"
    );
    for token in ["", "x", &"A".repeat(43), &"é".repeat(10_000)] {
        assert_eq!(refusals(&bench.refresh(token).await), ["TOKEN_INVALID"]);
    }
    let stored = bench
        .rows("SELECT encode(token_hash, 'base64') AS hash FROM refresh_tokens")
        .await;
    assert!(
        !json!(stored).to_string().contains(&next.refresh),
        "tokens are stored hashed"
    );
}

#[tokio::test]
async fn reuse_of_a_spent_token_ends_the_family_and_its_access_tokens() {
    let bench = Bench::new().await;
    let awa = bench.person("awa@example.sn", &[]).await;
    let other = bench.login("awa@example.sn").await;
    let thief = bench.signed_in(&bench.refresh(&awa.refresh).await.ok()["refresh"]);
    assert!(awa.is_known().await && thief.is_known().await);

    assert_eq!(
        refusals(&bench.refresh(&awa.refresh).await),
        ["TOKEN_INVALID"]
    );
    for holder in [&awa, &thief] {
        assert_eq!(
            holder.client.run("{ me { id } }").await.codes(),
            ["UNAUTHENTICATED"],
            "access tokens of the family are revoked"
        );
    }
    assert_eq!(
        refusals(&bench.refresh(&thief.refresh).await),
        ["TOKEN_INVALID"]
    );
    assert!(
        other.is_known().await,
        "another session of the same person goes on"
    );
    let revoked = bench.events("session.revoked").await;
    assert_eq!(
        revoked,
        [json!({ "session_id": awa.session, "user_id": awa.id, "reason": "REFRESH_REUSE" })]
    );
    // What is over stays over: no second event, no effect on others.
    assert_eq!(
        refusals(&bench.refresh(&awa.refresh).await),
        ["TOKEN_INVALID"]
    );
    assert_eq!(bench.events("session.revoked").await.len(), 1);
}

#[tokio::test]
async fn two_refreshes_at_once_never_both_succeed() {
    let bench = Bench::new().await;
    let awa = bench.person("awa@example.sn", &[]).await;
    let answers = tokio::join!(
        bench.refresh(&awa.refresh),
        bench.refresh(&awa.refresh),
        bench.refresh(&awa.refresh)
    );
    let accepted = [&answers.0, &answers.1, &answers.2]
        .iter()
        .filter(|answer| answer.ok()["refresh"]["tokens"].is_object())
        .count();
    assert_eq!(accepted, 1);
    let live = bench
        .rows("SELECT id FROM sessions WHERE revoked_at IS NULL")
        .await;
    assert!(live.is_empty(), "the reuse ended the family");
}

#[tokio::test]
async fn logging_out_ends_tokens_at_once() {
    let bench = Bench::new().await;
    let awa = bench.person("awa@example.sn", &[]).await;
    let answer = awa
        .client
        .run("mutation { logout { sessionId errors { code } } }")
        .await;
    assert_eq!(answer.ok()["logout"]["sessionId"], json!(awa.session));
    assert_eq!(
        awa.client.run("{ me { id } }").await.codes(),
        ["UNAUTHENTICATED"]
    );
    assert_eq!(
        refusals(&bench.refresh(&awa.refresh).await),
        ["TOKEN_INVALID"]
    );
    assert!(
        bench
            .rows("SELECT key FROM pending_revocations")
            .await
            .is_empty(),
        "verifiers were told"
    );
    assert_eq!(
        bench
            .guest
            .run("mutation { logout { sessionId } }")
            .await
            .codes(),
        ["UNAUTHENTICATED"]
    );
}

#[tokio::test]
async fn devices_are_listed_and_ended_one_by_one_or_all() {
    let bench = Bench::new().await;
    let first = bench.person("awa@example.sn", &[]).await;
    let second = bench.login("awa@example.sn").await;
    let third = bench.login("awa@example.sn").await;
    let stranger = bench.person("moussa@example.sn", &[]).await;

    let page = "query($after: String) { sessions(first: 2, after: $after) { nodes { id current device method } pageInfo { hasNextPage endCursor } } }";
    let one = third.client.run_with(page, json!({})).await;
    let nodes = &one.ok()["sessions"]["nodes"];
    assert_eq!(
        nodes[0],
        json!({ "id": third.session, "current": true, "device": "test", "method": "PASSWORD" })
    );
    assert_eq!(nodes[1]["id"], json!(second.session));
    assert_eq!(one.data()["sessions"]["pageInfo"]["hasNextPage"], true);
    let two = third
        .client
        .run_with(
            page,
            json!({ "after": one.data()["sessions"]["pageInfo"]["endCursor"] }),
        )
        .await;
    assert_eq!(two.ok()["sessions"]["nodes"][0]["id"], json!(first.session));
    assert_eq!(two.data()["sessions"]["pageInfo"]["hasNextPage"], false);

    let revoke =
        "mutation($id: ID!) { revokeSession(input: { id: $id }) { sessionId errors { code } } }";
    for id in [
        stranger.session.as_str(),
        "00000000-0000-0000-0000-000000000000",
        "nonsense",
    ] {
        assert_eq!(
            refusals(&third.client.run_with(revoke, json!({ "id": id })).await),
            ["SESSION_NOT_FOUND"]
        );
    }
    third
        .client
        .run_with(revoke, json!({ "id": first.session }))
        .await
        .ok();
    assert!(!first.is_known().await && second.is_known().await && stranger.is_known().await);

    let everywhere = "mutation($keep: Boolean!) { logoutEverywhere(input: { keepCurrent: $keep }) { endedSessions errors { code } } }";
    let answer = third
        .client
        .run_with(everywhere, json!({ "keep": true }))
        .await;
    assert_eq!(answer.ok()["logoutEverywhere"]["endedSessions"], 1);
    assert!(!second.is_known().await && third.is_known().await);
    let answer = third
        .client
        .run_with(everywhere, json!({ "keep": false }))
        .await;
    assert_eq!(answer.ok()["logoutEverywhere"]["endedSessions"], 1);
    assert!(!third.is_known().await && stranger.is_known().await);
}

#[tokio::test]
async fn sign_in_is_limited_per_account_and_per_address() {
    let bench = Bench::new().await;
    bench.person("awa@example.sn", &[]).await;
    bench.later(time::Duration::minutes(1));
    let login = |email: &str, password: &str| {
        format!(
            "mutation {{ login(input: {{ email: \"{email}\", password: \"{password}\" }}) {{ errors {{ code }} tokens {{ accessToken }} }} }}"
        )
    };
    for n in 0..5 {
        let body = bench
            .request_from(
                &format!("192.0.2.{n}"),
                &login("awa@example.sn", "wrong password"),
            )
            .await;
        assert_eq!(
            body["data"]["login"]["errors"][0]["code"], "CREDENTIALS_INVALID",
            "{body:#}"
        );
    }
    let body = bench
        .request_from("192.0.2.9", &login("AWA@example.sn ", PASSWORD))
        .await;
    assert_eq!(
        body["errors"][0]["extensions"]["code"], "RATE_LIMITED",
        "an account is guarded wherever the guesses come from"
    );
    assert_eq!(body["errors"][0]["extensions"]["retryAfter"], 12);
    for n in 0..5 {
        bench
            .request_from(
                "198.51.100.1",
                &login(&format!("n{n}@example.org"), "wrong password"),
            )
            .await;
    }
    let body = bench
        .request_from(
            "198.51.100.1",
            &login("other@example.org", "wrong password"),
        )
        .await;
    assert_eq!(
        body["errors"][0]["extensions"]["code"], "RATE_LIMITED",
        "an address is guarded whichever account it tries"
    );
    bench.later(time::Duration::seconds(61));
    let body = bench
        .request_from("192.0.2.9", &login("awa@example.sn", PASSWORD))
        .await;
    assert!(body["data"]["login"]["tokens"].is_object(), "{body:#}");
}

#[tokio::test]
async fn old_hashes_are_renewed_at_sign_in() {
    let bench = Bench::with(|config| config["passwords"]["iterations"] = json!(2)).await;
    // Seeded with the default parameters, which are not this bench's.
    bench.person("awa@example.sn", &[]).await;
    let hash = bench.rows("SELECT password_hash FROM users").await[0]["password_hash"]
        .as_str()
        .unwrap()
        .to_owned();
    assert!(hash.starts_with("$argon2id$v=19$m=64,t=2,p=1$"), "{hash}");
    bench.login("awa@example.sn").await;
}

#[tokio::test]
async fn demo_accounts_are_seeded_once() {
    let bench = Bench::new().await;
    let awa = bench.person("awa@example.sn", &["author"]).await;
    let again = bench.person("awa@example.sn", &["author"]).await;
    assert_eq!(awa.id, again.id);
    assert_eq!(bench.events("user.registered").await.len(), 1);
    let roles = again.client.run("{ me { roles } }").await;
    assert_eq!(roles.ok()["me"]["roles"], json!(["author", "user"]));
}
