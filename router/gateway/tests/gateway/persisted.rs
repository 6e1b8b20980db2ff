//! Persisted operations: manifests, automatic registration, and who may run what.

use coko_gateway::config::PersistedMode;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::support::{Answer, Shape, Stack, stack, stack_with};

const KNOWN: &str = "query Known { mood }";
const OTHER: &str = "query Other { books { title } }";

fn hash(text: &str) -> String {
    hex::encode(Sha256::digest(text.as_bytes()))
}

async fn with_mode(mode: PersistedMode) -> Stack {
    let stack = stack_with(Shape::OverHttp, |config, _| {
        config.persisted.mode = mode;
        config
            .persisted
            .clients
            .insert("strict".to_owned(), PersistedMode::IdsOnly);
        config
            .persisted
            .clients
            .insert("lax".to_owned(), PersistedMode::Allow);
    })
    .await;
    stack
        .gateway
        .publish_operations(&[("known".to_owned(), KNOWN.to_owned())].into())
        .unwrap();
    stack
}

async fn send(stack: &Stack, body: Value) -> Answer {
    stack.send(stack.post(&body)).await
}

fn by_hash(text: &str) -> Value {
    json!({ "extensions": { "persistedQuery": { "version": 1, "sha256Hash": hash(text) } } })
}

#[tokio::test]
async fn the_table_of_modes() {
    use PersistedMode::{Allow, IdsOnly, LogUnknown, Safelist};
    let not_found = Some("PERSISTED_QUERY_NOT_FOUND");
    let forbidden = Some("FORBIDDEN");
    for (mode, known_text, unknown_text) in [
        (Allow, None, None),
        (LogUnknown, None, None),
        (Safelist, None, forbidden),
        (IdsOnly, forbidden, forbidden),
    ] {
        let stack = with_mode(mode).await;
        for (body, expected) in [
            (json!({ "documentId": "known" }), None),
            (json!({ "id": "known" }), None),
            (
                json!({ "documentId": format!("sha256:{}", hash(KNOWN)) }),
                None,
            ),
            (by_hash(KNOWN), None),
            (json!({ "query": KNOWN }), known_text),
            (json!({ "query": OTHER }), unknown_text),
            (json!({ "documentId": "unknown" }), not_found),
            (by_hash(OTHER), not_found),
        ] {
            let answer = send(&stack, body.clone()).await;
            assert_eq!(
                answer.codes().first().copied(),
                expected,
                "{mode:?} {body} {}",
                answer.body
            );
            let status = match expected {
                None => 200,
                Some("FORBIDDEN") => 403,
                Some(_) => 404,
            };
            assert_eq!(answer.status, status, "{mode:?} {body}");
        }
    }
}

/// A page of any site may ask for the address of a document that was published, and for nothing else by that way.
#[tokio::test]
async fn the_address_of_a_document_runs_that_document_only() {
    let stack = with_mode(PersistedMode::Allow).await;
    let other = hash(OTHER);
    let get = async |id: &str, parameters: &[(&str, &str)]| {
        let url = format!("{}/{id}", stack.endpoint());
        stack.send(stack.client.get(url).query(parameters)).await
    };
    assert_eq!(get("known", &[]).await.data()["mood"], "well");
    let persisted = by_hash(OTHER)["extensions"].to_string();
    for parameters in [
        &[("query", OTHER)][..],
        &[("id", other.as_str())],
        &[("extensions", persisted.as_str())],
    ] {
        for id in ["known", other.as_str()] {
            let answer = get(id, parameters).await;
            assert_eq!((answer.status, answer.codes()), (400, vec!["BAD_REQUEST"]));
        }
    }
    let named_twice = get("known", &[("documentId", other.as_str())]).await;
    assert_eq!(named_twice.data()["mood"], "well");
    // Nothing was registered by the way.
    assert_eq!(
        get(&other, &[]).await.codes(),
        ["PERSISTED_QUERY_NOT_FOUND"]
    );
}

#[tokio::test]
async fn a_claimed_name_makes_the_rule_stricter_only() {
    let ask = async |stack: &Stack, name: &str| {
        let request = stack
            .post(&json!({ "query": OTHER }))
            .header("graphql-client-name", name);
        stack.send(request).await.status
    };
    let open = with_mode(PersistedMode::Allow).await;
    assert_eq!(
        (ask(&open, "strict").await, ask(&open, "lax").await),
        (403, 200)
    );
    let closed = with_mode(PersistedMode::Safelist).await;
    assert_eq!(
        (ask(&closed, "strict").await, ask(&closed, "lax").await),
        (403, 403)
    );
}

