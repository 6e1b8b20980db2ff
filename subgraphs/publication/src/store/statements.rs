//! Monthly statements.

use coko_core::database::Connection;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text, Timestamptz, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use time::{Date, OffsetDateTime};
use uuid::Uuid;

use super::balances::Account;
use crate::model::statement::Movements;
use crate::model::{Statement, StatementLine};
use crate::tables::{statement_lines, statement_runs, statements};

coko_core::newest_first!(
    "royaltyStatements",
    statements,
    payee_id,
    issued_at,
    Statement
);

/// The statements with these ids, in no order.
pub(crate) async fn by_ids(
    connection: &mut Connection,
    ids: &[Uuid],
) -> QueryResult<Vec<Statement>> {
    statements::table
        .filter(statements::id.eq_any(ids))
        .select(Statement::as_select())
        .load(connection)
        .await
}

/// The newest statement of an account: its month, and what was held and owed after it.
pub(crate) async fn last(
    connection: &mut Connection,
    (payee, currency): Account,
) -> QueryResult<Option<(Date, i64)>> {
    statements::table
        .filter(statements::payee_id.eq(payee))
        .filter(statements::currency.eq(currency))
        .order(statements::month.desc())
        .select((statements::month, statements::closing))
        .first(connection)
        .await
        .optional()
}

#[derive(QueryableByName)]
struct Moved {
    #[diesel(sql_type = BigInt)]
    accrued: i64,
    #[diesel(sql_type = BigInt)]
    reversed: i64,
    #[diesel(sql_type = BigInt)]
    paid: i64,
}

/// What changed an account from one moment to another.
pub(crate) async fn moved(
    connection: &mut Connection,
    (payee, currency): Account,
    (from, to): (OffsetDateTime, OffsetDateTime),
) -> QueryResult<Movements> {
    let moved: Moved = diesel::sql_query(
        "SELECT (SELECT COALESCE(sum(amount), 0)::bigint FROM accruals
                 WHERE payee_id = $1 AND currency = $2 AND accrued_at >= $3 AND accrued_at < $4) AS accrued,
                (SELECT COALESCE(sum(amount), 0)::bigint FROM accruals
                 WHERE payee_id = $1 AND currency = $2 AND reversed_at >= $3 AND reversed_at < $4) AS reversed,
                (SELECT COALESCE(sum(amount), 0)::bigint FROM payouts
                 WHERE status = 'PAID' AND payee_id = $1 AND currency = $2 AND settled_at >= $3 AND settled_at < $4) AS paid",
    )
    .bind::<SqlUuid, _>(payee)
    .bind::<Text, _>(currency)
    .bind::<Timestamptz, _>(from)
    .bind::<Timestamptz, _>(to)
    .get_result(connection)
    .await?;
    Ok(Movements {
        accrued: moved.accrued,
        reversed: moved.reversed,
        paid: moved.paid,
    })
}

/// Writes a new statement with a line for each manuscript of what was earned and taken back from one moment to another.
pub(crate) async fn insert(
    connection: &mut Connection,
    statement: &Statement,
    (from, to): (OffsetDateTime, OffsetDateTime),
) -> QueryResult<()> {
    diesel::insert_into(statements::table)
        .values(statement)
        .execute(connection)
        .await?;
    diesel::sql_query(
        "INSERT INTO statement_lines (statement_id, position, manuscript_id, title, source, reversal, units, gross, amount)
         SELECT $1, row_number() OVER (ORDER BY title, manuscript_id, source DESC, reversal)::integer,
                manuscript_id, title, source, reversal, units, gross, amount
         FROM (
             SELECT a.manuscript_id, m.title, a.source, moved.reversal,
                    sum(a.units)::bigint AS units, sum(a.gross)::bigint AS gross, sum(a.amount)::bigint AS amount
             FROM (
                 SELECT id, false AS reversal FROM accruals
                 WHERE payee_id = $2 AND currency = $3 AND accrued_at >= $4 AND accrued_at < $5
                 UNION ALL
                 SELECT id, true FROM accruals
                 WHERE payee_id = $2 AND currency = $3 AND reversed_at >= $4 AND reversed_at < $5
             ) AS moved
             JOIN accruals AS a ON a.id = moved.id
             JOIN manuscripts AS m ON m.id = a.manuscript_id
             GROUP BY a.manuscript_id, m.title, a.source, moved.reversal
         ) AS lines",
    )
    .bind::<SqlUuid, _>(statement.id)
    .bind::<SqlUuid, _>(statement.payee_id)
    .bind::<Text, _>(statement.currency)
    .bind::<Timestamptz, _>(from)
    .bind::<Timestamptz, _>(to)
    .execute(connection)
    .await
    .map(drop)
}

/// The first lines of a statement.
pub(crate) async fn lines(
    connection: &mut Connection,
    statement: Uuid,
    limit: i64,
) -> QueryResult<Vec<StatementLine>> {
    statement_lines::table
        .filter(statement_lines::statement_id.eq(statement))
        .order(statement_lines::position)
        .limit(limit)
        .select(StatementLine::as_select())
        .load(connection)
        .await
}

/// How far the statements of a month are.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = statement_runs)]
pub(crate) struct Run {
    pub(crate) payee_id: Uuid,
    pub(crate) currency: String,
    pub(crate) done: bool,
}

/// How far the statements of `month` are, locked until the transaction ends; none when another process is at it.
pub(crate) async fn lock_run(connection: &mut Connection, month: Date) -> QueryResult<Option<Run>> {
    diesel::insert_into(statement_runs::table)
        .values((
            statement_runs::month.eq(month),
            statement_runs::payee_id.eq(Uuid::nil()),
            statement_runs::currency.eq(""),
            statement_runs::done.eq(false),
        ))
        .on_conflict_do_nothing()
        .execute(connection)
        .await?;
    statement_runs::table
        .find(month)
        .select(Run::as_select())
        .for_update()
        .skip_locked()
        .first(connection)
        .await
        .optional()
}

/// Notes how far the statements of a month are, which is locked.
pub(crate) async fn set_run(
    connection: &mut Connection,
    month: Date,
    after: Option<Account>,
    done: bool,
) -> QueryResult<()> {
    if let Some((payee, currency)) = after {
        diesel::update(statement_runs::table.find(month))
            .set((
                statement_runs::payee_id.eq(payee),
                statement_runs::currency.eq(currency),
            ))
            .execute(connection)
            .await?;
    }
    diesel::update(statement_runs::table.find(month))
        .set(statement_runs::done.eq(done))
        .execute(connection)
        .await
        .map(drop)
}
