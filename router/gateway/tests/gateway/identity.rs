//! Tokens: who may come in, what a narrowed token runs, what the supergraph's directives ask.

use std::sync::Arc;

use biscuit_auth::UnverifiedBiscuit;
use biscuit_auth::builder::BlockBuilder;
use coko_core::clock::Clock;
use coko_core::config::Secret;
use coko_core::identity::{
    ENVELOPE_HEADER, Envelope, InternalKey, KeySet, Minter, OperationKind, PartnerGrant,
    Revocations, RootKey, UserGrant, Verifier, client_key,
};
use coko_core::service::{Bus, Recording};
use serde_json::json;
use sha2::{Digest as _, Sha256};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::support::{Answer, Shape, Stack, stack_with};

struct Guarded {
    stack: Stack,
    clock: Clock,
    minter: Minter,
    revocations: Revocations,
    key: InternalKey,
}

async fn guarded(anonymous: bool) -> Guarded {
    let clock = Clock::fixed(OffsetDateTime::from_unix_timestamp(1_800_000_000).unwrap());
    let root = RootKey::from_seed(1, &[7; 32]).unwrap();
    let keys = KeySet::new(&[root.published()]).unwrap();
    let revocations = Revocations::new(&Bus::Recording(Recording::default()), clock.clone());
    let verifier = Verifier::new(keys, revocations.clone(), clock.clone());
    let key = InternalKey::new(Secret::new("k".repeat(32))).unwrap();
    let stack = stack_with(Shape::OverHttp, |config, deps| {
        config.anonymous = anonymous;
        config.introspection = coko_gateway::config::Audience::Authenticated;
        deps.verifier = Some(Arc::new(verifier));
        deps.internal_key = Some(key.clone());
        deps.clock = Some(clock.clone());
    })
    .await;
    Guarded {
        stack,
        clock,
        minter: Minter::new(root),
        revocations,
        key,
    }
}

impl Guarded {
    fn user(&self, rights: &[&str]) -> String {
        let grant = UserGrant {
            user: Uuid::from_u128(1),
            session: Uuid::from_u128(2),
            roles: vec!["user".to_owned()],
            rights: rights.iter().map(|right| right.parse().unwrap()).collect(),
            plan: None,
            expires_at: self.clock.now() + time::Duration::minutes(15),
        };
        self.minter.user(&grant).unwrap().token
    }

    fn partner(&self) -> String {
        let grant = PartnerGrant {
            partner: "acme".to_owned(),
            client: "acme-web".to_owned(),
            rights: Vec::new(),
            expires_at: self.clock.now() + time::Duration::days(1),
        };
        self.minter.partner(&grant).unwrap().token
    }

    async fn send(&self, token: &str, body: serde_json::Value) -> Answer {
        self.stack
            .send(
                self.stack
                    .post(&body)
                    .header("authorization", format!("Bearer {token}")),
            )
            .await
    }

    async fn run(&self, token: &str, query: &str) -> (u16, Vec<String>) {
        let answer = self.send(token, json!({ "query": query })).await;
        (
            answer.status,
            answer.codes().into_iter().map(str::to_owned).collect(),
        )
    }
}

fn narrow(token: &str, code: &str) -> String {
    let biscuit = UnverifiedBiscuit::from_base64(token).unwrap();
    biscuit
        .append(BlockBuilder::new().code(code).unwrap())
        .unwrap()
        .to_base64()
        .unwrap()
}

fn hash(text: &str) -> String {
    hex::encode(Sha256::digest(text.as_bytes()))
}

fn refused(status: u16, code: &str) -> (u16, Vec<String>) {
    (status, vec![code.to_owned()])
}

const FINE: (u16, Vec<String>) = (200, Vec::new());

#[tokio::test]
async fn tokens_are_verified_before_anything_runs() {
    let guarded = guarded(true).await;
    let token = guarded.user(&[]);
    assert_eq!(guarded.run(&token, "{ mood }").await, FINE);
    for bad in ["", "abc", &token[..token.len() - 4], &format!("{token}x")] {
        assert_eq!(
            guarded.run(bad, "{ mood }").await,
            refused(401, "UNAUTHENTICATED"),
            "{bad}"
        );
    }
    let basic = guarded
        .stack
        .post(&json!({ "query": "{ mood }" }))
        .header("authorization", "Basic dTpw");
    let answer = guarded.stack.send(basic).await;
    assert_eq!(
        (
            answer.status,
            answer.headers["www-authenticate"].to_str().unwrap()
        ),
        (401, "Bearer")
    );
    guarded.clock.advance(time::Duration::minutes(16));
    assert_eq!(
        guarded.run(&token, "{ mood }").await,
        refused(401, "UNAUTHENTICATED"),
        "expired"
    );
    assert_eq!(
        guarded.stack.run("{ mood }").await.status,
        200,
        "guests are welcome"
    );
    let closed = self::guarded(false).await;
    assert_eq!(
        closed.stack.run("{ mood }").await.status,
        401,
        "guests are not welcome"
    );
}

#[tokio::test]
async fn what_the_supergraph_demands_is_enforced() {
    let guarded = guarded(true).await;
    let (plain, seller) = (guarded.user(&[]), guarded.user(&["sales:read"]));
    for (token, query, expected) in [
        (None, "{ secret }", refused(401, "UNAUTHENTICATED")),
        (None, "{ mood x: sales }", refused(401, "UNAUTHENTICATED")),
        (Some(&plain), "{ secret }", FINE),
        (Some(&plain), "{ sales }", refused(403, "FORBIDDEN")),
        (Some(&seller), "{ sales secret }", FINE),
        (
            None,
            "{ __schema { queryType { name } } }",
            refused(403, "FORBIDDEN"),
        ),
        (Some(&plain), "{ __schema { queryType { name } } }", FINE),
        (None, "{ __typename }", FINE),
    ] {
        let found = match token {
            Some(token) => guarded.run(token, query).await,
            None => {
                let answer = guarded.stack.run(query).await;
                (
                    answer.status,
                    answer.codes().into_iter().map(str::to_owned).collect(),
                )
            }
        };
        assert_eq!(found, expected, "{query}");
    }
}

