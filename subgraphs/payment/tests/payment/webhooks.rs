//! Notices as anyone may send them: forged, old, twice, in the wrong order, about nothing of ours.

use coko_core::clock::Clock;
use coko_payment::config::Timers;
use coko_provider_simulator::Scenario;
use hmac::{Hmac, Mac as _};
use serde_json::{Value, json};
use sha2::Sha256;
use time::Duration;
use uuid::Uuid;

use crate::support::{READER, SECRET, Shop, buy, eventually, timers};

/// A shop whose payers wait, whose notices are those of the test alone, and whose sweeper does not come in between.
async fn quiet() -> Shop {
    let timers = Timers {
        first_check_seconds: 3600,
        ..timers()
    };
    Shop::with(Scenario::Manual, timers).await
}

/// `t=…,v1=…` over the body, as of `age` ago.
fn signed(secret: &str, separator: &str, body: &[u8], age: Duration) -> String {
    let stamp = (Clock::system().now() - age).unix_timestamp().to_string();
    let mut mac = <Hmac<Sha256> as hmac::Mac>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(stamp.as_bytes());
    mac.update(separator.as_bytes());
    mac.update(body);
    format!("t={stamp},v1={}", hex::encode(mac.finalize().into_bytes()))
}

async fn send(shop: &Shop, path: &str, header: Option<(&str, &str)>, body: &[u8]) -> u16 {
    let url = format!("{}/webhooks/{path}", shop.base);
    let mut request = reqwest::Client::new().post(url).body(body.to_vec());
    if let Some((name, value)) = header {
        request = request.header(name, value);
    }
    request.send().await.unwrap().status().as_u16()
}

/// Sends a notice as Wave would.
async fn wave(shop: &Shop, body: &[u8]) -> u16 {
    let header = signed(SECRET, "", body, Duration::ZERO);
    send(
        shop,
        "wave",
        Some(("wave-signature", header.as_str())),
        body,
    )
    .await
}

/// Wave's notice that the payer of `attempt` paid, or failed to.
fn notice(event: &str, attempt: &str, paid: bool) -> Vec<u8> {
    let (kind, status, checkout) = if paid {
        ("checkout.session.completed", "succeeded", "complete")
    } else {
        ("checkout.session.payment_failed", "cancelled", "expired")
    };
    let notice = json!({
        "id": event, "type": kind,
        "data": {
            "id": "cos-1", "client_reference": attempt, "amount": "1500", "currency": "XOF",
            "payment_status": status, "checkout_status": checkout, "transaction_id": "T1",
        },
    });
    notice.to_string().into_bytes()
}

/// An order that waits for its payer, and its attempt's id.
async fn awaited(shop: &Shop, provider: &str) -> (Value, String) {
    let bought = buy(&shop.reader(READER), provider, "k1").await;
    let attempt = shop.text("SELECT id::text AS line FROM attempts").await;
    (bought["order"].clone(), attempt)
}

async fn notices(shop: &Shop) -> i64 {
    shop.number("SELECT count(*) AS number FROM notices").await
}

/// How often a book was sold, once every notice was looked at.
async fn sold_after_work(shop: &Shop) -> usize {
    let due = "SELECT count(*) AS number FROM notices WHERE due_at IS NOT NULL";
    eventually("the notices' end", async || shop.number(due).await == 0).await;
    let events = shop.events().await;
    events
        .iter()
        .filter(|kind| *kind == "book.purchased")
        .count()
}

