//! Points, levels, badges and streaks from what other domains tell.

use coko_core::events::auth::UserDeleted;
use coko_core::events::reading::{ReadingCompleted, ReadingStreak};
use serde_json::json;
use time::Duration;

use crate::support::{
    Arena, OTHER, READER, book, completed, entity, posted, progressed, purchased, streak,
};

#[tokio::test]
async fn what_is_done_is_worth_points_once() {
    let arena = Arena::new().await;
    let now = arena.now();
    arena.register(READER, "SN").await;
    let finished = arena.event(&completed(READER, book(1), now));
    assert!(arena.deliver(&finished).await);
    assert!(!arena.deliver(&finished).await);
    // The same book, told by another event.
    let again = ReadingCompleted {
        self_reported: true,
        ..completed(READER, book(1), now + Duration::hours(1))
    };
    arena.tell(&again).await;
    arena.tell(&posted(READER, 1, now)).await;
    arena.tell(&purchased(READER, 1, now)).await;
    // An hour and forty minutes with one book, told step by step.
    for seconds in [1000, 2000, 6000, 3000] {
        arena.tell(&progressed(READER, book(2), seconds, now)).await;
    }
    let stats = arena
        .stats(
            READER,
            "points booksCompleted reviewsPosted minutesRead level { number name } nextLevel { points } rank
             pointEntries(first: 2) { nodes { rule points } pageInfo { hasNextPage } }",
        )
        .await;
    // 10 for the account, 100 for the book, 30 for the review, 20 for the purchase, 15 for three half hours.
    assert_eq!(stats["points"], 175);
    assert_eq!(stats["booksCompleted"], 1);
    assert_eq!(stats["reviewsPosted"], 1);
    assert_eq!(stats["minutesRead"], 100);
    assert_eq!(
        stats["level"],
        json!({ "number": 3, "name": "Regular reader" })
    );
    assert_eq!(stats["nextLevel"]["points"], 350);
    assert_eq!(stats["rank"], 1);
    assert_eq!(stats["pointEntries"]["nodes"].as_array().unwrap().len(), 2);
    assert_eq!(stats["pointEntries"]["pageInfo"]["hasNextPage"], true);
    let sums = arena
        .lines("SELECT concat_ws(' ', period, starts, points) AS line FROM scores ORDER BY period")
        .await;
    assert_eq!(
        sums,
        [
            "ALL_TIME 1970-01-01 175",
            "MONTH 2027-01-01 175",
            "WEEK 2027-01-11 175"
        ]
    );
}

#[tokio::test]
async fn levels_and_badges_are_said_once_and_heard_of_by_the_reader_alone() {
    let arena = Arena::new().await;
    arena.finish(READER, 5).await;
    let levels: Vec<_> = arena.said("level.reached").await;
    let numbers: Vec<_> = levels.iter().map(|level| level["level"].clone()).collect();
    assert_eq!(numbers, [2, 3, 4]);
    let badges = arena.said("badge.awarded").await;
    let codes: Vec<_> = badges
        .iter()
        .map(|badge| badge["badge_code"].clone())
        .collect();
    assert_eq!(codes, ["first-book", "five-books"]);
    assert_eq!(badges[0]["name_fr"], "Premier livre");

    let unlocked = arena.said("achievement.unlocked").await;
    assert_eq!(unlocked.len(), 5);
    let id = unlocked[0]["achievement_id"].as_str().unwrap();
    let fields = "kind level { number } badge { code } challenge { id }";
    let own = entity(&arena.reader(READER), "Achievement", id, fields).await;
    assert_eq!(own["kind"], "LEVEL");
    assert_eq!(own["level"]["number"], 2);
    assert_eq!(own["badge"], json!(null));
    for stranger in [
        arena.reader(OTHER),
        arena.guest(),
        arena.client(READER, &["books:read"]),
    ] {
        assert_eq!(
            entity(&stranger, "Achievement", id, fields).await,
            json!(null)
        );
    }
    let answer = arena
        .reader(READER)
        .run("{ achievements(first: 3) { nodes { kind } pageInfo { hasNextPage endCursor } } badges { code awardedAt progress } }")
        .await;
    let data = answer.ok();
    assert_eq!(data["achievements"]["nodes"].as_array().unwrap().len(), 3);
    assert_eq!(data["achievements"]["pageInfo"]["hasNextPage"], true);
    let badge = |code: &str| {
        let badges = data["badges"].as_array().unwrap();
        badges.iter().find(|badge| badge["code"] == code).unwrap()
    };
    assert!(badge("five-books")["awardedAt"].is_string());
    assert_eq!(badge("five-books")["progress"], 1.0);
    assert_eq!(badge("twenty-five-books")["awardedAt"], json!(null));
    assert_eq!(badge("twenty-five-books")["progress"], 0.2);
    let guest = arena
        .guest()
        .run("{ badges { code awardedAt progress } }")
        .await;
    assert_eq!(guest.ok()["badges"][0]["progress"], json!(null));
}

