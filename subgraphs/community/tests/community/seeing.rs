//! Who sees what: every combination of viewer, state, place in the book and club, by id and in lists.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use coko_core::testkit::GraphqlClient;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::{BOOK, MODERATOR, Town, answer, codes, open, posts, try_answer, try_open};

const AUTHOR: Uuid = Uuid::from_u128(0xcccc_0001);
const OPENER: Uuid = Uuid::from_u128(0xcccc_0002);
const CLUB: Uuid = Uuid::from_u128(0xdddd_0001);
const TOPIC: Uuid = Uuid::from_u128(0xdddd_0002);
const OPENING: Uuid = Uuid::from_u128(0xdddd_0003);

const STATES: [&str; 4] = ["PUBLISHED", "HIDDEN", "REMOVED", "DELETED"];
const PLACES: [f64; 3] = [0.0, 0.5, 1.0];

/// How much of a post is seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Seen {
    Whole,
    Shell,
    Nothing,
}

/// Someone who looks, and what they are to the author and the club.
struct Looker {
    name: &'static str,
    id: Option<Uuid>,
    furthest: f64,
    silent: bool,
    member: bool,
}

fn lookers() -> Vec<Looker> {
    let mut lookers = vec![Looker {
        name: "guest",
        id: None,
        furthest: 0.0,
        silent: false,
        member: false,
    }];
    let people = [
        ("beginner", 0.0, false, false),
        ("half-way", 0.5, false, false),
        ("finished", 1.0, false, false),
        ("blocked", 1.0, true, true),
        ("blocker", 1.0, true, true),
        ("muter", 1.0, true, true),
        ("member", 0.5, false, true),
        ("applicant", 1.0, false, false),
    ];
    for (number, (name, furthest, silent, member)) in (1..).zip(people) {
        lookers.push(Looker {
            name,
            id: Some(Uuid::from_u128(0xeeee_0000 + number)),
            furthest,
            silent,
            member,
        });
    }
    for (name, id) in [("author", AUTHOR), ("moderator", MODERATOR)] {
        lookers.push(Looker {
            name,
            id: Some(id),
            furthest: 0.0,
            silent: false,
            member: false,
        });
    }
    lookers
}

fn expected(looker: &Looker, state: &str, place: f64, closed: bool) -> Seen {
    let privileged = looker.name == "author" || looker.name == "moderator";
    let kept = looker.silent || place > looker.furthest || (closed && !looker.member);
    match state {
        _ if kept && !privileged => Seen::Nothing,
        "PUBLISHED" => Seen::Whole,
        "HIDDEN" | "REMOVED" if privileged => Seen::Whole,
        _ => Seen::Shell,
    }
}

fn post(number: u128) -> Uuid {
    Uuid::from_u128(0xffff_0000 + number)
}

/// A topic of a club with a post of every state and place, and everyone who may look.
async fn filled() -> Town {
    let town = Town::new().await;
    let mut sql = format!(
        "INSERT INTO clubs VALUES ('{CLUB}', 'Club', 'x', 'x', '{BOOK}', 'OPEN', '{OPENER}', 1, false, now());
         INSERT INTO topics VALUES ('{TOPIC}', NULL, '{CLUB}', '{BOOK}', '{OPENER}', 'Sujet', 0, 'PUBLISHED', false, false, 13, '{OPENING}', now(), now());
         INSERT INTO posts VALUES ('{OPENING}', '{TOPIC}', NULL, '{OPENER}', '00000000', 'x', 'x', 0, 'PUBLISHED', 12, NULL, now());"
    );
    let mut number = 0;
    for state in STATES {
        for place in PLACES {
            number += 1;
            // Each looks as if it had been answered, so that its place in the tree is kept.
            write!(
                sql,
                "INSERT INTO posts VALUES ('{}', '{TOPIC}', '{OPENING}', '{AUTHOR}', '00000000{number:08x}', 'x', 'x', {place}, '{state}', 1, NULL, now());",
                post(number)
            )
            .unwrap();
        }
    }
    for looker in lookers() {
        let Some(id) = looker.id else { continue };
        let join = |role: &str| {
            format!(
                "INSERT INTO club_members VALUES (gen_random_uuid(), '{CLUB}', '{id}', '{role}', now());"
            )
        };
        let bar = |one: Uuid, other: Uuid, kind: &str| {
            format!(
                "INSERT INTO barriers VALUES (gen_random_uuid(), '{one}', '{other}', '{kind}', now());"
            )
        };
        if looker.furthest > 0.0 {
            write!(
                sql,
                "INSERT INTO positions VALUES ('{id}', '{BOOK}', {});",
                looker.furthest
            )
            .unwrap();
        }
        if looker.member {
            sql.push_str(&join("MEMBER"));
        }
        match looker.name {
            "blocked" => sql.push_str(&bar(AUTHOR, id, "BLOCK")),
            "blocker" => sql.push_str(&bar(id, AUTHOR, "BLOCK")),
            "muter" => sql.push_str(&bar(id, AUTHOR, "MUTE")),
            "applicant" => sql.push_str(&join("APPLICANT")),
            _ => {}
        }
    }
    town.execute(&sql).await;
    town
}

