//! Community events.

use async_graphql::{Context, ID, InputObject, Object, SimpleObject};
use coko_core::Result;
use coko_core::graphql::{Outcome, RequestExt as _, settle};
use time::OffsetDateTime;
use uuid::Uuid;

use super::read_back;
use crate::commands::gatherings::{self, Announced};
use crate::error::{CommunityEventError, CommunityEventErrorCode, CreateCommunityEventError};
use crate::graphql::loader::Gatherings;
use crate::graphql::types::EventType;
use crate::graphql::{community, key};

/// An event to announce.
#[derive(InputObject)]
struct CreateCommunityEventInput {
    /// The viewer's club that it is for; everyone is invited when none is named.
    club_id: Option<ID>,
    /// One line of at most 120 characters.
    title: String,
    /// At most 4,000 characters of Markdown.
    description: String,
    /// Where, in a place; at most 300 characters.
    place: Option<String>,
    /// Where, online: an `https` address.
    url: Option<String>,
    /// When it begins, within a year.
    starts_at: OffsetDateTime,
    /// When it ends, at most two weeks later.
    ends_at: OffsetDateTime,
    /// For how many there is room; for all, when nothing is said.
    capacity: Option<i32>,
    /// 1 to 100 characters; a call that is repeated under its key does nothing again.
    idempotency_key: String,
}

/// An event.
#[derive(InputObject)]
struct CancelCommunityEventInput {
    /// The event.
    event_id: ID,
}

/// An answer to an invitation.
#[derive(InputObject)]
struct RespondToCommunityEventInput {
    /// The event.
    event_id: ID,
    /// Whether the viewer is going.
    going: bool,
}

/// What `createCommunityEvent` did.
#[derive(SimpleObject)]
struct CreateCommunityEventPayload {
    /// The event; null when refused.
    event: Option<EventType>,
    /// Why it was refused; empty when it was not.
    errors: Vec<CreateCommunityEventError>,
}

/// What became of an event.
#[derive(SimpleObject)]
struct CommunityEventPayload {
    /// The event; null when refused.
    event: Option<EventType>,
    /// Why it was refused; empty when it was not.
    errors: Vec<CommunityEventError>,
}

async fn payload(
    context: &Context<'_>,
    outcome: Outcome<Uuid, CommunityEventErrorCode>,
) -> Result<CommunityEventPayload> {
    let (event, errors) = settle(context, outcome, CommunityEventError::new)?;
    let event = read_back!(context, Gatherings, event).map(EventType);
    Ok(CommunityEventPayload { event, errors })
}

#[derive(Default)]
pub(super) struct EventMutation;

#[Object]
impl EventMutation {
    /// Announces an event, for everyone or in the viewer's club. Needs `community:participate`.
    async fn create_community_event(
        &self,
        context: &Context<'_>,
        input: CreateCommunityEventInput,
    ) -> Result<CreateCommunityEventPayload> {
        let announced = Announced {
            club: input.club_id.as_ref().map(key),
            title: input.title,
            description: input.description,
            place: input.place,
            url: input.url,
            starts_at: input.starts_at,
            ends_at: input.ends_at,
            capacity: input.capacity,
        };
        let (command, community) = (context.command(), community(context));
        let outcome =
            gatherings::create(command, community, announced, &input.idempotency_key).await;
        let (event, errors) = settle(context, outcome, CreateCommunityEventError::new)?;
        let event = read_back!(context, Gatherings, event).map(EventType);
        Ok(CreateCommunityEventPayload { event, errors })
    }

    /// Calls off an event of the viewer's; a moderator calls off anyone's.
    async fn cancel_community_event(
        &self,
        context: &Context<'_>,
        input: CancelCommunityEventInput,
    ) -> Result<CommunityEventPayload> {
        let (command, community) = (context.command(), community(context));
        let outcome = gatherings::cancel(command, community, key(&input.event_id)).await;
        payload(context, outcome).await
    }

    /// Says whether the viewer is going.
    async fn respond_to_community_event(
        &self,
        context: &Context<'_>,
        input: RespondToCommunityEventInput,
    ) -> Result<CommunityEventPayload> {
        let (command, community) = (context.command(), community(context));
        let event = key(&input.event_id);
        let outcome = gatherings::respond(command, community, event, input.going).await;
        payload(context, outcome).await
    }
}
