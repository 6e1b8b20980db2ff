//! Time spent reading: what counts, days in the reader's zone, days in a row.

use coko_core::events::Payload as _;
use coko_core::events::auth::UserProfileUpdated;
use serde_json::{Value, json};
use time::{Duration, OffsetDateTime};

use crate::support::{BOOK, Library, ORDER, PHONE, READER, entity, entity_of, text, v7, was_at};

fn session(number: u64, begun: OffsetDateTime, minutes: i64, pages: f64) -> Value {
    json!({ "at": text(begun + Duration::minutes(minutes)), "session": {
        "id": v7(number), "bookId": BOOK, "startedAt": text(begun), "seconds": minutes * 60,
        "startProgression": 0.1, "endProgression": 0.1 + pages / 200.0,
    } })
}

async fn stats(library: &Library, arguments: &str) -> Value {
    let fields = format!(
        "readingStats{arguments} {{ currentStreak longestStreak minutes pages books periods {{ startsOn minutes pages sessions }} }}"
    );
    let user = entity(&library.reader(READER), "User", READER, &fields).await;
    user["readingStats"].clone()
}

#[tokio::test]
async fn what_is_plausible_counts_once() {
    let library = Library::new().await;
    library.purchase(READER, BOOK, ORDER).await;
    let begun = library.now() - Duration::hours(2);
    let batch = vec![
        session(1, begun, 30, 20.0),
        // A hundred pages in a minute, and an hour on one page.
        session(2, begun, 1, 100.0),
        session(3, begun, 60, 0.0),
    ];
    let outcomes = library.push(READER, PHONE, batch.clone()).await;
    assert_eq!(outcomes, ["APPLIED", "APPLIED", "APPLIED"]);
    let again = library.push(READER, PHONE, batch).await;
    assert_eq!(again, ["UNCHANGED", "UNCHANGED", "UNCHANGED"]);
    let seen = stats(&library, "").await;
    assert_eq!(seen["minutes"], 30);
    assert_eq!(seen["pages"], 20.0);
    assert_eq!(seen["periods"][0]["sessions"], 1);
    assert_eq!(
        library
            .number("SELECT count(*) AS number FROM sessions")
            .await,
        3
    );
    let why = "SELECT uncounted AS line FROM sessions WHERE uncounted IS NOT NULL ORDER BY id";
    assert_eq!(library.lines(why).await, ["TOO_FAST", "TOO_SLOW"]);
    let item = library.item(READER, BOOK, "minutesRead").await;
    assert_eq!(item["minutesRead"], 30);
    // What cannot be a session is refused.
    let odd = vec![
        session(4, library.now() - Duration::days(500), 30, 1.0),
        session(5, library.now() + Duration::days(3), 30, 1.0),
        session(6, begun, 0, 1.0),
        session(7, begun, 30, 500.0),
    ];
    let outcomes = library.push(READER, PHONE, odd).await;
    assert_eq!(
        outcomes,
        [
            "TIME_INVALID",
            "TIME_INVALID",
            "TIME_INVALID",
            "LOCATOR_INVALID"
        ]
    );
}

#[tokio::test]
async fn days_are_those_of_the_reader_s_zone() {
    let library = Library::new().await;
    // Noon in UTC; in Kiritimati it is the next day already.
    let profile = UserProfileUpdated {
        user_id: READER,
        time_zone: "Pacific/Kiritimati".to_owned(),
        ..UserProfileUpdated::sample()
    };
    library.tell(&profile).await;
    let today = library.now().date();
    library
        .push(
            READER,
            PHONE,
            vec![session(1, library.now() - Duration::hours(1), 30, 20.0)],
        )
        .await;
    let seen = stats(&library, "").await;
    let tomorrow = today.next_day().unwrap().to_string();
    assert_eq!(seen["periods"][0]["startsOn"], json!(tomorrow));
    assert_eq!(seen["currentStreak"], 1);
    // A profile that is told late does not move the zone back.
    let mut old = coko_core::events::Event::new(
        &library.context(),
        &UserProfileUpdated {
            user_id: READER,
            time_zone: "Africa/Dakar".to_owned(),
            ..UserProfileUpdated::sample()
        },
    )
    .unwrap();
    old.time -= Duration::days(1);
    library.consumers().handle(&old).await.unwrap();
    let zone = "SELECT time_zone AS line FROM readers";
    assert_eq!(library.lines(zone).await, ["Pacific/Kiritimati"]);
}

