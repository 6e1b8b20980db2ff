//! Any order of any events, however often each comes, against PostgreSQL: the same state comes of it.

use coko_core::events::Event;
use coko_core::events::reading::ReadingCompleted;
use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::{Config, TestRunner};
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use crate::support::{Arena, book, completed, posted, progressed, purchased, registered, streak};

/// Readers that are compared in pairs. The model alone is tried with many more, beside it.
const CASES: u128 = 12;

/// Something that is told, apart from whom it is about.
#[derive(Clone, Debug)]
enum Told {
    Registered,
    Completed(u8, i64, bool),
    Progressed(u8, u16, i64),
    /// As many days up to that many days ago.
    Streak(u8, i64),
    Posted(u8),
    Purchased(u8, i64),
}

impl Told {
    /// What it is about a reader; `before` is counted in hours from now.
    fn event(&self, arena: &Arena, user: Uuid, now: OffsetDateTime) -> Event {
        let at = |hours: i64| now - Duration::hours(hours);
        match self {
            Self::Registered => arena.event(&registered(user, "SN", at(2000))),
            Self::Completed(number, hours, self_reported) => arena.event(&ReadingCompleted {
                self_reported: *self_reported,
                seconds_read: i64::from(*number) * 1000,
                ..completed(user, book(u128::from(*number)), at(*hours))
            }),
            Self::Progressed(number, seconds, hours) => {
                let book = book(u128::from(*number));
                arena.event(&progressed(user, book, i64::from(*seconds), at(*hours)))
            }
            Self::Streak(days, ago) => {
                let last = now.date() - Duration::days(*ago);
                arena.event(&streak(user, i32::from(*days), last))
            }
            // The same review has the same moment whenever it is told.
            Self::Posted(number) => {
                let review = user.as_u128() * 100 + u128::from(*number);
                arena.event(&posted(user, review, at(i64::from(*number) * 60)))
            }
            Self::Purchased(number, hours) => {
                let order = user.as_u128() * 100 + u128::from(*number);
                arena.event(&purchased(user, order, at(*hours)))
            }
        }
    }
}

fn told() -> impl Strategy<Value = Told> {
    prop_oneof![
        1 => Just(Told::Registered),
        4 => (0..8_u8, 0..1500_i64, any::<bool>()).prop_map(|(n, h, s)| Told::Completed(n, h, s)),
        4 => (0..8_u8, any::<u16>(), 0..1500_i64).prop_map(|(n, s, h)| Told::Progressed(n, s, h)),
        6 => (1..12_u8, 0..50_i64).prop_map(|(d, a)| Told::Streak(d, a)),
        2 => (0..8_u8).prop_map(Told::Posted),
        2 => (0..8_u8, 0..1500_i64).prop_map(|(n, h)| Told::Purchased(n, h)),
    ]
}

fn account(number: u128) -> Uuid {
    Uuid::from_u128(0xaaaa_0000 + number)
}

/// Has a reader take part in the challenges of now.
async fn join(arena: &Arena, user: Uuid) {
    let sql =
        "SELECT id::text AS line FROM challenges WHERE starts_at <= '2027-01-15' ORDER BY code";
    for id in arena.lines(sql).await {
        let query = format!(
            "mutation {{ joinChallenge(input: {{ challengeId: \"{id}\" }}) {{ errors {{ code }} }} }}"
        );
        let answer = arena.reader(user).run(&query).await;
        assert_eq!(
            answer.ok()["joinChallenge"]["errors"],
            serde_json::json!([])
        );
    }
}

/// Everything of a reader's, without whom it is of and when it was noticed.
async fn state(arena: &Arena, user: Uuid) -> Vec<String> {
    let mut state = Vec::new();
    for sql in [
        "SELECT concat_ws(' ', country, points, level, books_completed, books_purchased, reviews_posted, reading_days, seconds_read, challenges,
            longest_row, streak_days, streak_end, streak_longest, freezes) AS line FROM players WHERE user_id = '{user}'",
        "SELECT concat_ws(' ', rule, CASE WHEN rule LIKE 'book-completed%' OR rule LIKE 'half-hour%' OR rule LIKE 'reading-day%' THEN source END, points, at)
            AS line FROM ledger WHERE user_id = '{user}' ORDER BY 1",
        "SELECT concat_ws(' ', period, starts, points, country, hidden) AS line FROM scores WHERE user_id = '{user}' AND points <> 0 ORDER BY period, starts",
        "SELECT concat_ws(' ', kind, subject, version) AS line FROM achievements WHERE user_id = '{user}' ORDER BY kind, subject",
        "SELECT concat_ws(' ', c.code, p.completed_at IS NOT NULL) AS line FROM participants p JOIN challenges c ON c.id = p.challenge_id
            WHERE p.user_id = '{user}' ORDER BY c.code",
        "SELECT concat_ws(' ', event->>'type', event->'data'->>'badge_code', event->'data'->>'level', event->'data'->>'challenge_id') AS line
            FROM outbox WHERE event->'data'->>'user_id' = '{user}' AND event->>'type' <> 'achievement.unlocked' ORDER BY 1",
    ] {
        state.extend(arena.lines(&sql.replace("{user}", &user.to_string())).await);
    }
    state
}

#[tokio::test]
async fn any_order_and_duplication_comes_to_the_same() {
    let arena = Arena::new().await;
    arena
        .working("the platform's challenges", async || {
            arena
                .lines("SELECT id::text AS line FROM challenges")
                .await
                .len()
                == 6
        })
        .await;
    let mut runner = TestRunner::new(Config::default());
    let shuffled = proptest::collection::vec(told(), 1..30).prop_flat_map(|told| {
        let order: Vec<usize> = (0..told.len()).collect();
        let again = proptest::collection::vec(0..told.len(), 0..15);
        let delivered = again.prop_flat_map(move |again| {
            let mut all = order.clone();
            all.extend(again);
            Just(all).prop_shuffle()
        });
        (Just(told), delivered)
    });
    for case in 0..CASES {
        let (told, order) = shuffled.new_tree(&mut runner).unwrap().current();
        let (one, other) = (account(case * 2), account(case * 2 + 1));
        let now = arena.now();
        for user in [one, other] {
            join(&arena, user).await;
        }
        for each in &told {
            arena.deliver(&each.event(&arena, one, now)).await;
        }
        let events: Vec<_> = told
            .iter()
            .map(|each| each.event(&arena, other, now))
            .collect();
        for index in &order {
            arena.deliver(&events[*index]).await;
        }
        assert_eq!(
            state(&arena, one).await,
            state(&arena, other).await,
            "{told:#?}\n{order:?}"
        );
        // Nothing of it comes again.
        let before = state(&arena, one).await;
        for each in told.iter().rev() {
            arena.deliver(&each.event(&arena, one, now)).await;
        }
        assert_eq!(state(&arena, one).await, before, "{told:#?}");
    }
}
