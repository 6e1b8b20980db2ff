//! Reviews: one per reader and book, sums, events.

use coko_core::testkit::GraphqlClient;
use serde_json::{Value, json};
use time::Duration;
use uuid::Uuid;

use crate::support::{
    BOOK, OTHER, READER, THIRD, Town, books, codes, mutate, person, relate, review,
};

async fn summary(client: &GraphqlClient) -> Value {
    let fields = "ratingSummary { mean ratingCount reviewCount histogram }";
    books(client, &[BOOK], fields).await[0]["ratingSummary"].clone()
}

async fn texts(client: &GraphqlClient) -> Vec<String> {
    let found = books(client, &[BOOK], "reviews { nodes { html } }").await;
    let nodes = found[0]["reviews"]["nodes"].as_array().unwrap().clone();
    nodes
        .iter()
        .map(|review| review["html"].as_str().unwrap().trim().to_owned())
        .collect()
}

#[tokio::test]
async fn a_reader_has_one_review_of_a_book() {
    let town = Town::new().await;
    let reader = town.reader(READER);
    let payload = review(&reader, json!({ "halfStars": 9, "text": "**Beau** livre" })).await;
    assert_eq!(payload["errors"], json!([]));
    let first = payload["review"].clone();
    assert_eq!(first["html"], "<p><strong>Beau</strong> livre</p>\n");
    assert_eq!(first["source"], "**Beau** livre");
    assert_eq!(first["editedAt"], Value::Null);
    assert_eq!(
        summary(&reader).await,
        json!({ "mean": 4.5, "ratingCount": 1, "reviewCount": 1, "histogram": [0, 0, 0, 0, 0, 0, 0, 0, 1, 0] })
    );

    town.advance(Duration::minutes(5));
    let payload = review(&reader, json!({ "halfStars": 4 })).await;
    assert_eq!(payload["review"]["id"], first["id"]);
    assert_eq!(payload["review"]["html"], Value::Null);
    assert_ne!(payload["review"]["editedAt"], Value::Null);
    let told = town.last("review.updated").await;
    assert_eq!(told["half_stars"], 4);
    assert_eq!(told["has_text"], false);
    review(&town.reader(OTHER), json!({ "text": "Bof" })).await;
    assert_eq!(
        summary(&town.guest()).await,
        json!({ "mean": 2.0, "ratingCount": 1, "reviewCount": 1, "histogram": [0, 0, 0, 1, 0, 0, 0, 0, 0, 0] })
    );
    // What one wrote is for others to read, not to edit.
    let query = "query($id: ID!) { review(id: $id) { source halfStars } }";
    let guest = town.guest();
    let seen = guest.run_with(query, json!({ "id": first["id"] }));
    assert_eq!(
        seen.await.ok()["review"],
        json!({ "source": null, "halfStars": 4 })
    );

    let field = ("deleteReview", "DeleteReviewInput");
    let deleted = mutate(&reader, field, "deletedId", json!({ "bookId": BOOK })).await;
    assert_eq!(deleted["deletedId"], first["id"]);
    assert_eq!(town.last("review.removed").await["review_id"], first["id"]);
    assert_eq!(summary(&reader).await["ratingCount"], 0);
    let again = mutate(&reader, field, "deletedId", json!({ "bookId": BOOK })).await;
    assert_eq!(codes(&again), ["NOT_FOUND"]);
    // Another one is another review, as a removal is final for whoever heard of it.
    let payload = review(&reader, json!({ "halfStars": 1 })).await;
    assert_ne!(payload["review"]["id"], first["id"]);
    assert_eq!(
        town.events().await,
        [
            "review.posted",
            "review.updated",
            "review.posted",
            "review.removed",
            "review.posted"
        ]
    );
}

#[tokio::test]
async fn what_is_no_review_is_refused_with_every_reason() {
    let town = Town::new().await;
    let reader = town.reader(READER);
    for (input, expected) in [
        (json!({}), vec!["NOTHING_SAID"]),
        (json!({ "text": "  " }), vec!["NOTHING_SAID"]),
        (json!({ "halfStars": 0 }), vec!["RATING_INVALID"]),
        (json!({ "halfStars": 70_000 }), vec!["RATING_INVALID"]),
        (
            json!({ "halfStars": 11, "text": "x".repeat(10_001) }),
            vec!["RATING_INVALID", "TEXT_TOO_LONG"],
        ),
        (json!({ "text": "a\u{202e}b" }), vec!["TEXT_INVALID"]),
        (
            json!({ "text": "https://a.test https://b.test" }),
            vec!["TOO_MANY_LINKS"],
        ),
        (
            json!({ "text": "![x](https://a.test/a.png)" }),
            vec!["TOO_MANY_IMAGES"],
        ),
    ] {
        let payload = review(&reader, input.clone()).await;
        assert_eq!(codes(&payload), expected, "{input}");
        assert_eq!(payload["review"], Value::Null);
    }
    assert_eq!(
        town.number("SELECT count(*) AS number FROM reviews").await,
        0
    );
    let french = reader.with_language("fr");
    let links = review(&french, json!({ "text": "https://a.test https://b.test" }));
    let message = links.await["errors"][0]["message"]
        .as_str()
        .unwrap()
        .to_owned();
    assert!(
        message.contains("au plus") && message.contains('1'),
        "{message}"
    );
}

