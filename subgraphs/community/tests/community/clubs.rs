//! Book clubs and community events.

use coko_core::testkit::GraphqlClient;
use serde_json::{Value, json};
use time::Duration;
use time::format_description::well_known::Rfc3339;
use uuid::Uuid;

use crate::support::{
    BOOK, OTHER, READER, THIRD, Town, codes, mutate, open, relate, try_open, unique,
};

const CLUB: &str = "club { id name html memberCount access myRole members { nodes { user { id } role } } applicants { nodes { user { id } } } schedule { title readTo } }";

async fn found(client: &GraphqlClient, access: &str) -> Value {
    let input = json!({ "name": "Les lettrés", "description": "Nous lisons", "bookId": BOOK, "access": access, "idempotencyKey": unique() });
    let payload = mutate(client, ("createClub", "CreateClubInput"), CLUB, input).await;
    assert_eq!(payload["errors"], json!([]), "{payload}");
    payload["club"].clone()
}

async fn act(client: &GraphqlClient, field: &str, club: &Value) -> Value {
    let input = json!({ "clubId": club["id"] });
    mutate(client, (field, "ClubInput"), CLUB, input).await
}

async fn on_member(client: &GraphqlClient, field: &str, club: &Value, user: Uuid) -> Value {
    let input = json!({ "clubId": club["id"], "userId": user });
    mutate(client, (field, "ClubMemberInput"), CLUB, input).await
}

#[tokio::test]
async fn an_open_club_is_joined_and_left() {
    let town = Town::new().await;
    let (reader, other) = (town.reader(READER), town.reader(OTHER));
    let club = found(&reader, "OPEN").await;
    assert_eq!(club["myRole"], "OWNER");
    town.advance(Duration::seconds(1));
    let joined = act(&other, "joinClub", &club).await;
    assert_eq!(joined["club"]["memberCount"], 2);
    act(&other, "joinClub", &club).await;
    let seen = act(&other, "joinClub", &club).await;
    assert_eq!(seen["club"]["memberCount"], 2);
    assert_eq!(
        seen["club"]["members"]["nodes"][0]["user"]["id"],
        OTHER.to_string()
    );
    assert_eq!(seen["club"]["applicants"], Value::Null);
    let stays = act(&reader, "leaveClub", &club).await;
    assert_eq!(codes(&stays), ["OWNER_STAYS"]);
    let mine = other
        .run("{ myClubs { nodes { role club { name } } } }")
        .await;
    assert_eq!(
        mine.ok()["myClubs"]["nodes"],
        json!([{ "role": "MEMBER", "club": { "name": "Les lettrés" } }])
    );
    let left = act(&other, "leaveClub", &club).await;
    assert_eq!(left["club"]["memberCount"], 1);
    let of_book = town
        .guest()
        .run_with(
            "query($b: ID!) { clubs(bookId: $b) { nodes { name } } }",
            json!({ "b": BOOK }),
        )
        .await;
    assert_eq!(of_book.ok()["clubs"]["nodes"].as_array().unwrap().len(), 1);
    relate(&reader, "blockUser", OTHER).await;
    let refused = act(&other, "joinClub", &club).await;
    assert_eq!(codes(&refused), ["NOT_FOUND"]);
    let gone = act(&reader, "disbandClub", &club).await;
    assert_eq!(
        (gone["club"].clone(), codes(&gone)),
        (Value::Null, Vec::new())
    );
    let gone = act(&town.reader(THIRD), "joinClub", &club).await;
    assert_eq!(codes(&gone), ["NOT_FOUND"]);
}

