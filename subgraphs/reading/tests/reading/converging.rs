//! Any devices, any clocks, any batches, in any order and any number of times, against PostgreSQL: the same library comes of it.

use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Value, json};
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use crate::support::{BOOK, FREE, Library, changes, place, push, text, v7};

/// Libraries that are compared. The model alone is tried with many more, beside it.
const CASES: u32 = 24;
const DEVICES: u128 = 3;

/// A change of one device, its clock in seconds before now; negative ones are ahead.
#[derive(Clone, Debug)]
struct Step {
    device: u128,
    ago: i64,
    counter: i32,
    what: What,
}

#[derive(Clone, Debug)]
enum What {
    Note(u64, Option<String>),
    Colour(u64, Option<&'static str>),
    Passage(u64, u8),
    Deleted(u64, bool),
    Privacy(u64, bool),
    Place(bool, u8),
    Status(bool, &'static str),
    Removed(bool, bool),
}

fn any_what() -> impl Strategy<Value = What> {
    let id = || 0..4_u64;
    let colour = proptest::sample::select(vec![None, Some("YELLOW"), Some("PINK")]);
    let status = proptest::sample::select(vec!["WANT", "READING", "READ", "PAUSED", "DNF"]);
    prop_oneof![
        (id(), proptest::option::of("[a-z]{1,3}")).prop_map(|(id, note)| What::Note(id, note)),
        (id(), colour).prop_map(|(id, colour)| What::Colour(id, colour)),
        (id(), 0..8_u8).prop_map(|(id, place)| What::Passage(id, place)),
        (id(), any::<bool>()).prop_map(|(id, deleted)| What::Deleted(id, deleted)),
        (id(), any::<bool>()).prop_map(|(id, public)| What::Privacy(id, public)),
        (any::<bool>(), 0..=10_u8).prop_map(|(free, place)| What::Place(free, place)),
        (any::<bool>(), status).prop_map(|(free, status)| What::Status(free, status)),
        (any::<bool>(), any::<bool>()).prop_map(|(free, removed)| What::Removed(free, removed)),
    ]
}

/// Steps whose stamps differ: two changes of one stamp would be one change.
fn any_steps(ago: std::ops::Range<i64>) -> impl Strategy<Value = Vec<Step>> {
    let stamp = (0..DEVICES, ago, 0..3_i32);
    proptest::collection::btree_map(stamp, any_what(), 1..40).prop_map(|steps| {
        let steps = steps.into_iter();
        steps
            .map(|((device, ago, counter), what)| Step {
                device,
                ago,
                counter,
                what,
            })
            .collect()
    })
}

impl Step {
    /// The change as its device sends it for a reader, whose annotations have ids of their own.
    fn change(&self, now: OffsetDateTime, reader: u64) -> Value {
        let annotation = |id: u64, key: &str, value: Value| {
            let mut change =
                json!({ "id": v7(reader * 100 + id), "bookId": BOOK, "kind": "HIGHLIGHT" });
            change[key] = value;
            json!({ "annotation": change })
        };
        let book = |free: bool| if free { FREE } else { BOOK };
        let mut change = match &self.what {
            What::Note(id, note) => annotation(*id, "note", json!(note)),
            What::Colour(id, colour) => annotation(*id, "colour", json!(colour)),
            What::Passage(id, at) => annotation(*id, "locator", place(f64::from(*at) / 8.0)),
            What::Deleted(id, deleted) => annotation(*id, "deleted", json!(deleted)),
            What::Privacy(id, public) => {
                let privacy = if *public { "PUBLIC" } else { "PRIVATE" };
                annotation(*id, "privacy", json!(privacy))
            }
            What::Place(free, at) => {
                let locator = place(f64::from(*at) / 10.0);
                json!({ "progress": { "bookId": book(*free), "locator": locator } })
            }
            What::Status(free, status) => {
                json!({ "libraryItem": { "bookId": book(*free), "status": status } })
            }
            What::Removed(free, removed) => {
                json!({ "libraryItem": { "bookId": book(*free), "removed": removed } })
            }
        };
        change["at"] = json!(text(now - Duration::seconds(self.ago)));
        change["counter"] = json!(self.counter);
        change
    }
}

fn device(number: u128) -> Uuid {
    Uuid::from_u128(0xcccc_0000 + number)
}

fn account(reader: u64) -> Uuid {
    Uuid::from_u128(0xaaaa_0000_0000 + u128::from(reader))
}

/// Delivers steps in batches of one device each.
async fn deliver(
    library: &Library,
    reader: u64,
    sent: OffsetDateTime,
    steps: &[Step],
    size: usize,
) {
    let client = library.reader(account(reader));
    for group in steps.chunk_by(|left, right| left.device == right.device) {
        for batch in group.chunks(size) {
            let sent = batch.iter().map(|step| step.change(sent, reader)).collect();
            let outcomes = push(&client, device(batch[0].device), sent).await;
            let fine = |outcome: &String| outcome == "APPLIED" || outcome == "UNCHANGED";
            assert!(outcomes.iter().all(fine), "{outcomes:?}");
        }
    }
}

/// Everything of a reader's as a device that follows has it, without what differs from reader to reader.
async fn state(library: &Library, reader: u64) -> Vec<String> {
    let mut latest = std::collections::BTreeMap::new();
    let (heard, _) = changes(&library.reader(account(reader)), None, 7).await;
    for mut change in heard {
        let kind = change["__typename"].as_str().unwrap().to_owned();
        let key = match kind.as_str() {
            "Annotation" => {
                let number = (0..4).find(|id| change["id"] == json!(v7(reader * 100 + id)));
                change["id"] = json!(number);
                format!("{number:?}")
            }
            "ReadingProgress" => {
                change["id"] = Value::Null;
                format!("{}{}", change["deviceId"], change["book"]["id"])
            }
            _ => change["book"]["id"].to_string(),
        };
        latest.insert((kind, key), change.to_string());
    }
    latest.into_values().collect()
}

/// As `state`, with the furthest places and the stamps of every field.
async fn rows(library: &Library, reader: u64) -> Vec<String> {
    let user = account(reader);
    let mut rows = state(library, reader).await;
    for sql in [
        format!(
            "SELECT concat_ws(' ', kind, locator, progression, quote, note, colour, privacy, deleted, stamps, updated_at) AS line FROM annotations WHERE user_id = '{user}' ORDER BY id"
        ),
        format!(
            "SELECT concat_ws(' ', book_id, device_id, locator, stamp, read_at, furthest_locator, furthest_stamp) AS line FROM progress WHERE user_id = '{user}' ORDER BY book_id, device_id"
        ),
        format!(
            "SELECT concat_ws(' ', book_id, chosen, chosen_stamp, removed, removed_stamp, status, listed, started_at, last_read_at, finished_at) AS line FROM library_items WHERE user_id = '{user}' ORDER BY book_id"
        ),
    ] {
        rows.extend(library.lines(&sql).await);
    }
    rows
}

#[tokio::test]
async fn any_order_of_any_batches_comes_to_the_same() {
    let library = Library::new().await;
    let mut runner = TestRunner::new(Config::default());
    let shuffled = any_steps(0..100).prop_flat_map(|steps| {
        let again = proptest::collection::vec(proptest::sample::select(steps.clone()), 0..20);
        let all = steps.clone();
        let delivered = again.prop_flat_map(move |again| {
            let mut all = all.clone();
            all.extend(again);
            Just(all).prop_shuffle()
        });
        (Just(steps), delivered, 1..20_usize)
    });
    for case in 0..CASES {
        let (steps, delivered, size) = shuffled.new_tree(&mut runner).unwrap().current();
        let (one, other) = (u64::from(case) * 2, u64::from(case) * 2 + 1);
        let sent = library.now();
        deliver(&library, one, sent, &steps, 200).await;
        // The other reader's devices were offline, and some of their batches came twice.
        library.advance(Duration::minutes(10));
        deliver(&library, other, sent, &delivered, size).await;
        assert_eq!(
            rows(&library, one).await,
            rows(&library, other).await,
            "{steps:#?}\n{delivered:#?} in batches of {size}"
        );
    }
}

#[tokio::test]
async fn what_comes_again_changes_nothing_whatever_its_clock_says() {
    let library = Library::new().await;
    let mut runner = TestRunner::new(Config::default());
    // Clocks up to two hours ahead.
    let shuffled = any_steps(-7200..100)
        .prop_flat_map(|steps| (Just(steps.clone()), Just(steps).prop_shuffle(), 1..20_usize));
    for case in 0..CASES {
        let (steps, again, size) = shuffled.new_tree(&mut runner).unwrap().current();
        let reader = 1000 + u64::from(case);
        let sent = library.now();
        deliver(&library, reader, sent, &steps, size).await;
        let before = rows(&library, reader).await;
        for minutes in [1, 60, 240] {
            library.advance(Duration::minutes(minutes));
            deliver(&library, reader, sent, &again, size).await;
            assert_eq!(
                rows(&library, reader).await,
                before,
                "{steps:#?} after {minutes} minutes"
            );
        }
    }
}