#[tokio::test]
async fn a_newer_rule_is_followed_and_what_was_awarded_stays() {
    let arena = Arena::new().await;
    arena.finish(READER, 1).await;
    arena
        .execute(
            "INSERT INTO badges SELECT code, 2, '{\"atLeast\": {\"metric\": \"BOOKS_COMPLETED\", \"count\": 2}}'::jsonb, position, name_fr, name_en,
                description_fr, description_en, false FROM badges WHERE code = 'first-book';
             INSERT INTO badges VALUES ('future', 1, '{\"atLeast\": {\"metric\": \"MOOD\", \"count\": 0}}', 99, 'F', 'F', 'F', 'F', false);
             UPDATE badges SET retired = true WHERE code = 'first-review'",
        )
        .await;
    arena.finish(OTHER, 1).await;
    arena.tell(&posted(OTHER, 1, arena.now())).await;
    assert_eq!(arena.said("badge.awarded").await.len(), 1);
    arena.tell(&completed(OTHER, book(7), arena.now())).await;
    let said = arena.said("badge.awarded").await;
    assert_eq!(said.len(), 2);
    assert_eq!(said[1]["rule_version"], 2);
}

#[tokio::test]
async fn a_streak_goes_on_in_the_reader_s_zone_and_is_mended_by_what_is_told_late() {
    let arena = Arena::new().await;
    arena.register(READER, "SN").await;
    let today = arena.today();
    let fields = "streak { days longest lastDay frozenDays freezesLeft } readingDays points";
    // Eight days up to yesterday earn a freeze.
    arena
        .tell(&streak(READER, 8, today - Duration::days(3)))
        .await;
    let before = arena.stats(READER, fields).await;
    // Two days were missed since, and there is one freeze.
    assert_eq!(before["streak"]["days"], 0);
    arena.tell(&streak(READER, 1, today)).await;
    let broken = arena.stats(READER, fields).await;
    assert_eq!(broken["streak"]["days"], 1);
    assert_eq!(broken["streak"]["longest"], 8);
    // A phone comes home and tells that it was read on the day before yesterday.
    let late = ReadingStreak {
        longest: 9,
        ..streak(READER, 9, today - Duration::days(2))
    };
    arena.tell(&late).await;
    let mended = arena.stats(READER, fields).await;
    assert_eq!(mended["streak"]["days"], 10);
    assert_eq!(
        mended["streak"]["frozenDays"],
        json!([today - Duration::days(1)])
    );
    assert_eq!(mended["streak"]["freezesLeft"], 0);
    // And on the day after: nothing is frozen any more.
    arena.tell(&streak(READER, 11, today)).await;
    let whole = arena.stats(READER, fields).await;
    assert_eq!(whole["streak"]["days"], 11);
    assert_eq!(whole["streak"]["frozenDays"], json!([]));
    assert_eq!(whole["streak"]["freezesLeft"], 1);
    assert_eq!(whole["readingDays"], 11);
    assert_eq!(whole["points"], 120);
    // In Dakar it is still the day after; two missed days later it is over.
    arena.advance(Duration::days(2));
    assert_eq!(arena.stats(READER, fields).await["streak"]["days"], 11);
    arena.advance(Duration::days(1));
    assert_eq!(arena.stats(READER, fields).await["streak"]["days"], 0);
    let badges = arena.said("badge.awarded").await;
    assert_eq!(badges[0]["badge_code"], "week-of-reading");
}

#[tokio::test]
async fn a_streak_that_cannot_be_is_put_aside() {
    let arena = Arena::new().await;
    let impossible = ReadingStreak {
        last_day: "tomorrow".to_owned(),
        ..streak(READER, 3, arena.today())
    };
    let consumers = coko_gamification::consumers(&arena.platform.platform, arena.pool().clone());
    let error = consumers
        .handle(&arena.event(&impossible))
        .await
        .unwrap_err();
    assert!(error.to_string().contains("`tomorrow`"), "{error}");
    let players = arena.lines("SELECT 'x' AS line FROM players").await;
    assert_eq!(players.len(), 0);
}

#[tokio::test]
async fn nothing_is_left_of_who_leaves_and_nothing_comes_back() {
    let arena = Arena::new().await;
    arena.register(READER, "SN").await;
    arena.finish(READER, 2).await;
    arena.follow(READER, OTHER).await;
    let gone = UserDeleted {
        user_id: READER,
        deleted_at: arena.now(),
    };
    arena.tell(&gone).await;
    arena.tell(&posted(READER, 1, arena.now())).await;
    arena.profile(READER, "ML", "PUBLIC").await;
    let left = "SELECT (SELECT count(*) FROM facts) + (SELECT count(*) FROM ledger) + (SELECT count(*) FROM scores)
        + (SELECT count(*) FROM achievements) + (SELECT count(*) FROM follows) + (SELECT count(*) FROM players WHERE points > 0 OR country IS NOT NULL)
        || '' AS line";
    assert_eq!(arena.lines(left).await, ["0"]);
}
