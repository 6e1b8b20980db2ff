use serde_json::json;

use crate::bench::{Bench, PASSWORD, refusals};

const NEW: &str = "le fleuve coule vers la mer";
const RESET: &str = "mutation($token: String!, $new: String!) { resetPassword(input: { token: $token, newPassword: $new }) { reset errors { code field message } } }";
const REQUEST: &str = "mutation($email: String!) { requestPasswordReset(input: { email: $email }) { accepted errors { code } } }";

#[tokio::test]
async fn a_forgotten_password_is_replaced() {
    let bench = Bench::new().await;
    let awa = bench.person("awa@example.sn", &[]).await;
    bench
        .guest
        .run_with(REQUEST, json!({ "email": "Awa@Example.sn" }))
        .await
        .ok();
    let token = bench.link().await;
    let reset = |new: &'static str| {
        bench
            .guest
            .run_with(RESET, json!({ "token": token, "new": new }))
    };
    assert_eq!(refusals(&reset("court").await), ["PASSWORD_TOO_SHORT"]);
    assert_eq!(
        refusals(&reset("awa@example.sn").await),
        ["PASSWORD_TOO_WEAK"]
    );
    assert_eq!(
        reset(NEW).await.ok()["resetPassword"]["reset"],
        true,
        "a refused password did not cost the link"
    );
    assert_eq!(
        refusals(&reset(NEW).await),
        ["TOKEN_INVALID"],
        "a link works once"
    );
    assert!(!awa.is_known().await, "every session ends");
    assert_eq!(bench.letters().await.len(), 1, "the owner hears of it");
    assert_eq!(
        refusals(&bench.try_login("awa@example.sn", PASSWORD).await),
        ["CREDENTIALS_INVALID"]
    );
    assert!(bench.try_login("awa@example.sn", NEW).await.ok()["login"]["tokens"].is_object());
}

#[tokio::test]
async fn resets_are_limited_and_expire() {
    let bench = Bench::new().await;
    bench.person("awa@example.sn", &[]).await;
    for email in ["awa@example.sn", "nobody@example.org"] {
        for _ in 0..2 {
            bench
                .guest
                .run_with(REQUEST, json!({ "email": email }))
                .await
                .ok();
        }
        let answer = bench
            .guest
            .run_with(REQUEST, json!({ "email": email }))
            .await;
        assert_eq!(answer.codes(), ["RATE_LIMITED"], "{email}: known or not");
    }
    let letters = bench.letters().await;
    assert_eq!(letters.len(), 2, "nothing goes to an unknown address");
    let token = letters[1]
        .text
        .split_once("token=")
        .unwrap()
        .1
        .split_whitespace()
        .next()
        .unwrap()
        .to_owned();
    bench.later(time::Duration::minutes(61));
    assert_eq!(
        refusals(
            &bench
                .guest
                .run_with(RESET, json!({ "token": token, "new": NEW }))
                .await
        ),
        ["TOKEN_INVALID"]
    );
    assert_eq!(
        refusals(
            &bench
                .guest
                .run_with(REQUEST, json!({ "email": "nonsense" }))
                .await
        ),
        ["EMAIL_INVALID"]
    );
}

