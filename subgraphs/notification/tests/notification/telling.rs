//! What people are told, once each, in their language.

use coko_core::events::Payload as _;
use coko_core::events::auth::{UserDeleted, UserProfileUpdated};
use coko_core::events::catalog::BookPublished;
use coko_core::events::community::{PostCreated, UserFollowed};
use coko_core::events::reading::EntitlementGranted;
use serde_json::{Value, json};
use time::Duration;
use uuid::Uuid;

use crate::support::{OTHER, Office, READER, TOKEN, paid, registered};

#[tokio::test]
async fn what_happens_is_told_once_however_often_it_is_said() {
    let office = Office::new().await;
    office.register(READER).await;
    let event = office.event(&paid(READER, 1));
    assert!(office.deliver(&event).await);
    assert!(!office.deliver(&event).await);
    // The same order in another event is the same news.
    office.tell(&paid(READER, 1)).await;
    let list = office.list(READER).await;
    assert_eq!(list.len(), 1, "{list:?}");
    assert_eq!(list[0]["kind"], "PAYMENT_RECEIVED");
    assert_eq!(list[0]["title"], "Payment received");
    let said =
        "SELECT count(*)::text AS line FROM outbox WHERE event->>'type' = 'notification.received'";
    assert_eq!(office.lines(said).await, ["1"]);
    let planned = "SELECT string_agg(channel, ' ' ORDER BY channel) AS line FROM deliveries";
    assert_eq!(office.lines(planned).await, ["EMAIL PUSH"]);
}

#[tokio::test]
async fn the_same_news_at_once_is_told_once() {
    let office = Office::new().await;
    office.register(READER).await;
    let payload = paid(READER, 1);
    let events: Vec<_> = (0..8).map(|_| office.event(&payload)).collect();
    futures::future::join_all(events.iter().map(|event| office.deliver(event))).await;
    assert_eq!(office.list(READER).await.len(), 1);
    let planned = "SELECT count(*)::text AS line FROM deliveries";
    assert_eq!(office.lines(planned).await, ["2"]);
}

#[tokio::test]
async fn history_is_not_told() {
    let office = Office::new().await;
    office.register(READER).await;
    let mut event = office.event(&paid(READER, 1));
    event.time -= Duration::hours(49);
    assert!(office.deliver(&event).await);
    assert!(office.list(READER).await.is_empty());
}

#[tokio::test]
async fn words_follow_the_reader_and_names_follow_the_named() {
    let office = Office::new().await;
    office.register(READER).await;
    office.tell(&registered(OTHER, office.now())).await;
    let book = BookPublished::sample();
    let granted = EntitlementGranted {
        user_id: READER,
        book_id: book.book.book_id,
        ..EntitlementGranted::sample()
    };
    office.tell(&granted).await;
    office.advance(Duration::seconds(1));
    let followed = UserFollowed {
        follower_id: OTHER,
        user_id: READER,
        ..UserFollowed::sample()
    };
    office.tell(&followed).await;
    let list = office.list(READER).await;
    assert_eq!(list[0]["text"], "Awa follows you.");
    assert_eq!(list[0]["actor"]["id"], OTHER.to_string());
    assert_eq!(list[1]["text"], "“a book” is in your library.");

    // The title and the name become known, or change.
    office.tell(&book).await;
    office.advance(Duration::seconds(1));
    let renamed = UserProfileUpdated {
        user_id: OTHER,
        display_name: "Awa Diop".to_owned(),
        ..UserProfileUpdated::sample()
    };
    office.tell(&renamed).await;
    let query = "{ notifications { nodes { text book { id } } } }";
    let french = office.reader(READER).with_language("fr").run(query).await;
    let nodes = french.ok()["notifications"]["nodes"].clone();
    assert_eq!(nodes[0]["text"], "Awa Diop vous suit.");
    assert_eq!(
        nodes[1]["text"],
        "« L'Enfant noir » est dans votre bibliothèque."
    );
    assert_eq!(nodes[1]["book"]["id"], book.book.book_id.to_string());

    // Who is gone has no name any more.
    let deleted = UserDeleted {
        user_id: OTHER,
        deleted_at: office.now(),
    };
    office.tell(&deleted).await;
    let list = office.list(READER).await;
    assert_eq!(list[0]["text"], "Someone follows you.");
}

