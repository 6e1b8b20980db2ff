//! `coko health`: the health check of images that hold no other program.

use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context as _, bail};
use serde_json::json;
use url::Url;

use super::Global;

pub(super) async fn run(global: &Global, url: &Url) -> anyhow::Result<ExitCode> {
    let client = reqwest::Client::builder()
        .timeout(Duration::from_secs(3))
        .no_proxy()
        .build()?;
    let response = client
        .get(url.clone())
        .send()
        .await
        .with_context(|| format!("nothing answers at {url}"))?;
    let status = response.status();
    if !status.is_success() {
        bail!("{url} answers {status}; expected 200 OK");
    }
    global.output.result(
        &json!({ "url": url.as_str(), "status": status.as_u16() }),
        || "ok".to_owned(),
    );
    Ok(ExitCode::SUCCESS)
}
