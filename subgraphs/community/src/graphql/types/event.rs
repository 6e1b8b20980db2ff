//! Community events.

use async_graphql::dataloader::DataLoader;
use async_graphql::{Context, ID, Object};
use coko_core::Result;
use time::OffsetDateTime;

use super::{ClubType, UserType};
use crate::graphql::loader::{Attended, Clubs};
use crate::model::Gathering;

/// A meeting.
#[derive(Clone)]
pub(crate) struct EventType(pub(crate) Gathering);

/// A meeting in a place or online.
#[Object(name = "CommunityEvent")]
impl EventType {
    /// Identifies the event.
    async fn id(&self) -> ID {
        self.0.id.into()
    }

    /// What it is called.
    async fn title(&self) -> &str {
        &self.0.title
    }

    /// What it is about, as HTML that is safe to show.
    async fn html(&self) -> &str {
        &self.0.description_html
    }

    /// Who invites.
    async fn host(&self) -> UserType {
        UserType::reference(self.0.host_id)
    }

    /// The club that it is for; null where everyone is invited.
    async fn club(&self, context: &Context<'_>) -> Result<Option<ClubType>> {
        let Some(club) = self.0.club_id else {
            return Ok(None);
        };
        let loader = context.data_unchecked::<DataLoader<Clubs>>();
        Ok(loader.load_one(club).await?.map(ClubType))
    }

    /// Where, in a place.
    async fn place(&self) -> Option<&str> {
        self.0.place.as_deref()
    }

    /// Where, online: an `https` address.
    async fn url(&self) -> Option<&str> {
        self.0.url.as_deref()
    }

    /// When it begins.
    async fn starts_at(&self) -> OffsetDateTime {
        self.0.starts_at
    }

    /// When it ends.
    async fn ends_at(&self) -> OffsetDateTime {
        self.0.ends_at
    }

    /// For how many there is room; null where there is room for all.
    async fn capacity(&self) -> Option<i32> {
        self.0.capacity
    }

    /// How many are going.
    async fn going_count(&self) -> i32 {
        self.0.going
    }

    /// Whether the viewer is going.
    async fn going(&self, context: &Context<'_>) -> Result<bool> {
        let loader = context.data_unchecked::<DataLoader<Attended>>();
        Ok(loader.load_one(self.0.id).await?.is_some())
    }

    /// Whether it was called off.
    async fn cancelled(&self) -> bool {
        self.0.cancelled
    }
}
