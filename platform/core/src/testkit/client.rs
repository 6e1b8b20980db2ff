//! Calls a subgraph's router as HTTP would, without a socket.

use axum::Router;
use axum::body::Body;
use http::{Request, StatusCode, header};
use http_body_util::BodyExt as _;
use serde_json::{Value, json};
use tower::ServiceExt as _;

/// A GraphQL client of one router.
#[derive(Clone, Debug)]
pub struct GraphqlClient {
    router: Router,
    token: Option<String>,
    language: &'static str,
}

/// A GraphQL answer.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The HTTP status.
    pub status: StatusCode,
    /// The whole body; null when it is not JSON.
    pub body: Value,
}

impl Answer {
    /// `data`.
    pub fn data(&self) -> &Value {
        &self.body["data"]
    }

    /// `extensions.code` of every error, in order.
    pub fn codes(&self) -> Vec<&str> {
        let errors = self.body["errors"]
            .as_array()
            .map(Vec::as_slice)
            .unwrap_or_default();
        errors
            .iter()
            .map(|error| error["extensions"]["code"].as_str().unwrap_or("(none)"))
            .collect()
    }

    /// `data`, of an answer without errors.
    ///
    /// # Panics
    /// When there are errors.
    pub fn ok(&self) -> &Value {
        assert!(self.body.get("errors").is_none(), "{:#}", self.body);
        self.data()
    }
}

impl GraphqlClient {
    /// A guest, in English.
    pub fn new(router: Router) -> Self {
        Self {
            router,
            token: None,
            language: "en",
        }
    }

    /// The same client with a token.
    #[must_use]
    pub fn with_token(&self, token: impl Into<String>) -> Self {
        Self {
            token: Some(token.into()),
            ..self.clone()
        }
    }

    /// The same client in another language.
    #[must_use]
    pub fn with_language(&self, language: &'static str) -> Self {
        Self {
            language,
            ..self.clone()
        }
    }

    /// Runs a document without variables.
    pub async fn run(&self, query: &str) -> Answer {
        self.run_with(query, json!({})).await
    }

    /// Runs a document.
    ///
    /// # Panics
    /// When the router does not answer, which would be its fault.
    pub async fn run_with(&self, query: &str, variables: Value) -> Answer {
        let body = json!({ "query": query, "variables": variables }).to_string();
        let mut request = Request::post("/graphql")
            .header(header::CONTENT_TYPE, "application/json")
            .header(header::ACCEPT_LANGUAGE, self.language);
        if let Some(token) = &self.token {
            request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
        }
        let request = request
            .body(Body::from(body))
            .unwrap_or_else(|error| panic!("{error}"));
        let response = self
            .router
            .clone()
            .oneshot(request)
            .await
            .unwrap_or_else(|error| match error {});
        let status = response.status();
        let bytes = response
            .into_body()
            .collect()
            .await
            .unwrap_or_else(|error| panic!("{error}"))
            .to_bytes();
        Answer {
            status,
            body: serde_json::from_slice(&bytes).unwrap_or_default(),
        }
    }
}
