//! Readers: the lock that orders everything written of one, their interests, and their end.

use coko_core::database::Connection;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::model::Interaction;
use crate::tables::{feedback, interactions, readers};

/// Locks a reader until the transaction ends, made at the first call; whether the account is still there.
pub(crate) async fn lock(connection: &mut Connection, user: Uuid) -> QueryResult<bool> {
    diesel::insert_into(readers::table)
        .values(readers::user_id.eq(user))
        .on_conflict_do_nothing()
        .execute(connection)
        .await?;
    let deleted_at: Option<OffsetDateTime> = readers::table
        .find(user)
        .select(readers::deleted_at)
        .for_update()
        .first(connection)
        .await?;
    Ok(deleted_at.is_none())
}

/// Categories that a reader said to like.
pub(crate) async fn interests(connection: &mut Connection, user: Uuid) -> QueryResult<Vec<Uuid>> {
    let found: Option<Vec<Uuid>> = readers::table
        .find(user)
        .select(readers::interests)
        .first(connection)
        .await
        .optional()?;
    Ok(found.unwrap_or_default())
}

/// Replaces the interests of a locked reader.
pub(crate) async fn set_interests(
    connection: &mut Connection,
    user: Uuid,
    interests: &[Uuid],
) -> QueryResult<()> {
    diesel::update(readers::table.find(user))
        .set(readers::interests.eq(interests))
        .execute(connection)
        .await
        .map(drop)
}

/// Erases everything of a locked reader's but their reviews, and remembers that the account is gone; returns what they had done.
pub(crate) async fn forget(
    connection: &mut Connection,
    user: Uuid,
    at: OffsetDateTime,
) -> QueryResult<Vec<Interaction>> {
    diesel::update(readers::table.find(user))
        .set((
            readers::interests.eq(Vec::<Uuid>::new()),
            readers::deleted_at.eq(Some(at)),
        ))
        .execute(connection)
        .await?;
    diesel::delete(feedback::table.filter(feedback::user_id.eq(user)))
        .execute(connection)
        .await?;
    diesel::delete(interactions::table.filter(interactions::user_id.eq(user)))
        .returning(Interaction::as_returning())
        .get_results(connection)
        .await
}
