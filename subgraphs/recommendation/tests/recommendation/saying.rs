//! What readers say of recommendations, who may say and see what, and what is said with ill intent.

use serde_json::{Value, json};
use time::Duration;
use uuid::Uuid;

use crate::support::{Desk, OTHER, READER, RECORD, book, category};

const SET: &str = "mutation($i: SetInterestsInput!) { setInterests(input: $i) { interests { id } errors { field code message } } }";

fn signals(signals: &[(Uuid, &str)]) -> Value {
    let each = |(book, kind): &(Uuid, &str)| json!({ "bookId": book, "kind": kind });
    let signals: Vec<Value> = signals.iter().map(each).collect();
    json!({ "i": { "signals": signals } })
}

#[tokio::test]
async fn what_is_refused_is_gone_at_once_though_lists_are_kept() {
    let desk = Desk::keeping(30).await;
    desk.stock().await;
    let before = desk.recommended(READER).await;
    desk.say(READER, 3, "NEGATIVE").await;
    // Nothing waits for a cache; a list that another process kept would be looked through as well.
    let after = desk.recommended(READER).await;
    assert!(before.contains(&book(3)) && !after.contains(&book(3)));
    desk.execute("UPDATE feedback SET likes = true").await;
    desk.execute(&format!(
        "INSERT INTO feedback (user_id, book_id, likes, decided_at, touched_at) VALUES ('{READER}', '{}', false, now(), now())",
        book(4)
    ))
    .await;
    assert!(!desk.recommended(READER).await.contains(&book(4)));
    assert!(desk.recommended(OTHER).await.contains(&book(3)));
}

#[tokio::test]
async fn the_same_signals_again_change_nothing() {
    let desk = Desk::new().await;
    desk.stock().await;
    let input = signals(&[
        (book(1), "IMPRESSION"),
        (book(2), "IMPRESSION"),
        (book(2), "POSITIVE"),
        (book(3), "NEGATIVE"),
    ]);
    let lines = "SELECT concat_ws(' ', right(book_id::text, 1), likes, shown) AS line FROM feedback ORDER BY book_id";
    for _ in 0..3 {
        let answer = desk.reader(READER).run_with(RECORD, input.clone()).await;
        assert_eq!(answer.ok()["recordFeedback"]["recorded"], 4);
        assert_eq!(desk.lines(lines).await, ["1 1", "2 t 0", "3 f 0"]);
    }
    desk.advance(Duration::hours(2));
    desk.say(READER, 1, "IMPRESSION").await;
    assert_eq!(desk.lines(lines).await[0], "1 2");
}

#[tokio::test]
async fn readers_who_say_much_at_a_time_do_not_wait_for_each_other_for_ever() {
    let desk = Desk::new().await;
    desk.stock().await;
    let (there, back) = (
        [(book(1), "POSITIVE"), (book(2), "NEGATIVE")],
        [(book(2), "POSITIVE"), (book(1), "NEGATIVE")],
    );
    let mut saying = Vec::new();
    for number in 0..20 {
        let client = desk.reader(if number % 3 == 0 { OTHER } else { READER });
        let input = signals(if number % 2 == 0 { &there } else { &back });
        saying.push(tokio::spawn(
            async move { client.run_with(RECORD, input).await },
        ));
    }
    for said in saying {
        assert_eq!(said.await.unwrap().ok()["recordFeedback"]["recorded"], 2);
    }
    let rows = desk
        .lines("SELECT user_id::text AS line FROM feedback")
        .await;
    assert_eq!(rows.len(), 4);
}

