//! Topics.

use coko_core::database::Connection;
use coko_core::paging::{Page, Slice};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, Nullable, Text, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use time::OffsetDateTime;
use uuid::Uuid;

use super::{start, turned, visible};
use crate::model::{ContentStatus, Post, Topic};
use crate::tables::topics;

/// The name of the list in cursors.
pub(crate) const LIST: &str = "topics";

/// Whose topics a list holds.
#[derive(Clone, Debug)]
pub(crate) enum Among {
    /// Those of a forum; only the pinned ones, if asked for.
    Forum(Uuid, bool),
    /// Those of a club.
    Club(Uuid),
    /// Those with a tag, in forums.
    Tag(String),
}

/// The topics with these ids, in no order.
pub(crate) async fn by_ids(connection: &mut Connection, ids: &[Uuid]) -> QueryResult<Vec<Topic>> {
    topics::table
        .filter(topics::id.eq_any(ids))
        .select(Topic::as_select())
        .load(connection)
        .await
}

/// The topic, locked until the transaction ends.
pub(crate) async fn lock(connection: &mut Connection, id: Uuid) -> QueryResult<Option<Topic>> {
    topics::table
        .find(id)
        .select(Topic::as_select())
        .for_update()
        .first(connection)
        .await
        .optional()
}

/// Writes a new topic.
pub(crate) async fn insert(connection: &mut Connection, topic: &Topic) -> QueryResult<()> {
    diesel::insert_into(topics::table)
        .values(topic)
        .execute(connection)
        .await
        .map(drop)
}

/// Writes a locked topic back.
pub(crate) async fn update(connection: &mut Connection, topic: &Topic) -> QueryResult<()> {
    diesel::update(topics::table.find(topic.id))
        .set(topic)
        .execute(connection)
        .await
        .map(drop)
}

/// Writes a locked topic back after a new post, and moves it up where it is listed by tag.
pub(crate) async fn bump(
    connection: &mut Connection,
    topic: &mut Topic,
    post: &Post,
) -> QueryResult<()> {
    topic.post_count += 1;
    topic.last_post_id = post.id;
    topic.last_post_at = post.created_at;
    update(connection, topic).await?;
    diesel::sql_query("UPDATE topic_tags SET last_post_id = $2 WHERE topic_id = $1")
        .bind::<SqlUuid, _>(topic.id)
        .bind::<SqlUuid, _>(post.id)
        .execute(connection)
        .await
        .map(drop)
}

/// How many topics someone opened since a moment, counted no further than `most`.
pub(crate) async fn opened_since(
    connection: &mut Connection,
    author: Uuid,
    since: OffsetDateTime,
    most: usize,
) -> QueryResult<usize> {
    let opened: Vec<Uuid> = topics::table
        .filter(topics::author_id.eq(author))
        .filter(topics::created_at.gt(since))
        .limit(i64::try_from(most).unwrap_or(i64::MAX))
        .select(topics::id)
        .load(connection)
        .await?;
    Ok(opened.len())
}

/// Some topics of someone's that nobody answered, locked.
pub(crate) async fn lock_unanswered(
    connection: &mut Connection,
    author: Uuid,
    limit: i64,
) -> QueryResult<Vec<Topic>> {
    topics::table
        .filter(topics::author_id.eq(author))
        .filter(topics::status.ne(ContentStatus::Deleted))
        .filter(topics::post_count.eq(1))
        .order(topics::id)
        .limit(limit)
        .select(Topic::as_select())
        .for_update()
        .load(connection)
        .await
}

/// One page of topics as a viewer sees them, the last answered first.
pub(crate) async fn list(
    connection: &mut Connection,
    page: &Page<Uuid>,
    (viewer, moderates): (Option<Uuid>, bool),
    among: &Among,
) -> QueryResult<Slice<Topic>> {
    let (source, among) = match among {
        Among::Forum(forum, false) => ("topics t WHERE t.forum_id = $3::uuid", forum.to_string()),
        Among::Forum(forum, true) => (
            "topics t WHERE t.forum_id = $3::uuid AND t.pinned",
            forum.to_string(),
        ),
        Among::Club(club) => ("topics t WHERE t.club_id = $3::uuid", club.to_string()),
        Among::Tag(tag) => (
            "topic_tags l JOIN topics t ON t.id = l.topic_id WHERE l.tag = $3 AND t.club_id IS NULL",
            tag.clone(),
        ),
    };
    // The list by tag is in the order of its own column, which is indexed with the tag.
    let place = if source.starts_with("topic_tags") {
        "l"
    } else {
        "t"
    };
    let query = format!(
        "SELECT t.* FROM {source} AND t.status = 'PUBLISHED' AND {place}.last_post_id {{<}} $4 AND {}
         ORDER BY {place}.last_post_id {{DESC}} LIMIT $5",
        visible("t", "t.book_id", "t.club_id"),
    );
    let rows = diesel::sql_query(turned(&query, page.direction))
        .bind::<Nullable<SqlUuid>, _>(viewer)
        .bind::<Bool, _>(moderates)
        .bind::<Text, _>(among)
        .bind::<SqlUuid, _>(start(page))
        .bind::<BigInt, _>(page.limit())
        .load(connection)
        .await?;
    Ok(Slice::new(page, rows))
}
