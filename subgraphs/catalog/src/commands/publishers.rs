//! Entering publishing houses, and who belongs to them.

use coko_core::Error;
use coko_core::context::CommandContext;
use coko_core::database::Pool;
use diesel_async::AsyncConnection as _;
use uuid::Uuid;

use super::{Edited, free_slug, require_any, same_version, suffix};
use crate::model::{Publisher, PublisherChanges, Refusal, RefusalCode, Slug};
use crate::store;

/// Enters a publisher.
///
/// # Errors
/// Refusals of the input; `FORBIDDEN` without the right to.
pub(crate) async fn create(
    pool: &Pool,
    context: &CommandContext,
    mut changes: PublisherChanges,
) -> Edited<Publisher> {
    require_any(context, &[("books", "publish"), ("catalog", "manage")])?;
    changes.name.get_or_insert_default();
    let mut connection = pool.get().await?;
    connection
        .transaction(async |connection| {
            let id = context.id();
            let curates = context.viewer.can("catalog", "manage");
            if changes.owner_user_id.is_some() && !curates {
                return Err(Error::forbidden().into());
            }
            let owner = if curates {
                None
            } else {
                context.viewer.user_id()
            };
            let mut publisher =
                Publisher::named(id, Slug::of("", "publisher"), "", owner, context.now);
            changes.clone().apply(&mut publisher)?;
            let wanted = Slug::of(&publisher.name, "publisher");
            let taken = store::publishers::taken_slugs(connection, &[wanted.as_str()]).await?;
            let suffixed = wanted.with_suffix(&suffix(id));
            publisher.slug = free_slug(wanted, suffixed, &taken);
            store::publishers::insert(connection, &publisher).await?;
            Ok(publisher)
        })
        .await
}

/// Most accounts that belong to one house.
const MEMBERS: usize = 200;

/// Changes a publisher; `members` replaces the accounts that belong to it beside its owner.
///
/// # Errors
/// Refusals of the input and of a version that is not the newest; `FORBIDDEN` for one that is not the viewer's.
pub(crate) async fn update(
    pool: &Pool,
    context: &CommandContext,
    id: Uuid,
    version: i64,
    changes: PublisherChanges,
    members: Option<Vec<Uuid>>,
) -> Edited<Publisher> {
    require_any(context, &[("books", "publish"), ("catalog", "manage")])?;
    if members
        .as_ref()
        .is_some_and(|members| members.len() > MEMBERS)
    {
        return Err(Refusal::of("members", RefusalCode::TooMany).into());
    }
    let mut connection = pool.get().await?;
    connection
        .transaction(async |connection| {
            let mut publisher = store::publishers::lock(connection, id)
                .await?
                .ok_or_else(|| Refusal::of("id", RefusalCode::NotFound))?;
            let owner = context.viewer.user_id().is_some()
                && publisher.owner_user_id == context.viewer.user_id();
            let curates = context.viewer.can("catalog", "manage");
            if !owner && !curates {
                return Err(Error::forbidden().into());
            }
            // Handing a house to someone else takes more than owning it.
            if changes.owner_user_id.is_some() && !curates {
                return Err(Error::forbidden().into());
            }
            same_version(publisher.version, version)?;
            changes.clone().apply(&mut publisher)?;
            publisher.version += 1;
            publisher.updated_at = context.now;
            store::publishers::update(connection, &publisher).await?;
            if let Some(members) = &members {
                store::publishers::set_members(connection, id, members, context.now).await?;
            }
            Ok(publisher)
        })
        .await
}
