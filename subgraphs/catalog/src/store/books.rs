//! Books and the rows that belong to one.

use coko_core::database::Connection;
use coko_core::money::{Currency, Money};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use crate::model::{Book, Contribution, ContributorRole, Isbn, Slug, Stats};
use crate::tables::{book_categories, book_contributors, book_prices, book_stats, books};

/// The books with these ids that are not deleted, in no order.
pub(crate) async fn by_ids(connection: &mut Connection, ids: &[Uuid]) -> QueryResult<Vec<Book>> {
    books::table
        .filter(books::id.eq_any(ids))
        .filter(books::deleted_at.is_null())
        .select(Book::as_select())
        .load(connection)
        .await
}

/// The book with this ISBN.
pub(crate) async fn by_isbn(connection: &mut Connection, isbn: &Isbn) -> QueryResult<Option<Book>> {
    books::table
        .filter(books::isbn.eq(isbn.as_str()))
        .filter(books::deleted_at.is_null())
        .select(Book::as_select())
        .first(connection)
        .await
        .optional()
}

/// The book at this address.
pub(crate) async fn by_slug(connection: &mut Connection, slug: &str) -> QueryResult<Option<Book>> {
    books::table
        .filter(books::slug.eq(slug))
        .filter(books::deleted_at.is_null())
        .select(Book::as_select())
        .first(connection)
        .await
        .optional()
}

/// The book, locked until the transaction ends, so that two edits follow each other.
pub(crate) async fn lock(connection: &mut Connection, id: Uuid) -> QueryResult<Option<Book>> {
    books::table
        .find(id)
        .filter(books::deleted_at.is_null())
        .select(Book::as_select())
        .for_update()
        .first(connection)
        .await
        .optional()
}

/// Writes a new book.
pub(crate) async fn insert(connection: &mut Connection, book: &Book) -> QueryResult<()> {
    diesel::insert_into(books::table)
        .values(book)
        .execute(connection)
        .await?;
    diesel::insert_into(book_stats::table)
        .values(book_stats::book_id.eq(book.id))
        .execute(connection)
        .await
        .map(drop)
}

/// Writes a locked book back.
pub(crate) async fn update(connection: &mut Connection, book: &Book) -> QueryResult<()> {
    diesel::update(books::table.find(book.id))
        .set(book)
        .execute(connection)
        .await
        .map(drop)
}

/// Which of `wanted` and the slugs made from it by a suffix are taken, deleted books included.
pub(crate) async fn taken_slugs(
    connection: &mut Connection,
    wanted: &[&str],
) -> QueryResult<Vec<Slug>> {
    books::table
        .filter(books::slug.eq_any(wanted))
        .select(books::slug)
        .load(connection)
        .await
}

/// Replaces everyone who contributed.
pub(crate) async fn set_contributors(
    connection: &mut Connection,
    book: Uuid,
    contributions: &[Contribution],
) -> QueryResult<()> {
    diesel::delete(book_contributors::table.filter(book_contributors::book_id.eq(book)))
        .execute(connection)
        .await?;
    let rows: Vec<_> = (0_i32..)
        .zip(contributions)
        .map(|(position, contribution)| {
            (
                book_contributors::book_id.eq(book),
                book_contributors::author_id.eq(contribution.author_id),
                book_contributors::role.eq(contribution.role),
                book_contributors::position.eq(position),
            )
        })
        .collect();
    diesel::insert_into(book_contributors::table)
        .values(rows)
        .execute(connection)
        .await
        .map(drop)
}

/// Replaces the categories.
pub(crate) async fn set_categories(
    connection: &mut Connection,
    book: Uuid,
    categories: &[Uuid],
) -> QueryResult<()> {
    diesel::delete(book_categories::table.filter(book_categories::book_id.eq(book)))
        .execute(connection)
        .await?;
    let rows: Vec<_> = (0_i32..)
        .zip(categories)
        .map(|(position, category)| {
            (
                book_categories::book_id.eq(book),
                book_categories::category_id.eq(*category),
                book_categories::position.eq(position),
            )
        })
        .collect();
    diesel::insert_into(book_categories::table)
        .values(rows)
        .execute(connection)
        .await
        .map(drop)
}

