//! What the history of events must no longer hold, as it is about somebody whose account is gone.
//!
//! A stream is the history of its domain and grows only, with this one exception: a domain deletes its own earlier events about an
//! account that it erased. Their places stay empty, and the numbers of all others stay as they were, so whoever reads on or from the
//! beginning meets a gap and nothing else. The broker overwrites the bytes of what it deletes.

use std::collections::BTreeSet;
use std::time::Duration;

use async_nats::jetstream::consumer::{DeliverPolicy, pull};
use async_nats::jetstream::stream::Stream;
use diesel::QueryResult;
use diesel::sql_types::Text;
use diesel_async::RunQueryDsl as _;
use futures::StreamExt as _;

use crate::database::Connection;
use crate::error::{Error, Result};
use crate::events::{self, Event, Payload, auth::UserDeleted};
use crate::service::{Bus, Nats};

/// How long the broker may keep silent while there is more.
const SILENCE: Duration = Duration::from_secs(30);

/// The part of an envelope that says what an event is about.
#[derive(serde::Deserialize)]
struct Envelope {
    subject: String,
}

/// Deletes every event of `domain` of one of these kinds whose subject is among `about`; returns how many there were. What was
/// deleted before is not there any more, so this can be called again after any failure.
///
/// The broker knows events by their kinds only, so those are read from the beginning: ask for many subjects at once.
///
/// # Errors
/// When the broker does not answer or refuses; what was deleted until then stays deleted.
pub async fn forget(
    bus: &Bus,
    domain: &str,
    kinds: &[&str],
    about: &BTreeSet<String>,
) -> Result<u64> {
    match bus {
        Bus::Nats(nats) => forget_in(nats, domain, kinds, about).await,
        Bus::Recording(recording) => {
            let source = format!("coko/{domain}");
            Ok(recording.forget(|event| {
                event["source"] == source.as_str()
                    && event["type"]
                        .as_str()
                        .is_some_and(|kind| kinds.contains(&kind))
                    && event["subject"]
                        .as_str()
                        .is_some_and(|subject| about.contains(subject))
            }))
        }
    }
}

async fn forget_in(
    nats: &Nats,
    domain: &str,
    kinds: &[&str],
    about: &BTreeSet<String>,
) -> Result<u64> {
    let stream = nats.ensure_stream(domain).await;
    let mut stream = stream.map_err(Error::unavailable)?;
    let state = &stream.info().await.map_err(Error::unavailable)?.state;
    let last = state.last_sequence;
    let mut deleted = 0;
    for kind in kinds {
        let subject = events::subject(domain, kind);
        for place in places(&stream, subject, last, about).await? {
            let done = stream.delete_message(place).await;
            if !done.map_err(Error::unavailable)? {
                return Err(Error::unavailable(format!(
                    "the broker does not delete event {place} of {domain}"
                )));
            }
            deleted += 1;
        }
    }
    Ok(deleted)
}

/// Where in the stream events about these subjects are, no further than `last`.
async fn places(
    stream: &Stream,
    subject: String,
    last: u64,
    about: &BTreeSet<String>,
) -> Result<Vec<u64>> {
    let config = pull::OrderedConfig {
        deliver_policy: DeliverPolicy::All,
        filter_subject: subject,
        ..Default::default()
    };
    let consumer = stream.create_consumer(config).await;
    let consumer = consumer.map_err(Error::unavailable)?;
    let mut found = Vec::new();
    if consumer.cached_info().num_pending == 0 {
        return Ok(found);
    }
    let mut messages = consumer.messages().await.map_err(Error::unavailable)?;
    loop {
        let next = tokio::time::timeout(SILENCE, messages.next()).await;
        let Ok(Some(message)) = next else {
            return Err(Error::unavailable("the delivery of the history broke off"));
        };
        let message = message.map_err(Error::unavailable)?;
        let (sequence, pending) = {
            let info = message.info().map_err(Error::unavailable)?;
            (info.stream_sequence, info.pending)
        };
        let envelope = serde_json::from_slice::<Envelope>(&message.payload);
        if envelope.is_ok_and(|envelope| about.contains(&envelope.subject)) {
            found.push(sequence);
        }
        // What is published later is not about an account that was gone before.
        if sequence >= last || pending == 0 {
            return Ok(found);
        }
    }
}

/// Drops what a consumer could not handle of auth's events about an account, once it hears that the account is gone: dead letters
/// are copies of events.
pub(crate) async fn forget_dead_letters(
    connection: &mut Connection,
    consumer: &str,
    event: &Event,
) -> QueryResult<()> {
    if event.kind != UserDeleted::TYPE || event.source != format!("coko/{}", UserDeleted::DOMAIN) {
        return Ok(());
    }
    diesel::sql_query(
        "DELETE FROM dead_letter WHERE consumer = $1 AND subject LIKE $2 AND subject <> $3
            AND position(convert_to($4, 'UTF8') IN payload) > 0",
    )
    .bind::<Text, _>(consumer)
    .bind::<Text, _>(events::subject(UserDeleted::DOMAIN, "%"))
    .bind::<Text, _>(events::subject_of::<UserDeleted>())
    .bind::<Text, _>(&event.subject)
    .execute(connection)
    .await
    .map(drop)
}
