//! Who follows whom, as community last said.

use coko_core::database::Connection;
use coko_core::events::community::UserFollowed;
use diesel::prelude::*;
use diesel::upsert::excluded;
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use crate::tables::followers;

/// Notes a decision unless a later one is known.
pub(crate) async fn upsert(
    connection: &mut Connection,
    followed: &UserFollowed,
) -> QueryResult<()> {
    use diesel::query_dsl::methods::FilterDsl as _;
    diesel::insert_into(followers::table)
        .values((
            followers::user_id.eq(followed.user_id),
            followers::follower_id.eq(followed.follower_id),
            followers::following.eq(followed.following),
            followers::at.eq(followed.at),
        ))
        .on_conflict((followers::follower_id, followers::user_id))
        .do_update()
        .set((
            followers::following.eq(excluded(followers::following)),
            followers::at.eq(excluded(followers::at)),
        ))
        .filter(followers::at.lt(excluded(followers::at)))
        .execute(connection)
        .await
        .map(drop)
}

/// Which of `users` `follower` follows.
pub(crate) async fn followed_by(
    connection: &mut Connection,
    follower: Uuid,
    users: &[Uuid],
) -> QueryResult<Vec<Uuid>> {
    followers::table
        .filter(followers::follower_id.eq(follower))
        .filter(followers::user_id.eq_any(users))
        .filter(followers::following)
        .select(followers::user_id)
        .load(connection)
        .await
}

/// Forgets an account on both sides.
pub(crate) async fn remove_all(connection: &mut Connection, user: Uuid) -> QueryResult<()> {
    diesel::delete(followers::table.filter(followers::follower_id.eq(user)))
        .execute(connection)
        .await?;
    diesel::delete(followers::table.filter(followers::user_id.eq(user)))
        .execute(connection)
        .await
        .map(drop)
}
