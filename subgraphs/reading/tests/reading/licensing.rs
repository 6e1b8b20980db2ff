//! Licences to read offline.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use coko_core::events::payment::{SubscriptionActivated, SubscriptionExpired};
use ed25519_dalek::{Signature, VerifyingKey};
use serde_json::{Value, json};
use time::Duration;
use uuid::Uuid;

use crate::support::{BOOK, FREE, Library, ORDER, OTHER, PHONE, READER, text};

async fn issue(library: &Library, user: Uuid, book: Uuid, device: Uuid) -> Value {
    let query = "mutation($i: IssueOfflineLicenseInput!) { issueOfflineLicense(input: $i) {
        license { id deviceId expiresAt token } errors { code message } } }";
    let input = json!({ "bookId": book, "deviceId": device, "deviceName": "Téléphone" });
    let answer = library
        .reader(user)
        .run_with(query, json!({ "i": input }))
        .await;
    answer.ok()["issueOfflineLicense"].clone()
}

async fn release(library: &Library, device: Uuid) -> Value {
    let query = "mutation($i: ReleaseOfflineDeviceInput!) { releaseOfflineDevice(input: $i) { released errors { code } } }";
    let input = json!({ "i": { "deviceId": device } });
    let answer = library.reader(READER).run_with(query, input).await;
    answer.ok()["releaseOfflineDevice"].clone()
}

fn device(number: u128) -> Uuid {
    Uuid::from_u128(0xcccc_0000 + number)
}

/// The claims of a licence whose signature is right under the published key, as a device checks it.
async fn checked(library: &Library, token: &str) -> Value {
    let answer = crate::exporting::get(library, "/.well-known/offline-license-keys.json").await;
    let keys: Value = serde_json::from_slice(&answer.1).unwrap();
    let parts: Vec<&str> = token.split('.').collect();
    let decode = |part: &str| URL_SAFE_NO_PAD.decode(part).unwrap();
    let header: Value = serde_json::from_slice(&decode(parts[0])).unwrap();
    assert_eq!(header["alg"], "EdDSA");
    let key = keys["keys"]
        .as_array()
        .unwrap()
        .iter()
        .find(|key| key["kid"] == header["kid"])
        .unwrap();
    assert_eq!(
        (&key["kty"], &key["crv"]),
        (&json!("OKP"), &json!("Ed25519"))
    );
    let key = decode(key["x"].as_str().unwrap());
    let key = VerifyingKey::from_bytes(key.as_slice().try_into().unwrap()).unwrap();
    let signed = format!("{}.{}", parts[0], parts[1]);
    let signature = Signature::from_slice(&decode(parts[2])).unwrap();
    key.verify_strict(signed.as_bytes(), &signature).unwrap();
    // One bit changed, and it is no licence.
    let other = signed.replace(parts[0], &format!("{}A", parts[0]));
    assert!(key.verify_strict(other.as_bytes(), &signature).is_err());
    serde_json::from_slice(&decode(parts[1])).unwrap()
}

#[tokio::test]
async fn a_licence_is_signed_for_one_device_and_two_weeks() {
    let library = Library::new().await;
    let refused = issue(&library, READER, BOOK, PHONE).await;
    assert_eq!(refused["errors"][0]["code"], "NOT_ENTITLED");
    library.purchase(READER, BOOK, ORDER).await;
    let issued = issue(&library, READER, BOOK, PHONE).await;
    assert_eq!(issued["errors"], json!([]));
    let license = &issued["license"];
    assert_eq!(
        license["expiresAt"],
        json!(text(library.now() + Duration::days(14)))
    );
    let claims = checked(&library, license["token"].as_str().unwrap()).await;
    assert_eq!(claims["sub"], json!(READER));
    assert_eq!(claims["book"], json!(BOOK));
    assert_eq!(claims["device"], json!(PHONE));
    assert_eq!(
        claims["exp"],
        (library.now() + Duration::days(14)).unix_timestamp()
    );
    // Renewed, it is the same licence, and lasts longer.
    library.advance(Duration::days(10));
    let renewed = issue(&library, READER, BOOK, PHONE).await;
    assert_eq!(renewed["license"]["id"], license["id"]);
    assert!(renewed["license"]["expiresAt"].as_str() > license["expiresAt"].as_str());
}

#[tokio::test]
async fn a_refusal_takes_nothing_that_is_offline() {
    let library = Library::new().await;
    library.purchase(READER, BOOK, ORDER).await;
    let issued = issue(&library, READER, BOOK, PHONE).await;
    library.refund(READER, BOOK, ORDER).await;
    let refused = issue(&library, READER, BOOK, PHONE).await;
    assert_eq!(refused["errors"][0]["code"], "NOT_ENTITLED");
    let running = library
        .reader(READER)
        .run("{ offlineLicenses { id expiresAt } }")
        .await;
    let running = running.ok()["offlineLicenses"].clone();
    assert_eq!(running[0]["id"], issued["license"]["id"]);
    assert_eq!(running[0]["expiresAt"], issued["license"]["expiresAt"]);
    library.advance(Duration::days(15));
    let over = library
        .reader(READER)
        .run("{ offlineLicenses { id } }")
        .await;
    assert_eq!(over.ok()["offlineLicenses"], json!([]));
}

#[tokio::test]
async fn five_devices_read_offline() {
    let library = Library::new().await;
    library.purchase(READER, BOOK, ORDER).await;
    library.add(READER, FREE).await;
    for number in 1..=5 {
        let issued = issue(&library, READER, BOOK, device(number)).await;
        assert_eq!(issued["errors"], json!([]), "{number}");
    }
    let sixth = issue(&library, READER, FREE, device(6)).await;
    assert_eq!(sixth["errors"][0]["code"], "TOO_MANY_DEVICES");
    // A device that has a licence takes more books with it.
    let another = issue(&library, READER, FREE, device(5)).await;
    assert_eq!(another["errors"], json!([]));
    assert_eq!(release(&library, device(5)).await["released"], 2);
    assert_eq!(
        issue(&library, READER, FREE, device(6)).await["errors"],
        json!([])
    );
    // Not any number of devices, one after the other.
    release(&library, device(6)).await;
    release(&library, device(4)).await;
    let refused = release(&library, device(3)).await;
    assert_eq!(refused["errors"][0]["code"], "TOO_MANY_RELEASES");
    library.advance(Duration::days(31));
    let unknown = release(&library, device(9)).await;
    assert_eq!(unknown["errors"][0]["code"], "NOT_FOUND");
    // Another reader's devices are their own.
    library.add(OTHER, FREE).await;
    assert_eq!(
        issue(&library, OTHER, FREE, device(1)).await["errors"],
        json!([])
    );
}

#[tokio::test]
async fn a_licence_from_a_subscription_ends_with_what_is_paid() {
    let library = Library::new().await;
    let subscription = library.subscription(READER, 1, 3);
    let activated = SubscriptionActivated {
        subscription: subscription.clone(),
    };
    library.tell(&activated).await;
    library.add(READER, BOOK).await;
    let issued = issue(&library, READER, BOOK, PHONE).await;
    let expected = text(library.now() + Duration::days(3));
    assert_eq!(issued["license"]["expiresAt"], json!(expected));
    library.tell(&SubscriptionExpired { subscription }).await;
    let refused = issue(&library, READER, BOOK, PHONE).await;
    assert_eq!(refused["errors"][0]["code"], "NOT_ENTITLED");
}
