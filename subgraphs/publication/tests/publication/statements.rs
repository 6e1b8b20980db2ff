//! Statements: issued once, right to the franc, for their payee alone.

use axum::body::Body;
use axum::http::{Request, Response, StatusCode};
use diesel_async::SimpleAsyncConnection as _;
use http_body_util::BodyExt as _;
use serde_json::{Value, json};
use time::Duration;
use tower::ServiceExt as _;

use crate::support::{AUTHOR, House, RIVAL};

const STATEMENTS: &str = "query($id: ID!) { royaltyStatements(payeeId: $id, first: 10) { nodes { number month opening { amount } accrued { amount } reversed { amount } paid { amount } closing { amount } csvUrl(language: EN) pdfUrl(language: FR) } } }";

async fn of(house: &House, user: uuid::Uuid, payee: &Value) -> Vec<Value> {
    let client = house.author(user);
    let answer = client.run_with(STATEMENTS, json!({ "id": payee })).await;
    let nodes = &answer.ok()["royaltyStatements"]["nodes"];
    nodes.as_array().unwrap().clone()
}

async fn fetch(house: &House, url: &Value) -> Response<Body> {
    let url = url.as_str().unwrap();
    let path = url.find("/statements/").map(|start| &url[start..]).unwrap();
    let request = Request::get(path).body(Body::empty()).unwrap();
    house.service.router.clone().oneshot(request).await.unwrap()
}

async fn text(response: Response<Body>) -> Vec<u8> {
    assert_eq!(response.status(), StatusCode::OK);
    let body = response.into_body().collect().await.unwrap();
    body.to_bytes().to_vec()
}

#[tokio::test]
async fn a_month_is_stated_once_and_the_next_follows_it() {
    let house = House::new().await;
    let baobab = house.organization(AUTHOR, "Baobab").await;
    let manuscript = house.published(AUTHOR, &baobab, "=Les Pluies").await;
    let first = house.purchase(&manuscript, 1, 2000);
    house.tell(&first).await;
    house.tell(&house.purchase(&manuscript, 2, 1000)).await;
    assert!(of(&house, AUTHOR, &baobab).await.is_empty());
    house.advance(Duration::days(25));
    house
        .working("the statement", async || {
            !of(&house, AUTHOR, &baobab).await.is_empty()
        })
        .await;
    let stated = of(&house, AUTHOR, &baobab).await;
    assert_eq!(stated.len(), 1);
    assert_eq!(stated[0]["month"], "2027-01-01");
    assert_eq!(stated[0]["closing"]["amount"], 2100);

    let csv = fetch(&house, &stated[0]["csvUrl"]).await;
    assert_eq!(csv.headers()["content-type"], "text/csv; charset=utf-8");
    let csv = String::from_utf8(text(csv).await).unwrap();
    assert!(
        csv.contains("'=Les Pluies,Sales (copies),2,3000,2100,XOF"),
        "{csv}"
    );
    let pdf = fetch(&house, &stated[0]["pdfUrl"]).await;
    assert_eq!(pdf.headers()["content-type"], "application/pdf");
    let pdf = lopdf::Document::load_mem(&text(pdf).await).unwrap();
    let pages: Vec<u32> = pdf.get_pages().into_keys().collect();
    let printed = pdf.extract_text(&pages).unwrap();
    let printed = printed.split_whitespace().collect::<Vec<_>>().join(" ");
    for phrase in ["janvier 2027", "Baobab", "2 100 F CFA"] {
        assert!(printed.contains(phrase), "{phrase} is not in {printed}");
    }

    // Nobody was there for a month: the statement after it says what happened in both.
    house.tell(&house.refund(&first)).await;
    house.advance(Duration::days(31));
    house.tell(&house.purchase(&manuscript, 3, 100)).await;
    house.advance(Duration::days(28));
    house
        .working("the statement", async || {
            of(&house, AUTHOR, &baobab).await.len() == 2
        })
        .await;
    let stated = of(&house, AUTHOR, &baobab).await;
    let newest = &stated[0];
    assert_eq!(newest["month"], "2027-03-01");
    assert_eq!(newest["opening"]["amount"], 2100);
    assert_eq!(newest["reversed"]["amount"], 1400);
    assert_eq!(newest["accrued"]["amount"], 70);
    assert_eq!(newest["closing"]["amount"], 770);
    let total = "SELECT (escrow + payable)::text AS line FROM balances";
    assert_eq!(house.lines(total).await, ["770"]);
    house.assert_balanced().await;
}

#[tokio::test]
async fn a_statement_is_its_payees() {
    let house = House::new().await;
    let baobab = house.organization(AUTHOR, "Baobab").await;
    let manuscript = house.published(AUTHOR, &baobab, "Les Pluies").await;
    house.tell(&house.purchase(&manuscript, 1, 2000)).await;
    house.advance(Duration::days(25));
    house
        .working("the statement", async || {
            !of(&house, AUTHOR, &baobab).await.is_empty()
        })
        .await;
    assert!(of(&house, RIVAL, &baobab).await.is_empty());
    let stated = of(&house, AUTHOR, &baobab).await;
    let url = stated[0]["pdfUrl"].as_str().unwrap();
    let (kept, tag) = url.rsplit_once('.').unwrap();
    let turned = tag.chars().rev().collect::<String>();
    for url in [format!("{kept}.{turned}"), kept.to_owned()] {
        let refused = fetch(&house, &json!(url)).await;
        assert_eq!(refused.status(), StatusCode::FORBIDDEN);
    }
    house.advance(Duration::minutes(11));
    let ended = fetch(&house, &stated[0]["pdfUrl"]).await;
    assert_eq!(ended.status(), StatusCode::FORBIDDEN);
    let mut connection = house.pool().get().await.unwrap();
    for statement in [
        "UPDATE statements SET closing = 1",
        "DELETE FROM statement_lines",
    ] {
        let refused = connection.batch_execute(statement).await.unwrap_err();
        assert!(refused.to_string().contains("append-only"), "{refused}");
    }
}
