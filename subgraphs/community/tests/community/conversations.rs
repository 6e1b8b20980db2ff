//! Forums, topics, posts, tags; what new accounts may not do yet.

use coko_community::config::Limits;
use coko_core::rate_limit::Quota;
use serde_json::{Value, json};
use time::Duration;
use uuid::Uuid;

use crate::support::{
    FORUM, MODERATOR, OTHER, READER, THIRD, TOPIC, Town, answer, codes, mutate, open, posts,
    try_answer, try_open,
};

#[tokio::test]
async fn a_conversation_is_a_tree() {
    let town = Town::new().await;
    let (reader, other) = (town.reader(READER), town.reader(OTHER));
    let topic = open(
        &reader,
        json!({ "text": "début", "tags": ["Poésie", "#poesie", "Roman"] }),
    )
    .await;
    assert_eq!(topic["tags"].as_array().unwrap().len(), 2);
    town.advance(Duration::seconds(1));
    let one = answer(&other, &topic, &Value::Null, "un").await;
    assert_eq!(one["depth"], 1);
    town.advance(Duration::seconds(1));
    answer(&reader, &topic, &Value::Null, "deux").await;
    town.advance(Duration::seconds(1));
    answer(&reader, &topic, &one, "un un").await;
    let expected = [(0, "début"), (1, "un"), (2, "un un"), (1, "deux")];
    let expected = expected.map(|(depth, text)| (depth, text.to_owned()));
    assert_eq!(posts(&town.guest(), &topic).await, expected);

    // What was answered keeps its place when it is deleted; what was not goes.
    let field = ("deletePost", "DeletePostInput");
    let deleted = mutate(
        &other,
        field,
        "post { status html author { id } }",
        json!({ "postId": one["id"] }),
    )
    .await;
    assert_eq!(
        deleted["post"],
        json!({ "status": "DELETED", "html": null, "author": null })
    );
    assert_eq!(posts(&town.guest(), &topic).await[1], (1, "-".to_owned()));
    let not_mine = mutate(
        &reader,
        field,
        "post { id }",
        json!({ "postId": one["id"] }),
    )
    .await;
    assert_eq!(codes(&not_mine), ["NOT_FOUND"]);
    assert_eq!(
        town.events().await,
        [
            "post.created",
            "post.created",
            "post.created",
            "post.created"
        ]
    );
    let told = town.last("post.created").await;
    assert_eq!(told["topic_id"], topic["id"]);
    assert_eq!(told["parent_id"], one["id"]);
    assert_eq!(told["parent_author_id"], OTHER.to_string());
}

#[tokio::test]
async fn a_repeated_call_writes_once() {
    let town = Town::new().await;
    let reader = town.reader(READER);
    let key = json!({ "idempotencyKey": "k1" });
    let first = open(&reader, key.clone()).await;
    let again = open(&reader, key).await;
    assert_eq!(first["id"], again["id"]);
    assert_eq!(town.number("SELECT count(*) AS number FROM posts").await, 1);
    let query = "mutation($i: CreateTopicInput!) { createTopic(input: $i) { errors { code } } }";
    let other =
        json!({ "i": { "forumId": FORUM, "title": "Autre", "text": "x", "idempotencyKey": "k1" } });
    let mismatch = reader.run_with(query, other).await;
    assert_eq!(mismatch.codes(), ["IDEMPOTENCY_MISMATCH"]);
}

#[tokio::test]
async fn what_is_no_topic_is_refused() {
    let town = Town::new().await;
    let reader = town.reader(READER);
    let nowhere = Uuid::from_u128(9);
    for (input, expected) in [
        (json!({ "title": " " }), "TITLE_INVALID"),
        (json!({ "title": "x".repeat(151) }), "TITLE_INVALID"),
        (json!({ "text": "" }), "TEXT_EMPTY"),
        (json!({ "tags": ["!"] }), "TAG_INVALID"),
        (
            json!({ "tags": ["a", "b", "c", "d", "e", "f"] }),
            "TOO_MANY_TAGS",
        ),
        (json!({ "forumId": null }), "PLACE_AMBIGUOUS"),
        (json!({ "clubId": nowhere }), "PLACE_AMBIGUOUS"),
        (json!({ "forumId": nowhere }), "NOT_FOUND"),
        (json!({ "forumId": null, "clubId": nowhere }), "NOT_FOUND"),
        (json!({ "spoilsAfter": 1.5 }), "POSITION_INVALID"),
        (json!({ "spoilsAfter": 0.5 }), "POSITION_INVALID"),
    ] {
        let payload = try_open(&reader, input.clone()).await;
        assert_eq!(codes(&payload), [expected], "{input}");
    }
    assert_eq!(
        town.number("SELECT count(*) AS number FROM topics").await,
        0
    );
    assert_eq!(
        town.number("SELECT count(*) AS number FROM idempotency")
            .await,
        0
    );
}

#[tokio::test]
async fn new_accounts_open_few_topics_and_old_ones_more() {
    let town = Town::new().await;
    let reader = town.reader(READER);
    open(&reader, json!({})).await;
    let second = try_open(&reader, json!({})).await;
    assert_eq!(codes(&second), ["TOO_MANY_TOPICS"]);
    let trust = reader
        .run("{ myTrust { level links images topicsADay } }")
        .await;
    assert_eq!(
        trust.ok()["myTrust"],
        json!({ "level": "NEW", "links": 1, "images": 0, "topicsADay": 1 })
    );
    town.advance(Duration::hours(25));
    let reader = town.reader(READER);
    open(&reader, json!({})).await;
    town.trusted(READER).await;
    open(&reader, json!({ "text": "![x](https://a.test/a.png)" })).await;
    let trust = reader.run("{ myTrust { level } }").await;
    assert_eq!(trust.ok()["myTrust"]["level"], "REGULAR");
}

