use serde_json::{Value, json};

use crate::bench::{Bench, PASSWORD, refusals};

const REGISTER: &str = "mutation($input: RegisterInput!) { register(input: $input) { email errors { code field message } } }";
const VERIFY: &str = "mutation($token: String!) { verifyEmail(input: { token: $token }) { verified errors { code field } } }";

fn input(email: &str) -> Value {
    json!({ "input": {
        "email": email, "password": PASSWORD, "displayName": "Awa Ndiaye", "country": "sn", "language": "fr",
        "timeZone": "Africa/Dakar", "consents": { "tracking": true, "marketing": true },
    } })
}

#[tokio::test]
async fn an_address_is_registered_proven_and_signed_in() {
    let bench = Bench::new().await;
    let answer = bench
        .guest
        .run_with(REGISTER, input(" Awa@Example.SN"))
        .await;
    assert_eq!(
        answer.ok()["register"],
        json!({ "email": "awa@example.sn", "errors": [] })
    );
    assert!(bench.events("user.registered").await.is_empty());
    // Nothing can be done before the address is proven, and signing in does not tell why.
    assert_eq!(
        refusals(&bench.try_login("awa@example.sn", PASSWORD).await),
        ["CREDENTIALS_INVALID"]
    );

    let token = bench.link().await;
    let verify = |token: String| bench.guest.run_with(VERIFY, json!({ "token": token }));
    assert_eq!(refusals(&verify("x".repeat(43)).await), ["TOKEN_INVALID"]);
    assert_eq!(
        verify(token.clone()).await.ok()["verifyEmail"]["verified"],
        true
    );
    assert_eq!(
        refusals(&verify(token).await),
        ["TOKEN_INVALID"],
        "a link works once"
    );

    let awa = bench.login("AWA@example.sn").await;
    let query = "{ me { displayName email emailVerified country language timeZone privacy roles status preferences { theme fontSize } }
        consents { kind granted } }";
    let answer = awa.client.run(query).await;
    assert_eq!(
        answer.ok(),
        &json!({
            "me": {
                "displayName": "Awa Ndiaye", "email": "awa@example.sn", "emailVerified": true, "country": "SN", "language": "fr",
                "timeZone": "Africa/Dakar", "privacy": "PUBLIC", "roles": ["user"], "status": "ACTIVE",
                "preferences": { "theme": "SYSTEM", "fontSize": 16 },
            },
            "consents": [
                { "kind": "ANALYTICS", "granted": false },
                { "kind": "MARKETING", "granted": true },
                { "kind": "TRACKING", "granted": true },
            ],
        })
    );
    let registered = bench.events("user.registered").await;
    assert_eq!(registered.len(), 1);
    assert_eq!(registered[0]["user_id"], json!(awa.id));
    assert_eq!(
        bench.events("user.login").await[0]["session_id"],
        json!(awa.session)
    );
    assert!(
        awa.access.len() < 1000,
        "an ordinary token stays small: {}",
        awa.access.len()
    );
}

#[tokio::test]
async fn a_known_address_is_not_revealed() {
    let bench = Bench::new().await;
    let owner = bench.person("known@example.org", &[]).await;
    let known = bench
        .guest
        .run_with(REGISTER, input("known@example.org"))
        .await;
    let letters = bench.letters().await;
    assert_eq!(letters.len(), 1);
    assert!(
        letters[0].subject.contains("déjà un compte"),
        "{letters:#?}"
    );
    let fresh = bench
        .guest
        .run_with(REGISTER, input("fresh@example.org"))
        .await;
    assert_eq!(known.status, fresh.status);
    assert_eq!(
        known.body.to_string().replace("known@", "fresh@"),
        fresh.body.to_string(),
        "both answers are the same but for the address"
    );
    assert!(owner.is_known().await, "the owner's session goes on");
    bench.login("known@example.org").await;

    let reset = "mutation($email: String!) { requestPasswordReset(input: { email: $email }) { accepted errors { code } } }";
    let known = bench
        .guest
        .run_with(reset, json!({ "email": "known@example.org" }))
        .await;
    let unknown = bench
        .guest
        .run_with(reset, json!({ "email": "nobody@example.org" }))
        .await;
    assert_eq!(known.body, unknown.body);
    let resend = "mutation($email: String!) { resendVerification(input: { email: $email }) { accepted errors { code } } }";
    let known = bench
        .guest
        .run_with(resend, json!({ "email": "known@example.org" }))
        .await;
    let unknown = bench
        .guest
        .run_with(resend, json!({ "email": "nobody@example.org" }))
        .await;
    assert_eq!(known.body, unknown.body);

    let wrong = bench
        .try_login("known@example.org", "a wrong password here")
        .await;
    let unknown = bench
        .try_login("nobody@example.org", "a wrong password here")
        .await;
    assert_eq!(wrong.body, unknown.body);
    assert_eq!(refusals(&wrong), ["CREDENTIALS_INVALID"]);
}

