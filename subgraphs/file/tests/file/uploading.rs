//! Bytes come in: by tus, in pieces, interrupted, repeated, and into both storages.

use axum::body::Body;
use axum::http::StatusCode;
use base64::Engine as _;
use bytes::Bytes;
use serde_json::json;
use sha2::{Digest as _, Sha256};

use crate::support::{
    EPUB, Service, announce, announced, complete, epub, link, look, try_announce,
};

/// Bytes that do not repeat, beginning as an EPUB does; large enough for several parts of a multipart upload.
fn large(length: usize) -> Vec<u8> {
    let mut bytes = epub();
    let mut seed = 7_u32;
    while bytes.len() < length {
        seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        bytes.extend_from_slice(&seed.to_le_bytes());
    }
    bytes.truncate(length);
    bytes
}

async fn resumable(service: Service) {
    let publisher = service.publisher();
    let bytes = large(15 << 20);
    let (id, url) = announce(&publisher, "EPUB", EPUB, &bytes).await;
    let nothing = service.tus("HEAD", &url, 0, Body::empty()).await;
    assert_eq!(nothing.status, StatusCode::OK);
    assert_eq!(nothing.header("upload-offset"), "0");
    assert_eq!(nothing.header("upload-length"), bytes.len().to_string());
    assert_eq!(nothing.header("cache-control"), "no-store");
    assert!(nothing.header("upload-expires").ends_with(" GMT"));

    // The connection breaks after six million bytes; what came stays.
    let before: Vec<Result<Bytes, std::io::Error>> = bytes[..6_000_000]
        .chunks(100_000)
        .map(|chunk| Ok(Bytes::copy_from_slice(chunk)))
        .chain([Err(std::io::Error::other("gone"))])
        .collect();
    let broken = Body::from_stream(futures::stream::iter(before));
    let answer = service.tus("PATCH", &url, 0, broken).await;
    assert_eq!(answer.status, StatusCode::REQUEST_TIMEOUT);
    let kept = service.tus("HEAD", &url, 0, Body::empty()).await;
    assert_eq!(kept.header("upload-offset"), "6000000");
    assert_eq!(look(&publisher, &id).await["upload"]["received"], 6_000_000);
    assert_eq!(
        complete(&publisher, &id).await["errors"][0]["code"],
        "INCOMPLETE"
    );

    // A client that is mistaken about the offset is told so, and nothing changes.
    for wrong in [0, 5_999_999, 6_000_001] {
        let answer = service.tus("PATCH", &url, wrong, Body::from("x")).await;
        assert_eq!(answer.status, StatusCode::CONFLICT);
    }
    let rest = Body::from(bytes[6_000_000..].to_vec());
    let answer = service.tus("PATCH", &url, 6_000_000, rest).await;
    assert_eq!(answer.status, StatusCode::NO_CONTENT, "{}", answer.json());
    assert_eq!(answer.header("upload-offset"), bytes.len().to_string());

    let payload = complete(&publisher, &id).await;
    assert_eq!(payload["file"]["status"], "PROCESSING", "{payload}");
    // Completing again says the same, and the pieces are gone for good once the sweeper was there.
    assert_eq!(complete(&publisher, &id).await, payload);
    service.work().await;
    assert_eq!(
        service
            .number("SELECT count(*) AS number FROM upload_parts")
            .await,
        0
    );
    assert_eq!(
        service
            .number("SELECT count(*) AS number FROM purges")
            .await,
        0
    );
    // It is not really a book: its archive is cut off by what was appended.
    assert_eq!(look(&publisher, &id).await["rejection"], "ARCHIVE_DAMAGED");
}

#[tokio::test]
async fn an_upload_goes_on_where_it_broke_off() {
    resumable(Service::new().await).await;
}

#[tokio::test]
async fn an_upload_goes_on_where_it_broke_off_in_a_bucket() {
    resumable(Service::on_bucket().await).await;
}

