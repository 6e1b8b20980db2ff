//! `coko events`: the history of domains, what happens now, and what could not be handled.

use std::process::ExitCode;

use anyhow::{Context as _, bail};
use async_nats::jetstream::consumer::{DeliverPolicy, pull};
use coko_core::clock::Clock;
use coko_core::consumer;
use coko_core::events::{self, Event};
use coko_core::service::Nats;
use futures::StreamExt as _;
use serde_json::json;
use time::format_description::well_known::Rfc3339;

use super::attached::{Attached, database_key};
use super::{Global, interrupted};
use crate::cli::{DeadArgs, DomainArgs, EventsCommand};
use crate::output::table;
use crate::roles::SUBGRAPHS;

/// Dead letters listed per domain.
const MOST_DEAD: i64 = 200;

pub(super) async fn run(global: &Global, command: &EventsCommand) -> anyhow::Result<ExitCode> {
    let needed = match command {
        EventsCommand::List { .. } | EventsCommand::Tail { .. } => vec!["nats.url".to_owned()],
        EventsCommand::Dead(DomainArgs { domain }) => {
            domains(domain.as_deref()).map(database_key).collect()
        }
        EventsCommand::Replay(args) | EventsCommand::Discard(args) => {
            vec![database_key(&args.domain)]
        }
    };
    let attached = Attached::to(global, &needed).await?;
    let outcome = match command {
        EventsCommand::List { domain, limit } => {
            list(global, &attached, domain.as_deref(), *limit).await
        }
        EventsCommand::Tail { domain } => tail(global, &attached, domain.as_deref()).await,
        EventsCommand::Dead(DomainArgs { domain }) => {
            dead(global, &attached, domain.as_deref()).await
        }
        EventsCommand::Replay(args) => replay(global, &attached, args).await,
        EventsCommand::Discard(args) => discard(global, &attached, args).await,
    };
    attached.release().await;
    outcome.map(|()| ExitCode::SUCCESS)
}

fn domains(chosen: Option<&str>) -> impl Iterator<Item = &'static str> {
    let chosen = chosen.map(str::to_owned);
    SUBGRAPHS
        .iter()
        .map(|subgraph| subgraph.name)
        .filter(move |name| chosen.as_ref().is_none_or(|chosen| chosen == name))
}

async fn connect(attached: &Attached) -> anyhow::Result<Nats> {
    let url = attached
        .settings
        .nats
        .url
        .clone()
        .context("`nats.url` is not set")?;
    let nats = Nats::connect(url.expose(), "coko-events", 1)
        .await
        .map_err(anyhow::Error::msg)?;
    let flushed =
        tokio::time::timeout(std::time::Duration::from_secs(5), nats.client.flush()).await;
    if !matches!(flushed, Ok(Ok(()))) || !nats.is_connected() {
        bail!("the broker does not answer; is it running, and is `nats.url` right?");
    }
    Ok(nats)
}

/// The streams of one domain, or of every domain that has one.
async fn streams(
    nats: &Nats,
    domain: Option<&str>,
) -> anyhow::Result<Vec<async_nats::jetstream::stream::Stream>> {
    let names: Vec<String> = match domain {
        Some(domain) => vec![events::stream_name(domain)],
        None => {
            let mut names: Vec<String> = Vec::new();
            let mut listed = nats.jetstream.stream_names();
            while let Some(name) = listed.next().await {
                names.push(name.context("the broker cannot list its streams")?);
            }
            let ours = events::catalogue()?;
            names.retain(|name| {
                ours.iter()
                    .any(|event| events::stream_name(event.domain) == *name)
            });
            names
        }
    };
    let mut found = Vec::new();
    for name in names {
        let stream = nats.jetstream.get_stream(&name).await;
        found.push(stream.with_context(|| {
            format!("there is no stream {name}; nothing was published by that domain yet")
        })?);
    }
    Ok(found)
}

