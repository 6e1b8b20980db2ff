//! A partner runs exactly the persisted queries that its token was narrowed to, until it ends or is revoked.

use std::time::Duration;

use coko_tests::{Client, Shape, Stack, operation};
use serde_json::{Value, json};

/// A mutation of an administrator's, without refusals.
async fn done(admin: &Client, field: &str, selection: &str, kind: &str, input: Value) -> Value {
    let document = format!(
        "mutation($input: {kind}!) {{ {field}(input: $input) {{ {selection} errors {{ code message }} }} }}"
    );
    let answer = admin
        .run_with(&document, json!({ "input": input }))
        .await
        .unwrap();
    let payload = answer.ok()[field].clone();
    assert_eq!(payload["errors"], json!([]), "{payload}");
    payload
}

async fn journey(shape: Shape) {
    let stack = Stack::start(shape).await.unwrap();
    let admin = stack.staff("Admin", &["admin"]).await.unwrap();
    let partner = json!({ "slug": "librairie", "name": "Librairie du Plateau", "contact": "it@librairie.example" });
    done(
        &admin,
        "createPartner",
        "partner { slug }",
        "CreatePartnerInput",
        partner,
    )
    .await;
    let client = json!({ "partner": "librairie", "slug": "librairie-web", "name": "Site", "rights": ["books:read"] });
    done(
        &admin,
        "createPartnerClient",
        "client { slug }",
        "CreatePartnerClientInput",
        client,
    )
    .await;
    let minted = json!({ "client": "librairie-web", "expiresInDays": 30 });
    let minted = done(
        &admin,
        "mintPartnerToken",
        "token partnerToken { id }",
        "MintPartnerTokenInput",
        minted,
    )
    .await;
    let token = minted["token"].as_str().unwrap();

    let [first, second, third] =
        ["Books", "BookBySlug", "NewReleases"].map(|name| operation(name).unwrap());
    let narrow = async |lasting: &str| {
        let arguments = [
            "token",
            "attenuate",
            token,
            "--operation",
            &first,
            &second,
            "--for",
            lasting,
        ];
        stack.command(&arguments).await.unwrap().trim().to_owned()
    };
    let narrowed = narrow("1h").await;
    let partner = stack.client().unwrap().with_token(&narrowed);
    assert!(
        partner
            .run_persisted(&first, json!({ "first": 3 }))
            .await
            .unwrap()
            .ok()["books"]
            .is_object()
    );
    let found = partner
        .run_persisted(&second, json!({ "slug": "no-such-book" }))
        .await
        .unwrap();
    assert_eq!(found.ok()["book"], Value::Null);
    assert_eq!(
        partner
            .run_persisted(&third, json!({ "first": 3 }))
            .await
            .unwrap()
            .codes(),
        ["FORBIDDEN"]
    );
    assert_eq!(
        partner
            .run("{ books(first: 1) { nodes { id } } }")
            .await
            .unwrap()
            .codes(),
        ["FORBIDDEN"]
    );
    // A subgraph that is reached directly is as strict.
    let direct = stack.subgraph("catalog").unwrap().with_token(&narrowed);
    assert_eq!(
        direct
            .run("{ books(first: 1) { nodes { id } } }")
            .await
            .unwrap()
            .codes(),
        ["FORBIDDEN"]
    );

    let brief = stack.client().unwrap().with_token(&narrow("2s").await);
    assert!(
        brief
            .run_persisted(&first, json!({ "first": 1 }))
            .await
            .unwrap()
            .ok()["books"]
            .is_object()
    );
    tokio::time::sleep(Duration::from_millis(2500)).await;
    assert_eq!(
        brief
            .run_persisted(&first, json!({ "first": 1 }))
            .await
            .unwrap()
            .codes(),
        ["FORBIDDEN"]
    );

    let id = minted["partnerToken"]["id"].as_str().unwrap();
    done(
        &admin,
        "revokePartnerToken",
        "id",
        "RevokePartnerTokenInput",
        json!({ "id": id }),
    )
    .await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(
        partner
            .run_persisted(&first, json!({ "first": 1 }))
            .await
            .unwrap()
            .codes(),
        ["UNAUTHENTICATED"]
    );
    assert_eq!(
        direct.run("{ __typename }").await.unwrap().codes(),
        ["UNAUTHENTICATED"]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn in_one_process() {
    journey(Shape::OneProcess).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn with_a_process_per_role() {
    journey(Shape::ProcessPerRole).await;
}
