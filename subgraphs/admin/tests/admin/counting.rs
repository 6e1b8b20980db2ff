//! What is counted of what other domains tell: once, in whatever order, and forgotten with the person.

use coko_core::events::auth::{UserDeleted, UserLogin, UserProfileUpdated, UserRegistered};
use coko_core::events::payment::{BookPurchased, OrderCreated, OrderRefunded, PaymentSucceeded};
use coko_core::events::reading::{ReadingCompleted, ReadingProgressed, ReadingStarted};
use coko_core::events::{Event, Payload};
use coko_core::money::{Currency, Money};
use serde_json::json;
use time::Duration;
use uuid::Uuid;

use crate::support::{BOOK, Desk, OTHER, READER, person};

fn registered(desk: &Desk, user: Uuid, country: Option<&str>) -> UserRegistered {
    UserRegistered {
        user_id: user,
        country: country.map(str::to_owned),
        registered_at: desk.now(),
        ..UserRegistered::sample()
    }
}

fn login(desk: &Desk, user: Uuid) -> UserLogin {
    UserLogin {
        user_id: user,
        at: desk.now(),
        ..UserLogin::sample()
    }
}

#[tokio::test]
async fn people_are_counted_once_a_day_a_week_and_a_month() {
    let desk = Desk::new().await;
    desk.tell(&registered(&desk, READER, Some("SN"))).await;
    desk.tell(&registered(&desk, OTHER, None)).await;
    for _ in 0..3 {
        desk.tell(&login(&desk, READER)).await;
    }
    desk.platform.platform.clock.advance(Duration::DAY);
    desk.tell(&login(&desk, READER)).await;
    assert_eq!(
        desk.sums("REGISTRATIONS").await,
        ["2027-01-15 SN 1", "2027-01-15 ZZ 1"]
    );
    assert_eq!(
        desk.sums("SIGN_INS").await,
        ["2027-01-15 SN 3", "2027-01-16 SN 1"]
    );
    assert_eq!(
        desk.sums("ACTIVE_USERS").await,
        ["2027-01-15 SN 1", "2027-01-15 ZZ 1", "2027-01-16 SN 1"]
    );
    assert_eq!(
        desk.sums("ACTIVE_USERS_WEEK").await,
        ["2027-01-11 SN 1", "2027-01-11 ZZ 1"]
    );
    assert_eq!(
        desk.sums("ACTIVE_USERS_MONTH").await,
        ["2027-01-01 SN 1", "2027-01-01 ZZ 1"]
    );
}

#[tokio::test]
async fn an_event_that_comes_again_counts_once() {
    let desk = Desk::new().await;
    let event = desk.tell(&registered(&desk, READER, Some("SN"))).await;
    for _ in 0..3 {
        assert!(!desk.consumers().handle(&event).await.unwrap());
    }
    assert_eq!(desk.sums("REGISTRATIONS").await, ["2027-01-15 SN 1"]);
}

#[tokio::test]
async fn news_that_is_months_old_makes_nobody_active() {
    let desk = Desk::new().await;
    let late = UserLogin {
        at: desk.now() - Duration::days(61),
        ..login(&desk, READER)
    };
    desk.tell(&late).await;
    assert_eq!(desk.sums("ACTIVE_USERS").await, Vec::<String>::new());
    assert_eq!(desk.sums("SIGN_INS").await, ["2026-11-15 ZZ 1"]);
}

#[tokio::test]
async fn the_newest_country_counts_whatever_comes_last() {
    let desk = Desk::new().await;
    desk.tell(&registered(&desk, READER, Some("SN"))).await;
    let context = desk.platform.context();
    let profile = |country: &str| UserProfileUpdated {
        user_id: READER,
        country: Some(country.to_owned()),
        ..UserProfileUpdated::sample()
    };
    let mut newer = Event::new(&context, &profile("CI")).unwrap();
    newer.time += Duration::HOUR;
    let mut older = Event::new(&context, &profile("ML")).unwrap();
    older.time += Duration::MINUTE;
    for event in [newer, older] {
        assert!(desk.consumers().handle(&event).await.unwrap());
    }
    desk.tell(&login(&desk, READER)).await;
    assert_eq!(desk.sums("SIGN_INS").await, ["2027-01-15 CI 1"]);
}

fn price() -> Money {
    Money::new(2500, Currency::Xof)
}

fn paid(desk: &Desk, order: Uuid, provider: &str) -> PaymentSucceeded {
    PaymentSucceeded {
        order_id: order,
        user_id: READER,
        provider: provider.to_owned(),
        price: price(),
        paid_at: desk.now(),
        ..PaymentSucceeded::sample()
    }
}

