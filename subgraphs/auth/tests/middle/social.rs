use std::sync::Arc;

use coko_core::testkit::Answer;
use serde_json::{Value, json};

use crate::bench::{Bench, PASSWORD, refusals};
use crate::provider::{CLIENT, Lie, Provider, SECRET, Visitor};

const REDIRECT: &str = "https://app.example.org/back";
const START: &str = "mutation($provider: SignInMethod!, $redirect: String!) {
    startSocialSignIn(input: { provider: $provider, redirectUri: $redirect }) { authorizationUrl state errors { code } } }";
const COMPLETE: &str = "mutation($state: String!, $code: String!, $tracking: Boolean!) {
    completeSocialSignIn(input: { state: $state, code: $code, consents: { tracking: $tracking } }) {
        tokens { accessToken refreshToken session { id method } } user { id displayName email emailVerified } errors { code field message } } }";

async fn bench(provider: &Arc<Provider>) -> Bench {
    let issuer = provider.issuer.clone();
    Bench::with(|config| {
        config["google"] = json!({
            "issuer": issuer, "client_id": CLIENT, "client_secret": SECRET, "redirect_uris": [REDIRECT],
        });
    })
    .await
}

fn awa() -> Visitor {
    Visitor {
        subject: "subject-of-awa",
        email: Some("Awa@example.sn"),
        email_verified: true,
        name: Some("Awa Ndiaye"),
        lie: None,
    }
}

impl Bench {
    async fn leave(&self) -> Value {
        let answer = self
            .guest
            .run_with(START, json!({ "provider": "GOOGLE", "redirect": REDIRECT }))
            .await;
        answer.ok()["startSocialSignIn"].clone()
    }

    async fn come_back(&self, state: &str, code: &str) -> Answer {
        self.guest
            .run_with(
                COMPLETE,
                json!({ "state": state, "code": code, "tracking": true }),
            )
            .await
    }

    async fn sign_in_at(&self, provider: &Provider, visitor: Visitor) -> Answer {
        let leaving = self.leave().await;
        let (code, state) = provider.visit(leaving["authorizationUrl"].as_str().unwrap(), visitor);
        assert_eq!(leaving["state"], json!(state));
        self.come_back(&state, &code).await
    }
}

#[tokio::test]
async fn a_visitor_becomes_an_account_and_comes_back_to_it() {
    let provider = Provider::start().await;
    let bench = bench(&provider).await;
    let first = bench.sign_in_at(&provider, awa()).await;
    let payload = &first.ok()["completeSocialSignIn"];
    assert_eq!(payload["tokens"]["session"]["method"], "GOOGLE");
    assert_eq!(payload["user"]["displayName"], "Awa Ndiaye");
    assert_eq!(
        (&payload["user"]["email"], &payload["user"]["emailVerified"]),
        (&json!("awa@example.sn"), &json!(true))
    );
    let person = bench.signed_in(payload);
    assert!(person.is_known().await);
    assert_eq!(bench.events("user.registered").await[0]["method"], "google");
    let again = bench
        .sign_in_at(
            &provider,
            Visitor {
                email: Some("moved@example.sn"),
                ..awa()
            },
        )
        .await;
    assert_eq!(
        bench.signed_in(&again.ok()["completeSocialSignIn"]).id,
        person.id,
        "the subject counts, not the address"
    );
    assert_eq!(bench.rows("SELECT id FROM users").await.len(), 1);
    let stored = json!(
        bench
            .rows("SELECT encode(refresh_token, 'escape') AS token FROM social_identities")
            .await
    )
    .to_string();
    assert!(
        stored.len() > 60 && !stored.contains("a refresh token of the provider"),
        "it is sealed: {stored}"
    );
}

#[tokio::test]
async fn a_state_works_once_and_ten_minutes() {
    let provider = Provider::start().await;
    let bench = bench(&provider).await;
    let leaving = bench.leave().await;
    let (code, state) = provider.visit(leaving["authorizationUrl"].as_str().unwrap(), awa());
    assert_eq!(
        refusals(&bench.come_back("another state", &code).await),
        ["STATE_INVALID"]
    );
    let no = bench
        .guest
        .run_with(
            COMPLETE,
            json!({ "state": state, "code": code, "tracking": false }),
        )
        .await;
    assert_eq!(refusals(&no), ["CONSENT_REQUIRED"]);
    bench.come_back(&state, &code).await.ok();
    assert_eq!(
        refusals(&bench.come_back(&state, &code).await),
        ["STATE_INVALID"]
    );

    let leaving = bench.leave().await;
    let (code, state) = provider.visit(leaving["authorizationUrl"].as_str().unwrap(), awa());
    bench.later(time::Duration::minutes(10));
    assert_eq!(
        refusals(&bench.come_back(&state, &code).await),
        ["STATE_INVALID"]
    );
    let leaving = bench.leave().await;
    assert_eq!(
        refusals(
            &bench
                .come_back(leaving["state"].as_str().unwrap(), "no such code")
                .await
        ),
        ["CODE_REFUSED"]
    );
}

