//! Reading by subscription: counted once, capped, shared to the last franc when its month is over.

use coko_core::events::reading::ReadingProgressed;
use serde_json::Value;
use time::Duration;
use uuid::Uuid;

use crate::support::{AUTHOR, House, RIVAL, id};

/// A reader of this number has read so long in all.
fn read(
    house: &House,
    manuscript: &Value,
    reader: u128,
    seconds: i64,
    source: &str,
) -> ReadingProgressed {
    ReadingProgressed {
        user_id: Uuid::from_u128(0xcccc_0000 + reader),
        book_id: id(&manuscript["bookId"]).unwrap(),
        source: source.to_owned(),
        progression: 0.5,
        furthest: 0.5,
        seconds_read: seconds,
        progressed_at: house.now(),
    }
}

#[tokio::test]
async fn a_month_is_shared_by_the_seconds_that_count() {
    let house = House::new().await;
    let baobab = house.organization(AUTHOR, "Baobab").await;
    let fromager = house.organization(RIVAL, "Fromager").await;
    let one = house.published(AUTHOR, &baobab, "Les Pluies").await;
    let two = house.published(RIVAL, &fromager, "Les Vents").await;
    let hour = 3600;
    // Told twice and out of order: it only grows.
    for seconds in [hour, 2 * hour, 2 * hour, hour] {
        house
            .tell(&read(&house, &one, 1, seconds, "SUBSCRIPTION"))
            .await;
    }
    // What was bought is paid for.
    house.tell(&read(&house, &one, 2, hour, "PURCHASED")).await;
    // No reader counts for more than the month's bound, 120 hours.
    house
        .tell(&read(&house, &two, 3, 500 * hour, "SUBSCRIPTION"))
        .await;
    let seconds = "SELECT sum(seconds)::text AS line FROM reading_times";
    assert_eq!(house.lines(seconds).await, [(122 * hour).to_string()]);

    // Nothing is worth anything before the month is over, and a while more.
    house.advance(Duration::days(17));
    house.advance(Duration::hours(80));
    // What a device tells later counts for the month in which it is told, once the other is shared.
    house
        .working("the month", async || {
            let left = "SELECT status AS line FROM reading_months";
            house.lines(left).await == ["BOOKED"]
        })
        .await;
    let late = ReadingProgressed {
        progressed_at: house.now() - Duration::days(10),
        ..read(&house, &one, 1, 3 * hour, "SUBSCRIPTION")
    };
    house.tell(&late).await;
    let months = "SELECT month::text || ' ' || status AS line FROM reading_months ORDER BY month";
    assert_eq!(
        house.lines(months).await,
        ["2027-01-01 BOOKED", "2027-02-01 OPEN"]
    );
    // 122 hours of 40 francs; two of them for the one, the rest for the other.
    assert_eq!(house.balance(&baobab).await, "80|0");
    assert_eq!(house.balance(&fromager).await, "4800|0");
    house.assert_balanced().await;
    let kept = "SELECT count(*)::text AS line FROM reading_shares WHERE month = '2027-01-01'";
    house
        .working("forgetting", async || house.lines(kept).await == ["0"])
        .await;
    let said = house.said("royalty.accrued").await;
    assert_eq!(said.len(), 2);
    assert!(said.iter().all(|said| said["source"] == "READING"));
}

#[tokio::test]
async fn sql_shares_as_the_rule_does() {
    let house = House::new().await;
    let baobab = house.organization(AUTHOR, "Baobab").await;
    let mut manuscripts = Vec::new();
    for title in ["A", "B", "C"] {
        manuscripts.push(house.published(AUTHOR, &baobab, title).await);
    }
    // 91 seconds at 40 francs an hour are worth a franc; who read most gets it.
    for (manuscript, seconds) in manuscripts.iter().zip([20, 41, 30]) {
        house
            .tell(&read(&house, manuscript, 1, seconds, "SUBSCRIPTION"))
            .await;
    }
    house.advance(Duration::days(25));
    house
        .working("the month", async || {
            house
                .lines("SELECT status AS line FROM reading_months")
                .await
                == ["BOOKED"]
        })
        .await;
    let earned = "SELECT m.title || a.amount AS line FROM accruals AS a JOIN manuscripts AS m ON m.id = a.manuscript_id";
    assert_eq!(house.lines(earned).await, ["B1"]);
    assert_eq!(house.balance(&baobab).await, "1|0");
}
