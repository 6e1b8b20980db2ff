//! The library, and gifts.

use async_graphql::{Context, ID, InputObject, Object, SimpleObject};
use coko_core::Result;
use coko_core::graphql::{RequestExt as _, settle};

use crate::commands::library;
use crate::error::{GiftBookError, LibraryError};
use crate::graphql::types::{BookType, LibraryItemType};
use crate::graphql::{key, reading};
use crate::model::ReadingStatus;

/// A book for the library.
#[derive(InputObject)]
struct AddToLibraryInput {
    /// The book.
    book_id: ID,
    /// What it is to you; to be read one day, when nothing is said.
    status: Option<ReadingStatus>,
}

/// What a book is to the reader.
#[derive(InputObject)]
struct SetReadingStatusInput {
    /// The book, which is in the library.
    book_id: ID,
    /// What it is to you.
    status: ReadingStatus,
}

/// A book to take out.
#[derive(InputObject)]
struct RemoveFromLibraryInput {
    /// The book.
    book_id: ID,
}

/// A gift.
#[derive(InputObject)]
struct GiftBookInput {
    /// The book.
    book_id: ID,
    /// Whose it will be.
    user_id: ID,
    /// 1 to 100 characters; a call that is repeated under its key does nothing again.
    idempotency_key: String,
}

/// What `addToLibrary` did.
#[derive(SimpleObject)]
struct AddToLibraryPayload {
    /// The new state; null when refused.
    item: Option<LibraryItemType>,
    /// Why it was refused; empty when it was not.
    errors: Vec<LibraryError>,
}

/// What `setReadingStatus` did.
#[derive(SimpleObject)]
struct SetReadingStatusPayload {
    /// The new state; null when refused.
    item: Option<LibraryItemType>,
    /// Why it was refused; empty when it was not.
    errors: Vec<LibraryError>,
}

/// What `removeFromLibrary` did.
#[derive(SimpleObject)]
struct RemoveFromLibraryPayload {
    /// The new state; null when refused.
    item: Option<LibraryItemType>,
    /// Why it was refused; empty when it was not.
    errors: Vec<LibraryError>,
}

/// What `giftBook` did.
#[derive(SimpleObject)]
struct GiftBookPayload {
    /// The book; null when refused.
    book: Option<BookType>,
    /// Why it was refused; empty when it was not.
    errors: Vec<GiftBookError>,
}

#[derive(Default)]
pub(super) struct LibraryMutation;

#[Object]
impl LibraryMutation {
    /// Puts a book into the viewer's library. A free one can be read from then on, others as long as a subscription runs.
    async fn add_to_library(
        &self,
        context: &Context<'_>,
        input: AddToLibraryInput,
    ) -> Result<AddToLibraryPayload> {
        let book = key(&input.book_id);
        let outcome = library::add(context.command(), reading(context), book, input.status).await;
        let (item, errors) = settle(context, outcome, LibraryError::new)?;
        Ok(AddToLibraryPayload {
            item: item.map(LibraryItemType),
            errors,
        })
    }

    /// Says what a book of the viewer's library is to them.
    async fn set_reading_status(
        &self,
        context: &Context<'_>,
        input: SetReadingStatusInput,
    ) -> Result<SetReadingStatusPayload> {
        let book = key(&input.book_id);
        let (command, reading) = (context.command(), reading(context));
        let outcome = library::set_status(command, reading, book, input.status).await;
        let (item, errors) = settle(context, outcome, LibraryError::new)?;
        Ok(SetReadingStatusPayload {
            item: item.map(LibraryItemType),
            errors,
        })
    }

    /// Takes a book out of the viewer's library. Rights to read it, notes and progress stay for when it is put back.
    async fn remove_from_library(
        &self,
        context: &Context<'_>,
        input: RemoveFromLibraryInput,
    ) -> Result<RemoveFromLibraryPayload> {
        let book = key(&input.book_id);
        let outcome = library::remove(context.command(), reading(context), book).await;
        let (item, errors) = settle(context, outcome, LibraryError::new)?;
        Ok(RemoveFromLibraryPayload {
            item: item.map(LibraryItemType),
            errors,
        })
    }

    /// Gives someone a book for good. Needs `books:gift`.
    async fn gift_book(
        &self,
        context: &Context<'_>,
        input: GiftBookInput,
    ) -> Result<GiftBookPayload> {
        let whose = (key(&input.user_id), key(&input.book_id));
        let (command, reading) = (context.command(), reading(context));
        let outcome = library::gift(command, reading, whose, &input.idempotency_key).await;
        let (book, errors) = settle(context, outcome, GiftBookError::new)?;
        Ok(GiftBookPayload {
            book: book.map(BookType::reference),
            errors,
        })
    }
}
