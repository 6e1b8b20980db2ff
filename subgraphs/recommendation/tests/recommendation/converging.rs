//! Any order of any events, however often each comes, against PostgreSQL: the same state comes of it.

use coko_core::events::Event;
use coko_core::events::auth::UserDeleted;
use coko_core::events::community::{ReviewPosted, ReviewUpdated};
use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::{Config, TestRunner};
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use crate::support::{
    Desk, READER, book, completed, progressed, published, purchased, refunded, review, unreviewed,
    withdrawn,
};

/// Readers that are compared in pairs. The model alone is tried with many more, beside it.
const CASES: u128 = 16;

/// Something that is told of one of a few books, so many hours before now.
#[derive(Clone, Debug)]
enum Told {
    Progressed(u8, f64, i64),
    Completed(u8, i64),
    Purchased(u8, i64),
    Refunded(u8, i64),
    Posted(u8, u8, i64),
    Updated(u8, u8, i64),
    Unreviewed(u8, i64),
}

impl Told {
    /// What it is about a reader, who has books of their own.
    fn event(&self, desk: &Desk, user: Uuid, now: OffsetDateTime) -> Event {
        let own = |number: u8| Uuid::from_u128(user.as_u128() << 8 | u128::from(number));
        let at = |hours: i64| now - Duration::hours(hours);
        match *self {
            Self::Progressed(number, furthest, hours) => {
                desk.event(&progressed(user, own(number), furthest, at(hours)))
            }
            Self::Completed(number, hours) => desk.event(&completed(user, own(number), at(hours))),
            Self::Purchased(number, hours) => desk.event(&purchased(user, own(number), at(hours))),
            Self::Refunded(number, hours) => desk.event(&refunded(user, own(number), at(hours))),
            Self::Posted(number, stars, hours) => desk.event(&ReviewPosted {
                review: review(user, own(number), stars, at(hours)),
            }),
            Self::Updated(number, stars, hours) => desk.event(&ReviewUpdated {
                review: review(user, own(number), stars, at(hours)),
            }),
            Self::Unreviewed(number, hours) => {
                desk.event(&unreviewed(user, own(number), at(hours)))
            }
        }
    }
}

fn told() -> impl Strategy<Value = Told> {
    let hours = 1..1500_i64;
    prop_oneof![
        (0..4_u8, 0.0..1_f64, hours.clone()).prop_map(|(n, f, h)| Told::Progressed(n, f, h)),
        (0..4_u8, hours.clone()).prop_map(|(n, h)| Told::Completed(n, h)),
        (0..4_u8, hours.clone()).prop_map(|(n, h)| Told::Purchased(n, h)),
        (0..4_u8, hours.clone()).prop_map(|(n, h)| Told::Refunded(n, h)),
        // A review has one rating at one moment.
        (0..4_u8, hours.clone()).prop_map(|(n, h)| Told::Posted(n, stars(h), h)),
        (0..4_u8, hours.clone()).prop_map(|(n, h)| Told::Updated(n, stars(h), h)),
        (0..4_u8, hours).prop_map(|(n, h)| Told::Unreviewed(n, h)),
    ]
}

fn stars(hours: i64) -> u8 {
    u8::try_from(hours % 10).unwrap() + 1
}

/// Everything of a reader's, without whom it is of.
async fn state(desk: &Desk, user: Uuid) -> Vec<String> {
    let mut state = Vec::new();
    // The last digits of an id are the number of the reader's own book.
    for sql in [
        "SELECT concat_ws(' ', right(book_id::text, 2), purchased_at, refunded_at, started_at, furthest, completed_at, half_stars, rated_at, touched_at)
            AS line FROM interactions WHERE user_id = '{user}' ORDER BY book_id",
        "SELECT concat_ws(' ', right(a.book_id::text, 2), hour, points) AS line FROM activity a JOIN interactions i ON i.book_id = a.book_id
            WHERE i.user_id = '{user}' AND points <> 0 ORDER BY a.book_id, hour",
    ] {
        state.extend(desk.lines(&sql.replace("{user}", &user.to_string())).await);
    }
    state
}

