//! Who sees what: one's own, and what others share.

use coko_core::testkit::TokenFor;
use serde_json::{Value, json};

use crate::support::{
    BOOK, Library, ORDER, OTHER, PHONE, READER, entity, highlight, text, v7, was_at,
};

#[tokio::test]
async fn a_reader_s_own_is_nobody_else_s() {
    let library = Library::new().await;
    library.purchase(READER, BOOK, ORDER).await;
    let (now, note) = (library.now(), v7(1));
    library
        .push(
            READER,
            PHONE,
            vec![highlight(note, BOOK, "secret", now), was_at(BOOK, 0.5, now)],
        )
        .await;
    let whole = "inMyLibrary minutesLeft myProgress { current { id } } myLibraryItem { status }
        myAnnotations { nodes { id } }";
    let own = entity(&library.reader(READER), "Book", BOOK, whole).await;
    assert_eq!(own["inMyLibrary"], true);
    let place = own["myProgress"]["current"]["id"].clone();
    let nothing = json!({
        "inMyLibrary": false, "minutesLeft": null, "myProgress": null, "myLibraryItem": null,
        "myAnnotations": { "nodes": [] },
    });
    for client in [
        library.reader(OTHER),
        library.guest(),
        // An operator does not read other people's notes.
        library.client(OTHER, &["reading:*", "users:*", "system:*", "books:*"]),
        // A token of the reader's that was narrowed to something else.
        library.client(READER, &["books:read"]),
    ] {
        let mut seen = entity(&client, "Book", BOOK, whole).await;
        seen["minutesLeft"] = Value::Null;
        assert_eq!(seen, nothing);
        assert_eq!(
            entity(&client, "Annotation", note, "note").await,
            Value::Null
        );
        let place = place.as_str().unwrap().parse().unwrap();
        assert_eq!(
            entity(&client, "ReadingProgress", place, "progression").await,
            Value::Null
        );
        let fields = "library { nodes { status } } readingStats { minutes }";
        let user = entity(&client, "User", READER, fields).await;
        assert_eq!(user, json!({ "library": null, "readingStats": null }));
    }
    let fields = "library { nodes { status } } readingStats { minutes }";
    let user = entity(&library.reader(READER), "User", READER, fields).await;
    assert_eq!(user["library"]["nodes"][0]["status"], "READING");
    assert_eq!(user["readingStats"]["minutes"], 0);
}

#[tokio::test]
async fn what_is_shared_is_seen_and_said_once() {
    let library = Library::new().await;
    let (now, note) = (library.now(), v7(1));
    let mut marked = highlight(note, BOOK, "See here", now);
    marked["annotation"]["quote"] = json!("mot ".repeat(200));
    library.push(READER, PHONE, vec![marked]).await;
    let share = |privacy: &str, after| {
        let annotation =
            json!({ "id": note, "bookId": BOOK, "kind": "HIGHLIGHT", "privacy": privacy });
        json!({ "at": text(now + time::Duration::seconds(after)), "annotation": annotation })
    };
    for (privacy, after) in [("PUBLIC", 1), ("PRIVATE", 2), ("PUBLIC", 3)] {
        library
            .push(READER, PHONE, vec![share(privacy, after)])
            .await;
    }
    assert_eq!(library.said("annotation.shared").await.len(), 1);
    let fields = "note quote user { id }";
    let seen = entity(&library.guest(), "Annotation", note, fields).await;
    assert_eq!(seen["note"], "See here");
    assert_eq!(seen["user"]["id"], json!(READER));
    // Others see the beginning of a long passage, the owner all of it.
    assert!(seen["quote"].as_str().unwrap().chars().count() <= 301);
    let own = entity(&library.reader(READER), "Annotation", note, fields).await;
    assert_eq!(own["quote"].as_str().unwrap().chars().count(), 799);
    library.push(READER, PHONE, vec![share("PRIVATE", 4)]).await;
    assert_eq!(
        entity(&library.guest(), "Annotation", note, fields).await,
        Value::Null
    );
}

/// Every root field, as a guest, with a token that has no right to it, and with one that has.
#[tokio::test]
async fn every_field_asks_who_is_there() {
    let library = Library::new().await;
    let id = json!(BOOK);
    let calls = [
        ("query", "changes { nodes { __typename } }".to_owned()),
        ("query", "offlineLicenses { id }".to_owned()),
        (
            "query",
            format!("exportNotes(bookId: {id}, format: MARKDOWN) {{ errors {{ code }} }}"),
        ),
        (
            "mutation",
            format!("addToLibrary(input: {{ bookId: {id} }}) {{ errors {{ code }} }}"),
        ),
        (
            "mutation",
            format!(
                "setReadingStatus(input: {{ bookId: {id}, status: READ }}) {{ errors {{ code }} }}"
            ),
        ),
        (
            "mutation",
            format!("removeFromLibrary(input: {{ bookId: {id} }}) {{ errors {{ code }} }}"),
        ),
        (
            "mutation",
            format!(
                "issueOfflineLicense(input: {{ bookId: {id}, deviceId: {id}, deviceName: \"d\" }}) {{ errors {{ code }} }}"
            ),
        ),
        (
            "mutation",
            format!("releaseOfflineDevice(input: {{ deviceId: {id} }}) {{ errors {{ code }} }}"),
        ),
        (
            "mutation",
            format!(
                "pushChanges(input: {{ deviceId: {id}, changes: [] }}) {{ errors {{ code }} }}"
            ),
        ),
    ];
    let partner = library.platform.token(&TokenFor::Partner {
        partner: "acme",
        client: "web",
        rights: vec!["reading:*"],
    });
    for (kind, call) in calls {
        let document = format!("{kind} {{ {call} }}");
        let codes = async |client: coko_core::testkit::GraphqlClient| {
            let answer = client.run(&document).await;
            answer
                .codes()
                .into_iter()
                .map(str::to_owned)
                .collect::<Vec<_>>()
        };
        assert_eq!(codes(library.guest()).await, ["UNAUTHENTICATED"], "{call}");
        let partner = library.guest().with_token(partner.clone());
        assert_eq!(codes(partner).await, ["UNAUTHENTICATED"], "{call}");
        let narrow = library.client(READER, &["books:read"]);
        assert_eq!(codes(narrow).await, ["FORBIDDEN"], "{call}");
        assert_eq!(
            codes(library.reader(READER)).await,
            Vec::<String>::new(),
            "{call}"
        );
    }
}
