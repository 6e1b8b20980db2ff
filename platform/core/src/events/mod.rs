//! The events that domains tell each other: CloudEvents 1.0 in structured JSON, one payload type per event.
//!
//! Payloads live here because they are contracts between domains that never import each other. A consumer tolerates
//! unknown fields; a breaking change is a new version beside the old one.

pub mod admin;
pub mod auth;
pub mod catalog;
pub mod community;
pub mod file;
pub mod gamification;
pub mod notification;
pub mod payment;
pub mod publication;
pub mod reading;
pub mod router;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::context::CommandContext;

/// The content of one kind of event.
pub trait Payload: Serialize + DeserializeOwned + Send + Sync + 'static {
    /// The domain that owns the event: `catalog`.
    const DOMAIN: &'static str;
    /// The CloudEvents `type`: `book.published`.
    const TYPE: &'static str;
    /// The version of the payload, from 1.
    const VERSION: u16;
    /// Matters only to whoever listens when it happens: it is kept for a short while, apart from the domain's history.
    const TRANSIENT: bool = false;

    /// The id of the aggregate that the event is about.
    fn subject(&self) -> String;

    /// A realistic example, committed under `schema/events/`.
    fn sample() -> Self;
}

/// A CloudEvents 1.0 envelope with the extensions this platform uses.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// Always `1.0`.
    pub specversion: String,
    /// UUIDv7; the key of every deduplication.
    pub id: Uuid,
    /// `coko/<domain>`.
    pub source: String,
    /// `book.published`.
    #[serde(rename = "type")]
    pub kind: String,
    /// The aggregate's id.
    pub subject: String,
    /// When it happened, UTC.
    #[serde(with = "time::serde::rfc3339")]
    pub time: OffsetDateTime,
    /// Always `application/json`.
    pub datacontenttype: String,
    /// `coko/<domain>/<type>/v<version>`.
    pub dataschema: String,
    /// W3C Trace Context of the command that caused it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub traceparent: Option<String>,
    /// The request at the beginning of the chain.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub correlationid: Option<String>,
    /// The event that caused this one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub causationid: Option<Uuid>,
    /// The user who did it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub actorid: Option<Uuid>,
    /// The payload.
    pub data: serde_json::Value,
}

impl Event {
    /// Wraps `payload` as it happens in `context`.
    ///
    /// # Errors
    /// When the payload cannot be written as JSON.
    pub fn new<P: Payload>(
        context: &CommandContext,
        payload: &P,
    ) -> Result<Self, serde_json::Error> {
        Ok(Self {
            specversion: "1.0".to_owned(),
            id: context.id(),
            source: format!("coko/{}", P::DOMAIN),
            kind: P::TYPE.to_owned(),
            subject: payload.subject(),
            time: context.now,
            datacontenttype: "application/json".to_owned(),
            dataschema: format!("coko/{}/{}/v{}", P::DOMAIN, P::TYPE, P::VERSION),
            traceparent: context.traceparent.clone(),
            correlationid: Some(context.request_id.clone()),
            causationid: context.causation_id,
            actorid: context.viewer.user_id(),
            data: serde_json::to_value(payload)?,
        })
    }

    /// The payload, when this event is of kind `P`; unknown fields are ignored.
    ///
    /// # Errors
    /// When the data does not have the shape of `P`.
    pub fn payload<P: Payload>(&self) -> Result<P, serde_json::Error> {
        P::deserialize(&self.data)
    }
}

/// The JetStream stream that holds the history of `domain`.
pub fn stream_name(domain: &str) -> String {
    format!("COKO_{}", domain.to_ascii_uppercase())
}

/// The subject that events of `kind` of `domain` are published on.
pub fn subject(domain: &str, kind: &str) -> String {
    format!("coko.{domain}.{kind}")
}

/// The stream of what is [`Payload::TRANSIENT`] in `domain`.
pub fn live_stream_name(domain: &str) -> String {
    format!("COKO_LIVE_{}", domain.to_ascii_uppercase())
}

/// The subject of transient events of `kind` of `domain`, which no wildcard over the domain's history includes.
pub fn live_subject(domain: &str, kind: &str) -> String {
    format!("coko-live.{domain}.{kind}")
}

