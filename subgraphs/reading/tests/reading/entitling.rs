//! Rights: several at once, in any order, told as often as it likes.

use coko_core::events::Payload as _;
use coko_core::events::auth::UserDeleted;
use coko_core::events::catalog::{BookPublished, BookUpdated, BookWithdrawn};
use coko_core::events::payment::{SubscriptionActivated, SubscriptionExpired, SubscriptionRenewed};
use serde_json::{Value, json};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use uuid::Uuid;

use crate::support::{BOOK, FREE, Library, ORDER, OTHER, PHONE, READER, was_at};

const ANOTHER: Uuid = Uuid::from_u128(0xdddd_0002);

fn moment(event: &Value, field: &str) -> OffsetDateTime {
    OffsetDateTime::parse(event[field].as_str().unwrap(), &Rfc3339).unwrap()
}

async fn sources(library: &Library, user: Uuid, book: Uuid) -> Vec<String> {
    let item = library.item(user, book, "entitlements { source }").await;
    let sources = item["entitlements"].as_array().cloned().unwrap_or_default();
    sources
        .iter()
        .map(|right| right["source"].as_str().unwrap().to_owned())
        .collect()
}

#[tokio::test]
async fn a_purchase_is_granted_and_a_refund_takes_it_away() {
    let library = Library::new().await;
    assert!(!library.readable(READER, BOOK).await);
    library.purchase(READER, BOOK, ORDER).await;
    assert!(library.readable(READER, BOOK).await);
    // Asked for again, it is said again, and is the same right.
    library.purchase(READER, BOOK, ORDER).await;
    let granted = library.said("entitlement.granted").await;
    assert_eq!(granted.len(), 2);
    assert_eq!(granted[0], granted[1]);
    assert_eq!(granted[0]["order_id"], json!(ORDER));
    assert_eq!(granted[0]["source"], "PURCHASED");
    assert_eq!(sources(&library, READER, BOOK).await, ["PURCHASED"]);
    // Nobody else has it.
    assert!(!library.readable(OTHER, BOOK).await);

    library.refund(READER, BOOK, ORDER).await;
    assert!(!library.readable(READER, BOOK).await);
    let revoked = library.said("entitlement.revoked").await;
    assert_eq!(revoked.len(), 1);
    assert_eq!(revoked[0]["reason"], "REFUNDED");
    // What is said later is later, even within one moment.
    assert!(moment(&revoked[0], "revoked_at") > moment(&granted[0], "granted_at"));
    library.refund(READER, BOOK, ORDER).await;
    assert_eq!(library.said("entitlement.revoked").await.len(), 1);
    // A purchase that comes again after its refund is refused.
    library.purchase(READER, BOOK, ORDER).await;
    assert!(!library.readable(READER, BOOK).await);
    assert_eq!(
        library.said("entitlement.refused").await[0]["reason"],
        "REFUNDED"
    );
}

#[tokio::test]
async fn a_refund_may_come_before_its_purchase() {
    let library = Library::new().await;
    library.refund(READER, BOOK, ORDER).await;
    library.purchase(READER, BOOK, ORDER).await;
    assert!(!library.readable(READER, BOOK).await);
    assert_eq!(library.events().await, ["entitlement.refused"]);
    // Another order of the same book is another right.
    library.purchase(READER, BOOK, ANOTHER).await;
    assert!(library.readable(READER, BOOK).await);
    library.refund(READER, BOOK, ORDER).await;
    assert!(library.readable(READER, BOOK).await);
}

