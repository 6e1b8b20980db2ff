//! Entering publishing houses, and who belongs to them.

use coko_core::Error;
use coko_core::context::CommandContext;
use coko_core::database::Pool;
use coko_core::graphql::{Failure, Outcome};
use diesel_async::AsyncConnection as _;
use uuid::Uuid;

use super::{free_slug, overtaken, require_any, same_version, suffix};
use crate::error::{CreatePublisherErrorCode, UpdatePublisherErrorCode};
use crate::model::{Publisher, PublisherChanges, Slug};
use crate::store;

/// Enters a publisher.
///
/// # Errors
/// Refusals of the input; `FORBIDDEN` without the right to.
pub(crate) async fn create(
    pool: &Pool,
    context: &CommandContext,
    mut changes: PublisherChanges,
) -> Outcome<Publisher, CreatePublisherErrorCode> {
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
            changes
                .clone()
                .apply::<CreatePublisherErrorCode>(&mut publisher)?;
            let wanted = Slug::of(&publisher.name, "publisher");
            let taken = store::publishers::taken_slugs(connection, &[wanted.as_str()]).await?;
            let suffixed = wanted.with_suffix(&suffix(id));
            publisher.slug = free_slug(wanted, suffixed, &taken);
            store::publishers::insert(connection, &publisher)
                .await
                .map_err(overtaken)?;
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
) -> Outcome<Publisher, UpdatePublisherErrorCode> {
    require_any(context, &[("books", "publish"), ("catalog", "manage")])?;
    if members
        .as_ref()
        .is_some_and(|members| members.len() > MEMBERS)
    {
        return Err(Failure::field(
            UpdatePublisherErrorCode::TooMany,
            "memberIds",
        ));
    }
    let mut connection = pool.get().await?;
    connection
        .transaction(async |connection| {
            let mut publisher = store::publishers::lock(connection, id)
                .await?
                .ok_or_else(|| Failure::field(UpdatePublisherErrorCode::NotFound, "id"))?;
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
            same_version::<UpdatePublisherErrorCode>(publisher.version, version)?;
            changes
                .clone()
                .apply::<UpdatePublisherErrorCode>(&mut publisher)?;
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
