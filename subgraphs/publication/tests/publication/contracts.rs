//! Contracts: who gets what, where and when.

use coko_core::events::payment::BookPurchased;
use coko_core::testkit::GraphqlClient;
use serde_json::{Value, json};
use time::Duration;
use uuid::Uuid;

use crate::support::{AUTHOR, House, READER, RIVAL, id};

const CREATE: &str = "mutation($i: CreatePublishingContractInput!) { createPublishingContract(input: $i) { manuscript { contracts { id territory startsOn endsOn platformShare parties { share payee { id kind user { id } organization { name } } } } } errors { field code } } }";

async fn create(client: &GraphqlClient, manuscript: &Value, mut input: Value) -> Value {
    input["manuscriptId"] = manuscript["id"].clone();
    let answer = client.run_with(CREATE, json!({ "i": input })).await;
    answer.ok()["createPublishingContract"].clone()
}

fn user(id: Uuid, share: i32) -> Value {
    json!({ "payeeId": id, "kind": "USER", "share": share })
}

#[tokio::test]
async fn a_sale_is_divided_by_the_contract_of_its_place_and_day() {
    let house = House::new().await;
    let baobab = house.organization(AUTHOR, "Baobab").await;
    let manuscript = house.published(AUTHOR, &baobab, "Les Pluies").await;
    let client = house.author(AUTHOR);
    let organization = json!({ "payeeId": baobab, "kind": "ORGANIZATION", "share": 4000 });
    let world = json!({ "parties": [user(AUTHOR, 6000), organization] });
    let made = create(&client, &manuscript, world).await;
    assert_eq!(made["errors"], json!([]));
    assert_eq!(
        made["manuscript"]["contracts"][0]["parties"][0]["share"],
        6000
    );
    let senegal = json!({ "territory": ["SN"], "parties": [user(RIVAL, 10_000)] });
    assert_eq!(
        create(&client, &manuscript, senegal.clone()).await["errors"],
        json!([])
    );
    let again = create(&client, &manuscript, senegal).await;
    assert_eq!(again["errors"][0]["code"], "OVERLAP");

    // The reader is in Senegal; somebody nobody knows is in the world.
    house.tell(&house.purchase(&manuscript, 1, 1000)).await;
    let abroad = BookPurchased {
        user_id: Uuid::from_u128(77),
        ..house.purchase(&manuscript, 2, 1000)
    };
    house.tell(&abroad).await;
    assert_eq!(house.balance(&json!(RIVAL)).await, "700|0");
    assert_eq!(house.balance(&json!(AUTHOR)).await, "420|0");
    assert_eq!(house.balance(&baobab).await, "280|0");
    // Who moves is where they are from then on.
    house.advance(Duration::minutes(1));
    house.registered(READER, "FR").await;
    house.tell(&house.purchase(&manuscript, 3, 1000)).await;
    assert_eq!(house.balance(&json!(AUTHOR)).await, "840|0");
    house.assert_balanced().await;
    let said = house.said("royalty.accrued").await;
    assert_eq!(said.len(), 5);
    assert_eq!(said[0]["user_id"], json!(RIVAL));
}

#[tokio::test]
async fn a_contract_ends_and_the_organisation_gets_all_after_it() {
    let house = House::new().await;
    let baobab = house.organization(AUTHOR, "Baobab").await;
    let manuscript = house.published(AUTHOR, &baobab, "Les Pluies").await;
    let client = house.author(AUTHOR);
    let made = create(
        &client,
        &manuscript,
        json!({ "parties": [user(RIVAL, 10_000)] }),
    )
    .await;
    let contract = &made["manuscript"]["contracts"][0]["id"];
    let end = "mutation($i: EndPublishingContractInput!) { endPublishingContract(input: $i) { manuscript { contracts { endsOn } } errors { code } } }";
    let input = |on: &str| json!({ "i": { "contractId": contract, "endsOn": on } });
    let past = client.run_with(end, input("2027-01-14")).await;
    assert_eq!(
        past.ok()["endPublishingContract"]["errors"][0]["code"],
        "INVALID_TERM"
    );
    let today = client.run_with(end, input("2027-01-15")).await;
    let contracts = &today.ok()["endPublishingContract"]["manuscript"]["contracts"];
    assert_eq!(contracts[0]["endsOn"], "2027-01-15");
    house.tell(&house.purchase(&manuscript, 1, 1000)).await;
    house.advance(Duration::days(1));
    house.tell(&house.purchase(&manuscript, 2, 1000)).await;
    assert_eq!(house.balance(&json!(RIVAL)).await, "700|0");
    assert_eq!(house.balance(&baobab).await, "700|0");
}

#[tokio::test]
async fn what_cannot_be_agreed_is_refused() {
    let house = House::new().await;
    let baobab = house.organization(AUTHOR, "Baobab").await;
    let manuscript = house.draft(AUTHOR, &baobab, "Les Pluies").await;
    let client = house.author(AUTHOR);
    let whole = json!([user(AUTHOR, 10_000)]);
    for (input, code, field) in [
        (
            json!({ "parties": [user(AUTHOR, 9999)] }),
            "SHARES_NOT_WHOLE",
            "parties",
        ),
        (
            json!({ "parties": [user(Uuid::from_u128(404), 10_000)] }),
            "UNKNOWN_PARTY",
            "parties.0.payeeId",
        ),
        (
            json!({ "parties": whole, "territory": ["senegal"] }),
            "INVALID_TERRITORY",
            "territory.0",
        ),
        (
            json!({ "parties": whole, "startsOn": "2026-12-31" }),
            "INVALID_TERM",
            "startsOn",
        ),
        (
            json!({ "parties": whole, "startsOn": "2027-03-01", "endsOn": "2027-02-01" }),
            "INVALID_TERM",
            "endsOn",
        ),
    ] {
        let refused = create(&client, &manuscript, input).await;
        let error = &refused["errors"][0];
        assert_eq!(
            (&error["code"], &error["field"]),
            (&json!(code), &json!(field))
        );
        assert_eq!(refused["manuscript"], Value::Null);
    }
    let stranger = create(
        &house.author(RIVAL),
        &manuscript,
        json!({ "parties": whole }),
    )
    .await;
    assert_eq!(stranger["errors"][0]["code"], "NOT_FOUND");
    assert!(id(&manuscript["id"]).is_some());
}