#[tokio::test]
async fn documents_are_registered_by_their_hash() {
    let stack = stack().await;
    let first = send(&stack, by_hash(OTHER)).await;
    assert_eq!(first.body["errors"][0]["message"], "PersistedQueryNotFound");
    let mut full = by_hash(OTHER);
    full["query"] = OTHER.into();
    assert_eq!(
        send(&stack, full).await.data()["books"][0]["title"],
        "Une si longue lettre"
    );
    assert_eq!(
        send(&stack, by_hash(OTHER)).await.data()["books"][0]["title"],
        "Une si longue lettre"
    );
    let mut wrong = by_hash(OTHER);
    wrong["query"] = KNOWN.into();
    let answer = send(&stack, wrong).await;
    assert_eq!((answer.status, answer.codes()), (400, vec!["BAD_REQUEST"]));
    // Clients that speak application/json look for the message under status 200.
    let request = stack
        .client
        .post(stack.endpoint())
        .header("content-type", "application/json")
        .body(by_hash(KNOWN).to_string());
    let answer = stack.send(request).await;
    assert_eq!(
        (answer.status, answer.codes()),
        (200, vec!["PERSISTED_QUERY_NOT_FOUND"])
    );

    let stack = stack_with(Shape::OverHttp, |config, _| {
        config.persisted.automatic = false;
    })
    .await;
    assert_eq!(
        send(&stack, by_hash(OTHER)).await.body["errors"][0]["message"],
        "PersistedQueryNotSupported"
    );
}

#[tokio::test]
async fn a_persisted_document_has_an_address() {
    let stack = with_mode(PersistedMode::IdsOnly).await;
    let get = |id: &str| {
        stack
            .client
            .get(format!("{}/{id}", stack.endpoint()))
            .header("accept", "application/graphql-response+json")
    };
    assert_eq!(stack.send(get("known")).await.data()["mood"], "well");
    assert_eq!(stack.send(get(&hash(KNOWN))).await.data()["mood"], "well");
    assert_eq!(stack.send(get("unknown")).await.status, 404);
    let post = stack.client.post(format!("{}/known", stack.endpoint()));
    assert_eq!(stack.send(post).await.status, 405);

    // What any client registered by hash is nobody's published operation: other sites may not point at it.
    let stack = with_mode(PersistedMode::Allow).await;
    let mut full = by_hash(OTHER);
    full["query"] = OTHER.into();
    assert_eq!(send(&stack, full).await.status, 200);
    let get = || {
        stack
            .client
            .get(format!("{}/{}", stack.endpoint(), hash(OTHER)))
    };
    assert_eq!(stack.send(get()).await.status, 400);
    assert_eq!(
        stack.send(get().header("coko-preflight", "1")).await.status,
        200
    );
}

#[tokio::test]
async fn manifest_files_are_read_and_watched() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("operations.json");
    let manifest = json!({ "format": "apollo-persisted-query-manifest", "version": 1, "operations": [
        { "id": hash(KNOWN), "name": "Known", "type": "query", "body": KNOWN } ] });
    std::fs::write(&path, manifest.to_string()).unwrap();
    let stack = stack_with(Shape::OverHttp, |config, _| {
        config.persisted.files = vec![path.clone()];
        config.persisted.mode = PersistedMode::IdsOnly;
        config.timeouts.reload_ms = 20;
    })
    .await;
    assert_eq!(
        send(&stack, json!({ "documentId": hash(KNOWN) }))
            .await
            .data()["mood"],
        "well"
    );
    assert_eq!(
        send(&stack, json!({ "documentId": "other" })).await.status,
        404
    );

    std::fs::write(&path, json!({ "other": OTHER, "known": KNOWN }).to_string()).unwrap();
    let mut answer = send(&stack, json!({ "documentId": "other" })).await;
    for _ in 0..200 {
        if answer.status == 200 {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        answer = send(&stack, json!({ "documentId": "other" })).await;
    }
    assert_eq!(answer.status, 200, "the new manifest was not taken over");

    // A manifest that cannot be used changes nothing.
    std::fs::write(&path, "{ not json").unwrap();
    tokio::time::sleep(std::time::Duration::from_millis(150)).await;
    assert_eq!(
        send(&stack, json!({ "documentId": "other" })).await.status,
        200
    );
}
