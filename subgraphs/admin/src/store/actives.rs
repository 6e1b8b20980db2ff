//! Who was active when: each person once in a day, a week and a month.

use coko_core::database::Connection;
use diesel::prelude::*;
use diesel::sql_types::{Array, Date as SqlDate, Text, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use time::Date;
use uuid::Uuid;

use crate::model::Step;
use crate::tables::actives;

#[derive(QueryableByName)]
struct Fresh {
    #[diesel(sql_type = Text)]
    period: String,
}

/// Someone was active on a day; returns for which steps that is news, with the first day of each.
pub(crate) async fn seen(
    connection: &mut Connection,
    user: Uuid,
    day: Date,
) -> QueryResult<Vec<(Step, Date)>> {
    let starts: Vec<Date> = Step::ALL.iter().map(|step| step.start(day)).collect();
    let periods: Vec<&str> = Step::ALL.iter().map(|step| step.as_str()).collect();
    let fresh: Vec<Fresh> = diesel::sql_query(
        "INSERT INTO actives (starts, period, user_id)
         SELECT starts, period, $3 FROM unnest($1, $2) AS seen (starts, period)
         ON CONFLICT DO NOTHING RETURNING period",
    )
    .bind::<Array<SqlDate>, _>(&starts)
    .bind::<Array<Text>, _>(&periods)
    .bind::<SqlUuid, _>(user)
    .load(connection)
    .await?;
    let news = fresh.into_iter().filter_map(|row| row.period.parse().ok());
    Ok(news.map(|step: Step| (step, step.start(day))).collect())
}

/// Forgets that someone was ever active; they stay counted.
pub(crate) async fn forget(connection: &mut Connection, user: Uuid) -> QueryResult<()> {
    diesel::delete(actives::table.filter(actives::user_id.eq(user)))
        .execute(connection)
        .await
        .map(drop)
}

/// Makes the partitions of the month of `moment` where they are missing.
pub(crate) async fn make_partitions(connection: &mut Connection, moment: Date) -> QueryResult<()> {
    for parent in ["actives", "book_days"] {
        diesel::sql_query("SELECT admin_make_partition($1, $2)")
            .bind::<Text, _>(parent)
            .bind::<SqlDate, _>(moment)
            .execute(connection)
            .await?;
    }
    Ok(())
}

/// Drops who was active before `moment`; they stay counted.
pub(crate) async fn drop_before(connection: &mut Connection, moment: Date) -> QueryResult<()> {
    diesel::sql_query("SELECT admin_drop_actives($1)")
        .bind::<SqlDate, _>(moment)
        .execute(connection)
        .await
        .map(drop)
}
