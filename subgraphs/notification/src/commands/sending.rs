//! Handing messages that are due to those who carry them, outside of any transaction; what became of each is written after.

use std::time::Instant;

use coko_core::Result;
use coko_core::context::CommandContext;
use diesel_async::AsyncConnection as _;
use futures::StreamExt as _;
use time::{Duration, OffsetDateTime};

use super::carrying::Sending;
use super::round::Round;
use super::{Dispatch, escalation};
use crate::connectors::{Accepted, Trouble};
use crate::model::callback::SuppressionReason;
use crate::model::{Attempt, Channel, Delivery, Device, Person, Status, plan};
use crate::store;

/// How many deliveries one round takes; no more than auth is asked about at once.
const BATCH: i64 = 64;
/// How many providers' answers are waited for at once.
const PARALLEL: usize = 8;
/// How long a delivery that one process works on is hidden from the others.
const LEASE: Duration = Duration::minutes(5);
/// How long after that one is still begun: even several devices of a provider that does not answer are tried before the lease is
/// over, so that no other process sends the same meanwhile.
const FRESH: std::time::Duration = std::time::Duration::from_secs(90);
/// How long letters and text messages wait where nobody says where people are reached; such a wait is no try.
const UNANSWERED: Duration = Duration::seconds(30);

/// Sends what is due; returns how many deliveries were looked at.
///
/// # Errors
/// When the database does not answer.
pub(crate) async fn work(context: &CommandContext, dispatch: &Dispatch) -> Result<usize> {
    let began = Instant::now();
    let mut connection = dispatch.pool.get().await?;
    let due = connection
        .transaction(async |connection| {
            store::deliveries::lease_due(connection, context.now, context.now + LEASE, BATCH).await
        })
        .await?;
    drop(connection);
    let count = due.len();
    if count == 0 {
        return Ok(0);
    }
    let round = &Round::of(dispatch, &due).await?;
    futures::stream::iter(due)
        .for_each_concurrent(PARALLEL, |delivery| async move {
            let id = delivery.id;
            let done = if began.elapsed() < FRESH {
                one(context, dispatch, round, delivery).await
            } else {
                put_off(dispatch, &delivery, context.now).await
            };
            // The others are on their way: to drop them for one that fails would be to send them twice.
            if let Err(error) = done {
                tracing::error!(delivery = %id, %error, "a delivery comes back when its lease is over");
            }
        })
        .await;
    Ok(count)
}