#[tokio::test]
async fn days_in_a_row_are_mended_by_what_comes_late() {
    let library = Library::new().await;
    library.purchase(READER, BOOK, ORDER).await;
    let days_ago = |days| library.now() - Duration::days(days);
    library
        .push(
            READER,
            PHONE,
            vec![
                session(1, days_ago(3), 30, 20.0),
                session(2, days_ago(1), 30, 20.0),
            ],
        )
        .await;
    library
        .push(
            READER,
            PHONE,
            vec![session(3, days_ago(0) - Duration::hours(1), 30, 20.0)],
        )
        .await;
    let seen = stats(&library, "").await;
    assert_eq!(
        (&seen["currentStreak"], &seen["longestStreak"]),
        (&json!(2), &json!(2))
    );
    // The tablet that was offline closes the gap.
    library
        .push(READER, PHONE, vec![session(4, days_ago(2), 30, 20.0)])
        .await;
    let seen = stats(&library, "").await;
    assert_eq!(
        (&seen["currentStreak"], &seen["longestStreak"]),
        (&json!(4), &json!(4))
    );
    let said = library.said("reading.streak").await;
    let days: Vec<&Value> = said.iter().map(|event| &event["days"]).collect();
    assert_eq!(days, [1, 2, 4]);
    // A second session of the day says nothing new.
    library
        .push(
            READER,
            PHONE,
            vec![session(5, days_ago(0) - Duration::hours(2), 10, 5.0)],
        )
        .await;
    assert_eq!(library.said("reading.streak").await.len(), 3);
    // Two days without reading, and the row is over.
    library.advance(Duration::days(2));
    let seen = stats(&library, "").await;
    assert_eq!(
        (&seen["currentStreak"], &seen["longestStreak"]),
        (&json!(0), &json!(4))
    );

    let weeks = stats(&library, "(period: WEEK)").await;
    assert_eq!(weeks["minutes"], 130);
    let months = stats(&library, "(period: MONTH)").await;
    assert_eq!(months["periods"][0]["startsOn"], "2027-01-01");
    let bounds = "(from: \"1900-01-01\", to: \"2027-01-01\")";
    let fields = format!("readingStats{bounds} {{ minutes }}");
    let query = format!(
        "query($r: [_Any!]!) {{ _entities(representations: $r) {{ ... on User {{ {fields} }} }} }}"
    );
    let variables = json!({ "r": [{ "__typename": "User", "id": READER }] });
    let answer = library.reader(READER).run_with(&query, variables).await;
    assert_eq!(answer.codes(), ["VALIDATION_FAILED"]);
}

#[tokio::test]
async fn the_rest_of_a_book_takes_the_reader_s_own_time() {
    let library = Library::new().await;
    library.purchase(READER, BOOK, ORDER).await;
    let reader = library.reader(READER);
    let left = async |pages: Option<i32>| {
        let book = json!({ "__typename": "Book", "id": BOOK, "pageCount": pages });
        entity_of(&reader, "Book", book, "minutesLeft").await["minutesLeft"].clone()
    };
    assert_eq!(left(Some(200)).await, 300);
    assert_eq!(left(None).await, Value::Null);
    // Two minutes a page, and half of the book.
    library
        .push(
            READER,
            PHONE,
            vec![
                session(1, library.now() - Duration::hours(3), 80, 40.0),
                was_at(BOOK, 0.5, library.now()),
            ],
        )
        .await;
    assert_eq!(left(Some(200)).await, 200);
}
