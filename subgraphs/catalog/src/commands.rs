//! What can be done to the catalogue, one function per use case.
//!
//! Each loads, lets the model decide, writes, refreshes the search documents and enqueues its events in one transaction.

pub(crate) mod authors;
pub(crate) mod books;
pub(crate) mod categories;
pub(crate) mod imports;
pub(crate) mod publishers;
pub(crate) mod readers;
pub(crate) mod sample;
pub(crate) mod series;

use std::collections::HashMap;

use coko_core::context::CommandContext;
use coko_core::database::Connection;
use coko_core::events::catalog::{BookPublished, BookState, BookUpdated};
use coko_core::graphql::{Failure, Outcome};
use coko_core::{Code, Error, outbox};
use diesel::QueryResult;
use diesel::result::{DatabaseErrorKind, Error as Diesel};
use uuid::Uuid;

use crate::model::reason::{SlugTaken, VersionConflict};
use crate::model::{Book, ContributorRole, Editor, Slug};
use crate::store;

/// What the one who asks may edit; the houses are looked up only for those who may use them.
pub(crate) async fn editor(
    connection: &mut Connection,
    context: &CommandContext,
) -> QueryResult<Editor> {
    let publishers = match context.viewer.user_id() {
        Some(user) if Editor::needs_publishers(&context.viewer) => {
            store::publishers::of_user(connection, user).await?
        }
        _ => Vec::new(),
    };
    Ok(Editor::new(&context.viewer, publishers))
}

/// Demands a right of which any one suffices.
fn require_any(context: &CommandContext, rights: &[(&str, &str)]) -> Result<(), Error> {
    if rights
        .iter()
        .any(|(resource, action)| context.viewer.can(resource, action))
    {
        return Ok(());
    }
    let (resource, action) = rights.first().copied().unwrap_or(("system", "manage"));
    context.viewer.require(resource, action)
}

/// Refuses an edit of another version than the one that is there.
fn same_version<C: From<VersionConflict>>(found: i64, expected: i64) -> Outcome<(), C> {
    if found == expected {
        Ok(())
    } else {
        Err(Failure::field(VersionConflict.into(), "version"))
    }
}

/// The unique index that a row would have broken.
fn broken_index(error: &Diesel) -> Option<&str> {
    match error {
        Diesel::DatabaseError(DatabaseErrorKind::UniqueViolation, about) => about.constraint_name(),
        _ => None,
    }
}

/// A chosen slug that two editors reach at once is a refusal like any other.
fn slug_taken<C: From<SlugTaken>>(error: Diesel) -> Failure<C> {
    match broken_index(&error) {
        Some(index) if index.ends_with("_slug_key") => Failure::field(SlugTaken.into(), "slug"),
        _ => error.into(),
    }
}

/// A slug that we made and someone else was faster to use: trying again makes another one.
fn overtaken(error: Diesel) -> Error {
    match broken_index(&error) {
        Some(_) => Error::new(Code::Conflict, "core-conflict").with_source(error),
        None => error.into(),
    }
}

/// `wanted`, or `wanted` with a suffix that nobody has, given which of both are `taken`.
fn free_slug(wanted: Slug, suffixed: Slug, taken: &[Slug]) -> Slug {
    if taken.contains(&wanted) {
        suffixed
    } else {
        wanted
    }
}

/// The end of an id, short and different for every id made by one process.
fn suffix(id: Uuid) -> String {
    let digits = id.simple().to_string();
    digits[digits.len() - 8..].to_owned()
}

/// The books as events tell them, in the order given.
pub(crate) async fn states(
    connection: &mut Connection,
    books: &[Book],
) -> QueryResult<Vec<BookState>> {
    let ids: Vec<Uuid> = books.iter().map(|book| book.id).collect();
    let contributions = store::books::contributors(connection, &ids).await?;
    let mut people: Vec<Uuid> = contributions
        .iter()
        .map(|(_, contribution)| contribution.author_id)
        .collect();
    people.sort_unstable();
    people.dedup();
    let names: HashMap<Uuid, String> = store::authors::by_ids(connection, &people)
        .await?
        .into_iter()
        .map(|author| (author.id, author.name))
        .collect();
    let mut states: HashMap<Uuid, BookState> =
        books.iter().map(|book| (book.id, state(book))).collect();
    for (book, contribution) in contributions {
        let Some(state) = states.get_mut(&book) else {
            continue;
        };
        if !state.contributor_ids.contains(&contribution.author_id) {
            state.contributor_ids.push(contribution.author_id);
        }
        if contribution.role == ContributorRole::Author {
            state
                .authors
                .extend(names.get(&contribution.author_id).cloned());
        }
    }
    for (book, category) in store::books::categories(connection, &ids).await? {
        if let Some(state) = states.get_mut(&book) {
            state.category_ids.push(category);
        }
    }
    for (book, price) in store::books::prices(connection, &ids).await? {
        if let Some(state) = states.get_mut(&book) {
            state.prices.push(price);
        }
    }
    Ok(ids.iter().filter_map(|id| states.remove(id)).collect())
}

fn state(book: &Book) -> BookState {
    BookState {
        book_id: book.id,
        version: book.version,
        title: book.title.clone(),
        description: book.description.clone(),
        language: book.language.clone(),
        isbn: book.isbn.as_ref().map(ToString::to_string),
        authors: Vec::new(),
        contributor_ids: Vec::new(),
        category_ids: Vec::new(),
        publisher_id: book.publisher_id,
        series_id: book.series_id,
        page_count: book.page_count,
        prices: Vec::new(),
        is_free: book.is_free,
        published_at: book.published_at,
    }
}

/// Brings the search documents up to date and says `book.updated` for those of `ids` that are on the shelf.
pub(crate) async fn announce_updated(
    connection: &mut Connection,
    context: &CommandContext,
    ids: &[Uuid],
) -> QueryResult<()> {
    store::documents::refresh(connection, ids).await?;
    let mut books = store::books::by_ids(connection, ids).await?;
    books.retain(Book::is_on_shelf);
    let events: Vec<BookUpdated> = states(connection, &books)
        .await?
        .into_iter()
        .map(|book| BookUpdated { book })
        .collect();
    outbox::enqueue_all(connection, context, &events).await
}

/// Brings the search documents up to date and says `book.published` for those of `ids` that are on the shelf.
pub(crate) async fn announce_published(
    connection: &mut Connection,
    context: &CommandContext,
    ids: &[Uuid],
) -> QueryResult<()> {
    store::documents::refresh(connection, ids).await?;
    let mut books = store::books::by_ids(connection, ids).await?;
    books.retain(Book::is_on_shelf);
    let events: Vec<BookPublished> = states(connection, &books)
        .await?
        .into_iter()
        .map(|book| BookPublished { book })
        .collect();
    metrics::counter!("catalog_books_published_total").increment(events.len() as u64);
    outbox::enqueue_all(connection, context, &events).await
}
