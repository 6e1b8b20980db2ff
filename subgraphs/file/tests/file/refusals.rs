//! Inputs that are not accepted, and callers who may not.

use serde_json::{Value, json};

use crate::support::{EPUB, PUBLISHER, Service, announce, announced, complete, epub, try_announce};

#[tokio::test]
async fn inputs_are_checked_all_at_once() {
    let service = Service::new().await;
    let publisher = service.publisher();
    let input = json!({ "kind": "COVER", "name": "../", "mediaType": "text/html", "byteSize": 0, "sha256": "x" });
    let payload = try_announce(&publisher, input).await;
    let errors: Vec<(&str, &str)> = payload["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|error| {
            (
                error["field"].as_str().unwrap(),
                error["code"].as_str().unwrap(),
            )
        })
        .collect();
    assert_eq!(
        errors,
        [
            ("name", "INVALID_NAME"),
            ("mediaType", "INVALID_TYPE"),
            ("byteSize", "EMPTY"),
            ("sha256", "INVALID_DIGEST"),
            ("bookId", "BOOK_REQUIRED"),
        ]
    );
    let mut large = announced("COVER", "image/png", b"x");
    large["byteSize"] = json!((10 << 20) + 1);
    let payload = try_announce(&publisher.with_language("fr"), large).await;
    assert_eq!(payload["errors"][0]["code"], "TOO_LARGE");
    let message = payload["errors"][0]["message"].as_str().unwrap();
    assert!(
        message.contains("10") && message.contains("Mio"),
        "{message}"
    );
    let mut avatar = announced("AVATAR", "image/png", b"x");
    avatar["bookId"] = json!(PUBLISHER);
    let payload = try_announce(&publisher, avatar).await;
    assert_eq!(payload["errors"][0]["code"], "BOOK_NOT_ALLOWED");
}

#[tokio::test]
async fn rights_are_asked_for() {
    let service = Service::new().await;
    let document =
        "mutation($i: CreateUploadInput!) { createUpload(input: $i) { errors { code } } }";
    let book = json!({ "i": announced("EPUB", EPUB, &epub()) });
    let reader = service.reader().run_with(document, book.clone()).await;
    assert_eq!(reader.codes(), ["FORBIDDEN"]);
    let guest = service.guest().run_with(document, book).await;
    assert_eq!(guest.codes(), ["UNAUTHENTICATED"]);
    let avatar = json!({ "i": announced("AVATAR", "image/png", b"x") });
    let reader = service.reader().run_with(document, avatar).await;
    assert_eq!(reader.ok()["createUpload"]["errors"], json!([]));
    assert_eq!(
        service
            .guest()
            .run("{ myFiles { nodes { id } } }")
            .await
            .codes(),
        ["UNAUTHENTICATED"]
    );

    // What is somebody else's answers like what is not there.
    let (id, _) = announce(&service.publisher(), "EPUB", EPUB, &epub()).await;
    assert_eq!(
        complete(&service.reader(), &id).await["errors"][0]["code"],
        "NOT_FOUND"
    );
    let delete =
        "mutation($i: DeleteFileInput!) { deleteFile(input: $i) { deletedId errors { code } } }";
    let input = json!({ "i": { "id": id } });
    let stranger = service.reader().run_with(delete, input.clone()).await;
    assert_eq!(
        stranger.ok()["deleteFile"]["errors"][0]["code"],
        "NOT_FOUND"
    );
    let own = service.publisher().run_with(delete, input).await;
    assert_eq!(own.ok()["deleteFile"]["deletedId"], id);
    assert_eq!(
        complete(&service.publisher(), "nonsense").await["errors"][0]["code"],
        "NOT_FOUND"
    );
}

#[tokio::test]
async fn ones_own_files_come_in_pages() {
    let service = Service::new().await;
    let publisher = service.publisher();
    let mut ids = Vec::new();
    for _ in 0..5 {
        ids.insert(0, announce(&publisher, "EPUB", EPUB, &epub()).await.0);
        service
            .platform
            .platform
            .clock
            .advance(time::Duration::seconds(1));
    }
    let document = "query($a: String) { myFiles(first: 2, after: $a, status: PENDING) { nodes { id } pageInfo { hasNextPage endCursor } } }";
    let (mut found, mut cursor) = (Vec::new(), Value::Null);
    loop {
        let answer = publisher.run_with(document, json!({ "a": cursor })).await;
        let page = answer.ok()["myFiles"].clone();
        found.extend(
            page["nodes"]
                .as_array()
                .unwrap()
                .iter()
                .map(|node| node["id"].as_str().unwrap().to_owned()),
        );
        if page["pageInfo"]["hasNextPage"] == json!(false) {
            break;
        }
        cursor = page["pageInfo"]["endCursor"].clone();
    }
    assert_eq!(found, ids);
}