/// What is to be done with a delivery before it is tried.
enum Verdict {
    Send,
    /// Not before then.
    Wait(OffsetDateTime),
    /// There is no reason to send it any more.
    Drop(Status, &'static str),
}

fn judge(now: OffsetDateTime, person: &Person, round: &Round, delivery: &Delivery) -> Verdict {
    let items = round.items(delivery);
    let Some(first) = items.first() else {
        return Verdict::Drop(Status::Cancelled, "NOTHING_LEFT");
    };
    if now >= delivery.expires_at {
        return Verdict::Drop(Status::Failed, "EXPIRED");
    }
    if person.is_gone() {
        return Verdict::Drop(Status::Cancelled, "ACCOUNT_GONE");
    }
    let by_address = delivery.channel != Channel::Push;
    if by_address && !round.is_answered() {
        return Verdict::Wait(now + UNANSWERED);
    }
    if delivery.critical {
        return Verdict::Send;
    }
    if person.suspended {
        return Verdict::Drop(Status::Cancelled, "SUSPENDED");
    }
    if items.iter().all(|item| item.read_at.is_some()) {
        return Verdict::Drop(Status::Cancelled, "READ");
    }
    // Somebody may have changed their mind since.
    if !plan::is_wanted(first.kind, &round.preferences(delivery), delivery.channel) {
        return Verdict::Drop(Status::Cancelled, "UNWANTED");
    }
    let awake = person.awake(now);
    if delivery.channel.interrupts() && awake > now {
        return Verdict::Wait(awake);
    }
    Verdict::Send
}

async fn one(
    context: &CommandContext,
    dispatch: &Dispatch,
    round: &Round,
    delivery: Delivery,
) -> Result<()> {
    let person = round.person(&delivery);
    let verdict = judge(context.now, &person, round, &delivery);
    let mut sent = Sent::default();
    match verdict {
        Verdict::Wait(until) => return put_off(dispatch, &delivery, until).await,
        Verdict::Drop(status, reason) => sent.end = End::Is(status, reason.to_owned()),
        Verdict::Send => {
            let sending = Sending {
                context,
                dispatch,
                round,
                person: &person,
                delivery: &delivery,
                items: round.items(&delivery),
            };
            match delivery.channel {
                Channel::Push => sending.push(&mut sent).await,
                Channel::Email => sending.letter(&mut sent).await?,
                Channel::Sms => sending.text(&mut sent).await?,
                // The list has no messages of its own.
                Channel::InApp => sent.end = End::Is(Status::Cancelled, "NO_CHANNEL".to_owned()),
            }
        }
    }
    settle(context, dispatch, round, delivery, sent).await
}

/// Leaves a delivery to a later round, as if it had not been tried.
async fn put_off(dispatch: &Dispatch, delivery: &Delivery, until: OffsetDateTime) -> Result<()> {
    let mut connection = dispatch.pool.get().await?;
    store::deliveries::put_off(&mut connection, delivery, until).await?;
    Ok(())
}

/// How a try ended.
#[derive(Debug)]
pub(super) enum End {
    /// A provider took it.
    Taken(&'static str, Accepted),
    /// It may be taken later, for the reason of this code.
    Later(String, Option<Duration>),
    /// It ended like this.
    Is(Status, String),
}

/// What became of a delivery.
#[derive(Debug)]
pub(super) struct Sent {
    pub(super) attempts: Vec<Attempt>,
    pub(super) end: End,
    /// To whom nothing is sent by this channel any more, and why.
    pub(super) suppress: Option<(Vec<u8>, SuppressionReason)>,
    /// Devices that are no more.
    pub(super) gone: Vec<Device>,
}

impl Default for Sent {
    fn default() -> Self {
        Self {
            attempts: Vec::new(),
            end: End::Is(Status::Failed, "NO_ADDRESS".to_owned()),
            suppress: None,
            gone: Vec::new(),
        }
    }
}

impl Sent {
    /// What an attempt at a single `recipient` comes to.
    pub(super) fn conclude(
        &mut self,
        provider: &'static str,
        outcome: Result<Accepted, Trouble>,
        recipient: Vec<u8>,
    ) {
        self.end = match outcome {
            Ok(accepted) => End::Taken(provider, accepted),
            Err(Trouble::Later { code, after }) => End::Later(code, after),
            Err(Trouble::Refused { code, gone }) => {
                self.suppress = gone.map(|reason| (recipient, reason));
                End::Is(Status::Failed, code)
            }
        };
    }
}

/// Writes what became of a delivery, and what follows from it.
async fn settle(
    context: &CommandContext,
    dispatch: &Dispatch,
    round: &Round,
    delivery: Delivery,
    sent: Sent,
) -> Result<()> {
    let mut after = Delivery {
        due_at: None,
        updated_at: context.now,
        ..delivery
    };
    match sent.end {
        End::Taken(provider, accepted) => {
            after.status = Status::Sent;
            after.reason = None;
            after.provider = Some(provider.to_owned());
            after.provider_ref = accepted.reference;
            after.escalate_at = after.escalates(context.now);
        }
        End::Later(code, wait) => {
            after.due_at = after.again(context.now, wait);
            if after.due_at.is_none() {
                after.status = Status::Failed;
            }
            after.reason = Some(code);
        }
        End::Is(status, reason) => {
            after.status = status;
            after.reason = Some(reason);
        }
    }
    let channel = after.channel;
    let mut connection = dispatch.pool.get().await?;
    let written = connection
        .transaction(async |connection| {
            store::attempts::log(connection, &sent.attempts).await?;
            if let Some((recipient, reason)) = &sent.suppress {
                let now = context.now;
                store::suppressions::keep(connection, channel, recipient, *reason, now).await?;
            }
            for device in &sent.gone {
                store::devices::remove_gone(connection, device.id, device.seen_at).await?;
            }
            let written = store::deliveries::settle(connection, &after).await?;
            let escalates = after.escalate_seconds.is_some() && context.now < after.expires_at;
            if written && after.status == Status::Failed && escalates {
                // There is no push message to be read.
                let (person, items) = (round.person(&after), round.items(&after));
                escalation::follow(connection, context, &person, &after, items).await?;
            }
            Ok::<_, coko_core::Error>(written)
        })
        .await?;
    if written {
        metrics::counter!("notification_deliveries_total", "channel" => channel.as_str(), "status" => after.status.as_str())
            .increment(1);
    }
    Ok(())
}
