//! Book clubs.

use async_graphql::{Context, ID, InputObject, Object, SimpleObject};
use coko_core::Result;
use coko_core::graphql::{Outcome, RequestExt as _, settle};
use time::OffsetDateTime;
use uuid::Uuid;

use super::read_back;
use crate::commands::clubs::{self, Described, Step};
use crate::error::{ClubError, ClubErrorCode};
use crate::graphql::loader::Clubs;
use crate::graphql::types::ClubType;
use crate::graphql::{community, key};
use crate::model::ClubAccess;

/// A club to found.
#[derive(InputObject)]
struct CreateClubInput {
    /// One line of at most 80 characters.
    name: String,
    /// At most 2,000 characters of Markdown.
    description: String,
    /// The book that is read now.
    book_id: Option<ID>,
    /// Who may join and read.
    access: ClubAccess,
    /// 1 to 100 characters; a call that is repeated under its key does nothing again.
    idempotency_key: String,
}

/// A club as it is to be.
#[derive(InputObject)]
struct UpdateClubInput {
    /// The club.
    club_id: ID,
    /// One line of at most 80 characters.
    name: String,
    /// At most 2,000 characters of Markdown.
    description: String,
    /// The book that is read now.
    book_id: Option<ID>,
    /// Who may join and read.
    access: ClubAccess,
}

/// A club.
#[derive(InputObject)]
struct ClubInput {
    /// The club.
    club_id: ID,
}

/// Someone in a club.
#[derive(InputObject)]
struct ClubMemberInput {
    /// The club.
    club_id: ID,
    /// Who.
    user_id: ID,
}

/// A schedule.
#[derive(InputObject)]
struct ScheduleClubInput {
    /// The club.
    club_id: ID,
    /// At most sixty steps.
    steps: Vec<ScheduleStepInput>,
}

/// One step of a schedule.
#[derive(InputObject)]
struct ScheduleStepInput {
    /// One line of at most 150 characters.
    title: String,
    /// The place up to which members have read by then, 0 to 1.
    read_to: f64,
    /// By when.
    due_at: OffsetDateTime,
}

/// What became of a club.
#[derive(SimpleObject)]
struct ClubPayload {
    /// The club; null when refused, and when it is disbanded.
    club: Option<ClubType>,
    /// Why it was refused; empty when it was not.
    errors: Vec<ClubError>,
}

async fn payload(
    context: &Context<'_>,
    outcome: Outcome<Uuid, ClubErrorCode>,
) -> Result<ClubPayload> {
    let (club, errors) = settle(context, outcome, ClubError::new)?;
    let club = read_back!(context, Clubs, club).map(ClubType);
    Ok(ClubPayload { club, errors })
}

#[derive(Default)]
pub(super) struct ClubMutation;

#[Object]
impl ClubMutation {
    /// Founds a club. Needs `community:participate`.
    async fn create_club(
        &self,
        context: &Context<'_>,
        input: CreateClubInput,
    ) -> Result<ClubPayload> {
        let described = Described {
            name: input.name,
            description: input.description,
            book: input.book_id.as_ref().map(key),
            access: input.access,
        };
        let (command, community) = (context.command(), community(context));
        let outcome = clubs::create(command, community, described, &input.idempotency_key).await;
        payload(context, outcome).await
    }

    /// Changes the viewer's club.
    async fn update_club(
        &self,
        context: &Context<'_>,
        input: UpdateClubInput,
    ) -> Result<ClubPayload> {
        let described = Described {
            name: input.name,
            description: input.description,
            book: input.book_id.as_ref().map(key),
            access: input.access,
        };
        let (command, community) = (context.command(), community(context));
        let outcome = clubs::update(command, community, key(&input.club_id), &described).await;
        payload(context, outcome).await
    }

    /// Ends the viewer's club.
    async fn disband_club(&self, context: &Context<'_>, input: ClubInput) -> Result<ClubPayload> {
        let (command, community) = (context.command(), community(context));
        let outcome = clubs::disband(command, community, key(&input.club_id)).await;
        payload(context, outcome).await
    }

    /// Joins a club, or applies where it is closed.
    async fn join_club(&self, context: &Context<'_>, input: ClubInput) -> Result<ClubPayload> {
        let (command, community) = (context.command(), community(context));
        let outcome = clubs::join(command, community, key(&input.club_id)).await;
        payload(context, outcome).await
    }

    /// Leaves a club, or applies no more.
    async fn leave_club(&self, context: &Context<'_>, input: ClubInput) -> Result<ClubPayload> {
        let (command, community) = (context.command(), community(context));
        let outcome = clubs::leave(command, community, key(&input.club_id)).await;
        payload(context, outcome).await
    }

    /// Admits someone who waits to the viewer's club.
    async fn admit_club_member(
        &self,
        context: &Context<'_>,
        input: ClubMemberInput,
    ) -> Result<ClubPayload> {
        let (command, community) = (context.command(), community(context));
        let whom = (key(&input.club_id), key(&input.user_id));
        let outcome = clubs::decide(command, community, whom, true).await;
        payload(context, outcome).await
    }

    /// Takes someone out of the viewer's club, or does not admit them.
    async fn remove_club_member(
        &self,
        context: &Context<'_>,
        input: ClubMemberInput,
    ) -> Result<ClubPayload> {
        let (command, community) = (context.command(), community(context));
        let whom = (key(&input.club_id), key(&input.user_id));
        let outcome = clubs::decide(command, community, whom, false).await;
        payload(context, outcome).await
    }

    /// Gives the viewer's club a schedule in place of the one it has.
    async fn schedule_club(
        &self,
        context: &Context<'_>,
        input: ScheduleClubInput,
    ) -> Result<ClubPayload> {
        let (command, community) = (context.command(), community(context));
        let steps: Vec<Step> = input
            .steps
            .into_iter()
            .map(|step| Step {
                title: step.title,
                read_to: step.read_to,
                due_at: step.due_at,
            })
            .collect();
        let outcome = clubs::schedule(command, community, key(&input.club_id), &steps).await;
        payload(context, outcome).await
    }
}