async fn whole(service: Service) {
    let publisher = service.publisher();
    let (id, bytes) = service.book().await;
    let file = look(&publisher, &id).await;
    assert_eq!(file["status"], "READY", "{file}");
    assert_eq!(file["mediaType"], EPUB);
    assert_eq!(file["sha256"], hex::encode(Sha256::digest(&bytes)));
    assert_eq!(file["publication"]["title"], "Le baobab");
    assert_eq!(file["publication"]["authors"], json!(["Awa Ndiaye"]));
    assert_eq!(file["contents"].as_array().unwrap().len(), 5);
    assert_eq!(file["findings"], json!([]));
    assert!(file["pageCount"].as_i64().unwrap() >= 5);
    assert_eq!(service.events().await, ["file.processed"]);
    let event = service.newest_event().await;
    assert_eq!(event["page_count"], file["pageCount"]);
    assert_eq!(event["public_url"], json!(null));
    let url = link(&publisher, &id).await;
    assert_eq!(service.get(&url, &[]).await.body, bytes);
}

#[tokio::test]
async fn what_was_sent_is_what_is_fetched() {
    whole(Service::new().await).await;
}

#[tokio::test]
async fn what_was_sent_is_what_is_fetched_in_a_bucket() {
    whole(Service::on_bucket().await).await;
}

#[tokio::test]
async fn the_protocol_is_tus() {
    let service = Service::new().await;
    let bytes = epub();
    let (id, url) = announce(&service.publisher(), "EPUB", EPUB, &bytes).await;
    let options = service.request("OPTIONS", &url, &[], Body::empty()).await;
    assert_eq!(options.status, StatusCode::NO_CONTENT);
    assert_eq!(options.header("tus-version"), "1.0.0");
    assert_eq!(
        options.header("tus-extension"),
        "checksum,expiration,termination"
    );
    assert_eq!(options.header("tus-checksum-algorithm"), "sha256");
    assert_eq!(options.header("access-control-allow-origin"), "*");

    let unversioned = service.request("HEAD", &url, &[], Body::empty()).await;
    assert_eq!(unversioned.status, StatusCode::PRECONDITION_FAILED);
    assert_eq!(unversioned.header("tus-version"), "1.0.0");
    let tus = ("tus-resumable", "1.0.0");
    let untyped = [tus, ("upload-offset", "0")];
    let answer = service
        .request("PATCH", &url, &untyped, Body::from("x"))
        .await;
    assert_eq!(answer.status, StatusCode::UNSUPPORTED_MEDIA_TYPE);
    let kind = ("content-type", "application/offset+octet-stream");
    let answer = service
        .request("PATCH", &url, &[tus, kind], Body::from("x"))
        .await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
    for header in ["crc32 AAAA", "sha256 AAAA", "sha256"] {
        let headers = [
            tus,
            kind,
            ("upload-offset", "0"),
            ("upload-checksum", header),
        ];
        let answer = service
            .request("PATCH", &url, &headers, Body::from("x"))
            .await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{header}");
    }

    // Bytes that were changed on the way are refused as a whole.
    let half = bytes.len() / 2;
    let digest = |bytes: &[u8]| {
        let digest = base64::engine::general_purpose::STANDARD.encode(Sha256::digest(bytes));
        format!("sha256 {digest}")
    };
    let checksum = digest(&bytes[..half]);
    let headers = [
        tus,
        kind,
        ("upload-offset", "0"),
        ("upload-checksum", &checksum),
    ];
    let changed = Body::from(bytes[1..=half].to_vec());
    let answer = service.request("PATCH", &url, &headers, changed).await;
    assert_eq!(answer.status.as_u16(), 460);
    assert_eq!(
        service
            .tus("HEAD", &url, 0, Body::empty())
            .await
            .header("upload-offset"),
        "0"
    );
    let answer = service
        .request("PATCH", &url, &headers, Body::from(bytes[..half].to_vec()))
        .await;
    assert_eq!(answer.status, StatusCode::NO_CONTENT);

    // More than was announced is too much, but what fits stays.
    let more = Body::from([&bytes[half..], b"more"].concat());
    let from = u64::try_from(half).unwrap();
    let answer = service.tus("PATCH", &url, from, more).await;
    assert_eq!(answer.status, StatusCode::PAYLOAD_TOO_LARGE);
    assert_eq!(
        complete(&service.publisher(), &id).await["errors"],
        json!([])
    );
    let late = service.tus("DELETE", &url, 0, Body::empty()).await;
    assert_eq!(late.status, StatusCode::FORBIDDEN);

    let forged = format!("{}A", &url[..url.len() - 1]);
    for gone in [forged.as_str(), "/uploads/x.y", "/uploads/%2e"] {
        let answer = service.tus("HEAD", gone, 0, Body::empty()).await;
        assert_eq!(answer.status, StatusCode::GONE, "{gone}");
    }
}

