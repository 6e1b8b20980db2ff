//! The points ledger and its sums.

use coko_core::database::Connection;
use coko_core::paging::{Direction, Page, Slice};
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::{Bool, Text, Timestamptz};
use diesel::upsert::excluded;
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use super::{micros, moment};
use crate::model::{Booking, Entry, Player};
use crate::tables::{ledger, scores};

/// The name of the list in cursors.
pub(crate) const LIST: &str = "pointEntries";

/// Microseconds of the moment, rule, source.
pub(crate) type Key = (i64, String, String);

/// The place of an entry in the list.
pub(crate) fn key(entry: &Entry) -> Key {
    (micros(entry.at), entry.rule.clone(), entry.source.clone())
}

/// What is booked under these rules of these sources.
pub(crate) async fn booked(
    connection: &mut Connection,
    user: Uuid,
    rules: &[&str],
    sources: &[&str],
) -> QueryResult<Vec<Entry>> {
    ledger::table
        .filter(ledger::user_id.eq(user))
        .filter(ledger::rule.eq_any(rules))
        .filter(ledger::source.eq_any(sources))
        .select(Entry::as_select())
        .load(connection)
        .await
}

/// Books, and changes the sums; the player is locked.
pub(crate) async fn book(
    connection: &mut Connection,
    player: &Player,
    booking: &Booking,
) -> QueryResult<()> {
    use scores as s;
    if !booking.fresh.is_empty() {
        diesel::insert_into(ledger::table)
            .values(&booking.fresh)
            .execute(connection)
            .await?;
    }
    for entry in &booking.moved {
        diesel::update(ledger::table.find((entry.user_id, &entry.rule, &entry.source)))
            .set(ledger::at.eq(entry.at))
            .execute(connection)
            .await?;
    }
    let rows: Vec<_> = booking
        .sums
        .iter()
        .map(|((period, starts), change)| {
            (
                s::user_id.eq(player.user_id),
                s::period.eq(*period),
                s::starts.eq(*starts),
                s::points.eq(*change),
                s::country.eq(player.country.as_deref()),
                s::hidden.eq(player.is_hidden()),
            )
        })
        .collect();
    if rows.is_empty() {
        return Ok(());
    }
    diesel::insert_into(s::table)
        .values(rows)
        .on_conflict((s::user_id, s::period, s::starts))
        .do_update()
        .set(s::points.eq(s::points + excluded(s::points)))
        .execute(connection)
        .await
        .map(drop)
}

/// One page of what a player got points for, the newest first.
pub(crate) async fn list(
    connection: &mut Connection,
    page: &Page<Key>,
    user: Uuid,
) -> QueryResult<Slice<Entry>> {
    let mut query = ledger::table.filter(ledger::user_id.eq(user)).into_boxed();
    let forward = page.direction == Direction::Forward;
    if let Some((at, rule, source)) = &page.from {
        let compare = if forward {
            "(at, rule, source) < ("
        } else {
            "(at, rule, source) > ("
        };
        query = query.filter(
            sql::<Bool>(compare)
                .bind::<Timestamptz, _>(moment(*at))
                .sql(", ")
                .bind::<Text, _>(rule.clone())
                .sql(", ")
                .bind::<Text, _>(source.clone())
                .sql(")"),
        );
    }
    let query = if forward {
        query.order((
            ledger::at.desc(),
            ledger::rule.desc(),
            ledger::source.desc(),
        ))
    } else {
        query.order((ledger::at.asc(), ledger::rule.asc(), ledger::source.asc()))
    };
    let rows = query
        .limit(page.limit())
        .select(Entry::as_select())
        .load(connection)
        .await?;
    Ok(Slice::new(page, rows))
}
