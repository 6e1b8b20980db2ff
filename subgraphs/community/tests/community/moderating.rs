//! Reports, hiding, decisions, appeals, and the log of all of it.

use coko_core::testkit::GraphqlClient;
use serde_json::{Value, json};
use time::Duration;
use uuid::Uuid;

use crate::support::{
    BOOK, COLLEAGUE, MODERATOR, OTHER, READER, THIRD, Town, answer, books, codes, mutate, open,
    posts, report, review,
};

const CASE: &str = "case { id status reason note weight reportCount moderator { id } reports { reason reporter { id } } content { ... on Post { id html } ... on Review { id halfStars } } }";

async fn queue(client: &GraphqlClient, status: &str) -> Vec<Value> {
    let query = format!("{{ moderationQueue(status: {status}) {{ nodes {{ id kind }} }} }}");
    let answer = client.run(&query).await;
    answer.ok()["moderationQueue"]["nodes"]
        .as_array()
        .unwrap()
        .clone()
}

async fn decide(
    client: &GraphqlClient,
    case: &Value,
    verdict: &str,
    reason: Option<&str>,
) -> Value {
    let input = json!({ "caseId": case, "verdict": verdict, "reason": reason, "note": "Vu." });
    mutate(client, ("decideCase", "DecideCaseInput"), CASE, input).await
}

async fn appeal(client: &GraphqlClient, case: &Value) -> Value {
    let input = json!({ "caseId": case, "text": "Ce n'est pas juste." });
    mutate(client, ("appealCase", "AppealCaseInput"), CASE, input).await
}

async fn decide_appeal(client: &GraphqlClient, case: &Value, uphold: bool) -> Value {
    let input = json!({ "caseId": case, "uphold": uphold });
    mutate(client, ("decideAppeal", "DecideAppealInput"), CASE, input).await
}

#[tokio::test]
async fn reports_hide_by_their_weight_until_a_moderator_has_looked() {
    let town = Town::new().await;
    let (reader, other) = (town.reader(READER), town.reader(OTHER));
    let topic = open(&reader, json!({ "text": "à tous" })).await;
    let post = answer(&other, &topic, &Value::Null, "achetez !").await;
    let own = report(&other, "POST", &post["id"], "SPAM").await;
    assert_eq!(codes(&own), ["YOURS"]);
    let unknown = report(&reader, "REVIEW", &post["id"], "SPAM").await;
    assert_eq!(codes(&unknown), ["NOT_FOUND"]);
    let mute = report(&reader, "POST", &post["id"], "OTHER").await;
    assert_eq!(codes(&mute), ["NOTE_INVALID"]);

    // New accounts weigh one each, and each is counted once.
    for _ in 0..3 {
        let taken = report(&reader, "POST", &post["id"], "SPAM").await;
        assert_eq!(taken["reported"], true);
    }
    for n in 1..=5_u128 {
        report(
            &town.reader(Uuid::from_u128(0xeeee_0000 + n)),
            "POST",
            &post["id"],
            "SPAM",
        )
        .await;
    }
    assert_eq!(posts(&town.guest(), &topic).await.len(), 2);
    assert_eq!(town.last("content.reported").await["hidden"], false);
    // A regular account weighs six: 6 + 6 passes 8.
    town.trusted(THIRD).await;
    report(&town.reader(THIRD), "POST", &post["id"], "HARASSMENT").await;
    assert_eq!(town.last("content.reported").await["hidden"], true);
    assert_eq!(posts(&town.guest(), &topic).await.len(), 1);
    assert_eq!(posts(&other, &topic).await.len(), 2);
    // Who reported is not told.
    let actors = town.lines("SELECT coalesce(event->>'actorid', 'nobody') AS line FROM outbox WHERE event->>'type' = 'content.reported'").await;
    assert!(actors.iter().all(|actor| actor == "nobody"), "{actors:?}");

    let moderator = town.moderator(MODERATOR);
    let refused = reader.run("{ moderationQueue { nodes { id } } }").await;
    assert_eq!(refused.codes(), ["FORBIDDEN"]);
    let case = queue(&moderator, "OPEN").await[0]["id"].clone();
    let kept = decide(&moderator, &case, "KEEP", None).await;
    assert_eq!(kept["case"]["status"], "KEPT");
    assert_eq!(kept["case"]["weight"], 12);
    assert_eq!(kept["case"]["reportCount"], 7);
    assert_eq!(kept["case"]["reports"].as_array().unwrap().len(), 7);
    assert_eq!(posts(&town.guest(), &topic).await.len(), 2);
    assert_eq!(
        town.number("SELECT sum(reports_rejected) AS number FROM members")
            .await,
        7
    );
    assert_eq!(
        codes(&decide(&moderator, &case, "KEEP", None).await),
        ["NOT_OPEN"]
    );
    // What was kept can be reported anew, as another case.
    report(&reader, "POST", &post["id"], "SPAM").await;
    assert_eq!(queue(&moderator, "OPEN").await.len(), 1);
    let log = moderator.run_with("query($s: ID!) { moderationLog(subjectId: $s) { nodes { action moderator { id } reason } } }", json!({ "s": post["id"] })).await;
    assert_eq!(
        log.ok()["moderationLog"]["nodes"].as_array().unwrap().len(),
        2
    );
}

