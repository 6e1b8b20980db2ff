//! What is not accepted, and the code that says why: each guard against a file that was made to harm.

use serde_json::{Value, json};

use crate::hostile::{
    EPUB, LAUGHS, archive, book, damaged, encrypted, hidden, linked, many, page_tree, png,
};
use crate::support::{Service, epub, look};

/// What becomes of a file: `READY`, or the reason of its rejection.
async fn outcome(service: &Service, kind: &str, media_type: &str, bytes: &[u8]) -> Value {
    let client = service.publisher();
    let payload = service.upload(&client, kind, media_type, bytes).await;
    if payload["errors"] != json!([]) {
        return payload["errors"][0]["code"].clone();
    }
    service.work().await;
    let file = look(&client, payload["file"]["id"].as_str().unwrap()).await;
    match &file["rejection"] {
        Value::Null => file["status"].clone(),
        reason => reason.clone(),
    }
}

#[tokio::test]
async fn books_that_were_made_to_harm() {
    let service = Service::changed(|config| config.content.unpacked_mib = 64).await;
    let check = async |bytes: Vec<u8>| outcome(&service, "EPUB", EPUB, &bytes).await;
    assert_eq!(check(book("extra.txt", b"x")).await, "READY");

    assert_eq!(check(book("a.xhtml", LAUGHS)).await, "XML_ENTITIES");
    assert_eq!(check(book("p.opf", LAUGHS)).await, "XML_ENTITIES");
    assert_eq!(
        check(book("a.xhtml", b"<html><body>")).await,
        "XML_MALFORMED"
    );
    assert_eq!(
        check(book("a.xhtml", b"<html>\xff</html>")).await,
        "XML_MALFORMED"
    );
    for overlay in [
        &br#"<smil><body><par><audio src="http://evil.example/x.mp3"/></par></body></smil>"#[..],
        br#"<smil><body><par><text src="../../etc/passwd"/></par></body></smil>"#,
        br#"<smil><body><seq textref="file:///etc/passwd"/></body></smil>"#,
    ] {
        assert_eq!(check(book("s.smil", overlay)).await, "SMIL_UNSAFE");
    }
    for name in ["../outside.txt", "/etc/passwd", "a/../../x", "C:\\x"] {
        assert_eq!(check(book(name, b"x")).await, "UNSAFE_PATH", "{name}");
    }
    let zeros = vec![0; 4 << 20];
    assert_eq!(check(book("bomb.bin", &zeros)).await, "ZIP_BOMB");
    // Together too much, one by one plausible.
    let noise: Vec<u8> = (0..2_u32 << 20)
        .flat_map(|n| (n / 64).wrapping_mul(2_654_435_761).to_le_bytes())
        .collect();
    let entries: Vec<(String, &[u8])> = (0..9).map(|n| (format!("{n}.bin"), &noise[..])).collect();
    let entries: Vec<(&str, &[u8])> = entries
        .iter()
        .map(|(name, bytes)| (name.as_str(), *bytes))
        .collect();
    assert_eq!(check(archive(&entries)).await, "ZIP_BOMB");
    assert_eq!(check(archive(&[])).await, "NOT_AN_EPUB");
    assert_eq!(
        check(book("META-INF/container.xml", b"<container/>")).await,
        "NOT_AN_EPUB"
    );
    let nothing = br#"<package version="3.0"><manifest/><spine/></package>"#;
    assert_eq!(check(book("p.opf", nothing)).await, "NO_READING_ORDER");
    let missing = br#"<package version="3.0"><manifest><item id="x" href="gone.xhtml"/></manifest><spine><itemref idref="x"/></spine></package>"#;
    assert_eq!(check(book("p.opf", missing)).await, "MISSING_RESOURCE");
    let protected = br#"<encryption><EncryptedData><CipherData><CipherReference URI="a.xhtml"/></CipherData></EncryptedData></encryption>"#;
    assert_eq!(
        check(book("META-INF/encryption.xml", protected)).await,
        "ENCRYPTED"
    );
}

