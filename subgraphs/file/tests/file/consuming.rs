//! What other domains say, handled exactly once in whatever order it comes.

use coko_core::events::auth::UserDeleted;
use coko_core::events::publication::{ManuscriptDiscarded, PublicationPublished};
use coko_core::events::reading::{EntitlementGranted, EntitlementRevoked};
use coko_core::events::{Event, Payload};
use serde_json::json;
use time::Duration;

use crate::support::{BOOK, EPUB, PUBLISHER, READER, Service, announce, epub, look};

async fn hear(service: &Service, payload: &impl Payload) {
    let consumers = coko_file::consumers(&service.platform.platform, service.database.pool.clone());
    let event = Event::new(&service.context(), payload).unwrap();
    assert!(consumers.handle(&event).await.unwrap());
    // Delivered again: no effect.
    assert!(!consumers.handle(&event).await.unwrap());
}

#[tokio::test]
async fn the_latest_word_on_a_reader_counts() {
    let service = Service::new().await;
    let (id, _) = service.book().await;
    let now = service.context().now;
    let granted = |minute| EntitlementGranted {
        user_id: READER,
        book_id: BOOK,
        order_id: None,
        source: "GIFTED".to_owned(),
        granted_at: now + Duration::minutes(minute),
    };
    let revoked = |minute| EntitlementRevoked {
        user_id: READER,
        book_id: BOOK,
        order_id: None,
        reason: "WITHDRAWN".to_owned(),
        revoked_at: now + Duration::minutes(minute),
    };
    let sees = async || !look(&service.reader(), &id).await.is_null();
    assert!(!sees().await);
    hear(&service, &granted(1)).await;
    assert!(sees().await);
    hear(&service, &revoked(5)).await;
    assert!(!sees().await);
    // An older grant that comes late changes nothing, one of the same moment neither.
    hear(&service, &granted(4)).await;
    hear(&service, &granted(5)).await;
    assert!(!sees().await);
    hear(&service, &granted(6)).await;
    assert!(sees().await);
}

#[tokio::test]
async fn readers_get_the_text_that_was_published() {
    let service = Service::new().await;
    let (first, _) = service.book().await;
    let now = service.context().now;
    let granted = EntitlementGranted {
        user_id: READER,
        book_id: BOOK,
        order_id: None,
        source: "GIFTED".to_owned(),
        granted_at: now,
    };
    hear(&service, &granted).await;
    let sees = async |file: &str| !look(&service.reader(), file).await.is_null();
    assert!(sees(&first).await);
    let published = |revision: i64, file: &str| PublicationPublished {
        book_id: Some(BOOK),
        revision,
        file_id: file.parse().ok(),
        ..PublicationPublished::sample()
    };
    hear(&service, &published(1, &first)).await;
    // What is uploaded after that was not reviewed.
    let (second, _) = service.book().await;
    assert!(sees(&first).await && !sees(&second).await);
    hear(&service, &published(3, &second)).await;
    assert!(!sees(&first).await && sees(&second).await);
    // What was said before and comes late changes nothing.
    hear(&service, &published(2, &first)).await;
    assert!(!sees(&first).await && sees(&second).await);
}

#[tokio::test]
async fn an_account_that_goes_takes_what_is_private_with_it() {
    let service = Service::new().await;
    let (book, _) = service.book().await;
    let publisher = service.publisher();
    let mut png = std::io::Cursor::new(Vec::new());
    image::RgbImage::new(40, 40)
        .write_to(&mut png, image::ImageFormat::Png)
        .unwrap();
    let avatar = service
        .processed(&publisher, "AVATAR", "image/png", &png.into_inner())
        .await;
    let (open, _) = announce(&publisher, "EPUB", EPUB, &epub()).await;
    service.entitle(READER).await;
    service.entitle(PUBLISHER).await;
    let images = look(&service.guest(), &avatar).await["images"].clone();
    // A picture is never made larger.
    assert_eq!(images[0]["width"], 40);
    let deleted = UserDeleted {
        user_id: PUBLISHER,
        deleted_at: service.context().now,
    };
    hear(&service, &deleted).await;
    service.work().await;
    for gone in [&avatar, &open] {
        assert!(look(&service.staff(), gone).await.is_null());
    }
    assert_eq!(
        service
            .get(images[0]["url"].as_str().unwrap(), &[])
            .await
            .status,
        404
    );
    // Readers keep their book, and nobody learns who uploaded it.
    assert_eq!(look(&service.reader(), &book).await["status"], "READY");
    assert!(
        look(&publisher, &book).await.is_null(),
        "the grant is gone too"
    );
    let owners = "SELECT count(*) AS number FROM files WHERE owner_id IS NOT NULL";
    assert_eq!(service.number(owners).await, 0);
    // Nor what they called it.
    let named = "SELECT count(*) AS number FROM files WHERE name <> 'book.epub'";
    assert_eq!(service.number(named).await, 0);
    let mine = publisher.run("{ myFiles { nodes { id } } }").await;
    assert_eq!(mine.ok()["myFiles"]["nodes"], json!([]));
}

#[tokio::test]
async fn what_was_uploaded_for_a_book_that_never_is_goes() {
    let service = Service::new().await;
    let (text, _) = service.book().await;
    let discarded = ManuscriptDiscarded {
        book_id: BOOK,
        ..ManuscriptDiscarded::sample()
    };
    assert_eq!(look(&service.staff(), &text).await["status"], "READY");
    hear(&service, &discarded).await;
    assert!(look(&service.staff(), &text).await.is_null());
    // A text that was published is the readers'.
    let (published, _) = service.book().await;
    let release = PublicationPublished {
        book_id: Some(BOOK),
        file_id: published.parse().ok(),
        ..PublicationPublished::sample()
    };
    hear(&service, &release).await;
    hear(&service, &discarded).await;
    assert_eq!(look(&service.staff(), &published).await["status"], "READY");
}