#[tokio::test]
async fn a_removal_can_be_appealed_once_and_another_moderator_decides() {
    let town = Town::new().await;
    let (reader, other) = (town.reader(READER), town.reader(OTHER));
    let written = review(&other, json!({ "halfStars": 2, "text": "Nul" })).await["review"].clone();
    report(&reader, "REVIEW", &written["id"], "HATE").await;
    let (one, two) = (town.moderator(MODERATOR), town.moderator(COLLEAGUE));
    let case = queue(&one, "OPEN").await[0]["id"].clone();
    assert_eq!(codes(&appeal(&other, &case).await), ["NOT_APPEALABLE"]);
    assert_eq!(
        codes(&decide(&one, &case, "REMOVE", None).await),
        ["REASON_MISSING"]
    );
    let removed = decide(&one, &case, "REMOVE", Some("HATE")).await;
    assert_eq!(removed["case"]["status"], "REMOVED");
    assert_eq!(
        town.last("review.removed").await["review_id"],
        written["id"]
    );
    let moderated = town.last("content.moderated").await;
    assert_eq!(
        (&moderated["decision"], &moderated["reason"]),
        (&json!("REMOVED"), &json!("HATE"))
    );
    let fields = "reviews { nodes { id } } ratingSummary { ratingCount }";
    let gone = books(&town.guest(), &[BOOK], fields).await;
    assert_eq!(
        gone[0],
        json!({ "reviews": { "nodes": [] }, "ratingSummary": { "ratingCount": 0 } })
    );
    // Its author still reads it, learns why, and cannot write over it.
    let mine = books(&other, &[BOOK], "myReview { status source }").await;
    assert_eq!(
        mine[0]["myReview"],
        json!({ "status": "REMOVED", "source": "Nul" })
    );
    let over = review(&other, json!({ "halfStars": 1 })).await;
    assert_eq!(codes(&over), ["REMOVED"]);
    let cases = other.run("{ myModerationCases { nodes { id reason note moderator { id } reports { reason } weight } } }").await;
    assert_eq!(
        cases.ok()["myModerationCases"]["nodes"],
        json!([{ "id": case, "reason": "HATE", "note": "Vu.", "moderator": null, "reports": [], "weight": null }])
    );
    assert_eq!(town.number("SELECT removals::bigint AS number FROM members WHERE user_id = '00000000-0000-0000-0000-0000aaaa0002'").await, 1);

    assert_eq!(codes(&appeal(&reader, &case).await), ["NOT_FOUND"]);
    let appealed = appeal(&other, &case).await;
    assert_eq!(appealed["case"]["status"], "APPEALED");
    assert_eq!(
        codes(&decide_appeal(&one, &case, false).await),
        ["OWN_DECISION"]
    );
    assert_eq!(queue(&two, "APPEALED").await.len(), 1);
    let overturned = decide_appeal(&two, &case, false).await;
    assert_eq!(overturned["case"]["status"], "OVERTURNED");
    // A removal is final for whoever heard of it: the review is back as another one.
    let back = books(&town.guest(), &[BOOK], fields).await;
    assert_eq!(back[0]["ratingSummary"]["ratingCount"], 1);
    let id = back[0]["reviews"]["nodes"][0]["id"].clone();
    assert_ne!(id, written["id"]);
    assert_eq!(overturned["case"]["content"]["id"], id);
    assert_eq!(town.last("review.posted").await["review_id"], id);
    assert_eq!(
        town.number("SELECT sum(removals) AS number FROM members")
            .await,
        0
    );
    assert_eq!(codes(&appeal(&other, &case).await), ["NOT_APPEALABLE"]);
}

