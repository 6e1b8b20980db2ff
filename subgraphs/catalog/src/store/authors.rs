//! Authors.

use coko_core::database::Connection;
use coko_core::paging::{Direction, Page, Slice};
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::{Bool, Text, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use crate::model::Author;
use crate::tables::authors;

/// The name of the list in cursors.
pub(crate) const LIST: &str = "authors";

/// Folded name and id.
pub(crate) type Key = (String, Uuid);

/// The authors with these ids, in no order.
pub(crate) async fn by_ids(connection: &mut Connection, ids: &[Uuid]) -> QueryResult<Vec<Author>> {
    authors::table
        .filter(authors::id.eq_any(ids))
        .select(Author::as_select())
        .load(connection)
        .await
}

/// The author at this address.
pub(crate) async fn by_slug(
    connection: &mut Connection,
    slug: &str,
) -> QueryResult<Option<Author>> {
    authors::table
        .filter(authors::slug.eq(slug))
        .select(Author::as_select())
        .first(connection)
        .await
        .optional()
}

/// The author, locked until the transaction ends.
pub(crate) async fn lock(connection: &mut Connection, id: Uuid) -> QueryResult<Option<Author>> {
    authors::table
        .find(id)
        .select(Author::as_select())
        .for_update()
        .first(connection)
        .await
        .optional()
}

/// Writes a new author.
pub(crate) async fn insert(connection: &mut Connection, author: &Author) -> QueryResult<()> {
    diesel::insert_into(authors::table)
        .values(author)
        .execute(connection)
        .await
        .map(drop)
}

/// Writes a locked author back.
pub(crate) async fn update(connection: &mut Connection, author: &Author) -> QueryResult<()> {
    diesel::update(authors::table.find(author.id))
        .set(author)
        .execute(connection)
        .await
        .map(drop)
}

/// Which of the wanted slugs are taken.
pub(crate) async fn taken_slugs(
    connection: &mut Connection,
    wanted: &[&str],
) -> QueryResult<Vec<crate::model::Slug>> {
    authors::table
        .filter(authors::slug.eq_any(wanted))
        .select(authors::slug)
        .load(connection)
        .await
}

/// One page by name; `fragment` leaves those whose name holds it, accents and case folded.
pub(crate) async fn list(
    connection: &mut Connection,
    page: &Page<Key>,
    fragment: Option<&str>,
) -> QueryResult<Slice<(Author, Key)>> {
    let mut query = authors::table.into_boxed();
    if let Some(fragment) = fragment {
        query = query.filter(
            sql::<Bool>("name_folded LIKE '%' || catalog_like(")
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
        query.order((authors::name_sort.asc(), authors::id.asc()))
    } else {
        query.order((authors::name_sort.desc(), authors::id.desc()))
    };
    let rows: Vec<(Author, String)> = query
        .limit(page.limit())
        .select((Author::as_select(), authors::name_sort))
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