#[tokio::test]
async fn money_is_counted_where_it_comes_in() {
    let desk = Desk::new().await;
    desk.tell(&registered(&desk, READER, Some("SN"))).await;
    let (by_wave, by_wallet) = (Uuid::from_u128(1), Uuid::from_u128(2));
    for order in [by_wave, by_wallet] {
        let created = OrderCreated {
            order_id: order,
            user_id: READER,
            created_at: desk.now(),
            ..OrderCreated::sample()
        };
        // Said twice, as two events: what is the same order is the same order.
        desk.tell(&created).await;
        desk.tell(&created).await;
    }
    desk.tell(&paid(&desk, by_wave, "WAVE")).await;
    desk.tell(&paid(&desk, by_wallet, "WALLET")).await;
    let bought = BookPurchased {
        order_id: by_wave,
        user_id: READER,
        book_id: BOOK,
        price: price(),
        purchased_at: desk.now(),
    };
    desk.tell(&bought).await;
    desk.tell(&bought).await;
    assert_eq!(desk.sums("ORDERS_CREATED").await, ["2027-01-15 SN 2"]);
    assert_eq!(desk.sums("ORDERS_PAID").await, ["2027-01-15 SN 2"]);
    assert_eq!(desk.sums("NEW_BUYERS").await, ["2027-01-15 SN 1"]);
    assert_eq!(desk.sums("REVENUE").await, ["2027-01-15 SN XOF 2500"]);
    assert_eq!(desk.sums("BOOKS_SOLD").await, ["2027-01-15 SN 1"]);
    for order in [by_wallet, by_wave] {
        let refunded = OrderRefunded {
            order_id: order,
            user_id: READER,
            price: price(),
            refunded_at: desk.now(),
            ..OrderRefunded::sample()
        };
        desk.tell(&refunded).await;
        desk.tell(&refunded).await;
    }
    assert_eq!(desk.sums("REFUNDS").await, ["2027-01-15 SN XOF 2500"]);
    let seen = person(
        &desk.operator(),
        READER,
        "activity { ordersPaid spent { amount currency } }",
    )
    .await;
    assert_eq!(
        seen["activity"],
        json!({ "ordersPaid": 2, "spent": [{ "amount": 0, "currency": "XOF" }] })
    );
}

#[tokio::test]
async fn reading_time_is_what_was_not_known_before() {
    let desk = Desk::new().await;
    let progressed = |seconds: i64| ReadingProgressed {
        user_id: READER,
        book_id: BOOK,
        seconds_read: seconds,
        progressed_at: desk.now(),
        ..ReadingProgressed::sample()
    };
    // The second is late, the fourth is nonsense.
    for seconds in [600, 300, 900, -5] {
        desk.tell(&progressed(seconds)).await;
    }
    let started = ReadingStarted {
        user_id: READER,
        book_id: BOOK,
        started_at: desk.now(),
        ..ReadingStarted::sample()
    };
    let completed = ReadingCompleted {
        user_id: READER,
        book_id: BOOK,
        seconds_read: 1000,
        completed_at: desk.now(),
        ..ReadingCompleted::sample()
    };
    for _ in 0..2 {
        desk.tell(&started).await;
        desk.tell(&completed).await;
    }
    assert_eq!(desk.sums("READING_TIME").await, ["2027-01-15 ZZ 1000"]);
    assert_eq!(desk.sums("BOOKS_STARTED").await, ["2027-01-15 ZZ 1"]);
    assert_eq!(desk.sums("BOOKS_COMPLETED").await, ["2027-01-15 ZZ 1"]);
    let query = "{ topBooks(by: READING_TIME, from: \"2027-01-01\", to: \"2027-01-31\") { book { id } value } }";
    let answer = desk.operator().run(query).await;
    assert_eq!(
        answer.ok()["topBooks"],
        json!([{ "book": { "id": BOOK }, "value": 1000 }])
    );
}

#[tokio::test]
async fn whoever_leaves_is_forgotten_and_stays_counted() {
    let desk = Desk::new().await;
    desk.tell(&registered(&desk, READER, Some("SN"))).await;
    desk.tell(&paid(&desk, Uuid::from_u128(1), "WAVE")).await;
    let gone = UserDeleted {
        user_id: READER,
        deleted_at: desk.now(),
    };
    desk.tell(&gone).await;
    desk.tell(&gone).await;
    // What comes late counts, for nobody.
    desk.tell(&login(&desk, READER)).await;
    desk.tell(&paid(&desk, Uuid::from_u128(2), "WAVE")).await;
    assert_eq!(desk.sums("DELETIONS").await, ["2027-01-15 SN 1"]);
    assert_eq!(
        desk.sums("REVENUE").await,
        ["2027-01-15 SN XOF 2500", "2027-01-15 ZZ XOF 2500"]
    );
    for table in ["actives", "spendings", "readings", "notes"] {
        let sql = format!("SELECT count(*) AS number FROM {table} WHERE user_id = '{READER}'");
        assert_eq!(desk.number(&sql).await, 0, "{table}");
    }
    let left = desk
        .lines(&format!("SELECT (to_jsonb(p) - 'deleted_at' - 'profile_at')::text AS line FROM people p WHERE user_id = '{READER}' AND country IS NULL AND registered_at IS NULL"))
        .await;
    assert_eq!(left.len(), 1, "{left:?}");
    let seen = person(&desk.operator(), READER, "activity { country }").await;
    assert_eq!(seen["activity"], json!(null));
}

#[tokio::test]
async fn everybody_at_once_is_everybody_counted() {
    let desk = Desk::new().await;
    let consumers = std::sync::Arc::new(desk.consumers());
    let mut telling = tokio::task::JoinSet::new();
    for number in 0..40_u128 {
        let context = desk.platform.context();
        let user = Uuid::from_u128(number % 10);
        let event = Event::new(&context, &login(&desk, user)).unwrap();
        let consumers = consumers.clone();
        telling.spawn(async move {
            // What waits for another is retried, as a delivery would be.
            while consumers.handle(&event).await.is_err() {}
        });
    }
    while let Some(told) = telling.join_next().await {
        told.unwrap();
    }
    assert_eq!(desk.sums("SIGN_INS").await, ["2027-01-15 ZZ 40"]);
    assert_eq!(desk.sums("ACTIVE_USERS").await, ["2027-01-15 ZZ 10"]);
}
