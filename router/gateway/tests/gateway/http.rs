//! GraphQL over HTTP: methods, media types, status codes (<https://graphql.github.io/graphql-over-http/draft/>).

use serde_json::json;

use crate::support::{Answer, Shape, stack, stack_with};

const GRAPHQL: &str = "application/graphql-response+json";
const JSON: &str = "application/json";

#[tokio::test]
async fn the_status_says_what_the_media_type_lets_it_say() {
    let stack = stack().await;
    for (body, with_json, with_graphql, code) in [
        (r#"{"query":"{ mood }"}"#, 200, 200, None),
        (
            r#"{"query":"{ mood "}"#,
            200,
            400,
            Some("GRAPHQL_PARSE_FAILED"),
        ),
        (
            r#"{"query":"{ unknown }"}"#,
            200,
            400,
            Some("GRAPHQL_VALIDATION_FAILED"),
        ),
        (
            r#"{"query":"query A { mood } query B { mood }"}"#,
            200,
            400,
            Some("BAD_REQUEST"),
        ),
        (
            r#"{"query":"query A { mood }","operationName":"B"}"#,
            200,
            400,
            Some("BAD_REQUEST"),
        ),
        (
            r#"{"query":"query($id: ID!) { book(id: $id) { title } }"}"#,
            200,
            400,
            Some("VALIDATION_FAILED"),
        ),
        (
            r#"{"query":"subscription { mood }"}"#,
            200,
            400,
            Some("GRAPHQL_VALIDATION_FAILED"),
        ),
        (r#"{"query":"{ mood }""#, 400, 400, Some("BAD_REQUEST")),
        (r#"{"query":7}"#, 400, 400, Some("BAD_REQUEST")),
        (
            r#"{"query":"{ mood }","variables":[1]}"#,
            400,
            400,
            Some("BAD_REQUEST"),
        ),
        (
            r#"{"query":"{ mood }","operationName":{}}"#,
            400,
            400,
            Some("BAD_REQUEST"),
        ),
        (
            r#"{"query":"{ mood }","extensions":1}"#,
            400,
            400,
            Some("BAD_REQUEST"),
        ),
        ("{}", 400, 400, Some("BAD_REQUEST")),
        ("null", 400, 400, Some("BAD_REQUEST")),
        ("\"{ mood }\"", 400, 400, Some("BAD_REQUEST")),
        ("", 400, 400, Some("BAD_REQUEST")),
        (r#"[{"query":"{ mood }"}]"#, 400, 400, Some("BAD_REQUEST")),
    ] {
        for (accept, status) in [(JSON, with_json), (GRAPHQL, with_graphql)] {
            let request = stack
                .client
                .post(stack.endpoint())
                .header("content-type", JSON)
                .header("accept", accept);
            let answer = stack.send(request.body(body)).await;
            assert_eq!(answer.status, status, "{accept} {body} {}", answer.body);
            assert_eq!(
                answer.codes().first().copied(),
                code,
                "{body} {}",
                answer.body
            );
            assert_eq!(
                answer.headers["content-type"],
                format!("{accept}; charset=utf-8")
            );
            // A refused request has no data at all, not even null.
            assert_eq!(answer.body.get("data").is_some(), code.is_none(), "{body}");
        }
    }
}

#[tokio::test]
async fn media_types_methods_and_sizes() {
    let stack = stack().await;
    let body = r#"{"query":"{ mood }"}"#;
    let post = |content_type: &str, accept: &str| {
        let request = stack.client.post(stack.endpoint()).header("accept", accept);
        if content_type.is_empty() {
            request.body(body)
        } else {
            request.header("content-type", content_type).body(body)
        }
    };
    for (content_type, accept, status) in [
        (JSON, "*/*", 200),
        ("application/json; charset=utf-8", GRAPHQL, 200),
        ("application/json; charset=utf-16", GRAPHQL, 415),
        ("text/plain", GRAPHQL, 415),
        ("application/x-www-form-urlencoded", GRAPHQL, 415),
        // A page of any site can send a form.
        ("multipart/form-data; boundary=x", GRAPHQL, 400),
        ("", GRAPHQL, 415),
        (JSON, "text/csv", 406),
        (JSON, "image/*", 406),
    ] {
        let answer = stack.send(post(content_type, accept)).await;
        assert_eq!(
            answer.status, status,
            "{content_type} {accept} {}",
            answer.body
        );
    }
    for method in ["PUT", "DELETE", "PATCH"] {
        let request = stack
            .client
            .request(method.parse().unwrap(), stack.endpoint())
            .header("accept", GRAPHQL);
        let answer = stack.send(request).await;
        assert_eq!(
            (answer.status, answer.headers["allow"].to_str().unwrap()),
            (405, "GET, POST"),
            "{method}"
        );
    }
    let large = format!(
        r#"{{"query":"{{ mood }}","pad":"{}"}}"#,
        "x".repeat(50 << 20)
    );
    let answer = stack
        .send(
            stack
                .client
                .post(stack.endpoint())
                .header("content-type", JSON)
                .body(large),
        )
        .await;
    assert_eq!(
        (answer.status, answer.codes()),
        (413, vec!["PAYLOAD_TOO_LARGE"])
    );
    // The same without a length announced.
    let chunks =
        futures::stream::iter((0..50).map(|_| Ok::<_, std::io::Error>(vec![b' '; 1 << 20])));
    let request = stack
        .client
        .post(stack.endpoint())
        .header("content-type", JSON)
        .body(reqwest::Body::wrap_stream(chunks))
        .send()
        .await;
    // The client may still be writing when the gateway hangs up.
    if let Ok(response) = request {
        assert_eq!(Answer::of(response).await.status, 413);
    }
    assert_eq!(stack.run("{ mood }").await.status, 200);
}

#[tokio::test]
async fn get_is_for_queries_and_not_for_other_sites() {
    let stack = stack().await;
    let get = |query: &str| {
        stack
            .client
            .get(stack.endpoint())
            .query(&[("query", query), ("variables", r#"{"id":"1"}"#)])
            .header("accept", GRAPHQL)
    };
    let answer = stack
        .send(get("query($id: ID!) { book(id: $id) { title } }").header("coko-preflight", "1"))
        .await;
    assert_eq!(answer.data()["book"]["title"], "Une si longue lettre");
    let answer = stack.send(get("{ mood }")).await;
    assert_eq!(
        (answer.status, answer.codes()),
        (400, vec!["BAD_REQUEST"]),
        "a simple GET could come from any page"
    );
    let answer = stack
        .send(get("{ mood }").header("content-type", "text/plain"))
        .await;
    assert_eq!(answer.status, 400);
    let answer = stack
        .send(get("{ mood }").header("content-type", JSON))
        .await;
    assert_eq!(answer.status, 200);
    let answer = stack
        .send(
            get("mutation { rename(id: \"1\", title: \"x\") { id } }")
                .header("coko-preflight", "1"),
        )
        .await;
    assert_eq!(
        (answer.status, answer.headers["allow"].to_str().unwrap()),
        (405, "POST")
    );
}

#[tokio::test]
async fn batches_are_bounded_and_in_order() {
    let stack = stack_with(Shape::OverHttp, |config, _| {
        config.batching.enabled = true;
        config.batching.max = 3;
    })
    .await;
    let batch = json!([{ "query": "{ mood }" }, { "query": "{ nope }" }, { "query": "{ book(id: 1) { title } }" }]);
    let answer = stack.send(stack.post(&batch)).await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.body[0]["data"]["mood"], "well");
    assert_eq!(
        answer.body[1]["errors"][0]["extensions"]["code"],
        "GRAPHQL_VALIDATION_FAILED"
    );
    assert_eq!(
        answer.body[2]["data"]["book"]["title"],
        "Une si longue lettre"
    );
    for batch in [
        json!([]),
        json!([{ "query": "{ mood }" }, {}, {}, {}]),
        json!([{}]),
        json!([[]]),
    ] {
        assert_eq!(stack.send(stack.post(&batch)).await.status, 400, "{batch}");
    }
}

/// What `BatchHttpLink` of Apollo Client sends, and what it makes of the answer: an array of as many results in the same
/// order, whatever became of each, with a status that does not fail them all.
#[tokio::test]
async fn batches_as_apollo_client_sends_them() {
    let stack = stack_with(Shape::OverHttp, |config, _| config.batching.enabled = true).await;
    let batch = json!([
        { "operationName": "Mood", "variables": {}, "extensions": { "clientLibrary": { "name": "@apollo/client" } },
          "query": "query Mood {\n  mood\n}" },
        { "operationName": "Rename", "variables": { "id": "1" },
          "query": "mutation Rename($id: ID!) {\n  rename(id: $id, title: \"T\") {\n    title\n    __typename\n  }\n}" },
        { "operationName": "Broken", "variables": {}, "query": "query Broken {\n  nope\n}" },
    ]);
    let accept = "application/graphql-response+json,application/json;q=0.9";
    for accept in ["*/*", JSON, accept] {
        let request = stack
            .client
            .post(stack.endpoint())
            .header("content-type", JSON)
            .header("accept", accept)
            .body(batch.to_string());
        let answer = stack.send(request).await;
        assert_eq!(answer.status, 200, "{accept}");
        let results = answer.body.as_array().unwrap();
        assert_eq!(results.len(), 3);
        assert_eq!(results[0]["data"]["mood"], "well");
        let renamed = json!({ "title": "T", "__typename": "Book" });
        assert_eq!(results[1]["data"]["rename"], renamed);
        let code = &results[2]["errors"][0]["extensions"]["code"];
        assert_eq!(code, "GRAPHQL_VALIDATION_FAILED");
    }
}

#[tokio::test]
async fn the_page_health_readiness_and_metrics() {
    let stack = stack().await;
    let get = |path: &str| stack.client.get(format!("{}{path}", stack.url));
    for path in ["/", "/graphql"] {
        let response = get(path)
            .header("accept", "text/html,*/*")
            .send()
            .await
            .unwrap();
        assert_eq!(response.status(), 200);
        assert!(
            response.headers()["content-security-policy"]
                .to_str()
                .unwrap()
                .contains("default-src 'none'")
        );
        assert!(
            response
                .text()
                .await
                .unwrap()
                .contains("const PATH = \"/graphql\"")
        );
    }
    let health: serde_json::Value = get("/health").send().await.unwrap().json().await.unwrap();
    assert_eq!(health["status"], "ok");
    let ready: serde_json::Value = get("/ready").send().await.unwrap().json().await.unwrap();
    assert_eq!(
        (ready["status"].as_str(), ready["supergraph"].as_str()),
        (Some("ready"), Some(stack.gateway.version().as_str()))
    );
    coko_core::telemetry::prometheus();
    stack.run("{ mood }").await;
    let metrics = get("/metrics").send().await.unwrap().text().await.unwrap();
    assert!(
        metrics.contains("http_requests_total{service=\"router\""),
        "{metrics}"
    );
}

#[tokio::test]
async fn other_origins_are_let_in_by_name() {
    let stack = stack_with(Shape::OverHttp, |config, _| {
        config.cors.origins = vec!["https://app.example".into()];
        config.forward_headers = vec!["x-tenant".to_owned()];
    })
    .await;
    for (origin, allowed) in [
        ("https://app.example", true),
        ("https://evil.example", false),
    ] {
        let preflight = stack
            .client
            .request("OPTIONS".parse().unwrap(), stack.endpoint())
            .header("origin", origin)
            .header("access-control-request-method", "POST")
            .header("access-control-request-headers", "content-type")
            .send()
            .await
            .unwrap();
        let taken = preflight.headers()["access-control-allow-headers"].to_str();
        let taken: Vec<&str> = taken.unwrap().split(',').collect();
        for header in [
            "authorization",
            "apollographql-client-name",
            "apollographql-client-version",
            "x-tenant",
        ] {
            assert!(taken.contains(&header), "{header} in {taken:?}");
        }
        assert_eq!(
            preflight
                .headers()
                .contains_key("access-control-allow-origin"),
            allowed,
            "{origin}"
        );
    }
}

#[tokio::test]
async fn the_ide_can_be_closed() {
    let stack = stack_with(Shape::OverHttp, |config, _| config.ide = false).await;
    let page = stack
        .client
        .get(&stack.url)
        .header("accept", "text/html")
        .send()
        .await
        .unwrap();
    assert_eq!(page.status(), 404);
    let request = stack
        .client
        .post(format!("{}?plan=1", stack.endpoint()))
        .header("content-type", JSON);
    let answer = stack.send(request.body(r#"{"query":"{ mood }"}"#)).await;
    assert_eq!(answer.data()["mood"], "well");
}

#[tokio::test]
async fn a_body_that_does_not_come_is_not_waited_for() {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let stack = stack_with(Shape::OverHttp, |config, _| config.timeouts.body_ms = 200).await;
    let mut connection = tokio::net::TcpStream::connect(stack.url.trim_start_matches("http://"))
        .await
        .unwrap();
    let head = "POST /graphql HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{\"query\"";
    connection.write_all(head.as_bytes()).await.unwrap();
    let mut answer = [0; 12];
    connection.read_exact(&mut answer).await.unwrap();
    assert_eq!(std::str::from_utf8(&answer).unwrap(), "HTTP/1.1 408");
}
