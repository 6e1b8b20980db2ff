//! Making, changing and moving categories.

use coko_core::context::CommandContext;
use coko_core::database::{Connection, Pool};
use coko_core::graphql::{Failure, Outcome};
use diesel_async::AsyncConnection as _;
use uuid::Uuid;

use super::{announce_updated, same_version, slug_taken};
use crate::error::{CreateCategoryErrorCode, UpdateCategoryErrorCode};
use crate::model::reason::UnknownCategory;
use crate::model::{Category, CategoryChanges, Slug};
use crate::store;

/// Makes a category.
///
/// # Errors
/// Refusals of the input; `FORBIDDEN` without `catalog:manage`.
pub(crate) async fn create(
    pool: &Pool,
    context: &CommandContext,
    mut changes: CategoryChanges,
) -> Outcome<Category, CreateCategoryErrorCode> {
    context.viewer.require("catalog", "manage")?;
    changes.name_fr.get_or_insert_default();
    changes.name_en.get_or_insert_default();
    let mut connection = pool.get().await?;
    connection
        .transaction(async |connection| {
            let changes = changes.clone();
            let parent = parent(connection, changes.parent.flatten()).await?;
            let slug = Slug::of(changes.name_fr.as_deref().unwrap_or_default(), "category");
            let mut category = Category::new(context.id(), slug, parent.as_ref(), context.now)?;
            changes.apply::<CreateCategoryErrorCode>(&mut category)?;
            store::categories::insert(connection, &category)
                .await
                .map_err(slug_taken)?;
            Ok(category)
        })
        .await
}

/// Changes or moves a category; everything below moves with it.
///
/// # Errors
/// As [`create`], and a refusal of a version that is not the newest or of a cycle.
pub(crate) async fn update(
    pool: &Pool,
    context: &CommandContext,
    id: Uuid,
    version: i64,
    changes: CategoryChanges,
) -> Outcome<Category, UpdateCategoryErrorCode> {
    context.viewer.require("catalog", "manage")?;
    let mut connection = pool.get().await?;
    connection
        .transaction(async |connection| {
            let mut category = store::categories::lock(connection, id)
                .await?
                .ok_or_else(|| Failure::field(UpdateCategoryErrorCode::NotFound, "id"))?;
            same_version::<UpdateCategoryErrorCode>(category.version, version)?;
            let moved_to = changes.parent;
            changes
                .clone()
                .apply::<UpdateCategoryErrorCode>(&mut category)?;
            if let Some(target) = moved_to {
                let height = store::categories::height(connection, &category).await?;
                let parent = parent::<UpdateCategoryErrorCode>(connection, target).await?;
                category.move_under(parent.as_ref(), height)?;
                store::categories::repath(connection, &category).await?;
            }
            category.version += 1;
            category.updated_at = context.now;
            store::categories::update(connection, &category)
                .await
                .map_err(slug_taken)?;
            if moved_to.is_some() {
                // Documents hold every ancestor, which just changed for all books below.
                let books = store::categories::books_below(connection, id).await?;
                announce_updated(connection, context, &books).await?;
            }
            Ok(category)
        })
        .await
}

async fn parent<C: From<UnknownCategory>>(
    connection: &mut Connection,
    id: Option<Uuid>,
) -> Outcome<Option<Category>, C> {
    match id {
        None => Ok(None),
        // Locked, so that two moves cannot make a circle together.
        Some(id) => match store::categories::lock(connection, id).await? {
            Some(parent) => Ok(Some(parent)),
            None => Err(Failure::field(UnknownCategory.into(), "parentId")),
        },
    }
}
