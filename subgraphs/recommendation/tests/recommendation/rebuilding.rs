//! The read model, made anew from the history that JetStream holds, is the one that was there.

use coko_core::consumer::RebuildError;
use coko_core::events::auth::UserDeleted;
use coko_core::events::community::ReviewPosted;
use coko_core::events::{Event, Payload, subject};
use coko_core::servers::NatsServer;
use coko_core::service::{Bus, Nats};
use coko_core::testkit::TestPlatform;
use time::Duration;
use uuid::Uuid;

use crate::support::{
    BOOKS, Desk, OTHER, READER, book, completed, progressed, published, purchased, refunded,
    review, unreviewed, withdrawn,
};

async fn publish<P: Payload>(desk: &Desk, nats: &Nats, payload: &P) -> Event {
    let event = desk.event(payload);
    nats.ensure_stream(P::DOMAIN).await.unwrap();
    let bytes = serde_json::to_vec(&event).unwrap();
    let sent = nats
        .jetstream
        .publish(subject(P::DOMAIN, P::TYPE), bytes.into())
        .await;
    sent.unwrap().await.unwrap();
    event
}

/// Everything that comes from events, and what readers said.
async fn state(desk: &Desk) -> Vec<String> {
    let mut state = Vec::new();
    for sql in [
        "SELECT (to_jsonb(b) - 'changed_at')::text AS line FROM books b ORDER BY id",
        "SELECT to_jsonb(i)::text AS line FROM interactions i ORDER BY user_id, book_id",
        "SELECT to_jsonb(r)::text AS line FROM reviews r ORDER BY review_id",
        "SELECT to_jsonb(a)::text AS line FROM activity a WHERE points <> 0 ORDER BY hour, book_id",
        "SELECT to_jsonb(r)::text AS line FROM readers r ORDER BY user_id",
        "SELECT to_jsonb(f)::text AS line FROM feedback f ORDER BY user_id, book_id",
    ] {
        state.extend(desk.lines(sql).await);
    }
    state
}

/// A history of every kind of event, of which all is handled live but what comes back.
async fn history(desk: &Desk, nats: &Nats) {
    let now = desk.now();
    let at = |hours: i64| now - Duration::hours(hours);
    let mut events = Vec::new();
    for number in 0..BOOKS {
        events.push(publish(desk, nats, &published(number)).await);
    }
    events.push(publish(desk, nats, &withdrawn(3, 9, now)).await);
    for reader in 0..8 {
        let user = Uuid::from_u128(0xaaaa_0001 + reader);
        for number in 0..6 {
            let (book, hours) = (
                book((reader + number) % BOOKS),
                i64::try_from(number).unwrap() * 50 + 1,
            );
            events.push(publish(desk, nats, &progressed(user, book, 0.4, at(hours))).await);
            events.push(publish(desk, nats, &completed(user, book, at(hours - 1))).await);
        }
        let (bought, praised) = (book(reader), book(reader + 2));
        events.push(publish(desk, nats, &purchased(user, bought, at(90))).await);
        events.push(publish(desk, nats, &refunded(user, bought, at(80))).await);
        let posted = ReviewPosted {
            review: review(user, praised, 9, at(70)),
        };
        events.push(publish(desk, nats, &posted).await);
        if reader.is_multiple_of(2) {
            events.push(publish(desk, nats, &unreviewed(user, praised, at(60))).await);
        }
    }
    let gone = UserDeleted {
        user_id: OTHER,
        deleted_at: now,
    };
    events.push(publish(desk, nats, &gone).await);
    for event in &events {
        desk.deliver(event).await;
    }
    desk.say(READER, 20, "NEGATIVE").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_rebuilt_is_what_was_there() {
    let folder = tempfile::tempdir().unwrap();
    let server = NatsServer::start(folder.path()).await.unwrap();
    let nats = Nats::connect(&server.url(), "test", 1).await.unwrap();
    let mut platform = TestPlatform::new();
    platform.platform.bus = Bus::Nats(nats.clone());
    let desk = Desk::with(platform, 6).await;
    history(&desk, &nats).await;
    let before = state(&desk).await;
    assert!(before.len() > 100);

    // What was lost or spoilt by hand comes back.
    desk.execute(
        "DELETE FROM interactions WHERE furthest > 0; UPDATE books SET title = 'x', version = 99; INSERT INTO activity VALUES (now(), gen_random_uuid(), 7)",
    )
    .await;
    let consumers = coko_recommendation::consumers(&desk.platform.platform, desk.pool().clone());
    let progress = std::cell::Cell::new((0, 0));
    let rebuilt = consumers
        .rebuild(|read, total| progress.set((read, total)))
        .await
        .unwrap();
    assert_eq!(state(&desk).await, before);
    assert_eq!(rebuilt.refused, 0);
    assert_eq!(rebuilt.read, rebuilt.handled);
    assert_eq!(progress.get(), (rebuilt.read, rebuilt.read));

    // While the service itself is delivered the same history, and more.
    desk.working("the history, live and rebuilt", async || {
        consumers.rebuild(|_, _| {}).await.unwrap();
        state(&desk).await == before
    })
    .await;
    let later = publish(&desk, &nats, &completed(READER, book(21), desk.now())).await;
    desk.working("what came later", async || {
        let line = format!(
            "SELECT event_id::text AS line FROM inbox WHERE event_id = '{}'",
            later.id
        );
        !desk.lines(&line).await.is_empty()
    })
    .await;
    assert_eq!(state(&desk).await.len(), before.len() + 2);
}

#[tokio::test]
async fn nothing_is_emptied_where_there_is_no_history() {
    let desk = Desk::new().await;
    desk.stock().await;
    let before = state(&desk).await;
    let consumers = coko_recommendation::consumers(&desk.platform.platform, desk.pool().clone());
    let error = consumers.rebuild(|_, _| {}).await.unwrap_err();
    assert!(matches!(error, RebuildError::Broker(_)), "{error}");
    assert_eq!(state(&desk).await, before);
}
