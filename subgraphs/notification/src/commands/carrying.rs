//! Carrying one message: to every device, to the address, to the number.

use std::time::Instant;

use coko_core::Result;
use coko_core::context::CommandContext;
use coko_core::identity::link;
use coko_core::locale::Locale;
use serde::{Deserialize, Serialize};
use time::Duration;
use uuid::Uuid;

use super::round::Round;
use super::sending::{End, Sent};
use super::{Dispatch, TOKEN};
use crate::connectors::{Accepted, Connector, Parcel, Trouble};
use crate::model::callback::SuppressionReason;
use crate::model::{Attempt, Channel, Delivery, Notification, Outcome, Person, Status};
use crate::store;
use crate::wording::{Links, Voice};

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

/// One delivery on its way.
pub(super) struct Sending<'a> {
    pub(super) context: &'a CommandContext,
    pub(super) dispatch: &'a Dispatch,
    pub(super) round: &'a Round,
    pub(super) person: &'a Person,
    pub(super) delivery: &'a Delivery,
    pub(super) items: &'a [Notification],
}

impl Sending<'_> {
    /// To every device of the person's: taken once one of them is reached.
    pub(super) async fn push(&self, sent: &mut Sent) {
        let Some(connector) = self.dispatch.connectors.push() else {
            sent.end = End::Is(Status::Failed, "NO_PROVIDER".to_owned());
            return;
        };
        sent.end = End::Is(Status::Failed, "NO_DEVICE".to_owned());
        let locale = self.person.locale();
        let (title, text) = self.voice(&locale).push(self.items);
        let lone = self.lone();
        let link = lone.map_or(Some("/notifications"), |item| item.link.as_deref());
        for device in self.round.devices(self.delivery) {
            // What does not open any more is registered again when the application starts.
            let Ok(token) = self.dispatch.cipher.open(TOKEN, &device.token_sealed) else {
                sent.gone.push(device.clone());
                continue;
            };
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
    }

    /// To the proven address.
    pub(super) async fn letter(&self, sent: &mut Sent) -> Result<()> {
        let contact = self.round.contact(self.delivery);
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

    /// To the number, by who serves it.
    pub(super) async fn text(&self, sent: &mut Sent) -> Result<()> {
        let contact = self.round.contact(self.delivery);
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

    fn voice<'v>(&'v self, locale: &'v Locale) -> Voice<'v> {
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