#[tokio::test]
async fn reading_is_noted_and_counted() {
    let office = Office::new().await;
    office.register(READER).await;
    for order in 1..=5 {
        office.tell(&paid(READER, order)).await;
        office.advance(Duration::seconds(1));
    }
    let reader = office.reader(READER);
    let count = async || reader.run("{ unreadCount }").await.ok()["unreadCount"].clone();
    assert_eq!(count().await, 5);
    let list = office.list(READER).await;
    let mark = "mutation($i: MarkReadInput!) { markRead(input: $i) { marked unreadCount errors { code } } }";
    let marked = async |input: Value| {
        let answer = reader.run_with(mark, json!({ "i": input })).await;
        answer.ok()["markRead"].clone()
    };
    let first = json!({ "ids": [list[0]["id"], list[0]["id"], "nonsense"] });
    let expected = json!({ "marked": 1, "unreadCount": 4, "errors": [] });
    assert_eq!(marked(first.clone()).await, expected);
    let expected = json!({ "marked": 0, "unreadCount": 4, "errors": [] });
    assert_eq!(marked(first).await, expected);
    let unread =
        "{ notifications(unread: true, first: 3) { nodes { id } pageInfo { hasNextPage } } }";
    let page = reader.run(unread).await.ok()["notifications"].clone();
    assert_eq!(page["nodes"][0]["id"], list[1]["id"]);
    assert_eq!(page["pageInfo"]["hasNextPage"], true);
    let until = json!({ "until": "2027-01-15T12:00:01Z" });
    let expected = json!({ "marked": 2, "unreadCount": 2, "errors": [] });
    assert_eq!(marked(until).await, expected);
    for bad in [
        json!({}),
        json!({ "ids": [] }),
        json!({ "ids": vec!["x"; 101] }),
        json!({ "ids": ["x"], "until": "2027-01-15T12:00:00Z" }),
    ] {
        let refused = marked(bad.clone()).await;
        assert_eq!(refused["errors"][0]["code"], "SELECTION_INVALID", "{bad}");
    }
    // Nobody reads for somebody else.
    let stranger = office.reader(OTHER);
    let other = stranger.run_with(mark, json!({ "i": { "ids": [list[3]["id"]] } }));
    assert_eq!(other.await.ok()["markRead"]["marked"], 0);
    assert_eq!(count().await, 2);
}

#[tokio::test]
async fn nothing_is_left_of_who_is_gone() {
    let office = Office::new().await;
    office.register(READER).await;
    office.register_device(READER, TOKEN).await;
    office.tell(&paid(READER, 1)).await;
    let choices = json!([{ "channel": "SMS", "enabled": true }]);
    office.choose(READER, json!({ "choices": choices })).await;
    let deleted = UserDeleted {
        user_id: READER,
        deleted_at: office.now(),
    };
    office.tell(&deleted).await;
    for table in [
        "notifications",
        "deliveries",
        "delivery_items",
        "devices",
        "preferences",
    ] {
        let sql = format!("SELECT count(*)::text AS line FROM {table}");
        assert_eq!(office.lines(&sql).await, ["0"], "{table}");
    }
    let rest = "SELECT concat(display_name, time_zone) AS line FROM people WHERE user_id <> '00000000-0000-0000-0000-000000000000'";
    assert_eq!(office.lines(rest).await, ["UTC"]);
    // What is heard of them late is not kept.
    office.tell(&paid(READER, 2)).await;
    assert!(office.list(READER).await.is_empty());
}

#[tokio::test]
async fn an_answer_reaches_who_is_answered() {
    let office = Office::new().await;
    office.register(READER).await;
    let reply = PostCreated {
        author_id: OTHER,
        parent_author_id: Some(READER),
        ..PostCreated::sample()
    };
    office.tell(&reply).await;
    let own = PostCreated {
        post_id: Uuid::from_u128(5),
        author_id: READER,
        ..reply.clone()
    };
    office.tell(&own).await;
    let list = office.list(READER).await;
    assert_eq!(list.len(), 1);
    let link = format!(
        "/community/topics/{}?post={}",
        reply.topic_id, reply.post_id
    );
    assert_eq!(list[0]["link"], link);
    assert!(office.list(OTHER).await.is_empty());
}
