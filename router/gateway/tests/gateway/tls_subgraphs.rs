//! Connections to subgraphs: TLS with certificates of the test's own on both sides, HTTP/2, compressed bodies.

use std::path::Path;
use std::time::Duration;

use axum::Router;
use axum::extract::Request;
use axum::routing::post;
use coko_core::listen::Listening;
use coko_gateway::config::{Encoding, Http2, SubgraphConfig, SubgraphTls};
use serde_json::json;
use tokio_util::sync::CancellationToken;

use crate::authority::{Authority, listen, tls};
use crate::live::{CHANGED, Way, live_stack_with, live_subgraph, second};
use crate::support::{Shape, Stack, stack, stack_with};

/// A stack whose third subgraph is reached as `own` says.
async fn stack_to(own: SubgraphConfig) -> Stack {
    stack_with(Shape::OverHttp, |config, _| {
        config.subgraphs.insert("rogue".to_owned(), own);
        config.traffic.retries.attempts = 0;
    })
    .await
}

/// A subgraph that answers which version of HTTP it was asked in.
fn versions() -> Router {
    let answer = async |request: Request| {
        axum::Json(json!({ "data": { "mood": format!("{:?}", request.version()) } }))
    };
    Router::new().route("/graphql", post(answer))
}

#[tokio::test]
async fn subgraphs_with_authorities_and_certificates_of_their_own() {
    let authority = Authority::new();
    let mut server = authority.server("books.internal");
    server.client_authorities = Some(authority.authorities());
    let stop = CancellationToken::new();
    let address = listen(versions(), tls(&server), &stop).await;
    let (certificate, key) = authority.sign("router", "router");
    let whole = SubgraphTls {
        authorities: Some(authority.authorities()),
        certificate: Some(certificate),
        key: Some(key),
        server_name: Some("books.internal".to_owned()),
    };
    let run = async |tls: Option<SubgraphTls>, http2: Http2| {
        let stack = stack_to(SubgraphConfig {
            url: Some(format!("https://127.0.0.1:{}/graphql", address.port())),
            tls,
            http2: Some(http2),
            ..SubgraphConfig::default()
        })
        .await;
        stack.run("{ mood }").await
    };
    for (http2, version) in [
        (Http2::Never, "HTTP/1.1"),
        (Http2::Negotiated, "HTTP/2.0"),
        (Http2::PriorKnowledge, "HTTP/2.0"),
    ] {
        let answer = run(Some(whole.clone()), http2).await;
        assert_eq!(answer.data()["mood"], version, "{http2:?}");
    }
    let without = |change: fn(&mut SubgraphTls)| {
        let mut tls = whole.clone();
        change(&mut tls);
        Some(tls)
    };
    for tls in [
        None,
        without(|tls| tls.authorities = None),
        without(|tls| (tls.certificate, tls.key) = (None, None)),
        // Its certificate is for a name, not for the address in the URL.
        without(|tls| tls.server_name = None),
        without(|tls| tls.server_name = Some("reviews.internal".to_owned())),
    ] {
        let answer = run(tls.clone(), Http2::Never).await;
        assert_eq!(answer.codes(), ["DOWNSTREAM_UNAVAILABLE"], "{tls:?}");
    }
    stop.cancel();
}

#[tokio::test]
async fn subgraphs_without_tls_in_http2() {
    let stop = CancellationToken::new();
    let address = listen(versions(), Listening::default(), &stop).await;
    for (http2, version) in [
        (Http2::Never, "HTTP/1.1"),
        (Http2::Negotiated, "HTTP/1.1"),
        (Http2::PriorKnowledge, "HTTP/2.0"),
    ] {
        let stack = stack_to(SubgraphConfig {
            url: Some(format!("http://{address}/graphql")),
            http2: Some(http2),
            ..SubgraphConfig::default()
        })
        .await;
        assert_eq!(stack.run("{ mood }").await.data()["mood"], version);
    }
    stop.cancel();
}

#[tokio::test]
async fn requests_and_answers_are_compressed_on_the_way() {
    use tower_http::compression::CompressionLayer;
    use tower_http::decompression::RequestDecompressionLayer;
    let seen = std::sync::Arc::new(std::sync::Mutex::new(Vec::new()));
    let noted = seen.clone();
    let answer = move |body: axum::body::Bytes| {
        let whole = serde_json::from_slice::<serde_json::Value>(&body).is_ok();
        noted.lock().unwrap().push(whole);
        async move { axum::Json(json!({ "data": { "mood": "very well".repeat(200) } })) }
    };
    let router = Router::new()
        .route("/graphql", post(answer))
        .layer(CompressionLayer::new())
        .layer(RequestDecompressionLayer::new());
    let stop = CancellationToken::new();
    let address = listen(router, Listening::default(), &stop).await;
    for encoding in [Encoding::Gzip, Encoding::Br, Encoding::Zstd] {
        let mut own = SubgraphConfig {
            url: Some(format!("http://{address}/graphql")),
            ..SubgraphConfig::default()
        };
        own.compression = Some(coko_gateway::config::SubgraphCompression {
            requests: Some(encoding),
            above_bytes: 0,
            answers: true,
        });
        let stack = stack_to(own).await;
        let answer = stack.run("{ mood }").await;
        assert_eq!(answer.data()["mood"], "very well".repeat(200));
    }
    assert_eq!(*seen.lock().unwrap(), [true; 3]);
    stop.cancel();
}

