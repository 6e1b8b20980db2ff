//! Answers on slow connections: encodings by the client's preference, and dictionaries (RFC 9842).

use std::io::Write as _;
use std::process::{Command, Stdio};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::support::{Shape, Stack, stack, stack_with};

/// A large answer.
const TYPES: &str = "query Types { __schema { types { name fields { name description } } } }";

async fn get(stack: &Stack, query: &str, headers: &[(&str, &str)]) -> reqwest::Response {
    let mut request = stack.post(&json!({ "query": query }));
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.send().await.unwrap()
}

fn encoding(response: &reqwest::Response) -> Option<&str> {
    response.headers().get("content-encoding")?.to_str().ok()
}

#[tokio::test]
async fn the_encoding_follows_the_clients_preference() {
    let stack = stack().await;
    for (accepted, expected) in [
        ("br", Some("br")),
        ("zstd", Some("zstd")),
        ("gzip", Some("gzip")),
        ("deflate", Some("deflate")),
        ("gzip;q=0.5, br;q=0.8", Some("br")),
        ("gzip, br;q=0.8", Some("gzip")),
        ("gzip, deflate, br, zstd", Some("zstd")),
        ("br;q=0", None),
        ("dcz", None),
        ("identity", None),
        ("", None),
    ] {
        let response = get(&stack, TYPES, &[("accept-encoding", accepted)]).await;
        assert_eq!(encoding(&response), expected, "{accepted}");
        if expected.is_some() {
            let vary = response.headers().get_all("vary").iter();
            let vary: Vec<_> = vary.map(|value| value.to_str().unwrap()).collect();
            assert!(vary.concat().contains("accept-encoding"), "{vary:?}");
        }
    }
    let small = get(&stack, "{ mood }", &[("accept-encoding", "br")]).await;
    assert_eq!(encoding(&small), None);
}

/// Decodes by the command `zstd`, which reads a `dcz` answer as it is: its head is a frame that is skipped.
fn decode(encoded: &[u8], dictionary: &[u8]) -> Option<Vec<u8>> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("dictionary");
    std::fs::write(&path, dictionary).unwrap();
    let spawned = Command::new("zstd")
        .args(["--decompress", "--stdout", "-D"])
        .arg(&path)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::inherit())
        .spawn();
    let Ok(mut decoder) = spawned else {
        eprintln!("skipped: the command zstd is not installed");
        return None;
    };
    let mut stdin = decoder.stdin.take().unwrap();
    stdin.write_all(encoded).unwrap();
    drop(stdin);
    let output = decoder.wait_with_output().unwrap();
    assert!(output.status.success());
    Some(output.stdout)
}

fn available(dictionary: &[u8]) -> String {
    format!(":{}:", BASE64_STANDARD.encode(Sha256::digest(dictionary)))
}

/// Checks an answer that is compressed with a dictionary; its size.
async fn check(response: reqwest::Response, dictionary: &[u8], expected: &Value) -> usize {
    assert_eq!(encoding(&response), Some("dcz"));
    let vary = response.headers().get_all("vary").iter();
    let vary: Vec<_> = vary.map(|value| value.to_str().unwrap()).collect();
    assert!(vary.concat().contains("available-dictionary"), "{vary:?}");
    let encoded = response.bytes().await.unwrap();
    assert_eq!(encoded[8..40], Sha256::digest(dictionary)[..]);
    if let Some(decoded) = decode(&encoded, dictionary) {
        let answer: Value = serde_json::from_slice(&decoded).unwrap();
        assert_eq!(&answer, expected);
    }
    encoded.len()
}

