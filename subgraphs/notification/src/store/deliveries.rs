//! Messages on their way.

use std::collections::HashMap;

use coko_core::database::Connection;
use coko_core::newest_first;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Timestamptz};
use diesel_async::RunQueryDsl;
use time::OffsetDateTime;
use uuid::Uuid;

use super::SWEEP;
use crate::model::{Channel, Delivery, Notification, Status, Workflow};
use crate::tables::{deliveries, delivery_items, notifications};

newest_first!("deliveries", deliveries, user_id, created_at, Delivery);

/// Keeps a delivery of one notification.
pub(crate) async fn insert(
    connection: &mut Connection,
    delivery: &Delivery,
    notification: Uuid,
) -> QueryResult<()> {
    diesel::insert_into(deliveries::table)
        .values(delivery)
        .execute(connection)
        .await?;
    add(connection, delivery.id, notification).await
}

/// Has a delivery tell of a notification as well.
pub(crate) async fn add(
    connection: &mut Connection,
    delivery: Uuid,
    notification: Uuid,
) -> QueryResult<()> {
    diesel::insert_into(delivery_items::table)
        .values((
            delivery_items::delivery_id.eq(delivery),
            delivery_items::notification_id.eq(notification),
        ))
        .on_conflict_do_nothing()
        .execute(connection)
        .await
        .map(drop)
}

/// The digest that collects a locked person's messages of this workflow, held back until the transaction ends; none where none
/// does, or where it is about to leave.
pub(crate) async fn collecting(
    connection: &mut Connection,
    user: Uuid,
    workflow: Workflow,
    channel: Channel,
) -> QueryResult<Option<Uuid>> {
    deliveries::table
        .filter(deliveries::user_id.eq(user))
        .filter(deliveries::workflow.eq(workflow))
        .filter(deliveries::channel.eq(channel))
        .filter(deliveries::status.eq(Status::Pending))
        .filter(deliveries::digest)
        .filter(deliveries::tries.eq(0))
        .select(deliveries::id)
        .for_update()
        .first(connection)
        .await
        .optional()
}

/// Puts deliveries that are due off until `again`, counts a try, and returns them: another process that looks meanwhile does not
/// see them. Call it in a transaction.
pub(crate) async fn lease_due(
    connection: &mut Connection,
    now: OffsetDateTime,
    again: OffsetDateTime,
    limit: i64,
) -> QueryResult<Vec<Delivery>> {
    let due: Vec<Uuid> = deliveries::table
        .filter(deliveries::due_at.le(now))
        .order(deliveries::due_at)
        .limit(limit)
        .for_update()
        .skip_locked()
        .select(deliveries::id)
        .load(connection)
        .await?;
    if due.is_empty() {
        return Ok(Vec::new());
    }
    diesel::update(deliveries::table.filter(deliveries::id.eq_any(due)))
        .filter(deliveries::due_at.le(now))
        .set((
            deliveries::due_at.eq(again),
            deliveries::tries.eq(deliveries::tries + 1),
        ))
        .returning(Delivery::as_returning())
        .get_results(connection)
        .await
}

/// Push messages whose time to be read is over, which are not looked at again. Call it in a transaction.
pub(crate) async fn take_escalating(
    connection: &mut Connection,
    now: OffsetDateTime,
    limit: i64,
) -> QueryResult<Vec<Delivery>> {
    let over: Vec<Uuid> = deliveries::table
        .filter(deliveries::escalate_at.le(now))
        .order(deliveries::escalate_at)
        .limit(limit)
        .for_update()
        .skip_locked()
        .select(deliveries::id)
        .load(connection)
        .await?;
    if over.is_empty() {
        return Ok(Vec::new());
    }
    diesel::update(deliveries::table.filter(deliveries::id.eq_any(over)))
        .set(deliveries::escalate_at.eq(None::<OffsetDateTime>))
        .returning(Delivery::as_returning())
        .get_results(connection)
        .await
}

