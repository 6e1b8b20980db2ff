//! Making, changing, publishing, withdrawing and deleting books.

use std::collections::HashSet;

use coko_core::Error;
use coko_core::context::CommandContext;
use coko_core::database::{Connection, Pool};
use coko_core::events::catalog::BookWithdrawn;
use coko_core::money::Money;
use coko_core::outbox;
use diesel_async::AsyncConnection as _;
use uuid::Uuid;

use super::{
    Edited, announce_published, announce_updated, editor, free_slug, require_any, same_version,
    suffix,
};
use crate::error::EditError;
use crate::model::{
    Book, BookChanges, CheckedChanges, Editor, Refusal, RefusalCode, Slug, check_prices,
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
    prices: Option<Vec<Money>>,
) -> Edited<Book> {
    require_any(context, &[("books", "publish"), ("books", "manage")])?;
    let is_free = changes.is_free.unwrap_or(false);
    let prices = prices.unwrap_or_default();
    let changes = checked(changes, &prices, is_free)?;
    let mut connection = pool.get().await?;
    connection
        .transaction(async |connection| {
            let editor = editor(connection, context).await?;
            references(connection, &editor, &changes, None).await?;
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
            store::books::insert(connection, &book).await?;
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
) -> Edited<Book> {
    let changes = changes.check()?;
    let mut connection = pool.get().await?;
    connection
        .transaction(async |connection| {
            let (editor, mut book) =
                locked(connection, context, id, version, Editor::may_edit).await?;
            references(connection, &editor, &changes, Some(&book)).await?;
            write_relations(connection, &mut book, changes.clone()).await?;
            if book.is_free {
                let prices = store::books::prices(connection, &[id]).await?;
                let prices: Vec<Money> = prices.into_iter().map(|(_, price)| price).collect();
                check_prices(&prices, true)?;
            }
            if book.is_on_shelf()
                && store::books::contributors(connection, &[id])
                    .await?
                    .is_empty()
            {
                return Err(Refusal::of("contributors", RefusalCode::Incomplete).into());
            }
            settle(connection, context, book).await
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
) -> Edited<Book> {
    let mut connection = pool.get().await?;
    connection
        .transaction(async |connection| {
            let (_, mut book) =
                locked(connection, context, id, version, Editor::may_manage).await?;
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
) -> Edited<Book> {
    let mut connection = pool.get().await?;
    connection
        .transaction(async |connection| {
            let (_, mut book) =
                locked(connection, context, id, version, Editor::may_manage).await?;
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
) -> Edited<Uuid> {
    let mut connection = pool.get().await?;
    connection
        .transaction(async |connection| {
            let (_, mut book) =
                locked(connection, context, id, version, Editor::may_manage).await?;
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
) -> Edited<Book> {
    let mut connection = pool.get().await?;
    connection
        .transaction(async |connection| {
            let (_, book) = locked(connection, context, id, version, Editor::may_manage).await?;
            check_prices(&prices, book.is_free)?;
            store::books::set_prices(connection, id, &prices).await?;
            settle(connection, context, book).await
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
) -> Edited<Book> {
    let changes = BookChanges {
        categories: Some(categories),
        ..BookChanges::default()
    };
    update(pool, context, id, version, changes).await
}

/// The end of every edit: writes the book as a new version and, when readers see it, announces it.
async fn settle(
    connection: &mut Connection,
    context: &CommandContext,
    mut book: Book,
) -> Edited<Book> {
    touch(&mut book, context);
    store::books::update(connection, &book).await?;
    if book.is_on_shelf() {
        announce_updated(connection, context, &[book.id]).await?;
    }
    Ok(book)
}

/// The book as it is, when the viewer may do what they ask; one they cannot see is not found.
async fn locked(
    connection: &mut Connection,
    context: &CommandContext,
    id: Uuid,
    version: i64,
    may: fn(&Editor, &Book) -> bool,
) -> Edited<(Editor, Book)> {
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
        .ok_or_else(|| Refusal::of("id", RefusalCode::NotFound))?;
    if !may(&editor, &book) {
        return Err(Error::forbidden().into());
    }
    same_version(book.version, version)?;
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
) -> Result<(), EditError> {
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
) -> Result<CheckedChanges, Vec<Refusal>> {
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

/// Checks that everything the changes refer to exists and may be used by this editor.
async fn references(
    connection: &mut Connection,
    editor: &Editor,
    changes: &CheckedChanges,
    book: Option<&Book>,
) -> Edited<()> {
    let mut refusals = Vec::new();
    if let Some(contributions) = changes.contributors() {
        let ids: HashSet<Uuid> = contributions
            .iter()
            .map(|contribution| contribution.author_id)
            .collect();
        let ids: Vec<Uuid> = ids.into_iter().collect();
        let known = store::authors::by_ids(connection, &ids).await?;
        for (index, contribution) in contributions.iter().enumerate() {
            if known
                .iter()
                .all(|author| author.id != contribution.author_id)
            {
                let path = format!("contributors.{index}.authorId");
                refusals.push(Refusal::of(path, RefusalCode::UnknownAuthor));
            }
        }
    }
    if let Some(categories) = changes.categories() {
        let known = store::categories::by_ids(connection, categories).await?;
        for (index, category) in categories.iter().enumerate() {
            if known.iter().all(|found| found.id != *category) {
                refusals.push(Refusal::of(
                    format!("categories.{index}"),
                    RefusalCode::UnknownCategory,
                ));
            }
        }
    }
    if let Some(publisher) = changes.publisher() {
        let unchanged = book.is_some_and(|book| book.publisher_id == Some(publisher));
        let known = !store::publishers::by_ids(connection, &[publisher])
            .await?
            .is_empty();
        // A house that is not the viewer's answers like one that does not exist.
        if !known || !(unchanged || editor.may_use_publisher(publisher)) {
            refusals.push(Refusal::of("publisherId", RefusalCode::UnknownPublisher));
        }
    }
    if let Some(series) = changes.series()
        && store::series::by_ids(connection, &[series])
            .await?
            .is_empty()
    {
        refusals.push(Refusal::of("series.seriesId", RefusalCode::UnknownSeries));
    }
    if changes.features() && !editor.manages_any {
        return Err(Error::forbidden().into());
    }
    if refusals.is_empty() {
        Ok(())
    } else {
        Err(refusals.into())
    }
}

/// Applies the changes to the book and replaces the rows that belong to it.
async fn write_relations(
    connection: &mut Connection,
    book: &mut Book,
    changes: CheckedChanges,
) -> Edited<()> {
    if let Some(contributors) = changes.contributors() {
        store::books::set_contributors(connection, book.id, contributors).await?;
    }
    if let Some(categories) = changes.categories() {
        store::books::set_categories(connection, book.id, categories).await?;
    }
    changes.apply(book);
    Ok(())
}

async fn slug_for(connection: &mut Connection, book: &Book) -> Edited<Slug> {
    let wanted = Slug::of(&book.title, "book");
    let suffixed = wanted.with_suffix(&suffix(book.id));
    let taken = store::books::taken_slugs(connection, &[wanted.as_str()]).await?;
    Ok(free_slug(wanted, suffixed, &taken))
}