#[tokio::test]
async fn an_upload_is_given_up_or_forgotten() {
    let service = Service::new().await;
    let bytes = epub();
    let (id, url) = announce(&service.publisher(), "EPUB", EPUB, &bytes).await;
    service
        .tus("PATCH", &url, 0, Body::from(bytes[..100].to_vec()))
        .await;
    let ended = service.tus("DELETE", &url, 0, Body::empty()).await;
    assert_eq!(ended.status, StatusCode::NO_CONTENT);
    assert_eq!(
        service.tus("HEAD", &url, 0, Body::empty()).await.status,
        StatusCode::GONE
    );
    assert!(look(&service.publisher(), &id).await.is_null());

    let (_, url) = announce(&service.publisher(), "EPUB", EPUB, &bytes).await;
    service
        .tus("PATCH", &url, 0, Body::from(bytes[..100].to_vec()))
        .await;
    service
        .platform
        .platform
        .clock
        .advance(time::Duration::hours(49));
    assert_eq!(
        service.tus("HEAD", &url, 0, Body::empty()).await.status,
        StatusCode::GONE
    );
    service.work().await;
    assert_eq!(
        service.number("SELECT count(*) AS number FROM files").await,
        0
    );
    assert_eq!(
        service
            .number("SELECT count(*) AS number FROM purges")
            .await,
        0
    );
    let coko_file::config::StorageConfig::Folder(folder) = &service.config.storage else {
        panic!("a folder");
    };
    let left = std::fs::read_dir(folder).unwrap().count();
    assert_eq!(left, 0, "nothing is left over");
}

#[tokio::test]
async fn crumbs_are_refused_in_the_end() {
    let service = Service::new().await;
    let bytes = epub();
    let (_, url) = announce(&service.publisher(), "EPUB", EPUB, &bytes).await;
    for offset in 0..3 {
        let crumb = Body::from(bytes[offset..=offset].to_vec());
        let offset = u64::try_from(offset).unwrap();
        let answer = service.tus("PATCH", &url, offset, crumb).await;
        assert_eq!(answer.status, StatusCode::NO_CONTENT);
    }
    let parts = "SELECT parts::bigint AS number FROM files";
    assert_eq!(service.number(parts).await, 3);
    service.execute("UPDATE files SET parts = 20000").await;
    let answer = service.tus("PATCH", &url, 3, Body::from("x")).await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN);
    let message = answer.json()["message"].as_str().unwrap().to_owned();
    assert!(!message.starts_with("file-"), "{message}");
}

#[tokio::test]
async fn of_two_at_the_same_place_one_wins() {
    let service = Service::new().await;
    let bytes = epub();
    let (id, url) = announce(&service.publisher(), "EPUB", EPUB, &bytes).await;
    let send = || service.tus("PATCH", &url, 0, Body::from(bytes.clone()));
    let (one, other) = tokio::join!(send(), send());
    let mut statuses = [one.status.as_u16(), other.status.as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [204, 409]);
    assert_eq!(
        complete(&service.publisher(), &id).await["errors"],
        json!([])
    );
}

#[tokio::test]
async fn a_person_has_limits() {
    let service = Service::changed(|config| {
        config.limits.open_uploads = 2;
        config.limits.person_mib = 1;
    })
    .await;
    let publisher = service.publisher();
    let bytes = epub();
    announce(&publisher, "EPUB", EPUB, &bytes).await;
    let mut large = announced("EPUB", EPUB, &bytes);
    large["byteSize"] = json!(1 << 20);
    let payload = try_announce(&publisher, large).await;
    assert_eq!(payload["errors"][0]["code"], "QUOTA_EXCEEDED");
    announce(&publisher, "EPUB", EPUB, &bytes).await;
    let payload = try_announce(&publisher, announced("EPUB", EPUB, &bytes)).await;
    assert_eq!(payload["errors"][0]["code"], "TOO_MANY_OPEN");
}
