//! Plans and subscriptions.

use coko_core::database::Connection;
use coko_core::money::Money;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::model::{Plan, Subscription, SubscriptionStatus};
use crate::tables::{plans, subscriptions};

/// Prices as a JSON column holds them; a currency that this version does not know is left out.
pub(crate) fn prices(column: serde_json::Value) -> Vec<Money> {
    let serde_json::Value::Array(prices) = column else {
        return Vec::new();
    };
    let prices = prices.into_iter();
    prices
        .filter_map(|price| serde_json::from_value(price).ok())
        .collect()
}

/// Every plan, in its order.
pub(crate) async fn all(connection: &mut Connection) -> QueryResult<Vec<Plan>> {
    plans::table
        .order(plans::position)
        .select(Plan::as_select())
        .load(connection)
        .await
}

/// The plan called `code`.
pub(crate) async fn by_code(connection: &mut Connection, code: &str) -> QueryResult<Option<Plan>> {
    plans::table
        .find(code)
        .select(Plan::as_select())
        .first(connection)
        .await
        .optional()
}

/// Someone's subscription that runs.
pub(crate) async fn running(
    connection: &mut Connection,
    user: Uuid,
) -> QueryResult<Option<Subscription>> {
    subscriptions::table
        .filter(subscriptions::user_id.eq(user))
        .filter(subscriptions::status.ne(SubscriptionStatus::Expired))
        .select(Subscription::as_select())
        .for_update()
        .first(connection)
        .await
        .optional()
}

/// Writes a new subscription.
pub(crate) async fn insert(
    connection: &mut Connection,
    subscription: &Subscription,
) -> QueryResult<()> {
    diesel::insert_into(subscriptions::table)
        .values(subscription)
        .execute(connection)
        .await
        .map(drop)
}

/// Writes a locked subscription back.
pub(crate) async fn update(
    connection: &mut Connection,
    subscription: &Subscription,
) -> QueryResult<()> {
    diesel::update(subscriptions::table.find(subscription.id))
        .set(subscription)
        .execute(connection)
        .await
        .map(drop)
}

/// Ends subscriptions whose period is over, at most `limit`, and returns them.
pub(crate) async fn expire(
    connection: &mut Connection,
    now: OffsetDateTime,
    limit: i64,
) -> QueryResult<Vec<Subscription>> {
    let over: Vec<Uuid> = subscriptions::table
        .filter(subscriptions::status.ne(SubscriptionStatus::Expired))
        .filter(subscriptions::period_end.le(now))
        .order(subscriptions::period_end)
        .limit(limit)
        .for_update()
        .skip_locked()
        .select(subscriptions::id)
        .load(connection)
        .await?;
    diesel::update(subscriptions::table.filter(subscriptions::id.eq_any(over)))
        .set(subscriptions::status.eq(SubscriptionStatus::Expired))
        .returning(Subscription::as_returning())
        .get_results(connection)
        .await
}