#[tokio::test]
async fn a_closed_club_admits_and_keeps_to_itself() {
    let town = Town::new().await;
    let (reader, other) = (town.reader(READER), town.reader(OTHER));
    let club = found(&reader, "CLOSED").await;
    let topic = open(&reader, json!({ "forumId": null, "clubId": club["id"] })).await;
    assert_eq!(topic["book"]["id"], BOOK.to_string());
    let sees = async |client: &GraphqlClient| {
        let query =
            "query($t: ID!, $c: ID!) { topic(id: $t) { id } topics(clubId: $c) { nodes { id } } }";
        let answer = client
            .run_with(query, json!({ "t": topic["id"], "c": club["id"] }))
            .await;
        let listed = answer.ok()["topics"]["nodes"] != json!([]);
        assert_eq!(listed, answer.ok()["topic"] != Value::Null);
        listed
    };
    let applied = act(&other, "joinClub", &club).await;
    assert_eq!(applied["club"]["myRole"], "APPLICANT");
    assert_eq!(applied["club"]["members"], Value::Null);
    assert_eq!(applied["club"]["memberCount"], 1);
    assert!(!sees(&other).await && !sees(&town.guest()).await);
    let input = json!({ "forumId": null, "clubId": club["id"] });
    assert_eq!(codes(&try_open(&other, input.clone()).await), ["NOT_FOUND"]);
    let thief = on_member(&other, "admitClubMember", &club, OTHER).await;
    assert_eq!(codes(&thief), ["NOT_FOUND"]);
    let admitted = on_member(&reader, "admitClubMember", &club, OTHER).await;
    assert_eq!(admitted["club"]["memberCount"], 2);
    assert_eq!(admitted["club"]["applicants"]["nodes"], json!([]));
    assert!(sees(&other).await && sees(&reader).await);
    open(&other, input).await;
    let removed = on_member(&reader, "removeClubMember", &club, OTHER).await;
    assert_eq!(removed["club"]["memberCount"], 1);
    assert!(!sees(&town.reader(THIRD)).await);
    let unknown = on_member(&reader, "admitClubMember", &club, THIRD).await;
    assert_eq!(codes(&unknown), ["NOT_FOUND"]);
}

#[tokio::test]
async fn a_club_reads_by_a_schedule() {
    let town = Town::new().await;
    let reader = town.reader(READER);
    let club = found(&reader, "OPEN").await;
    let at = |days: i64| {
        (town.now() + Duration::days(days))
            .format(&Rfc3339)
            .unwrap()
    };
    let steps = json!([
        { "title": "Deuxième partie", "readTo": 1.0, "dueAt": at(14) },
        { "title": "Première partie", "readTo": 0.5, "dueAt": at(7) },
    ]);
    let field = ("scheduleClub", "ScheduleClubInput");
    let input = json!({ "clubId": club["id"], "steps": steps });
    let payload = mutate(&reader, field, CLUB, input.clone()).await;
    assert_eq!(
        payload["club"]["schedule"],
        json!([{ "title": "Première partie", "readTo": 0.5 }, { "title": "Deuxième partie", "readTo": 1.0 }])
    );
    let other = mutate(&town.reader(OTHER), field, CLUB, input).await;
    assert_eq!(codes(&other), ["NOT_FOUND"]);
    let bad =
        json!({ "clubId": club["id"], "steps": [{ "title": "x", "readTo": 2.0, "dueAt": at(1) }] });
    let bad = mutate(&reader, field, CLUB, bad).await;
    assert_eq!(bad["errors"][0]["field"], "steps.0");
    let long: Vec<Value> = (0..61)
        .map(|_| json!({ "title": "x", "readTo": 0.1, "dueAt": at(1) }))
        .collect();
    let long = mutate(
        &reader,
        field,
        CLUB,
        json!({ "clubId": club["id"], "steps": long }),
    )
    .await;
    assert_eq!(codes(&long), ["SCHEDULE_TOO_LONG"]);
}

const EVENT: &str = "event { id title going goingCount cancelled club { id } }";

