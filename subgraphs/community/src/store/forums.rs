//! Forums and tags.

use coko_core::database::Connection;
use diesel::prelude::*;
use diesel::sql_types::{Array, Text, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use crate::model::{Forum, Tag, forum};
use crate::tables::{forums, tags, topic_tags};

/// The forums that are open, in their order.
pub(crate) async fn open(connection: &mut Connection) -> QueryResult<Vec<Forum>> {
    forums::table
        .filter(forums::archived.eq(false))
        .order((forums::position, forums::id))
        .limit(forum::FORUMS)
        .select(Forum::as_select())
        .load(connection)
        .await
}

/// The forums with these ids, in no order.
pub(crate) async fn by_ids(connection: &mut Connection, ids: &[Uuid]) -> QueryResult<Vec<Forum>> {
    forums::table
        .filter(forums::id.eq_any(ids))
        .select(Forum::as_select())
        .load(connection)
        .await
}

/// The forum at this address.
pub(crate) async fn by_slug(connection: &mut Connection, slug: &str) -> QueryResult<Option<Forum>> {
    forums::table
        .filter(forums::slug.eq(slug))
        .select(Forum::as_select())
        .first(connection)
        .await
        .optional()
}

/// How many forums are open.
pub(crate) async fn count_open(connection: &mut Connection) -> QueryResult<i64> {
    forums::table
        .filter(forums::archived.eq(false))
        .count()
        .get_result(connection)
        .await
}

/// Writes a new forum; returns whether its address was free.
pub(crate) async fn insert(connection: &mut Connection, forum: &Forum) -> QueryResult<bool> {
    let written = diesel::insert_into(forums::table)
        .values(forum)
        .on_conflict(forums::slug)
        .do_nothing()
        .execute(connection)
        .await?;
    Ok(written > 0)
}

/// Writes a forum back.
pub(crate) async fn update(connection: &mut Connection, forum: &Forum) -> QueryResult<()> {
    diesel::update(forums::table.find(forum.id))
        .set(forum)
        .execute(connection)
        .await
        .map(drop)
}

/// The tags that most topics have, or those that begin with `prefix`.
pub(crate) async fn tags(
    connection: &mut Connection,
    prefix: Option<&str>,
    limit: i64,
) -> QueryResult<Vec<Tag>> {
    // A folded prefix holds letters, digits and hyphens, which mean nothing else in a pattern.
    let mut query = tags::table.filter(tags::topics.gt(0)).into_boxed();
    query = match prefix {
        Some(prefix) => query
            .filter(tags::slug.like(format!("{prefix}%")))
            .order(tags::slug.asc()),
        None => query.order((tags::topics.desc(), tags::slug.asc())),
    };
    query
        .limit(limit)
        .select(Tag::as_select())
        .load(connection)
        .await
}

/// Gives a topic these tags and no others: addresses and names.
pub(crate) async fn set_tags(
    connection: &mut Connection,
    topic: Uuid,
    wanted: &[(String, String)],
) -> QueryResult<()> {
    // In one order, so that two topics with the same tags do not wait for each other.
    let mut wanted = wanted.to_vec();
    wanted.sort();
    let (slugs, names): (Vec<&str>, Vec<&str>) = wanted
        .iter()
        .map(|(slug, name)| (slug.as_str(), name.as_str()))
        .unzip();
    diesel::sql_query(
        "WITH gone AS (DELETE FROM topic_tags WHERE topic_id = $1 AND tag <> ALL ($2) RETURNING tag)
         UPDATE tags SET topics = topics - 1 FROM gone WHERE tags.slug = gone.tag",
    )
    .bind::<SqlUuid, _>(topic)
    .bind::<Array<Text>, _>(&slugs)
    .execute(connection)
    .await?;
    diesel::sql_query(
        "INSERT INTO tags (slug, name, topics) SELECT slug, name, 0 FROM unnest($1, $2) AS wanted (slug, name)
         ON CONFLICT (slug) DO NOTHING",
    )
    .bind::<Array<Text>, _>(&slugs)
    .bind::<Array<Text>, _>(&names)
    .execute(connection)
    .await?;
    diesel::sql_query(
        "WITH fresh AS (
            INSERT INTO topic_tags (topic_id, tag, last_post_id)
            SELECT id, tag, last_post_id FROM topics, unnest($2) AS wanted (tag) WHERE id = $1
            ON CONFLICT DO NOTHING RETURNING tag)
         UPDATE tags SET topics = topics + 1 FROM fresh WHERE tags.slug = fresh.tag",
    )
    .bind::<SqlUuid, _>(topic)
    .bind::<Array<Text>, _>(&slugs)
    .execute(connection)
    .await
    .map(drop)
}

/// The tags of these topics, by name.
pub(crate) async fn tags_of(
    connection: &mut Connection,
    topics: &[Uuid],
) -> QueryResult<Vec<(Uuid, Tag)>> {
    topic_tags::table
        .inner_join(tags::table)
        .filter(topic_tags::topic_id.eq_any(topics))
        .order(tags::slug)
        .select((topic_tags::topic_id, Tag::as_select()))
        .load(connection)
        .await
}
