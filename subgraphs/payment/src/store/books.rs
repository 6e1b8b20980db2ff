//! What catalog says of books, and reading of who may read them.

use coko_core::database::Connection;
use coko_core::events::catalog::BookState;
use coko_core::money::Money;
use diesel::prelude::*;
use diesel::upsert::excluded;
use diesel_async::RunQueryDsl;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::tables::{books, entitlements};

/// A book as it is sold.
#[derive(Clone, Debug)]
pub(crate) struct Offer {
    pub(crate) title: String,
    pub(crate) is_free: bool,
    pub(crate) prices: Vec<Money>,
}

/// The book, when it is on sale.
pub(crate) async fn on_sale(connection: &mut Connection, book: Uuid) -> QueryResult<Option<Offer>> {
    let row: Option<(String, bool, serde_json::Value)> = books::table
        .find(book)
        .filter(books::on_sale)
        .select((books::title, books::is_free, books::prices))
        .first(connection)
        .await
        .optional()?;
    Ok(row.map(|(title, is_free, prices)| Offer {
        title,
        is_free,
        prices: super::plans::prices(prices),
    }))
}

/// Keeps a book as it is now, unless a newer version of it is known.
pub(crate) async fn keep(connection: &mut Connection, book: &BookState) -> QueryResult<()> {
    use diesel::query_dsl::methods::FilterDsl as _;
    let prices = serde_json::to_value(&book.prices)
        .map_err(|error| diesel::result::Error::SerializationError(Box::new(error)))?;
    diesel::insert_into(books::table)
        .values((
            books::book_id.eq(book.book_id),
            books::version.eq(book.version),
            books::title.eq(&book.title),
            books::is_free.eq(book.is_free),
            books::on_sale.eq(true),
            books::prices.eq(prices),
        ))
        .on_conflict(books::book_id)
        .do_update()
        .set((
            books::version.eq(excluded(books::version)),
            books::title.eq(excluded(books::title)),
            books::is_free.eq(excluded(books::is_free)),
            books::on_sale.eq(true),
            books::prices.eq(excluded(books::prices)),
        ))
        .filter(books::version.lt(excluded(books::version)))
        .execute(connection)
        .await
        .map(drop)
}

/// Takes a book off the shelf, unless a newer version of it is known. A book that was never seen is kept as withdrawn.
pub(crate) async fn withdraw(
    connection: &mut Connection,
    book: Uuid,
    version: i64,
) -> QueryResult<()> {
    use diesel::query_dsl::methods::FilterDsl as _;
    diesel::insert_into(books::table)
        .values((
            books::book_id.eq(book),
            books::version.eq(version),
            books::title.eq(""),
            books::is_free.eq(false),
            books::on_sale.eq(false),
            books::prices.eq(serde_json::json!([])),
        ))
        .on_conflict(books::book_id)
        .do_update()
        .set((
            books::version.eq(excluded(books::version)),
            books::on_sale.eq(false),
        ))
        .filter(books::version.lt(excluded(books::version)))
        .execute(connection)
        .await
        .map(drop)
}

/// Keeps whether someone may read a book, unless something newer is known.
pub(crate) async fn entitle(
    connection: &mut Connection,
    (user, book): (Uuid, Uuid),
    granted: bool,
    at: OffsetDateTime,
) -> QueryResult<()> {
    use diesel::query_dsl::methods::FilterDsl as _;
    diesel::insert_into(entitlements::table)
        .values((
            entitlements::user_id.eq(user),
            entitlements::book_id.eq(book),
            entitlements::granted.eq(granted),
            entitlements::at.eq(at),
        ))
        .on_conflict((entitlements::user_id, entitlements::book_id))
        .do_update()
        .set((entitlements::granted.eq(granted), entitlements::at.eq(at)))
        .filter(entitlements::at.lt(at))
        .execute(connection)
        .await
        .map(drop)
}

/// Whether someone may read a book for good, as far as reading said.
pub(crate) async fn is_entitled(
    connection: &mut Connection,
    user: Uuid,
    book: Uuid,
) -> QueryResult<bool> {
    entitlements::table
        .find((user, book))
        .select(entitlements::granted)
        .first(connection)
        .await
        .optional()
        .map(Option::unwrap_or_default)
}
