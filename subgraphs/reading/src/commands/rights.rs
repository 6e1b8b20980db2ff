//! Rights that are given and end, with what is said of it. The reader is locked.
//!
//! What is said is about a reader and a book, each time later than the last: that a right was given, or that one ended. Where
//! a right that was to last ends and another one holds, the end is followed by that one at once.

use std::collections::HashMap;

use coko_core::Result;
use coko_core::context::CommandContext;
use coko_core::database::Connection;
use coko_core::events::reading::{EntitlementGranted, EntitlementRevoked};
use coko_core::outbox;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::model::entitlement::strongest;
use crate::model::{Entitlement, Item, ItemChange, RevocationReason, Source, Stamp};
use crate::store;
use crate::store::readers::Reader;

/// What became of a right that was to be given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Given {
    /// It holds.
    Holds,
    /// It ended before, for good.
    Ended,
}

/// Gives a right that comes from one order or gift, for good; said again where it was given before, so that whoever waits
/// for it hears of it.
pub(super) async fn give(
    connection: &mut Connection,
    context: &CommandContext,
    reader: &mut Reader,
    book: Uuid,
    (source, source_id): (Source, Uuid),
) -> Result<Given> {
    let rights = store::entitlements::of(connection, reader.user_id, &[book]).await?;
    let known = rights
        .into_iter()
        .find(|right| right.source == source && right.source_id == source_id);
    if let Some(known) = known {
        if !known.holds() {
            return Ok(Given::Ended);
        }
        let at = known.granted_at.unwrap_or(context.now);
        outbox::enqueue(connection, context, &granted(&known, at)).await?;
        return Ok(Given::Holds);
    }
    let fresh = Entitlement {
        user_id: reader.user_id,
        book_id: book,
        source,
        source_id,
        granted_at: None,
        revoked_at: None,
        reason: None,
    };
    give_all(connection, context, reader, vec![fresh]).await?;
    Ok(Given::Holds)
}

/// Gives rights that do not hold, and shows their books in the library.
pub(super) async fn give_all(
    connection: &mut Connection,
    context: &CommandContext,
    reader: &mut Reader,
    mut rights: Vec<Entitlement>,
) -> Result<()> {
    let mut items = items(connection, context, reader.user_id, &rights).await?;
    let mut events = Vec::with_capacity(rights.len());
    for right in &mut rights {
        let Some(item) = items.get_mut(&right.book_id) else {
            continue;
        };
        let at = item.right_changes(context.now);
        right.granted_at = Some(at);
        right.revoked_at = None;
        right.reason = None;
        if item.removed {
            let shown = ItemChange {
                book_id: right.book_id,
                status: None,
                removed: Some(false),
            };
            item.choose(shown, Stamp::ours(context.now, item.removed_stamp));
        }
        item.sequence = reader.next();
        metrics::counter!("reading_entitlements_total", "source" => right.source.as_str(), "outcome" => "GRANTED")
            .increment(1);
        events.push(granted(right, at));
    }
    store::entitlements::keep(connection, &rights).await?;
    let items: Vec<Item> = items.into_values().collect();
    store::items::keep(connection, &items).await?;
    outbox::enqueue_all(connection, context, &events).await?;
    Ok(())
}

/// Ends rights that hold.
pub(super) async fn end_all(
    connection: &mut Connection,
    context: &CommandContext,
    reader: &mut Reader,
    mut ending: Vec<Entitlement>,
    reason: RevocationReason,
) -> Result<()> {
    let mut items = items(connection, context, reader.user_id, &ending).await?;
    let books: Vec<Uuid> = items.keys().copied().collect();
    let mut left: HashMap<Uuid, Vec<Entitlement>> = HashMap::new();
    for right in store::entitlements::of(connection, reader.user_id, &books).await? {
        let ends = ending
            .iter()
            .any(|end| end.book_id == right.book_id && same(end, &right));
        if !ends {
            left.entry(right.book_id).or_default().push(right);
        }
    }
    let (mut ended, mut held) = (Vec::new(), Vec::new());
    for right in &mut ending {
        let Some(item) = items.get_mut(&right.book_id) else {
            continue;
        };
        let other = left
            .get(&right.book_id)
            .and_then(|rights| strongest(rights));
        item.sequence = reader.next();
        metrics::counter!("reading_entitlements_total", "source" => right.source.as_str(), "outcome" => reason.as_str())
            .increment(1);
        right.reason = Some(reason);
        if right.source == Source::Subscription && other.is_some() {
            // Nothing that was to last has ended, and the book can still be read: there is nothing to say.
            right.revoked_at = Some(context.now);
            continue;
        }
        let at = item.right_changes(context.now);
        right.revoked_at = Some(at);
        ended.push(EntitlementRevoked {
            user_id: right.user_id,
            book_id: right.book_id,
            order_id: order(right),
            reason: reason.as_str().to_owned(),
            revoked_at: at,
        });
        if let Some(other) = other {
            held.push(granted(other, item.right_changes(context.now)));
        }
    }
    store::entitlements::keep(connection, &ending).await?;
    let items: Vec<Item> = items.into_values().collect();
    store::items::keep(connection, &items).await?;
    outbox::enqueue_all(connection, context, &ended).await?;
    outbox::enqueue_all(connection, context, &held).await?;
    Ok(())
}

/// The items of the books that rights are about, made where they are not there.
async fn items(
    connection: &mut Connection,
    context: &CommandContext,
    user: Uuid,
    rights: &[Entitlement],
) -> Result<HashMap<Uuid, Item>> {
    let books: Vec<Uuid> = rights.iter().map(|right| right.book_id).collect();
    let known = store::items::of(connection, user, &books).await?;
    let mut items: HashMap<Uuid, Item> =
        known.into_iter().map(|item| (item.book_id, item)).collect();
    for book in books {
        items
            .entry(book)
            .or_insert_with(|| Item::new(user, book, context.now));
    }
    Ok(items)
}

fn same(left: &Entitlement, right: &Entitlement) -> bool {
    (left.source, left.source_id) == (right.source, right.source_id)
}

fn order(right: &Entitlement) -> Option<Uuid> {
    Some(right.source_id).filter(|_| right.source == Source::Purchased)
}

fn granted(right: &Entitlement, at: OffsetDateTime) -> EntitlementGranted {
    EntitlementGranted {
        user_id: right.user_id,
        book_id: right.book_id,
        order_id: order(right),
        source: right.source.as_str().to_owned(),
        granted_at: at,
    }
}
