//! Invoices: numbers without gaps, documents that only their owner gets, credit notes.

use coko_core::testkit::GraphqlClient;
use coko_payment::Seller;
use coko_provider_simulator::Scenario;
use diesel_async::SimpleAsyncConnection as _;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::{READER, Shop, buy, eventually, mutate, timers};

const INVOICES: &str = "{ invoices(first: 10) { nodes { kind number title total { formatted } tax { amount } charged { amount currency } fr: pdfUrl(language: FR) en: pdfUrl(language: EN) pdfUrl order { id } } } }";

/// The answer under an address that a client was given.
async fn fetch(shop: &Shop, url: &Value) -> reqwest::Response {
    let url = url.as_str().unwrap();
    let path = url.find("/invoices/").map(|start| &url[start..]).unwrap();
    let url = format!("{}{path}", shop.base);
    reqwest::Client::new().get(url).send().await.unwrap()
}

async fn text(answer: reqwest::Response) -> String {
    assert_eq!(answer.status(), 200);
    assert_eq!(answer.headers()["content-type"], "application/pdf");
    let pdf = lopdf::Document::load_mem(&answer.bytes().await.unwrap()).unwrap();
    let pages: Vec<u32> = pdf.get_pages().into_keys().collect();
    let text = pdf.extract_text(&pages).unwrap();
    // Lines end, and spaces do not break, where the layout likes.
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

async fn of(shop: &Shop, user: Uuid) -> Value {
    let answer = shop.reader(user).run(INVOICES).await;
    answer.ok()["invoices"]["nodes"].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_purchase_has_an_invoice_and_its_refund_a_credit_note() {
    let seller = Seller {
        name: "Coko SARL".to_owned(),
        tax_rate: 1800,
        ..Seller::default()
    };
    let shop = Shop::selling(Scenario::Success, timers(), seller).await;
    let bought = buy(&shop.reader(READER), "PAYPAL", "k1").await;
    let order = bought["order"].clone();
    shop.order_becomes(&order, "PAID").await;
    let invoices = of(&shop, READER).await;
    let invoice = &invoices[0];
    assert_eq!(invoice["kind"], "INVOICE", "{invoices:#}");
    assert_eq!(invoice["order"]["id"], order["id"]);
    assert_eq!(invoice["tax"]["amount"], 229);
    assert_eq!(
        invoice["charged"],
        json!({ "amount": 229, "currency": "EUR" })
    );
    let number = invoice["number"].as_str().unwrap();
    assert!(
        number.starts_with('F') && number.ends_with("-000001"),
        "{number}"
    );

    let french = text(fetch(&shop, &invoice["fr"]).await).await;
    let english = text(fetch(&shop, &invoice["en"]).await).await;
    for phrase in [number, "Coko SARL", "1 500 F CFA", "2,29 €", "TVA 18 %"] {
        assert!(french.contains(phrase), "{phrase} is not in {french}");
    }
    for phrase in [number, "F CFA 1,500", "€2.29", "VAT 18%"] {
        assert!(english.contains(phrase), "{phrase} is not in {english}");
    }
    // The same invoice is the same bytes.
    let first = fetch(&shop, &invoice["pdfUrl"]).await;
    let again = fetch(&shop, &of(&shop, READER).await[0]["pdfUrl"]).await;
    assert_eq!(first.headers()["etag"], again.headers()["etag"]);

    eventually("the grant", async || shop.grant(true).await > 0).await;
    shop.order_becomes(&order, "FULFILLED").await;
    let input = json!({ "orderId": order["id"], "idempotencyKey": "r1" });
    mutate(&shop.operator(), "refundOrder", "RefundOrderInput", input).await;
    shop.order_becomes(&order, "REFUNDED").await;
    let invoices = of(&shop, READER).await;
    assert_eq!(invoices.as_array().unwrap().len(), 2);
    assert_eq!(invoices[0]["kind"], "CREDIT_NOTE");
    assert_eq!(invoices[0]["total"], invoices[1]["total"]);
    let note = text(fetch(&shop, &invoices[0]["fr"]).await).await;
    for phrase in ["Avoir A", number, "-1 500 F CFA", "Remboursé"] {
        assert!(note.contains(phrase), "{phrase} is not in {note}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invoice_is_its_owners_and_the_staffs() {
    let shop = Shop::new(Scenario::Success).await;
    let bought = buy(&shop.reader(READER), "WAVE", "k1").await;
    shop.order_becomes(&bought["order"], "PAID").await;
    let stranger = Uuid::from_u128(0xaaaa_0099);
    assert_eq!(of(&shop, stranger).await, json!([]));
    let query = "query($id: ID!) { order(id: $id) { invoices { number pdfUrl } } }";
    let variables = json!({ "id": bought["order"]["id"] });
    let client = shop.reader(stranger);
    let theirs = client.run_with(query, variables.clone()).await;
    assert_eq!(theirs.ok()["order"], Value::Null);
    let staffs = shop.operator().run_with(query, variables).await;
    let url = &staffs.ok()["order"]["invoices"][0]["pdfUrl"];
    text(fetch(&shop, url).await).await;
    let anonymous = GraphqlClient::new(shop.router.clone());
    assert_eq!(anonymous.run(INVOICES).await.codes(), ["UNAUTHENTICATED"]);

    // The address is the permission: nothing of it can be changed, and nothing guessed.
    let url = url.as_str().unwrap();
    let (kept, tag) = url.rsplit_once('.').unwrap();
    let turned = tag.chars().rev().collect::<String>();
    for url in [
        format!("{kept}.{turned}"),
        kept.to_owned(),
        "/invoices/x".to_owned(),
    ] {
        let refused = fetch(&shop, &json!(url)).await;
        assert_eq!(refused.status(), 403, "{url}");
        assert_eq!(
            refused.headers()["content-type"],
            "application/problem+json"
        );
        let problem: Value = refused.json().await.unwrap();
        assert_eq!(problem["code"], "FORBIDDEN");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn numbers_have_no_gaps_and_nothing_issued_changes() {
    let shop = Shop::new(Scenario::Success).await;
    let mut buyers = tokio::task::JoinSet::new();
    for number in 0..40_u128 {
        let reader = shop.reader(Uuid::from_u128(READER.as_u128() + number));
        buyers.spawn(async move { buy(&reader, "WAVE", "k").await });
    }
    while let Some(bought) = buyers.join_next().await {
        assert_eq!(bought.unwrap()["errors"], json!([]));
    }
    let issued = "SELECT count(*) AS number FROM invoices";
    eventually("forty invoices", async || shop.number(issued).await == 40).await;
    let last = "SELECT max(number) AS number FROM invoices";
    assert_eq!(shop.number(last).await, 40);
    let crossed = "SELECT count(*) AS number FROM invoices AS a JOIN invoices AS b ON a.number < b.number WHERE a.issued_at > b.issued_at";
    assert_eq!(shop.number(crossed).await, 0);
    let mut connection = shop.pool().get().await.unwrap();
    for statement in ["UPDATE invoices SET amount = 1", "DELETE FROM invoices"] {
        let refused = connection.batch_execute(statement).await.unwrap_err();
        assert!(refused.to_string().contains("append-only"), "{refused}");
    }
}
