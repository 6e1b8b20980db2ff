//! Settings that do not work, and what comes with time.

use coko_core::config::Secret;
use coko_core::testkit::{TestDatabase, TestPlatform};
use coko_notification::config::{FcmConfig, ServiceAccountConfig};
use coko_notification::{BuildError, Config};
use serde_json::json;
use time::Duration;

use crate::support::{Office, READER, TOKEN, paid};

#[tokio::test]
async fn what_is_old_goes_and_the_log_has_its_months() {
    let office = Office::new().await;
    office.register(READER).await;
    office.register_device(READER, TOKEN).await;
    office.tell(&paid(READER, 1)).await;
    office.arrived(TOKEN, 1).await;
    let months =
        "SELECT count(*)::text AS line FROM pg_inherits WHERE inhparent = 'attempts'::regclass";
    office
        .eventually("partitions of the months to come", async || {
            let found: i32 = office.lines(months).await[0].parse().unwrap();
            found >= 5
        })
        .await;
    // Another process of the service sweeps when it starts, a year later.
    office.advance(Duration::days(365));
    let config: Config = serde_json::from_value(json!({
        "database_url": office.database.url,
        "column_keys": "1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
        "lookup_key": "a lookup key of the tests, 32+ characters",
    }))
    .unwrap();
    let service = coko_notification::build(&office.platform.platform, config)
        .await
        .unwrap();
    let stop = tokio_util::sync::CancellationToken::new();
    let _guard = stop.clone().drop_guard();
    for task in service
        .tasks
        .iter()
        .filter(|task| task.name() == "old notifications")
    {
        tokio::spawn(task.run(stop.clone()));
    }
    for table in ["notifications", "deliveries", "delivery_items", "devices"] {
        office
            .eventually(table, async || {
                let sql = format!("SELECT count(*)::text AS line FROM {table}");
                office.lines(&sql).await == ["0"]
            })
            .await;
    }
}

#[tokio::test]
async fn keys_that_are_none_are_refused_before_anything_runs() {
    let database = TestDatabase::new("notification", || coko_notification::MIGRATIONS).await;
    let platform = TestPlatform::new();
    let config = || -> Config {
        serde_json::from_value(json!({
            "database_url": database.url,
            "column_keys": "1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
            "lookup_key": "a lookup key of the tests, 32+ characters",
            "sendgrid": { "api_key": "SG.x", "from": "noreply@coko.example", "public_key": "AAAA" },
            "twilio": { "account_sid": "AC", "auth_token": "x", "from": 22_177_000_000_u64 },
        }))
        .unwrap()
    };
    let with_sender = config();
    assert_eq!(with_sender.twilio.as_ref().unwrap().from, "+22177000000");
    let refused = coko_notification::build(&platform.platform, with_sender).await;
    assert!(matches!(refused, Err(BuildError::PublicKey)));
    let with_account = Config {
        sendgrid: None,
        fcm: Some(FcmConfig {
            base_url: "https://fcm.example".parse().unwrap(),
            project_id: "coko".to_owned(),
            service_account: Some(ServiceAccountConfig {
                client_email: "coko@coko.example".to_owned(),
                private_key: Secret::new("no key"),
                token_uri: "https://token.example".parse().unwrap(),
            }),
            metadata_url: "http://metadata.example".parse().unwrap(),
        }),
        ..config()
    };
    let refused = coko_notification::build(&platform.platform, with_account).await;
    assert!(matches!(refused, Err(BuildError::PrivateKey)));
}
