//! TLS before the gateway: certificates that clients check, those that clients show, and those that are replaced.

use std::time::Duration;

use coko_core::listen::Tls;
use tokio_util::sync::CancellationToken;

use crate::authority::{Authority, listen, mood, tls};
use crate::support::{Answer, Shape, stack, stack_with};

#[tokio::test]
async fn tls_ends_here_in_both_versions_of_http() {
    let authority = Authority::new();
    let stack = stack_with(Shape::OverHttp, |config, _| {
        config.tls = Some(authority.server("localhost"));
    })
    .await;
    let stop = CancellationToken::new();
    let listening = stack.gateway.listening().unwrap();
    let address = listen(stack.gateway.router(), listening, &stop).await;
    let url = format!("https://localhost:{}", address.port());
    for (client, version) in [
        (authority.client().http1_only(), reqwest::Version::HTTP_11),
        (authority.client(), reqwest::Version::HTTP_2),
    ] {
        let response = mood(&client.build().unwrap(), &url).await.unwrap();
        assert_eq!(response.version(), version);
        assert_eq!(
            response.headers()["strict-transport-security"],
            "max-age=300"
        );
        assert_eq!(Answer::of(response).await.data()["mood"], "well");
    }
    // Who does not know the authority is not served, nor who speaks plainly.
    assert!(mood(&reqwest::Client::new(), &url).await.is_err());
    let plainly = format!("http://localhost:{}", address.port());
    assert!(mood(&reqwest::Client::new(), &plainly).await.is_err());
    stop.cancel();
}

#[tokio::test]
async fn clients_show_certificates_where_they_must() {
    let authority = Authority::new();
    let stack = stack().await;
    for optional in [false, true] {
        let mut config = authority.server("localhost");
        config.client_authorities = Some(authority.authorities());
        config.client_optional = optional;
        let stop = CancellationToken::new();
        let address = listen(stack.gateway.router(), tls(&config), &stop).await;
        let url = format!("https://localhost:{}", address.port());
        let identity = |by: &Authority| {
            let (certificate, key) = by.sign("reader", "reader");
            let mut pem = std::fs::read(certificate).unwrap();
            pem.extend(std::fs::read(key).unwrap());
            reqwest::Identity::from_pem(&pem).unwrap()
        };
        let bare = authority.client().build().unwrap();
        assert_eq!(mood(&bare, &url).await.is_ok(), optional);
        let known = authority.client().identity(identity(&authority));
        let response = mood(&known.build().unwrap(), &url).await.unwrap();
        assert_eq!(Answer::of(response).await.data()["mood"], "well");
        let stranger = authority.client().identity(identity(&Authority::new()));
        assert!(mood(&stranger.build().unwrap(), &url).await.is_err());
        stop.cancel();
    }
}

#[tokio::test]
async fn certificates_are_read_again_when_they_change() {
    let authority = Authority::new();
    let stack = stack().await;
    let config = authority.server("localhost");
    let stop = CancellationToken::new();
    let address = listen(stack.gateway.router(), tls(&config), &stop).await;
    let reaches = async |host: &str| {
        // A client of its own: connections that are open keep the certificate they began with.
        let client = authority.client().resolve(host, address).build().unwrap();
        mood(&client, &format!("https://{host}:{}", address.port()))
            .await
            .is_ok()
    };
    assert!(reaches("localhost").await);
    assert!(!reaches("coko.test").await);
    // Half a pair leaves the old one in use.
    std::fs::write(&config.key, "no key").unwrap();
    tokio::time::sleep(Duration::from_millis(1_500)).await;
    assert!(reaches("localhost").await);
    authority.sign("coko.test", "server");
    let mut taken_over = false;
    for _ in 0..200 {
        taken_over = reaches("coko.test").await;
        if taken_over {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert!(taken_over);
    assert!(!reaches("localhost").await);
    stop.cancel();
}

#[test]
fn files_at_fault_are_named() {
    let authority = Authority::new();
    let mut config = authority.server("localhost");
    config.certificate = authority.path("missing.pem");
    let error = Tls::load(&config).unwrap_err().to_string();
    assert!(error.contains("missing.pem"), "{error}");
    std::fs::write(authority.path("empty.pem"), "").unwrap();
    config.certificate = authority.path("empty.pem");
    let error = Tls::load(&config).unwrap_err().to_string();
    assert!(error.contains("no certificate"), "{error}");
}
