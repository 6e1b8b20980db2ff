//! Follows, blocks and mutes.

use async_graphql::{Context, ID, InputObject, Object, SimpleObject};
use coko_core::Result;
use coko_core::graphql::{Outcome, RequestExt as _, settle};
use uuid::Uuid;

use crate::commands::relations;
use crate::error::{RelationError, RelationErrorCode};
use crate::graphql::types::UserType;
use crate::graphql::{community, key};
use crate::model::BarrierKind;

/// Another person.
#[derive(InputObject)]
struct RelationInput {
    /// Who.
    user_id: ID,
}

/// What became of the relation to someone.
#[derive(SimpleObject)]
struct RelationPayload {
    /// The person, whose `standing` is the new one; null when refused.
    user: Option<UserType>,
    /// Why it was refused; empty when it was not.
    errors: Vec<RelationError>,
}

fn payload(
    context: &Context<'_>,
    outcome: Outcome<Uuid, RelationErrorCode>,
) -> Result<RelationPayload> {
    let (user, errors) = settle(context, outcome, RelationError::new)?;
    let user = user.map(UserType::reference);
    Ok(RelationPayload { user, errors })
}

async fn follow(
    context: &Context<'_>,
    input: &RelationInput,
    following: bool,
) -> Result<RelationPayload> {
    let (command, community) = (context.command(), community(context));
    let outcome = relations::follow(command, community, key(&input.user_id), following).await;
    payload(context, outcome)
}

async fn bar(
    context: &Context<'_>,
    input: &RelationInput,
    kind: BarrierKind,
    barred: bool,
) -> Result<RelationPayload> {
    let (command, community) = (context.command(), community(context));
    let outcome = relations::bar(command, community, key(&input.user_id), kind, barred).await;
    payload(context, outcome)
}

#[derive(Default)]
pub(super) struct PeopleMutation;

#[Object]
impl PeopleMutation {
    /// Follows someone. Needs `community:participate`.
    async fn follow_user(
        &self,
        context: &Context<'_>,
        input: RelationInput,
    ) -> Result<RelationPayload> {
        follow(context, &input, true).await
    }

    /// Follows someone no more.
    async fn unfollow_user(
        &self,
        context: &Context<'_>,
        input: RelationInput,
    ) -> Result<RelationPayload> {
        follow(context, &input, false).await
    }

    /// Keeps someone apart: neither sees or reaches the other, and neither follows the other any more.
    async fn block_user(
        &self,
        context: &Context<'_>,
        input: RelationInput,
    ) -> Result<RelationPayload> {
        bar(context, &input, BarrierKind::Block, true).await
    }

    /// Keeps someone apart no more.
    async fn unblock_user(
        &self,
        context: &Context<'_>,
        input: RelationInput,
    ) -> Result<RelationPayload> {
        bar(context, &input, BarrierKind::Block, false).await
    }

    /// Hears no more of someone, who does not notice.
    async fn mute_user(
        &self,
        context: &Context<'_>,
        input: RelationInput,
    ) -> Result<RelationPayload> {
        bar(context, &input, BarrierKind::Mute, true).await
    }

    /// Hears of someone again.
    async fn unmute_user(
        &self,
        context: &Context<'_>,
        input: RelationInput,
    ) -> Result<RelationPayload> {
        bar(context, &input, BarrierKind::Mute, false).await
    }
}
