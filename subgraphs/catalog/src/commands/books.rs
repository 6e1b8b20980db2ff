//! Making, changing, publishing, withdrawing and deleting books.

mod publications;
mod references;

use coko_core::Error;
use coko_core::context::CommandContext;
use coko_core::database::{Connection, Pool};
use coko_core::events::catalog::BookWithdrawn;
use coko_core::graphql::{Failure, Outcome};
use coko_core::money::Money;
use coko_core::outbox;
use diesel::QueryResult;
use diesel::result::Error as Diesel;
use diesel_async::AsyncConnection as _;
use uuid::Uuid;

pub(crate) use self::publications::{put_back, take_off};
use self::references::{check_references, unknown_categories};
use super::{
    announce_published, announce_updated, broken_index, editor, free_slug, require_any,
    same_version, slug_taken, suffix,
};
use crate::error::{
    CreateBookErrorCode, DeleteBookErrorCode, PublishBookErrorCode, SetBookCategoriesErrorCode,
    SetBookPricesErrorCode, UpdateBookErrorCode, WithdrawBookErrorCode,
};
use crate::model::reason::{IsbnTaken, NotFound, SlugTaken, VersionConflict};
use crate::model::{
    Book, BookChanges, CheckedChanges, Editor, Refusal, Slug, check_categories, check_prices,
};
use crate::store;

/// Makes a draft.
///
/// # Errors
/// Refusals of the input; `FORBIDDEN` without `books:publish`.
pub(crate) async fn create(
    pool: &Pool,
    context: &CommandContext,
    changes: BookChanges,
    prices: Vec<Money>,
) -> Outcome<Book, CreateBookErrorCode> {
    require_any(context, &[("books", "publish"), ("books", "manage")])?;
    let is_free = changes.is_free.unwrap_or(false);
    let changes = checked(changes, &prices, is_free)?;
    let mut connection = pool.get().await?;
    connection
        .transaction(async |connection| {
            let editor = editor(connection, context).await?;
            check_references::<CreateBookErrorCode>(connection, &editor, &changes, None).await?;
            let id = context.id();
            let mut book = Book::draft(
                id,
                Slug::of(&suffix(id), "book"),
                editor.user_id,
                context.now,
            );
            let chosen = changes.slug().is_some();
            let contributors = changes
                .contributors()
                .map(<[_]>::to_vec)
                .unwrap_or_default();
            let categories = changes.categories().map(<[_]>::to_vec).unwrap_or_default();
            changes.apply(&mut book);
            if !chosen {
                book.slug = slug_for(connection, &book).await?;
            }
            store::books::insert(connection, &book)
                .await
                .map_err(taken)?;
            store::books::set_contributors(connection, id, &contributors).await?;
            store::books::set_categories(connection, id, &categories).await?;
            store::books::set_prices(connection, id, &prices).await?;
            Ok(book)
        })
        .await
}

/// Changes what a book says of itself.
///
/// # Errors
/// Refusals of the input, of a version that is not the newest, of a book that is not the viewer's to see.
pub(crate) async fn update(
    pool: &Pool,
    context: &CommandContext,
    id: Uuid,
    version: i64,
    changes: BookChanges,
) -> Outcome<Book, UpdateBookErrorCode> {
    let changes = changes.check::<UpdateBookErrorCode>()?;
    let mut connection = pool.get().await?;
    connection
        .transaction(async |connection| {
            let (editor, mut book) =
                locked::<UpdateBookErrorCode>(connection, context, id, version, Editor::may_edit)
                    .await?;
            check_references::<UpdateBookErrorCode>(connection, &editor, &changes, Some(&book))
                .await?;
            write_relations(connection, &mut book, changes.clone()).await?;
            if book.is_free {
                let prices = store::books::prices(connection, &[id]).await?;
                let prices: Vec<Money> = prices.into_iter().map(|(_, price)| price).collect();
                if !book.accepts(&prices) {
                    return Err(Failure::field(UpdateBookErrorCode::FreeWithPrice, "isFree"));
                }
            }
            if book.is_on_shelf()
                && store::books::contributors(connection, &[id])
                    .await?
                    .is_empty()
            {
                return Err(Failure::field(
                    UpdateBookErrorCode::Incomplete,
                    "contributors",
                ));
            }
            save(connection, context, book).await.map_err(taken)
        })
        .await
}

