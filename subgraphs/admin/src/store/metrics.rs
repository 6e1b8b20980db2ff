//! Sums by day, kind and country.

use coko_core::database::Connection;
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Date as SqlDate, Nullable, Text};
use diesel_async::RunQueryDsl;
use time::Date;

use crate::model::{Cell, Count, Metric, Split, Step, Window};

/// Adds to the sums. The rows are locked in the order of the counts, which is the same everywhere, so that no two wait for each
/// other.
pub(crate) async fn add(connection: &mut Connection, counts: Vec<Count>) -> QueryResult<()> {
    if counts.is_empty() {
        return Ok(());
    }
    let metrics: Vec<&str> = counts.iter().map(|count| count.metric).collect();
    let days: Vec<Date> = counts.iter().map(|count| count.day).collect();
    let countries: Vec<&str> = counts.iter().map(|count| count.country.as_str()).collect();
    let currencies: Vec<&str> = counts.iter().map(|count| count.currency).collect();
    let values: Vec<i64> = counts.iter().map(|count| count.value).collect();
    diesel::sql_query(
        "INSERT INTO metrics (metric, day, country, currency, value)
         SELECT metric, day, country, currency, sum(value)::bigint
         FROM unnest($1, $2, $3, $4, $5) AS told (metric, day, country, currency, value)
         GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4
         ON CONFLICT (metric, day, country, currency) DO UPDATE SET value = metrics.value + excluded.value",
    )
    .bind::<Array<Text>, _>(metrics)
    .bind::<Array<SqlDate>, _>(days)
    .bind::<Array<Text>, _>(countries)
    .bind::<Array<Text>, _>(currencies)
    .bind::<Array<BigInt>, _>(values)
    .execute(connection)
    .await
    .map(drop)
}

/// The sums of a window by step and currency, and by country where those are told apart; of one country where one is given.
pub(crate) async fn cells(
    connection: &mut Connection,
    metric: Metric,
    window: &Window,
    split: Split,
    country: Option<&str>,
) -> QueryResult<Vec<Cell>> {
    let unit = match window.step {
        Step::Day => "day",
        Step::Week => "week",
        Step::Month => "month",
    };
    let of_country = match split {
        Split::None => "''",
        Split::Country => "country",
    };
    let query = format!(
        "SELECT date_trunc($2, day::timestamp)::date AS start, {of_country} AS country, currency, sum(value)::bigint AS value
         FROM metrics WHERE metric = $1 AND day BETWEEN $3 AND $4 AND ($5 IS NULL OR country = $5)
         GROUP BY 1, 2, 3"
    );
    diesel::sql_query(query)
        .bind::<Text, _>(metric.kept(window.step))
        .bind::<Text, _>(unit)
        .bind::<SqlDate, _>(window.from)
        .bind::<SqlDate, _>(window.to)
        .bind::<Nullable<Text>, _>(country)
        .load(connection)
        .await
}

#[derive(QueryableByName)]
struct Sum {
    #[diesel(sql_type = Text)]
    metric: String,
    #[diesel(sql_type = BigInt)]
    value: i64,
}

/// The sums of several kinds over some days, money apart; in no order, and without those that are zero.
pub(crate) async fn sums(
    connection: &mut Connection,
    metrics: &[Metric],
    (from, to): (Date, Date),
    country: Option<&str>,
) -> QueryResult<Vec<(String, i64)>> {
    let names: Vec<&str> = metrics.iter().map(|metric| metric.as_str()).collect();
    let rows: Vec<Sum> = diesel::sql_query(
        "SELECT metric, sum(value)::bigint AS value FROM metrics
         WHERE metric = ANY ($1) AND day BETWEEN $2 AND $3 AND ($4 IS NULL OR country = $4) AND currency = ''
         GROUP BY metric",
    )
    .bind::<Array<Text>, _>(names)
    .bind::<SqlDate, _>(from)
    .bind::<SqlDate, _>(to)
    .bind::<Nullable<Text>, _>(country)
    .load(connection)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| (row.metric, row.value))
        .collect())
}
