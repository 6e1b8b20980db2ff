//! What is not accepted, and the code that says why: each guard against a file that was made to harm.

use std::io::Cursor;

use lopdf::{Document, Object, dictionary};
use serde_json::{Value, json};
use zip::write::SimpleFileOptions;

use crate::support::{EPUB, Service, archive, epub, look};

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

const CONTAINER: &[u8] = br#"<container xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles><rootfile full-path="p.opf"/></rootfiles></container>"#;
const PACKAGE: &[u8] = br#"<package xmlns="http://www.idpf.org/2007/opf" version="3.0"><manifest>
    <item id="a" href="a.xhtml" media-type="application/xhtml+xml"/><item id="s" href="s.smil" media-type="application/smil+xml"/>
    </manifest><spine><itemref idref="a"/></spine></package>"#;
const PAGE: &[u8] = b"<html><body><p>x</p></body></html>";
const OVERLAY: &[u8] = br#"<smil><body><par><text src="a.xhtml#x"/></par></body></smil>"#;

/// A small book, with one of its files replaced by `with`, and one more where there is no such file.
fn book(name: &str, with: &[u8]) -> Vec<u8> {
    let mut entries = vec![
        ("META-INF/container.xml", CONTAINER),
        ("p.opf", PACKAGE),
        ("a.xhtml", PAGE),
        ("s.smil", OVERLAY),
    ];
    match entries.iter_mut().find(|(known, _)| *known == name) {
        Some(entry) => entry.1 = with,
        None => entries.push((name, with)),
    }
    archive(&entries)
}

#[tokio::test]
async fn books_that_were_made_to_harm() {
    let service = Service::changed(|config| config.content.unpacked_mib = 64).await;
    let check = async |bytes: Vec<u8>| outcome(&service, "EPUB", EPUB, &bytes).await;
    assert_eq!(check(book("extra.txt", b"x")).await, "READY");

    let laughs = b"<!DOCTYPE html [<!ENTITY a \"ha\"><!ENTITY b \"&a;&a;&a;\">]><html><body>&b;</body></html>";
    assert_eq!(check(book("a.xhtml", laughs)).await, "XML_ENTITIES");
    assert_eq!(check(book("p.opf", laughs)).await, "XML_ENTITIES");
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
    // One byte of a packed chapter is changed: its CRC no longer holds.
    let mut damaged = book("long.txt", b"abcdefghijklmnopqrstuvwxyz0123456789");
    let at = damaged
        .windows(8)
        .position(|window| window == b"long.txt")
        .unwrap()
        + 20;
    damaged[at] ^= 0x55;
    assert_eq!(check(damaged).await, "ARCHIVE_DAMAGED");

    let names: Vec<String> = (0..20_000).map(|number| format!("{number}.txt")).collect();
    let many: Vec<(&str, &[u8])> = names.iter().map(|name| (name.as_str(), &b""[..])).collect();
    assert_eq!(check(archive(&many)).await, "TOO_MANY_ENTRIES");

    // The same with a comment that looks like the end of an archive with one entry.
    let mut hidden = archive(&many);
    let comment = [&b"PK\x05\x06\0\0\0\0\x01\0\x01\0"[..], &[0xff; 12]].concat();
    let length = hidden.len() - 2;
    hidden[length..].copy_from_slice(&u16::try_from(comment.len()).unwrap().to_le_bytes());
    hidden.extend(comment);
    assert_eq!(check(hidden).await, "TOO_MANY_ENTRIES");

    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let stored = SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
    zip.start_file("mimetype", stored).unwrap();
    std::io::Write::write_all(&mut zip, EPUB.as_bytes()).unwrap();
    zip.add_symlink("link", "/etc/passwd", SimpleFileOptions::default())
        .unwrap();
    assert_eq!(
        check(zip.finish().unwrap().into_inner()).await,
        "SYMBOLIC_LINK"
    );

    // Bit 0 of the general purpose flags, in both headers of the last entry, says that it is encrypted.
    let mut encrypted = book("secret.txt", b"x");
    for (signature, flags) in [(b"PK\x03\x04", 6), (b"PK\x01\x02", 8)] {
        let at = encrypted
            .windows(4)
            .rposition(|window| window == signature)
            .unwrap();
        encrypted[at + flags] |= 1;
    }
    assert_eq!(check(encrypted).await, "ENCRYPTED");
}

/// A PDF whose page tree is what `kids` makes of the ids of its root and its one page.
fn pdf(kids: impl Fn((u32, u16), (u32, u16)) -> Vec<Object>) -> Vec<u8> {
    let mut document = Document::with_version("1.5");
    let root = document.new_object_id();
    let page = document.add_object(dictionary! { "Type" => "Page", "Parent" => root });
    let tree = dictionary! { "Type" => "Pages", "Kids" => kids(root, page), "Count" => 7000 };
    document.objects.insert(root, Object::Dictionary(tree));
    let catalog = document.add_object(dictionary! { "Type" => "Catalog", "Pages" => root });
    let info = document.add_object(dictionary! { "Title" => Object::string_literal("Le fleuve") });
    document.trailer.set("Root", catalog);
    document.trailer.set("Info", info);
    let mut bytes = Vec::new();
    document.save_to(&mut bytes).unwrap();
    bytes
}

#[tokio::test]
async fn documents_that_go_in_circles() {
    let service = Service::new().await;
    let check = async |bytes: Vec<u8>| outcome(&service, "PDF", "application/pdf", &bytes).await;
    assert_eq!(check(pdf(|root, _| vec![root.into()])).await, "PDF_LOOP");
    assert_eq!(
        check(pdf(|_, page| vec![page.into(), page.into()])).await,
        "PDF_LOOP"
    );
    assert_eq!(check(pdf(|_, _| Vec::new())).await, "PDF_DAMAGED");
    assert_eq!(
        check(b"%PDF-1.7\nnothing of the kind".to_vec()).await,
        "PDF_DAMAGED"
    );

    let client = service.publisher();
    let sound = pdf(|_, page| vec![page.into()]);
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

/// The beginning of a PNG that claims this many pixels, with the right checksum.
fn png(width: u32, height: u32) -> Vec<u8> {
    let mut header = b"IHDR".to_vec();
    header.extend(width.to_be_bytes());
    header.extend(height.to_be_bytes());
    header.extend([8, 2, 0, 0, 0]);
    let mut crc = flate2::Crc::new();
    crc.update(&header);
    let mut bytes = b"\x89PNG\r\n\x1a\n\0\0\0\x0d".to_vec();
    bytes.extend(header);
    bytes.extend(crc.sum().to_be_bytes());
    // An empty IDAT and the end, so that a decoder gets as far as the pixels.
    for kind in [b"IDAT", b"IEND"] {
        let mut crc = flate2::Crc::new();
        crc.update(kind);
        bytes.extend([0; 4]);
        bytes.extend(kind);
        bytes.extend(crc.sum().to_be_bytes());
    }
    bytes
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
