//! Series.

use coko_core::database::Connection;
use coko_core::paging::{Direction, Page, Slice};
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::{Bool, Text, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use crate::model::Series;
use crate::tables::series;

/// The name of the list in cursors.
pub(crate) const LIST: &str = "series";

/// Folded name and id.
pub(crate) type Key = (String, Uuid);

/// The series with these ids, in no order.
pub(crate) async fn by_ids(connection: &mut Connection, ids: &[Uuid]) -> QueryResult<Vec<Series>> {
    series::table
        .filter(series::id.eq_any(ids))
        .select(Series::as_select())
        .load(connection)
        .await
}

/// The series at this address.
pub(crate) async fn by_slug(
    connection: &mut Connection,
    slug: &str,
) -> QueryResult<Option<Series>> {
    series::table
        .filter(series::slug.eq(slug))
        .select(Series::as_select())
        .first(connection)
        .await
        .optional()
}

/// The series, locked until the transaction ends.
pub(crate) async fn lock(connection: &mut Connection, id: Uuid) -> QueryResult<Option<Series>> {
    series::table
        .find(id)
        .select(Series::as_select())
        .for_update()
        .first(connection)
        .await
        .optional()
}

/// Writes a new series.
pub(crate) async fn insert(connection: &mut Connection, series: &Series) -> QueryResult<()> {
    diesel::insert_into(series::table)
        .values(series)
        .execute(connection)
        .await
        .map(drop)
}

/// Writes a locked series back.
pub(crate) async fn update(connection: &mut Connection, series: &Series) -> QueryResult<()> {
    diesel::update(series::table.find(series.id))
        .set(series)
        .execute(connection)
        .await
        .map(drop)
}

/// Which of the wanted slugs are taken.
pub(crate) async fn taken_slugs(
    connection: &mut Connection,
    wanted: &[&str],
) -> QueryResult<Vec<crate::model::Slug>> {
    series::table
        .filter(series::slug.eq_any(wanted))
        .select(series::slug)
        .load(connection)
        .await
}

/// One page by name; `fragment` leaves those whose name holds it, accents and case folded.
pub(crate) async fn list(
    connection: &mut Connection,
    page: &Page<Key>,
    fragment: Option<&str>,
) -> QueryResult<Slice<(Series, Key)>> {
    let mut query = series::table.into_boxed();
    if let Some(fragment) = fragment {
        query = query.filter(
            sql::<Bool>("name_sort LIKE '%' || catalog_like(")
                .bind::<Text, _>(fragment.to_owned())
                .sql(") || '%'"),
        );
    }
    let forward = page.direction == Direction::Forward;
    if let Some((name, id)) = &page.from {
        let compare = if forward {
            "(name_sort, id) > ("
        } else {
            "(name_sort, id) < ("
        };
        query = query.filter(
            sql::<Bool>(compare)
                .bind::<Text, _>(name.clone())
                .sql(", ")
                .bind::<SqlUuid, _>(*id)
                .sql(")"),
        );
    }
    let query = if forward {
        query.order((series::name_sort.asc(), series::id.asc()))
    } else {
        query.order((series::name_sort.desc(), series::id.desc()))
    };
    let rows: Vec<(Series, String)> = query
        .limit(page.limit())
        .select((Series::as_select(), series::name_sort))
        .load(connection)
        .await?;
    let keyed = rows
        .into_iter()
        .map(|(row, name)| {
            let key = (name, row.id);
            (row, key)
        })
        .collect();
    Ok(Slice::new(page, keyed))
}