#[tokio::test]
async fn what_can_never_be_granted_is_refused() {
    let library = Library::new().await;
    let withdrawn = BookWithdrawn {
        book_id: BOOK,
        version: 2,
        deleted: true,
        ..BookWithdrawn::sample()
    };
    library.tell(&withdrawn).await;
    library.purchase(READER, BOOK, ORDER).await;
    let gone = UserDeleted {
        user_id: OTHER,
        ..UserDeleted::sample()
    };
    library.tell(&gone).await;
    library.purchase(OTHER, FREE, ANOTHER).await;
    let refused = library.said("entitlement.refused").await;
    let reasons: Vec<&Value> = refused.iter().map(|event| &event["reason"]).collect();
    assert_eq!(reasons, ["BOOK_GONE", "ACCOUNT_GONE"]);
    // A book that the catalogue has not told of yet can be bought.
    let unknown = Uuid::from_u128(0xbbbb_0009);
    library.purchase(READER, unknown, Uuid::from_u128(5)).await;
    assert!(library.readable(READER, unknown).await);
}

#[tokio::test]
async fn a_refund_leaves_what_a_subscription_gives() {
    let library = Library::new().await;
    let subscription = library.subscription(READER, 1, 30);
    library
        .tell(&SubscriptionActivated {
            subscription: subscription.clone(),
        })
        .await;
    let added = library.add(READER, BOOK).await;
    assert_eq!(
        added["item"]["entitlements"],
        json!([{ "source": "SUBSCRIPTION" }])
    );
    library.purchase(READER, BOOK, ORDER).await;
    assert_eq!(
        sources(&library, READER, BOOK).await,
        ["PURCHASED", "SUBSCRIPTION"]
    );
    library.refund(READER, BOOK, ORDER).await;
    assert_eq!(sources(&library, READER, BOOK).await, ["SUBSCRIPTION"]);
    // Whoever keeps one right for a reader and a book ends with the right that is left.
    assert_eq!(
        library.events().await,
        [
            "entitlement.granted",
            "entitlement.granted",
            "entitlement.revoked",
            "entitlement.granted"
        ]
    );
    let granted = library.said("entitlement.granted").await;
    let revoked = library.said("entitlement.revoked").await;
    assert_eq!(granted[2]["source"], "SUBSCRIPTION");
    assert!(moment(&granted[2], "granted_at") > moment(&revoked[0], "revoked_at"));

    library.tell(&SubscriptionExpired { subscription }).await;
    assert!(!library.readable(READER, BOOK).await);
    let revoked = library.said("entitlement.revoked").await;
    assert_eq!(revoked[1]["reason"], "SUBSCRIPTION_ENDED");
}

#[tokio::test]
async fn a_purchase_outlives_the_subscription() {
    let library = Library::new().await;
    let subscription = library.subscription(READER, 1, 30);
    let activated = SubscriptionActivated {
        subscription: subscription.clone(),
    };
    library.tell(&activated).await;
    library.add(READER, BOOK).await;
    library.purchase(READER, BOOK, ORDER).await;
    library
        .tell(&SubscriptionExpired {
            subscription: subscription.clone(),
        })
        .await;
    assert_eq!(sources(&library, READER, BOOK).await, ["PURCHASED"]);
    // The book can still be read: nothing is said that would take it away elsewhere.
    assert!(library.said("entitlement.revoked").await.is_empty());

    // What is told late about a subscription that ended does not bring it back.
    let renewed = SubscriptionRenewed { subscription };
    library.tell(&renewed).await;
    assert_eq!(sources(&library, READER, BOOK).await, ["PURCHASED"]);
    // Another one does.
    let again = SubscriptionActivated {
        subscription: library.subscription(READER, 2, 30),
    };
    library.tell(&again).await;
    assert_eq!(
        sources(&library, READER, BOOK).await,
        ["PURCHASED", "SUBSCRIPTION"]
    );
}

#[tokio::test]
async fn an_end_may_come_before_the_beginning() {
    let library = Library::new().await;
    let subscription = library.subscription(READER, 1, 30);
    let expired = SubscriptionExpired {
        subscription: subscription.clone(),
    };
    library.tell(&expired).await;
    library.tell(&SubscriptionActivated { subscription }).await;
    let added = library.add(READER, BOOK).await;
    assert_eq!(added["item"]["isReadable"], false);
    assert_eq!(added["item"]["status"], "WANT");
}

