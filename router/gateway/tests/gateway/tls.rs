//! Connections: TLS with certificates of the test's own on both sides of the gateway, HTTP/2, clients that hold on to what
//! they get, and stopping.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use axum::Router;
use axum::extract::Request;
use axum::routing::post;
use coko_core::lifecycle::{Shutdown, StopConfig};
use coko_core::listen::{ConnectionsConfig, Listening, Tls, TlsConfig, TlsVersion, serve};
use coko_gateway::config::{Encoding, Http2, SubgraphConfig, SubgraphTls};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;

use crate::support::{Answer, Shape, Stack, stack, stack_with};

/// An authority, and a folder for what it signs.
struct Authority {
    folder: tempfile::TempDir,
    issuer: CertifiedIssuer<'static, KeyPair>,
}

impl Authority {
    fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("authority.pem"), issuer.pem()).unwrap();
        Self { folder, issuer }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn authorities(&self) -> PathBuf {
        self.path("authority.pem")
    }

    /// Signs a certificate for `host` and writes it with its key, as `file`.pem and `file`.key.
    fn sign(&self, host: &str, file: &str) -> (PathBuf, PathBuf) {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(vec![host.to_owned()]).unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        let paths = (
            self.path(&format!("{file}.pem")),
            self.path(&format!("{file}.key")),
        );
        std::fs::write(&paths.0, certificate.pem()).unwrap();
        std::fs::write(&paths.1, key.serialize_pem()).unwrap();
        paths
    }

    fn server(&self, host: &str) -> TlsConfig {
        let (certificate, key) = self.sign(host, "server");
        TlsConfig {
            certificate,
            key,
            client_authorities: None,
            client_optional: false,
            minimum: TlsVersion::Tls13,
            hsts_seconds: 300,
        }
    }

    fn client(&self) -> reqwest::ClientBuilder {
        let pem = std::fs::read(self.authorities()).unwrap();
        reqwest::Client::builder()
            .tls_built_in_root_certs(false)
            .add_root_certificate(reqwest::Certificate::from_pem(&pem).unwrap())
    }
}

/// Serves on a port of its own until the token is cancelled.
async fn listen(router: Router, listening: Listening, stop: &CancellationToken) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let stop = stop.clone();
    tokio::spawn(async move { serve(listener, router, listening, stop).await.unwrap() });
    address
}

fn tls(config: &TlsConfig) -> Listening {
    Listening {
        tls: Some(Tls::load(config).unwrap()),
        ..Listening::default()
    }
}

async fn mood(client: &reqwest::Client, url: &str) -> reqwest::Result<reqwest::Response> {
    client
        .post(format!("{url}/graphql"))
        .header("content-type", "application/json")
        .body(json!({ "query": "{ mood }" }).to_string())
        .send()
        .await
}

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

/// What the server sends until it closes.
async fn rest(stream: &mut TcpStream) -> String {
    let mut seen = Vec::new();
    // A reset is a close too.
    let _ = stream.read_to_end(&mut seen).await;
    String::from_utf8_lossy(&seen).into_owned()
}

#[tokio::test]
async fn slow_clients_and_large_heads_are_turned_away() {
    let stack = stack().await;
    let stop = CancellationToken::new();
    let listening = Listening {
        connections: ConnectionsConfig {
            head_ms: 300,
            headers: 20,
            head_bytes: 8 << 10,
            ..ConnectionsConfig::default()
        },
        tls: None,
    };
    let address = listen(stack.gateway.router(), listening, &stop).await;
    let many: Vec<String> = (0..30).map(|number| format!("x-{number}: y\r\n")).collect();
    let many = many.concat();
    let large = format!("x: {}\r\n", "y".repeat(20_000));
    for beginning in [
        // Nothing, half of what could be HTTP/2, half a head, a head that never ends.
        String::new(),
        "PRI * HTTP".to_owned(),
        "GET /health HTTP/1.1\r\nhost: x\r\n".to_owned(),
        format!("GET /health HTTP/1.1\r\nhost: x\r\n{many}\r\n"),
        format!("GET /health HTTP/1.1\r\nhost: x\r\n{large}\r\n"),
    ] {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(beginning.as_bytes()).await.unwrap();
        let answer = tokio::time::timeout(Duration::from_secs(20), rest(&mut stream))
            .await
            .expect("the connection is closed");
        assert!(!answer.contains(" 200 "), "{beginning:.40}: {answer}");
    }
    assert_eq!(
        reqwest::get(format!("http://{address}/health"))
            .await
            .unwrap()
            .status(),
        200
    );
    stop.cancel();
}

