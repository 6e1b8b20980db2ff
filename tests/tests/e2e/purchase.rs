//! A reader buys a book with mobile money: through the router, over events, to the grant; and an operator pays it back.

use coko_core::clock::Clock;
use coko_core::context::CommandContext;
use coko_core::events::reading::EntitlementGranted;
use coko_core::events::{Event, subject};
use coko_core::ids::Entropy;
use coko_core::service::Nats;
use coko_tests::{Client, Shape, Stack};
use serde_json::{Value, json};

use super::{eventually, shopping};

/// The document of the README that begins with `operation`.
fn documented(operation: &str) -> String {
    let readme = include_str!("../../../README.md");
    let start = readme.find(&format!("```graphql\n{operation}")).unwrap() + "```graphql\n".len();
    let end = start + readme[start..].find("```").unwrap();
    readme[start..end].to_owned()
}

/// Reading does not exist yet: what it will say of a purchase is said by this test, on the same stream.
async fn grant(stack: &Stack, user: &Value, book: &Value, order: &Value) {
    let nats = Nats::connect(&stack.nats.url(), "reading", 1)
        .await
        .unwrap();
    nats.ensure_stream("reading").await.unwrap();
    let id = |value: &Value| value.as_str().unwrap().parse().unwrap();
    let now = Clock::system().now();
    let granted = EntitlementGranted {
        user_id: id(user),
        book_id: id(book),
        order_id: Some(id(order)),
        source: "PURCHASED".to_owned(),
        granted_at: now,
    };
    let context = CommandContext::system(now, Entropy::system());
    let event = Event::new(&context, &granted).unwrap();
    let payload = serde_json::to_vec(&event).unwrap();
    let subject = subject("reading", "entitlement.granted");
    let sent = nats
        .jetstream
        .publish(subject, payload.into())
        .await
        .unwrap();
    sent.await.unwrap();
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

async fn journey(shape: Shape) {
    let stack = Stack::start(shape).await.unwrap();
    let admin = stack.staff("Admin", &["admin"]).await.unwrap();
    let made = "mutation { createAuthor(input: { name: \"Mariama Bâ\" }) { author { id } errors { code } } }";
    let author = admin.run(made).await.unwrap().ok()["createAuthor"]["author"]["id"].clone();
    let create = "mutation($i: CreateBookInput!) { createBook(input: $i) { book { id version } errors { field code } } }";
    let input = json!({
        "title": "Une si longue lettre", "language": "fr",
        "contributors": [{ "authorId": author }], "prices": [{ "amount": 2500, "currency": "XOF" }],
    });
    let made = admin.run_with(create, json!({ "i": input })).await.unwrap();
    let book = made.ok()["createBook"]["book"].clone();
    let publish = "mutation($i: PublishBookInput!) { publishBook(input: $i) { errors { code } } }";
    let published = admin.run_with(publish, json!({ "i": book })).await.unwrap();
    assert_eq!(
        published.ok()["publishBook"]["errors"],
        json!([]),
        "{published:?}"
    );

    let (_, reader) = stack.sign_up("Ndeye").await.unwrap();
    let user = reader.run("{ me { id } }").await.unwrap().ok()["me"]["id"].clone();
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
    becomes(&reader, &order["id"], "PAID").await;
    grant(&stack, &user, &book["id"], &order["id"]).await;
    becomes(&reader, &order["id"], "FULFILLED").await;
    let (number, pdf) = shopping::invoice(&stack, &reader, &order["id"], 0).await;
    assert!(
        number.starts_with('F') && pdf.starts_with(b"%PDF-"),
        "{number}"
    );
    shopping::persisted(&stack, &book["id"]).await;

    let refund = "mutation($i: RefundOrderInput!) { refundOrder(input: $i) { errors { code } } }";
    let input = json!({ "i": { "orderId": order["id"], "idempotencyKey": "r" } });
    let refused = reader.run_with(refund, input.clone()).await.unwrap();
    assert_eq!(refused.codes(), ["FORBIDDEN"]);
    admin.run_with(refund, input).await.unwrap().ok();
    becomes(&reader, &order["id"], "REFUNDED").await;
    assert_eq!(stack.simulator.totals(), (3, 1));
    let (number, pdf) = shopping::invoice(&stack, &reader, &order["id"], 1).await;
    assert!(
        number.starts_with('A') && pdf.starts_with(b"%PDF-"),
        "{number}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn in_one_process() {
    journey(Shape::OneProcess).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn with_a_process_per_role() {
    journey(Shape::ProcessPerRole).await;
}
