//! A front-end team's view of the platform: one endpoint over HTTP.

use anyhow::{Context as _, Result};
use reqwest::StatusCode;
use serde_json::{Value, json};

/// A client of one endpoint, with or without a token.
#[derive(Clone, Debug)]
pub struct Client {
    http: reqwest::Client,
    endpoint: String,
    token: Option<String>,
    language: &'static str,
    agent: Option<String>,
}

/// A GraphQL answer as it came over HTTP.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The HTTP status.
    pub status: StatusCode,
    /// The body; null when it is not JSON.
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
        assert!(self.data().is_object(), "{} {:#}", self.status, self.body);
        self.data()
    }
}

/// The id of the operation called `name` in the web client's committed manifest.
///
/// # Errors
/// When the manifest has no such operation, or is not there.
pub fn operation(name: &str) -> Result<String> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../schema/operations/web.json");
    let manifest: Value = serde_json::from_str(&std::fs::read_to_string(path)?)?;
    let operations = manifest["operations"].as_array();
    let found = operations.and_then(|operations| {
        operations
            .iter()
            .find(|operation| operation["name"] == name)
    });
    let id = found.and_then(|operation| operation["id"].as_str());
    Ok(id
        .with_context(|| format!("the manifest has no {name}"))?
        .to_owned())
}

impl Client {
    /// A guest of `endpoint` (`http://127.0.0.1:4000/graphql`), in English.
    pub fn new(endpoint: String) -> Self {
        Self {
            http: reqwest::Client::new(),
            endpoint,
            token: None,
            language: "en",
            agent: None,
        }
    }

    /// The same client with a token.
    #[must_use]
    pub fn with_token(&self, token: &str) -> Self {
        Self {
            token: Some(token.to_owned()),
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

    /// The same client that names itself by `agent`.
    #[must_use]
    pub fn with_agent(&self, agent: &str) -> Self {
        Self {
            agent: Some(agent.to_owned()),
            ..self.clone()
        }
    }

    /// Runs a document without variables.
    pub async fn run(&self, query: &str) -> Result<Answer> {
        self.send(json!({ "query": query })).await
    }

    /// Runs a document with variables.
    pub async fn run_with(&self, query: &str, variables: Value) -> Result<Answer> {
        self.send(json!({ "query": query, "variables": variables }))
            .await
    }

    /// Runs a persisted operation by its id.
    pub async fn run_persisted(&self, id: &str, variables: Value) -> Result<Answer> {
        let extensions = json!({ "persistedQuery": { "version": 1, "sha256Hash": id } });
        self.send(json!({ "extensions": extensions, "variables": variables }))
            .await
    }

    /// Runs an operation of the web client as that client does: by its id alone.
    pub async fn run_operation(&self, name: &str, variables: Value) -> Result<Answer> {
        self.run_persisted(&operation(name)?, variables).await
    }

    /// What the endpoint's process counts, in Prometheus' text format.
    pub async fn metrics(&self) -> Result<String> {
        let url = self.endpoint.replace("/graphql", "/metrics");
        Ok(self.http.get(url).send().await?.text().await?)
    }

    /// Sends a request body as it is.
    pub async fn send(&self, body: Value) -> Result<Answer> {
        let mut request = self
            .http
            .post(&self.endpoint)
            .header("accept-language", self.language)
            .header(
                "accept",
                "application/graphql-response+json, application/json;q=0.9",
            )
            .json(&body);
        if let Some(token) = &self.token {
            request = request.bearer_auth(token);
        }
        if let Some(agent) = &self.agent {
            request = request.header("user-agent", agent);
        }
        let response = request
            .send()
            .await
            .context("the endpoint does not answer")?;
        let status = response.status();
        let bytes = response.bytes().await?;
        Ok(Answer {
            status,
            body: serde_json::from_slice(&bytes).unwrap_or_default(),
        })
    }
}
