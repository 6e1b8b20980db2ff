//! Connections: HTTP/2 without TLS, clients that hold on to what they get, and stopping.

use std::time::Duration;

use coko_core::lifecycle::{Shutdown, StopConfig};
use coko_core::listen::{ConnectionsConfig, Listening, serve};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;

use crate::authority::{listen, mood};
use crate::support::{Answer, Shape, stack, stack_with};

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