/// Puts a book on the shelf and says so.
///
/// # Errors
/// As [`update`], and a refusal when it is there already or incomplete.
pub(crate) async fn publish(
    pool: &Pool,
    context: &CommandContext,
    id: Uuid,
    version: i64,
) -> Outcome<Book, PublishBookErrorCode> {
    let mut connection = pool.get().await?;
    connection
        .transaction(async |connection| {
            let (_, mut book) = locked::<PublishBookErrorCode>(
                connection,
                context,
                id,
                version,
                Editor::may_manage,
            )
            .await?;
            let contributors = store::books::contributors(connection, &[id]).await?.len();
            book.publish(contributors, context.now)?;
            touch(&mut book, context);
            store::books::update(connection, &book).await?;
            announce_published(connection, context, &[id]).await?;
            Ok(book)
        })
        .await
}

/// Takes a book off the shelf and says so.
///
/// # Errors
/// As [`update`], and a refusal when it is not on the shelf.
pub(crate) async fn withdraw(
    pool: &Pool,
    context: &CommandContext,
    id: Uuid,
    version: i64,
) -> Outcome<Book, WithdrawBookErrorCode> {
    let mut connection = pool.get().await?;
    connection
        .transaction(async |connection| {
            let (_, mut book) = locked::<WithdrawBookErrorCode>(
                connection,
                context,
                id,
                version,
                Editor::may_manage,
            )
            .await?;
            book.withdraw()?;
            touch(&mut book, context);
            store::books::update(connection, &book).await?;
            leave_shelf(connection, context, &book, false).await?;
            Ok(book)
        })
        .await
}

/// Deletes a book: nobody sees it any more, its rows stay for what refers to it. Returns its id.
///
/// # Errors
/// As [`update`].
pub(crate) async fn delete(
    pool: &Pool,
    context: &CommandContext,
    id: Uuid,
    version: i64,
) -> Outcome<Uuid, DeleteBookErrorCode> {
    let mut connection = pool.get().await?;
    connection
        .transaction(async |connection| {
            let (_, mut book) =
                locked::<DeleteBookErrorCode>(connection, context, id, version, Editor::may_manage)
                    .await?;
            let was_known = book.published_at.is_some();
            book.deleted_at = Some(context.now);
            touch(&mut book, context);
            store::books::update(connection, &book).await?;
            if was_known {
                leave_shelf(connection, context, &book, true).await?;
            }
            Ok(id)
        })
        .await
}

/// Replaces the prices of a book.
///
/// # Errors
/// As [`update`], and refusals of the prices.
pub(crate) async fn set_prices(
    pool: &Pool,
    context: &CommandContext,
    id: Uuid,
    version: i64,
    prices: Vec<Money>,
) -> Outcome<Book, SetBookPricesErrorCode> {
    let mut connection = pool.get().await?;
    connection
        .transaction(async |connection| {
            let (_, book) = locked::<SetBookPricesErrorCode>(
                connection,
                context,
                id,
                version,
                Editor::may_manage,
            )
            .await?;
            check_prices::<SetBookPricesErrorCode>(&prices, book.is_free)?;
            store::books::set_prices(connection, id, &prices).await?;
            Ok(save(connection, context, book).await?)
        })
        .await
}

/// Replaces the categories of a book.
///
/// # Errors
/// As [`update`].
pub(crate) async fn set_categories(
    pool: &Pool,
    context: &CommandContext,
    id: Uuid,
    version: i64,
    categories: Vec<Uuid>,
) -> Outcome<Book, SetBookCategoriesErrorCode> {
    check_categories::<SetBookCategoriesErrorCode>(&categories)?;
    let mut connection = pool.get().await?;
    connection
        .transaction(async |connection| {
            let (_, book) = locked::<SetBookCategoriesErrorCode>(
                connection,
                context,
                id,
                version,
                Editor::may_edit,
            )
            .await?;
            let unknown = unknown_categories(connection, &categories).await?;
            if !unknown.is_empty() {
                return Err(Failure::Refused(unknown));
            }
            store::books::set_categories(connection, id, &categories).await?;
            Ok(save(connection, context, book).await?)
        })
        .await
}

