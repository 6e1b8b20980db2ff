//! Handing messages that are due to those who carry them, outside of any transaction; what became of each is written after.

use std::time::Instant;

use coko_core::Result;
use coko_core::context::CommandContext;
use coko_core::identity::link;
use diesel_async::AsyncConnection as _;
use futures::TryStreamExt as _;
use serde::{Deserialize, Serialize};
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use super::round::Round;
use super::{Dispatch, TOKEN, escalation};
use crate::connectors::{Accepted, Connector, Parcel, Trouble};
use crate::model::callback::SuppressionReason;
use crate::model::{
    Attempt, Channel, Delivery, Device, Notification, Outcome, Person, Status, plan,
};
use crate::store;
use crate::wording::{Links, Voice};

/// How many deliveries one round takes; no more than auth is asked about at once.
const BATCH: i64 = 64;
/// How many providers' answers are waited for at once.
const PARALLEL: usize = 8;
/// How long a delivery that one process works on is hidden from the others.
const LEASE: Duration = Duration::minutes(5);
/// How long a link that ends letters works.
const UNSUBSCRIBE_LIFE: Duration = Duration::days(180);
/// What such links are signed for.
pub(super) const UNSUBSCRIBE: &str = "notification-unsubscribe";

/// What a link that ends letters says.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Unsubscribe {
    /// Whose letters.
    #[serde(rename = "u")]
    pub(super) user: Uuid,
    /// Of which workflow.
    #[serde(rename = "w")]
    pub(super) workflow: String,
}

/// Sends what is due; returns how many deliveries were looked at.
///
/// # Errors
/// When the database does not answer.
pub(crate) async fn work(context: &CommandContext, dispatch: &Dispatch) -> Result<usize> {
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
    futures::stream::iter(due.into_iter().map(Ok))
        .try_for_each_concurrent(PARALLEL, |delivery| async move {
            one(context, dispatch, round, delivery).await
        })
        .await?;
    Ok(count)
}

/// What is to be done with a delivery before it is tried.
enum Verdict {
    Send,
    /// It interrupts, and the person is not to be interrupted before then.
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
        Verdict::Wait(until) => {
            let mut connection = dispatch.pool.get().await?;
            store::deliveries::put_off(&mut connection, &delivery, until).await?;
            return Ok(());
        }
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
                Channel::Push => sending.push(&mut sent).await?,
                Channel::Email => sending.letter(&mut sent).await?,
                Channel::Sms => sending.text(&mut sent).await?,
                // The list has no messages of its own.
                Channel::InApp => sent.end = End::Is(Status::Cancelled, "NO_CHANNEL".to_owned()),
            }
        }
    }
    settle(context, dispatch, round, delivery, sent).await
}

/// How a try ended.
#[derive(Debug)]
enum End {
    /// A provider took it.
    Taken(&'static str, Accepted),
    /// It may be taken later, for the reason of this code.
    Later(String, Option<Duration>),
    /// It ended like this.
    Is(Status, String),
}

/// What became of a delivery.
#[derive(Debug)]
struct Sent {
    attempts: Vec<Attempt>,
    end: End,
    /// To whom nothing is sent by this channel any more, and why.
    suppress: Option<(Vec<u8>, SuppressionReason)>,
    /// Devices that are no more.
    gone: Vec<Device>,
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

/// One delivery on its way.
struct Sending<'a> {
    context: &'a CommandContext,
    dispatch: &'a Dispatch,
    round: &'a Round,
    person: &'a Person,
    delivery: &'a Delivery,
    items: &'a [Notification],
}

impl Sending<'_> {
    /// To every device of the person's: taken once one of them is reached.
    async fn push(&self, sent: &mut Sent) -> Result<()> {
        let Some(connector) = self.dispatch.connectors.push() else {
            sent.end = End::Is(Status::Failed, "NO_PROVIDER".to_owned());
            return Ok(());
        };
        sent.end = End::Is(Status::Failed, "NO_DEVICE".to_owned());
        let locale = self.person.locale();
        let (title, text) = self.voice(&locale).push(self.items);
        let lone = self.lone();
        let link = lone.map_or(Some("/notifications"), |item| item.link.as_deref());
        for device in self.round.devices(self.delivery) {
            let token = self.dispatch.cipher.open(TOKEN, &device.token_sealed)?;
            let parcel = Parcel {
                link,
                notification: lone.map(|item| item.id),
                collapse: lone.is_none().then(|| self.delivery.workflow.as_str()),
                urgent: self.delivery.critical,
                ..self.parcel(&token, &title, &text)
            };
            let outcome = self.hand_over(connector, &parcel, sent).await;
            match outcome {
                Ok(accepted) => sent.end = End::Taken(connector.name(), accepted),
                Err(Trouble::Refused { gone: Some(_), .. }) => sent.gone.push(device.clone()),
                Err(_) if matches!(sent.end, End::Taken(..)) => {}
                Err(Trouble::Refused { code, gone: None }) => {
                    if !matches!(sent.end, End::Later(..)) {
                        sent.end = End::Is(Status::Failed, code);
                    }
                }
                Err(Trouble::Later { code, after }) => sent.end = End::Later(code, after),
            }
        }
        Ok(())
    }

