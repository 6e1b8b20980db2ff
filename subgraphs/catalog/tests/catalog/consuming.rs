//! What other domains say, handled exactly once in whatever order it comes.

use coko_core::consumer::HandlerError;
use coko_core::events::community::{ReviewPosted, ReviewRemoved, ReviewState, ReviewUpdated};
use coko_core::events::file::{BookDownloaded, FileProcessed, ImageVariant};
use coko_core::events::publication::{PublicationPublished, PublicationWithdrawn};
use coko_core::events::{Event, Payload};
use coko_core::money::{Currency, Money};
use serde_json::{Value, json};
use time::Duration;
use uuid::Uuid;

use crate::support::Catalogue;

fn event(catalogue: &Catalogue, payload: &impl Payload) -> Event {
    Event::new(&catalogue.context(), payload).unwrap()
}

async fn stats(catalogue: &Catalogue, book: &Value) -> Value {
    let query =
        "query($id: ID!) { book(id: $id) { stats { downloads rating ratingCount reviewCount } } }";
    catalogue
        .guest()
        .run_with(query, json!({ "id": book["id"] }))
        .await
        .ok()["book"]["stats"]
        .clone()
}

#[tokio::test]
async fn ratings_are_right_under_repetition_and_disorder() {
    let catalogue = Catalogue::new().await;
    let book = catalogue.published("Noté").await;
    let book_id: Uuid = book["id"].as_str().unwrap().parse().unwrap();
    let now = catalogue.context().now;
    let state = |review: u128, half_stars: u8, minute: i64| ReviewState {
        review_id: Uuid::from_u128(review),
        book_id,
        user_id: Uuid::from_u128(review),
        half_stars: Some(half_stars),
        has_text: review.is_multiple_of(2),
        at: now + Duration::minutes(minute),
    };
    let consumers = catalogue.consumers();
    let posted = event(
        &catalogue,
        &ReviewPosted {
            review: state(1, 8, 1),
        },
    );
    assert!(consumers.handle(&posted).await.unwrap());
    // Delivered again: no effect. Said again as another event: the same fact.
    assert!(!consumers.handle(&posted).await.unwrap());
    consumers
        .handle(&event(
            &catalogue,
            &ReviewPosted {
                review: state(1, 8, 1),
            },
        ))
        .await
        .unwrap();
    assert_eq!(
        stats(&catalogue, &book).await,
        json!({ "downloads": 0, "rating": 4.0, "ratingCount": 1, "reviewCount": 0 })
    );
    // The update of the second review overtakes its posting.
    consumers
        .handle(&event(
            &catalogue,
            &ReviewUpdated {
                review: state(2, 2, 5),
            },
        ))
        .await
        .unwrap();
    consumers
        .handle(&event(
            &catalogue,
            &ReviewPosted {
                review: state(2, 10, 4),
            },
        ))
        .await
        .unwrap();
    assert_eq!(
        stats(&catalogue, &book).await,
        json!({ "downloads": 0, "rating": 2.5, "ratingCount": 2, "reviewCount": 1 })
    );
    // A removal is final, whatever comes late.
    let removed = ReviewRemoved {
        review_id: Uuid::from_u128(1),
        book_id,
        at: now + Duration::minutes(2),
    };
    consumers
        .handle(&event(&catalogue, &removed))
        .await
        .unwrap();
    consumers
        .handle(&event(
            &catalogue,
            &ReviewUpdated {
                review: state(1, 10, 9),
            },
        ))
        .await
        .unwrap();
    assert_eq!(
        stats(&catalogue, &book).await,
        json!({ "downloads": 0, "rating": 1.0, "ratingCount": 1, "reviewCount": 1 })
    );
    // A review of a book that is not here is kept and harms nothing.
    let stranger = ReviewState {
        book_id: Uuid::from_u128(404),
        review_id: Uuid::from_u128(404),
        ..state(3, 4, 1)
    };
    assert!(
        consumers
            .handle(&event(&catalogue, &ReviewPosted { review: stranger }))
            .await
            .unwrap()
    );
}