#[tokio::test]
async fn connections_are_bounded() {
    let stack = stack().await;
    let stop = CancellationToken::new();
    let listening = Listening {
        connections: ConnectionsConfig {
            max: 2,
            ..ConnectionsConfig::default()
        },
        tls: None,
    };
    let address = listen(stack.gateway.router(), listening, &stop).await;
    let request = b"GET /health HTTP/1.1\r\nhost: x\r\n\r\n";
    let mut held = Vec::new();
    for _ in 0..2 {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(request).await.unwrap();
        assert!(stream.read(&mut [0; 512]).await.unwrap() > 0);
        held.push(stream);
    }
    let mut third = TcpStream::connect(address).await.unwrap();
    third.write_all(request).await.unwrap();
    let mut first_bytes = [0; 512];
    let early =
        tokio::time::timeout(Duration::from_millis(300), third.read(&mut first_bytes)).await;
    assert!(early.is_err(), "it has to wait for its turn");
    held.clear();
    assert!(third.read(&mut first_bytes).await.unwrap() > 0);
    stop.cancel();
}

#[tokio::test]
async fn stopping_is_announced_then_finishes_what_is_in_flight() {
    use crate::support::Mood;
    let shutdown = Shutdown::with(StopConfig {
        notice_ms: 1_000,
        grace_ms: 20_000,
    });
    let given = shutdown.clone();
    let stack = stack_with(Shape::OverHttp, move |config, deps| {
        deps.shutdown = Some(given);
        config.timeouts.subgraph_ms = 20_000;
    })
    .await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let (router, stop) = (stack.gateway.router(), shutdown.token());
    shutdown.spawn(async move {
        serve(listener, router, Listening::default(), stop)
            .await
            .unwrap();
    });
    let client = reqwest::Client::builder()
        .pool_max_idle_per_host(0)
        .build()
        .unwrap();
    let ready = async || {
        let response = client.get(format!("{url}/ready")).send().await;
        response.map(|response| response.status().as_u16()).ok()
    };
    assert_eq!(ready().await, Some(200));
    stack.rogue.feel(Mood::Held);
    let (asking, to) = (client.clone(), url.clone());
    let in_flight = tokio::spawn(async move { mood(&asking, &to).await });
    while stack.gateway.in_flight() == 0 {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let announcing = shutdown.clone();
    let announced = tokio::spawn(async move { announcing.announce().await });
    while !shutdown.is_announced() {
        tokio::task::yield_now().await;
    }
    // It is said, and new requests are still answered.
    assert_eq!(ready().await, Some(503));
    announced.await.unwrap();
    let mut refused = false;
    for _ in 0..500 {
        refused = ready().await.is_none();
        if refused {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert!(refused);
    stack.rogue.release(Mood::Well);
    let answer = Answer::of(in_flight.await.unwrap().unwrap()).await;
    assert_eq!(answer.data()["mood"], "well");
    assert!(shutdown.wait().await);
}

#[tokio::test]
async fn http2_without_tls_by_prior_knowledge() {
    let stack = stack().await;
    let stop = CancellationToken::new();
    let address = listen(stack.gateway.router(), Listening::default(), &stop).await;
    let client = reqwest::Client::builder()
        .http2_prior_knowledge()
        .build()
        .unwrap();
    let response = mood(&client, &format!("http://{address}")).await.unwrap();
    assert_eq!(response.version(), reqwest::Version::HTTP_2);
    assert_eq!(Answer::of(response).await.data()["mood"], "well");
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
