//! Entering and correcting series.

use coko_core::Error;
use coko_core::context::CommandContext;
use coko_core::database::{Connection, Pool};
use coko_core::graphql::{Failure, Outcome};
use diesel_async::AsyncConnection as _;
use uuid::Uuid;

use super::{announce_updated, editor, free_slug, overtaken, require_any, same_version, suffix};
use crate::error::{CreateSeriesErrorCode, UpdateSeriesErrorCode};
use crate::model::reason::UnknownPublisher;
use crate::model::{Series, SeriesChanges, Slug};
use crate::store;

/// Enters a series.
///
/// # Errors
/// Refusals of the input; `FORBIDDEN` without the right to.
pub(crate) async fn create(
    pool: &Pool,
    context: &CommandContext,
    mut changes: SeriesChanges,
) -> Outcome<Series, CreateSeriesErrorCode> {
    require_any(context, &[("books", "publish"), ("catalog", "manage")])?;
    changes.name.get_or_insert_default();
    let mut connection = pool.get().await?;
    connection
        .transaction(async |connection| {
            let id = context.id();
            usable_publisher::<CreateSeriesErrorCode>(connection, context, &changes).await?;
            let mut series = Series::named(
                id,
                Slug::of("", "series"),
                "",
                context.viewer.user_id(),
                context.now,
            );
            changes
                .clone()
                .apply::<CreateSeriesErrorCode>(&mut series)?;
            let wanted = Slug::of(&series.name, "series");
            let taken = store::series::taken_slugs(connection, &[wanted.as_str()]).await?;
            let suffixed = wanted.with_suffix(&suffix(id));
            series.slug = free_slug(wanted, suffixed, &taken);
            store::series::insert(connection, &series)
                .await
                .map_err(overtaken)?;
            Ok(series)
        })
        .await
}

/// Changes a series.
///
/// # Errors
/// Refusals of the input and of a version that is not the newest; `FORBIDDEN` for one that is not the viewer's.
pub(crate) async fn update(
    pool: &Pool,
    context: &CommandContext,
    id: Uuid,
    version: i64,
    changes: SeriesChanges,
) -> Outcome<Series, UpdateSeriesErrorCode> {
    require_any(context, &[("books", "publish"), ("catalog", "manage")])?;
    let mut connection = pool.get().await?;
    connection
        .transaction(async |connection| {
            let mut series = store::series::lock(connection, id)
                .await?
                .ok_or_else(|| Failure::field(UpdateSeriesErrorCode::NotFound, "id"))?;
            if !editor(connection, context).await?.may_edit_series(&series) {
                return Err(Error::forbidden().into());
            }
            usable_publisher::<UpdateSeriesErrorCode>(connection, context, &changes).await?;
            same_version::<UpdateSeriesErrorCode>(series.version, version)?;
            changes
                .clone()
                .apply::<UpdateSeriesErrorCode>(&mut series)?;
            series.version += 1;
            series.updated_at = context.now;
            store::series::update(connection, &series).await?;
            let books = store::documents::of_series(connection, id).await?;
            announce_updated(connection, context, &books).await?;
            Ok(series)
        })
        .await
}

/// A series belongs to a house that is the editor's, or to none.
async fn usable_publisher<C: From<UnknownPublisher>>(
    connection: &mut Connection,
    context: &CommandContext,
    changes: &SeriesChanges,
) -> Outcome<(), C> {
    let Some(publisher) = changes.publisher.flatten() else {
        return Ok(());
    };
    let known = !store::publishers::by_ids(connection, &[publisher])
        .await?
        .is_empty();
    if known
        && editor(connection, context)
            .await?
            .may_use_publisher(publisher)
    {
        Ok(())
    } else {
        Err(Failure::field(UnknownPublisher.into(), "publisherId"))
    }
}
