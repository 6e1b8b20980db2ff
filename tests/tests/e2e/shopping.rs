//! What the web client does around a purchase: its persisted operations, and invoices as a browser fetches them.

use coko_tests::{Client, Stack};
use serde_json::{Value, json};

use super::eventually;

/// The answer of the operation's only field.
async fn operate(client: &Client, name: &str, variables: Value) -> Value {
    let answer = client.run_operation(name, variables).await.unwrap();
    let data = answer.ok().as_object().unwrap();
    data.values().next().unwrap().clone()
}

/// Waits until the order was paid, whether or not it was granted by then: an invoice is there.
async fn paid(client: &Client, order: &Value) {
    eventually("the payment", async || {
        let order = operate(client, "MyOrder", json!({ "id": order })).await;
        order["invoices"][0].is_object().then_some(())
    })
    .await;
}

/// The invoice of an order as a browser fetches it: through the router, without a token.
pub(super) async fn invoice(
    stack: &Stack,
    client: &Client,
    order: &Value,
    place: usize,
) -> (String, Vec<u8>) {
    let order = operate(client, "MyOrder", json!({ "id": order })).await;
    let url = order["invoices"][place]["pdfUrl"].as_str().unwrap();
    let path = url.find("/invoices/").map(|start| &url[start..]).unwrap();
    let http = reqwest::Client::new();
    let base = stack.base("router").unwrap();
    let answer = http.get(format!("{base}{path}")).send().await.unwrap();
    assert_eq!(answer.status(), 200);
    assert_eq!(answer.headers()["content-type"], "application/pdf");
    let forged = http.get(format!("{base}{path}x")).send().await.unwrap();
    assert_eq!(forged.status(), 403);
    let number = order["invoices"][place]["number"].as_str().unwrap();
    (number.to_owned(), answer.bytes().await.unwrap().to_vec())
}

/// What the web client does around purchases, each by the id of its persisted operation.
pub(super) async fn persisted(stack: &Stack, book: &Value) {
    let (_, reader) = stack.sign_up("Awa").await.unwrap();
    let client = &reader;
    let ways = client.run_operation("WaysToPay", json!({})).await.unwrap();
    let plan = ways.ok()["plans"][0]["code"].clone();
    assert_eq!(ways.ok()["wallet"], json!([]));

    let input =
        json!({ "bookId": book, "provider": "STRIPE", "currency": "XOF", "idempotencyKey": "1" });
    let bought = operate(client, "PurchaseBook", json!({ "input": input })).await;
    assert_eq!(bought["errors"], json!([]), "{bought}");
    let order = bought["order"]["id"].clone();
    paid(client, &order).await;
    let again = json!({ "input": { "orderId": order, "provider": "WAVE", "idempotencyKey": "2" } });
    let refused = operate(client, "RetryPayment", again).await;
    assert_eq!(refused["errors"][0]["code"], "NOT_OPEN");
    let refused = operate(
        client,
        "CancelOrder",
        json!({ "input": { "orderId": order } }),
    )
    .await;
    assert_eq!(refused["errors"][0]["code"], "NOT_OPEN");

    let input =
        json!({ "amount": 5000, "currency": "XOF", "provider": "WAVE", "idempotencyKey": "3" });
    let topped = operate(client, "TopUpWallet", json!({ "input": input })).await;
    assert_eq!(topped["errors"], json!([]), "{topped}");
    eventually("the money in the wallet", async || {
        let ways = client.run_operation("WaysToPay", json!({})).await.unwrap();
        (ways.ok()["wallet"][0]["amount"] == 5000).then_some(())
    })
    .await;
    let input =
        json!({ "planCode": plan, "currency": "XOF", "provider": "WALLET", "idempotencyKey": "4" });
    let subscribed = operate(client, "Subscribe", json!({ "input": input })).await;
    assert_eq!(subscribed["order"]["status"], "FULFILLED", "{subscribed}");
    let cancelled = operate(client, "CancelSubscription", json!({})).await;
    assert_eq!(cancelled["subscription"]["status"], "CANCELLED");

    let orders = operate(client, "MyOrders", json!({ "first": 10 })).await;
    let kinds: Vec<_> = orders["nodes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|order| order["kind"].clone())
        .collect();
    assert_eq!(kinds, ["SUBSCRIPTION", "TOP_UP", "BOOK"]);
    // Money that was put into the wallet bought nothing yet.
    let invoices = operate(client, "MyInvoices", json!({ "language": "EN" })).await;
    assert_eq!(invoices["nodes"].as_array().unwrap().len(), 2, "{invoices}");
}
