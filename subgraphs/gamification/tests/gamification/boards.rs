//! Leaderboards, the same from PostgreSQL and from Redis.

use coko_core::redis;
use coko_core::testkit::TestPlatform;
use serde_json::{Value, json};
use time::Duration;
use uuid::Uuid;

use crate::support::{Arena, READER, book, completed};

const COUNTRIES: [&str; 3] = ["SN", "CI", "ML"];

fn player(number: u128) -> Uuid {
    // Not in the order of their numbers.
    Uuid::from_u128(number.wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c834) | 1)
}

/// Thirty readers, among whom many have as many points as others.
async fn fill(arena: &Arena) {
    for number in 0..30 {
        arena
            .register(
                player(number),
                COUNTRIES[usize::try_from(number).unwrap() % 3],
            )
            .await;
        for done in 0..number % 4 {
            arena
                .tell(&completed(player(number), book(done), arena.now()))
                .await;
        }
    }
    // Last month's are on the board of all time alone.
    arena
        .tell(&completed(
            player(0),
            book(50),
            arena.now() - Duration::days(40),
        ))
        .await;
}

async fn page(arena: &Arena, arguments: &str, cursor: &Value) -> Value {
    // A variable that is declared is to be used.
    let variables = if arguments.contains("$c") {
        "($c: String)"
    } else {
        ""
    };
    let query = format!(
        "query{variables} {{ leaderboard({arguments}) {{ nodes {{ rank points user {{ id }} }}
            pageInfo {{ hasNextPage hasPreviousPage startCursor endCursor }} }} }}"
    );
    let answer = arena.guest().run_with(&query, json!({ "c": cursor })).await;
    answer.ok()["leaderboard"].clone()
}

/// A whole board, page by page, from the top or from the end.
async fn walk(arena: &Arena, arguments: &str, forward: bool) -> Vec<Value> {
    let (size, next, cursor_of) = if forward {
        ("first: 4, after: $c", "hasNextPage", "endCursor")
    } else {
        ("last: 4, before: $c", "hasPreviousPage", "startCursor")
    };
    let (mut lines, mut cursor) = (Vec::new(), Value::Null);
    loop {
        let page = page(arena, &format!("{arguments}, {size}"), &cursor).await;
        let nodes = page["nodes"].as_array().unwrap().clone();
        if forward {
            lines.extend(nodes);
        } else {
            lines.splice(0..0, nodes);
        }
        cursor = page["pageInfo"][cursor_of].clone();
        if page["pageInfo"][next] == false {
            return lines;
        }
    }
}

/// Everything that boards answer.
async fn answers(arena: &Arena) -> Vec<Vec<Value>> {
    let mut found = Vec::new();
    for period in ["WEEK", "MONTH", "ALL_TIME"] {
        for scope in ["", ", country: \"SN\"", ", country: \"TG\""] {
            let arguments = format!("period: {period}{scope}");
            let whole = page(arena, &format!("{arguments}, first: 100"), &Value::Null).await;
            let whole = whole["nodes"].as_array().unwrap().clone();
            assert_eq!(walk(arena, &arguments, true).await, whole, "{arguments}");
            assert_eq!(walk(arena, &arguments, false).await, whole, "{arguments}");
            found.push(whole);
        }
    }
    found
}

fn check(answers: &[Vec<Value>]) {
    let [week, week_sn, week_tg, .., all, all_sn, _] = answers else {
        panic!("nine boards");
    };
    assert_eq!((week.len(), week_sn.len(), week_tg.len()), (30, 10, 0));
    // Seven have three books and 310 points, seven two, eight one, eight none.
    let ranks: Vec<_> = week
        .iter()
        .map(|line| line["rank"].as_i64().unwrap())
        .collect();
    assert_eq!(ranks[..7], [1; 7]);
    assert_eq!(ranks[7..14], [8; 7]);
    assert_eq!(ranks[14..22], [15; 8]);
    assert_eq!(ranks[22..], [23; 8]);
    assert_eq!(week[0]["points"], 310);
    for pair in week.windows(2) {
        let place = |line: &Value| {
            (
                line["points"].as_i64().unwrap(),
                line["user"]["id"].to_string(),
            )
        };
        assert!(place(&pair[0]) > place(&pair[1]));
    }
    let first = |line: &&Value| line["user"]["id"] == json!(player(0));
    assert_eq!(week.iter().find(first).unwrap()["points"], 10);
    assert_eq!(all.iter().find(first).unwrap()["points"], 110);
    assert_eq!(all_sn.len(), 10);
}

#[tokio::test]
async fn a_board_is_read_page_by_page_in_both_directions() {
    let arena = Arena::new().await;
    fill(&arena).await;
    check(&answers(&arena).await);
}

