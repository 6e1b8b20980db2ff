//! Entering and correcting authors.

use coko_core::Error;
use coko_core::context::CommandContext;
use coko_core::database::Pool;
use coko_core::graphql::{Failure, Outcome};
use diesel_async::AsyncConnection as _;
use uuid::Uuid;

use super::{announce_updated, free_slug, overtaken, require_any, same_version, suffix};
use crate::error::{CreateAuthorErrorCode, UpdateAuthorErrorCode};
use crate::model::{Author, AuthorChanges, Slug};
use crate::store;

/// Enters an author.
///
/// # Errors
/// Refusals of the input; `FORBIDDEN` without the right to.
pub(crate) async fn create(
    pool: &Pool,
    context: &CommandContext,
    mut changes: AuthorChanges,
) -> Outcome<Author, CreateAuthorErrorCode> {
    require_any(context, &[("books", "publish"), ("catalog", "manage")])?;
    changes.name.get_or_insert_default();
    let mut connection = pool.get().await?;
    connection
        .transaction(async |connection| {
            let id = context.id();
            let mut author = Author::named(
                id,
                Slug::of("", "author"),
                "",
                context.viewer.user_id(),
                context.now,
            );
            changes
                .clone()
                .apply::<CreateAuthorErrorCode>(&mut author)?;
            let wanted = Slug::of(&author.name, "author");
            let taken = store::authors::taken_slugs(connection, &[wanted.as_str()]).await?;
            let suffixed = wanted.with_suffix(&suffix(id));
            author.slug = free_slug(wanted, suffixed, &taken);
            store::authors::insert(connection, &author)
                .await
                .map_err(overtaken)?;
            Ok(author)
        })
        .await
}

/// Changes an author.
///
/// # Errors
/// Refusals of the input and of a version that is not the newest; `FORBIDDEN` for one that is not the viewer's.
pub(crate) async fn update(
    pool: &Pool,
    context: &CommandContext,
    id: Uuid,
    version: i64,
    changes: AuthorChanges,
) -> Outcome<Author, UpdateAuthorErrorCode> {
    require_any(context, &[("books", "publish"), ("catalog", "manage")])?;
    let mut connection = pool.get().await?;
    connection
        .transaction(async |connection| {
            let mut author = store::authors::lock(connection, id)
                .await?
                .ok_or_else(|| Failure::field(UpdateAuthorErrorCode::NotFound, "id"))?;
            // Whoever entered an author may correct the entry; the curators may correct all.
            let entered =
                context.viewer.user_id().is_some() && author.created_by == context.viewer.user_id();
            if !entered && !context.viewer.can("catalog", "manage") {
                return Err(Error::forbidden().into());
            }
            same_version::<UpdateAuthorErrorCode>(author.version, version)?;
            changes
                .clone()
                .apply::<UpdateAuthorErrorCode>(&mut author)?;
            author.version += 1;
            author.updated_at = context.now;
            store::authors::update(connection, &author).await?;
            let books = store::documents::of_author(connection, id).await?;
            announce_updated(connection, context, &books).await?;
            Ok(author)
        })
        .await
}
