//! Making books, changing them, and putting them on and off the shelf.

use async_graphql::{Context, ID, Object, SimpleObject};
use coko_core::Result;
use coko_core::graphql::{RequestExt as _, settle};

use crate::commands;
use crate::error::{
    CreateBookError, DeleteBookError, PublishBookError, SetBookCategoriesError, SetBookPricesError,
    UpdateBookError, WithdrawBookError,
};
use crate::graphql::types::{
    BookType, CreateBookInput, DeleteBookInput, PublishBookInput, SetBookCategoriesInput,
    SetBookPricesInput, UpdateBookInput, WithdrawBookInput, prices,
};
use crate::graphql::{catalog, key};

/// What `createBook` did.
#[derive(SimpleObject)]
struct CreateBookPayload {
    /// The new state; null when refused.
    book: Option<BookType>,
    /// Why it was refused; empty when it was not.
    errors: Vec<CreateBookError>,
}

/// What `updateBook` did.
#[derive(SimpleObject)]
struct UpdateBookPayload {
    /// The new state; null when refused.
    book: Option<BookType>,
    /// Why it was refused; empty when it was not.
    errors: Vec<UpdateBookError>,
}

/// What `publishBook` did.
#[derive(SimpleObject)]
struct PublishBookPayload {
    /// The new state; null when refused.
    book: Option<BookType>,
    /// Why it was refused; empty when it was not.
    errors: Vec<PublishBookError>,
}

/// What `withdrawBook` did.
#[derive(SimpleObject)]
struct WithdrawBookPayload {
    /// The new state; null when refused.
    book: Option<BookType>,
    /// Why it was refused; empty when it was not.
    errors: Vec<WithdrawBookError>,
}

/// What `deleteBook` did.
#[derive(SimpleObject)]
struct DeleteBookPayload {
    /// The book that is gone; null when refused.
    deleted_id: Option<ID>,
    /// Why it was refused; empty when it was not.
    errors: Vec<DeleteBookError>,
}

/// What `setBookPrices` did.
#[derive(SimpleObject)]
struct SetBookPricesPayload {
    /// The new state; null when refused.
    book: Option<BookType>,
    /// Why it was refused; empty when it was not.
    errors: Vec<SetBookPricesError>,
}

/// What `setBookCategories` did.
#[derive(SimpleObject)]
struct SetBookCategoriesPayload {
    /// The new state; null when refused.
    book: Option<BookType>,
    /// Why it was refused; empty when it was not.
    errors: Vec<SetBookCategoriesError>,
}

#[derive(Default)]
pub(super) struct BookMutation;

#[Object]
impl BookMutation {
    /// Makes a draft. Needs `books:publish`; the house must be one of the viewer's own.
    async fn create_book(
        &self,
        context: &Context<'_>,
        input: CreateBookInput,
    ) -> Result<CreateBookPayload> {
        let pool = &catalog(context).pool;
        let (changes, prices) = input.into_changes();
        let outcome = commands::books::create(pool, context.command(), changes, prices).await;
        let (book, errors) = settle(context, outcome, CreateBookError::new)?;
        if book.is_some() {
            catalog(context).forget().await;
        }
        Ok(CreateBookPayload {
            book: book.map(BookType),
            errors,
        })
    }

    /// Changes what a book says of itself. For its house, its creator, and `books:update`.
    async fn update_book(
        &self,
        context: &Context<'_>,
        input: UpdateBookInput,
    ) -> Result<UpdateBookPayload> {
        let pool = &catalog(context).pool;
        let (id, version) = (key(&input.id), input.version);
        let outcome =
            commands::books::update(pool, context.command(), id, version, input.into()).await;
        let (book, errors) = settle(context, outcome, UpdateBookError::new)?;
        if book.is_some() {
            catalog(context).forget().await;
        }
        Ok(UpdateBookPayload {
            book: book.map(BookType),
            errors,
        })
    }

    /// Puts a draft or withdrawn book on the shelf.
    async fn publish_book(
        &self,
        context: &Context<'_>,
        input: PublishBookInput,
    ) -> Result<PublishBookPayload> {
        let pool = &catalog(context).pool;
        let (id, version) = (key(&input.id), input.version);
        let outcome = commands::books::publish(pool, context.command(), id, version).await;
        let (book, errors) = settle(context, outcome, PublishBookError::new)?;
        if book.is_some() {
            catalog(context).forget().await;
        }
        Ok(PublishBookPayload {
            book: book.map(BookType),
            errors,
        })
    }

    /// Takes a book off the shelf; those entitled to it keep it.
    async fn withdraw_book(
        &self,
        context: &Context<'_>,
        input: WithdrawBookInput,
    ) -> Result<WithdrawBookPayload> {
        let pool = &catalog(context).pool;
        let (id, version) = (key(&input.id), input.version);
        let outcome = commands::books::withdraw(pool, context.command(), id, version).await;
        let (book, errors) = settle(context, outcome, WithdrawBookError::new)?;
        if book.is_some() {
            catalog(context).forget().await;
        }
        Ok(WithdrawBookPayload {
            book: book.map(BookType),
            errors,
        })
    }

    /// Deletes a book: nobody finds it any more.
    async fn delete_book(
        &self,
        context: &Context<'_>,
        input: DeleteBookInput,
    ) -> Result<DeleteBookPayload> {
        let pool = &catalog(context).pool;
        let (id, version) = (key(&input.id), input.version);
        let outcome = commands::books::delete(pool, context.command(), id, version).await;
        let (deleted_id, errors) = settle(context, outcome, DeleteBookError::new)?;
        if deleted_id.is_some() {
            catalog(context).forget().await;
        }
        Ok(DeleteBookPayload {
            deleted_id: deleted_id.map(ID::from),
            errors,
        })
    }

    /// Replaces the prices of a book: at most one per currency, none is not sold.
    async fn set_book_prices(
        &self,
        context: &Context<'_>,
        input: SetBookPricesInput,
    ) -> Result<SetBookPricesPayload> {
        let pool = &catalog(context).pool;
        let (id, version) = (key(&input.id), input.version);
        let prices = prices(&input.prices);
        let outcome =
            commands::books::set_prices(pool, context.command(), id, version, prices).await;
        let (book, errors) = settle(context, outcome, SetBookPricesError::new)?;
        if book.is_some() {
            catalog(context).forget().await;
        }
        Ok(SetBookPricesPayload {
            book: book.map(BookType),
            errors,
        })
    }

    /// Replaces the categories of a book, the main one first.
    async fn set_book_categories(
        &self,
        context: &Context<'_>,
        input: SetBookCategoriesInput,
    ) -> Result<SetBookCategoriesPayload> {
        let pool = &catalog(context).pool;
        let (id, version) = (key(&input.id), input.version);
        let categories = input.category_ids.iter().map(key).collect();
        let outcome =
            commands::books::set_categories(pool, context.command(), id, version, categories).await;
        let (book, errors) = settle(context, outcome, SetBookCategoriesError::new)?;
        if book.is_some() {
            catalog(context).forget().await;
        }
        Ok(SetBookCategoriesPayload {
            book: book.map(BookType),
            errors,
        })
    }
}
