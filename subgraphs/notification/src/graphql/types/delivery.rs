//! `NotificationDelivery`, which operators see: never what it says or where it went.

use async_graphql::dataloader::DataLoader;
use async_graphql::{Context, ID, Object};
use coko_core::Result;
use coko_core::graphql::RequestExt as _;
use time::OffsetDateTime;

use crate::graphql::loader::Attempts;
use crate::model::{Attempt, Channel, Delivery, Outcome, Status, Workflow};

/// A message over one channel.
pub(crate) struct DeliveryType(pub(crate) Delivery);

/// A message over one channel. For operators.
#[Object(name = "NotificationDelivery")]
impl DeliveryType {
    /// Identifies it.
    async fn id(&self) -> ID {
        self.0.id.into()
    }

    /// What it is about.
    async fn workflow(&self) -> Workflow {
        self.0.workflow
    }

    /// By which way.
    async fn channel(&self) -> Channel {
        self.0.channel
    }

    /// Whether neither preferences nor quiet hours hold it back.
    async fn critical(&self) -> bool {
        self.0.critical
    }

    /// Where it stands.
    async fn status(&self) -> Status {
        self.0.status
    }

    /// When it is tried next; null when nothing is to be done.
    async fn due_at(&self) -> Option<OffsetDateTime> {
        self.0.due_at
    }

    /// Who carried it.
    async fn provider(&self) -> Option<&str> {
        self.0.provider.as_deref()
    }

    /// The provider's name for it.
    async fn provider_reference(&self) -> Option<&str> {
        self.0.provider_ref.as_deref()
    }

    /// Why it waits, failed, was suppressed or was cancelled: a code of the provider's or ours.
    async fn reason(&self) -> Option<&str> {
        self.0.reason.as_deref()
    }

    /// Every attempt to send it, in order.
    async fn attempts(&self, context: &Context<'_>) -> Result<Vec<AttemptType>> {
        context.viewer().require("system", "read")?;
        let loader = context.data_unchecked::<DataLoader<Attempts>>();
        let attempts = loader.load_one(self.0.id).await?.unwrap_or_default();
        Ok(attempts.into_iter().map(AttemptType).collect())
    }

    /// When it was planned.
    async fn created_at(&self) -> OffsetDateTime {
        self.0.created_at
    }
}

/// One attempt to send.
pub(crate) struct AttemptType(Attempt);

/// One attempt to send a message.
#[Object(name = "DeliveryAttempt")]
impl AttemptType {
    /// The how-manieth try it belongs to, from 1; a try to push has an attempt for each device.
    async fn number(&self) -> i32 {
        self.0.number
    }

    /// Who was to carry it.
    async fn provider(&self) -> &str {
        &self.0.provider
    }

    /// What became of it.
    async fn outcome(&self) -> Outcome {
        self.0.outcome
    }

    /// The provider's code of a failure, or ours.
    async fn code(&self) -> Option<&str> {
        self.0.code.as_deref()
    }

    /// How long the provider took, in milliseconds.
    async fn millis(&self) -> i32 {
        self.0.millis
    }

    /// When.
    async fn at(&self) -> OffsetDateTime {
        self.0.at
    }
}