#[tokio::test]
async fn many_reviews_at_once_lose_none() {
    let catalogue = Catalogue::new().await;
    let book = catalogue.published("Populaire").await;
    let book_id: Uuid = book["id"].as_str().unwrap().parse().unwrap();
    let consumers = catalogue.consumers();
    let handling = (1..=40_u128).map(|review| {
        let review = ReviewState {
            review_id: Uuid::from_u128(review),
            book_id,
            user_id: Uuid::from_u128(review),
            half_stars: Some(6),
            has_text: true,
            at: catalogue.context().now,
        };
        let (consumers, event) = (
            consumers.clone(),
            event(&catalogue, &ReviewPosted { review }),
        );
        tokio::spawn(async move { consumers.handle(&event).await })
    });
    for handled in handling.collect::<Vec<_>>() {
        assert!(handled.await.unwrap().unwrap());
    }
    assert_eq!(stats(&catalogue, &book).await["ratingCount"], 40);
}

#[tokio::test]
async fn downloads_count_and_raise_popularity() {
    let catalogue = Catalogue::new().await;
    let book = catalogue.published("Lu").await;
    let other = catalogue.published("Autre").await;
    let payload = BookDownloaded {
        book_id: book["id"].as_str().unwrap().parse().unwrap(),
        ..BookDownloaded::sample()
    };
    let consumers = catalogue.consumers();
    let first = event(&catalogue, &payload);
    for delivery in [&first, &first, &event(&catalogue, &payload)] {
        consumers.handle(delivery).await.unwrap();
    }
    assert_eq!(stats(&catalogue, &book).await["downloads"], 2);
    let answer = catalogue
        .guest()
        .run("{ books(sort: POPULARITY) { nodes { id } } }")
        .await;
    assert_eq!(
        answer.ok()["books"]["nodes"],
        json!([{ "id": book["id"] }, { "id": other["id"] }])
    );
    assert_eq!(
        catalogue
            .number("SELECT count(*) AS number FROM book_search WHERE popularity > 0")
            .await,
        1
    );
}

#[tokio::test]
async fn nobody_gives_a_cover_to_somebody_elses_book() {
    let catalogue = Catalogue::new().await;
    let book = catalogue.draft(&catalogue.publisher(), "Le mien").await;
    let book = crate::support::publish(&catalogue.publisher(), &book).await;
    let file = |uploader| FileProcessed {
        kind: "EPUB".to_owned(),
        book_id: book["id"].as_str().unwrap().parse().ok(),
        uploaded_by: Some(uploader),
        page_count: Some(77),
        ..FileProcessed::sample()
    };
    let consumers = catalogue.consumers();
    let pages = async || {
        let query = "query($id: ID!) { book(id: $id) { pageCount } }";
        let answer = catalogue
            .guest()
            .run_with(query, json!({ "id": book["id"] }))
            .await;
        answer.ok()["book"]["pageCount"].clone()
    };
    consumers
        .handle(&event(&catalogue, &file(crate::support::RIVAL)))
        .await
        .unwrap();
    assert_eq!(pages().await, Value::Null);
    consumers
        .handle(&event(&catalogue, &file(crate::support::PUBLISHER)))
        .await
        .unwrap();
    assert_eq!(pages().await, 77);
}

#[tokio::test]
async fn files_give_covers_samples_and_page_counts() {
    let catalogue = Catalogue::new().await;
    let book = catalogue.published("Illustré").await;
    let file = |kind: &str| FileProcessed {
        kind: kind.to_owned(),
        book_id: book["id"].as_str().unwrap().parse().ok(),
        uploaded_by: None,
        images: Vec::new(),
        ..FileProcessed::sample()
    };
    let consumers = catalogue.consumers();
    let image = ImageVariant {
        width: 320,
        url: "https://files.example/320.webp".to_owned(),
    };
    consumers
        .handle(&event(
            &catalogue,
            &FileProcessed {
                images: vec![image],
                ..file("COVER")
            },
        ))
        .await
        .unwrap();
    consumers
        .handle(&event(
            &catalogue,
            &FileProcessed {
                page_count: Some(212),
                ..file("EPUB")
            },
        ))
        .await
        .unwrap();
    consumers
        .handle(&event(
            &catalogue,
            &FileProcessed {
                page_count: Some(300),
                ..file("PDF")
            },
        ))
        .await
        .unwrap();
    consumers
        .handle(&event(
            &catalogue,
            &FileProcessed {
                public_url: Some("https://files.example/s.epub".to_owned()),
                ..file("SAMPLE")
            },
        ))
        .await
        .unwrap();
    let query = "query($id: ID!) { book(id: $id) { pageCount sample medium: cover small: cover(size: SMALL) } }";
    let answer = catalogue
        .guest()
        .run_with(query, json!({ "id": book["id"] }))
        .await;
    let found = &answer.ok()["book"];
    assert_eq!(
        (&found["pageCount"], &found["sample"], &found["medium"]),
        (
            &json!(212),
            &json!("https://files.example/s.epub"),
            &json!("https://files.example/320.webp")
        )
    );
    assert!(found["small"].as_str().unwrap().ends_with("160.svg"));
    assert_eq!(
        catalogue
            .events()
            .await
            .iter()
            .filter(|kind| *kind == "book.updated")
            .count(),
        3
    );
}

