//! The living platform, as one reader's story: a book is finished, and points, a streak, a badge, a place among others, a letter in the
//! reader's language and other recommendations come of it; a club talks of the book without giving it away to who still reads it; and
//! a post that some do not like is hidden, removed, and comes back on appeal.

use std::time::{Duration, Instant};

use coko_core::clock::Clock;
use coko_core::ids::Entropy;
use coko_tests::{Account, Client, Shape, Stack};
use serde_json::{Value, json};
use time::format_description::well_known::Rfc3339;
use uuid::Uuid;

use super::admin::mutate;
use super::purchase::{Purchase, bought};
use super::recommendation::{has, more, next};
use super::{count, eventually};

const PHONE: Uuid = Uuid::from_u128(0xcccc_0001);
const TOKEN: &str = "fcm:APA91bLivingReaderOfBooks";

const PUSH: &str = "mutation($i: PushChangesInput!) { pushChanges(input: $i) { results { outcome error { code } } } }";
const SHELVES: &str =
    "{ becauseYouRead { nodes { book { id } recommendations { book { id } } } } }";
const EARNED: &str =
    "{ myStats { points streak { days } } me { level { number } badges { badge { code } } } }";
const BOARD: &str =
    "{ leaderboard(period: ALL_TIME, first: 100) { nodes { points user { displayName } } } }";

/// The reader wants letters about what they earn, at once and in English, and nothing of it on the phone.
async fn decides(stack: &Stack, reader: &Client) {
    let language = json!({ "language": "en" });
    let profile = ("updateProfile", "UpdateProfileInput");
    mutate(reader, profile, "user { id }", language).await;
    let device = json!({ "token": TOKEN, "platform": "ANDROID" });
    let register = ("registerDevice", "RegisterDeviceInput");
    mutate(reader, register, "__typename", device).await;
    let choices = json!({ "digest": "OFF", "choices": [
        { "workflow": "ACHIEVEMENT", "channel": "EMAIL", "enabled": true },
        { "workflow": "ACHIEVEMENT", "channel": "PUSH", "enabled": false },
    ] });
    let update = ("updatePreferences", "UpdatePreferencesInput");
    mutate(reader, update, "__typename", choices).await;
    let pool = stack.pool("notification").unwrap();
    let me = reader.run("{ me { id } }").await.unwrap().ok()["me"]["id"].clone();
    let sql = format!(
        "SELECT count(*) AS count FROM people WHERE user_id = '{}' AND language = 'en'",
        me.as_str().unwrap()
    );
    eventually("the language", async || {
        (count(&pool, &sql).await? == 1).then_some(())
    })
    .await;
}

/// Half an hour with the last fifth of the book, to its end.
async fn finishes(reader: &Client, book: &Value) {
    let now = Clock::system().now();
    let begun = now - time::Duration::minutes(40);
    let at = now.format(&Rfc3339).unwrap();
    let locator = json!({
        "href": "text/ch1.xhtml", "type": "application/xhtml+xml",
        "locations": { "totalProgression": 1.0 },
    });
    let session = json!({
        "id": Entropy::system().uuid(begun), "bookId": book, "startedAt": begun.format(&Rfc3339).unwrap(),
        "seconds": 1800, "startProgression": 0.8, "endProgression": 1.0,
    });
    let changes = json!([
        { "at": at, "session": session },
        { "at": at, "progress": { "bookId": book, "locator": locator } },
    ]);
    let input = json!({ "i": { "deviceId": PHONE, "changes": changes } });
    let answer = reader.run_with(PUSH, input).await.unwrap();
    for result in answer.ok()["pushChanges"]["results"].as_array().unwrap() {
        assert_eq!(result["outcome"], "APPLIED", "{answer:?}");
    }
}

