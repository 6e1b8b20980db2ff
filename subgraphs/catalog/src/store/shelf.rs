//! Lists of books in an order readers chose, by keyset: a page deep down costs what the first one costs.

use coko_core::database::Connection;
use coko_core::paging::{Direction, Page, Slice};
use coko_core::{Code, Error};
use diesel::dsl::{exists, sql};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::sql_types::{Bool, Date as SqlDate, Double, Text, Timestamptz};
use diesel_async::RunQueryDsl;
use serde::{Deserialize, Serialize};
use time::{Date, OffsetDateTime};
use uuid::Uuid;

use crate::model::{Book, ContributorRole, Editor, Format, Status};
use crate::tables::{book_categories, book_contributors, book_prices, books, categories};

/// The order of a list of books; each has an index.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, async_graphql::Enum)]
#[graphql(name = "BookSort")]
pub enum Sort {
    /// The most used first.
    #[default]
    Popularity,
    /// The latest arrivals first.
    Newest,
    /// By title, accents and case folded.
    Title,
    /// The latest works first.
    LatestWork,
    /// The oldest works first; those without a date come before all others.
    OldestWork,
}

impl Sort {
    fn is_descending(self) -> bool {
        matches!(self, Self::Popularity | Self::Newest | Self::LatestWork)
    }

    /// The name of the list in cursors: a cursor of one order means nothing in another.
    pub(crate) fn list(self) -> &'static str {
        match self {
            Self::Popularity => "books:popularity",
            Self::Newest => "books:newest",
            Self::Title => "books:title",
            Self::LatestWork => "books:latest",
            Self::OldestWork => "books:oldest",
        }
    }
}

/// What a list of books is narrowed by; empty means everything on the shelf.
#[derive(Clone, Debug, Default)]
pub(crate) struct ShelfFilter {
    pub status: Option<Status>,
    pub category: Option<Uuid>,
    pub author: Option<(Uuid, Option<ContributorRole>)>,
    pub publisher: Option<Uuid>,
    pub series: Option<Uuid>,
    pub languages: Vec<String>,
    pub formats: Vec<Format>,
    pub is_free: Option<bool>,
    pub is_featured: Option<bool>,
    /// At most this in this currency; free books included.
    pub price_at_most: Option<(String, i64)>,
    /// Works from this date, and before this one.
    pub published_from: Option<Date>,
    pub published_before: Option<Date>,
}

/// The value of the order's column and the id; floats travel as bits, because JSON would round them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) enum ShelfKey {
    /// Bits of the popularity.
    P(u64, Uuid),
    /// Microseconds since the epoch.
    T(i64, Uuid),
    /// Folded title.
    S(String, Uuid),
    /// Julian day.
    D(i32, Uuid),
}

/// A book with its place in the list.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Shelved {
    pub book: Book,
    pub key: ShelfKey,
}

type Boxed<'a> = books::BoxedQuery<'a, Pg>;
type Condition = diesel::expression::SqlLiteral<Bool>;

/// One page of the books that `filter` leaves and `editor` may see.
///
/// # Errors
/// `VALIDATION_FAILED` for a cursor that was tampered with.
pub(crate) async fn list(
    connection: &mut Connection,
    page: &Page<ShelfKey>,
    sort: Sort,
    filter: &ShelfFilter,
    editor: &Editor,
) -> Result<Slice<Shelved>, Error> {
    let query = ordered(narrowed(filter, editor), page, sort)?.limit(page.limit());
    let rows: Vec<(Book, String, Date)> = query
        .select((
            Book::as_select(),
            books::title_sort,
            books::publication_sort,
        ))
        .load(connection)
        .await?;
    let shelved = rows
        .into_iter()
        .map(|(book, title, date)| Shelved {
            key: key(sort, &book, title, date),
            book,
        })
        .collect();
    Ok(Slice::new(page, shelved))
}

fn key(sort: Sort, book: &Book, title: String, date: Date) -> ShelfKey {
    match sort {
        Sort::Popularity => ShelfKey::P(book.popularity.to_bits(), book.id),
        Sort::Newest => {
            let at = book.published_at.unwrap_or(OffsetDateTime::UNIX_EPOCH);
            let micros = at.unix_timestamp_nanos() / 1000;
            ShelfKey::T(i64::try_from(micros).unwrap_or(0), book.id)
        }
        Sort::Title => ShelfKey::S(title, book.id),
        Sort::LatestWork | Sort::OldestWork => ShelfKey::D(date.to_julian_day(), book.id),
    }
}

/// Applies order, direction and cursor.
fn ordered<'a>(query: Boxed<'a>, page: &Page<ShelfKey>, sort: Sort) -> Result<Boxed<'a>, Error> {
    let descending = sort.is_descending() == (page.direction == Direction::Forward);
    let query = match &page.from {
        Some(key) => after(query, key, sort, descending)?,
        None => query,
    };
    Ok(match (sort, descending) {
        (Sort::Popularity, true) => query.order((books::popularity.desc(), books::id.desc())),
        (Sort::Popularity, false) => query.order((books::popularity.asc(), books::id.asc())),
        (Sort::Newest, true) => query.order((books::published_at.desc(), books::id.desc())),
        (Sort::Newest, false) => query.order((books::published_at.asc(), books::id.asc())),
        (Sort::Title, true) => query.order((books::title_sort.desc(), books::id.desc())),
        (Sort::Title, false) => query.order((books::title_sort.asc(), books::id.asc())),
        (Sort::LatestWork | Sort::OldestWork, true) => {
            query.order((books::publication_sort.desc(), books::id.desc()))
        }
        (Sort::LatestWork | Sort::OldestWork, false) => {
            query.order((books::publication_sort.asc(), books::id.asc()))
        }
    })
}