#[tokio::test]
async fn a_published_work_becomes_a_book_of_its_owner() {
    let catalogue = Catalogue::sampled().await;
    let work = PublicationPublished {
        owner_user_id: crate::support::PUBLISHER,
        categories: vec!["fiction".to_owned()],
        prices: vec![Money::new(2000, Currency::Xof)],
        ..PublicationPublished::sample()
    };
    let consumers = catalogue.consumers();
    consumers.handle(&event(&catalogue, &work)).await.unwrap();
    let query = r#"{ book(slug: "les-pluies-de-ziguinchor") { id version title authors { name } price { amount } } }"#;
    let book = catalogue.guest().run(query).await.ok()["book"].clone();
    assert_eq!(
        (&book["authors"][0]["name"], &book["price"]["amount"]),
        (&json!("Awa Ndiaye"), &json!(2000))
    );
    // Its owner may edit it; said again with another title, the same book changes.
    let edit = "mutation($i: UpdateBookInput!) { updateBook(input: $i) { errors { code } } }";
    let input = json!({ "i": { "id": book["id"], "version": book["version"], "pageCount": 90 } });
    assert_eq!(
        catalogue.publisher().run_with(edit, input).await.ok()["updateBook"]["errors"],
        json!([])
    );
    let renamed = PublicationPublished {
        revision: 3,
        title: "Les Pluies".to_owned(),
        ..work.clone()
    };
    consumers
        .handle(&event(&catalogue, &renamed))
        .await
        .unwrap();
    assert_eq!(
        catalogue.guest().run(query).await.ok()["book"]["title"],
        "Les Pluies"
    );
    assert_eq!(json!(work.book_id), book["id"]);
    // Withdrawn, the book leaves the shelf; what was said before that and comes late does not bring it back.
    let withdrawn = PublicationWithdrawn {
        publication_id: work.publication_id,
        revision: 4,
        ..PublicationWithdrawn::sample()
    };
    consumers
        .handle(&event(&catalogue, &withdrawn))
        .await
        .unwrap();
    consumers
        .handle(&event(&catalogue, &renamed))
        .await
        .unwrap();
    assert_eq!(catalogue.guest().run(query).await.ok()["book"], Value::Null);
    let again = PublicationPublished {
        revision: 5,
        ..renamed.clone()
    };
    consumers.handle(&event(&catalogue, &again)).await.unwrap();
    assert_eq!(
        catalogue.guest().run(query).await.ok()["book"]["id"],
        book["id"]
    );
    // What no retry will mend is put aside.
    let unknown = PublicationPublished {
        publication_id: Uuid::from_u128(5),
        categories: vec!["nulle-part".to_owned()],
        ..work
    };
    assert!(matches!(
        consumers.handle(&event(&catalogue, &unknown)).await,
        Err(HandlerError::Poison(_))
    ));
}

#[tokio::test]
async fn cached_lists_follow_edits() {
    let catalogue = Catalogue::sampled().await;
    let query = "{ newReleases(first: 1) { nodes { title } } }";
    let before =
        catalogue.guest().run(query).await.ok()["newReleases"]["nodes"][0]["title"].clone();
    catalogue
        .platform
        .platform
        .clock
        .advance(Duration::hours(1));
    catalogue.published("Tout neuf").await;
    let after = catalogue.guest().run(query).await.ok()["newReleases"]["nodes"][0]["title"].clone();
    assert_ne!(before, after);
    assert_eq!(after, "Tout neuf");
}