#[tokio::test]
async fn answers_are_compressed_with_the_dictionary_that_a_client_has() {
    let plain = stack().await;
    let response = get(&plain, TYPES, &[]).await;
    assert!(response.headers().get("link").is_none());
    let sample = response.bytes().await.unwrap();
    let expected: Value = serde_json::from_slice(&sample).unwrap();
    let response = get(&plain, TYPES, &[("accept-encoding", "zstd")]).await;
    let without = response.bytes().await.unwrap().len();

    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("dictionary");
    std::fs::write(&path, &sample).unwrap();
    let stack = stack_with(Shape::InProcess, |config, _| {
        config.compression.dictionaries.enabled = true;
        config.compression.dictionaries.files = vec![path];
        config.cors.origins = vec!["https://app.example".to_owned()];
    })
    .await;
    // The way a browser goes: told by a link, it fetches the dictionary and names it from then on.
    let told = get(&stack, TYPES, &[("accept-encoding", "gzip, dcz")]).await;
    assert_eq!(encoding(&told), Some("gzip"));
    let link = told.headers()["link"].to_str().unwrap();
    let address = link.strip_prefix('<').and_then(|link| link.split_once('>'));
    let (address, relation) = address.unwrap();
    assert_eq!(relation, "; rel=\"compression-dictionary\"");
    let fetched = stack.client.get(format!("{}{address}", stack.url));
    let fetched = fetched.send().await.unwrap();
    assert_eq!(
        fetched.headers()["use-as-dictionary"],
        "match=\"/graphql*\""
    );
    assert!(
        fetched.headers()["cache-control"]
            .to_str()
            .unwrap()
            .contains("max-age=")
    );
    let dictionary = fetched.bytes().await.unwrap();
    assert_eq!(dictionary, sample);

    let named = available(&dictionary);
    let with = |accepted: &'static str| {
        [
            ("accept-encoding", accepted),
            ("available-dictionary", &*named),
        ]
    };
    let response = get(&stack, TYPES, &with("gzip, br, dcz")).await;
    assert!(response.headers().get("link").is_none());
    let size = check(response, &dictionary, &expected).await;
    assert!(
        size < without / 4,
        "{size} bytes with a dictionary, {without} without"
    );

    // Brotli where that is what the client takes; how it is read is tested where it is written.
    for accepted in ["gzip, dcb", "dcb, dcz;q=0.5"] {
        let response = get(&stack, TYPES, &with(accepted)).await;
        assert_eq!(encoding(&response), Some("dcb"), "{accepted}");
        let encoded = response.bytes().await.unwrap();
        assert_eq!(encoded[..4], [0xff, 0x44, 0x43, 0x42]);
        assert_eq!(encoded[4..36], Sha256::digest(&dictionary)[..]);
        assert!(encoded.len() < without / 4, "{} bytes", encoded.len());
    }
    for (accepted, expected) in [("gzip", Some("gzip")), ("gzip, dcz;q=0", Some("gzip"))] {
        assert_eq!(
            encoding(&get(&stack, TYPES, &with(accepted)).await),
            expected
        );
    }
    let other = [
        ("accept-encoding", "dcz"),
        ("available-dictionary", ":AAAA:"),
    ];
    assert_eq!(encoding(&get(&stack, TYPES, &other).await), None);
    // A page of another site learns nothing by sizes, unless it may read the answer.
    for (origin, mode, expected) in [
        ("https://evil.example", "cors", None),
        ("https://app.example", "no-cors", None),
        ("https://app.example", "cors", Some("dcz")),
    ] {
        let mut headers = with("dcz").to_vec();
        headers.extend([
            ("sec-fetch-site", "cross-site"),
            ("origin", origin),
            ("sec-fetch-mode", mode),
        ]);
        assert_eq!(
            encoding(&get(&stack, TYPES, &headers).await),
            expected,
            "{origin} {mode}"
        );
    }
    let unknown = stack
        .client
        .get(format!("{}/dictionary/00ff", stack.endpoint()));
    assert_eq!(unknown.send().await.unwrap().status(), 404);
}

#[tokio::test]
async fn a_dictionary_is_trained_on_what_anybody_may_see() {
    let stack = stack_with(Shape::InProcess, |config, _| {
        config.compression.min_bytes = 1;
        config.compression.dictionaries.enabled = true;
        config.compression.dictionaries.samples = 40;
        config.compression.dictionaries.bytes = 1_000;
    })
    .await;
    let registered = "query Registered($id: ID!, $n: Int!) { books(first: $n) { id title } book(id: $id) { title } latestReview { stars } }";
    let operations = [("registered".to_owned(), registered.to_owned())];
    stack
        .gateway
        .publish_operations(&operations.into())
        .unwrap();
    let run = async |query: &str, number: usize, headers: &[(&str, &str)]| {
        let variables = json!({ "id": number.to_string(), "n": number % 4 });
        let mut request = stack.post(&json!({ "query": query, "variables": variables }));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let response = request
            .header("accept-encoding", "dcz")
            .send()
            .await
            .unwrap();
        let link = response.headers().get("link").cloned();
        let text = response.text().await.unwrap();
        assert!(text.contains("\"data\""), "{text}");
        link
    };
    // None of these is for everyone, or none is registered.
    for number in 0..60 {
        for headers in [[("authorization", "Bearer x")], [("cookie", "a=b")]] {
            assert!(run(registered, number, &headers).await.is_none());
        }
        let alias = format!("query {{ a{number}: books {{ title }} }}");
        assert!(run(&alias, number, &[]).await.is_none());
    }
    // These are, and each is another: `a0` to `a59` in an answer tell them apart.
    let many: Vec<String> = (0..60)
        .map(|number| format!("query Registered {{ a{number}: books {{ id title }} latestReview {{ stars book {{ id reviews {{ stars }} }} }} }}"))
        .collect();
    let operations = many
        .iter()
        .map(|text| (hex::encode(Sha256::digest(text)), text.clone()));
    stack
        .gateway
        .publish_operations(&operations.collect())
        .unwrap();
    let mut link = None;
    for (number, query) in many.iter().cycle().take(600).enumerate() {
        link = run(query, number, &[]).await;
        if link.is_some() {
            break;
        }
        tokio::task::yield_now().await;
    }
    let link = link.expect("a dictionary after more answers than it needs");
    let address = link.to_str().unwrap()[1..].split('>').next().unwrap();
    let fetched = stack.client.get(format!("{}{address}", stack.url));
    let dictionary = fetched.send().await.unwrap().bytes().await.unwrap();
    let named = available(&dictionary);
    let query = &many[7];
    let expected = stack.run(query).await.body;
    let headers = [
        ("accept-encoding", "dcz"),
        ("available-dictionary", &*named),
    ];
    let response = get(&stack, query, &headers).await;
    let size = check(response, &dictionary, &expected).await;
    assert!(size < expected.to_string().len(), "{size}");
}
