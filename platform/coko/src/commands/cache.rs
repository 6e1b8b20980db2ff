//! `coko cache`: the router's cache from outside.

use std::collections::BTreeMap;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context as _, bail};
use coko_gateway::config::AdminConfig;
use serde_json::{Value, json};

use super::Global;
use crate::cli::{CacheCommand, PurgeArgs};
use crate::config::Settings;

pub(super) async fn run(global: &Global, command: &CacheCommand) -> anyhow::Result<ExitCode> {
    match command {
        CacheCommand::Purge(args) => purge(global, args).await,
    }
}

async fn purge(global: &Global, args: &PurgeArgs) -> anyhow::Result<ExitCode> {
    #[derive(Default, serde::Deserialize)]
    struct Router {
        #[serde(default)]
        admin: AdminConfig,
    }
    let settings = Settings::load(global.config.as_deref(), None)?;
    let admin = settings
        .section::<Router>("router")
        .unwrap_or_default()
        .admin;
    let configured = admin.token.as_ref().map(|token| token.expose().to_owned());
    let Some(token) = args.token.clone().or(configured) else {
        bail!(
            "there is no token: pass --token, or set `router.admin.token` where the router runs and here"
        );
    };
    let path = format!("{}/cache/purge", admin.path.trim_end_matches('/'));
    let url = args.router.join(&path)?;
    let order = json!({ "purge": [what(args)] });
    let client = reqwest::Client::builder()
        .timeout(Duration::from_secs(15))
        .build()?;
    let response = client
        .post(url.clone())
        .bearer_auth(token)
        .header("content-type", "application/json")
        .body(order.to_string())
        .send()
        .await
        .with_context(|| format!("nothing answers at {url}"))?;
    let status = response.status();
    let answer: Value = serde_json::from_slice(&response.bytes().await?).unwrap_or_default();
    if !status.is_success() {
        let said = answer.pointer("/errors/0/message").and_then(Value::as_str);
        bail!(
            "{url} answers {status}: {}",
            said.unwrap_or("no reason given")
        );
    }
    global.output.result(&answer, || {
        if answer.get("everywhere") == Some(&Value::Bool(true)) {
            "purged in every router".to_owned()
        } else {
            "purged in this router, and in Redis where it has one; it has no broker to tell others through".to_owned()
        }
    });
    Ok(ExitCode::SUCCESS)
}

/// What is to be dropped, as the router takes it.
fn what(args: &PurgeArgs) -> Value {
    match (&args.type_name, &args.field, &args.subgraph) {
        (Some(name), ..) if args.key.is_empty() => json!({ "type": name }),
        (Some(name), ..) => {
            let key: BTreeMap<&String, &String> = args
                .key
                .iter()
                .map(|(field, value)| (field, value))
                .collect();
            json!({ "entity": { "type": name, "key": key } })
        }
        (None, Some(field), _) => json!({ "field": field }),
        (None, None, Some(subgraph)) => json!({ "subgraph": subgraph }),
        (None, None, None) => json!("all"),
    }
}
