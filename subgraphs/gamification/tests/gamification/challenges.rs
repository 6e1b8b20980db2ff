//! Challenges: the platform's own and readers'.

use serde_json::{Value, json};
use time::Duration;
use time::format_description::well_known::Rfc3339;

use crate::support::{Arena, OTHER, READER, book, completed, streak};

const FIELDS: &str = "id title target state privacy invitation participantCount myParticipation { done completedAt }";

async fn mutate(arena: &Arena, who: uuid::Uuid, field: &str, input: Value) -> Value {
    let name = format!("{}{}Input", field[..1].to_uppercase(), &field[1..]);
    let query = format!(
        "mutation($i: {name}!) {{ {field}(input: $i) {{ challenge {{ {FIELDS} }} errors {{ field code }} }} }}"
    );
    let answer = arena
        .reader(who)
        .run_with(&query, json!({ "i": input }))
        .await;
    answer.ok()[field].clone()
}

/// With the platform's own challenges made.
async fn opened() -> Arena {
    let arena = Arena::new().await;
    arena
        .working("the platform's challenges", async || {
            arena
                .lines("SELECT id::text AS line FROM challenges")
                .await
                .len()
                == 6
        })
        .await;
    arena
}

async fn listed(arena: &Arena, who: uuid::Uuid, arguments: &str) -> Vec<Value> {
    let query = format!("{{ challenges{arguments} {{ nodes {{ {FIELDS} }} }} }}");
    let answer = arena.reader(who).run(&query).await;
    answer.ok()["challenges"]["nodes"]
        .as_array()
        .unwrap()
        .clone()
}

async fn wanted(arena: &Arena, title: &str) -> Value {
    let open = listed(arena, READER, "").await;
    let fits = |each: &&Value| each["title"] == title && each["state"] == "RUNNING";
    open.iter().find(fits).unwrap().clone()
}

fn own(arena: &Arena, privacy: &str) -> Value {
    let at = |days| {
        (arena.now() + Duration::days(days))
            .format(&Rfc3339)
            .unwrap()
    };
    json!({
        "title": "Lire ensemble", "metric": "BOOKS_COMPLETED", "target": 1,
        "startsAt": at(-1), "endsAt": at(7), "privacy": privacy,
    })
}

#[tokio::test]
async fn a_challenge_is_joined_worked_on_and_completed_once() {
    let arena = opened().await;
    let challenge = wanted(&arena, "Two books this month").await;
    let input = json!({ "challengeId": challenge["id"] });
    // What was read before in the same month counts.
    arena
        .tell(&completed(READER, book(1), arena.now() - Duration::days(3)))
        .await;
    let joined = mutate(&arena, READER, "joinChallenge", input.clone()).await;
    assert_eq!(joined["errors"], json!([]));
    assert_eq!(joined["challenge"]["participantCount"], 1);
    assert_eq!(
        joined["challenge"]["myParticipation"],
        json!({ "done": 1, "completedAt": null })
    );
    let again = mutate(&arena, READER, "joinChallenge", input.clone()).await;
    assert_eq!(again["challenge"]["participantCount"], 1);
    // Another month, and the same book again, do not.
    arena
        .tell(&completed(
            READER,
            book(2),
            arena.now() - Duration::days(40),
        ))
        .await;
    arena.tell(&completed(READER, book(1), arena.now())).await;
    assert_eq!(arena.said("challenge.completed").await.len(), 0);
    arena.tell(&completed(READER, book(3), arena.now())).await;
    let said = arena.said("challenge.completed").await;
    assert_eq!(said.len(), 1);
    assert_eq!(said[0]["challenge_id"], challenge["id"]);
    assert_eq!(said[0]["title_fr"], "Deux livres ce mois-ci");
    arena.tell(&completed(READER, book(4), arena.now())).await;
    // Leaving and joining again completes it at once, and says nothing new.
    mutate(&arena, READER, "leaveChallenge", input.clone()).await;
    let back = mutate(&arena, READER, "joinChallenge", input).await;
    assert!(back["challenge"]["myParticipation"]["completedAt"].is_string());
    assert_eq!(arena.said("challenge.completed").await.len(), 1);
    let stats = arena.stats(READER, "challengesCompleted").await;
    assert_eq!(stats["challengesCompleted"], 1);
    let joined = listed(&arena, READER, "(joined: true)").await;
    assert_eq!(joined.len(), 1);
}

#[tokio::test]
async fn days_that_are_told_late_complete_a_challenge_that_is_over() {
    let arena = opened().await;
    let challenge = wanted(&arena, "Five days of reading").await;
    let input = json!({ "challengeId": challenge["id"] });
    mutate(&arena, READER, "joinChallenge", input.clone()).await;
    // Friday to Sunday, then the week is over.
    arena
        .tell(&streak(READER, 3, arena.today() + Duration::days(2)))
        .await;
    arena.advance(Duration::days(5));
    assert_eq!(arena.said("challenge.completed").await.len(), 0);
    // It was read from Wednesday on, on a phone that was offline.
    arena
        .tell(&streak(READER, 5, arena.today() - Duration::days(3)))
        .await;
    assert_eq!(arena.said("challenge.completed").await.len(), 1);
    let late = mutate(&arena, OTHER, "joinChallenge", input).await;
    assert_eq!(
        late["errors"],
        json!([{ "field": "challengeId", "code": "OVER" }])
    );
}

