//! Attempts to pay.

use coko_core::database::Connection;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use crate::model::{Attempt, AttemptStatus, Provider};
use crate::tables::attempts;

/// The attempt.
pub(crate) async fn by_id(connection: &mut Connection, id: Uuid) -> QueryResult<Option<Attempt>> {
    attempts::table
        .find(id)
        .select(Attempt::as_select())
        .first(connection)
        .await
        .optional()
}

/// The attempts of these orders, the oldest first.
pub(crate) async fn of_orders(
    connection: &mut Connection,
    orders: &[Uuid],
) -> QueryResult<Vec<Attempt>> {
    attempts::table
        .filter(attempts::order_id.eq_any(orders))
        .order((attempts::created_at, attempts::id))
        .select(Attempt::as_select())
        .load(connection)
        .await
}

/// The attempt that an unsigned notice names.
pub(crate) async fn by_notice(
    connection: &mut Connection,
    provider: Provider,
    index: &[u8],
) -> QueryResult<Option<Uuid>> {
    attempts::table
        .filter(attempts::provider.eq(provider))
        .filter(attempts::notice_index.eq(index))
        .select(attempts::id)
        .first(connection)
        .await
        .optional()
}

/// Writes a new attempt.
pub(crate) async fn insert(connection: &mut Connection, attempt: &Attempt) -> QueryResult<()> {
    diesel::insert_into(attempts::table)
        .values(attempt)
        .execute(connection)
        .await
        .map(drop)
}

/// Writes an attempt back, whose order is locked.
pub(crate) async fn update(connection: &mut Connection, attempt: &Attempt) -> QueryResult<()> {
    diesel::update(attempts::table.find(attempt.id))
        .set(attempt)
        .execute(connection)
        .await
        .map(drop)
}

super::lease::lease_due!(attempts, check_at, checks, Attempt);

/// Takes attempts whose books were never compared since they were settled, `age` ago and more.
pub(crate) async fn lease_unreconciled(
    connection: &mut Connection,
    now: OffsetDateTime,
    age: Duration,
    limit: i64,
) -> QueryResult<Vec<Attempt>> {
    let due: Vec<Uuid> = attempts::table
        .filter(attempts::reconciled_at.is_null())
        .filter(attempts::check_at.is_null())
        .filter(attempts::provider.ne(Provider::Wallet))
        .filter(attempts::status.eq_any([AttemptStatus::Succeeded, AttemptStatus::Failed]))
        .filter(attempts::updated_at.le(now - age))
        .order(attempts::updated_at)
        .limit(limit)
        .for_update()
        .skip_locked()
        .select(attempts::id)
        .load(connection)
        .await?;
    diesel::update(attempts::table.filter(attempts::id.eq_any(due)))
        .filter(attempts::reconciled_at.is_null())
        .set(attempts::reconciled_at.eq(now))
        .returning(Attempt::as_returning())
        .get_results(connection)
        .await
}

/// Has the books of an attempt compared again later, because the provider did not answer.
pub(crate) async fn unreconcile(connection: &mut Connection, id: Uuid) -> QueryResult<()> {
    diesel::update(attempts::table.find(id))
        .set(attempts::reconciled_at.eq(None::<OffsetDateTime>))
        .execute(connection)
        .await
        .map(drop)
}

/// Has the books of the attempts that were settled in a span of time compared once more, of one provider or of all; returns how
/// many.
pub(crate) async fn unreconcile_between(
    connection: &mut Connection,
    provider: Option<Provider>,
    from: OffsetDateTime,
    until: OffsetDateTime,
) -> QueryResult<usize> {
    let providers = match provider {
        Some(provider) => vec![provider],
        None => Provider::ALL.to_vec(),
    };
    diesel::update(attempts::table)
        .filter(attempts::status.eq_any([AttemptStatus::Succeeded, AttemptStatus::Failed]))
        .filter(attempts::updated_at.ge(from))
        .filter(attempts::updated_at.lt(until))
        .filter(attempts::provider.eq_any(providers))
        .filter(attempts::reconciled_at.is_not_null())
        .set(attempts::reconciled_at.eq(None::<OffsetDateTime>))
        .execute(connection)
        .await
}

/// Forgets what providers called a person's attempts, once nothing can come of them any more.
pub(crate) async fn anonymise(connection: &mut Connection, user: Uuid) -> QueryResult<usize> {
    use crate::tables::orders;
    let theirs = orders::table
        .filter(orders::user_id.eq(user))
        .select(orders::id);
    diesel::update(attempts::table)
        .filter(attempts::order_id.eq_any(theirs))
        .filter(attempts::status.eq(AttemptStatus::Failed))
        .set((
            attempts::references_sealed.eq(None::<Vec<u8>>),
            attempts::checkout_url.eq(None::<String>),
        ))
        .execute(connection)
        .await
}
