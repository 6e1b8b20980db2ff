//! `coko rebuild`: read models made anew from the history of events.

use std::process::ExitCode;

use anyhow::Context as _;
use coko_core::consumer::{Consumers, Rebuilt};
use coko_core::database::Pool;
use coko_core::service::Platform;

use super::attached::{Attached, database_key};
use super::{FOUND, Global};
use crate::cli::RebuildArgs;
use crate::platform::Parsed;

/// What handles the events of a domain, over its database.
type Handlers = fn(&Platform, Pool) -> Consumers;

/// The domains that keep a read model which comes from events alone: add new ones here.
const REBUILDABLE: &[(&str, Handlers)] =
    &[(coko_recommendation::NAME, coko_recommendation::consumers)];

/// The names of the domains that can be rebuilt.
pub(crate) fn rebuildable() -> impl Iterator<Item = &'static str> {
    REBUILDABLE.iter().map(|(name, _)| *name)
}

pub(super) async fn run(global: &Global, args: &RebuildArgs) -> anyhow::Result<ExitCode> {
    let needed = [database_key(&args.domain), "nats.url".to_owned()];
    let attached = Attached::to(global, &needed).await?;
    let outcome = rebuild(global, &attached, &args.domain).await;
    attached.release().await;
    let rebuilt = outcome?;
    global.output.result(&rebuilt, || {
        format!(
            "{} was made anew from {} events, of which {} concern it and {} could not be handled",
            args.domain, rebuilt.read, rebuilt.handled, rebuilt.refused
        )
    });
    Ok(if rebuilt.refused == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(FOUND)
    })
}

async fn rebuild(global: &Global, attached: &Attached, domain: &str) -> anyhow::Result<Rebuilt> {
    let known = REBUILDABLE.iter().find(|(name, _)| *name == domain);
    let (_, consumers) =
        known.with_context(|| format!("{domain} keeps nothing that could be rebuilt"))?;
    let parsed = Parsed::new(&attached.settings, false)?;
    let connected = parsed.connect("coko-rebuild").await?;
    let consumers = consumers(&connected.platform, attached.pool(domain)?);
    let bar = global
        .progress
        .bar(format!("rebuilding {domain}"), "events");
    let rebuilt = consumers
        .rebuild(|read, total| bar.at(read, total))
        .await
        .with_context(|| {
            format!("{domain} was not rebuilt to its end; run `coko rebuild {domain}` again")
        })?;
    bar.done(&format!("{} events", rebuilt.read));
    Ok(rebuilt)
}
