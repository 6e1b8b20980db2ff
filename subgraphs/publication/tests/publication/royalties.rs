//! Sales, refunds, escrow: every franc is where it belongs, however often and in whatever order things are told.

use serde_json::json;
use time::Duration;

use crate::support::{AUTHOR, House, RIVAL};

#[tokio::test]
async fn a_sale_is_held_then_owed_and_a_refund_leaves_nothing() {
    let house = House::new().await;
    let baobab = house.organization(AUTHOR, "Baobab").await;
    let manuscript = house.published(AUTHOR, &baobab, "Les Pluies").await;
    let first = house.purchase(&manuscript, 1, 2000);
    // The purchase is told again until it is granted, each time as another event.
    for _ in 0..3 {
        house.tell(&first).await;
    }
    assert_eq!(house.balance(&baobab).await, "1400|0");
    assert_eq!(house.said("royalty.accrued").await.len(), 1);
    let second = house.purchase(&manuscript, 2, 999);
    house.tell(&second).await;
    // 999 × 0.7 is 699.3: the platform has the larger remainder.
    assert_eq!(house.balance(&baobab).await, "2099|0");
    house.assert_balanced().await;

    // The first is undone while it is held, the second once it is owed.
    for _ in 0..2 {
        house.tell(&house.refund(&first)).await;
    }
    assert_eq!(house.balance(&baobab).await, "699|0");
    house.advance(Duration::days(15));
    house
        .working("the release", async || {
            house.balance(&baobab).await == "0|699"
        })
        .await;
    house.tell(&house.refund(&second)).await;
    assert_eq!(house.balance(&baobab).await, "0|0");
    house.assert_balanced().await;
    let left =
        "SELECT account AS line FROM ledger_entries GROUP BY account HAVING sum(amount) <> 0";
    assert!(house.lines(left).await.is_empty());
}

#[tokio::test]
async fn a_refund_that_comes_first_cancels_the_sale() {
    let house = House::new().await;
    let baobab = house.organization(AUTHOR, "Baobab").await;
    let manuscript = house.published(AUTHOR, &baobab, "Les Pluies").await;
    let purchase = house.purchase(&manuscript, 1, 2000);
    house.tell(&house.refund(&purchase)).await;
    house.tell(&purchase).await;
    house.tell(&house.refund(&purchase)).await;
    assert_eq!(house.balance(&baobab).await, "");
    assert!(house.said("royalty.accrued").await.is_empty());
}

#[tokio::test]
async fn books_of_others_earn_nothing_here() {
    let house = House::new().await;
    let stranger = json!({ "bookId": "01890a5d-ac96-774b-bcce-b302099a8101" });
    let purchase = house.purchase(&stranger, 1, 2000);
    house.tell(&purchase).await;
    house.tell(&house.refund(&purchase)).await;
    assert!(
        house
            .lines("SELECT order_id::text AS line FROM sales")
            .await
            .is_empty()
    );
}

#[tokio::test]
async fn what_was_paid_too_much_is_made_up_for() {
    let house = House::new().await;
    let baobab = house.organization(AUTHOR, "Baobab").await;
    let manuscript = house.published(AUTHOR, &baobab, "Les Pluies").await;
    let dear = house.purchase(&manuscript, 1, 20_000);
    house.tell(&dear).await;
    house.advance(Duration::days(15));
    house
        .working("the release", async || {
            house.balance(&baobab).await == "0|14000"
        })
        .await;
    let query = "mutation($i: RequestPayoutInput!) { requestPayout(input: $i) { payout { amount { amount } } errors { code } } }";
    let input = json!({ "i": { "payeeId": baobab, "currency": "XOF", "mobile": "+221771234567", "name": "Awa Ndiaye", "idempotencyKey": "p1" } });
    let asked = house.author(AUTHOR).run_with(query, input).await;
    assert_eq!(
        asked.ok()["requestPayout"]["payout"]["amount"]["amount"],
        14_000
    );
    house.tell(&house.refund(&dear)).await;
    assert_eq!(house.balance(&baobab).await, "0|-14000");
    house.tell(&house.purchase(&manuscript, 2, 10_000)).await;
    house.advance(Duration::days(15));
    house
        .working("the release", async || {
            house.balance(&baobab).await == "0|-7000"
        })
        .await;
    house.assert_balanced().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn many_at_once_lose_and_create_nothing() {
    let house = House::new().await;
    let baobab = house.organization(AUTHOR, "Baobab").await;
    let rival = house.organization(RIVAL, "Fromager").await;
    let one = house.published(AUTHOR, &baobab, "Les Pluies").await;
    let two = house.published(RIVAL, &rival, "Les Vents").await;
    let mut telling = tokio::task::JoinSet::new();
    for order in 0..60_u128 {
        let manuscript = if order % 2 == 0 { &one } else { &two };
        let purchase = house.purchase(manuscript, order + 1, 1003);
        let bought = house.event(&purchase);
        let refunded = (order % 3 == 0).then(|| house.event(&house.refund(&purchase)));
        let consumers = house.consumers();
        telling.spawn(async move {
            for event in std::iter::once(bought).chain(refunded) {
                assert!(consumers.handle(&event).await.unwrap());
            }
        });
    }
    while let Some(told) = telling.join_next().await {
        told.unwrap();
    }
    house.assert_balanced().await;
    // 1003 × 0.7 is 702.1; twenty of sixty came back.
    assert_eq!(house.balance(&baobab).await, format!("{}|0", 20 * 702));
    assert_eq!(house.balance(&rival).await, format!("{}|0", 20 * 702));
}
