//! Which plan each account has, as payment last said.

use coko_core::database::Connection;
use coko_core::events::payment::SubscriptionState;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::tables::user_plans;

/// Notes a plan until the end of its period, unless a later end is known; an account that is gone has none.
pub(crate) async fn begin(
    connection: &mut Connection,
    subscription: &SubscriptionState,
) -> QueryResult<()> {
    diesel::sql_query(
        "INSERT INTO user_plans (user_id, plan, until) SELECT id, $2, $3 FROM users WHERE id = $1 \
         ON CONFLICT (user_id) DO UPDATE SET plan = EXCLUDED.plan, until = EXCLUDED.until \
         WHERE user_plans.until < EXCLUDED.until",
    )
    .bind::<diesel::sql_types::Uuid, _>(subscription.user_id)
    .bind::<diesel::sql_types::Text, _>(&subscription.plan)
    .bind::<diesel::sql_types::Timestamptz, _>(subscription.period_end)
    .execute(connection)
    .await
    .map(drop)
}

/// Forgets a plan that ended, unless a later period is known.
pub(crate) async fn end(
    connection: &mut Connection,
    subscription: &SubscriptionState,
) -> QueryResult<()> {
    diesel::delete(user_plans::table.find(subscription.user_id))
        .filter(user_plans::until.le(subscription.period_end))
        .execute(connection)
        .await
        .map(drop)
}

/// The plan that an account has now.
pub(crate) async fn plan(
    connection: &mut Connection,
    user: Uuid,
    now: OffsetDateTime,
) -> QueryResult<Option<String>> {
    user_plans::table
        .find(user)
        .filter(user_plans::until.gt(now))
        .select(user_plans::plan)
        .first(connection)
        .await
        .optional()
}
