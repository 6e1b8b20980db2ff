//! The accounts that auth told of, and where they are.

use coko_core::database::Connection;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::tables::readers;

/// Keeps where an account is, unless something newer is known.
pub(crate) async fn keep(
    connection: &mut Connection,
    user: Uuid,
    country: Option<&str>,
    at: OffsetDateTime,
) -> QueryResult<()> {
    use diesel::query_dsl::methods::FilterDsl as _;
    let country = country.unwrap_or_default();
    diesel::insert_into(readers::table)
        .values((
            readers::user_id.eq(user),
            readers::country.eq(country),
            readers::at.eq(at),
        ))
        .on_conflict(readers::user_id)
        .do_update()
        .set((readers::country.eq(country), readers::at.eq(at)))
        .filter(readers::at.lt(at))
        .execute(connection)
        .await
        .map(drop)
}

/// Keeps that there is an account, of which nothing else is known.
pub(crate) async fn meet(connection: &mut Connection, user: Uuid) -> QueryResult<usize> {
    diesel::insert_into(readers::table)
        .values((
            readers::user_id.eq(user),
            readers::country.eq(""),
            readers::at.eq(OffsetDateTime::UNIX_EPOCH),
        ))
        .on_conflict_do_nothing()
        .execute(connection)
        .await
}

/// Where an account is; empty when that is not known.
pub(crate) async fn country(connection: &mut Connection, user: Uuid) -> QueryResult<String> {
    readers::table
        .find(user)
        .select(readers::country)
        .first(connection)
        .await
        .optional()
        .map(Option::unwrap_or_default)
}

/// Which of these accounts there are.
pub(crate) async fn known(connection: &mut Connection, users: &[Uuid]) -> QueryResult<Vec<Uuid>> {
    readers::table
        .filter(readers::user_id.eq_any(users))
        .select(readers::user_id)
        .load(connection)
        .await
}

/// Forgets an account.
pub(crate) async fn forget(connection: &mut Connection, user: Uuid) -> QueryResult<usize> {
    diesel::delete(readers::table.find(user))
        .execute(connection)
        .await
}