/// What comes of it: within a minute, everywhere.
async fn earns(stack: &Stack, (account, reader): (&Account, &Client), book: &Value, like: &Value) {
    let shelves = reader.run(SHELVES).await.unwrap();
    assert_eq!(shelves.ok()["becauseYouRead"]["nodes"], json!([]));
    let begun = Instant::now();
    finishes(reader, book).await;
    eventually("another recommendation", async || {
        let answer = reader.run(SHELVES).await.unwrap();
        let shelf = answer.ok()["becauseYouRead"]["nodes"][0].clone();
        let alike = shelf["recommendations"].as_array()?;
        (shelf["book"]["id"] == *book && has(alike, like)).then_some(())
    })
    .await;
    assert!(!has(&next(reader).await, book));
    let points = eventually("points, a streak and a badge", async || {
        let answer = reader.run(EARNED).await.unwrap();
        let earned = answer.ok();
        let badges = earned["me"]["badges"].as_array()?;
        let badge = badges
            .iter()
            .any(|each| each["badge"]["code"] == "first-book");
        let points = earned["myStats"]["points"].as_i64()?;
        let streak = earned["myStats"]["streak"]["days"].as_i64()?;
        (badge && points >= 110 && streak >= 1).then_some(points)
    })
    .await;
    eventually("a place among others", async || {
        let answer = reader.run(BOARD).await.unwrap();
        let nodes = answer.ok()["leaderboard"]["nodes"].as_array()?.clone();
        let own = |node: &&Value| node["user"]["displayName"] == "Aminata";
        let line = nodes.iter().find(own)?;
        (line["points"].as_i64()? >= points).then_some(())
    })
    .await;
    eventually("a letter about the badge", async || {
        let letters = stack.letters(&account.email);
        let said = |letter: &String| letter.contains("You earned the badge");
        letters.iter().any(said).then_some(())
    })
    .await;
    assert!(begun.elapsed() < Duration::from_secs(60));
    let pushed = stack.simulator.messages_to(TOKEN);
    let badge = |text: &str| text.to_lowercase().contains("badge");
    assert!(
        !pushed
            .iter()
            .any(|each| badge(&each.title) || badge(&each.text))
    );
}

/// The topics of a club that somebody sees.
async fn topics(client: &Client, club: &Value) -> Vec<String> {
    let query = "query($c: ID!) { topics(clubId: $c) { nodes { title } } }";
    let answer = client.run_with(query, json!({ "c": club })).await.unwrap();
    let nodes = answer.ok()["topics"]["nodes"].as_array().unwrap().clone();
    let titles = nodes.iter().filter_map(|node| node["title"].as_str());
    titles.map(str::to_owned).collect()
}

/// A club of two: what gives the end away is for who has read it. Returns the topic that both see.
async fn discusses(reader: &Client, slow: &Client, other: &Client, book: &Value) -> Value {
    let input = json!({
        "name": "Les baobabs", "description": "Un livre par mois.", "bookId": book, "access": "OPEN",
        "idempotencyKey": "c",
    });
    let found = ("createClub", "CreateClubInput");
    let club = mutate(reader, found, "club { id }", input).await["club"]["id"].clone();
    for member in [slow, other] {
        let join = ("joinClub", "ClubInput");
        mutate(member, join, "club { id }", json!({ "clubId": club })).await;
    }
    let open = async |client: &Client, title: &str, spoils: f64| {
        let input = json!({
            "clubId": club, "title": title, "text": title, "spoilsAfter": spoils, "idempotencyKey": "t",
        });
        let field = ("createTopic", "CreateTopicInput");
        mutate(client, field, "topic { id }", input).await["topic"]["id"].clone()
    };
    let shared = open(slow, "Les premieres pages", 0.0).await;
    open(reader, "La fin", 0.95).await;
    assert_eq!(topics(slow, &club).await, ["Les premieres pages"]);
    eventually("the end, for who has read it", async || {
        (topics(reader, &club).await.len() == 2).then_some(())
    })
    .await;
    finishes(slow, book).await;
    eventually("the end, for who comes to it", async || {
        (topics(slow, &club).await.len() == 2).then_some(())
    })
    .await;
    shared
}

/// Whether somebody sees the text of a post of the topic.
async fn sees(client: &Client, topic: &Value, text: &str) -> bool {
    let query = "query($t: ID!) { topic(id: $t) { posts { nodes { html } } } }";
    let answer = client.run_with(query, json!({ "t": topic })).await.unwrap();
    let nodes = answer.ok()["topic"]["posts"]["nodes"]
        .as_array()
        .unwrap()
        .clone();
    let html = |node: &Value| {
        node["html"]
            .as_str()
            .is_some_and(|html| html.contains(text))
    };
    nodes.iter().any(html)
}

/// The case of this kind that waits longest.
async fn waiting(moderator: &Client, status: &str) -> Value {
    let query = format!(
        "{{ moderationQueue(status: {status}) {{ nodes {{ id content {{ ... on Post {{ id }} }} }} }} }}"
    );
    let answer = moderator.run(&query).await.unwrap();
    answer.ok()["moderationQueue"]["nodes"][0].clone()
}