/// The stream that holds events of kind `P`.
pub fn stream_of<P: Payload>() -> String {
    if P::TRANSIENT {
        live_stream_name(P::DOMAIN)
    } else {
        stream_name(P::DOMAIN)
    }
}

/// The subject that events of kind `P` are published on.
pub fn subject_of<P: Payload>() -> String {
    if P::TRANSIENT {
        live_subject(P::DOMAIN, P::TYPE)
    } else {
        subject(P::DOMAIN, P::TYPE)
    }
}

/// One kind of event as documentation and contract tests see it.
#[derive(Clone, Debug)]
pub struct Described {
    /// The owning domain.
    pub domain: &'static str,
    /// The CloudEvents `type`.
    pub kind: &'static str,
    /// The payload's version.
    pub version: u16,
    /// Whether it is kept for a short while only.
    pub transient: bool,
    /// [`Payload::sample`] as JSON.
    pub sample: serde_json::Value,
}

/// Describes `P` by its sample.
///
/// # Errors
/// When the sample cannot be written as JSON.
pub fn describe<P: Payload>() -> Result<Described, serde_json::Error> {
    Ok(Described {
        domain: P::DOMAIN,
        kind: P::TYPE,
        version: P::VERSION,
        transient: P::TRANSIENT,
        sample: serde_json::to_value(P::sample())?,
    })
}

/// Every event of the platform, in the order of domains and types: add a new one here.
///
/// # Errors
/// When a sample cannot be written as JSON.
pub fn catalogue() -> Result<Vec<Described>, serde_json::Error> {
    Ok(vec![
        describe::<admin::OperatorActed>()?,
        describe::<admin::ReconciliationRequested>()?,
        describe::<auth::SessionRevoked>()?,
        describe::<auth::UserDeleted>()?,
        describe::<auth::UserExportRequested>()?,
        describe::<auth::UserLogin>()?,
        describe::<auth::UserProfileUpdated>()?,
        describe::<auth::UserRegistered>()?,
        describe::<auth::UserRoleChanged>()?,
        describe::<auth::UserSuspended>()?,
        describe::<auth::UserUnsuspended>()?,
        describe::<catalog::BookPublished>()?,
        describe::<catalog::BookUpdated>()?,
        describe::<catalog::BookWithdrawn>()?,
        describe::<community::ContentAppealed>()?,
        describe::<community::ContentModerated>()?,
        describe::<community::ContentReported>()?,
        describe::<community::PostCreated>()?,
        describe::<community::ReviewPosted>()?,
        describe::<community::ReviewRemoved>()?,
        describe::<community::ReviewUpdated>()?,
        describe::<community::UserFollowed>()?,
        describe::<file::BookDownloaded>()?,
        describe::<file::FileProcessed>()?,
        describe::<file::FileRejected>()?,
        describe::<gamification::AchievementUnlocked>()?,
        describe::<gamification::BadgeAwarded>()?,
        describe::<gamification::ChallengeCompleted>()?,
        describe::<gamification::LevelReached>()?,
        describe::<notification::NotificationReceived>()?,
        describe::<payment::BookPurchased>()?,
        describe::<payment::OrderCreated>()?,
        describe::<payment::OrderRefunded>()?,
        describe::<payment::PaymentCompared>()?,
        describe::<payment::PaymentFailed>()?,
        describe::<payment::PaymentSucceeded>()?,
        describe::<payment::SubscriptionActivated>()?,
        describe::<payment::SubscriptionCancelled>()?,
        describe::<payment::SubscriptionExpired>()?,
        describe::<payment::SubscriptionRenewed>()?,
        describe::<publication::ManuscriptDiscarded>()?,
        describe::<publication::ManuscriptSubmitted>()?,
        describe::<publication::PublicationPublished>()?,
        describe::<publication::PublicationWithdrawn>()?,
        describe::<publication::RoyaltyAccrued>()?,
        describe::<reading::AnnotationShared>()?,
        describe::<reading::EntitlementGranted>()?,
        describe::<reading::EntitlementRefused>()?,
        describe::<reading::EntitlementRevoked>()?,
        describe::<reading::ProgressChanged>()?,
        describe::<reading::ReadingCompleted>()?,
        describe::<reading::ReadingProgressed>()?,
        describe::<reading::ReadingStarted>()?,
        describe::<reading::ReadingStreak>()?,
        describe::<router::CachePurged>()?,
    ])
}