#[tokio::test]
async fn any_order_and_duplication_comes_to_the_same() {
    let desk = Desk::new().await;
    let mut runner = TestRunner::new(Config::default());
    let shuffled = proptest::collection::vec(told(), 1..25).prop_flat_map(|told| {
        let order: Vec<usize> = (0..told.len()).collect();
        let again = proptest::collection::vec(0..told.len(), 0..15);
        let delivered = again.prop_flat_map(move |again| {
            let mut all = order.clone();
            all.extend(again);
            Just(all).prop_shuffle()
        });
        (Just(told), delivered)
    });
    let now = desk.now();
    for case in 0..CASES {
        let (told, order) = shuffled.new_tree(&mut runner).unwrap().current();
        let account = |number: u128| Uuid::from_u128(0xaaaa_1000 + case * 2 + number);
        let (one, other) = (account(0), account(1));
        for each in &told {
            desk.deliver(&each.event(&desk, one, now)).await;
        }
        let events: Vec<_> = told
            .iter()
            .map(|each| each.event(&desk, other, now))
            .collect();
        for index in &order {
            desk.deliver(&events[*index]).await;
        }
        let before = state(&desk, one).await;
        assert_eq!(before, state(&desk, other).await, "{told:#?}\n{order:?}");
        // Told anew, by other events, nothing of it comes again.
        for each in told.iter().rev() {
            desk.deliver(&each.event(&desk, one, now)).await;
        }
        assert_eq!(state(&desk, one).await, before, "{told:#?}");
    }
}

#[tokio::test]
async fn the_newest_of_a_book_stays() {
    let desk = Desk::new().await;
    let now = desk.now();
    let line = "SELECT concat_ws(' ', version, title, is_available) AS line FROM books";
    desk.tell(&withdrawn(1, 5, now)).await;
    desk.tell(&published(1)).await;
    assert_eq!(desk.lines(line).await, ["5  f"], "it has no title yet");
    let mut again = published(1);
    again.book.version = 6;
    desk.tell(&again).await;
    desk.tell(&withdrawn(1, 5, now)).await;
    assert_eq!(desk.lines(line).await, ["6 Livre 1 t"]);
}

#[tokio::test]
async fn nothing_is_left_of_who_leaves_and_nothing_comes_back() {
    let desk = Desk::new().await;
    desk.stock().await;
    let now = desk.now();
    desk.finish(READER, 1).await;
    desk.say(READER, 2, "NEGATIVE").await;
    let posted = ReviewPosted {
        review: review(READER, book(3), 9, now),
    };
    desk.tell(&posted).await;
    let interests = "mutation { setInterests(input: { categoryIds: [\"00000000-0000-0000-0000-0000eeee0001\"] }) { errors { code } } }";
    desk.reader(READER).run(interests).await.ok();
    let gone = UserDeleted {
        user_id: READER,
        deleted_at: now,
    };
    desk.tell(&gone).await;
    // What comes late.
    desk.finish(READER, 4).await;
    desk.tell(&posted).await;
    desk.tell(&unreviewed(READER, book(3), now)).await;
    let input = serde_json::json!({ "signals": [{ "bookId": book(5), "kind": "POSITIVE" }] });
    let late = desk
        .reader(READER)
        .run_with(crate::support::RECORD, serde_json::json!({ "i": input }))
        .await;
    assert_eq!(late.codes(), ["UNAUTHENTICATED"]);
    let left = "SELECT (SELECT count(*) FROM interactions) + (SELECT count(*) FROM feedback)
        + (SELECT count(*) FROM reviews WHERE user_id IS NOT NULL) + (SELECT count(*) FROM activity WHERE points <> 0)
        + (SELECT count(*) FROM readers WHERE interests <> '{}') || '' AS line";
    assert_eq!(desk.lines(left).await, ["0"]);
}
