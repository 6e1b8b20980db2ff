//! Follows, blocks and mutes.

use coko_core::context::CommandContext;
use coko_core::database::Connection;
use coko_core::events::community::UserFollowed;
use coko_core::graphql::{Failure, Outcome};
use coko_core::{Result, outbox};
use diesel_async::AsyncConnection as _;
use uuid::Uuid;

use super::{Community, participant, reaches, writer};
use crate::error::RelationErrorCode as Code;
use crate::model::{Barrier, BarrierKind, Follow};
use crate::store;

async fn announce(
    connection: &mut Connection,
    context: &CommandContext,
    (follower_id, user_id): (Uuid, Uuid),
    following: bool,
) -> Result<()> {
    let event = UserFollowed {
        follower_id,
        user_id,
        following,
        at: context.now,
    };
    outbox::enqueue(connection, context, &event).await?;
    Ok(())
}

/// The viewer and another person, when the quota permits.
async fn pair(context: &CommandContext, community: &Community, other: Uuid) -> Outcome<Uuid, Code> {
    let user = participant(context)?;
    community
        .throttle("relations", user, community.config.limits.relations)
        .await?;
    if user == other {
        return Err(Failure::field(Code::Yourself, "userId"));
    }
    if other.is_nil() {
        return Err(Failure::field(Code::NotFound, "userId"));
    }
    Ok(user)
}

/// Has the viewer follow someone, or follow them no more. Repeating it changes nothing.
///
/// # Errors
/// A refusal for oneself, and for whoever is kept apart from the viewer.
pub(crate) async fn follow(
    context: &CommandContext,
    community: &Community,
    other: Uuid,
    following: bool,
) -> Outcome<Uuid, Code> {
    let user = pair(context, community, other).await?;
    let mut connection = community.pool.get().await?;
    connection
        .transaction(async |connection| {
            let changed = if following {
                // Whoever blocks first waits for this, or this sees the block.
                store::relations::lock_pair(connection, user, other).await?;
                let members = store::members::by_ids(connection, &[other]).await?;
                let gone = members.iter().any(|member| member.deleted);
                if gone || !reaches(connection, context, other).await? {
                    return Err(Failure::field(Code::NotFound, "userId"));
                }
                let follow = Follow {
                    id: context.id(),
                    follower_id: user,
                    user_id: other,
                    created_at: context.now,
                };
                let changed = store::relations::follow(connection, &follow).await?;
                writer(connection, context, user).await?;
                changed
            } else {
                store::relations::unfollow(connection, user, other).await?
            };
            if changed {
                announce(connection, context, (user, other), following).await?;
                metrics::counter!("community_follows_total", "following" => if following { "yes" } else { "no" })
                    .increment(1);
            }
            Ok::<_, Failure<Code>>(other)
        })
        .await
}

/// Puts a block or a mute between the viewer and someone, or takes it away. A block ends what follows there are between the two.
///
/// # Errors
/// A refusal for oneself.
pub(crate) async fn bar(
    context: &CommandContext,
    community: &Community,
    other: Uuid,
    kind: BarrierKind,
    barred: bool,
) -> Outcome<Uuid, Code> {
    let user = pair(context, community, other).await?;
    let mut connection = community.pool.get().await?;
    connection
        .transaction(async |connection| {
            if !barred {
                store::relations::lower(connection, user, other, kind).await?;
                return Ok(other);
            }
            store::relations::lock_pair(connection, user, other).await?;
            let barrier = Barrier {
                id: context.id(),
                user_id: user,
                other_id: other,
                kind,
                created_at: context.now,
            };
            store::relations::raise(connection, &barrier).await?;
            if kind == BarrierKind::Block {
                for (follower, followed) in [(user, other), (other, user)] {
                    if store::relations::unfollow(connection, follower, followed).await? {
                        announce(connection, context, (follower, followed), false).await?;
                    }
                }
            }
            Ok::<_, Failure<Code>>(other)
        })
        .await
}
