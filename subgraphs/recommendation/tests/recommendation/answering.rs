//! What is recommended to whom, through the schema.

use serde_json::{Value, json};
use time::Duration;
use uuid::Uuid;

use crate::support::{
    BOOKS, BRIDGE, Desk, OTHER, READER, book, category, genre, ids, progressed, published,
    purchased, refunded, withdrawn,
};

/// A catalogue, a crowd that reads it, and models that were trained on it.
async fn trained() -> Desk {
    let desk = Desk::new().await;
    desk.stock().await;
    desk.crowd().await;
    desk.working("training", async || {
        // What the book is about leads to its own genre; its readers are all of another.
        let query = format!(
            "{{ similarBooks(bookId: \"{}\", first: 1) {{ nodes {{ book {{ id }} }} }} }}",
            book(BRIDGE)
        );
        let answer = desk.guest().run(&query).await;
        let first = ids(&answer.ok()["similarBooks"]).first().copied();
        first.is_some_and(|first| genre(first) == 0)
    })
    .await;
    desk
}

#[tokio::test]
async fn what_a_reader_does_shifts_what_they_are_recommended_without_training() {
    let desk = trained().await;
    let before = desk.recommended(READER).await;
    assert!(!before.is_empty());
    for number in [1, 4] {
        desk.finish(READER, number).await;
    }
    let after = desk.recommended(READER).await;
    assert_ne!(before, after);
    assert_eq!(genre(after[0]), 1, "{after:?}");
    let of_genre = after.iter().take(5).filter(|book| genre(**book) == 1);
    assert!(of_genre.count() >= 2, "{after:?}");
    assert!(!after.contains(&book(1)) && !after.contains(&book(4)));
    // The other reader is told nothing of it.
    assert_eq!(desk.recommended(OTHER).await, before);
}

#[tokio::test]
async fn what_is_owned_read_in_refused_or_gone_is_not_recommended() {
    let desk = trained().await;
    let now = desk.now();
    let all = desk.recommended(READER).await;
    assert_eq!(all.len(), usize::try_from(BOOKS).unwrap());
    desk.tell(&purchased(READER, book(2), now)).await;
    desk.tell(&progressed(READER, book(3), 0.01, now)).await;
    desk.say(READER, 5, "NEGATIVE").await;
    desk.tell(&withdrawn(6, 9, now)).await;
    desk.finish(READER, 7).await;
    let left = desk.recommended(READER).await;
    let without = [2, 3, 5, 6, 7].map(book);
    for book in &without {
        assert!(!left.contains(book), "{book}");
    }
    // Besides these only what is like the refused one may be left out.
    let mut others = all
        .iter()
        .filter(|book| !left.contains(book) && !without.contains(book));
    assert!(others.all(|other| genre(*other) == genre(book(5))));
    assert!(left.len() > all.len() / 2);
    // A book that was paid back is no longer theirs; one that they refused stays away until they say otherwise.
    desk.tell(&refunded(READER, book(2), now + Duration::hours(1)))
        .await;
    assert!(desk.recommended(READER).await.contains(&book(2)));
    desk.say(READER, 5, "POSITIVE").await;
    assert!(desk.recommended(READER).await.contains(&book(5)));
}

#[tokio::test]
async fn whoever_is_new_is_given_what_is_read_now_or_what_they_said_to_like() {
    let desk = Desk::new().await;
    desk.stock().await;
    for reader in 0..5 {
        let reader = Uuid::from_u128(0xcccc_1000 + reader);
        desk.finish(reader, 10).await;
    }
    let first = "{ recommendedForMe(first: 1) { nodes { score book { id } reason { kind text book { id } category { id } } } } }";
    let answer = desk.reader(READER).run(first).await;
    let node = &answer.ok()["recommendedForMe"]["nodes"][0];
    assert_eq!(node["book"]["id"], json!(book(10)));
    assert_eq!(node["reason"]["kind"], "TRENDING");
    assert_eq!(node["reason"]["text"], "Much read right now");
    let set = "mutation($i: SetInterestsInput!) { setInterests(input: $i) { interests { id } errors { field code } } }";
    let input = json!({ "i": { "categoryIds": [category(2), category(2)] } });
    let answer = desk.reader(READER).run_with(set, input).await;
    let kept = json!([{ "id": category(2) }]);
    assert_eq!(answer.ok()["setInterests"]["interests"], kept);
    let answer = desk.reader(READER).with_language("fr").run(first).await;
    let node = &answer.ok()["recommendedForMe"]["nodes"][0];
    assert_eq!(node["reason"]["kind"], "YOUR_INTEREST");
    assert_eq!(node["reason"]["category"]["id"], json!(category(2)));
    assert_eq!(
        node["reason"]["text"],
        "Dans une catégorie que vous avez choisie"
    );
    let mine = desk.reader(READER).run("{ myInterests { id } }").await;
    assert_eq!(mine.ok()["myInterests"], kept);
}

