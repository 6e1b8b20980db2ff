//! How much memory it takes: a large upload, a large picture, a large book, each in a process of its own under nextest.

use axum::body::Body;
use bytes::Bytes;
use coko_file::config::ContentLimits;
use coko_file::process;
use sha2::{Digest as _, Sha256};

use crate::support::{EPUB, Service, archive, complete, try_announce};

/// The most memory that this process ever had, in MiB.
fn peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status
        .lines()
        .find(|line| line.starts_with("VmHWM:"))
        .unwrap();
    let kib: u64 = line.split_whitespace().nth(1).unwrap().parse().unwrap();
    kib / 1024
}

fn chunk(number: u64) -> Bytes {
    let mut seed = number | 1;
    (0..1 << 17)
        .flat_map(|_| {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            seed.to_le_bytes()
        })
        .collect()
}

#[tokio::test]
async fn an_upload_is_never_held_in_memory() {
    const CHUNKS: u64 = 160;
    let service = Service::new().await;
    let client = service.publisher();
    let mut digest = Sha256::new();
    for number in 0..CHUNKS {
        digest.update(chunk(number));
    }
    let input = serde_json::json!({
        "kind": "EPUB", "name": "x.epub", "mediaType": EPUB, "byteSize": CHUNKS << 20,
        "sha256": hex::encode(digest.finalize()), "bookId": crate::support::BOOK,
    });
    let announced = try_announce(&client, input).await;
    let before = peak();
    let stream =
        futures::stream::iter((0..CHUNKS).map(|number| Ok::<_, std::io::Error>(chunk(number))));
    let url = announced["uploadUrl"].as_str().unwrap();
    let sent = service
        .tus("PATCH", url, 0, Body::from_stream(stream))
        .await;
    assert_eq!(sent.status, 204, "{}", sent.json());
    let id = announced["file"]["id"].as_str().unwrap();
    let completed = complete(&client, id).await;
    assert_eq!(
        completed["errors"][0]["code"], "TYPE_MISMATCH",
        "{completed}"
    );
    let grown = peak() - before;
    println!(
        "an upload of {CHUNKS} MiB of another type, TYPE_MISMATCH: {grown} MiB more, {} MiB in all",
        peak()
    );
    assert!(grown < 64, "{grown} MiB");
}

#[test]
fn a_picture_takes_what_its_pixels_take() {
    let mut bytes = std::io::Cursor::new(Vec::new());
    // 24 million pixels, the most that is accepted.
    image::RgbImage::new(6000, 4000)
        .write_to(&mut bytes, image::ImageFormat::Png)
        .unwrap();
    let before = peak();
    let sizes = process::image::sizes(bytes.get_ref(), &ContentLimits::default()).unwrap();
    assert_eq!(sizes.len(), 3);
    println!(
        "a picture of 24 megapixels: {} MiB more, {} MiB in all",
        peak() - before,
        peak()
    );
    assert!(peak() < 512, "{} MiB", peak());
}

#[test]
fn a_book_takes_a_document_at_a_time() {
    // A hundred resources of a megabyte: a hundred million bytes unpacked.
    let noise = chunk(9);
    let names: Vec<String> = (0..100).map(|number| format!("{number}.bin")).collect();
    let entries: Vec<(&str, &[u8])> = names
        .iter()
        .map(|name| (name.as_str(), &noise[..]))
        .collect();
    let file = tempfile::tempfile().unwrap();
    std::io::Write::write_all(&mut &file, &archive(&entries)).unwrap();
    let before = peak();
    let outcome = process::process(file, EPUB, &ContentLimits::default());
    assert!(outcome.is_err(), "it has no container");
    let grown = peak() - before;
    println!("a book of 100 MiB: {grown} MiB more, {} MiB in all", peak());
    assert!(grown < 32, "{grown} MiB");
}