#[tokio::test]
async fn readers_make_challenges_for_whom_they_choose() {
    let arena = opened().await;
    let made = mutate(&arena, READER, "createChallenge", own(&arena, "PRIVATE")).await;
    assert_eq!(made["errors"], json!([]), "{made:#}");
    let private = made["challenge"].clone();
    assert_eq!(private["participantCount"], 1);
    let invitation = private["invitation"].as_str().unwrap();
    let id = private["id"].as_str().unwrap();
    let not_found = json!([{ "field": "challengeId", "code": "NOT_FOUND" }]);
    for guess in [Value::Null, json!("guess")] {
        let input = json!({ "challengeId": id, "invitation": guess });
        let refused = mutate(&arena, OTHER, "joinChallenge", input).await;
        assert_eq!(refused["errors"], not_found);
    }
    let look =
        "query($id: ID!, $i: String) { challenge(id: $id, invitation: $i) { title invitation } }";
    let other = arena.reader(OTHER);
    let unseen = other.run_with(look, json!({ "id": id })).await;
    assert_eq!(unseen.ok()["challenge"], json!(null));
    let seen = other
        .run_with(look, json!({ "id": id, "i": invitation }))
        .await;
    assert_eq!(
        seen.ok()["challenge"],
        json!({ "title": "Lire ensemble", "invitation": null })
    );
    let input = json!({ "challengeId": id, "invitation": invitation });
    let joined = mutate(&arena, OTHER, "joinChallenge", input).await;
    assert_eq!(joined["challenge"]["participantCount"], 2);

    let made = mutate(&arena, READER, "createChallenge", own(&arena, "FOLLOWERS")).await;
    let mine = |list: Vec<Value>| -> usize {
        list.iter()
            .filter(|each| each["title"] == "Lire ensemble")
            .count()
    };
    assert_eq!(mine(listed(&arena, OTHER, "").await), 0);
    assert_eq!(mine(listed(&arena, READER, "").await), 2);
    arena.follow(OTHER, READER).await;
    assert_eq!(mine(listed(&arena, OTHER, "").await), 1);
    let input = json!({ "challengeId": made["challenge"]["id"] });
    let foreign = mutate(&arena, OTHER, "cancelChallenge", input.clone()).await;
    assert_eq!(foreign["errors"], not_found);
    let cancelled = mutate(&arena, READER, "cancelChallenge", input.clone()).await;
    assert_eq!(cancelled["challenge"]["state"], "CANCELLED");
    let late = mutate(&arena, OTHER, "joinChallenge", input).await;
    assert_eq!(late["errors"][0]["code"], "OVER");
}

#[tokio::test]
async fn what_is_no_challenge_is_refused_with_all_reasons() {
    let arena = Arena::new().await;
    let mut input = own(&arena, "PUBLIC");
    input["title"] = json!("\u{202e}");
    input["target"] = json!(0);
    input["endsAt"] = input["startsAt"].clone();
    let refused = mutate(&arena, READER, "createChallenge", input).await;
    let codes: Vec<_> = refused["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|error| error["code"].clone())
        .collect();
    assert_eq!(
        codes,
        [
            "TEXT_INVALID",
            "TARGET_INVALID",
            "PRIVACY_INVALID",
            "WINDOW_INVALID"
        ]
    );
    let stranger = arena.client(READER, &["books:read"]);
    let query = "mutation { joinChallenge(input: { challengeId: \"x\" }) { errors { code } } }";
    assert_eq!(stranger.run(query).await.codes(), ["FORBIDDEN"]);
    assert_eq!(arena.guest().run(query).await.codes(), ["UNAUTHENTICATED"]);
    let query = "mutation { leaveChallenge(input: { challengeId: \"x\" }) { errors { code } } }";
    let left = arena.reader(READER).run(query).await;
    assert_eq!(
        left.ok()["leaveChallenge"]["errors"][0]["code"],
        "NOT_FOUND"
    );
}

#[tokio::test]
async fn pages_of_challenges_follow_on_each_other() {
    let arena = opened().await;
    for _ in 0..5 {
        mutate(&arena, READER, "createChallenge", own(&arena, "PRIVATE")).await;
    }
    let all: Vec<_> = listed(&arena, READER, "(first: 100)").await;
    assert_eq!(all.len(), 11);
    for arguments in ["(joined: false)", "(joined: true)"] {
        let whole = listed(&arena, READER, &arguments.replace(')', ", first: 100)")).await;
        let (mut paged, mut after) = (Vec::new(), Value::Null);
        loop {
            let query = format!(
                "query($a: String) {{ challenges{} {{ nodes {{ id }} pageInfo {{ hasNextPage endCursor }} }} }}",
                arguments.replace(')', ", first: 2, after: $a)")
            );
            let answer = arena
                .reader(READER)
                .run_with(&query, json!({ "a": after }))
                .await;
            let page = answer.ok()["challenges"].clone();
            paged.extend(page["nodes"].as_array().unwrap().clone());
            after = page["pageInfo"]["endCursor"].clone();
            if page["pageInfo"]["hasNextPage"] == false {
                break;
            }
        }
        let ids =
            |list: &[Value]| -> Vec<Value> { list.iter().map(|each| each["id"].clone()).collect() };
        assert_eq!(ids(&paged), ids(&whole), "{arguments}");
    }
}
