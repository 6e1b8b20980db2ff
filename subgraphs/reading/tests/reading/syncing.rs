//! What devices push, and what they hear of each other.

use serde_json::{Value, json};
use time::Duration;
use uuid::Uuid;

use crate::support::{
    BOOK, FREE, Library, ORDER, OTHER, PHONE, READER, TABLET, changes, entity, highlight, place,
    push, text, v7, was_at,
};

#[tokio::test]
async fn what_one_device_wrote_another_hears_of() {
    let library = Library::new().await;
    library.purchase(READER, BOOK, ORDER).await;
    let now = library.now();
    let reader = library.reader(READER);
    let (before, cursor) = changes(&reader, None, 10).await;
    assert_eq!(before.len(), 1, "the book itself: {before:#?}");

    let note = v7(1);
    let batch = vec![
        highlight(note, BOOK, "À relire", now),
        was_at(BOOK, 0.3, now),
        json!({ "at": text(now), "libraryItem": { "bookId": FREE, "status": "WANT" } }),
    ];
    let outcomes = library.push(READER, PHONE, batch.clone()).await;
    assert_eq!(outcomes, ["APPLIED", "APPLIED", "APPLIED"]);
    let (heard, later) = changes(&reader, cursor.as_deref(), 2).await;
    let kinds: Vec<&str> = heard
        .iter()
        .map(|change| change["__typename"].as_str().unwrap())
        .collect();
    assert_eq!(
        kinds,
        [
            "Annotation",
            "ReadingProgress",
            "LibraryItem",
            "LibraryItem"
        ]
    );
    assert_eq!(heard[0]["note"], "À relire");
    assert_eq!(heard[1]["progression"], 0.3);
    // The same batch again is nothing new.
    let again = library.push(READER, PHONE, batch).await;
    assert_eq!(again, ["UNCHANGED", "UNCHANGED", "UNCHANGED"]);
    let (nothing, same) = changes(&reader, later.as_deref(), 10).await;
    assert_eq!(nothing, Vec::<Value>::new());
    assert_eq!(same, later);
    // Nobody else hears of any of it.
    assert!(changes(&library.reader(OTHER), None, 10).await.0.is_empty());
}

#[tokio::test]
async fn fields_belong_to_whoever_wrote_them_last() {
    let library = Library::new().await;
    let (now, note) = (library.now(), v7(1));
    let at = |minutes| now - Duration::minutes(minutes);
    library
        .push(READER, PHONE, vec![highlight(note, BOOK, "phone", at(30))])
        .await;
    let edit = |at, fields: Value| {
        let mut annotation = json!({ "id": note, "bookId": BOOK, "kind": "HIGHLIGHT" });
        for (key, value) in fields.as_object().unwrap() {
            annotation[key] = value.clone();
        }
        json!({ "at": text(at), "annotation": annotation })
    };
    // The tablet was offline: it changed the colour later and the note earlier than the phone.
    let phone = vec![edit(at(10), json!({ "note": "phone, later" }))];
    let tablet = vec![
        edit(at(20), json!({ "note": "tablet" })),
        edit(at(5), json!({ "colour": "PINK" })),
    ];
    assert_eq!(library.push(READER, PHONE, phone).await, ["APPLIED"]);
    assert_eq!(
        library.push(READER, TABLET, tablet).await,
        ["UNCHANGED", "APPLIED"]
    );
    let reader = library.reader(READER);
    let seen = entity(&reader, "Annotation", note, "note colour quote").await;
    assert_eq!(seen["note"], "phone, later");
    assert_eq!(seen["colour"], "PINK");
    // A deletion stays, whatever was written before it comes after it.
    library
        .push(
            READER,
            TABLET,
            vec![edit(at(2), json!({ "deleted": true }))],
        )
        .await;
    let late = vec![edit(at(3), json!({ "note": "too late" }))];
    library.push(READER, PHONE, late).await;
    let (all, _) = changes(&reader, None, 10).await;
    let tombstone = all
        .iter()
        .find(|change| change["id"] == json!(note))
        .unwrap();
    assert_eq!(tombstone["deleted"], true);
    assert_eq!(tombstone["note"], Value::Null);
    assert_eq!(tombstone["locator"], Value::Null);
    let list = entity(&reader, "Book", BOOK, "myAnnotations { nodes { id } }").await;
    assert_eq!(list["myAnnotations"]["nodes"], json!([]));
}

