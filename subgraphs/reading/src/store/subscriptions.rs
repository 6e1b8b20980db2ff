//! Who has a subscription, as payment last said.

use coko_core::database::Connection;
use coko_core::events::payment::SubscriptionState;
use diesel::prelude::*;
use diesel::upsert::excluded;
use diesel_async::RunQueryDsl;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::tables::subscriptions;

/// Keeps a subscription that runs, unless a later end of it is known; one that ended stays ended.
pub(crate) async fn begin(
    connection: &mut Connection,
    subscription: &SubscriptionState,
) -> QueryResult<()> {
    use diesel::query_dsl::methods::FilterDsl as _;
    diesel::insert_into(subscriptions::table)
        .values((
            subscriptions::subscription_id.eq(subscription.subscription_id),
            subscriptions::user_id.eq(subscription.user_id),
            subscriptions::plan.eq(&subscription.plan),
            subscriptions::period_end.eq(subscription.period_end),
            subscriptions::ended.eq(false),
        ))
        .on_conflict(subscriptions::subscription_id)
        .do_update()
        .set((
            subscriptions::plan.eq(excluded(subscriptions::plan)),
            subscriptions::period_end.eq(excluded(subscriptions::period_end)),
        ))
        .filter(subscriptions::period_end.lt(excluded(subscriptions::period_end)))
        .execute(connection)
        .await
        .map(drop)
}

/// Keeps that a subscription ended.
pub(crate) async fn end(
    connection: &mut Connection,
    subscription: &SubscriptionState,
) -> QueryResult<()> {
    diesel::insert_into(subscriptions::table)
        .values((
            subscriptions::subscription_id.eq(subscription.subscription_id),
            subscriptions::user_id.eq(subscription.user_id),
            subscriptions::plan.eq(&subscription.plan),
            subscriptions::period_end.eq(subscription.period_end),
            subscriptions::ended.eq(true),
        ))
        .on_conflict(subscriptions::subscription_id)
        .do_update()
        .set(subscriptions::ended.eq(true))
        .execute(connection)
        .await
        .map(drop)
}

/// Until when the reader's subscription is paid, while one runs.
pub(crate) async fn running(
    connection: &mut Connection,
    user: Uuid,
) -> QueryResult<Option<OffsetDateTime>> {
    subscriptions::table
        .filter(subscriptions::user_id.eq(user))
        .filter(subscriptions::ended.eq(false))
        .select(diesel::dsl::max(subscriptions::period_end))
        .first(connection)
        .await
}
