//! What readers did.

use coko_core::database::Connection;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use time::Date;
use uuid::Uuid;

use crate::model::streak::LOOK_BACK;
use crate::model::{Fact, Kind};
use crate::tables::{facts, reading_times};

/// Keeps what a locked player did; returns how much of it was not known before, at whatever moment.
pub(crate) async fn keep(
    connection: &mut Connection,
    user: Uuid,
    kind: Kind,
    told: &[Fact],
) -> QueryResult<i32> {
    let mut sources: Vec<&str> = told.iter().map(|fact| fact.source.as_str()).collect();
    sources.sort_unstable();
    sources.dedup();
    let known: Vec<String> = facts::table
        .filter(facts::user_id.eq(user))
        .filter(facts::kind.eq(kind))
        .filter(facts::source.eq_any(&sources))
        .select(facts::source)
        .distinct()
        .load(connection)
        .await?;
    let rows: Vec<_> = told
        .iter()
        .map(|fact| {
            (
                facts::user_id.eq(user),
                facts::kind.eq(kind),
                facts::source.eq(&fact.source),
                facts::at.eq(fact.at),
            )
        })
        .collect();
    diesel::insert_into(facts::table)
        .values(rows)
        .on_conflict_do_nothing()
        .execute(connection)
        .await?;
    Ok(i32::try_from(sources.len() - known.len()).unwrap_or(i32::MAX))
}

/// Keeps that a locked player read `seconds` in a book, unless more is known; returns by how much it is more.
pub(crate) async fn keep_time(
    connection: &mut Connection,
    user: Uuid,
    book: Uuid,
    seconds: i64,
) -> QueryResult<i64> {
    let known: Option<i64> = reading_times::table
        .find((user, book))
        .select(reading_times::seconds)
        .first(connection)
        .await
        .optional()?;
    if known.is_some_and(|known| known >= seconds) {
        return Ok(0);
    }
    diesel::insert_into(reading_times::table)
        .values((
            reading_times::user_id.eq(user),
            reading_times::book_id.eq(book),
            reading_times::seconds.eq(seconds),
        ))
        .on_conflict((reading_times::user_id, reading_times::book_id))
        .do_update()
        .set(reading_times::seconds.eq(seconds))
        .execute(connection)
        .await?;
    Ok(seconds - known.unwrap_or_default())
}

/// The newest days on which a player read, the oldest first.
pub(crate) async fn days(connection: &mut Connection, user: Uuid) -> QueryResult<Vec<Date>> {
    let noons: Vec<time::OffsetDateTime> = facts::table
        .filter(facts::user_id.eq(user))
        .filter(facts::kind.eq(Kind::ReadingDay))
        .order(facts::at.desc())
        .limit(LOOK_BACK)
        .select(facts::at)
        .load(connection)
        .await?;
    Ok(noons
        .into_iter()
        .rev()
        .map(time::OffsetDateTime::date)
        .collect())
}
