//! Posts, listed as the tree that they are.

use std::collections::HashMap;

use coko_core::database::Connection;
use coko_core::paging::{Direction, Page, Slice};
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Bool, Nullable, Text, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use super::{slices, visible};
use crate::model::{ContentStatus, Post};
use crate::tables::posts;

/// The name of the list in cursors.
pub(crate) const LIST: &str = "posts";

/// The posts with these ids, in no order.
pub(crate) async fn by_ids(connection: &mut Connection, ids: &[Uuid]) -> QueryResult<Vec<Post>> {
    posts::table
        .filter(posts::id.eq_any(ids))
        .select(Post::as_select())
        .load(connection)
        .await
}

/// The post, locked until the transaction ends.
pub(crate) async fn lock(connection: &mut Connection, id: Uuid) -> QueryResult<Option<Post>> {
    posts::table
        .find(id)
        .select(Post::as_select())
        .for_update()
        .first(connection)
        .await
        .optional()
}

/// The opening posts of these topics.
pub(crate) async fn openings(
    connection: &mut Connection,
    topics: &[Uuid],
) -> QueryResult<Vec<Post>> {
    posts::table
        .filter(posts::topic_id.eq_any(topics))
        .filter(posts::path.eq(crate::model::topic::path(None, 0)))
        .select(Post::as_select())
        .load(connection)
        .await
}

/// Some of what someone wrote and has not deleted, locked.
pub(crate) async fn lock_some(
    connection: &mut Connection,
    author: Uuid,
    limit: i64,
) -> QueryResult<Vec<Post>> {
    posts::table
        .filter(posts::author_id.eq(author))
        .filter(posts::status.ne(ContentStatus::Deleted))
        .order(posts::id)
        .limit(limit)
        .select(Post::as_select())
        .for_update()
        .load(connection)
        .await
}

/// Writes a new post, and counts it where it answers another.
pub(crate) async fn insert(connection: &mut Connection, post: &Post) -> QueryResult<()> {
    diesel::insert_into(posts::table)
        .values(post)
        .execute(connection)
        .await?;
    if let Some(parent) = post.parent_id {
        diesel::update(posts::table.find(parent))
            .set(posts::reply_count.eq(posts::reply_count + 1))
            .execute(connection)
            .await?;
    }
    Ok(())
}

/// Writes a locked post back.
pub(crate) async fn update(connection: &mut Connection, post: &Post) -> QueryResult<()> {
    diesel::update(posts::table.find(post.id))
        .set(post)
        .execute(connection)
        .await
        .map(drop)
}

/// The same page of the posts of each of these topics as a viewer sees them: the tree, depth first. What was deleted or is
/// hidden keeps its place where others answered it.
pub(crate) async fn of_topics(
    connection: &mut Connection,
    page: &Page<String>,
    (viewer, moderates): (Option<Uuid>, bool),
    topics: &[Uuid],
) -> QueryResult<HashMap<Uuid, Slice<Post>>> {
    let (compare, order, start) = match page.direction {
        Direction::Forward => (">", "ASC", ""),
        // Paths are hexadecimal.
        Direction::Backward => ("<", "DESC", "g"),
    };
    let query = format!(
        "SELECT found.* FROM unnest($3) AS wanted (topic) JOIN topics t ON t.id = wanted.topic CROSS JOIN LATERAL (
            SELECT * FROM posts p
            WHERE p.topic_id = t.id AND p.path {compare} $4
              AND (p.status = 'PUBLISHED' OR p.reply_count > 0 OR p.author_id = $1 OR $2) AND {}
            ORDER BY p.path {order} LIMIT $5) AS found",
        visible("p", "t.book_id", "t.club_id"),
    );
    let start = page.from.clone().unwrap_or_else(|| start.to_owned());
    let rows: Vec<Post> = diesel::sql_query(query)
        .bind::<Nullable<SqlUuid>, _>(viewer)
        .bind::<Bool, _>(moderates)
        .bind::<Array<SqlUuid>, _>(topics)
        .bind::<Text, _>(start)
        .bind::<BigInt, _>(page.limit())
        .load(connection)
        .await?;
    Ok(slices(page, rows, |post| post.topic_id))
}