#[tokio::test]
async fn a_password_is_changed_by_who_knows_it() {
    let bench = Bench::new().await;
    let awa = bench.person("awa@example.sn", &[]).await;
    let other = bench.login("awa@example.sn").await;
    let change = "mutation($current: String!, $new: String!) { changePassword(input: { currentPassword: $current, newPassword: $new }) {
        endedSessions errors { code field message } } }";
    let wrong = awa
        .client
        .run_with(change, json!({ "current": "not the password", "new": NEW }))
        .await;
    assert_eq!(refusals(&wrong), ["CURRENT_PASSWORD_WRONG"]);
    let weak = awa
        .client
        .run_with(change, json!({ "current": PASSWORD, "new": "1234567890" }))
        .await;
    assert_eq!(refusals(&weak), ["PASSWORD_TOO_WEAK"]);
    let changed = awa
        .client
        .run_with(change, json!({ "current": PASSWORD, "new": NEW }))
        .await;
    assert_eq!(changed.ok()["changePassword"]["endedSessions"], 1);
    assert!(awa.is_known().await && !other.is_known().await);
    assert!(bench.try_login("awa@example.sn", NEW).await.ok()["login"]["tokens"].is_object());
    for _ in 0..5 {
        awa.client
            .run_with(change, json!({ "current": "a guess at it", "new": NEW }))
            .await;
    }
    let limited = awa
        .client
        .run_with(change, json!({ "current": NEW, "new": PASSWORD }))
        .await;
    assert_eq!(
        limited.codes(),
        ["RATE_LIMITED"],
        "a borrowed session is no place to guess"
    );
}

#[tokio::test]
async fn a_profile_is_changed_and_followed_by_an_event() {
    let bench = Bench::new().await;
    let awa = bench.person("awa@example.sn", &[]).await;
    let update = "mutation($input: UpdateProfileInput!) { updateProfile(input: $input) {
        user { displayName avatar country language timeZone privacy preferences { theme fontSize dataSaver notifications } }
        errors { code field message } } }";
    let input = json!({ "input": {
        "displayName": "Awa N.", "avatar": "https://images.example.org/awa.webp", "country": "ci", "language": "wo-SN",
        "timeZone": "Africa/Abidjan", "privacy": "FOLLOWERS",
        "preferences": { "theme": "SEPIA", "fontSize": 20, "dataSaver": true, "notifications": false },
    } });
    let answer = awa.client.run_with(update, input.clone()).await;
    assert_eq!(
        answer.ok()["updateProfile"]["user"],
        json!({
            "displayName": "Awa N.", "avatar": "https://images.example.org/awa.webp", "country": "CI", "language": "wo-SN",
            "timeZone": "Africa/Abidjan", "privacy": "FOLLOWERS",
            "preferences": { "theme": "SEPIA", "fontSize": 20, "dataSaver": true, "notifications": false },
        })
    );
    awa.client.run_with(update, input).await.ok();
    let events = bench.events("user.profile.updated").await;
    assert_eq!(events.len(), 1, "what changes nothing says nothing");
    assert_eq!(events[0]["privacy"], "FOLLOWERS");
    let removed = awa
        .client
        .run_with(
            update,
            json!({ "input": { "avatar": null, "country": null } }),
        )
        .await;
    assert_eq!(removed.ok()["updateProfile"]["user"]["avatar"], json!(null));
    assert_eq!(
        removed.data()["updateProfile"]["user"]["displayName"],
        "Awa N."
    );

    let bad = json!({ "input": {
        "displayName": "", "avatar": "javascript:alert(1)", "country": "XX", "language": "", "timeZone": "Nowhere",
        "preferences": { "fontSize": 400 },
    } });
    let expected = [
        "DISPLAY_NAME_INVALID",
        "AVATAR_INVALID",
        "COUNTRY_UNKNOWN",
        "LANGUAGE_INVALID",
        "TIME_ZONE_UNKNOWN",
        "FONT_SIZE_INVALID",
    ];
    assert_eq!(refusals(&awa.client.run_with(update, bad).await), expected);
    let audit = bench.rows("SELECT old_values, new_values FROM audit_log WHERE action = 'profile.updated' ORDER BY at, id").await;
    assert_eq!(audit[0]["new_values"]["country"], "CI");
    assert_eq!(
        audit[0]["new_values"]["displayName"], "…",
        "the log outlives the account, so it holds no name"
    );
}