/// Replaces the prices.
pub(crate) async fn set_prices(
    connection: &mut Connection,
    book: Uuid,
    prices: &[Money],
) -> QueryResult<()> {
    diesel::delete(book_prices::table.filter(book_prices::book_id.eq(book)))
        .execute(connection)
        .await?;
    let rows: Vec<_> = prices
        .iter()
        .map(|price| {
            (
                book_prices::book_id.eq(book),
                book_prices::currency.eq(price.currency.code()),
                book_prices::amount.eq(price.amount),
            )
        })
        .collect();
    diesel::insert_into(book_prices::table)
        .values(rows)
        .execute(connection)
        .await
        .map(drop)
}

/// Who contributed to each of these books, in order.
pub(crate) async fn contributors(
    connection: &mut Connection,
    ids: &[Uuid],
) -> QueryResult<Vec<(Uuid, Contribution)>> {
    let rows: Vec<(Uuid, Uuid, ContributorRole)> = book_contributors::table
        .filter(book_contributors::book_id.eq_any(ids))
        .order((book_contributors::book_id, book_contributors::position))
        .select((
            book_contributors::book_id,
            book_contributors::author_id,
            book_contributors::role,
        ))
        .load(connection)
        .await?;
    Ok(rows
        .into_iter()
        .map(|(book, author_id, role)| (book, Contribution { author_id, role }))
        .collect())
}

/// The categories of each of these books, the main one first.
pub(crate) async fn categories(
    connection: &mut Connection,
    ids: &[Uuid],
) -> QueryResult<Vec<(Uuid, Uuid)>> {
    book_categories::table
        .filter(book_categories::book_id.eq_any(ids))
        .order((book_categories::book_id, book_categories::position))
        .select((book_categories::book_id, book_categories::category_id))
        .load(connection)
        .await
}

/// The prices of each of these books, XOF first.
pub(crate) async fn prices(
    connection: &mut Connection,
    ids: &[Uuid],
) -> QueryResult<Vec<(Uuid, Money)>> {
    let rows: Vec<(Uuid, String, i64)> = book_prices::table
        .filter(book_prices::book_id.eq_any(ids))
        .load(connection)
        .await?;
    let mut prices: Vec<_> = rows
        .into_iter()
        .filter_map(|(book, currency, amount)| {
            // A currency that this version does not sell in is not shown.
            let currency: Currency = currency.parse().ok()?;
            Some((book, Money::new(amount, currency)))
        })
        .collect();
    prices.sort_by_key(|(book, price)| (*book, price.currency));
    Ok(prices)
}

/// What readers did with each of these books.
pub(crate) async fn stats(connection: &mut Connection, ids: &[Uuid]) -> QueryResult<Vec<Stats>> {
    book_stats::table
        .filter(book_stats::book_id.eq_any(ids))
        .select(Stats::as_select())
        .load(connection)
        .await
}

/// Sets what the file service made of a cover, unless the book is gone.
pub(crate) async fn set_cover(
    connection: &mut Connection,
    book: Uuid,
    cover: &serde_json::Value,
) -> QueryResult<usize> {
    diesel::update(books::table.find(book).filter(books::deleted_at.is_null()))
        .set((
            books::cover.eq(cover),
            books::version.eq(books::version + 1),
        ))
        .execute(connection)
        .await
}

/// Sets the pages counted in the book's file, where nobody said how many there are.
pub(crate) async fn set_page_count(
    connection: &mut Connection,
    book: Uuid,
    pages: i32,
) -> QueryResult<usize> {
    diesel::update(
        books::table
            .find(book)
            .filter(books::deleted_at.is_null())
            .filter(books::page_count.is_null()),
    )
    .set((
        books::page_count.eq(pages),
        books::version.eq(books::version + 1),
    ))
    .execute(connection)
    .await
}

/// Sets the public extract.
pub(crate) async fn set_sample(
    connection: &mut Connection,
    book: Uuid,
    url: &str,
) -> QueryResult<usize> {
    diesel::update(books::table.find(book).filter(books::deleted_at.is_null()))
        .set((
            books::sample_url.eq(url),
            books::version.eq(books::version + 1),
        ))
        .execute(connection)
        .await
}
