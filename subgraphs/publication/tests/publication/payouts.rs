//! Payouts: bounded, once, settled by operators.

use coko_core::testkit::GraphqlClient;
use serde_json::{Value, json};
use time::Duration;

use crate::support::{AUTHOR, House, RIVAL};

const REQUEST: &str = "mutation($i: RequestPayoutInput!) { requestPayout(input: $i) { payout { id status amount { amount } destinationHint destination { mobile } } errors { field code } } }";

async fn request(client: &GraphqlClient, payee: &Value, amount: Option<i64>, key: &str) -> Value {
    let input = json!({ "i": {
        "payeeId": payee, "currency": "XOF", "amount": amount, "mobile": "+221 77 123 45 67",
        "name": "Awa Ndiaye", "idempotencyKey": key,
    } });
    let answer = client.run_with(REQUEST, input).await;
    answer.ok()["requestPayout"].clone()
}

/// A house that owes 14,000 francs.
async fn owing() -> (House, Value) {
    let house = House::new().await;
    let baobab = house.organization(AUTHOR, "Baobab").await;
    let manuscript = house.published(AUTHOR, &baobab, "Les Pluies").await;
    house.tell(&house.purchase(&manuscript, 1, 20_000)).await;
    house.advance(Duration::days(15));
    house
        .working("the release", async || {
            house.balance(&baobab).await == "0|14000"
        })
        .await;
    (house, baobab)
}

#[tokio::test]
async fn what_is_owed_is_paid_once() {
    let (house, baobab) = owing().await;
    let author = house.author(AUTHOR);
    let small = request(&author, &baobab, Some(9999), "k0").await;
    assert_eq!(small["errors"][0]["code"], "BELOW_THRESHOLD");
    let large = request(&author, &baobab, Some(14_001), "k0").await;
    assert_eq!(large["errors"][0]["code"], "NOT_ENOUGH");
    let stranger = request(&house.author(RIVAL), &baobab, None, "k0").await;
    assert_eq!(stranger["errors"][0]["code"], "NOT_FOUND");
    let asked = request(&author, &baobab, None, "k1").await;
    assert_eq!(asked["payout"]["status"], "REQUESTED");
    assert_eq!(asked["payout"]["destinationHint"], "…67");
    assert_eq!(asked["payout"]["destination"], Value::Null);
    assert_eq!(request(&author, &baobab, None, "k1").await, asked);
    let another = request(&author, &baobab, None, "k2").await;
    assert_eq!(another["errors"][0]["code"], "BELOW_THRESHOLD");
    assert_eq!(house.balance(&baobab).await, "0|0");

    let queue = "{ requestedPayouts(first: 5) { nodes { id amount { amount } destination { mobile name } } } }";
    assert_eq!(author.run(queue).await.codes(), ["FORBIDDEN"]);
    let operator = house.operator();
    let waiting = operator.run(queue).await;
    let node = &waiting.ok()["requestedPayouts"]["nodes"][0];
    assert_eq!(node["destination"]["mobile"], "+221771234567");
    let confirm = "mutation($i: ConfirmPayoutInput!) { confirmPayout(input: $i) { payout { status reference } errors { code } } }";
    let input = json!({ "i": { "payoutId": asked["payout"]["id"], "reference": "pt-1" } });
    for _ in 0..2 {
        let paid = operator.run_with(confirm, input.clone()).await;
        assert_eq!(paid.ok()["confirmPayout"]["payout"]["status"], "PAID");
    }
    assert_eq!(author.run_with(confirm, input).await.codes(), ["FORBIDDEN"]);
    let reject = "mutation($i: RejectPayoutInput!) { rejectPayout(input: $i) { payout { status } errors { code } } }";
    let input = json!({ "i": { "payoutId": asked["payout"]["id"], "reason": "late" } });
    let late = operator.run_with(reject, input).await;
    assert_eq!(
        late.ok()["rejectPayout"]["errors"][0]["code"],
        "ALREADY_SETTLED"
    );
    house.assert_balanced().await;
    // Where the money goes is sealed.
    let open = "SELECT id::text AS line FROM payouts WHERE position('771234567' IN encode(destination_sealed, 'escape')) > 0";
    assert!(house.lines(open).await.is_empty());
}

#[tokio::test]
async fn what_was_not_paid_is_owed_again() {
    let (house, baobab) = owing().await;
    let asked = request(&house.author(AUTHOR), &baobab, Some(10_000), "k1").await;
    assert_eq!(house.balance(&baobab).await, "0|4000");
    let reject = "mutation($i: RejectPayoutInput!) { rejectPayout(input: $i) { payout { status reference } errors { code } } }";
    let input = json!({ "i": { "payoutId": asked["payout"]["id"], "reason": "blocked-account" } });
    let rejected = house.operator().run_with(reject, input).await;
    assert_eq!(
        rejected.ok()["rejectPayout"]["payout"]["status"],
        "REJECTED"
    );
    assert_eq!(house.balance(&baobab).await, "0|14000");
    house.assert_balanced().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn many_requests_at_once_pay_no_more_than_is_owed() {
    let (house, baobab) = owing().await;
    let mut asking = tokio::task::JoinSet::new();
    for number in 0..12 {
        let (client, payee) = (house.author(AUTHOR), baobab.clone());
        asking.spawn(
            async move { request(&client, &payee, Some(10_000), &format!("k{number}")).await },
        );
    }
    let mut made = 0;
    while let Some(asked) = asking.join_next().await {
        made += usize::from(asked.unwrap()["errors"] == json!([]));
    }
    assert_eq!(made, 1);
    assert_eq!(house.balance(&baobab).await, "0|4000");
    house.assert_balanced().await;
}
