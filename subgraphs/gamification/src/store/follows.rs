//! Who follows whom, as community last said.

use coko_core::database::Connection;
use coko_core::events::community::UserFollowed;
use diesel::prelude::*;
use diesel::upsert::excluded;
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use crate::tables::follows;

/// Notes a decision unless a later one is known.
pub(crate) async fn keep(connection: &mut Connection, followed: &UserFollowed) -> QueryResult<()> {
    use diesel::query_dsl::methods::FilterDsl as _;
    diesel::insert_into(follows::table)
        .values((
            follows::follower_id.eq(followed.follower_id),
            follows::user_id.eq(followed.user_id),
            follows::following.eq(followed.following),
            follows::at.eq(followed.at),
        ))
        .on_conflict((follows::follower_id, follows::user_id))
        .do_update()
        .set((
            follows::following.eq(excluded(follows::following)),
            follows::at.eq(excluded(follows::at)),
        ))
        .filter(follows::at.lt(excluded(follows::at)))
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
    follows::table
        .filter(follows::follower_id.eq(follower))
        .filter(follows::user_id.eq_any(users))
        .filter(follows::following)
        .select(follows::user_id)
        .load(connection)
        .await
}