#[tokio::test(flavor = "multi_thread")]
async fn notices_that_are_not_genuine_are_refused_and_not_kept() {
    let shop = Shop::new(Scenario::Manual).await;
    buy(&shop.reader(READER), "WAVE", "k1").await;
    let send = async |path: &str, header: Option<(&str, &str)>, body: Vec<u8>| {
        send(&shop, path, header, &body).await
    };
    let forged = br#"{"id":"EV","type":"checkout.session.completed","data":{}}"#.to_vec();
    assert_eq!(send("wave", None, forged.clone()).await, 401);
    assert_eq!(
        send(
            "wave",
            Some(("wave-signature", "t=1,v1=00")),
            forged.clone()
        )
        .await,
        401
    );
    assert_eq!(send("stripe", None, forged.clone()).await, 401);
    assert_eq!(send("paypal", None, forged.clone()).await, 401);
    assert_eq!(send("nobody", None, forged.clone()).await, 404);
    assert_eq!(send("wallet", None, forged).await, 404);
    assert_eq!(send("orange-money", None, b"\xff\xfe".to_vec()).await, 400);
    assert_eq!(send("orange-money", None, b"{}".to_vec()).await, 400);
    assert_eq!(send("wave", None, vec![b'x'; 300 * 1024]).await, 413);
    assert_eq!(
        shop.number("SELECT count(*) AS number FROM notices").await,
        0
    );
    // Orange Money does not sign: what anyone may send is kept as a hint, and settles nothing.
    let hint = br#"{"status":"SUCCESS","notif_token":"guessed","txnid":"1"}"#.to_vec();
    assert_eq!(send("orange-money", None, hint.clone()).await, 200);
    assert_eq!(send("orange-money", None, hint).await, 200);
    assert_eq!(
        shop.number("SELECT count(*) AS number FROM notices").await,
        1
    );
    assert_eq!(shop.simulator.totals(), (0, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_signature_counts_for_its_bytes_its_secret_and_five_minutes() {
    let shop = quiet().await;
    let (order, attempt) = awaited(&shop, "WAVE").await;
    let body = notice("EV1", &attempt, true);
    let other = notice("EV2", &attempt, true);
    let minutes = Duration::minutes;
    for (path, name, separator) in [
        ("wave", "wave-signature", ""),
        ("stripe", "stripe-signature", "."),
    ] {
        for header in [
            signed("another secret", separator, &body, Duration::ZERO),
            signed(SECRET, separator, &other, Duration::ZERO),
            signed(SECRET, separator, &body, minutes(6)),
            signed(SECRET, separator, &body, minutes(-6)),
            signed(SECRET, "x", &body, Duration::ZERO),
        ] {
            let refused = send(&shop, path, Some((name, header.as_str())), &body).await;
            assert_eq!(refused, 401, "{path} {header}");
        }
        assert_eq!(notices(&shop).await, 0);
    }
    // The same bytes, signed rightly a while ago, are taken: it was the signatures that were refused.
    for (path, name, separator) in [
        ("stripe", "stripe-signature", "."),
        ("wave", "wave-signature", ""),
    ] {
        let header = signed(SECRET, separator, &body, minutes(4));
        let taken = send(&shop, path, Some((name, header.as_str())), &body).await;
        assert_eq!(taken, 200, "{path}");
    }
    shop.order_becomes(&order, "PAID").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_notice_that_is_sent_again_sells_nothing_again() {
    let shop = quiet().await;
    let (order, attempt) = awaited(&shop, "WAVE").await;
    let body = notice("EV1", &attempt, true);
    assert_eq!(wave(&shop, &body).await, 200);
    shop.order_becomes(&order, "PAID").await;
    // As it was under a fresh signature, and as another event about the same payment.
    assert_eq!(wave(&shop, &body).await, 200);
    assert_eq!(notices(&shop).await, 1);
    assert_eq!(wave(&shop, &notice("EV2", &attempt, true)).await, 200);
    assert_eq!(notices(&shop).await, 2);
    assert_eq!(sold_after_work(&shop).await, 1);
    for table in ["journals", "invoices"] {
        let rows = format!("SELECT count(*) AS number FROM {table}");
        assert_eq!(shop.number(&rows).await, 1, "{table}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failure_takes_no_success_back_and_a_success_stands_after_a_failure() {
    for first in [true, false] {
        let shop = quiet().await;
        let (order, attempt) = awaited(&shop, "WAVE").await;
        assert_eq!(wave(&shop, &notice("EV1", &attempt, first)).await, 200);
        let meanwhile = if first { "PAID" } else { "PENDING" };
        shop.order_becomes(&order, meanwhile).await;
        assert_eq!(wave(&shop, &notice("EV2", &attempt, !first)).await, 200);
        assert_eq!(sold_after_work(&shop).await, 1);
        let order = shop.order_becomes(&order, "PAID").await;
        assert_eq!(order["attempts"][0]["status"], "SUCCEEDED");
        shop.assert_balanced().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_genuine_notice_about_nothing_of_ours_is_kept_and_changes_nothing() {
    let shop = quiet().await;
    // An attempt of another provider is nothing of Wave's.
    let (order, theirs) = awaited(&shop, "STRIPE").await;
    let unknown = Uuid::from_u128(7).to_string();
    for (event, attempt) in [("EV1", unknown.as_str()), ("EV2", &theirs), ("EV3", "?")] {
        assert_eq!(wave(&shop, &notice(event, attempt, true)).await, 200);
    }
    // It may be early, so it is looked at again and again; the last time is brought forward.
    eventually("a first look", async || {
        let waiting = "SELECT count(*) AS number FROM notices WHERE tries > 0 AND status = 'NEW'";
        shop.number(waiting).await == 2
    })
    .await;
    shop.execute("UPDATE notices SET tries = 20, due_at = now() WHERE status = 'NEW'")
        .await;
    assert_eq!(sold_after_work(&shop).await, 0);
    let unknown = "SELECT count(*) AS number FROM notices WHERE status = 'UNKNOWN'";
    assert_eq!(shop.number(unknown).await, 2);
    shop.order_becomes(&order, "AWAITING_PAYER").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unsigned_notice_is_believed_only_as_far_as_the_status_call_says() {
    let shop = quiet().await;
    let (order, _) = awaited(&shop, "ORANGE_MONEY").await;
    let reference = shop.simulator.references().remove(0);
    let token = shop.simulator.notice_token(&reference).unwrap();
    let hint = |number: u8| {
        let body =
            json!({ "status": "SUCCESS", "notif_token": token, "txnid": number.to_string() });
        body.to_string().into_bytes()
    };
    // Whoever knows the token may say what they like: nobody has paid.
    assert_eq!(send(&shop, "orange-money", None, &hint(1)).await, 200);
    eventually("a status call", async || {
        let done = "SELECT count(*) AS number FROM notices WHERE status = 'DONE'";
        shop.number(done).await == 1
    })
    .await;
    shop.order_becomes(&order, "AWAITING_PAYER").await;
    assert_eq!(shop.simulator.totals(), (0, 0));
    let sold = "SELECT count(*) AS number FROM journals";
    assert_eq!(shop.number(sold).await, 0);
    // The same words after the payer paid.
    shop.simulator.pay(&reference).await;
    assert_eq!(send(&shop, "orange-money", None, &hint(2)).await, 200);
    shop.order_becomes(&order, "PAID").await;
    assert_eq!(shop.number(sold).await, 1);
}
