//! The tree of categories, which is small: read whole, kept in the cache.

use coko_core::database::Connection;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use crate::model::Category;
use crate::tables::{book_categories, categories};

/// Every category, siblings in their order.
pub(crate) async fn all(connection: &mut Connection) -> QueryResult<Vec<Category>> {
    categories::table
        .order((categories::position, categories::name_fr, categories::id))
        .select(Category::as_select())
        .load(connection)
        .await
}

/// The categories with these ids, in no order.
pub(crate) async fn by_ids(
    connection: &mut Connection,
    ids: &[Uuid],
) -> QueryResult<Vec<Category>> {
    categories::table
        .filter(categories::id.eq_any(ids))
        .select(Category::as_select())
        .load(connection)
        .await
}

/// The category, locked until the transaction ends.
pub(crate) async fn lock(connection: &mut Connection, id: Uuid) -> QueryResult<Option<Category>> {
    categories::table
        .find(id)
        .select(Category::as_select())
        .for_update()
        .first(connection)
        .await
        .optional()
}

/// Writes a new category.
pub(crate) async fn insert(connection: &mut Connection, category: &Category) -> QueryResult<()> {
    diesel::insert_into(categories::table)
        .values(category)
        .execute(connection)
        .await
        .map(drop)
}

/// Writes a locked category back.
pub(crate) async fn update(connection: &mut Connection, category: &Category) -> QueryResult<()> {
    diesel::update(categories::table.find(category.id))
        .set(category)
        .execute(connection)
        .await
        .map(drop)
}

/// Gives everything below a moved category its new path.
pub(crate) async fn repath(connection: &mut Connection, moved: &Category) -> QueryResult<()> {
    diesel::sql_query(
        "UPDATE categories SET path = $2 || path[array_position(path, $1) + 1 : ] WHERE path @> ARRAY[$1] AND id <> $1",
    )
    .bind::<diesel::sql_types::Uuid, _>(moved.id)
    .bind::<diesel::sql_types::Array<diesel::sql_types::Uuid>, _>(&moved.path)
    .execute(connection)
    .await
    .map(drop)
}

/// The most levels below the category, itself not counted.
pub(crate) async fn height(connection: &mut Connection, category: &Category) -> QueryResult<usize> {
    let paths: Vec<Vec<Uuid>> = categories::table
        .filter(categories::path.contains(vec![category.id]))
        .select(categories::path)
        .load(connection)
        .await?;
    let own = category.path.len();
    Ok(paths
        .iter()
        .map(Vec::len)
        .max()
        .unwrap_or(own)
        .saturating_sub(own))
}

/// The books on the category's shelf or any below it.
pub(crate) async fn books_below(
    connection: &mut Connection,
    category: Uuid,
) -> QueryResult<Vec<Uuid>> {
    book_categories::table
        .inner_join(categories::table.on(categories::id.eq(book_categories::category_id)))
        .filter(categories::path.contains(vec![category]))
        .select(book_categories::book_id)
        .distinct()
        .load(connection)
        .await
}