/// Writes back where a delivery stands, unless another process took it over meanwhile: `tries` says whose turn it is. Returns
/// whether it was written.
pub(crate) async fn settle(connection: &mut Connection, delivery: &Delivery) -> QueryResult<bool> {
    diesel::update(deliveries::table.find(delivery.id))
        .filter(deliveries::tries.eq(delivery.tries))
        .filter(deliveries::status.eq(Status::Pending))
        .set((
            deliveries::status.eq(delivery.status),
            deliveries::due_at.eq(delivery.due_at),
            deliveries::escalate_at.eq(delivery.escalate_at),
            deliveries::provider.eq(&delivery.provider),
            deliveries::provider_ref.eq(&delivery.provider_ref),
            deliveries::reason.eq(&delivery.reason),
            deliveries::updated_at.eq(delivery.updated_at),
        ))
        .execute(connection)
        .await
        .map(|rows| rows > 0)
}

/// Puts a leased delivery off until `due`, as if it had not been tried.
pub(crate) async fn put_off(
    connection: &mut Connection,
    delivery: &Delivery,
    due: OffsetDateTime,
) -> QueryResult<()> {
    diesel::update(deliveries::table.find(delivery.id))
        .filter(deliveries::tries.eq(delivery.tries))
        // What a provider reported meanwhile has ended it, and nothing is due any more.
        .filter(deliveries::status.eq(Status::Pending))
        .set((
            deliveries::due_at.eq(due),
            // It collects no more: what joined it is what it tells.
            deliveries::digest.eq(false),
            deliveries::tries.eq(delivery.tries - 1),
        ))
        .execute(connection)
        .await
        .map(drop)
}

/// A delivery, locked until the transaction ends.
pub(crate) async fn lock(connection: &mut Connection, id: Uuid) -> QueryResult<Option<Delivery>> {
    deliveries::table
        .find(id)
        .select(Delivery::as_select())
        .for_update()
        .first(connection)
        .await
        .optional()
}

/// Writes back what a provider told of a locked delivery.
pub(crate) async fn set_told(
    connection: &mut Connection,
    id: Uuid,
    status: Status,
    reason: Option<&str>,
    now: OffsetDateTime,
) -> QueryResult<()> {
    diesel::update(deliveries::table.find(id))
        .set((
            deliveries::status.eq(status),
            deliveries::due_at.eq(None::<OffsetDateTime>),
            reason.map(|reason| deliveries::reason.eq(reason)),
            deliveries::updated_at.eq(now),
        ))
        .execute(connection)
        .await
        .map(drop)
}

/// What these deliveries tell, by delivery, the oldest first.
pub(crate) async fn items(
    connection: &mut Connection,
    of: &[Uuid],
) -> QueryResult<HashMap<Uuid, Vec<Notification>>> {
    let rows: Vec<(Uuid, Notification)> = delivery_items::table
        .inner_join(notifications::table)
        .filter(delivery_items::delivery_id.eq_any(of))
        .order((notifications::created_at, notifications::id))
        .select((delivery_items::delivery_id, Notification::as_select()))
        .load(connection)
        .await?;
    let mut grouped: HashMap<Uuid, Vec<Notification>> = HashMap::new();
    for (delivery, notification) in rows {
        grouped.entry(delivery).or_default().push(notification);
    }
    Ok(grouped)
}

/// Forgets deliveries from before `before`, a bounded number at a time; returns how many.
pub(crate) async fn sweep(
    connection: &mut Connection,
    before: OffsetDateTime,
) -> QueryResult<usize> {
    diesel::sql_query(
        "DELETE FROM deliveries WHERE id IN
            (SELECT id FROM deliveries WHERE created_at < $1 ORDER BY created_at LIMIT $2)",
    )
    .bind::<Timestamptz, _>(before)
    .bind::<BigInt, _>(SWEEP)
    .execute(connection)
    .await
}
