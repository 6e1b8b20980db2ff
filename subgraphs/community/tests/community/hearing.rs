//! What community hears: progress, suspensions, departures.

use coko_core::events::auth::{UserDeleted, UserSuspended, UserUnsuspended};
use serde_json::{Value, json};
use time::Duration;

use crate::support::{
    BOOK, OTHER, READER, THIRD, Town, answer, books, mutate, open, person, posts, relate, report,
    review, unique,
};

#[tokio::test]
async fn progress_only_goes_forward() {
    let town = Town::new().await;
    for (furthest, expected) in [(0.3, 30), (0.6, 60), (0.2, 60), (7.0, 60), (1.0, 100)] {
        town.progressed(READER, BOOK, furthest).await;
        let known = "SELECT (furthest * 100)::bigint AS number FROM positions";
        assert_eq!(town.number(known).await, expected, "{furthest}");
    }
    assert_eq!(
        town.number("SELECT books_opened::bigint AS number FROM members")
            .await,
        1
    );
}

#[tokio::test]
async fn whoever_is_suspended_writes_nothing() {
    let town = Town::new().await;
    let reader = town.reader(READER);
    let topic = open(&reader, json!({})).await;
    town.advance(Duration::seconds(1));
    let suspended = UserSuspended {
        user_id: READER,
        reason: "Spam".to_owned(),
    };
    town.tell(&suspended).await;
    let query = "mutation($i: CreatePostInput!) { createPost(input: $i) { errors { code } } }";
    let input =
        || json!({ "i": { "topicId": topic["id"], "text": "x", "idempotencyKey": unique() } });
    assert_eq!(reader.run_with(query, input()).await.codes(), ["FORBIDDEN"]);
    let query_review =
        "mutation($i: SaveReviewInput!) { saveReview(input: $i) { errors { code } } }";
    let said = json!({ "i": { "bookId": BOOK, "halfStars": 5 } });
    assert_eq!(
        reader.run_with(query_review, said).await.codes(),
        ["FORBIDDEN"]
    );
    assert_eq!(
        town.number("SELECT count(*) AS number FROM reviews").await,
        0
    );
    assert_eq!(town.number("SELECT count(*) AS number FROM posts").await, 1);
    town.advance(Duration::seconds(1));
    town.tell(&UserUnsuspended { user_id: READER }).await;
    reader.run_with(query, input()).await.ok();
}

#[tokio::test]
async fn whoever_leaves_takes_what_they_said_along() {
    let town = Town::new().await;
    let (reader, other) = (town.reader(READER), town.reader(OTHER));
    review(&reader, json!({ "halfStars": 10, "text": "Merveilleux" })).await;
    let alone = open(&reader, json!({ "title": "Seul", "tags": ["seul"] })).await;
    let shared = open(&other, json!({ "text": "à tous" })).await;
    let mine = answer(&reader, &shared, &Value::Null, "mes mots").await;
    answer(&other, &shared, &mine, "tes mots").await;
    relate(&reader, "followUser", OTHER).await;
    relate(&town.reader(THIRD), "blockUser", READER).await;
    report(&other, "POST", &mine["id"], "SPAM").await;
    town.progressed(READER, BOOK, 0.5).await;
    let club =
        json!({ "name": "Club", "description": "Lire", "access": "OPEN", "idempotencyKey": "k" });
    mutate(
        &reader,
        ("createClub", "CreateClubInput"),
        "club { id }",
        club,
    )
    .await;

    // Somebody new opens one topic a day.
    town.advance(time::Duration::hours(25));
    let (reader, other) = (town.reader(READER), town.reader(OTHER));
    let answered = open(
        &reader,
        json!({ "title": "Ma question", "text": "Et vous ?" }),
    )
    .await;
    answer(&other, &answered, &Value::Null, "ma réponse").await;

    let deleted = UserDeleted {
        user_id: READER,
        deleted_at: town.now(),
    };
    town.tell(&deleted).await;
    assert_eq!(
        town.last("review.removed").await["book_id"],
        BOOK.to_string()
    );
    let fields = "reviews { nodes { id } } ratingSummary { ratingCount }";
    let left = books(&town.guest(), &[BOOK], fields).await;
    assert_eq!(
        left[0],
        json!({ "reviews": { "nodes": [] }, "ratingSummary": { "ratingCount": 0 } })
    );
    assert_eq!(
        posts(&town.guest(), &shared).await,
        [
            (0, "à tous".to_owned()),
            (1, "-".to_owned()),
            (2, "tes mots".to_owned())
        ]
    );
    let query = "query($t: ID!) { topic(id: $t) { id } clubs { nodes { id } } tags { slug } }";
    let gone = town
        .guest()
        .run_with(query, json!({ "t": alone["id"] }))
        .await;
    assert_eq!(
        gone.ok(),
        &json!({ "topic": null, "clubs": { "nodes": [] }, "tags": [] })
    );
    // What others answered stays, without what was asked.
    let query = "query($t: ID!) { topic(id: $t) { title } }";
    let kept = town
        .guest()
        .run_with(query, json!({ "t": answered["id"] }))
        .await;
    assert_eq!(kept.ok()["topic"]["title"], "…");
    assert_eq!(
        posts(&town.guest(), &answered).await,
        [(0, "-".to_owned()), (1, "ma réponse".to_owned())]
    );
    let lists = person(&town.guest(), OTHER, "followers { nodes { user { id } } }").await;
    assert_eq!(lists["followers"]["nodes"], json!([]));
    for (table, column) in [
        ("positions", "user_id"),
        ("follows", "follower_id"),
        ("barriers", "other_id"),
        ("club_members", "user_id"),
    ] {
        let sql = format!("SELECT count(*) AS number FROM {table} WHERE {column} = '{READER}'");
        assert_eq!(town.number(&sql).await, 0, "{table}");
    }
    let words = "SELECT count(*) AS number FROM posts WHERE author_id = '00000000-0000-0000-0000-0000aaaa0001' AND (body <> '' OR body_html <> '')";
    assert_eq!(town.number(words).await, 0);
    // Hearing it again changes nothing, and a token that still lives writes nothing.
    town.tell(&deleted).await;
    let query = "mutation($i: SaveReviewInput!) { saveReview(input: $i) { errors { code } } }";
    let said = json!({ "i": { "bookId": BOOK, "halfStars": 5 } });
    assert_eq!(reader.run_with(query, said).await.codes(), ["FORBIDDEN"]);
}