#[tokio::test]
async fn tokens_that_lie_are_refused() {
    let provider = Provider::start().await;
    let bench = bench(&provider).await;
    for lie in [
        Lie::Nonce,
        Lie::Audience,
        Lie::Issuer,
        Lie::Expired,
        Lie::Signature,
    ] {
        let answer = bench
            .sign_in_at(
                &provider,
                Visitor {
                    lie: Some(lie),
                    ..awa()
                },
            )
            .await;
        assert_eq!(refusals(&answer), ["CODE_REFUSED"]);
    }
    assert!(bench.rows("SELECT id FROM users").await.is_empty());
    // A rotation of the provider's keys is no lie.
    bench.sign_in_at(&provider, awa()).await.ok();
    provider.rotate_keys();
    bench.later(time::Duration::minutes(1));
    let answer = bench.sign_in_at(&provider, awa()).await;
    assert!(refusals(&answer).is_empty(), "{:#}", answer.body);
}

#[tokio::test]
async fn an_address_links_accounts_only_when_both_sides_have_proof() {
    let provider = Provider::start().await;
    let bench = bench(&provider).await;
    let owner = bench.person("awa@example.sn", &[]).await;
    // The provider does not vouch for the address: a separate account without one.
    let stranger = bench
        .sign_in_at(
            &provider,
            Visitor {
                subject: "other",
                email_verified: false,
                ..awa()
            },
        )
        .await;
    let stranger = &stranger.ok()["completeSocialSignIn"]["user"];
    assert_ne!(stranger["id"], json!(owner.id));
    assert_eq!(stranger["email"], json!(null));
    // It does: the owner's account.
    let linked = bench.sign_in_at(&provider, awa()).await;
    assert_eq!(
        linked.ok()["completeSocialSignIn"]["user"]["id"],
        json!(owner.id)
    );
    bench.login("awa@example.sn").await;
}

#[tokio::test]
async fn an_unproven_registration_is_taken_over_without_its_password() {
    let provider = Provider::start().await;
    let bench = bench(&provider).await;
    let register = format!(
        "mutation {{ register(input: {{ email: \"awa@example.sn\", password: \"{PASSWORD}\", displayName: \"Squatter\",
        consents: {{ tracking: true }} }}) {{ email }} }}"
    );
    bench.guest.run(&register).await.ok();
    let answer = bench.sign_in_at(&provider, awa()).await;
    assert!(
        bench
            .signed_in(&answer.ok()["completeSocialSignIn"])
            .is_known()
            .await
    );
    assert_eq!(
        refusals(&bench.try_login("awa@example.sn", PASSWORD).await),
        ["CREDENTIALS_INVALID"]
    );
    let link = bench.link().await;
    let verify = format!(
        "mutation {{ verifyEmail(input: {{ token: \"{link}\" }}) {{ verified errors {{ code }} }} }}"
    );
    assert_eq!(
        refusals(&bench.guest.run(&verify).await),
        ["TOKEN_INVALID"],
        "the squatter's link is dead"
    );
}

#[tokio::test]
async fn what_is_not_configured_or_does_not_answer_is_said() {
    let provider = Provider::start().await;
    let bench = bench(&provider).await;
    let start = |provider: &str, redirect: &str| {
        bench
            .guest
            .run_with(START, json!({ "provider": provider, "redirect": redirect }))
    };
    assert_eq!(
        refusals(&start("FACEBOOK", REDIRECT).await),
        ["PROVIDER_UNAVAILABLE"]
    );
    assert_eq!(
        refusals(&start("PASSWORD", REDIRECT).await),
        ["PROVIDER_UNAVAILABLE"]
    );
    assert_eq!(
        refusals(&start("GOOGLE", "https://evil.example.org/back").await),
        ["REDIRECT_URI_UNKNOWN"]
    );
    let down = Bench::with(|config| {
        config["google"] = json!({
            "issuer": "http://127.0.0.1:9", "client_id": CLIENT, "client_secret": SECRET, "redirect_uris": [REDIRECT],
        });
    })
    .await;
    let answer = down
        .guest
        .run_with(START, json!({ "provider": "GOOGLE", "redirect": REDIRECT }))
        .await;
    assert_eq!(refusals(&answer), ["PROVIDER_UNAVAILABLE"]);
    assert_eq!(
        answer.ok()["startSocialSignIn"]["authorizationUrl"],
        json!(null)
    );
}
