//! Operators who look at the platform as somebody else sees it.

use coko_core::database::Connection;
use coko_core::paging::{Direction, Page};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use time::OffsetDateTime;
use uuid::Uuid;

use super::{TimeKey, moment};
use crate::model::Impersonation;
use crate::tables::impersonations;

/// Records one that begins.
pub(crate) async fn insert(
    connection: &mut Connection,
    impersonation: &Impersonation,
) -> QueryResult<()> {
    diesel::insert_into(impersonations::table)
        .values(impersonation)
        .execute(connection)
        .await
        .map(drop)
}

/// Ends one that has not ended; returns it if there was one.
pub(crate) async fn end(
    connection: &mut Connection,
    id: Uuid,
    now: OffsetDateTime,
) -> QueryResult<Option<Impersonation>> {
    diesel::update(impersonations::table.find(id))
        .filter(impersonations::ended_at.is_null())
        .filter(impersonations::expires_at.gt(now))
        .set(impersonations::ended_at.eq(now))
        .returning(Impersonation::as_returning())
        .get_result(connection)
        .await
        .optional()
}

/// Ends all in which an account looks, or one of these is looked at; returns them.
pub(crate) async fn end_of(
    connection: &mut Connection,
    operator: Uuid,
    looked_at: &[Uuid],
    now: OffsetDateTime,
) -> QueryResult<Vec<Impersonation>> {
    diesel::update(impersonations::table)
        .filter(
            impersonations::operator_id
                .eq(operator)
                .or(impersonations::user_id.eq_any(looked_at)),
        )
        .filter(impersonations::ended_at.is_null())
        .filter(impersonations::expires_at.gt(now))
        .set(impersonations::ended_at.eq(now))
        .returning(Impersonation::as_returning())
        .get_results(connection)
        .await
}

/// Forgets why an erased account was looked at; that it was, by whom and when stays.
pub(crate) async fn blur(connection: &mut Connection, user: Uuid) -> QueryResult<()> {
    diesel::update(impersonations::table.filter(impersonations::user_id.eq(user)))
        .set(impersonations::reason.eq(""))
        .execute(connection)
        .await
        .map(drop)
}

/// One page, newest first.
pub(crate) async fn page(
    connection: &mut Connection,
    page: &Page<TimeKey>,
) -> QueryResult<Vec<Impersonation>> {
    let mut query = impersonations::table
        .select(Impersonation::as_select())
        .limit(page.limit())
        .into_boxed();
    if let Some((at, id)) = page.from {
        let at = moment(at);
        query = match page.direction {
            Direction::Forward => query.filter(
                impersonations::started_at
                    .lt(at)
                    .or(impersonations::started_at
                        .eq(at)
                        .and(impersonations::id.lt(id))),
            ),
            Direction::Backward => query.filter(
                impersonations::started_at
                    .gt(at)
                    .or(impersonations::started_at
                        .eq(at)
                        .and(impersonations::id.gt(id))),
            ),
        };
    }
    match page.direction {
        Direction::Forward => {
            query.order((impersonations::started_at.desc(), impersonations::id.desc()))
        }
        Direction::Backward => {
            query.order((impersonations::started_at.asc(), impersonations::id.asc()))
        }
    }
    .load(connection)
    .await
}
