//! The append-only audit log and its monthly partitions.

use coko_core::database::Connection;
use coko_core::paging::{Direction, Page};
use diesel::prelude::*;
use diesel::sql_types::{Text, Timestamptz};
use diesel_async::RunQueryDsl;
use time::OffsetDateTime;
use uuid::Uuid;

use super::{TimeKey, moment};
use crate::model::{AuditEntry, AuditFilter, NewAuditEntry};
use crate::tables::audit_log;

diesel::define_sql_function! {
    /// Makes the partition of a month; see `migrations/auth`.
    fn audit_log_make_partition(moment: Timestamptz) -> Bool;
}

/// Appends an entry.
pub(crate) async fn append(
    connection: &mut Connection,
    entry: &NewAuditEntry<'_>,
) -> QueryResult<()> {
    diesel::insert_into(audit_log::table)
        .values(entry)
        .execute(connection)
        .await
        .map(drop)
}

/// Takes away what the log says of an erased account beyond who did what to whom and when: the addresses and agents of its owner,
/// also where they had not signed in yet, and what was written about them.
pub(crate) async fn blur(connection: &mut Connection, user: Uuid) -> QueryResult<()> {
    for statement in [
        "UPDATE audit_log SET address = NULL, agent = NULL
            WHERE actor_id = $1 AND (address IS NOT NULL OR agent IS NOT NULL)",
        "UPDATE audit_log SET address = NULL, agent = NULL
            WHERE actor_id IS NULL AND subject_id = $1 AND (address IS NOT NULL OR agent IS NOT NULL)",
        "UPDATE audit_log SET address = NULL, agent = NULL
            WHERE actor_id IS NULL AND (address IS NOT NULL OR agent IS NOT NULL) AND subject_id IN
                (SELECT subject_id FROM audit_log WHERE action = 'session.started' AND new_values ->> 'user' = $1)",
        "UPDATE audit_log SET old_values = NULL, new_values = NULL
            WHERE subject_id = $1 AND subject_type = 'user' AND action = 'profile.updated'
                AND (old_values IS NOT NULL OR new_values IS NOT NULL)",
        "UPDATE audit_log SET new_values = new_values - 'reason'
            WHERE subject_id = $1 AND subject_type = 'user' AND jsonb_exists(new_values, 'reason')",
    ] {
        diesel::sql_query(statement)
            .bind::<Text, _>(user.to_string())
            .execute(connection)
            .await?;
    }
    Ok(())
}

/// Makes the partition of the month of `moment`; returns whether it was missing.
pub(crate) async fn make_partition(
    connection: &mut Connection,
    moment: OffsetDateTime,
) -> QueryResult<bool> {
    diesel::select(audit_log_make_partition(moment))
        .get_result(connection)
        .await
}

/// One page of the log, newest first.
pub(crate) async fn page(
    connection: &mut Connection,
    filter: &AuditFilter,
    page: &Page<TimeKey>,
) -> QueryResult<Vec<AuditEntry>> {
    let mut query = audit_log::table
        .select(AuditEntry::as_select())
        .limit(page.limit())
        .into_boxed();
    if let Some(actor) = &filter.actor_id {
        query = query.filter(audit_log::actor_id.eq(actor));
    }
    if let Some(subject) = &filter.subject_id {
        query = query.filter(audit_log::subject_id.eq(subject));
    }
    if let Some(action) = &filter.action {
        query = query.filter(audit_log::action.eq(action));
    }
    if let Some(from) = filter.from {
        query = query.filter(audit_log::at.ge(from));
    }
    if let Some(until) = filter.until {
        query = query.filter(audit_log::at.lt(until));
    }
    if let Some((at, id)) = page.from {
        let at = moment(at);
        query = match page.direction {
            Direction::Forward => query.filter(
                audit_log::at
                    .le(at)
                    .and(audit_log::at.lt(at).or(audit_log::id.lt(id))),
            ),
            Direction::Backward => query.filter(
                audit_log::at
                    .ge(at)
                    .and(audit_log::at.gt(at).or(audit_log::id.gt(id))),
            ),
        };
    }
    match page.direction {
        Direction::Forward => query.order((audit_log::at.desc(), audit_log::id.desc())),
        Direction::Backward => query.order((audit_log::at.asc(), audit_log::id.asc())),
    }
    .load(connection)
    .await
}