#[tokio::test]
async fn a_new_book_is_recommended_before_any_training() {
    let desk = trained().await;
    desk.finish(READER, 1).await;
    desk.tell(&published(BOOKS + 1)).await;
    let new = book(BOOKS + 1);
    desk.working("the new book", async || {
        desk.recommended(READER).await.contains(&new)
    })
    .await;
    let query = format!(
        "{{ similarBooks(bookId: \"{new}\", first: 3) {{ nodes {{ book {{ id }} reason {{ kind book {{ id }} text }} }} }} }}"
    );
    let answer = desk.guest().run(&query).await;
    let similar = &answer.ok()["similarBooks"];
    assert_eq!(genre(ids(similar)[0]), genre(new));
    let reason = &similar["nodes"][0]["reason"];
    assert_eq!(reason["kind"], "SIMILAR_BOOK");
    assert_eq!(reason["book"]["id"], json!(new));
    assert_eq!(reason["text"], format!("Close to “Livre {}”", BOOKS + 1));
}

#[tokio::test]
async fn shelves_are_of_what_was_read_and_no_book_comes_twice() {
    let desk = trained().await;
    desk.finish(READER, 1).await;
    desk.advance(Duration::hours(1));
    desk.finish(READER, 2).await;
    let query = "{ becauseYouRead { nodes { book { id } recommendations { book { id } reason { kind } } } } }";
    let answer = desk.reader(READER).run(query).await;
    let shelves = &answer.ok()["becauseYouRead"];
    // The newest first.
    assert_eq!(ids(shelves), [book(2), book(1)]);
    let mut seen: Vec<Uuid> = Vec::new();
    for shelf in shelves["nodes"].as_array().unwrap() {
        let books = ids(&json!({ "nodes": shelf["recommendations"] }));
        assert!(!books.is_empty());
        seen.extend(books);
    }
    let count = seen.len();
    seen.sort_unstable();
    seen.dedup();
    assert_eq!(seen.len(), count);
    assert!(!seen.contains(&book(1)) && !seen.contains(&book(2)));
    let nothing = desk.reader(OTHER).run(query).await;
    assert_eq!(nothing.ok()["becauseYouRead"]["nodes"], json!([]));
}

#[tokio::test]
async fn what_is_read_now_trends_and_what_was_read_long_ago_does_not() {
    let desk = Desk::new().await;
    desk.stock().await;
    for reader in 0..9 {
        desk.finish(Uuid::from_u128(0xcccc_2000 + reader), 8).await;
    }
    desk.advance(Duration::days(3));
    for reader in 0..2 {
        desk.finish(Uuid::from_u128(0xcccc_3000 + reader), 9).await;
    }
    let trending = async |window: &str| -> Vec<Value> {
        let query = format!(
            "{{ trending(window: {window}) {{ nodes {{ rank score book {{ id }} }} pageInfo {{ hasNextPage }} }} }}"
        );
        let answer = desk.guest().run(&query).await;
        answer.ok()["trending"]["nodes"].as_array().unwrap().clone()
    };
    let day = trending("DAY").await;
    assert_eq!(day.len(), 1);
    assert_eq!(
        day[0],
        json!({ "rank": 1, "score": 1.0, "book": { "id": book(9) } })
    );
    let week = trending("WEEK").await;
    assert_eq!(week.len(), 2);
    assert_eq!(week[0]["book"]["id"], json!(book(8)));
    desk.advance(Duration::days(40));
    desk.working("an end of it", async || trending("MONTH").await.is_empty())
        .await;
}

#[tokio::test]
async fn pages_are_the_list() {
    let desk = Desk::new().await;
    desk.stock().await;
    let all = desk.recommended(READER).await;
    let (mut seen, mut cursor) = (Vec::new(), Value::Null);
    loop {
        let query = "query($c: String) { recommendedForMe(first: 7, after: $c) { nodes { book { id } } pageInfo { hasNextPage endCursor } } }";
        let answer = desk
            .reader(READER)
            .run_with(query, json!({ "c": cursor }))
            .await;
        let page = &answer.ok()["recommendedForMe"];
        seen.extend(ids(page));
        cursor = page["pageInfo"]["endCursor"].clone();
        if page["pageInfo"]["hasNextPage"] == false {
            break;
        }
    }
    assert_eq!(seen, all);
    let foreign = "query($c: String) { trending(after: $c) { nodes { rank } } }";
    let answer = desk.guest().run_with(foreign, json!({ "c": cursor })).await;
    assert_eq!(answer.codes(), ["VALIDATION_FAILED"]);
}
