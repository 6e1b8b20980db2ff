//! Workers that are killed, and files that nobody can process.

use serde_json::json;

use crate::support::{EPUB, Service, epub, look};

#[tokio::test]
async fn a_job_whose_worker_died_is_taken_over() {
    let service = Service::new().await;
    let client = service.publisher();
    let payload = service.upload(&client, "EPUB", EPUB, &epub()).await;
    let id = payload["file"]["id"].as_str().unwrap();
    // As a worker leaves it that is killed in the middle.
    service
        .execute("UPDATE jobs SET lease = gen_random_uuid(), attempts = 1, next_at = timestamptz '2027-01-15 12:01:00Z'")
        .await;
    service.work().await;
    assert_eq!(look(&client, id).await["status"], "PROCESSING");
    service
        .platform
        .platform
        .clock
        .advance(time::Duration::seconds(61));
    service.work().await;
    assert_eq!(look(&client, id).await["status"], "READY");
    assert_eq!(service.events().await, ["file.processed"]);
    assert_eq!(
        service.number("SELECT count(*) AS number FROM jobs").await,
        0
    );
}

#[tokio::test]
async fn a_file_that_kills_every_worker_is_rejected_in_the_end() {
    let service = Service::new().await;
    let client = service.publisher();
    let payload = service.upload(&client, "EPUB", EPUB, &epub()).await;
    let id = payload["file"]["id"].as_str().unwrap();
    service.execute("UPDATE jobs SET attempts = 5").await;
    service.work().await;
    let file = look(&client, id).await;
    assert_eq!(file["rejection"], "PROCESSING_FAILED");
    assert_eq!(service.events().await, ["file.rejected"]);
}

#[tokio::test]
async fn two_workers_process_a_file_once() {
    let service = Service::new().await;
    let client = service.publisher();
    for _ in 0..3 {
        let payload = service.upload(&client, "EPUB", EPUB, &epub()).await;
        assert_eq!(payload["errors"], json!([]));
    }
    tokio::join!(service.work(), service.work());
    assert_eq!(service.events().await, ["file.processed"; 3]);
}
