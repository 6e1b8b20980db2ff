//! The cache and who asks: every kind of caller over the same cached fields.

use std::sync::Arc;

use biscuit_auth::UnverifiedBiscuit;
use biscuit_auth::builder::BlockBuilder;
use coko_core::clock::Clock;
use coko_core::identity::{
    KeySet, Minter, PartnerGrant, Revocations, RootKey, UserGrant, Verifier, session_key,
};
use coko_core::service::{Bus, Recording};
use serde_json::{Value, json};
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use crate::cached::{World, stage};

const QUERY: &str = "{ mine books { id title note stars } }";

/// Asked twice by everybody, every caller sees his own, and the second time no subgraph is called. Who may not come in gets
/// nothing of what is cached.
#[tokio::test]
async fn every_caller_sees_his_own() {
    let clock = Clock::fixed(OffsetDateTime::from_unix_timestamp(1_800_000_000).unwrap());
    let root = RootKey::from_seed(1, &[7; 32]).unwrap();
    let keys = KeySet::new(&[root.published()]).unwrap();
    let revocations = Revocations::new(&Bus::Recording(Recording::default()), clock.clone());
    let verifier = Arc::new(Verifier::new(keys, revocations.clone(), clock.clone()));
    let minter = Minter::new(root);
    let soon = clock.now() + Duration::minutes(15);
    let user = |user: u128, session: u128, role: &str, rights: &[&str], expires_at| {
        let grant = UserGrant {
            user: Uuid::from_u128(user),
            session: Uuid::from_u128(session),
            roles: vec![role.to_owned()],
            rights: rights.iter().map(|right| right.parse().unwrap()).collect(),
            plan: None,
            expires_at,
        };
        minter.user(&grant).unwrap().token
    };
    let partner = PartnerGrant {
        partner: "acme".to_owned(),
        client: "acme-web".to_owned(),
        rights: Vec::new(),
        expires_at: soon,
    };
    let reader = user(1, 1, "user", &[], soon);
    let narrowed = UnverifiedBiscuit::from_base64(&reader)
        .unwrap()
        .append(
            BlockBuilder::new()
                .code("check if operation_kind(\"query\")")
                .unwrap(),
        )
        .unwrap()
        .to_base64()
        .unwrap();
    let callers = [
        ("guest", None),
        ("user", Some(reader.clone())),
        (
            "user in another session",
            Some(user(1, 2, "user", &[], soon)),
        ),
        ("other user", Some(user(2, 3, "user", &[], soon))),
        (
            "user with more rights",
            Some(user(1, 1, "user", &["books:update"], soon)),
        ),
        (
            "staff",
            Some(user(3, 4, "admin", &["books:*", "system:*"], soon)),
        ),
        ("partner", Some(minter.partner(&partner).unwrap().token)),
        ("user, narrowed", Some(narrowed)),
    ];
    let stage = stage(&World::new(), |config, deps| {
        config.persisted.partners = coko_gateway::config::PersistedMode::Allow;
        deps.verifier = Some(verifier);
        deps.clock = Some(clock.clone());
    })
    .await;
    let ask = async |token: Option<&String>| -> (u16, Value) {
        let mut request = stage
            .client
            .post(format!("{}/graphql", stage.url))
            .header("content-type", "application/json")
            .header("accept", "application/graphql-response+json")
            .body(json!({ "query": QUERY }).to_string());
        if let Some(token) = token {
            request = request.bearer_auth(token);
        }
        let response = request.send().await.unwrap();
        let status = response.status().as_u16();
        (
            status,
            serde_json::from_str(&response.text().await.unwrap()).unwrap(),
        )
    };
    for round in 0..2 {
        for (name, token) in &callers {
            let before = stage.world.calls();
            let (status, answer) = ask(token.as_ref()).await;
            assert_eq!(status, 200, "{name}: {answer}");
            let own = token
                .as_ref()
                .map_or("guest".to_owned(), |token| format!("Bearer {token}"));
            assert_eq!(answer["data"]["mine"], own, "{name}");
            assert_eq!(
                answer["data"]["books"][0]["note"],
                format!("{own} on 1"),
                "{name}"
            );
            assert_eq!(stage.world.calls() == before, round == 1, "{name}");
        }
    }

    let long_ago = clock.now() - Duration::minutes(1);
    let expired = user(1, 1, "user", &[], long_ago);
    let foreign = Minter::new(RootKey::from_seed(1, &[8; 32]).unwrap());
    let forged = foreign.partner(&partner).unwrap().token;
    let session = session_key(Uuid::from_u128(1));
    revocations.revoke(&[session], soon).await.unwrap();
    let before = stage.world.calls();
    for (name, token) in [
        ("revoked", reader),
        ("expired", expired),
        ("forged", forged),
    ] {
        let (status, answer) = ask(Some(&token)).await;
        assert_eq!(
            (status, answer.get("data")),
            (401, None),
            "{name}: {answer}"
        );
    }
    assert_eq!(stage.world.calls(), before);

    // An operator's call takes a token with the permission, and no other.
    let purge = async |token: &str| stage.purge(token, json!("all")).await;
    let plain = callers[3].1.clone().unwrap();
    let staff = callers[5].1.clone().unwrap();
    assert_eq!((purge(&plain).await, purge(&staff).await), (403, 200));
}