    async fn letter(&self, sent: &mut Sent) -> Result<()> {
        let Ok(contact) = self.round.contact(self.delivery) else {
            sent.end = End::Later("NO_ANSWER".to_owned(), None);
            return Ok(());
        };
        let contact = contact.and_then(|found| Some((found, found.email.as_deref()?)));
        let Some((contact, to)) = contact else {
            return Ok(());
        };
        let recipient = self.dispatch.recipient(Channel::Email, to);
        if self.is_suppressed(&recipient, sent).await? {
            return Ok(());
        }
        let unsubscribe = (!self.delivery.critical).then(|| self.unsubscribe());
        let links = Links {
            site: &self.dispatch.site_url,
            unsubscribe: unsubscribe.as_deref(),
        };
        let locale = self.person.locale();
        let voice = self.voice(&locale);
        let letter = voice.letter(to, &contact.display_name, self.items, &links);
        let parcel = Parcel {
            html: letter.html.as_deref(),
            unsubscribe: letter.unsubscribe.as_deref(),
            ..self.parcel(to, &letter.subject, &letter.text)
        };
        let connector = self.dispatch.connectors.letters();
        let outcome = self.hand_over(connector, &parcel, sent).await;
        sent.conclude(connector.name(), outcome, recipient);
        Ok(())
    }

    async fn text(&self, sent: &mut Sent) -> Result<()> {
        let Ok(contact) = self.round.contact(self.delivery) else {
            sent.end = End::Later("NO_ANSWER".to_owned(), None);
            return Ok(());
        };
        let Some(to) = contact.and_then(|contact| contact.phone.as_deref()) else {
            return Ok(());
        };
        let Some(connector) = self.dispatch.connectors.texts(to) else {
            sent.end = End::Is(Status::Failed, "NO_PROVIDER".to_owned());
            return Ok(());
        };
        let recipient = self.dispatch.recipient(Channel::Sms, to);
        if self.is_suppressed(&recipient, sent).await? {
            return Ok(());
        }
        let locale = self.person.locale();
        let text = self.voice(&locale).sms(self.items);
        let parcel = self.parcel(to, "", &text);
        let outcome = self.hand_over(connector, &parcel, sent).await;
        sent.conclude(connector.name(), outcome, recipient);
        Ok(())
    }

    /// The one notification that it tells; none where it tells several.
    fn lone(&self) -> Option<&Notification> {
        match self.items {
            [one] => Some(one),
            _ => None,
        }
    }

    fn voice<'v>(&'v self, locale: &'v coko_core::locale::Locale) -> Voice<'v> {
        Voice {
            translations: &self.dispatch.translations,
            locale,
            zone: &self.person.time_zone,
            names: &self.round.names,
        }
    }

    fn parcel<'p>(&self, to: &'p str, title: &'p str, text: &'p str) -> Parcel<'p> {
        Parcel {
            delivery: self.delivery.id,
            to,
            title,
            text,
            html: None,
            link: None,
            notification: None,
            collapse: None,
            urgent: self.delivery.critical,
            unsubscribe: None,
            life: self.delivery.expires_at - self.context.now,
        }
    }

    /// Where letters of this kind are ended.
    fn unsubscribe(&self) -> String {
        let claims = Unsubscribe {
            user: self.delivery.user_id,
            workflow: self.delivery.workflow.as_str().to_owned(),
        };
        let key = &self.dispatch.platform.internal_key;
        let ends = self.context.now + UNSUBSCRIBE_LIFE;
        let token = link::seal(key, UNSUBSCRIBE, &claims, ends);
        let base = &self.dispatch.public_url;
        format!("{base}{}/{token}", crate::http::UNSUBSCRIBE)
    }

    /// Whether nothing is sent to this address or number; what is critical goes to whoever only asked for no more.
    async fn is_suppressed(&self, recipient: &[u8], sent: &mut Sent) -> Result<bool> {
        let mut connection = self.dispatch.pool.get().await?;
        let channel = self.delivery.channel;
        let reason = store::suppressions::reason(&mut connection, channel, recipient).await?;
        let asked = reason == Some(SuppressionReason::Unsubscribed);
        let Some(reason) = reason.filter(|_| !(asked && self.delivery.critical)) else {
            return Ok(false);
        };
        sent.end = End::Is(Status::Suppressed, reason.as_str().to_owned());
        Ok(true)
    }

    /// Hands a message over, and notes the attempt.
    async fn hand_over(
        &self,
        connector: &dyn Connector,
        parcel: &Parcel<'_>,
        sent: &mut Sent,
    ) -> Result<Accepted, Trouble> {
        let began = Instant::now();
        let outcome = connector.send(parcel).await;
        let (label, code) = match &outcome {
            Ok(_) => (Outcome::Accepted, None),
            Err(Trouble::Later { code, .. }) => (Outcome::Retry, Some(code.clone())),
            Err(Trouble::Refused { code, .. }) => (Outcome::Rejected, Some(code.clone())),
        };
        sent.attempts.push(Attempt {
            id: self.context.id(),
            delivery_id: self.delivery.id,
            number: self.delivery.tries,
            channel: self.delivery.channel,
            provider: connector.name().to_owned(),
            outcome: label,
            code,
            millis: i32::try_from(began.elapsed().as_millis()).unwrap_or(i32::MAX),
            at: self.context.now,
        });
        metrics::counter!("notification_attempts_total", "provider" => connector.name(), "outcome" => label.as_str())
            .increment(1);
        metrics::histogram!("notification_attempt_seconds", "provider" => connector.name())
            .record(began.elapsed().as_secs_f64());
        outcome
    }
}

impl Sent {
    /// What an attempt at a single `recipient` comes to.
    fn conclude(
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
            if written && after.status == Status::Failed && after.escalate_seconds.is_some() {
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
