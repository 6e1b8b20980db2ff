//! Many purchases at once, with notices that come twice or never and answers that fail.

use std::sync::Arc;

use coko_provider_simulator::Scenario;
use serde_json::json;
use uuid::Uuid;

use crate::support::{READER, Shop, buy, eventually, timers};

const PROVIDERS: [&str; 4] = ["WAVE", "ORANGE_MONEY", "STRIPE", "PAYPAL"];

/// `COKO_TEST_PURCHASES=1000` for the whole of it.
fn purchases() -> u128 {
    #[expect(
        clippy::disallowed_methods,
        reason = "the size of a test is no configuration"
    )]
    let said = std::env::var("COKO_TEST_PURCHASES");
    said.ok().and_then(|count| count.parse().ok()).unwrap_or(60)
}

#[tokio::test(flavor = "multi_thread")]
async fn many_purchases_at_once_are_each_granted_once_or_not_paid() {
    let count = purchases();
    let shop = Arc::new(
        Shop::with(
            Scenario::Success,
            coko_payment::config::Timers {
                provider_timeout_seconds: 20,
                ..timers()
            },
        )
        .await,
    );
    shop.simulator.set_mix(vec![
        (Scenario::Duplicate, 10),
        (Scenario::NeverNotified, 5),
        (Scenario::ServerError, 5),
        (Scenario::InsufficientFunds, 5),
    ]);
    let began = std::time::Instant::now();
    let limit = Arc::new(tokio::sync::Semaphore::new(200));
    let mut buyers = tokio::task::JoinSet::new();
    for number in 0..count {
        let (shop, limit) = (shop.clone(), limit.clone());
        buyers.spawn(async move {
            let _permit = limit.acquire_owned().await.unwrap();
            let reader = shop.reader(Uuid::from_u128(READER.as_u128() + number));
            let place = usize::try_from(number % 4).unwrap();
            let bought = buy(&reader, PROVIDERS[place], "k").await;
            assert_eq!(bought["errors"], json!([]));
        });
    }
    while let Some(outcome) = buyers.join_next().await {
        outcome.unwrap();
    }
    let bought = began.elapsed();
    let unsettled =
        "SELECT count(*) AS number FROM attempts WHERE status IN ('CREATED', 'AWAITING_PAYER')";
    let waiting =
        "SELECT count(*) AS number FROM orders WHERE status IN ('AWAITING_PAYER', 'PAID')";
    for _ in 0..20 {
        eventually_or_on(&shop, unsettled, waiting).await;
        if shop.number(unsettled).await == 0 && shop.number(waiting).await == 0 {
            break;
        }
    }
    eventually("everything settled", async || {
        shop.grant(true).await;
        shop.number(unsettled).await == 0 && shop.number(waiting).await == 0
    })
    .await;
    let settled = began.elapsed();
    let (paid, refunded) = shop.simulator.totals();
    let paid = i64::try_from(paid).unwrap();
    let number = |sql: &'static str| shop.number(sql);
    assert_eq!(refunded, 0);
    assert_eq!(
        number("SELECT count(*) AS number FROM orders").await,
        i64::try_from(count).unwrap()
    );
    assert_eq!(
        number("SELECT count(*) AS number FROM orders WHERE status = 'FULFILLED'").await,
        paid
    );
    assert_eq!(
        number("SELECT count(*) AS number FROM entitlements WHERE granted").await,
        paid
    );
    assert_eq!(
        number("SELECT count(*) AS number FROM outbox WHERE event->>'type' = 'book.purchased'")
            .await,
        paid
    );
    assert_eq!(
        number("SELECT count(*) AS number FROM journals").await,
        paid
    );
    // One invoice each, and no number was lost.
    for invoices in ["count(*)", "max(number)"] {
        let sql = format!("SELECT {invoices} AS number FROM invoices");
        assert_eq!(shop.number(&sql).await, paid);
    }
    let unpaid = "SELECT count(*) AS number FROM entitlements e JOIN orders o USING (user_id, book_id) WHERE o.paid_attempt_id IS NULL";
    assert_eq!(number(unpaid).await, 0);
    assert!(paid > 0 && paid < i64::try_from(count).unwrap());
    shop.assert_balanced().await;
    println!(
        "{count} purchases: begun in {bought:?}, settled in {settled:?}; {paid} paid and granted"
    );
}

/// Gives the workers twenty seconds, granting what is bought meanwhile.
async fn eventually_or_on(shop: &Shop, unsettled: &str, waiting: &str) {
    for _ in 0..100 {
        shop.grant(true).await;
        if shop.number(unsettled).await == 0 && shop.number(waiting).await == 0 {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(200)).await;
    }
}