/// The end of every edit: writes the book as a new version and, when readers see it, announces it.
async fn save(
    connection: &mut Connection,
    context: &CommandContext,
    mut book: Book,
) -> QueryResult<Book> {
    touch(&mut book, context);
    store::books::update(connection, &book).await?;
    if book.is_on_shelf() {
        announce_updated(connection, context, &[book.id]).await?;
    }
    Ok(book)
}

/// The book as it is, when the viewer may do what they ask; one they cannot see is not found.
async fn locked<C: From<NotFound> + From<VersionConflict>>(
    connection: &mut Connection,
    context: &CommandContext,
    id: Uuid,
    version: i64,
    may: fn(&Editor, &Book) -> bool,
) -> Outcome<(Editor, Book), C> {
    require_any(
        context,
        &[
            ("books", "publish"),
            ("books", "update"),
            ("books", "manage"),
        ],
    )?;
    let editor = editor(connection, context).await?;
    let book = store::books::lock(connection, id)
        .await?
        .filter(|book| editor.sees(book))
        .ok_or_else(|| Failure::field(C::from(NotFound), "id"))?;
    if !may(&editor, &book) {
        return Err(Error::forbidden().into());
    }
    same_version::<C>(book.version, version)?;
    Ok((editor, book))
}

fn touch(book: &mut Book, context: &CommandContext) {
    book.version += 1;
    book.updated_at = context.now;
}

async fn leave_shelf(
    connection: &mut Connection,
    context: &CommandContext,
    book: &Book,
    deleted: bool,
) -> QueryResult<()> {
    store::documents::refresh(connection, &[book.id]).await?;
    let event = BookWithdrawn {
        book_id: book.id,
        version: book.version,
        deleted,
        withdrawn_at: context.now,
    };
    outbox::enqueue(connection, context, &event).await?;
    Ok(())
}

fn checked(
    mut changes: BookChanges,
    prices: &[Money],
    is_free: bool,
) -> Result<CheckedChanges, Vec<Refusal<CreateBookErrorCode>>> {
    // A new book has no title to keep, so an absent one is an empty one.
    changes.title.get_or_insert_default();
    let priced = check_prices(prices, is_free);
    match (changes.check(), priced) {
        (Ok(changes), Ok(())) => Ok(changes),
        (Err(mut refusals), Err(more)) => {
            refusals.extend(more);
            Err(refusals)
        }
        (Err(refusals), Ok(())) | (Ok(_), Err(refusals)) => Err(refusals),
    }
}

/// Applies the changes to the book and replaces the rows that belong to it.
async fn write_relations(
    connection: &mut Connection,
    book: &mut Book,
    changes: CheckedChanges,
) -> QueryResult<()> {
    if let Some(contributors) = changes.contributors() {
        store::books::set_contributors(connection, book.id, contributors).await?;
    }
    if let Some(categories) = changes.categories() {
        store::books::set_categories(connection, book.id, categories).await?;
    }
    changes.apply(book);
    Ok(())
}

async fn slug_for(connection: &mut Connection, book: &Book) -> QueryResult<Slug> {
    let wanted = Slug::of(&book.title, "book");
    let suffixed = wanted.with_suffix(&suffix(book.id));
    let taken = store::books::taken_slugs(connection, &[wanted.as_str()]).await?;
    Ok(free_slug(wanted, suffixed, &taken))
}

/// An ISBN or a slug that two editors reach at once is a refusal like any other.
fn taken<C: From<IsbnTaken> + From<SlugTaken>>(error: Diesel) -> Failure<C> {
    match broken_index(&error) {
        Some("books_by_isbn") => Failure::field(IsbnTaken.into(), "isbn"),
        _ => slug_taken(error),
    }
}
