//! `coko import`: data from files into the platform.

use std::path::Path;
use std::process::ExitCode;

use anyhow::Context as _;
use coko_catalog::import::{self, ImportFormat, Report};

use super::attached::{Attached, context, database_key};
use super::{FOUND, Global};
use crate::cli::ImportCommand;
use crate::output::table;

/// Refused rows that are listed for people; programs get all that the report has.
const SHOWN: usize = 20;

pub(super) async fn run(global: &Global, command: &ImportCommand) -> anyhow::Result<ExitCode> {
    match command {
        ImportCommand::Books { file, source } => books(global, file, source.as_deref()).await,
    }
}

async fn books(global: &Global, file: &Path, source: Option<&str>) -> anyhow::Result<ExitCode> {
    // A missing file is said before servers are started for it.
    std::fs::metadata(file).with_context(|| format!("{} cannot be read", file.display()))?;
    let attached = Attached::to(global, &[database_key(coko_catalog::NAME)]).await?;
    let stem = file
        .file_stem()
        .map(|stem| stem.to_string_lossy().into_owned());
    let source = source.map(str::to_owned).or(stem).unwrap_or_default();
    let outcome = run_import(global, &attached, file, &source).await;
    attached.release().await;
    let report = outcome?;
    global.output.result(&report, || text(&report));
    Ok(if report.refused == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(FOUND)
    })
}

async fn run_import(
    global: &Global,
    attached: &Attached,
    file: &Path,
    source: &str,
) -> anyhow::Result<Report> {
    let pool = attached.pool(coko_catalog::NAME)?;
    let format = ImportFormat::of(file).unwrap_or(ImportFormat::Csv);
    let bar = global
        .progress
        .bar(format!("importing {}", file.display()), "bytes");
    let report = import::run(&pool, &context(), file, format, source, |done, total| bar.at(done, total))
        .await
        .with_context(|| format!("{} could not be imported to its end; what is in stays, and the import can be run again", file.display()))?;
    bar.done(&format!("{} read", report.read));
    Ok(report)
}

fn text(report: &Report) -> String {
    let mut text = format!(
        "{} read: {} created, {} updated, {} unchanged, {} refused, {} warnings\n",
        report.read,
        report.created,
        report.updated,
        report.unchanged,
        report.refused,
        report.warnings.len()
    );
    if !report.rejected.is_empty() {
        let rows: Vec<[String; 3]> = report
            .rejected
            .iter()
            .take(SHOWN)
            .map(|row| {
                [
                    row.line.to_string(),
                    row.field.clone().unwrap_or_default(),
                    row.reason.clone(),
                ]
            })
            .collect();
        text.push_str("\nrefused\n");
        text.push_str(&table(["line", "field", "reason"], &rows));
    }
    if report.refused > SHOWN as u64 {
        text.push_str("… --format json lists all of them\n");
    }
    text
}