/// Two do not like a post: it is hidden, a moderator removes it, its author appeals, another moderator brings it back.
async fn moderates(stack: &Stack, author: &Client, [slow, other]: [&Client; 2], topic: &Value) {
    let text = "Ce roman est un sermon";
    let input = json!({ "topicId": topic, "text": text, "idempotencyKey": "p" });
    let post = ("createPost", "CreatePostInput");
    let post = mutate(author, post, "post { id }", input).await["post"]["id"].clone();
    assert!(sees(slow, topic, text).await);
    for reporter in [slow, other] {
        let input = json!({ "kind": "POST", "contentId": post, "reason": "HARASSMENT" });
        let report = ("reportContent", "ReportContentInput");
        mutate(reporter, report, "reported", input).await;
    }
    assert!(!sees(slow, topic, text).await && sees(author, topic, text).await);

    let one = stack.staff("Moussa", &["moderator"]).await.unwrap();
    let two = stack.staff("Fatou", &["moderator"]).await.unwrap();
    let case = waiting(&one, "OPEN").await;
    assert_eq!(case["content"]["id"], post);
    let input = json!({ "caseId": case["id"], "verdict": "REMOVE", "reason": "HARASSMENT", "note": "Restons courtois." });
    let decide = ("decideCase", "DecideCaseInput");
    let removed = mutate(&one, decide, "case { status }", input).await;
    assert_eq!(removed["case"]["status"], "REMOVED");
    eventually("news of the removal", async || {
        let list = "{ notifications { nodes { kind } } }";
        let answer = author.run(list).await.unwrap();
        let nodes = answer.ok()["notifications"]["nodes"].as_array()?.clone();
        let told = |node: &Value| node["kind"] == "CONTENT_REMOVED";
        nodes.iter().any(told).then_some(())
    })
    .await;
    let input = json!({ "caseId": case["id"], "text": "C'est un avis sur le livre, sur personne d'autre." });
    mutate(
        author,
        ("appealCase", "AppealCaseInput"),
        "case { status }",
        input,
    )
    .await;
    assert_eq!(waiting(&two, "APPEALED").await["id"], case["id"]);
    let input = json!({ "caseId": case["id"], "uphold": false });
    let decide = ("decideAppeal", "DecideAppealInput");
    let back = mutate(&two, decide, "case { status }", input).await;
    assert_eq!(back["case"]["status"], "OVERTURNED");
    assert!(sees(slow, topic, text).await);
}

async fn journey(shape: Shape) {
    let variables = [
        ("COKO_COMMUNITY_MODERATION__HIDE_AT", "2"),
        ("COKO_AUTH_LIMITS__LOGIN__PERMITS", "1000"),
        ("COKO_AUTH_LIMITS__LOGIN__SECONDS", "60"),
    ];
    let stack = Stack::start_with(shape, &variables).await.unwrap();
    let Purchase {
        reader: slow,
        book,
        admin,
        ..
    } = bought(&stack, "Ndeye").await;
    let book = &book["id"];
    let like = more(&stack, &["Une lettre encore", "La dernière lettre"]).await;
    let (account, reader) = stack.sign_up("Aminata").await.unwrap();
    let (_, other) = stack.sign_up("Lamine").await.unwrap();
    decides(&stack, &reader).await;
    let me = reader.run("{ me { id } }").await.unwrap().ok()["me"]["id"].clone();
    let gift = json!({ "bookId": book, "userId": me, "idempotencyKey": "g" });
    mutate(&admin, ("giftBook", "GiftBookInput"), "__typename", gift).await;
    eventually("the gift", async || {
        let library = "{ me { library { nodes { isReadable } } } }";
        let answer = reader.run(library).await.unwrap();
        (answer.ok()["me"]["library"]["nodes"][0]["isReadable"] == true).then_some(())
    })
    .await;
    eventually("books to recommend", async || {
        let found = next(&reader).await;
        like.iter().all(|book| has(&found, book)).then_some(())
    })
    .await;
    earns(&stack, (&account, &reader), book, &like[0]).await;
    let topic = discusses(&reader, &slow, &other, book).await;
    moderates(&stack, &reader, [&slow, &other], &topic).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn in_one_process() {
    journey(Shape::OneProcess).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn with_a_process_per_role() {
    journey(Shape::ProcessPerRole).await;
}
