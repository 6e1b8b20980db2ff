//! Events leave in the transaction that made them, and reach JetStream exactly once as far as consumers can tell.
//!
//! [`enqueue`] writes the row, the [`Relay`] publishes it. One relay per database leads (advisory lock), is woken by
//! NOTIFY and polls as a fallback. With NATS down, rows wait and requests go on. A crash between publishing and marking
//! publishes again under the same `Nats-Msg-Id`; whatever the broker's short window lets through, the inbox stops.

use std::collections::BTreeSet;
use std::time::Duration;

use async_nats::jetstream;
use diesel::prelude::*;
use diesel::sql_types::{Array, Text};
use diesel_async::{AsyncPgConnection, RunQueryDsl, SimpleAsyncConnection as _};
use futures::StreamExt as _;
use time::OffsetDateTime;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::clock::Clock;
use crate::context::CommandContext;
use crate::database::{Connection, Pool};
use crate::events::{self, Event, Payload};
use crate::service::{Bus, Task};
use crate::tables::outbox;

/// Rows per statement when many events are enqueued at once, well under PostgreSQL's limit of bind parameters.
const INSERT_BATCH: usize = 1000;
/// Rows that the relay publishes before it waits for their acknowledgements.
const PUBLISH_BATCH: i64 = 256;
/// How often the relay looks when no notification comes.
const POLL: Duration = Duration::from_secs(1);
/// How long a sent row is kept for inspection.
const KEEP_SENT: time::Duration = time::Duration::days(3);

#[derive(Insertable)]
#[diesel(table_name = outbox)]
struct NewRow {
    id: Uuid,
    subject: String,
    event: serde_json::Value,
    created_at: OffsetDateTime,
}

#[derive(Queryable)]
struct Row {
    sequence: i64,
    id: Uuid,
    subject: String,
    event: serde_json::Value,
}

/// Writes one event into the outbox; call it inside the business transaction. Returns the event's id.
///
/// # Errors
/// When the row cannot be written, which must fail the transaction.
pub async fn enqueue<P: Payload>(
    connection: &mut Connection,
    context: &CommandContext,
    payload: &P,
) -> QueryResult<Uuid> {
    let row = new_row(context, payload)?;
    let id = row.id;
    diesel::insert_into(outbox::table)
        .values(row)
        .execute(connection)
        .await?;
    Ok(id)
}

/// Writes many events of one kind with few statements; call it inside the business transaction.
///
/// # Errors
/// As [`enqueue`].
pub async fn enqueue_all<P: Payload>(
    connection: &mut Connection,
    context: &CommandContext,
    payloads: &[P],
) -> QueryResult<()> {
    for batch in payloads.chunks(INSERT_BATCH) {
        let rows = batch
            .iter()
            .map(|payload| new_row(context, payload))
            .collect::<QueryResult<Vec<_>>>()?;
        diesel::insert_into(outbox::table)
            .values(rows)
            .execute(connection)
            .await?;
    }
    Ok(())
}

fn new_row<P: Payload>(context: &CommandContext, payload: &P) -> QueryResult<NewRow> {
    let json = |error| diesel::result::Error::SerializationError(Box::new(error));
    let event = Event::new(context, payload).map_err(json)?;
    Ok(NewRow {
        id: event.id,
        subject: events::subject_of::<P>(),
        event: serde_json::to_value(&event).map_err(json)?,
        created_at: context.now,
    })
}

/// How many events wait to be published; a metric, and what tests assert to be zero.
///
/// # Errors
/// When the database does not answer.
pub async fn pending(connection: &mut Connection) -> QueryResult<i64> {
    outbox::table
        .filter(outbox::sent_at.is_null())
        .count()
        .get_result(connection)
        .await
}

/// Those of these events that still wait to be published.
///
/// # Errors
/// When the database does not answer.
pub async fn unsent(connection: &mut Connection, ids: &[Uuid]) -> QueryResult<Vec<Uuid>> {
    outbox::table
        .filter(outbox::id.eq_any(ids))
        .filter(outbox::sent_at.is_null())
        .select(outbox::id)
        .load(connection)
        .await
}