#[tokio::test]
async fn a_partner_runs_what_is_registered_and_no_more() {
    let guarded = guarded(true).await;
    let [one, two, three] = [
        "query One { mood }",
        "query Two { books { title } }",
        "query Three { latestReview { stars } }",
    ];
    let operations = [one, two, three].map(|text| (hash(text), text.to_owned()));
    guarded
        .stack
        .gateway
        .publish_operations(&operations.into())
        .unwrap();
    let by_id = |text: &str| json!({ "documentId": hash(text) });
    let token = guarded.partner();
    for text in [one, two, three] {
        assert_eq!(guarded.send(&token, by_id(text)).await.status, 200);
        assert_eq!(
            guarded.run(&token, text).await,
            refused(403, "FORBIDDEN"),
            "text is refused even when it is registered"
        );
    }
    // The partner narrows its token for its own client, without asking anyone.
    let end = guarded.clock.now() + time::Duration::hours(1);
    let end = end
        .format(&time::format_description::well_known::Rfc3339)
        .unwrap();
    let narrowed = narrow(
        &token,
        &format!(
            r#"check if operation($h), {{"{}", "{}"}}.contains($h); check if time($t), $t < {end};"#,
            hash(one),
            hash(two)
        ),
    );
    assert_eq!(
        guarded.send(&narrowed, by_id(one)).await.data()["mood"],
        "well"
    );
    assert_eq!(guarded.send(&narrowed, by_id(two)).await.status, 200);
    let third = guarded.send(&narrowed, by_id(three)).await;
    assert_eq!((third.status, third.codes()), (403, vec!["FORBIDDEN"]));
    assert_eq!(
        guarded.run(&narrowed, "{ mood }").await,
        refused(403, "FORBIDDEN")
    );
    assert_eq!(guarded.run(&narrowed, one).await, refused(403, "FORBIDDEN"));
    guarded.clock.advance(time::Duration::minutes(61));
    assert_eq!(
        guarded.send(&narrowed, by_id(one)).await.status,
        403,
        "expired"
    );
    assert_eq!(guarded.send(&token, by_id(one)).await.status, 200);
    let until = guarded.clock.now() + time::Duration::days(2);
    guarded
        .revocations
        .revoke(&[client_key("acme", "acme-web")], until)
        .await
        .unwrap();
    for token in [&token, &narrowed] {
        assert_eq!(guarded.send(token, by_id(one)).await.status, 401, "revoked");
    }
}

#[tokio::test]
async fn a_token_narrowed_to_queries_runs_no_mutation() {
    let guarded = guarded(true).await;
    let token = narrow(&guarded.user(&[]), r#"check if operation_kind("query");"#);
    assert_eq!(guarded.run(&token, "query { mood }").await, FINE);
    let mutation = r#"mutation { rename(id: "1", title: "x") { id } }"#;
    assert_eq!(
        guarded.run(&token, mutation).await,
        refused(403, "FORBIDDEN")
    );
    // A document that looks like a query first.
    let both = json!({ "query": format!("query Q {{ mood }} mutation M {{ rename(id: \"1\", title: \"x\") {{ id }} }}"), "operationName": "M" });
    assert_eq!(guarded.send(&token, both).await.status, 403);
}

#[tokio::test]
async fn subgraphs_are_told_of_the_clients_operation_under_seal() {
    let guarded = guarded(true).await;
    let token = guarded.user(&[]);
    let query = "query Sealed { books(first: 1) { rating } }";
    assert_eq!(guarded.run(&token, query).await, FINE);
    let seen = guarded.stack.rogue.seen.lock().unwrap();
    let headers = seen.last().unwrap();
    assert_eq!(headers["authorization"], format!("Bearer {token}"));
    let envelope = Envelope::open(
        headers[ENVELOPE_HEADER].to_str().unwrap(),
        &guarded.key,
        guarded.clock.now(),
    )
    .unwrap();
    assert_eq!(
        (envelope.operation, envelope.kind),
        (hash(query), OperationKind::Query)
    );
    assert_eq!(
        envelope.request_id,
        headers["x-request-id"].to_str().unwrap()
    );
    assert_eq!(envelope.address, Some("127.0.0.1".parse().unwrap()));
}

/// A supergraph may call the directives otherwise, or put them on interfaces alone.
#[tokio::test]
async fn demands_hold_under_any_name() {
    let guarded = guarded(true).await;
    let gateway = &guarded.stack.gateway;
    let renamed = guarded
        .stack
        .sdl
        .replace(
            "authenticated/v0.1\", for",
            "authenticated/v0.1\", as: \"signedIn\", for",
        )
        .replace("@authenticated", "@signedIn");
    assert!(renamed.contains("secret: String") && renamed.contains(" @signedIn"));
    gateway.reload(&renamed).await.unwrap();
    let answer = guarded.stack.run("{ secret }").await;
    assert_eq!(
        (answer.status, answer.codes()),
        (401, vec!["UNAUTHENTICATED"])
    );
    assert!(!gateway.public_sdl().contains("signedIn"));
    let unknown = renamed.replace(
        "https://specs.apollo.dev/authenticated",
        "https://specs.test/authenticated",
    );
    let refused = gateway.reload(&unknown).await.unwrap_err().to_string();
    assert!(
        refused.contains("https://specs.test/authenticated/v0.1 for SECURITY"),
        "{refused}"
    );
}
