//! Putting books into the library and taking them out, and gifts.

use coko_core::Result;
use coko_core::context::CommandContext;
use coko_core::database::Connection;
use coko_core::events::reading::ReadingCompleted;
use coko_core::graphql::{Failure, Outcome};
use coko_core::idempotency::{self, Claim};
use coko_core::outbox;
use diesel_async::AsyncConnection as _;
use uuid::Uuid;

use super::{Reading, gone, reader, rights};
use crate::error::{GiftBookErrorCode, LibraryErrorCode};
use crate::model::entitlement::strongest;
use crate::model::item::MAX_ITEMS;
use crate::model::{
    Book, Completion, Entitlement, Item, ItemChange, ReadingStatus, RevocationReason, Source, Stamp,
};
use crate::store;
use crate::store::readers::Reader;

/// Puts a book into the viewer's library. A free book is the reader's from then on; others can be read as long as the
/// viewer's subscription runs, where there is one, and are only remembered where there is none.
///
/// # Errors
/// Refusals; `UNAUTHENTICATED` for a guest.
pub(crate) async fn add(
    context: &CommandContext,
    reading: &Reading,
    book: Uuid,
    status: Option<ReadingStatus>,
) -> Outcome<Item, LibraryErrorCode> {
    let change = ItemChange {
        book_id: book,
        status,
        removed: Some(false),
    };
    choose(context, reading, change, true).await
}

/// Sets what a book of the viewer's library is to them.
///
/// # Errors
/// Refusals; `UNAUTHENTICATED` for a guest.
pub(crate) async fn set_status(
    context: &CommandContext,
    reading: &Reading,
    book: Uuid,
    status: ReadingStatus,
) -> Outcome<Item, LibraryErrorCode> {
    let change = ItemChange {
        book_id: book,
        status: Some(status),
        removed: None,
    };
    choose(context, reading, change, false).await
}

/// Takes a book out of the viewer's library. Rights to read it stay: it can be put back.
///
/// # Errors
/// Refusals; `UNAUTHENTICATED` for a guest.
pub(crate) async fn remove(
    context: &CommandContext,
    reading: &Reading,
    book: Uuid,
) -> Outcome<Item, LibraryErrorCode> {
    let change = ItemChange {
        book_id: book,
        status: None,
        removed: Some(true),
    };
    choose(context, reading, change, false).await
}

async fn choose(
    context: &CommandContext,
    reading: &Reading,
    change: ItemChange,
    takes: bool,
) -> Outcome<Item, LibraryErrorCode> {
    let user = reader(&context.viewer, "write")?;
    let not_found = || Failure::field(LibraryErrorCode::NotFound, "bookId");
    let mut connection = reading.pool.get().await?;
    connection
        .transaction(async |connection| {
            let mut reader = store::readers::lock(connection, user).await?;
            if reader.is_gone() {
                return Err(gone().into());
            }
            let book_id = change.book_id;
            let known = store::items::of(connection, user, &[book_id]).await?.pop();
            let book = store::books::by_ids(connection, &[book_id]).await?.pop();
            let mut item = match (known, &book) {
                (Some(item), _) => item,
                (None, Some(book)) if takes && book.on_shelf => {
                    if store::items::count(connection, user).await? >= MAX_ITEMS {
                        return Err(Failure::whole(LibraryErrorCode::LibraryFull));
                    }
                    Item::new(user, book_id, context.now)
                }
                _ => return Err(not_found()),
            };
            let stamp = Stamp::ours(context.now, item.chosen_stamp.max(item.removed_stamp));
            item.choose(change, stamp);
            completed(connection, context, &mut item).await?;
            item.sequence = reader.next();
            store::items::keep(connection, &[item]).await?;
            if takes && let Some(book) = &book {
                take(connection, context, &mut reader, book).await?;
            }
            store::readers::update(connection, &reader).await?;
            let item = store::items::of(connection, user, &[book_id]).await?.pop();
            item.ok_or_else(not_found)
        })
        .await
}

/// Says that a book is read to the end where only the reader's word makes it so.
async fn completed(
    connection: &mut Connection,
    context: &CommandContext,
    item: &mut Item,
) -> Result<()> {
    if let Some(completion) = item.complete(false) {
        let event = ReadingCompleted {
            user_id: item.user_id,
            book_id: item.book_id,
            self_reported: completion == Completion::SelfReported,
            seconds_read: item.seconds_read,
            completed_at: context.now,
        };
        outbox::enqueue(connection, context, &event).await?;
    }
    Ok(())
}

/// Gives the right to read a book that is free, or that the reader's subscription includes; nothing where a right holds, or
/// none is to be had.
async fn take(
    connection: &mut Connection,
    context: &CommandContext,
    reader: &mut Reader,
    book: &Book,
) -> Result<()> {
    if !book.on_shelf {
        return Ok(());
    }
    let held = store::entitlements::of(connection, reader.user_id, &[book.book_id]).await?;
    let lasting = strongest(&held).is_some_and(|right| right.source != Source::Subscription);
    let source = if lasting {
        return Ok(());
    } else if book.is_free {
        Source::Free
    } else if strongest(&held).is_none()
        && store::subscriptions::running(connection, reader.user_id)
            .await?
            .is_some()
    {
        Source::Subscription
    } else {
        return Ok(());
    };
    let right = Entitlement {
        user_id: reader.user_id,
        book_id: book.book_id,
        source,
        source_id: Uuid::nil(),
        granted_at: None,
        revoked_at: None,
        reason: None::<RevocationReason>,
    };
    rights::give_all(connection, context, reader, vec![right]).await
}

/// Gives someone a book. Needs `books:gift`.
///
/// # Errors
/// Refusals; `FORBIDDEN` without the right.
pub(crate) async fn gift(
    context: &CommandContext,
    reading: &Reading,
    (user, book): (Uuid, Uuid),
    key: &str,
) -> Outcome<Uuid, GiftBookErrorCode> {
    context.viewer.require("books", "gift")?;
    let mut connection = reading.pool.get().await?;
    connection
        .transaction(async |connection| {
            let gift = context.id();
            let call = ("giftBook", &(user, book));
            let owner = context.viewer.key();
            if let Claim::Seen(_) =
                idempotency::claim(connection, &owner, key, call, gift, context.now).await?
            {
                return Ok(book);
            }
            let found = store::books::by_ids(connection, &[book]).await?;
            if !found.iter().any(|book| !book.deleted) {
                return Err(Failure::field(GiftBookErrorCode::NotFound, "bookId"));
            }
            let mut reader = store::readers::lock(connection, user).await?;
            if reader.is_gone() {
                return Err(Failure::field(GiftBookErrorCode::ReaderGone, "userId"));
            }
            let from = (Source::Gifted, gift);
            rights::give(connection, context, &mut reader, book, from).await?;
            store::readers::update(connection, &reader).await?;
            Ok(book)
        })
        .await
}
