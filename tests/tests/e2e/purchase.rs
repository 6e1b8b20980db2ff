//! A reader buys a book with mobile money: through the router, over events, to the grant; and an operator pays it back.

use coko_tests::{Account, Client, Shape, Stack};
use serde_json::{Value, json};

use super::{eventually, shopping};

/// The document of the README that begins with `operation`.
fn documented(operation: &str) -> String {
    let readme = include_str!("../../../README.md");
    let start = readme.find(&format!("```graphql\n{operation}")).unwrap() + "```graphql\n".len();
    let end = start + readme[start..].find("```").unwrap();
    readme[start..end].to_owned()
}

async fn status(client: &Client, order: &Value) -> Value {
    let query = documented("query MyOrder");
    let answer = client
        .run_with(&query, json!({ "id": order }))
        .await
        .unwrap();
    answer.ok()["order"]["status"].clone()
}

async fn becomes(client: &Client, order: &Value, expected: &str) {
    eventually(expected, async || {
        (status(client, order).await == expected).then_some(())
    })
    .await;
}

/// A book that was bought, and by whom.
pub(crate) struct Purchase {
    pub(crate) reader: Client,
    pub(crate) account: Account,
    pub(crate) token: String,
    pub(crate) book: Value,
    order: Value,
    pub(crate) admin: Client,
}

/// A book on the shelf, `{ id version }`: written by an author whom the operator enters, published by its publisher.
pub(crate) async fn published(admin: &Client, publisher: &Client, mut book: Value) -> Value {
    let made = "mutation { createAuthor(input: { name: \"Mariama Bâ\" }) { author { id } errors { code } } }";
    let author = admin.run(made).await.unwrap().ok()["createAuthor"]["author"]["id"].clone();
    book["contributors"] = json!([{ "authorId": author }]);
    let create = "mutation($i: CreateBookInput!) { createBook(input: $i) { book { id version } errors { field code } } }";
    let made = publisher.run_with(create, json!({ "i": book })).await;
    let book = made.unwrap().ok()["createBook"]["book"].clone();
    let publish = "mutation($i: PublishBookInput!) { publishBook(input: $i) { errors { code } } }";
    let published = publisher.run_with(publish, json!({ "i": book })).await;
    let published = published.unwrap();
    assert_eq!(published.ok()["publishBook"]["errors"], json!([]));
    book
}

/// A reader called `name` buys a book of a hundred pages with Wave, and is granted it.
pub(crate) async fn bought(stack: &Stack, name: &str) -> Purchase {
    let admin = stack.staff("Admin", &["admin"]).await.unwrap();
    let fields = json!({
        "title": "Une si longue lettre", "language": "fr", "pageCount": 100,
        "prices": [{ "amount": 2500, "currency": "XOF" }],
    });
    let book = published(&admin, &admin, fields).await;

    let (account, reader) = stack.sign_up(name).await.unwrap();
    let token = stack.token(&account).await.unwrap();
    // The price reaches payment by event; until then the book is not for sale.
    let buy = documented("mutation Buy");
    let number = std::sync::atomic::AtomicU32::new(0);
    let order = eventually("the book for sale", async || {
        let try_ = number.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let input = json!({ "bookId": book["id"], "provider": "WAVE", "currency": "XOF", "idempotencyKey": format!("k{try_}") });
        let answer = reader.run_with(&buy, json!({ "input": input })).await.unwrap();
        let payload = answer.ok()["purchaseBook"].clone();
        match payload["errors"][0]["code"].as_str() {
            Some("NOT_FOR_SALE") => None,
            None => Some(payload["order"].clone()),
            Some(other) => panic!("{other}"),
        }
    })
    .await;
    assert_eq!(order["price"]["amount"], 2500);
    // One answer from two subgraphs: the order from payment, the book from catalog.
    assert_eq!(order["book"]["title"], "Une si longue lettre");
    // Reading grants, and payment hears of it.
    becomes(&reader, &order["id"], "FULFILLED").await;
    Purchase {
        reader,
        account,
        token,
        book,
        order,
        admin,
    }
}

/// An operator has the purchase paid back.
pub(crate) async fn refunded(stack: &Stack, purchase: &Purchase) {
    let refund = "mutation($i: RefundOrderInput!) { refundOrder(input: $i) { errors { code } } }";
    let order = &purchase.order["id"];
    let input = json!({ "i": { "orderId": order, "idempotencyKey": "r" } });
    let refused = purchase.reader.run_with(refund, input.clone()).await;
    assert_eq!(refused.unwrap().codes(), ["FORBIDDEN"]);
    purchase.admin.run_with(refund, input).await.unwrap().ok();
    becomes(&purchase.reader, order, "REFUNDED").await;
    assert_eq!(stack.simulator.totals(), (1, 1));
}

async fn journey(shape: Shape) {
    let stack = Stack::start(shape).await.unwrap();
    let purchase = bought(&stack, "Ndeye").await;
    let (reader, order) = (&purchase.reader, &purchase.order["id"]);
    let (number, pdf) = shopping::invoice(&stack, reader, order, 0).await;
    assert!(
        number.starts_with('F') && pdf.starts_with(b"%PDF-"),
        "{number}"
    );
    refunded(&stack, &purchase).await;
    let (number, pdf) = shopping::invoice(&stack, reader, order, 1).await;
    assert!(
        number.starts_with('A') && pdf.starts_with(b"%PDF-"),
        "{number}"
    );
    shopping::persisted(&stack, &purchase.book["id"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn in_one_process() {
    journey(Shape::OneProcess).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn with_a_process_per_role() {
    journey(Shape::ProcessPerRole).await;
}
