//! Every provider in every scenario, over HTTP.

use coko_provider_simulator::Scenario;
use uuid::Uuid;

use crate::support::{BOOK, READER, Shop, buy, buy_book, eventually};

/// One purchase at `provider` whose payer acts as `scenario` says ends as `status`, is granted once and stays so.
async fn check(provider: &str, scenario: Scenario, status: &str) {
    let shop = Shop::new(scenario).await;
    let bought = buy(&shop.reader(READER), provider, "k1").await;
    shop.order_becomes(&bought["order"], status).await;
    if status == "PAID" {
        // PayPal takes XOF at the fixed parity in EUR, and both amounts are kept.
        let attempt = &bought["order"]["attempts"][0];
        let charged = if provider == "PAYPAL" {
            (229, "EUR")
        } else {
            (1500, "XOF")
        };
        assert_eq!(attempt["charged"]["amount"], charged.0);
        assert_eq!(attempt["charged"]["currency"], charged.1);
        eventually("the grant", async || shop.grant(true).await == 1).await;
        shop.order_becomes(&bought["order"], "FULFILLED").await;
        assert_eq!(shop.simulator.totals(), (1, 0));
        let purchases = shop.events().await;
        assert_eq!(
            purchases
                .iter()
                .filter(|kind| *kind == "book.purchased")
                .count(),
            1
        );
    }
    shop.assert_balanced().await;
}

macro_rules! scenarios {
    ($($name:ident: $provider:literal $scenario:ident $status:literal;)+) => {
        $(#[tokio::test(flavor = "multi_thread")] async fn $name() { check($provider, Scenario::$scenario, $status).await; })+
    };
}

scenarios! {
    wave_duplicate: "WAVE" Duplicate "PAID";
    wave_out_of_order: "WAVE" OutOfOrder "PAID";
    wave_never_notified: "WAVE" NeverNotified "PAID";
    wave_early_notice: "WAVE" EarlyNotice "PAID";
    wave_bad_signature: "WAVE" BadSignature "PAID";
    wave_server_error: "WAVE" ServerError "PAID";
    wave_slow: "WAVE" Slow "PAID";
    wave_declined: "WAVE" Decline "PENDING";
    orange_success: "ORANGE_MONEY" Success "PAID";
    orange_duplicate: "ORANGE_MONEY" Duplicate "PAID";
    orange_never_notified: "ORANGE_MONEY" NeverNotified "PAID";
    orange_early_notice: "ORANGE_MONEY" EarlyNotice "PAID";
    orange_expired: "ORANGE_MONEY" Expired "PENDING";
    stripe_success: "STRIPE" Success "PAID";
    stripe_out_of_order: "STRIPE" OutOfOrder "PAID";
    stripe_early_notice: "STRIPE" EarlyNotice "PAID";
    stripe_server_error: "STRIPE" ServerError "PAID";
    stripe_bad_signature: "STRIPE" BadSignature "PAID";
    paypal_success: "PAYPAL" Success "PAID";
    paypal_never_notified: "PAYPAL" NeverNotified "PAID";
    paypal_server_error: "PAYPAL" ServerError "PAID";
    paypal_bad_signature: "PAYPAL" BadSignature "PAID";
}

#[tokio::test(flavor = "multi_thread")]
async fn an_orange_money_refund_waits_for_a_person() {
    let shop = Shop::new(Scenario::Success).await;
    let bought = buy_book(&shop.reader(Uuid::from_u128(9)), BOOK, "ORANGE_MONEY", "k1").await;
    shop.order_becomes(&bought["order"], "PAID").await;
    eventually("the refusal", async || shop.grant(false).await > 0).await;
    eventually("a refund by hand", async || {
        shop.number("SELECT count(*) AS number FROM refunds WHERE status = 'MANUAL'")
            .await
            == 1
    })
    .await;
    let order = shop.order_becomes(&bought["order"], "REFUNDING").await;
    let input = serde_json::json!({ "refundId": order["refunds"][0]["id"] });
    crate::support::mutate(
        &shop.operator(),
        "confirmRefund",
        "ConfirmRefundInput",
        input,
    )
    .await;
    shop.order_becomes(&bought["order"], "REFUNDED").await;
    shop.assert_balanced().await;
}