#[tokio::test]
async fn a_clock_that_is_ahead_wins_nothing() {
    let library = Library::new().await;
    let (now, note) = (library.now(), v7(1));
    let ahead = vec![highlight(
        note,
        BOOK,
        "from next year",
        now + Duration::days(365),
    )];
    library.push(READER, PHONE, ahead.clone()).await;
    library.advance(Duration::minutes(5));
    let honest = highlight(note, BOOK, "five minutes later", library.now());
    assert_eq!(
        library.push(READER, TABLET, vec![honest]).await,
        ["APPLIED"]
    );
    // Sent again it is what it was, not what it claims.
    library.advance(Duration::minutes(5));
    assert_eq!(library.push(READER, PHONE, ahead).await, ["UNCHANGED"]);
    let seen = entity(&library.reader(READER), "Annotation", note, "note").await;
    assert_eq!(seen["note"], "five minutes later");
    // Nor is a place of the future where the reader is.
    library
        .push(
            READER,
            PHONE,
            vec![was_at(BOOK, 0.9, now + Duration::days(9))],
        )
        .await;
    let fields = "myProgress { current { readAt } }";
    let seen = entity(&library.reader(READER), "Book", BOOK, fields).await;
    let read_at = seen["myProgress"]["current"]["readAt"].as_str().unwrap();
    assert!(read_at <= text(library.now()).as_str(), "{read_at}");
}