fn client(town: &Town, looker: &Looker) -> GraphqlClient {
    match looker.id {
        None => town.guest(),
        Some(MODERATOR) => town.moderator(MODERATOR),
        Some(id) => town.reader(id),
    }
}

fn found(post: &Value) -> Seen {
    match (post, &post["html"]) {
        (Value::Null, _) => Seen::Nothing,
        (_, Value::Null) => Seen::Shell,
        _ => Seen::Whole,
    }
}

/// What a client sees of each post, one by one as the router asks, and in the topic's list.
async fn seen(client: &GraphqlClient) -> [BTreeMap<u128, Seen>; 2] {
    let representations: Vec<Value> = (1..=12)
        .map(|number| json!({ "__typename": "Post", "id": post(number) }))
        .collect();
    let query = "query($r: [_Any!]!) { _entities(representations: $r) { ... on Post { id html author { id } } } }";
    let answer = client
        .run_with(query, json!({ "r": representations }))
        .await;
    let one_by_one = (1..)
        .zip(answer.ok()["_entities"].as_array().unwrap())
        .map(|(number, post)| (number, found(post)))
        .collect();
    let query =
        format!("{{ topic(id: \"{TOPIC}\") {{ posts(first: 100) {{ nodes {{ id html }} }} }} }}");
    let answer = client.run(&query).await;
    let nodes = answer.ok()["topic"]["posts"]["nodes"].clone();
    let nodes = nodes.as_array().cloned().unwrap_or_default();
    let listed = (1..=12)
        .map(|number| {
            let id = json!(post(number));
            let node = nodes.iter().find(|node| node["id"] == id);
            (number, node.map_or(Seen::Nothing, found))
        })
        .collect();
    [one_by_one, listed]
}

#[tokio::test]
async fn everyone_sees_what_is_for_them_by_id_and_in_lists() {
    let town = filled().await;
    for access in ["OPEN", "CLOSED"] {
        town.execute(&format!("UPDATE clubs SET access = '{access}'"))
            .await;
        for looker in lookers() {
            let [one_by_one, listed] = seen(&client(&town, &looker)).await;
            let mut number = 0;
            for state in STATES {
                for place in PLACES {
                    number += 1;
                    let expected = expected(&looker, state, place, access == "CLOSED");
                    let case = format!("{} {access} {state} {place}", looker.name);
                    assert_eq!(one_by_one[&number], expected, "by id: {case}");
                    // The author is outside of the closed club, whose topic they see no more, but still has their own posts.
                    let outside = access == "CLOSED" && looker.name == "author";
                    if !outside {
                        assert_eq!(listed[&number], expected, "in the list: {case}");
                    }
                }
            }
        }
    }
}

#[tokio::test]
async fn answers_show_no_sooner_than_what_they_answer() {
    let town = Town::new().await;
    let (ahead, behind) = (Uuid::from_u128(1), Uuid::from_u128(2));
    town.progressed(ahead, BOOK, 0.9).await;
    town.progressed(behind, BOOK, 0.4).await;
    let (ahead, behind) = (town.reader(ahead), town.reader(behind));
    let topic = open(&ahead, json!({ "bookId": BOOK, "text": "début" })).await;
    let twist =
        try_answer(&ahead, &topic, &Value::Null, "il meurt", Some(0.8)).await["post"].clone();
    // Whoever answers cannot give it away by saying less.
    let reply = try_answer(&ahead, &topic, &twist, "hélas", Some(0.1)).await["post"].clone();
    assert_eq!(reply["spoilsAfter"], 0.8);
    answer(&behind, &topic, &Value::Null, "et alors ?").await;
    assert_eq!(posts(&ahead, &topic).await.len(), 4);
    assert_eq!(
        posts(&behind, &topic).await,
        [(0, "début".to_owned()), (1, "et alors ?".to_owned())]
    );
    let blind = try_answer(&behind, &topic, &twist, "quoi ?", None).await;
    assert_eq!(codes(&blind), ["NOT_FOUND"]);
    // Reading on shows what was hidden.
    town.progressed(Uuid::from_u128(2), BOOK, 0.85).await;
    assert_eq!(posts(&behind, &topic).await.len(), 4);

    // A whole topic can wait for its readers.
    town.advance(time::Duration::hours(25));
    let hidden = json!({ "bookId": BOOK, "spoilsAfter": 0.9, "title": "La fin" });
    let hidden = open(&town.reader(Uuid::from_u128(1)), hidden).await;
    let query = "query($t: ID!) { topic(id: $t) { id } topics(forumId: \"01890a5d-ac96-774b-bcce-b302099a9001\") { nodes { id } } }";
    let seen = town
        .guest()
        .run_with(query, json!({ "t": hidden["id"] }))
        .await;
    assert_eq!(seen.ok()["topic"], Value::Null);
    assert_eq!(seen.ok()["topics"]["nodes"], json!([{ "id": topic["id"] }]));
    let elsewhere = json!({ "spoilsAfter": 0.1, "bookId": null });
    let payload = try_open(&town.reader(Uuid::from_u128(7)), elsewhere).await;
    assert_eq!(codes(&payload), ["POSITION_INVALID"]);
}
