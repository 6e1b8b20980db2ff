//! Who sees what readers reached.

use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::{Arena, OTHER, READER, entity};

async fn seen(arena: &Arena, viewer: Option<Uuid>) -> bool {
    let client = viewer.map_or_else(|| arena.guest(), |id| arena.reader(id));
    let user = entity(
        &client,
        "User",
        &READER.to_string(),
        "level { number } badges { badge { code } }",
    )
    .await;
    assert_eq!(user["level"].is_null(), user["badges"].is_null(), "{user}");
    !user["level"].is_null()
}

async fn board(arena: &Arena, viewer: Uuid, arguments: &str) -> Vec<Value> {
    let query = format!("{{ leaderboard{arguments} {{ nodes {{ user {{ id }} }} }} }}");
    let answer = arena.reader(viewer).run(&query).await;
    let nodes = answer.ok()["leaderboard"]["nodes"].as_array().unwrap();
    nodes
        .iter()
        .map(|node| node["user"]["id"].clone())
        .collect()
}

#[tokio::test]
async fn a_reader_is_seen_by_whom_they_let_see() {
    let arena = Arena::new().await;
    let follower = Uuid::from_u128(0xaaaa_0003);
    arena.register(READER, "SN").await;
    arena.finish(READER, 1).await;
    arena.follow(follower, READER).await;
    let on_board = |list: &[Value]| list.contains(&json!(READER));
    for (privacy, everyone, followers) in [
        ("PUBLIC", true, true),
        ("FOLLOWERS", false, true),
        ("PRIVATE", false, false),
        ("SOMETHING_NEW", false, false),
    ] {
        arena.profile(READER, "SN", privacy).await;
        assert_eq!(seen(&arena, None).await, everyone, "{privacy}");
        assert_eq!(seen(&arena, Some(OTHER)).await, everyone, "{privacy}");
        assert_eq!(seen(&arena, Some(follower)).await, followers, "{privacy}");
        assert!(seen(&arena, Some(READER)).await, "{privacy}");
        assert_eq!(
            on_board(&board(&arena, OTHER, "").await),
            everyone,
            "{privacy}"
        );
        let friends = board(&arena, follower, "(friends: true)").await;
        assert_eq!(on_board(&friends), followers, "{privacy}");
    }
}

#[tokio::test]
async fn who_opts_out_is_hidden_everywhere_at_once_and_loses_nothing() {
    let arena = Arena::new().await;
    for user in [READER, OTHER] {
        arena.register(user, "SN").await;
        arena.finish(user, 1).await;
    }
    arena.follow(OTHER, READER).await;
    arena
        .working("a challenge", async || {
            !arena
                .lines("SELECT id::text AS line FROM challenges")
                .await
                .is_empty()
        })
        .await;
    let ids = arena
        .lines("SELECT id::text AS line FROM challenges WHERE code LIKE 'monthly-books:2027-01%'")
        .await;
    let join = "mutation($i: JoinChallengeInput!) { joinChallenge(input: $i) { errors { code } } }";
    for user in [READER, OTHER] {
        let input = json!({ "i": { "challengeId": ids[0] } });
        arena.reader(user).run_with(join, input).await.ok();
    }
    let participants = async |viewer: Uuid| -> Vec<Value> {
        let query = format!(
            "{{ challenge(id: \"{}\") {{ participants {{ nodes {{ user {{ id }} done }} }} }} }}",
            ids[0]
        );
        let answer = arena.reader(viewer).run(&query).await;
        let nodes = answer.ok()["challenge"]["participants"]["nodes"]
            .as_array()
            .unwrap();
        assert!(nodes.iter().all(|node| node["done"] == 1));
        nodes
            .iter()
            .map(|node| node["user"]["id"].clone())
            .collect()
    };
    let boards = [
        "",
        "(country: \"SN\")",
        "(friends: true)",
        "(period: ALL_TIME)",
    ];
    let both = json!([OTHER, READER]);
    let lone = json!([OTHER]);
    for (opted_out, expected) in [(false, &both), (true, &lone), (false, &both)] {
        arena.opt_out(READER, opted_out).await;
        for arguments in boards {
            let found = board(&arena, OTHER, arguments).await;
            assert_eq!(&json!(found), expected, "{arguments}");
        }
        let mut found = participants(OTHER).await;
        found.sort_by_key(|id| std::cmp::Reverse(id.to_string()));
        assert_eq!(&json!(found), expected);
        assert_eq!(seen(&arena, Some(OTHER)).await, !opted_out);
        // They see themselves, and are told no rank where they have none.
        assert!(participants(READER).await.contains(&json!(READER)));
        assert!(seen(&arena, Some(READER)).await);
        let stats = arena.stats(READER, "points optedOut rank").await;
        assert_eq!(stats["points"], 110);
        assert_eq!(stats["rank"].is_null(), opted_out);
    }
    let narrow = arena.client(READER, &["profile:read"]);
    let query = "mutation { updateGamification(input: { optedOut: true }) { stats { points } } }";
    assert_eq!(narrow.run(query).await.codes(), ["FORBIDDEN"]);
    assert_eq!(
        arena.guest().run("{ myStats { points } }").await.codes(),
        ["UNAUTHENTICATED"]
    );
}