#[tokio::test]
async fn redis_answers_as_the_database_does() {
    #[expect(
        clippy::disallowed_methods,
        reason = "tests have no configuration but this variable"
    )]
    let url = std::env::var("COKO_TEST_REDIS_URL").ok();
    let Some(url) = url else {
        println!("skipped: Redis is not installed (COKO_TEST_REDIS_URL is not set)");
        return;
    };
    let mut platform = TestPlatform::new();
    platform.platform.redis = Some(redis::connect(&url).unwrap());
    let arena = Arena::with(platform, 6).await;
    fill(&arena).await;
    carried_over(&arena).await;
    let from_redis = answers(&arena).await;
    check(&from_redis);
    assert_eq!(in_database(&arena).await, from_redis);

    arena.opt_out(player(3), true).await;
    arena.profile(player(6), "TG", "PUBLIC").await;
    arena.profile(player(7), "CI", "PRIVATE").await;
    arena
        .tell(&completed(player(9), book(60), arena.now()))
        .await;
    carried_over(&arena).await;
    let from_redis = answers(&arena).await;
    assert_eq!(from_redis[0].len(), 28);
    assert_eq!(from_redis[2].len(), 1);
    assert_eq!(in_database(&arena).await, from_redis);
    // The database lies by now: what is answered comes from Redis, but for who is hidden.
    arena
        .execute("UPDATE scores SET points = points + 1000 WHERE period = 'WEEK' AND points < 100")
        .await;
    assert_eq!(answers(&arena).await[0], from_redis[0]);
    arena
        .execute(
            "UPDATE scores SET points = points - 1000 WHERE period = 'WEEK' AND points >= 1000",
        )
        .await;
    arena.execute("UPDATE scores SET hidden = true WHERE user_id = (SELECT user_id FROM scores WHERE NOT hidden LIMIT 1)").await;
    let board = page(&arena, "period: WEEK, first: 100", &Value::Null).await;
    assert_eq!(board["nodes"].as_array().unwrap().len(), 27);
}

/// Waits until Redis has all that the database has.
async fn carried_over(arena: &Arena) {
    arena
        .working("the boards in Redis", async || {
            let waiting = "SELECT 'x' AS line FROM board_changes LIMIT 1";
            arena.lines(waiting).await.is_empty()
        })
        .await;
}

/// What the same database answers without Redis.
async fn in_database(arena: &Arena) -> Vec<Vec<Value>> {
    let plain = arena.without_redis().await;
    let mut found = Vec::new();
    for period in ["WEEK", "MONTH", "ALL_TIME"] {
        for scope in ["", ", country: \"SN\"", ", country: \"TG\""] {
            let query = format!(
                "{{ leaderboard(period: {period}{scope}, first: 100) {{ nodes {{ rank points user {{ id }} }} }} }}"
            );
            let answer = plain.run(&query).await;
            found.push(
                answer.ok()["leaderboard"]["nodes"]
                    .as_array()
                    .unwrap()
                    .clone(),
            );
        }
    }
    found
}

#[tokio::test]
async fn a_redis_that_does_not_answer_changes_nothing() {
    let mut platform = TestPlatform::new();
    // Nothing listens on the discard port.
    platform.platform.redis = Some(redis::connect("redis://127.0.0.1:9").unwrap());
    let arena = Arena::with(platform, 6).await;
    arena.finish(READER, 1).await;
    arena.opt_out(player(1), true).await;
    let board = page(&arena, "period: WEEK", &Value::Null).await;
    assert_eq!(board["nodes"][0]["points"], 100);
    // What was to be carried over waits.
    assert!(
        !arena
            .lines("SELECT 'x' AS line FROM board_changes")
            .await
            .is_empty()
    );
}

#[tokio::test]
async fn a_board_that_cannot_be_is_refused() {
    let arena = Arena::new().await;
    let reader = arena.reader(READER);
    for arguments in [
        "country: \"sn\"",
        "country: \"SEN\"",
        "country: \"SN\", friends: true",
        "first: 0",
        "first: 101",
        "after: \"x\"",
    ] {
        let query = format!("{{ leaderboard({arguments}) {{ nodes {{ rank }} }} }}");
        assert_eq!(
            reader.run(&query).await.codes(),
            ["VALIDATION_FAILED"],
            "{arguments}"
        );
    }
    let friends = "{ leaderboard(friends: true) { nodes { rank } } }";
    assert_eq!(
        arena.guest().run(friends).await.codes(),
        ["UNAUTHENTICATED"]
    );
    assert_eq!(
        reader.run(friends).await.ok()["leaderboard"]["nodes"],
        json!([])
    );
    // A cursor of one board does not fit another.
    arena.finish(READER, 1).await;
    let page = page(&arena, "period: WEEK", &Value::Null).await;
    let query = "query($c: String) { leaderboard(period: MONTH, after: $c) { nodes { rank } } }";
    let cursor = json!({ "c": page["pageInfo"]["endCursor"] });
    assert_eq!(
        reader.run_with(query, cursor).await.codes(),
        ["VALIDATION_FAILED"]
    );
}
