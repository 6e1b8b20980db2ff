//! Personal access tokens.

use coko_core::database::Connection;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::model::PersonalAccessToken;
use crate::tables::personal_access_tokens as tokens;

/// Records a token; returns whether its name was free.
pub(crate) async fn insert(
    connection: &mut Connection,
    token: &PersonalAccessToken,
) -> QueryResult<bool> {
    diesel::insert_into(tokens::table)
        .values(token)
        .on_conflict_do_nothing()
        .execute(connection)
        .await
        .map(|rows| rows == 1)
}

/// The tokens of an account that still work, newest first.
pub(crate) async fn live_of(
    connection: &mut Connection,
    user: Uuid,
    now: OffsetDateTime,
) -> QueryResult<Vec<PersonalAccessToken>> {
    tokens::table
        .filter(tokens::user_id.eq(user))
        .filter(tokens::revoked_at.is_null())
        .filter(tokens::expires_at.gt(now))
        .order((tokens::created_at.desc(), tokens::id.desc()))
        .select(PersonalAccessToken::as_select())
        .load(connection)
        .await
}

/// Ends the live tokens of an account that are named (all when `only` is `None`); returns which ended.
pub(crate) async fn revoke(
    connection: &mut Connection,
    user: Uuid,
    only: Option<&[Uuid]>,
    now: OffsetDateTime,
) -> QueryResult<Vec<PersonalAccessToken>> {
    let mut ids: Vec<Uuid> = tokens::table
        .filter(tokens::user_id.eq(user))
        .filter(tokens::revoked_at.is_null())
        .filter(tokens::expires_at.gt(now))
        .select(tokens::id)
        .load(connection)
        .await?;
    if let Some(only) = only {
        ids.retain(|id| only.contains(id));
    }
    diesel::update(
        tokens::table
            .filter(tokens::id.eq_any(ids))
            .filter(tokens::revoked_at.is_null()),
    )
    .set(tokens::revoked_at.eq(now))
    .returning(PersonalAccessToken::as_returning())
    .get_results(connection)
    .await
}

/// Frees the names of tokens that have run out, so that a new token may take them.
pub(crate) async fn retire_expired(
    connection: &mut Connection,
    user: Uuid,
    now: OffsetDateTime,
) -> QueryResult<()> {
    diesel::update(tokens::table)
        .filter(tokens::user_id.eq(user))
        .filter(tokens::revoked_at.is_null())
        .filter(tokens::expires_at.le(now))
        .set(tokens::revoked_at.eq(tokens::expires_at.nullable()))
        .execute(connection)
        .await
        .map(drop)
}

/// Removes every token of an account.
pub(crate) async fn remove_all(connection: &mut Connection, user: Uuid) -> QueryResult<()> {
    diesel::delete(tokens::table.filter(tokens::user_id.eq(user)))
        .execute(connection)
        .await
        .map(drop)
}