#[tokio::test]
async fn the_newest_registration_of_an_unproven_address_counts() {
    let bench = Bench::new().await;
    let mut squatter = input("awa@example.sn");
    squatter["input"]["password"] = json!("the squatter's own words");
    bench.guest.run_with(REGISTER, squatter).await.ok();
    let old = bench.link().await;
    bench
        .guest
        .run_with(REGISTER, input("awa@example.sn"))
        .await
        .ok();
    let new = bench.link().await;
    let verify = |token: String| bench.guest.run_with(VERIFY, json!({ "token": token }));
    assert_eq!(refusals(&verify(old).await), ["TOKEN_INVALID"]);
    assert_eq!(verify(new).await.ok()["verifyEmail"]["verified"], true);
    assert_eq!(
        refusals(
            &bench
                .try_login("awa@example.sn", "the squatter's own words")
                .await
        ),
        ["CREDENTIALS_INVALID"]
    );
    bench.login("awa@example.sn").await;
}

#[tokio::test]
async fn a_lost_letter_is_sent_again_and_a_late_link_refused() {
    let bench = Bench::new().await;
    bench
        .guest
        .run_with(REGISTER, input("awa@example.sn"))
        .await
        .ok();
    let first = bench.link().await;
    let resend = "mutation { resendVerification(input: { email: \"awa@example.sn\" }) { accepted errors { code } } }";
    assert_eq!(
        bench.guest.run(resend).await.ok()["resendVerification"]["accepted"],
        true
    );
    let second = bench.link().await;
    assert_ne!(first, second);
    bench.later(time::Duration::hours(49));
    let late = bench
        .guest
        .run_with(VERIFY, json!({ "token": second }))
        .await;
    assert_eq!(refusals(&late), ["TOKEN_INVALID"]);
    // The registration is swept away, and the address is free.
    bench
        .run_task("sweep", async || {
            bench.rows("SELECT id FROM users").await.is_empty()
        })
        .await;
}

#[tokio::test]
async fn every_fault_of_an_input_is_named() {
    let bench = Bench::new().await;
    let bad = json!({ "input": {
        "email": "not an address", "password": "court", "displayName": "a\u{0}b", "country": "ZZ", "language": "??",
        "timeZone": "Mars/Olympus", "consents": { "tracking": false },
    } });
    let answer = bench.guest.run_with(REGISTER, bad).await;
    let errors = answer.ok()["register"]["errors"]
        .as_array()
        .unwrap()
        .clone();
    let pairs: Vec<_> = errors
        .iter()
        .map(|error| {
            (
                error["field"].as_str().unwrap(),
                error["code"].as_str().unwrap(),
            )
        })
        .collect();
    assert_eq!(
        pairs,
        [
            ("email", "EMAIL_INVALID"),
            ("password", "PASSWORD_TOO_SHORT"),
            ("displayName", "DISPLAY_NAME_INVALID"),
            ("country", "COUNTRY_UNKNOWN"),
            ("language", "LANGUAGE_INVALID"),
            ("timeZone", "TIME_ZONE_UNKNOWN"),
            ("consents.tracking", "CONSENT_REQUIRED"),
        ]
    );
    assert_eq!(
        errors[1]["message"],
        "The password has fewer than 10 characters. A sentence does very well."
    );
    assert!(bench.rows("SELECT id FROM users").await.is_empty());
    let french = bench.guest.with_language("fr").run_with(REGISTER, json!({ "input": {
        "email": "a@b.co", "password": "motdepasse123", "displayName": "A", "consents": { "tracking": true } } })).await;
    let error = &french.ok()["register"]["errors"][0];
    assert_eq!(error["code"], "PASSWORD_TOO_WEAK");
    assert!(
        error["message"]
            .as_str()
            .unwrap()
            .starts_with("Ce mot de passe est trop facile"),
        "{error}"
    );
}

