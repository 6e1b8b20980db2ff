//! Telling somebody something: the notification, and the messages by which it reaches them.

use coko_core::context::CommandContext;
use coko_core::database::Connection;
use coko_core::events::notification::NotificationReceived;
use coko_core::{Result, outbox};

use crate::model::{Delivery, Message, Notification, Planned, Preferences, plan};
use crate::store;

/// Tells somebody something, once for each kind and subject; returns whether they are told now. An account that is gone is told
/// nothing. Runs in the transaction of what it follows from.
pub(crate) async fn notify(
    connection: &mut Connection,
    context: &CommandContext,
    message: &Message,
) -> Result<bool> {
    let (user, kind) = (message.to, message.kind);
    let person = store::people::lock(connection, user).await?;
    if person.is_gone() {
        return Ok(false);
    }
    let rows = store::preferences::of(connection, &[user]).await?;
    let preferences = Preferences::of(&rows);
    let in_app = plan::is_listed(kind, &preferences);
    let ways = plan::ways(kind, &person, &preferences, context.now);
    if !in_app && ways.is_empty() {
        return Ok(false);
    }
    let notification = Notification {
        id: context.id(),
        user_id: user,
        kind,
        subject: message.subject.clone(),
        facts: message.facts.clone(),
        link: message.link.clone(),
        in_app,
        created_at: context.now,
        read_at: None,
    };
    if !store::notifications::insert(connection, &notification).await? {
        return Ok(false);
    }
    if in_app {
        let event = NotificationReceived {
            notification_id: notification.id,
            user_id: user,
        };
        outbox::enqueue(connection, context, &event).await?;
    }
    for way in &ways {
        send_by(connection, context, &notification, way).await?;
    }
    metrics::counter!("notifications_total", "kind" => kind.as_str()).increment(1);
    Ok(true)
}

/// Leaves a message by one way, in the digest that collects where there is one.
async fn send_by(
    connection: &mut Connection,
    context: &CommandContext,
    notification: &Notification,
    way: &Planned,
) -> Result<()> {
    let (user, workflow) = (notification.user_id, notification.kind.workflow());
    if way.digest {
        let collecting =
            store::deliveries::collecting(connection, user, workflow, way.channel).await?;
        if let Some(digest) = collecting {
            store::deliveries::add(connection, digest, notification.id).await?;
            return Ok(());
        }
    }
    let about = (user, workflow, way.channel);
    let critical = notification.kind.is_critical();
    let delivery = Delivery {
        digest: way.digest,
        escalate_seconds: way.escalate,
        ..Delivery::new(context.id(), about, critical, way.due, context.now)
    };
    store::deliveries::insert(connection, &delivery, notification.id).await?;
    Ok(())
}