#[tokio::test]
async fn free_books_are_taken_and_stay() {
    let library = Library::new().await;
    let added = library.add(READER, FREE).await;
    assert_eq!(added["item"]["entitlements"], json!([{ "source": "FREE" }]));
    // It costs something now; who has it keeps it.
    library.publish(FREE, 2, false, None).await;
    assert!(library.readable(READER, FREE).await);
    let late = library.add(OTHER, FREE).await;
    assert_eq!(late["item"]["isReadable"], false);
    // A book that nobody can find cannot be added.
    let unknown = library.add(READER, Uuid::from_u128(99)).await;
    assert_eq!(unknown["errors"][0]["code"], "NOT_FOUND");
}

#[tokio::test]
async fn a_withdrawn_book_stays_with_those_who_own_it() {
    let library = Library::new().await;
    let activated = SubscriptionActivated {
        subscription: library.subscription(READER, 1, 30),
    };
    library.tell(&activated).await;
    library.add(READER, BOOK).await;
    library.purchase(OTHER, BOOK, ORDER).await;
    let withdrawn = BookWithdrawn {
        book_id: BOOK,
        version: 2,
        deleted: false,
        ..BookWithdrawn::sample()
    };
    library.tell(&withdrawn).await;
    library
        .working("the end of the subscription's right", async || {
            !library.readable(READER, BOOK).await
        })
        .await;
    assert!(library.readable(OTHER, BOOK).await);
    let revoked = library.said("entitlement.revoked").await;
    assert_eq!(revoked.len(), 1);
    assert_eq!(revoked[0]["reason"], "WITHDRAWN");
    library
        .working("the end of the work", async || {
            let left = "SELECT count(*) AS number FROM books WHERE ending";
            library.number(left).await == 0
        })
        .await;
    // An older version that comes late puts nothing back.
    let old = BookUpdated {
        book: coko_core::events::catalog::BookState {
            book_id: BOOK,
            version: 1,
            ..BookPublished::sample().book
        },
    };
    library.tell(&old).await;
    let added = library.add(READER, BOOK).await;
    assert_eq!(added["item"]["isReadable"], false);
}

#[tokio::test]
async fn gifts_are_for_those_who_may_give() {
    let library = Library::new().await;
    let gift =
        "mutation($i: GiftBookInput!) { giftBook(input: $i) { book { id } errors { code } } }";
    let input = json!({ "i": { "bookId": BOOK, "userId": READER, "idempotencyKey": "g" } });
    let refused = library.reader(OTHER).run_with(gift, input.clone()).await;
    assert_eq!(refused.codes(), ["FORBIDDEN"]);
    let operator = library.client(OTHER, &["books:*"]);
    operator.run_with(gift, input.clone()).await.ok();
    operator.run_with(gift, input).await.ok();
    assert_eq!(sources(&library, READER, BOOK).await, ["GIFTED"]);
    assert_eq!(library.said("entitlement.granted").await.len(), 1);
}

#[tokio::test]
async fn whoever_leaves_leaves_nothing() {
    let library = Library::new().await;
    library.purchase(READER, BOOK, ORDER).await;
    let read = was_at(BOOK, 0.5, library.now());
    library.push(READER, PHONE, vec![read.clone()]).await;
    let gone = UserDeleted {
        user_id: READER,
        deleted_at: library.now(),
    };
    library.tell(&gone).await;
    for table in ["library_items", "entitlements", "progress"] {
        let sql = format!("SELECT count(*) AS number FROM {table}");
        assert_eq!(library.number(&sql).await, 0, "{table}");
    }
    // A token that outlives the account writes nothing.
    let input = json!({ "i": { "deviceId": PHONE, "changes": [read] } });
    let query = "mutation($i: PushChangesInput!) { pushChanges(input: $i) { serverTime } }";
    let answer = library.reader(READER).run_with(query, input).await;
    assert_eq!(answer.codes(), ["UNAUTHENTICATED"]);
    // A refund that comes late changes nothing.
    library.refund(READER, BOOK, ORDER).await;
    assert_eq!(
        library
            .number("SELECT count(*) AS number FROM entitlements")
            .await,
        0
    );
}