#[tokio::test]
async fn personal_access_tokens_are_narrow_named_and_revocable() {
    let bench = Bench::new().await;
    let awa = bench.person("awa@example.sn", &["author"]).await;
    let create = "mutation($input: CreatePersonalAccessTokenInput!) { createPersonalAccessToken(input: $input) {
        token personalAccessToken { id name scopes } errors { code field message } } }";
    let input = |name: &str, scopes: &[&str], days: i32| json!({ "input": { "name": name, "scopes": scopes, "expiresInDays": days } });
    let created = awa
        .client
        .run_with(
            create,
            input("script", &["books:publish", "profile:read"], 30),
        )
        .await;
    let payload = &created.ok()["createPersonalAccessToken"];
    let token = bench.guest.with_token(payload["token"].as_str().unwrap());
    let id = payload["personalAccessToken"]["id"].clone();

    for (name, scopes, days, code) in [
        ("script", &["books:read"][..], 30, "NAME_TAKEN"),
        ("b", &["users:read"], 30, "SCOPE_NOT_YOURS"),
        ("b", &["books:*"], 30, "SCOPE_NOT_YOURS"),
        ("b", &[], 30, "SCOPE_INVALID"),
        ("b", &["*:*"], 30, "SCOPE_INVALID"),
        ("b", &["books:read"], 0, "EXPIRY_INVALID"),
        ("b", &["books:read"], 366, "EXPIRY_INVALID"),
        ("", &["books:read"], 1, "NAME_INVALID"),
    ] {
        assert_eq!(
            refusals(&awa.client.run_with(create, input(name, scopes, days)).await),
            [code]
        );
    }

    assert_eq!(
        token.run("{ me { id email } }").await.ok()["me"]["email"],
        "awa@example.sn"
    );
    // It identifies its owner, and protects them: nothing about how the account is kept can be changed with it.
    for mutation in [
        format!("mutation {{ changePassword(input: {{ currentPassword: \"{PASSWORD}\", newPassword: \"{NEW}\" }}) {{ endedSessions }} }}"),
        "mutation { createPersonalAccessToken(input: { name: \"x\", scopes: [\"books:publish\"], expiresInDays: 1 }) { token } }".to_owned(),
        "mutation { deleteAccount { deleteAfter } }".to_owned(),
        format!("mutation {{ revokeSession(input: {{ id: \"{}\" }}) {{ sessionId }} }}", awa.session),
        "mutation { updateProfile(input: { displayName: \"x\" }) { user { id } } }".to_owned(),
        "mutation { setConsents(input: { consents: [] }) { consents { kind } } }".to_owned(),
    ] {
        assert_eq!(token.run(&mutation).await.codes(), ["FORBIDDEN"], "{mutation}");
    }
    assert_eq!(
        refusals(&token.run("mutation { logout { errors { code } } }").await),
        ["NOT_A_SESSION"]
    );
    let listed = awa
        .client
        .run("{ personalAccessTokens { id name scopes } }")
        .await;
    assert_eq!(listed.ok()["personalAccessTokens"][0]["id"], id);

    let moussa = bench.person("moussa@example.sn", &[]).await;
    let revoke = "mutation($id: ID!) { revokePersonalAccessToken(input: { id: $id }) { id errors { code } } }";
    assert_eq!(
        refusals(&moussa.client.run_with(revoke, json!({ "id": id })).await),
        ["TOKEN_NOT_FOUND"]
    );
    awa.client.run_with(revoke, json!({ "id": id })).await.ok();
    assert_eq!(
        token.run("{ me { id } }").await.codes(),
        ["UNAUTHENTICATED"]
    );
    assert!(awa.is_known().await);
    let again = awa
        .client
        .run_with(create, input("script", &["books:read"], 1))
        .await;
    let brief = bench.guest.with_token(
        again.ok()["createPersonalAccessToken"]["token"]
            .as_str()
            .unwrap(),
    );
    bench.later(time::Duration::hours(25));
    assert_eq!(
        brief.run("{ me { id } }").await.codes(),
        ["UNAUTHENTICATED"],
        "it expires"
    );
}
