//! A client of answers in parts: `multipart/mixed`, read as Apollo Client reads it.

use serde_json::Value;

use crate::clients::PATIENCE;
use crate::support::Answer;

/// What Apollo Client sends with a query that defers something.
pub(crate) const ACCEPT: &str =
    "multipart/mixed;deferSpec=20220824, application/graphql-response+json, application/json;q=0.9";

/// The parts of one answer.
pub(crate) struct Parts {
    response: reqwest::Response,
    buffer: String,
}

impl Parts {
    /// Sends a request that must be answered in parts.
    pub(crate) async fn of(request: reqwest::RequestBuilder) -> Self {
        let response = request.send().await.unwrap();
        let kind = response.headers().get("content-type").cloned();
        let kind = kind.as_ref().and_then(|kind| kind.to_str().ok());
        assert!(
            kind == Some("multipart/mixed;boundary=\"-\";deferSpec=20220824"),
            "not in parts: {:?}",
            Answer::of(response).await
        );
        assert_eq!(response.headers()["cache-control"], "no-store");
        assert!(!response.headers().contains_key("etag"));
        Self {
            response,
            buffer: String::new(),
        }
    }

    /// The next part; `None` after the last.
    pub(crate) async fn next(&mut self) -> Option<Value> {
        loop {
            while let Some((message, rest)) = self.buffer.split_once("\r\n---") {
                let (message, rest) = (message.to_owned(), rest.to_owned());
                self.buffer = rest;
                // Before the first boundary there is nothing.
                let Some((headers, body)) = message.split_once("\r\n\r\n") else {
                    assert_eq!(message, "");
                    continue;
                };
                assert_eq!(headers, "\r\ncontent-type: application/json");
                return Some(serde_json::from_str(body).unwrap());
            }
            let chunk = tokio::time::timeout(PATIENCE, self.response.chunk());
            let chunk = chunk.await.expect("something comes");
            let Some(chunk) = chunk.expect("the answer does not break off") else {
                assert_eq!(self.buffer, "--\r\n", "the last boundary ends the answer");
                return None;
            };
            self.buffer.push_str(std::str::from_utf8(&chunk).unwrap());
        }
    }

    /// The part that must come next.
    pub(crate) async fn part(&mut self) -> Value {
        self.next().await.expect("another part")
    }
}