/// Only a row comparison lets the index begin at the cursor; Diesel has none, hence the fragment with bound values.
fn after<'a>(
    query: Boxed<'a>,
    key: &ShelfKey,
    sort: Sort,
    descending: bool,
) -> Result<Boxed<'a>, Error> {
    let compare = if descending { ") < (" } else { ") > (" };
    let row = |column: &'static str| -> Condition {
        sql::<Bool>(&format!("(books.{column}, books.id{compare}"))
    };
    let tampered = || Error::new(Code::ValidationFailed, "core-cursor");
    Ok(match (sort, key) {
        (Sort::Popularity, ShelfKey::P(bits, id)) => query.filter(
            row("popularity")
                .bind::<Double, _>(f64::from_bits(*bits))
                .sql(", ")
                .bind::<diesel::sql_types::Uuid, _>(*id)
                .sql(")"),
        ),
        (Sort::Newest, ShelfKey::T(micros, id)) => {
            let at = OffsetDateTime::from_unix_timestamp_nanos(i128::from(*micros) * 1000)
                .map_err(|_| tampered())?;
            query.filter(
                row("published_at")
                    .bind::<Timestamptz, _>(at)
                    .sql(", ")
                    .bind::<diesel::sql_types::Uuid, _>(*id)
                    .sql(")"),
            )
        }
        (Sort::Title, ShelfKey::S(title, id)) => query.filter(
            row("title_sort")
                .bind::<Text, _>(title.clone())
                .sql(", ")
                .bind::<diesel::sql_types::Uuid, _>(*id)
                .sql(")"),
        ),
        (Sort::LatestWork | Sort::OldestWork, ShelfKey::D(day, id)) => {
            let date = Date::from_julian_day(*day).map_err(|_| tampered())?;
            query.filter(
                row("publication_sort")
                    .bind::<SqlDate, _>(date)
                    .sql(", ")
                    .bind::<diesel::sql_types::Uuid, _>(*id)
                    .sql(")"),
            )
        }
        _ => return Err(tampered()),
    })
}

fn narrowed<'a>(filter: &ShelfFilter, editor: &Editor) -> Boxed<'a> {
    let mut query = visible(filter.status.unwrap_or(Status::Published), editor);
    if let Some(category) = filter.category {
        query = query.filter(exists(
            book_categories::table
                .inner_join(categories::table.on(categories::id.eq(book_categories::category_id)))
                .filter(book_categories::book_id.eq(books::id))
                .filter(categories::path.contains(vec![category])),
        ));
    }
    match filter.author {
        Some((author, Some(role))) => {
            query = query.filter(exists(
                book_contributors::table
                    .filter(book_contributors::book_id.eq(books::id))
                    .filter(book_contributors::author_id.eq(author))
                    .filter(book_contributors::role.eq(role)),
            ));
        }
        Some((author, None)) => {
            query = query.filter(exists(
                book_contributors::table
                    .filter(book_contributors::book_id.eq(books::id))
                    .filter(book_contributors::author_id.eq(author)),
            ));
        }
        None => {}
    }
    if let Some(publisher) = filter.publisher {
        query = query.filter(books::publisher_id.eq(publisher));
    }
    if let Some(series) = filter.series {
        query = query.filter(books::series_id.eq(series));
    }
    if !filter.languages.is_empty() {
        query = query.filter(books::language.eq_any(filter.languages.clone()));
    }
    if !filter.formats.is_empty() {
        query = query.filter(books::format.eq_any(filter.formats.clone()));
    }
    if let Some(is_free) = filter.is_free {
        query = query.filter(books::is_free.eq(is_free));
    }
    if let Some(is_featured) = filter.is_featured {
        query = query.filter(books::is_featured.eq(is_featured));
    }
    if let Some((currency, amount)) = filter.price_at_most.clone() {
        let affordable = book_prices::table
            .filter(book_prices::book_id.eq(books::id))
            .filter(book_prices::currency.eq(currency))
            .filter(book_prices::amount.le(amount));
        query = query.filter(books::is_free.or(exists(affordable)));
    }
    if let Some(from) = filter.published_from {
        query = query.filter(books::publication_date.ge(from));
    }
    if let Some(before) = filter.published_before {
        query = query.filter(books::publication_date.lt(before));
    }
    query
}

/// Books of one status: the shelf for everyone, the rest for those who edit them.
fn visible<'a>(status: Status, editor: &Editor) -> Boxed<'a> {
    let query = books::table
        .filter(books::deleted_at.is_null())
        .into_boxed();
    if status == Status::Published {
        // Written out, because a bound value would keep the planner from the partial indexes.
        return query.filter(sql::<Bool>("books.status = 'PUBLISHED'"));
    }
    let query = query.filter(books::status.eq(status));
    if editor.edits_any {
        return query;
    }
    let mine = books::publisher_id
        .is_null()
        .and(books::created_by.eq(editor.user_id));
    query.filter(
        books::publisher_id
            .eq_any(editor.publishers.clone())
            .or(mine)
            .assume_not_null(),
    )
}

/// The books of one series, in its order.
pub(crate) async fn of_series(
    connection: &mut Connection,
    series: Uuid,
    limit: i64,
) -> QueryResult<Vec<Book>> {
    books::table
        .filter(books::series_id.eq(series))
        .filter(books::deleted_at.is_null())
        .filter(sql::<Bool>("books.status = 'PUBLISHED'"))
        .order((books::series_position.asc(), books::id.asc()))
        .limit(limit)
        .select(Book::as_select())
        .load(connection)
        .await
}