#[tokio::test]
async fn an_opening_post_takes_its_topic_with_it() {
    let town = Town::new().await;
    let (reader, other) = (town.reader(READER), town.reader(OTHER));
    let topic = open(&other, json!({ "text": "mauvais" })).await;
    let mine = answer(&reader, &topic, &Value::Null, "non !").await;
    let opening = town
        .lines("SELECT id::text AS line FROM posts WHERE parent_id IS NULL")
        .await;
    report(&reader, "POST", &json!(opening[0]), "SPAM").await;
    let moderator = town.moderator(MODERATOR);
    let case = queue(&moderator, "OPEN").await[0]["id"].clone();
    decide(&moderator, &case, "REMOVE", Some("SPAM")).await;
    let query = "query($t: ID!, $p: ID!) { topic(id: $t) { status } post(id: $p) { id } }";
    let both = json!({ "t": topic["id"], "p": mine["id"] });
    let seen = town.reader(THIRD).run_with(query, both.clone()).await;
    assert_eq!(seen.ok(), &json!({ "topic": null, "post": null }));
    let seen = other.run_with(query, both).await;
    assert_eq!(seen.ok()["topic"]["status"], "REMOVED");
    appeal(&other, &case).await;
    decide_appeal(&town.moderator(COLLEAGUE), &case, true).await;
    assert_eq!(town.last("content.moderated").await["decision"], "UPHELD");
    // Time passes, and another removal cannot be appealed any more.
    town.advance(Duration::days(2));
    let topic = open(&town.reader(OTHER), json!({ "text": "encore" })).await;
    let opening = town
        .lines(
            "SELECT id::text AS line FROM posts WHERE parent_id IS NULL AND status = 'PUBLISHED'",
        )
        .await;
    report(&town.reader(READER), "POST", &json!(opening[0]), "SPAM").await;
    let case = queue(&town.moderator(MODERATOR), "OPEN").await[0]["id"].clone();
    decide(&town.moderator(MODERATOR), &case, "REMOVE", Some("SPAM")).await;
    town.advance(Duration::days(31));
    assert_eq!(
        codes(&appeal(&town.reader(OTHER), &case).await),
        ["NOT_APPEALABLE"]
    );
    assert_ne!(topic["id"], Value::Null);
}

#[tokio::test]
async fn nobody_moderates_themselves_and_the_log_is_for_good() {
    let town = Town::new().await;
    let moderator = town.moderator(MODERATOR);
    let topic = open(&moderator, json!({})).await;
    let opening = town.lines("SELECT id::text AS line FROM posts").await;
    report(&town.reader(READER), "POST", &json!(opening[0]), "SPAM").await;
    let case = queue(&moderator, "OPEN").await[0]["id"].clone();
    assert_eq!(
        codes(&decide(&moderator, &case, "KEEP", None).await),
        ["OWN"]
    );
    decide(&town.moderator(COLLEAGUE), &case, "KEEP", None).await;
    assert_ne!(topic["id"], Value::Null);
    let mut connection = town.pool().get().await.unwrap();
    for statement in [
        "UPDATE moderation_log SET note = 'x'",
        "DELETE FROM moderation_log",
        "TRUNCATE moderation_log",
    ] {
        let refused =
            diesel_async::SimpleAsyncConnection::batch_execute(&mut *connection, statement).await;
        assert!(
            refused.unwrap_err().to_string().contains("append-only"),
            "{statement}"
        );
    }
}
