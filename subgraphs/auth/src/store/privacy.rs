//! Consents with their history, and requests for a copy of one's data.

use coko_core::database::Connection;
use coko_core::paging::{Direction, Page};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use super::{TimeKey, moment};
use crate::model::{Consent, DataExport, NewConsent};
use crate::tables::{consents, data_exports};

/// Records decisions.
pub(crate) async fn insert_consents(
    connection: &mut Connection,
    decisions: &[NewConsent<'_>],
) -> QueryResult<()> {
    diesel::insert_into(consents::table)
        .values(decisions)
        .execute(connection)
        .await
        .map(drop)
}

/// The decision in force of each kind.
pub(crate) async fn current_consents(
    connection: &mut Connection,
    user: Uuid,
) -> QueryResult<Vec<Consent>> {
    consents::table
        .filter(consents::user_id.eq(user))
        .distinct_on(consents::kind)
        .order((
            consents::kind,
            consents::recorded_at.desc(),
            consents::id.desc(),
        ))
        .select(Consent::as_select())
        .load(connection)
        .await
}

/// One page of an account's decisions, newest first.
pub(crate) async fn consent_page(
    connection: &mut Connection,
    user: Uuid,
    page: &Page<TimeKey>,
) -> QueryResult<Vec<Consent>> {
    let mut query = consents::table
        .filter(consents::user_id.eq(user))
        .select(Consent::as_select())
        .limit(page.limit())
        .into_boxed();
    if let Some((at, id)) = page.from {
        let at = moment(at);
        query = match page.direction {
            Direction::Forward => query.filter(
                consents::recorded_at
                    .lt(at)
                    .or(consents::recorded_at.eq(at).and(consents::id.lt(id))),
            ),
            Direction::Backward => query.filter(
                consents::recorded_at
                    .gt(at)
                    .or(consents::recorded_at.eq(at).and(consents::id.gt(id))),
            ),
        };
    }
    match page.direction {
        Direction::Forward => query.order((consents::recorded_at.desc(), consents::id.desc())),
        Direction::Backward => query.order((consents::recorded_at.asc(), consents::id.asc())),
    }
    .load(connection)
    .await
}

/// All decisions of an account, oldest first.
pub(crate) async fn all_consents(
    connection: &mut Connection,
    user: Uuid,
) -> QueryResult<Vec<Consent>> {
    consents::table
        .filter(consents::user_id.eq(user))
        .order((consents::recorded_at, consents::id))
        .select(Consent::as_select())
        .load(connection)
        .await
}

/// Keeps that an erased account had consented, which we must be able to show, and forgets from where.
pub(crate) async fn blur_consents(connection: &mut Connection, user: Uuid) -> QueryResult<()> {
    diesel::update(consents::table.filter(consents::user_id.eq(user)))
        .set((
            consents::address.eq(None::<String>),
            consents::agent.eq(None::<String>),
        ))
        .execute(connection)
        .await
        .map(drop)
}

/// Removes the decisions of an account that never was.
pub(crate) async fn remove_consents(connection: &mut Connection, user: Uuid) -> QueryResult<()> {
    diesel::delete(consents::table.filter(consents::user_id.eq(user)))
        .execute(connection)
        .await
        .map(drop)
}

/// Records a request for a copy of one's data.
pub(crate) async fn insert_export(
    connection: &mut Connection,
    export: &DataExport,
) -> QueryResult<()> {
    diesel::insert_into(data_exports::table)
        .values(export)
        .execute(connection)
        .await
        .map(drop)
}

/// The newest ten requests of an account.
pub(crate) async fn exports_of(
    connection: &mut Connection,
    user: Uuid,
) -> QueryResult<Vec<DataExport>> {
    data_exports::table
        .filter(data_exports::user_id.eq(user))
        .order(data_exports::requested_at.desc())
        .limit(10)
        .select(DataExport::as_select())
        .load(connection)
        .await
}

/// Removes an account's exports, which hold copies of everything that is erased.
pub(crate) async fn remove_exports(connection: &mut Connection, user: Uuid) -> QueryResult<()> {
    diesel::delete(data_exports::table.filter(data_exports::user_id.eq(user)))
        .execute(connection)
        .await
        .map(drop)
}