#[tokio::test]
async fn too_many_posts_are_put_off() {
    let limits = Limits {
        posts: Quota::new(2, std::time::Duration::from_secs(3600)),
        ..Limits::default()
    };
    let town = Town::with(6, limits).await;
    let reader = town.reader(READER);
    let topic = open(&reader, json!({})).await;
    answer(&reader, &topic, &Value::Null, "encore").await;
    let query = "mutation($i: CreatePostInput!) { createPost(input: $i) { errors { code } } }";
    let input = json!({ "i": { "topicId": topic["id"], "text": "trop", "idempotencyKey": "k" } });
    let third = reader.run_with(query, input).await;
    assert_eq!(third.codes(), ["RATE_LIMITED"]);
}

#[tokio::test]
async fn topics_are_listed_by_their_last_answer() {
    let town = Town::new().await;
    town.trusted(READER).await;
    let reader = town.reader(READER);
    let mut topics = Vec::new();
    for title in ["un", "deux", "trois"] {
        town.advance(Duration::seconds(1));
        topics.push(open(&reader, json!({ "title": title, "tags": ["fil"] })).await);
    }
    town.advance(Duration::seconds(1));
    answer(&reader, &topics[0], &Value::Null, "remonte").await;
    let titles = async |arguments: &str| -> Vec<String> {
        let query = format!("{{ topics({arguments}) {{ nodes {{ title }} }} }}");
        let found = town.guest().run(&query).await;
        let nodes = found.ok()["topics"]["nodes"].as_array().unwrap().clone();
        nodes
            .iter()
            .map(|node| node["title"].as_str().unwrap().to_owned())
            .collect()
    };
    let forum = format!("forumId: \"{FORUM}\"");
    assert_eq!(titles(&forum).await, ["un", "trois", "deux"]);
    assert_eq!(titles("tag: \"FIL\"").await, ["un", "trois", "deux"]);
    assert_eq!(titles(&format!("{forum}, last: 1")).await, ["deux"]);
    let neither = town.guest().run("{ topics { nodes { id } } }").await;
    assert_eq!(neither.codes(), ["VALIDATION_FAILED"]);

    let keep = ("keepTopic", "KeepTopicInput");
    let fields = format!("topic {{ {TOPIC} }}");
    let input = json!({ "topicId": topics[1]["id"], "pinned": true, "locked": true });
    let kept = mutate(&town.moderator(MODERATOR), keep, &fields, input.clone()).await;
    assert_eq!(kept["topic"]["pinned"], true);
    assert_eq!(titles(&format!("{forum}, pinned: true")).await, ["deux"]);
    let late = try_answer(&reader, &topics[1], &Value::Null, "trop tard", None).await;
    assert_eq!(codes(&late), ["LOCKED"]);
    let query = "mutation($i: KeepTopicInput!) { keepTopic(input: $i) { errors { code } } }";
    let refused = reader.run_with(query, json!({ "i": input })).await;
    assert_eq!(refused.codes(), ["FORBIDDEN"]);

    let edit = ("editTopic", "EditTopicInput");
    let input = json!({ "topicId": topics[2]["id"], "title": "quatre", "tags": [] });
    let edited = mutate(&reader, edit, &fields, input.clone()).await;
    assert_eq!(edited["topic"]["title"], "quatre");
    assert_eq!(titles("tag: \"fil\"").await, ["un", "deux"]);
    let other = mutate(&town.reader(OTHER), edit, &fields, input).await;
    assert_eq!(codes(&other), ["NOT_FOUND"]);
    let tags = town
        .guest()
        .run("{ tags(prefix: \"FI\") { slug topicCount } }")
        .await;
    assert_eq!(
        tags.ok()["tags"],
        json!([{ "slug": "fil", "topicCount": 2 }])
    );
}

#[tokio::test]
async fn moderators_keep_the_forums() {
    let town = Town::new().await;
    let moderator = town.moderator(MODERATOR);
    let save = ("saveForum", "SaveForumInput");
    let forum = |slug: &str| json!({ "slug": slug, "nameFr": "Poésie", "nameEn": "Poetry", "descriptionFr": "Vers", "descriptionEn": "Verse", "position": 9 });
    let fields = "forum { id slug name archived }";
    let made = mutate(&moderator, save, fields, forum("poesie")).await;
    assert_eq!(made["forum"]["name"], "Poetry");
    let taken = mutate(&moderator, save, fields, forum("poesie")).await;
    assert_eq!(codes(&taken), ["SLUG_TAKEN"]);
    let bad = mutate(&moderator, save, fields, forum("Poésie!")).await;
    assert_eq!(codes(&bad), ["SLUG_INVALID"]);
    let forums = town
        .guest()
        .with_language("fr")
        .run("{ forums { slug name } }")
        .await;
    let last = forums.ok()["forums"]
        .as_array()
        .unwrap()
        .last()
        .unwrap()
        .clone();
    assert_eq!(last, json!({ "slug": "poesie", "name": "Poésie" }));
    let mut archived = forum("poesie");
    archived["id"] = made["forum"]["id"].clone();
    archived["archived"] = true.into();
    mutate(&moderator, save, fields, archived).await;
    let payload = try_open(
        &town.reader(THIRD),
        json!({ "forumId": made["forum"]["id"] }),
    )
    .await;
    assert_eq!(codes(&payload), ["NOT_FOUND"]);
    assert_eq!(
        town.number("SELECT count(*) AS number FROM moderation_log WHERE action = 'forum.saved'")
            .await,
        2
    );
}
