//! What happened to books on which day, and how far readers are in them.

use coko_core::database::Connection;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, Date as SqlDate, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use time::Date;
use uuid::Uuid;

use crate::model::BookMetric;

/// The column of a kind of count.
fn column(metric: BookMetric) -> &'static str {
    match metric {
        BookMetric::Sales => "sales",
        BookMetric::Starts => "starts",
        BookMetric::Completions => "completions",
        BookMetric::ReadingTime => "seconds",
        BookMetric::Downloads => "downloads",
    }
}

/// Adds to a book's count of a day.
pub(crate) async fn add(
    connection: &mut Connection,
    book: Uuid,
    metric: BookMetric,
    day: Date,
    value: i64,
) -> QueryResult<()> {
    if value == 0 {
        return Ok(());
    }
    let column = column(metric);
    let query = format!(
        "INSERT INTO book_days (day, book_id, {column}) VALUES ($1, $2, $3)
         ON CONFLICT (day, book_id) DO UPDATE SET {column} = book_days.{column} + excluded.{column}"
    );
    diesel::sql_query(query)
        .bind::<SqlDate, _>(day)
        .bind::<SqlUuid, _>(book)
        .bind::<BigInt, _>(value)
        .execute(connection)
        .await
        .map(drop)
}

/// A book and its count.
#[derive(Clone, Debug, PartialEq, Eq, QueryableByName)]
pub(crate) struct Ranked {
    #[diesel(sql_type = SqlUuid)]
    pub(crate) book_id: Uuid,
    #[diesel(sql_type = BigInt)]
    pub(crate) value: i64,
}

/// The books with the greatest counts over some days, at most `limit`.
pub(crate) async fn top(
    connection: &mut Connection,
    metric: BookMetric,
    (from, to): (Date, Date),
    limit: i64,
) -> QueryResult<Vec<Ranked>> {
    let column = column(metric);
    let query = format!(
        "SELECT book_id, sum({column})::bigint AS value FROM book_days
         WHERE day BETWEEN $1 AND $2 AND {column} > 0
         GROUP BY book_id ORDER BY value DESC, book_id LIMIT $3"
    );
    diesel::sql_query(query)
        .bind::<SqlDate, _>(from)
        .bind::<SqlDate, _>(to)
        .bind::<BigInt, _>(limit)
        .load(connection)
        .await
}

#[derive(QueryableByName)]
struct Before {
    #[diesel(sql_type = BigInt)]
    seconds: i64,
    #[diesel(sql_type = Bool)]
    started: bool,
    #[diesel(sql_type = Bool)]
    completed: bool,
}

/// What is told of a reader in a book.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Reading {
    /// Seconds of reading since the beginning.
    pub(crate) seconds: i64,
    /// The book was opened.
    pub(crate) started: bool,
    /// The end was reached.
    pub(crate) completed: bool,
}

/// Takes in what is told of a reader, whose row is locked, in a book; returns what of it is news: more seconds, a start, an end.
pub(crate) async fn progress(
    connection: &mut Connection,
    user: Uuid,
    book: Uuid,
    told: Reading,
) -> QueryResult<Reading> {
    let before: Option<Before> = diesel::sql_query(
        "SELECT seconds, started, completed FROM readings WHERE user_id = $1 AND book_id = $2",
    )
    .bind::<SqlUuid, _>(user)
    .bind::<SqlUuid, _>(book)
    .get_result(connection)
    .await
    .optional()?;
    let before = before.unwrap_or(Before {
        seconds: 0,
        started: false,
        completed: false,
    });
    let news = Reading {
        seconds: (told.seconds - before.seconds).max(0),
        started: told.started && !before.started,
        completed: told.completed && !before.completed,
    };
    if news != Reading::default() {
        diesel::sql_query(
            "INSERT INTO readings (user_id, book_id, seconds, started, completed) VALUES ($1, $2, $3, $4, $5)
             ON CONFLICT (user_id, book_id) DO UPDATE SET seconds = greatest(readings.seconds, excluded.seconds),
                started = readings.started OR excluded.started, completed = readings.completed OR excluded.completed",
        )
        .bind::<SqlUuid, _>(user)
        .bind::<SqlUuid, _>(book)
        .bind::<BigInt, _>(told.seconds.max(0))
        .bind::<Bool, _>(told.started)
        .bind::<Bool, _>(told.completed)
        .execute(connection)
        .await?;
    }
    Ok(news)
}
