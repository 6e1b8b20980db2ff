//! `coko search`: the catalogue's index.

use std::process::ExitCode;

use serde_json::json;

use super::Global;
use super::attached::{Attached, database_key};
use crate::cli::SearchCommand;

pub(super) async fn run(global: &Global, command: &SearchCommand) -> anyhow::Result<ExitCode> {
    match command {
        SearchCommand::Reindex => reindex(global).await,
    }
}

async fn reindex(global: &Global) -> anyhow::Result<ExitCode> {
    let attached = Attached::to(global, &[database_key(coko_catalog::NAME)]).await?;
    let outcome = rebuild(global, &attached).await;
    attached.release().await;
    let count = outcome?;
    global.output.result(&json!({ "indexed": count }), || {
        format!("{count} books are indexed")
    });
    Ok(ExitCode::SUCCESS)
}

async fn rebuild(global: &Global, attached: &Attached) -> anyhow::Result<u64> {
    let config: coko_catalog::Config = attached.settings.section(coko_catalog::NAME)?;
    let bar = global.progress.bar("indexing books", "books");
    let count = coko_catalog::reindex(&config, |done, total| bar.at(done, total)).await?;
    bar.done(&format!("{count} books"));
    Ok(count)
}