async fn list(
    global: &Global,
    attached: &Attached,
    domain: Option<&str>,
    limit: u64,
) -> anyhow::Result<()> {
    let nats = connect(attached).await?;
    let mut found: Vec<Event> = Vec::new();
    for mut stream in streams(&nats, domain).await? {
        let state = stream.info().await?.state.clone();
        let first = state
            .first_sequence
            .max(state.last_sequence.saturating_sub(limit) + 1);
        for sequence in first..=state.last_sequence {
            // A message is deleted with the account that it was about.
            if let Ok(message) = stream.get_raw_message(sequence).await
                && let Ok(event) = serde_json::from_slice(&message.payload)
            {
                found.push(event);
            }
        }
    }
    found.sort_by_key(|event| (event.time, event.id));
    let surplus = found
        .len()
        .saturating_sub(usize::try_from(limit).unwrap_or(usize::MAX));
    found.drain(..surplus);
    global.output.result(&found, || {
        let rows: Vec<[String; 4]> = found.iter().map(row).collect();
        table(["time", "type", "subject", "id"], &rows)
    });
    Ok(())
}

async fn tail(global: &Global, attached: &Attached, domain: Option<&str>) -> anyhow::Result<()> {
    let nats = connect(attached).await?;
    let mut live = futures::stream::SelectAll::new();
    for stream in streams(&nats, domain).await? {
        let config = pull::OrderedConfig {
            deliver_policy: DeliverPolicy::New,
            ..Default::default()
        };
        let consumer = stream
            .create_consumer(config)
            .await
            .context("the broker refuses to deliver")?;
        live.push(consumer.messages().await?);
    }
    let stop = interrupted();
    tokio::pin!(stop);
    loop {
        let message = tokio::select! {
            message = live.next() => message,
            () = &mut stop => return Ok(()),
        };
        let Some(message) = message else {
            return Ok(());
        };
        let message = message.context("the delivery broke off")?;
        if let Ok(event) = serde_json::from_slice::<Event>(&message.payload) {
            global.output.line(&event, || {
                format!("{}  {}", row(&event).join("  "), event.data)
            });
        }
    }
}

fn row(event: &Event) -> [String; 4] {
    let time = event.time.format(&Rfc3339).unwrap_or_default();
    [
        time,
        event.kind.clone(),
        event.subject.clone(),
        event.id.to_string(),
    ]
}

async fn dead(global: &Global, attached: &Attached, domain: Option<&str>) -> anyhow::Result<()> {
    let mut found = Vec::new();
    for domain in domains(domain) {
        let pool = attached.pool(domain)?;
        let mut connection = pool
            .get()
            .await
            .with_context(|| format!("the database of {domain} does not answer"))?;
        found.extend(consumer::dead_letters(&mut connection, MOST_DEAD).await?);
    }
    global.output.result(&found, || {
        if found.is_empty() {
            return "no dead events".to_owned();
        }
        let rows: Vec<[String; 6]> = found
            .iter()
            .map(|letter| {
                let time = letter.failed_at.format(&Rfc3339).unwrap_or_default();
                let fields = [&letter.consumer, &letter.subject, &letter.error];
                let [consumer, subject, error] = fields.map(Clone::clone);
                [
                    time,
                    consumer,
                    subject,
                    letter.event_id.to_string(),
                    letter.attempts.to_string(),
                    error,
                ]
            })
            .collect();
        table(
            [
                "failed at",
                "consumer",
                "subject",
                "id",
                "attempts",
                "error",
            ],
            &rows,
        )
    });
    Ok(())
}

async fn replay(global: &Global, attached: &Attached, args: &DeadArgs) -> anyhow::Result<()> {
    let pool = attached.pool(&args.domain)?;
    let mut connection = pool.get().await?;
    if !consumer::request_replay(&mut connection, args.id, Clock::system().now()).await? {
        bail!(no_such(args));
    }
    let value = json!({ "replayed": args.id });
    global.output.result(&value, || {
        format!(
            "{} is handed to {} again within seconds, as soon as it runs",
            args.id, args.domain
        )
    });
    Ok(())
}

async fn discard(global: &Global, attached: &Attached, args: &DeadArgs) -> anyhow::Result<()> {
    let pool = attached.pool(&args.domain)?;
    let mut connection = pool.get().await?;
    if !consumer::discard(&mut connection, args.id).await? {
        bail!(no_such(args));
    }
    global.output.result(&json!({ "discarded": args.id }), || {
        format!("{} is forgotten", args.id)
    });
    Ok(())
}

fn no_such(args: &DeadArgs) -> String {
    format!(
        "{} has no dead event {}; `coko events dead {}` lists them",
        args.domain, args.id, args.domain
    )
}