#[tokio::test]
async fn hostile_text_is_stored_as_text_or_refused() {
    let bench = Bench::new().await;
    for name in [
        "'; DROP TABLE users; --",
        "<script>alert(1)</script>",
        "${jndi:ldap://x}",
        "=HYPERLINK(\"x\")",
    ] {
        bench.later(time::Duration::minutes(1));
        let mut hostile = input("hostile@example.org");
        hostile["input"]["displayName"] = json!(name);
        bench.guest.run_with(REGISTER, hostile).await.ok();
        let rows = bench.rows("SELECT display_name FROM users").await;
        assert_eq!(rows, [json!({ "display_name": name })]);
        let letters = bench.letters().await;
        assert!(
            !letters[0].html.as_deref().unwrap().contains("<script>"),
            "{letters:#?}"
        );
    }
    for email in [
        "a@b.co\r\nBcc: x@y.co",
        "\"a b\"@c.co",
        "' OR 1=1 --",
        &format!("{}@b.co", "a".repeat(5000)),
    ] {
        bench.later(time::Duration::minutes(1));
        assert_eq!(
            refusals(&bench.guest.run_with(REGISTER, input(email)).await),
            ["EMAIL_INVALID"],
            "{email:?}"
        );
        let answer = bench.try_login(email, PASSWORD).await;
        assert_eq!(refusals(&answer), ["CREDENTIALS_INVALID"], "{email:?}");
    }
}

#[tokio::test]
async fn registration_is_limited_per_address() {
    let bench = Bench::new().await;
    let query = |n: u32| {
        format!(
            "mutation {{ register(input: {{ email: \"n{n}@example.org\", password: \"{PASSWORD}\", displayName: \"N\",
            consents: {{ tracking: true }} }}) {{ email errors {{ code }} }} }}"
        )
    };
    for n in 0..3 {
        let body = bench.request_from("192.0.2.1", &query(n)).await;
        assert!(body.get("errors").is_none(), "{body:#}");
    }
    let body = bench.request_from("192.0.2.1", &query(3)).await;
    assert_eq!(
        body["errors"][0]["extensions"]["code"], "RATE_LIMITED",
        "{body:#}"
    );
    assert_eq!(body["errors"][0]["extensions"]["retryAfter"], 20);
    let body = bench.request_from("192.0.2.2", &query(4)).await;
    assert!(
        body.get("errors").is_none(),
        "another client is not held back: {body:#}"
    );
}

/// Unknown and known addresses take as long: each hashes one password, and both wait for the floor.
#[tokio::test]
async fn answers_about_addresses_take_as_long_either_way() {
    let bench = Bench::with(|config| config["answer_floor_millis"] = json!(300)).await;
    bench.person("known@example.org", &[]).await;
    for email in ["known@example.org", "nobody@example.org"] {
        let began = std::time::Instant::now();
        let query = format!(
            "mutation {{ requestPasswordReset(input: {{ email: \"{email}\" }}) {{ accepted }} }}"
        );
        bench.guest.run(&query).await.ok();
        assert!(
            began.elapsed().as_millis() >= 300,
            "{email}: {:?}",
            began.elapsed()
        );
    }
}
