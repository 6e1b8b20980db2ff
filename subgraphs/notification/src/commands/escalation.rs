//! What follows a push message that stays unread, or reaches no device: an SMS.

use coko_core::Result;
use coko_core::context::CommandContext;
use coko_core::database::Connection;
use diesel_async::AsyncConnection as _;
use uuid::Uuid;

use super::Dispatch;
use crate::model::{Channel, Delivery, Notification, Person};
use crate::store;

/// How many push messages one round looks at.
const BATCH: i64 = 64;

/// Follows push messages whose time to be read is over; returns how many were looked at.
///
/// # Errors
/// When the database does not answer.
pub(crate) async fn work(context: &CommandContext, dispatch: &Dispatch) -> Result<usize> {
    let mut connection = dispatch.pool.get().await?;
    connection
        .transaction(async |connection| {
            let over = store::deliveries::take_escalating(connection, context.now, BATCH).await?;
            let ids: Vec<Uuid> = over.iter().map(|delivery| delivery.id).collect();
            let users: Vec<Uuid> = over.iter().map(|delivery| delivery.user_id).collect();
            let items = store::deliveries::items(connection, &ids).await?;
            let people = store::people::by_ids(connection, &users).await?;
            for delivery in &over {
                let told = items.get(&delivery.id).map_or(&[][..], Vec::as_slice);
                let person = people.iter();
                let mut person = person.filter(|person| person.user_id == delivery.user_id);
                if let Some(person) = person.next() {
                    follow(connection, context, person, delivery, told).await?;
                }
            }
            Ok(over.len())
        })
        .await
}

/// Leaves an SMS about what of a push message is not read.
pub(super) async fn follow(
    connection: &mut Connection,
    context: &CommandContext,
    person: &Person,
    push: &Delivery,
    items: &[Notification],
) -> Result<()> {
    let mut unread = items.iter().filter(|item| item.read_at.is_none());
    let Some(first) = unread.next().filter(|_| !person.is_gone()) else {
        return Ok(());
    };
    let due = if push.critical {
        context.now
    } else {
        person.awake(context.now)
    };
    let about = (push.user_id, push.workflow, Channel::Sms);
    let text = Delivery::new(context.id(), about, push.critical, due, context.now);
    store::deliveries::insert(connection, &text, first.id).await?;
    for item in unread {
        store::deliveries::add(connection, text.id, item.id).await?;
    }
    metrics::counter!("notification_escalations_total").increment(1);
    Ok(())
}