#[tokio::test]
async fn events_are_announced_attended_and_called_off() {
    let town = Town::new().await;
    town.trusted(READER).await;
    let (reader, other) = (town.reader(READER), town.reader(OTHER));
    let at = |days: i64| {
        (town.now() + Duration::days(days))
            .format(&Rfc3339)
            .unwrap()
    };
    let create = ("createCommunityEvent", "CreateCommunityEventInput");
    let input = |key: &str| json!({ "title": "Café littéraire", "description": "Venez", "place": "Dakar", "startsAt": at(3), "endsAt": at(4), "capacity": 1, "idempotencyKey": key });
    let new = mutate(&other, create, EVENT, input("new")).await;
    assert_eq!(codes(&new), ["TOO_NEW"]);
    let made = mutate(&reader, create, EVENT, input("a")).await;
    assert_eq!(made["errors"], json!([]), "{made}");
    let again = mutate(&reader, create, EVENT, input("a")).await;
    assert_eq!(made["event"]["id"], again["event"]["id"]);
    for (key, value, expected) in [
        ("startsAt", json!(at(-1)), "TIME_INVALID"),
        ("endsAt", json!(at(2)), "TIME_INVALID"),
        ("capacity", json!(0), "CAPACITY_INVALID"),
        ("url", json!("javascript:alert(1)"), "PLACE_INVALID"),
        ("place", Value::Null, "PLACE_INVALID"),
    ] {
        let mut bad = input("bad");
        bad[key] = value;
        assert_eq!(
            codes(&mutate(&reader, create, EVENT, bad).await),
            [expected],
            "{key}"
        );
    }
    let respond = ("respondToCommunityEvent", "RespondToCommunityEventInput");
    let going = |going: bool| json!({ "eventId": made["event"]["id"], "going": going });
    let payload = mutate(&other, respond, EVENT, going(true)).await;
    assert_eq!(payload["event"]["goingCount"], 1);
    let payload = mutate(&other, respond, EVENT, going(true)).await;
    assert_eq!(
        (&payload["event"]["goingCount"], &payload["event"]["going"]),
        (&json!(1), &json!(true))
    );
    let third = town.reader(THIRD);
    assert_eq!(
        codes(&mutate(&third, respond, EVENT, going(true)).await),
        ["FULL"]
    );
    mutate(&other, respond, EVENT, going(false)).await;
    let payload = mutate(&third, respond, EVENT, going(true)).await;
    assert_eq!(payload["event"]["goingCount"], 1);
    let listed = town
        .guest()
        .run("{ communityEvents { nodes { title going } } }")
        .await;
    assert_eq!(
        listed.ok()["communityEvents"]["nodes"],
        json!([{ "title": "Café littéraire", "going": false }])
    );
    let cancel = ("cancelCommunityEvent", "CancelCommunityEventInput");
    let which = json!({ "eventId": made["event"]["id"] });
    assert_eq!(
        codes(&mutate(&other, cancel, EVENT, which.clone()).await),
        ["NOT_FOUND"]
    );
    let payload = mutate(&reader, cancel, EVENT, which).await;
    assert_eq!(payload["event"]["cancelled"], true);
    assert_eq!(
        codes(&mutate(&other, respond, EVENT, going(true)).await),
        ["OVER"]
    );

    // A club's events are its members'.
    let club = found(&other, "OPEN").await;
    let mut input = input("club");
    input["clubId"] = club["id"].clone();
    assert_eq!(
        codes(&mutate(&reader, create, EVENT, input.clone()).await),
        ["NOT_FOUND"]
    );
    let made = mutate(&other, create, EVENT, input).await;
    assert_eq!(made["event"]["club"]["id"], club["id"]);
    let query = "query($c: ID!, $e: ID!) { communityEvents(clubId: $c) { nodes { id } } communityEvent(id: $e) { id } }";
    let both = json!({ "c": club["id"], "e": made["event"]["id"] });
    let outside = third.run_with(query, both.clone()).await;
    assert_eq!(
        outside.ok(),
        &json!({ "communityEvents": { "nodes": [] }, "communityEvent": null })
    );
    let inside = other.run_with(query, both).await;
    assert_eq!(
        inside.ok()["communityEvents"]["nodes"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
}