#[tokio::test]
async fn the_newest_place_is_current_and_another_is_offered() {
    let library = Library::new().await;
    let now = library.now();
    let at = |minutes| now - Duration::minutes(minutes);
    library
        .push(
            READER,
            PHONE,
            vec![was_at(BOOK, 0.8, at(60)), was_at(BOOK, 0.2, at(30))],
        )
        .await;
    // The tablet comes back online with an older place.
    library
        .push(READER, TABLET, vec![was_at(BOOK, 0.5, at(45))])
        .await;
    let fields = format!(
        "myProgress {{ current {{ deviceId progression }} furthestProgression devices {{ deviceId }}
            tablet: offered(deviceId: \"{TABLET}\") {{ progression }} phone: offered(deviceId: \"{PHONE}\") {{ progression }} }}"
    );
    let seen = entity(&library.reader(READER), "Book", BOOK, &fields).await;
    let progress = &seen["myProgress"];
    assert_eq!(progress["current"]["deviceId"], json!(PHONE));
    assert_eq!(progress["current"]["progression"], 0.2);
    assert_eq!(progress["furthestProgression"], 0.8);
    assert_eq!(progress["devices"].as_array().unwrap().len(), 2);
    assert_eq!(progress["tablet"]["progression"], 0.2);
    assert_eq!(progress["phone"], Value::Null);
}

#[tokio::test]
async fn reading_tells_the_other_domains_now_and_then() {
    let library = Library::new().await;
    library.purchase(READER, BOOK, ORDER).await;
    for step in 1..=5 {
        library.advance(Duration::seconds(10));
        let read = was_at(BOOK, f64::from(step) / 10.0, library.now());
        library.push(READER, PHONE, vec![read]).await;
    }
    assert_eq!(library.said("progress.changed").await.len(), 5);
    assert_eq!(library.said("reading.started").await.len(), 1);
    let told = library.said("reading.progressed").await;
    assert_eq!(told.len(), 1);
    assert_eq!(told[0]["progression"], 0.1);
    // The last place is told as well, when its time has come.
    library.advance(Duration::minutes(6));
    library
        .working("the rest of the progress", async || {
            library.said("reading.progressed").await.len() == 2
        })
        .await;
    assert_eq!(
        library.said("reading.progressed").await[1]["progression"],
        0.5
    );
    assert_eq!(
        library.said("reading.progressed").await[1]["source"],
        "PURCHASED"
    );

    library
        .push(READER, PHONE, vec![was_at(BOOK, 1.0, library.now())])
        .await;
    let item = library.item(READER, BOOK, "status finishedAt").await;
    assert_eq!(item["status"], "READ");
    let completed = library.said("reading.completed").await;
    assert_eq!(completed.len(), 1);
    assert_eq!(completed[0]["self_reported"], false);
    library.advance(Duration::hours(1));
    library
        .push(READER, TABLET, vec![was_at(BOOK, 1.0, library.now())])
        .await;
    assert_eq!(library.said("reading.completed").await.len(), 1);
}

#[tokio::test]
async fn a_sample_is_read_without_anybody_hearing_of_it() {
    let library = Library::new().await;
    library
        .push(READER, PHONE, vec![was_at(BOOK, 0.05, library.now())])
        .await;
    assert_eq!(library.events().await, ["progress.changed"]);
    let item = library.item(READER, BOOK, "status isReadable").await;
    assert_eq!(item, json!({ "status": "READING", "isReadable": false }));
}

#[tokio::test]
async fn what_cannot_be_taken_over_is_refused_by_itself() {
    let library = Library::new().await;
    let now = library.now();
    let mut odd_place = was_at(BOOK, 0.5, now);
    odd_place["progress"]["locator"]["locations"]["totalProgression"] = json!(7.0);
    let mut no_share = was_at(BOOK, 0.5, now);
    no_share["progress"]["locator"]["locations"] = json!({ "position": 3 });
    let outcomes = library
        .push(
            READER,
            PHONE,
            vec![
                json!({ "at": text(now) }),
                json!({ "at": text(now), "progress": { "bookId": BOOK, "locator": place(0.1) },
                        "libraryItem": { "bookId": BOOK, "status": "READ" } }),
                highlight(Uuid::from_u128(7), BOOK, "no v7", now),
                highlight(v7(1), Uuid::from_u128(99), "no book", now),
                highlight(v7(2), BOOK, &"x".repeat(10_001), now),
                highlight(v7(3), BOOK, "a\u{0}b", now),
                odd_place,
                no_share,
                json!({ "at": text(now), "libraryItem": { "bookId": BOOK } }),
                json!({ "at": text(now + Duration::days(9000)), "libraryItem": { "bookId": BOOK, "status": "READ" } }),
                highlight(v7(4), BOOK, "fine", now),
            ],
        )
        .await;
    assert_eq!(
        outcomes,
        [
            "NOT_ONE_CHANGE",
            "NOT_ONE_CHANGE",
            "ID_INVALID",
            "BOOK_UNKNOWN",
            "TEXT_INVALID",
            "TEXT_INVALID",
            "LOCATOR_INVALID",
            "LOCATOR_INVALID",
            "NOTHING_CHANGED",
            "TIME_INVALID",
            "APPLIED"
        ]
    );
    // An id that is somebody else's, or another annotation's, is taken.
    let taken = library
        .push(OTHER, TABLET, vec![highlight(v7(4), BOOK, "mine", now)])
        .await;
    assert_eq!(taken, ["ID_TAKEN"]);
    let other_book = library
        .push(
            READER,
            PHONE,
            vec![highlight(v7(4), FREE, "elsewhere", now)],
        )
        .await;
    assert_eq!(other_book, ["ID_TAKEN"]);

    let too_many = vec![was_at(BOOK, 0.1, now); 201];
    let input = json!({ "i": { "deviceId": PHONE, "changes": too_many } });
    let query = "mutation($i: PushChangesInput!) { pushChanges(input: $i) { results { index } errors { code message } } }";
    let answer = library.reader(READER).run_with(query, input).await;
    let payload = &answer.ok()["pushChanges"];
    assert_eq!(payload["errors"][0]["code"], "TOO_MANY_CHANGES");
    assert!(
        payload["errors"][0]["message"]
            .as_str()
            .unwrap()
            .contains("200")
    );
}

#[tokio::test]
async fn devices_that_push_at_once_lose_nothing() {
    let library = std::sync::Arc::new(Library::new().await);
    let now = library.now();
    let mut pushing = tokio::task::JoinSet::new();
    for device in 0..8_u64 {
        let library = library.clone();
        pushing.spawn(async move {
            let client = library.reader(READER);
            for batch in 0..5 {
                let notes = (0..4)
                    .map(|n| highlight(v7(device * 100 + batch * 10 + n), BOOK, "n", now))
                    .collect();
                push(
                    &client,
                    Uuid::from_u128(0xcccc_1000 + u128::from(device)),
                    notes,
                )
                .await;
            }
        });
    }
    // Meanwhile another device follows, from cursor to cursor.
    let reader = library.reader(READER);
    let (mut seen, mut cursor) = (Vec::new(), None);
    loop {
        let is_over = pushing.try_join_next().is_none() && pushing.is_empty();
        let (found, next) = changes(&reader, cursor.as_deref(), 7).await;
        seen.extend(found.into_iter().map(|change| change["id"].to_string()));
        cursor = next;
        if is_over {
            break;
        }
    }
    seen.sort();
    seen.dedup();
    assert_eq!(seen.len(), 8 * 5 * 4);
}

#[tokio::test]
async fn what_was_deleted_long_ago_is_erased() {
    let library = Library::new().await;
    let (now, note) = (library.now(), v7(1));
    let deleted = json!({ "at": text(now), "annotation": { "id": note, "bookId": BOOK, "kind": "HIGHLIGHT", "deleted": true } });
    library
        .push(
            READER,
            PHONE,
            vec![highlight(note, BOOK, "secret", now), deleted],
        )
        .await;
    let left =
        "SELECT count(*) AS number FROM annotations WHERE note IS NOT NULL OR quote IS NOT NULL";
    assert_eq!(library.number(left).await, 1);
    library.advance(Duration::days(31));
    library
        .working("the erasure", async || library.number(left).await == 0)
        .await;
    // The tombstone is still there for devices that come late.
    let (heard, _) = changes(&library.reader(READER), None, 10).await;
    assert_eq!(heard[0]["deleted"], true);
}