#[tokio::test]
async fn what_cannot_be_said_is_refused_with_a_reason() {
    let desk = Desk::new().await;
    desk.stock().await;
    let reader = desk.reader(READER);
    let many: Vec<(Uuid, &str)> = (0..101).map(|_| (book(1), "IMPRESSION")).collect();
    for (input, field, code) in [
        (signals(&[]), "signals", "SIGNAL_COUNT_INVALID"),
        (signals(&many), "signals", "SIGNAL_COUNT_INVALID"),
        (
            signals(&[(book(1), "POSITIVE"), (book(999), "POSITIVE")]),
            "signals.1.bookId",
            "BOOK_UNKNOWN",
        ),
        (
            json!({ "i": { "signals": [{ "bookId": "'; DROP TABLE books; --", "kind": "NEGATIVE" }] } }),
            "signals.0.bookId",
            "BOOK_UNKNOWN",
        ),
    ] {
        let answer = reader.run_with(RECORD, input).await;
        let payload = &answer.ok()["recordFeedback"];
        assert_eq!(payload["recorded"], 0);
        assert_eq!(payload["errors"][0]["field"], field);
        assert_eq!(payload["errors"][0]["code"], code);
        let message = payload["errors"][0]["message"].as_str().unwrap();
        assert!(!message.starts_with("recommendation-"), "{message}");
    }
    let none = desk
        .lines("SELECT user_id::text AS line FROM feedback")
        .await;
    assert!(none.is_empty());
    let many: Vec<Uuid> = (0..51).map(category).collect();
    for (categories, field, code) in [
        (json!(many), "categoryIds", "TOO_MANY"),
        (
            json!([category(1), "x"]),
            "categoryIds.1",
            "CATEGORY_INVALID",
        ),
    ] {
        let input = json!({ "i": { "categoryIds": categories } });
        let answer = reader.run_with(SET, input).await;
        let payload = &answer.ok()["setInterests"];
        assert_eq!(payload["interests"], Value::Null);
        assert_eq!(payload["errors"][0]["field"], field);
        assert_eq!(payload["errors"][0]["code"], code);
    }
}

#[tokio::test]
async fn only_the_reader_sees_and_says_what_is_theirs() {
    let desk = Desk::new().await;
    desk.stock().await;
    let own = [
        "{ recommendedForMe { nodes { score } } }",
        "{ becauseYouRead { nodes { book { id } } } }",
        "{ myInterests { id } }",
        "mutation { recordFeedback(input: { signals: [] }) { recorded } }",
        "mutation { setInterests(input: { categoryIds: [] }) { errors { code } } }",
    ];
    for query in own {
        assert_eq!(
            desk.guest().run(query).await.codes(),
            ["UNAUTHENTICATED"],
            "{query}"
        );
        let narrow = desk.client(READER, &["books:read"]);
        assert_eq!(narrow.run(query).await.codes(), ["FORBIDDEN"], "{query}");
        desk.reader(READER).run(query).await.ok();
    }
    // Who may only see may not say.
    let seeing = desk.client(READER, &["profile:read"]);
    for query in &own[3..] {
        assert_eq!(seeing.run(query).await.codes(), ["FORBIDDEN"], "{query}");
    }
    let why = |client: coko_core::testkit::GraphqlClient| async move {
        let query = "query($r: [_Any!]!) { _entities(representations: $r) { ... on Book { whyRecommended { kind } similar(first: 1) { nodes { score } } } } }";
        let books = [json!(book(1)), json!(book(999)), json!("no id at all")];
        let representations: Vec<Value> = books
            .iter()
            .map(|id| json!({ "__typename": "Book", "id": id }))
            .collect();
        let answer = client
            .run_with(query, json!({ "r": representations }))
            .await;
        answer.ok()["_entities"].clone()
    };
    let guest = why(desk.guest()).await;
    let reader = why(desk.reader(READER)).await;
    assert_eq!(guest[0]["whyRecommended"], Value::Null);
    assert!(reader[0]["whyRecommended"]["kind"].is_string());
    for answer in [&guest, &reader] {
        for unknown in [1, 2] {
            assert_eq!(answer[unknown]["whyRecommended"], Value::Null);
            assert_eq!(answer[unknown]["similar"]["nodes"], json!([]));
        }
    }
    desk.say(READER, 1, "NEGATIVE").await;
    assert_eq!(
        why(desk.reader(READER)).await[0]["whyRecommended"],
        Value::Null
    );
}