/// Drops the copies of published events that went to one of these broker subjects and are about one of these aggregates, before
/// their time; returns how many there were.
///
/// # Errors
/// When the database does not answer.
pub async fn forget(
    connection: &mut Connection,
    subjects: &[String],
    about: &BTreeSet<String>,
) -> QueryResult<usize> {
    let about: Vec<&str> = about.iter().map(String::as_str).collect();
    diesel::sql_query(
        "DELETE FROM outbox WHERE sent_at IS NOT NULL AND subject = ANY($1) AND event ->> 'subject' = ANY($2)",
    )
    .bind::<Array<Text>, _>(subjects)
    .bind::<Array<Text>, _>(about)
    .execute(connection)
    .await
}

/// Why a round of publishing stopped.
#[derive(Debug, thiserror::Error)]
enum RelayError {
    #[error("connecting to the database: {0}")]
    Connect(#[from] diesel::ConnectionError),
    #[error("the database: {0}")]
    Database(#[from] diesel::result::Error),
    #[error("the stream: {0}")]
    Stream(String),
    #[error("publishing: {0}")]
    Publish(String),
}

/// Publishes one database's outbox.
#[derive(Clone, Debug)]
pub struct Relay {
    domain: &'static str,
    pool: Pool,
    bus: Bus,
    clock: Clock,
    transient: bool,
}

impl Relay {
    /// A relay for the database of `domain`.
    pub fn new(domain: &'static str, pool: Pool, bus: Bus, clock: Clock) -> Self {
        Self {
            domain,
            pool,
            bus,
            clock,
            transient: false,
        }
    }

    /// The same for a domain that has transient events, whose stream it makes as well.
    #[must_use]
    pub fn with_transient(self) -> Self {
        Self {
            transient: true,
            ..self
        }
    }

    /// The relay as a task of its service: it runs until shutdown, and drains what is committed before it stops.
    pub fn task(self) -> Task {
        Task::new("outbox-relay", move |stop| self.clone().run(stop))
    }

    async fn run(self, stop: CancellationToken) {
        let mut pause = Duration::from_millis(200);
        while !stop.is_cancelled() {
            match self.lead(&stop).await {
                Ok(()) => pause = Duration::from_millis(200),
                Err(error) => {
                    tracing::warn!(domain = self.domain, %error, "the outbox relay pauses");
                    metrics::counter!("outbox_relay_failures_total", "domain" => self.domain)
                        .increment(1);
                    tokio::select! {
                        () = tokio::time::sleep(pause) => {}
                        () = stop.cancelled() => {}
                    }
                    pause = (pause * 2).min(Duration::from_secs(5));
                }
            }
        }
    }

    /// Becomes the leader and publishes until something fails or the service stops.
    async fn lead(&self, stop: &CancellationToken) -> Result<(), RelayError> {
        let mut connection = self.pool.dedicated().await?;
        if !self.wait_for_leadership(&mut connection, stop).await? {
            return Ok(());
        }
        connection.batch_execute("LISTEN outbox").await?;
        self.ensure_stream().await?;
        let mut purged = self.clock.now();
        loop {
            while self.publish_batch(&mut connection).await? == PUBLISH_BATCH {}
            if stop.is_cancelled() {
                return Ok(());
            }
            if self.clock.now() - purged > time::Duration::hours(1) {
                purged = self.clock.now();
                purge(&mut connection, purged).await?;
            }
            let mut notifications = std::pin::pin!(connection.notifications_stream());
            tokio::select! {
                _ = notifications.next() => {}
                () = tokio::time::sleep(POLL) => {}
                () = stop.cancelled() => {}
            }
        }
    }

    async fn wait_for_leadership(
        &self,
        connection: &mut AsyncPgConnection,
        stop: &CancellationToken,
    ) -> Result<bool, RelayError> {
        while !stop.is_cancelled() {
            let lead = diesel::select(diesel::dsl::sql::<diesel::sql_types::Bool>(
                "pg_try_advisory_lock(7306642)",
            ))
            .get_result::<bool>(connection)
            .await?;
            if lead {
                return Ok(true);
            }
            tokio::select! {
                () = tokio::time::sleep(POLL) => {}
                () = stop.cancelled() => {}
            }
        }
        Ok(false)
    }

    async fn ensure_stream(&self) -> Result<(), RelayError> {
        let Bus::Nats(nats) = &self.bus else {
            return Ok(());
        };
        nats.ensure_stream(self.domain)
            .await
            .map_err(RelayError::Stream)?;
        if self.transient {
            nats.ensure_live_stream(self.domain)
                .await
                .map_err(RelayError::Stream)?;
        }
        Ok(())
    }

    /// Publishes up to [`PUBLISH_BATCH`] rows in order and marks the acknowledged ones; returns how many there were.
    async fn publish_batch(&self, connection: &mut AsyncPgConnection) -> Result<i64, RelayError> {
        let rows: Vec<Row> = outbox::table
            .filter(outbox::sent_at.is_null())
            .order(outbox::sequence)
            .limit(PUBLISH_BATCH)
            .select((outbox::sequence, outbox::id, outbox::subject, outbox::event))
            .load(connection)
            .await?;
        let count = i64::try_from(rows.len()).unwrap_or(PUBLISH_BATCH);
        metrics::gauge!("outbox_pending", "domain" => self.domain)
            .set(f64::from(u16::try_from(count).unwrap_or(u16::MAX)));
        if rows.is_empty() {
            return Ok(0);
        }
        let (sent, outcome) = match &self.bus {
            Bus::Nats(nats) => publish(&nats.jetstream, &rows).await,
            Bus::Recording(recording) => {
                recording.record(rows.iter().map(|row| row.event.clone()));
                (rows.iter().map(|row| row.sequence).collect(), Ok(()))
            }
        };
        diesel::update(outbox::table.filter(outbox::sequence.eq_any(&sent)))
            .set(outbox::sent_at.eq(self.clock.now()))
            .execute(connection)
            .await?;
        metrics::counter!("outbox_published_total", "domain" => self.domain)
            .increment(sent.len() as u64);
        outcome.map(|()| count).map_err(RelayError::Publish)
    }
}

/// Sends all rows, then waits for the acknowledgements in order; what comes after a failure is sent again later under the same id.
async fn publish(jetstream: &jetstream::Context, rows: &[Row]) -> (Vec<i64>, Result<(), String>) {
    let mut waiting = Vec::with_capacity(rows.len());
    let mut failure = None;
    for row in rows {
        let message = jetstream::message::PublishMessage::build()
            .payload(row.event.to_string().into())
            .message_id(row.id.to_string())
            .header("Content-Type", "application/cloudevents+json");
        match jetstream.send_publish(row.subject.clone(), message).await {
            Ok(acknowledgement) => waiting.push((row.sequence, acknowledgement)),
            Err(error) => {
                failure = Some(error.to_string());
                break;
            }
        }
    }
    let mut sent = Vec::with_capacity(waiting.len());
    for (sequence, acknowledgement) in waiting {
        match acknowledgement.await {
            Ok(_) => sent.push(sequence),
            Err(error) => return (sent, Err(error.to_string())),
        }
    }
    (sent, failure.map_or(Ok(()), Err))
}

/// Forgets what was sent long ago, a bounded number of rows at a time.
async fn purge(connection: &mut AsyncPgConnection, now: OffsetDateTime) -> QueryResult<()> {
    diesel::sql_query(
        "DELETE FROM outbox WHERE sequence IN (SELECT sequence FROM outbox WHERE sent_at < $1 ORDER BY sent_at LIMIT 10000)",
    )
    .bind::<diesel::sql_types::Timestamptz, _>(now - KEEP_SENT)
    .execute(connection)
    .await
    .map(drop)
}