#[tokio::test]
async fn writing_takes_an_account_and_its_right() {
    let town = Town::new().await;
    let query = "mutation($i: SaveReviewInput!) { saveReview(input: $i) { errors { code } } }";
    let input = json!({ "i": { "bookId": BOOK, "halfStars": 5 } });
    let guest = town.guest().run_with(query, input.clone()).await;
    assert_eq!(guest.codes(), ["UNAUTHENTICATED"]);
    let narrow = town.client(READER, &["books:read"]);
    let narrow = narrow.run_with(query, input).await;
    assert_eq!(narrow.codes(), ["FORBIDDEN"]);
}

#[tokio::test]
async fn two_first_reviews_at_once_are_one() {
    let town = Town::new().await;
    let reader = town.reader(READER);
    let query = "mutation($i: SaveReviewInput!) { saveReview(input: $i) { review { id } errors { code } } }";
    let calls = (1..=6).map(|stars| {
        reader.run_with(
            query,
            json!({ "i": { "bookId": BOOK, "halfStars": stars } }),
        )
    });
    for answer in futures::future::join_all(calls).await {
        assert!(
            answer.codes().is_empty() || answer.codes() == ["CONFLICT"],
            "{:#}",
            answer.body
        );
    }
    assert_eq!(
        town.number("SELECT count(*) AS number FROM reviews").await,
        1
    );
    assert_eq!(summary(&reader).await["ratingCount"], 1);
}

#[tokio::test]
async fn reviews_are_paged_and_belong_to_each_book() {
    let town = Town::new().await;
    let others: Vec<Uuid> = (0..7).map(|n| Uuid::from_u128(0xeeee_0000 + n)).collect();
    for (position, user) in others.iter().enumerate() {
        town.advance(Duration::seconds(1));
        let text = json!({ "text": format!("numéro {position}") });
        review(&town.reader(*user), text).await;
    }
    let elsewhere = Uuid::from_u128(0xbbbb_0002);
    review(
        &town.reader(READER),
        json!({ "bookId": elsewhere, "text": "ailleurs" }),
    )
    .await;
    let page = |after: Value| {
        let guest = town.guest();
        async move {
            let after = after
                .as_str()
                .map_or(String::new(), |after| format!(", after: \"{after}\""));
            let fields = format!(
                "id reviews(first: 3{after}) {{ nodes {{ html }} pageInfo {{ hasNextPage endCursor }} }}"
            );
            books(&guest, &[BOOK, elsewhere], &fields).await
        }
    };
    let first = page(Value::Null).await;
    let text = |found: &Value, n: usize| {
        let html = found[0]["reviews"]["nodes"][n]["html"]
            .as_str()
            .unwrap_or("");
        html.trim().to_owned()
    };
    assert_eq!(text(&first, 0), "<p>numéro 6</p>");
    assert_eq!(text(&first, 2), "<p>numéro 4</p>");
    assert_eq!(first[1]["reviews"]["nodes"].as_array().unwrap().len(), 1);
    let next = page(first[0]["reviews"]["pageInfo"]["endCursor"].clone()).await;
    assert_eq!(text(&next, 0), "<p>numéro 3</p>");
    let last = page(next[0]["reviews"]["pageInfo"]["endCursor"].clone()).await;
    assert_eq!(text(&last, 0), "<p>numéro 0</p>");
    assert_eq!(last[0]["reviews"]["pageInfo"]["hasNextPage"], false);
}

#[tokio::test]
async fn whoever_blocks_reads_and_is_read_no_more() {
    let town = Town::new().await;
    let (reader, other) = (town.reader(READER), town.reader(OTHER));
    let theirs = review(&other, json!({ "halfStars": 8, "text": "de l'autre" })).await;
    review(&reader, json!({ "text": "de moi" })).await;
    assert_eq!(texts(&reader).await.len(), 2);
    relate(&reader, "blockUser", OTHER).await;
    assert_eq!(texts(&reader).await, ["<p>de moi</p>"]);
    assert_eq!(texts(&other).await, ["<p>de l'autre</p>"]);
    let query = "query($id: ID!) { review(id: $id) { id } }";
    let id = json!({ "id": theirs["review"]["id"] });
    assert_eq!(
        reader.run_with(query, id.clone()).await.ok()["review"],
        Value::Null
    );
    assert_ne!(
        town.reader(THIRD).run_with(query, id).await.ok()["review"],
        Value::Null
    );
    // Ratings are everyone's.
    assert_eq!(summary(&reader).await["ratingCount"], 1);
    relate(&reader, "unblockUser", OTHER).await;
    assert_eq!(texts(&other).await.len(), 2);
    let standing = person(&reader, OTHER, "standing { blocked }").await;
    assert_eq!(standing["standing"]["blocked"], false);
}
