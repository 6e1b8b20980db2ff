//! An author's manuscript becomes a book that a reader buys: the file's report, the review, the shelf, the sale, what is owed for it;
//! and what is left of it when it is paid back.

use coko_file::sample::{Book, Language};
use coko_tests::{Client, Shape, Stack};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::eventually;
use super::upload::{run, tus};

const MANUSCRIPT: &str =
    "id bookId status latestVersion { number file { status hasErrors findings { code } } }";

/// The answer of a mutation's only field.
pub(super) async fn mutate(
    client: &Client,
    field: &str,
    input: &str,
    kind: &str,
    value: Value,
) -> Value {
    let query = format!("mutation($i: {input}!) {{ {field}(input: $i) {{ {kind} }} }}");
    let answer = client.run_with(&query, json!({ "i": value })).await;
    answer.unwrap().ok()[field].clone()
}

/// Takes a step, which must not be refused.
pub(super) async fn step(client: &Client, field: &str, manuscript: &Value) -> Value {
    let input = match field {
        "schedulePublication" => "SchedulePublicationInput",
        _ => "ManuscriptStepInput",
    };
    let kind = format!("manuscript {{ {MANUSCRIPT} }} errors {{ code message }}");
    let value = json!({ "manuscriptId": manuscript });
    let taken = mutate(client, field, input, &kind, value).await;
    assert_eq!(taken["errors"], json!([]), "{field}: {taken}");
    taken["manuscript"].clone()
}

/// A manuscript of a new organisation.
pub(super) async fn begun(author: &Client) -> (Value, Value) {
    let value = json!({ "kind": "PUBLISHER", "name": "Éditions du Baobab", "country": "SN" });
    let made = mutate(
        author,
        "createPublishingOrganization",
        "CreatePublishingOrganizationInput",
        "organization { id } errors { code }",
        value,
    )
    .await;
    let organization = made["organization"]["id"].clone();
    let details = json!({
        "title": "Les Pluies de Ziguinchor", "description": "Trois générations.", "language": "fr",
        "authors": ["Awa Ndiaye"], "prices": [{ "amount": 2000, "currency": "XOF" }],
    });
    let value = json!({ "organizationId": organization, "details": details });
    let kind = format!("manuscript {{ {MANUSCRIPT} }} errors {{ field code }}");
    let made = mutate(
        author,
        "createManuscript",
        "CreateManuscriptInput",
        &kind,
        value,
    )
    .await;
    assert_eq!(made["errors"], json!([]), "{made}");
    (organization, made["manuscript"].clone())
}

/// The text is uploaded for the manuscript's book as a file of this name, looked at, and added as a version with these notes.
pub(super) async fn written(
    stack: &Stack,
    author: &Client,
    manuscript: &Value,
    (name, notes): (&str, &str),
) {
    let authors = ["Awa Ndiaye".to_owned()];
    let title = "Les Pluies de Ziguinchor";
    let bytes = Book::demonstration(
        "urn:coko:e2e:publication",
        title,
        &authors,
        Language::French,
    )
    .epub()
    .unwrap();
    let input = json!({
        "kind": "EPUB", "name": name, "mediaType": "application/epub+zip", "byteSize": bytes.len(),
        "sha256": hex::encode(Sha256::digest(&bytes)), "bookId": manuscript["bookId"],
    });
    let announced = run(author, "Upload", json!({ "input": input })).await;
    let url = announced["uploadUrl"].as_str().unwrap();
    let file = &announced["file"]["id"];
    let sent = tus(stack, Method::PATCH, url, 0, bytes).await;
    assert_eq!(sent.status(), StatusCode::NO_CONTENT);
    let completed = run(author, "Complete", json!({ "input": { "id": file } })).await;
    assert_eq!(completed["errors"], json!([]), "{completed}");
    // What the file service finds reaches publication by event.
    let kind = "version { number file { status hasErrors } } errors { code }";
    let value = json!({ "manuscriptId": manuscript["id"], "fileId": file, "notes": notes });
    let added = eventually("the report of the file", async || {
        let input = "AddManuscriptVersionInput";
        let added = mutate(author, "addManuscriptVersion", input, kind, value.clone()).await;
        added["version"].is_object().then_some(added)
    })
    .await;
    let report = json!({ "status": "READY", "hasErrors": false });
    assert_eq!(added["version"]["file"], report);
}

