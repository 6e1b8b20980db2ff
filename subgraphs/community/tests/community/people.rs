//! Follows, blocks, mutes, and who sees whom someone follows.

use coko_core::events::Payload as _;
use coko_core::events::auth::UserProfileUpdated;
use serde_json::{Value, json};
use time::Duration;
use uuid::Uuid;

use crate::support::{
    MODERATOR, OTHER, READER, THIRD, Town, answer, codes, open, person, posts, relate, try_answer,
};

const LISTS: &str = "followers { nodes { user { id } } } following { nodes { user { id } } }";

fn ids(list: &Value) -> Vec<String> {
    let nodes = list["nodes"].as_array().cloned().unwrap_or_default();
    nodes
        .iter()
        .map(|node| node["user"]["id"].as_str().unwrap().to_owned())
        .collect()
}

#[tokio::test]
async fn people_follow_each_other() {
    let town = Town::new().await;
    let reader = town.reader(READER);
    let followed = relate(&reader, "followUser", OTHER).await;
    assert_eq!(
        followed["user"]["standing"],
        json!({ "followed": true, "blocked": false, "muted": false })
    );
    relate(&reader, "followUser", OTHER).await;
    town.advance(Duration::seconds(1));
    relate(&town.reader(THIRD), "followUser", OTHER).await;
    let lists = person(&town.guest(), OTHER, LISTS).await;
    assert_eq!(
        ids(&lists["followers"]),
        [THIRD.to_string(), READER.to_string()]
    );
    let lists = person(&town.guest(), READER, LISTS).await;
    assert_eq!(ids(&lists["following"]), [OTHER.to_string()]);
    relate(&reader, "unfollowUser", OTHER).await;
    relate(&reader, "unfollowUser", OTHER).await;
    assert_eq!(
        town.events().await,
        ["user.followed", "user.followed", "user.followed"]
    );
    let told = town.last("user.followed").await;
    assert_eq!(
        (&told["follower_id"], &told["following"]),
        (&json!(READER), &json!(false))
    );
    let oneself = relate(&reader, "followUser", READER).await;
    assert_eq!(codes(&oneself), ["YOURSELF"]);
}

#[tokio::test]
async fn a_block_ends_and_prevents_follows_both_ways() {
    let town = Town::new().await;
    let (reader, other) = (town.reader(READER), town.reader(OTHER));
    relate(&reader, "followUser", OTHER).await;
    relate(&other, "followUser", READER).await;
    relate(&other, "followUser", THIRD).await;
    let blocked = relate(&reader, "blockUser", OTHER).await;
    assert_eq!(
        blocked["user"]["standing"],
        json!({ "followed": false, "blocked": true, "muted": false })
    );
    assert_eq!(town.events().await.len(), 5);
    for (client, whom) in [(&reader, OTHER), (&other, READER)] {
        let refused = relate(client, "followUser", whom).await;
        assert_eq!(codes(&refused), ["NOT_FOUND"]);
        // Their lists are closed to each other, and they are left out of everyone else's.
        let lists = person(client, whom, LISTS).await;
        assert_eq!(lists["followers"], Value::Null);
    }
    let lists = person(&reader, THIRD, LISTS).await;
    assert_eq!(ids(&lists["followers"]), Vec::<String>::new());
    let lists = person(&town.guest(), THIRD, LISTS).await;
    assert_eq!(ids(&lists["followers"]), [OTHER.to_string()]);
    let mine = reader
        .run("{ myBlocks { nodes { user { id } } } myMutes { nodes { user { id } } } }")
        .await;
    assert_eq!(ids(&mine.ok()["myBlocks"]), [OTHER.to_string()]);
    assert_eq!(ids(&mine.ok()["myMutes"]), Vec::<String>::new());
    relate(&reader, "unblockUser", OTHER).await;
    let again = relate(&other, "followUser", READER).await;
    assert_eq!(codes(&again), Vec::<&str>::new());
}

#[tokio::test]
async fn whoever_is_blocked_reaches_nothing() {
    let town = Town::new().await;
    let (reader, other) = (town.reader(READER), town.reader(OTHER));
    let topic = open(&reader, json!({})).await;
    let post = answer(&reader, &topic, &Value::Null, "à moi").await;
    let third = open(&town.reader(THIRD), json!({ "text": "à tous" })).await;
    let mine = answer(&reader, &third, &Value::Null, "chez un tiers").await;
    relate(&reader, "blockUser", OTHER).await;
    let query = "query($t: ID!, $p: ID!) { topic(id: $t) { id } post(id: $p) { id } }";
    let both = json!({ "t": topic["id"], "p": post["id"] });
    let seen = other.run_with(query, both.clone()).await;
    assert_eq!(seen.ok(), &json!({ "topic": null, "post": null }));
    let payload = try_answer(&other, &topic, &Value::Null, "coucou", None).await;
    assert_eq!(codes(&payload), ["NOT_FOUND"]);
    // In others' topics each goes on without the other.
    assert_eq!(posts(&other, &third).await, [(0, "à tous".to_owned())]);
    let payload = try_answer(&other, &third, &mine, "coucou", None).await;
    assert_eq!(codes(&payload), ["NOT_FOUND"]);
    answer(&other, &third, &Value::Null, "sans toi").await;
    assert_eq!(
        posts(&reader, &third).await,
        [(0, "à tous".to_owned()), (1, "chez un tiers".to_owned())]
    );
    let everyone = town.guest().run_with(query, both).await;
    assert_ne!(everyone.ok()["topic"], Value::Null);
    assert_eq!(posts(&town.moderator(MODERATOR), &third).await.len(), 3);
}

#[tokio::test]
async fn whoever_is_muted_does_not_notice() {
    let town = Town::new().await;
    let (reader, other) = (town.reader(READER), town.reader(OTHER));
    let topic = open(&town.reader(THIRD), json!({ "text": "à tous" })).await;
    answer(&other, &topic, &Value::Null, "bruit").await;
    let mine = answer(&reader, &topic, &Value::Null, "calme").await;
    relate(&reader, "muteUser", OTHER).await;
    assert_eq!(posts(&reader, &topic).await.len(), 2);
    assert_eq!(posts(&other, &topic).await.len(), 3);
    answer(&other, &topic, &mine, "tu m'entends ?").await;
    assert_eq!(posts(&reader, &topic).await.len(), 2);
    relate(&reader, "unmuteUser", OTHER).await;
    assert_eq!(posts(&reader, &topic).await.len(), 4);
}

#[tokio::test]
async fn privacy_decides_who_sees_whom_someone_follows() {
    let town = Town::new().await;
    relate(&town.reader(OTHER), "followUser", READER).await;
    let sees = async |viewer: Option<Uuid>| {
        let client = viewer.map_or(town.guest(), |viewer| town.reader(viewer));
        person(&client, READER, LISTS).await["followers"] != Value::Null
    };
    for (privacy, guest, stranger, follower) in [
        ("PUBLIC", true, true, true),
        ("FOLLOWERS", false, false, true),
        ("PRIVATE", false, false, false),
    ] {
        town.advance(Duration::seconds(1));
        let profile = UserProfileUpdated {
            user_id: READER,
            privacy: privacy.to_owned(),
            ..UserProfileUpdated::sample()
        };
        town.tell(&profile).await;
        assert_eq!(sees(None).await, guest, "{privacy}");
        assert_eq!(sees(Some(THIRD)).await, stranger, "{privacy}");
        assert_eq!(sees(Some(OTHER)).await, follower, "{privacy}");
        assert!(sees(Some(READER)).await, "{privacy}");
    }
}
