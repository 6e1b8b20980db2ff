//! The purchase saga, step by step and out of order.

use coko_core::events::Payload as _;
use coko_core::events::catalog::BookWithdrawn;
use coko_core::testkit::GraphqlClient;
use coko_payment::config::Timers;
use coko_provider_simulator::Scenario;
use diesel_async::SimpleAsyncConnection as _;
use serde_json::json;
use uuid::Uuid;

use crate::support::{BOOK, READER, Shop, buy, eventually, mutate, timers};

#[tokio::test(flavor = "multi_thread")]
async fn a_book_is_bought_once_however_often_it_is_asked_for() {
    let shop = Shop::new(Scenario::Success).await;
    let reader = shop.reader(READER);
    let first = buy(&reader, "WAVE", "k1").await;
    assert_eq!(first["errors"], json!([]), "{first:#}");
    let again = buy(&reader, "WAVE", "k1").await;
    assert_eq!(first["order"]["id"], again["order"]["id"]);
    assert_eq!(again["order"]["attempts"].as_array().unwrap().len(), 1);
    // The same key for another call is refused.
    let input =
        json!({ "bookId": BOOK, "currency": "XOF", "provider": "STRIPE", "idempotencyKey": "k1" });
    let mismatch = reader
        .run_with(
            "mutation($i: PurchaseBookInput!) { purchaseBook(input: $i) { errors { code } } }",
            json!({ "i": input }),
        )
        .await;
    assert_eq!(mismatch.codes(), ["IDEMPOTENCY_MISMATCH"]);

    let order = shop.order_becomes(&first["order"], "PAID").await;
    assert_eq!(order["attempts"][0]["status"], "SUCCEEDED");
    eventually("the grant", async || shop.grant(true).await > 0).await;
    shop.order_becomes(&first["order"], "FULFILLED").await;
    // Now it is owned.
    let owned = buy(&reader, "WAVE", "k2").await;
    assert_eq!(owned["errors"][0]["code"], "ALREADY_OWNED");
    shop.assert_balanced().await;
    let sold = "SELECT COALESCE(sum(amount), 0)::bigint AS number FROM ledger_entries WHERE account = 'sales:books'";
    assert_eq!(shop.number(sold).await, -1500);
    assert_eq!(
        shop.events().await,
        ["order.created", "payment.succeeded", "book.purchased"]
    );
    // Nothing of the provider's is readable in the database.
    let plain = "SELECT count(*) AS number FROM attempts WHERE position('cos-'::bytea in references_sealed) > 0";
    assert_eq!(shop.number(plain).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_bought_is_refused() {
    let shop = Shop::new(Scenario::Manual).await;
    let reader = shop.reader(READER);
    let guest = GraphqlClient::new(shop.router.clone());
    let query = "mutation($i: PurchaseBookInput!) { purchaseBook(input: $i) { errors { code } } }";
    let input = |currency: &str, provider: &str, key: &str| json!({ "i": { "bookId": BOOK, "currency": currency, "provider": provider, "idempotencyKey": key } });
    let answer = guest.run_with(query, input("XOF", "WAVE", "k")).await;
    assert_eq!(answer.codes(), ["UNAUTHENTICATED"]);
    let answer = reader.run_with(query, input("XOF", "WAVE", "")).await;
    assert_eq!(answer.codes(), ["VALIDATION_FAILED"]);
    for (currency, provider, code) in [
        ("USD", "WAVE", "CURRENCY_NOT_TAKEN"),
        ("XOF", "WALLET", "WALLET_EMPTY"),
    ] {
        let answer = reader
            .run_with(query, input(currency, provider, code))
            .await;
        assert_eq!(answer.ok()["purchaseBook"]["errors"][0]["code"], code);
    }
    let open = buy(&reader, "WAVE", "open").await;
    assert_eq!(open["order"]["status"], "AWAITING_PAYER");
    assert!(open["order"]["attempts"][0]["checkoutUrl"].is_string());
    let second = buy(&reader, "WAVE", "second").await;
    assert_eq!(second["errors"][0]["code"], "ALREADY_ORDERED");
    // Another reader does not see the order; a withdrawn book is not sold, and an older event does not bring it back.
    let other = shop.reader(Uuid::from_u128(7));
    let query = "query($id: ID!) { order(id: $id) { id } }";
    let seen = other
        .run_with(query, json!({ "id": open["order"]["id"] }))
        .await;
    assert!(seen.ok()["order"].is_null());
    shop.tell(&BookWithdrawn {
        book_id: BOOK,
        version: 5,
        ..BookWithdrawn::sample()
    })
    .await;
    shop.offer(BOOK, 4, 1500).await;
    let gone = buy(&other, "WAVE", "gone").await;
    assert_eq!(gone["errors"][0]["code"], "NOT_FOR_SALE");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failure_can_be_tried_again_with_another_provider() {
    let shop = Shop::new(Scenario::InsufficientFunds).await;
    let reader = shop.reader(READER);
    let bought = buy(&reader, "WAVE", "k1").await;
    let order = shop.order_becomes(&bought["order"], "PENDING").await;
    assert_eq!(
        order["attempts"][0]["failure"], "INSUFFICIENT_FUNDS",
        "{order:#}"
    );
    shop.simulator.set_scenario(Scenario::Success, None);
    let input = json!({ "orderId": order["id"], "provider": "STRIPE", "idempotencyKey": "k2" });
    let retried = mutate(&reader, "retryPayment", "RetryPaymentInput", input).await;
    assert_eq!(retried["errors"], json!([]));
    shop.order_becomes(&bought["order"], "PAID").await;
    shop.assert_balanced().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_payment_after_the_local_expiry_is_taken() {
    let shop = Shop::with(
        Scenario::Manual,
        Timers {
            first_check_seconds: 600,
            ..timers()
        },
    )
    .await;
    let reader = shop.reader(READER);
    let bought = buy(&reader, "ORANGE_MONEY", "k1").await;
    shop.execute("UPDATE orders SET due_at = now() - interval '1 second'")
        .await;
    shop.order_becomes(&bought["order"], "CANCELLED").await;
    // Orange Money has no way to close a checkout: the payer was faster.
    let reference = shop.simulator.references().remove(0);
    shop.simulator.pay(&reference).await;
    let order = shop.order_becomes(&bought["order"], "PAID").await;
    assert_eq!(order["attempts"][0]["status"], "SUCCEEDED");
    shop.grant(true).await;
    shop.assert_balanced().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_paid_attempts_one_is_paid_back() {
    let shop = Shop::new(Scenario::Manual).await;
    let reader = shop.reader(READER);
    let bought = buy(&reader, "WAVE", "k1").await;
    let input =
        json!({ "orderId": bought["order"]["id"], "provider": "STRIPE", "idempotencyKey": "k2" });
    mutate(&reader, "retryPayment", "RetryPaymentInput", input).await;
    for reference in shop.simulator.references() {
        shop.simulator.pay(&reference).await;
    }
    eventually("both payments and a refund", async || {
        shop.simulator.totals() == (2, 1)
    })
    .await;
    let order = shop.order_becomes(&bought["order"], "PAID").await;
    eventually("the refund in the ledger", async || {
        shop.number("SELECT count(*) AS number FROM refunds WHERE status = 'DONE'")
            .await
            == 1
    })
    .await;
    assert_eq!(order["refunds"][0]["reason"], "DUPLICATE");
    assert!(!shop.simulator.any_refunded_twice());
    shop.assert_balanced().await;
    let suspense = "SELECT COALESCE(sum(amount), 0)::bigint AS number FROM ledger_entries WHERE account = 'suspense'";
    assert_eq!(shop.number(suspense).await, 0);
    assert_eq!(
        shop.events()
            .await
            .iter()
            .filter(|kind| *kind == "book.purchased")
            .count(),
        1
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refund_reverses_the_ledger_and_revokes_the_book() {
    let shop = Shop::new(Scenario::Success).await;
    let bought = buy(&shop.reader(READER), "WAVE", "k1").await;
    shop.order_becomes(&bought["order"], "PAID").await;
    eventually("the grant", async || shop.grant(true).await > 0).await;
    shop.order_becomes(&bought["order"], "FULFILLED").await;
    let input = json!({ "orderId": bought["order"]["id"], "idempotencyKey": "r1" });
    let query = "mutation($i: RefundOrderInput!) { refundOrder(input: $i) { errors { code } } }";
    let forbidden = shop
        .reader(READER)
        .run_with(query, json!({ "i": input }))
        .await;
    assert_eq!(forbidden.codes(), ["FORBIDDEN"]);
    for _ in 0..2 {
        let refunded = mutate(
            &shop.operator(),
            "refundOrder",
            "RefundOrderInput",
            input.clone(),
        )
        .await;
        assert_eq!(refunded["errors"], json!([]));
    }
    shop.order_becomes(&bought["order"], "REFUNDED").await;
    assert_eq!(shop.simulator.totals(), (1, 1));
    shop.assert_balanced().await;
    let accounts = "SELECT count(*) AS number FROM (SELECT FROM ledger_entries GROUP BY account, currency HAVING sum(amount) <> 0) AS open";
    assert_eq!(shop.number(accounts).await, 0);
    assert_eq!(shop.events().await.last().unwrap(), "order.refunded");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_can_never_be_granted_is_paid_back() {
    let shop = Shop::new(Scenario::Success).await;
    let bought = buy(&shop.reader(READER), "WAVE", "k1").await;
    shop.order_becomes(&bought["order"], "PAID").await;
    eventually("the refusal", async || shop.grant(false).await > 0).await;
    let order = shop.order_becomes(&bought["order"], "REFUNDED").await;
    assert_eq!(order["refunds"][0]["reason"], "GRANT_IMPOSSIBLE");
    shop.assert_balanced().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn wallets_and_subscriptions_are_paid_for() {
    let shop = Shop::new(Scenario::Success).await;
    let reader = shop.reader(READER);
    let top_up =
        json!({ "amount": 5000, "currency": "XOF", "provider": "WAVE", "idempotencyKey": "t1" });
    let topped = mutate(&reader, "topUpWallet", "TopUpWalletInput", top_up).await;
    shop.order_becomes(&topped["order"], "FULFILLED").await;
    let bought = buy(&reader, "WALLET", "b1").await;
    assert_eq!(bought["order"]["status"], "PAID", "{bought:#}");
    let subscribe = json!({ "planCode": "premium-monthly", "currency": "XOF", "provider": "WALLET", "idempotencyKey": "s1" });
    let subscribed = mutate(&reader, "subscribe", "SubscribeInput", subscribe).await;
    assert_eq!(subscribed["order"]["status"], "FULFILLED", "{subscribed:#}");
    let query = "{ wallet { amount } mySubscription { planCode status } plans { code } orders(first: 2) { nodes { kind } pageInfo { hasNextPage } } }";
    let answer = reader.run(query).await;
    let data = answer.ok();
    assert_eq!(data["wallet"], json!([{ "amount": 1000 }]));
    assert_eq!(data["mySubscription"]["status"], "ACTIVE");
    assert_eq!(
        data["orders"]["nodes"],
        json!([{ "kind": "SUBSCRIPTION" }, { "kind": "BOOK" }])
    );
    assert_eq!(data["orders"]["pageInfo"]["hasNextPage"], true);
    // The period ends.
    shop.execute("UPDATE subscriptions SET period_start = now() - interval '2 days', period_end = now() - interval '1 day'").await;
    let cancelled = reader
        .run("mutation { cancelSubscription { subscription { status } errors { code } } }")
        .await;
    assert_eq!(
        cancelled.ok()["cancelSubscription"]["subscription"]["status"],
        "CANCELLED"
    );
    shop.assert_balanced().await;
    // The books agree with the balance: what the wallet owes is a credit.
    let owed = format!(
        "SELECT -sum(amount)::bigint AS number FROM ledger_entries WHERE account = 'wallet:{READER}'"
    );
    assert_eq!(shop.number(&owed).await, 1000);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_database_refuses_a_crooked_ledger() {
    let shop = Shop::new(Scenario::Success).await;
    let bought = buy(&shop.reader(READER), "WAVE", "k1").await;
    shop.order_becomes(&bought["order"], "PAID").await;
    let mut connection = shop.pool().get().await.unwrap();
    for sql in [
        "INSERT INTO ledger_entries (journal_id, account, amount, currency) SELECT id, 'x', 1, 'XOF' FROM journals",
        "INSERT INTO journals SELECT gen_random_uuid(), 'empty', order_id, now() FROM journals",
        "UPDATE ledger_entries SET amount = amount + 1",
        "DELETE FROM ledger_entries",
    ] {
        assert!(connection.batch_execute(sql).await.is_err(), "{sql}");
    }
}