/// What is held for the organisation and owed to it, in francs.
async fn balance(author: &Client, organization: &Value) -> Option<(i64, i64)> {
    let query =
        "{ royaltyAccounts { payee { id } balances { escrow { amount } payable { amount } } } }";
    let answer = author.run(query).await.unwrap();
    let accounts = answer.ok()["royaltyAccounts"].as_array().unwrap();
    let of = |account: &&Value| account["payee"]["id"] == *organization;
    let balance = &accounts.iter().find(of)?["balances"][0];
    let amount = |field: &str| balance[field]["amount"].as_i64();
    Some((amount("escrow")?, amount("payable")?))
}

/// The reader buys the book as soon as it is for sale; the order.
pub(super) async fn sold(reader: &Client, book: &Value) -> Value {
    let number = std::sync::atomic::AtomicU32::new(0);
    eventually("the book for sale", async || {
        let key = number.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let value = json!({
            "bookId": book, "provider": "WAVE", "currency": "XOF", "idempotencyKey": format!("k{key}"),
        });
        let kind = "order { id } errors { code }";
        let bought = mutate(reader, "purchaseBook", "PurchaseBookInput", kind, value).await;
        bought["order"]
            .is_object()
            .then(|| bought["order"]["id"].clone())
    })
    .await
}

async fn journey(shape: Shape) {
    let mut stack = Stack::start(shape).await.unwrap();
    let author = stack.staff("Maison", &["publisher"]).await.unwrap();
    let reviewer = stack.staff("Relecteur", &["moderator"]).await.unwrap();
    let admin = stack.staff("Admin", &["admin"]).await.unwrap();
    let (organization, manuscript) = begun(&author).await;
    let id = &manuscript["id"];
    written(&stack, &author, &manuscript, ("pluies.epub", "Relu.")).await;
    step(&author, "submitManuscript", id).await;
    step(&reviewer, "startManuscriptReview", id).await;
    step(&reviewer, "approveManuscript", id).await;
    let published = step(&author, "schedulePublication", id).await;
    assert_eq!(published["status"], "PUBLISHED");
    // Whatever was said before it died is said again by whoever comes after.
    stack.kill("publication").await.unwrap();
    stack.restart("publication").await.unwrap();

    let book = json!({ "id": manuscript["bookId"] });
    let query =
        "query($id: ID!) { book(id: $id) { title pageCount publisher { name } price { amount } } }";
    let guest = stack.client().unwrap();
    let shelved = eventually("the book on the shelf", async || {
        let answer = guest.run_with(query, book.clone()).await.unwrap();
        let book = answer.ok()["book"].clone();
        book.is_object().then_some(book)
    })
    .await;
    assert_eq!(shelved["publisher"]["name"], "Éditions du Baobab");
    assert!(shelved["pageCount"].is_i64(), "{shelved}");

    let (_, reader) = stack.sign_up("Ndeye").await.unwrap();
    let order = sold(&reader, &manuscript["bookId"]).await;
    let held = async |expected: i64| {
        eventually("the royalty", async || {
            let found = balance(&author, &organization).await?;
            (found == (expected, 0)).then_some(())
        })
        .await;
    };
    held(1400).await;

    // Paid back, nothing is owed any more; withdrawn, nobody finds it.
    let query = "query($id: ID!) { order(id: $id) { status } }";
    let granted = json!({ "id": order });
    eventually("the grant", async || {
        let answer = reader.run_with(query, granted.clone()).await.unwrap();
        (answer.ok()["order"]["status"] == "FULFILLED").then_some(())
    })
    .await;
    let value = json!({ "orderId": order, "idempotencyKey": "r" });
    mutate(
        &admin,
        "refundOrder",
        "RefundOrderInput",
        "errors { code }",
        value,
    )
    .await;
    held(0).await;
    step(&author, "withdrawPublication", id).await;
    let query = "query($id: ID!) { book(id: $id) { title } }";
    eventually("the empty shelf", async || {
        let answer = guest.run_with(query, book.clone()).await.unwrap();
        answer.ok()["book"].is_null().then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn in_one_process() {
    journey(Shape::OneProcess).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn with_a_process_per_role() {
    journey(Shape::ProcessPerRole).await;
}