/// Whoever is shown a certificate that its authority no longer vouches for hangs up; the next one is shown as soon as it is
/// there.
#[tokio::test]
async fn certificates_towards_subgraphs_are_read_again_when_they_change() {
    let authority = Authority::new();
    let other = Authority::new();
    let mut server = authority.server("books.internal");
    server.client_authorities = Some(authority.authorities());
    let stop = CancellationToken::new();
    let address = listen(versions(), tls(&server), &stop).await;
    // Signed by somebody whom the subgraph does not know.
    let (certificate, key) = other.sign("router", "router");
    let stack = stack_with(Shape::OverHttp, |config, _| {
        config.timeouts.reload_ms = 20;
        config.traffic.retries.attempts = 0;
        config.traffic.circuit_breaker.enabled = false;
        let own = SubgraphConfig {
            url: Some(format!("https://127.0.0.1:{}/graphql", address.port())),
            tls: Some(SubgraphTls {
                authorities: Some(authority.authorities()),
                certificate: Some(certificate.clone()),
                key: Some(key.clone()),
                server_name: Some("books.internal".to_owned()),
            }),
            ..SubgraphConfig::default()
        };
        config.subgraphs.insert("rogue".to_owned(), own);
    })
    .await;
    assert_eq!(
        stack.run("{ mood }").await.codes(),
        ["DOWNSTREAM_UNAVAILABLE"]
    );
    let (fresh, fresh_key) = authority.sign("router", "router");
    // The key alone fits no certificate: what was there stays until both are.
    std::fs::copy(fresh_key, &key).unwrap();
    std::fs::copy(fresh, &certificate).unwrap();
    let mut answer = stack.run("{ mood }").await;
    for _ in 0..500 {
        if answer.codes().is_empty() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
        answer = stack.run("{ mood }").await;
    }
    assert_eq!(answer.data()["mood"], "HTTP/1.1");
    stop.cancel();
}

/// What becomes a WebSocket begins as HTTP/1.1, also where everything else is HTTP/2.
#[tokio::test]
async fn subscriptions_over_web_socket_and_tls() {
    let authority = Authority::new();
    let (live, router) = live_subgraph();
    let stop = CancellationToken::new();
    let address = listen(router, tls(&authority.server("live.internal")), &stop).await;
    for http2 in [Http2::Never, Http2::Negotiated, Http2::PriorKnowledge] {
        let stack = live_stack_with(Way::WebSocket, |config, _| {
            let own = config.subgraphs.entry("live".to_owned()).or_default();
            own.http2 = Some(http2);
            own.subscription_url = Some(format!("wss://127.0.0.1:{}/graphql", address.port()));
            own.tls = Some(SubgraphTls {
                authorities: Some(authority.authorities()),
                server_name: Some("live.internal".to_owned()),
                ..SubgraphTls::default()
            });
        })
        .await;
        let mut events = stack.events(CHANGED).await;
        live.followed_by(1).await;
        live.change("2");
        assert_eq!(events.answer().await, second(), "{http2:?}");
        drop(events);
        live.followed_by(0).await;
    }
    stop.cancel();
}

#[test]
fn half_of_a_pair_is_refused_at_the_start() {
    // A key without its certificate is refused when the gateway is built, not when a subgraph is first called.
    let tls = SubgraphTls {
        key: Some(Path::new("/nowhere.key").to_owned()),
        ..SubgraphTls::default()
    };
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let outcome = runtime.block_on(async {
        let stack = stack().await;
        let config = coko_gateway::Config {
            supergraph: coko_gateway::SupergraphSource::Sdl(stack.sdl.clone()),
            subgraphs: [(
                "rogue".to_owned(),
                SubgraphConfig {
                    tls: Some(tls),
                    ..SubgraphConfig::default()
                },
            )]
            .into(),
            ..coko_gateway::Config::default()
        };
        coko_gateway::Gateway::build(config, coko_gateway::Dependencies::default()).await
    });
    let error = outcome.unwrap_err().to_string();
    assert!(error.contains("subgraphs.rogue.tls"), "{error}");
}