#[tokio::test]
async fn archives_that_lie() {
    let service = Service::new().await;
    let check = async |bytes: Vec<u8>| outcome(&service, "EPUB", EPUB, &bytes).await;
    let whole = epub();
    for end in [whole.len() / 3, whole.len() - 30, 60] {
        assert_eq!(
            check(whole[..end].to_vec()).await,
            "ARCHIVE_DAMAGED",
            "{end}"
        );
    }
    assert_eq!(check(damaged()).await, "ARCHIVE_DAMAGED");
    assert_eq!(check(many(20_000)).await, "TOO_MANY_ENTRIES");
    assert_eq!(check(hidden(20_000)).await, "TOO_MANY_ENTRIES");
    assert_eq!(check(linked()).await, "SYMBOLIC_LINK");
    assert_eq!(check(encrypted()).await, "ENCRYPTED");
}

#[tokio::test]
async fn documents_that_go_in_circles() {
    let service = Service::new().await;
    let check = async |bytes: Vec<u8>| outcome(&service, "PDF", "application/pdf", &bytes).await;
    assert_eq!(
        check(page_tree(|root, _| vec![root.into()])).await,
        "PDF_LOOP"
    );
    assert_eq!(
        check(page_tree(|_, page| vec![page.into(), page.into()])).await,
        "PDF_LOOP"
    );
    assert_eq!(check(page_tree(|_, _| Vec::new())).await, "PDF_DAMAGED");
    assert_eq!(
        check(b"%PDF-1.7\nnothing of the kind".to_vec()).await,
        "PDF_DAMAGED"
    );

    let client = service.publisher();
    let sound = page_tree(|_, page| vec![page.into()]);
    let id = service
        .processed(&client, "PDF", "application/pdf", &sound)
        .await;
    let file = look(&client, &id).await;
    assert_eq!(
        (&file["status"], &file["pageCount"]),
        (&json!("READY"), &json!(1))
    );
    assert_eq!(file["publication"]["title"], "Le fleuve");
}

#[tokio::test]
async fn pictures_that_are_too_much() {
    let service = Service::new().await;
    let check = async |bytes: Vec<u8>| outcome(&service, "COVER", "image/png", &bytes).await;
    assert_eq!(check(png(30_000, 30_000)).await, "TOO_MANY_PIXELS");
    assert_eq!(check(png(u32::MAX >> 1, 1)).await, "TOO_MANY_PIXELS");
    assert_eq!(check(png(100, 100)).await, "IMAGE_DAMAGED");
    assert_eq!(check(epub()).await, "TYPE_MISMATCH");
    let html = b"<html><script>alert(1)</script></html>".to_vec();
    assert_eq!(check(html).await, "TYPE_MISMATCH");
}

#[tokio::test]
async fn a_rejection_is_explained_and_announced() {
    let service = Service::new().await;
    let client = service.publisher();
    let bomb = book("bomb.bin", &vec![0; 4 << 20]);
    let id = service.processed(&client, "EPUB", EPUB, &bomb).await;
    let english = look(&client, &id).await["rejectionMessage"].clone();
    let french = look(&client.with_language("fr"), &id).await["rejectionMessage"].clone();
    assert!(english.as_str().unwrap().contains("unpacks"), "{english}");
    assert!(french.as_str().unwrap().contains("décompresse"), "{french}");
    assert_eq!(service.events().await, ["file.rejected"]);
    assert_eq!(service.newest_event().await["reason"], "ZIP_BOMB");
    let refused = crate::support::try_link(&client, &id).await;
    assert_eq!(
        refused.ok()["createDownload"]["errors"][0]["code"],
        "NOT_READY"
    );
    // A rejected file is not counted, and its bytes are gone.
    assert_eq!(
        service
            .number("SELECT count(*) AS number FROM purges")
            .await,
        0
    );
}

#[tokio::test]
async fn a_book_with_faults_is_reported_on() {
    let service = Service::new().await;
    let client = service.publisher();
    let id = service
        .processed(&client, "EPUB", EPUB, &book("left.txt", b"x"))
        .await;
    let file = look(&client, &id).await;
    assert_eq!(file["status"], "READY");
    let codes: Vec<&str> = file["findings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|finding| finding["code"].as_str().unwrap())
        .collect();
    assert_eq!(
        codes,
        [
            "empty-contents",
            "missing-identifier",
            "missing-language",
            "missing-navigation",
            "missing-title",
            "missing-cover",
            "missing-modified",
            "unlisted-resource"
        ]
    );
    for finding in file["findings"].as_array().unwrap() {
        let message = finding["message"].as_str().unwrap();
        assert!(!message.starts_with("file-finding"), "{message}");
    }
}
