//! What others rely on: the SDL, the published keys, the translations, the configuration.

use axum::body::Body;
use axum::http::Request;
use coko_core::database::{Direction, migrate, migration_status};
use coko_core::locale::Locale;
use coko_core::testkit::TestDatabase;
use serde_json::{Value, json};
use tower::ServiceExt as _;

use crate::bench::Bench;

#[test]
fn the_sdl_is_a_federation_subgraph() {
    let sdl = coko_auth::sdl();
    assert!(sdl.contains("type User @key(fields: \"id\")"), "{sdl}");
    for root in ["type Query", "type Mutation"] {
        assert!(sdl.contains(root), "{root}");
    }
    assert!(
        !sdl.contains("_entities"),
        "federation's own fields are not part of it"
    );
}

#[test]
fn every_message_is_in_both_languages() {
    let translations = coko_auth::translations().unwrap();
    let keys = |source: &str| -> Vec<String> {
        source
            .lines()
            .filter(|line| line.starts_with("auth-"))
            .map(|line| line.split(' ').next().unwrap().to_owned())
            .collect()
    };
    let (french, english) = (
        include_str!("../../locales/fr.ftl"),
        include_str!("../../locales/en.ftl"),
    );
    assert_eq!(keys(french), keys(english));
    let used = include_str!("../../src/error/refusals.rs");
    for key in used.split('"').filter(|text| text.starts_with("auth-")) {
        assert!(
            translations.has(&Locale::FR, key) && translations.has(&Locale::EN, key),
            "{key}"
        );
    }
}

#[tokio::test]
async fn public_keys_are_published_and_rotate() {
    let bench = Bench::with(|config| {
        config["root_keys"] = json!(format!("1:{},2:{}", "2a".repeat(32), "07".repeat(32)));
    })
    .await;
    let request = Request::get("/.well-known/biscuit-keys.json")
        .body(Body::empty())
        .unwrap();
    let response = bench.service.router.clone().oneshot(request).await.unwrap();
    assert_eq!(response.headers()["cache-control"], "public, max-age=300");
    let bytes = http_body_util::BodyExt::collect(response.into_body())
        .await
        .unwrap()
        .to_bytes();
    let document: Value = serde_json::from_slice(&bytes).unwrap();
    let keys = document["keys"].as_array().unwrap();
    assert_eq!(keys.len(), 2);
    assert_eq!(
        (&keys[0]["id"], &keys[0]["algorithm"]),
        (&json!(1), &json!("ed25519"))
    );
    assert_eq!(keys[0]["key"].as_str().unwrap().len(), 64);
    assert!(
        !document.to_string().contains(&"2a".repeat(32)),
        "no private key is shown"
    );
    // The first key signs, and the platform trusts it.
    assert!(bench.person("awa@example.sn", &[]).await.is_known().await);
}

#[tokio::test]
async fn a_configuration_that_cannot_work_is_refused_by_name() {
    let platform = coko_core::testkit::TestPlatform::new();
    let good = json!({
        "database_url": "postgres://nowhere/none",
        "root_keys": format!("1:{}", "2a".repeat(32)),
        "column_keys": "k1:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=",
        "lookup_key": "a lookup key of the tests, 32+ characters",
    });
    let build = async |name: &str, value: Value| {
        let mut config = good.clone();
        config[name] = value;
        let config = serde_json::from_value(config).unwrap();
        coko_auth::build(&platform.platform, config)
            .await
            .map(drop)
            .map_err(|error| error.to_string())
    };
    assert_eq!(
        build("database_pool", json!(2)).await,
        Ok(()),
        "a database that is down does not keep auth from starting"
    );
    for (name, value) in [
        ("root_keys", json!("")),
        ("root_keys", json!("nonsense")),
        ("root_keys", json!(format!("1:{0},1:{0}", "2a".repeat(32)))),
        ("column_keys", json!("k1:short")),
        ("lookup_key", json!("short")),
        ("passwords", json!({ "memory_kib": 0 })),
    ] {
        let error = build(name, value.clone()).await.unwrap_err();
        assert!(error.contains(name), "{name} = {value}: {error}");
        assert!(!error.contains(&"2a".repeat(32)), "{error}");
    }
}

#[tokio::test]
async fn every_migration_can_be_reverted_and_run_again() {
    let database = TestDatabase::new("auth", || coko_auth::MIGRATIONS).await;
    let url = &database.url;
    let ours = std::fs::read_dir(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../migrations/auth"
    ))
    .unwrap()
    .count();
    for _ in 0..ours {
        let reverted = migrate(url, coko_auth::MIGRATIONS, Direction::Down)
            .await
            .unwrap();
        assert_eq!(reverted.len(), 1);
    }
    let status = migration_status(url, coko_auth::MIGRATIONS).await.unwrap();
    assert_eq!(status.pending.len(), ours, "{status:?}");
    let run = migrate(url, coko_auth::MIGRATIONS, Direction::Up)
        .await
        .unwrap();
    assert_eq!(run.len(), ours);
}
