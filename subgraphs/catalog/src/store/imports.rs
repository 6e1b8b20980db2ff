//! Writing many books with few statements.

use std::collections::HashMap;

use coko_core::database::Connection;
use diesel::prelude::*;
use diesel::sql_types::{Array, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::import::Record;
use crate::model::{Author, Book, Contribution, ContributorRole, Publisher, Series, Slug};
use crate::tables::{
    authors, book_categories, book_contributors, book_prices, book_sources, book_stats, books,
    publishers, series,
};

/// Rows per statement of the widest table; PostgreSQL binds at most 65,535 values.
const CHUNK: usize = 1000;

/// What an earlier import made of a record.
pub(crate) struct Known {
    pub book_id: Uuid,
    pub content_hash: Vec<u8>,
    pub deleted: bool,
}

/// The records of `source` that are known already, by the source's id.
pub(crate) async fn known(
    connection: &mut Connection,
    source: &str,
    ids: &[&str],
) -> QueryResult<HashMap<String, Known>> {
    let rows: Vec<(String, Uuid, Vec<u8>, Option<OffsetDateTime>)> = book_sources::table
        .inner_join(books::table.on(books::id.eq(book_sources::book_id)))
        .filter(book_sources::source.eq(source))
        .filter(book_sources::source_id.eq_any(ids))
        .select((
            book_sources::source_id,
            book_sources::book_id,
            book_sources::content_hash,
            books::deleted_at,
        ))
        .load(connection)
        .await?;
    Ok(rows
        .into_iter()
        .map(|(id, book_id, content_hash, deleted_at)| {
            let known = Known {
                book_id,
                content_hash,
                deleted: deleted_at.is_some(),
            };
            (id, known)
        })
        .collect())
}

/// Which books have these ISBNs.
pub(crate) async fn isbn_owners(
    connection: &mut Connection,
    isbns: &[&str],
) -> QueryResult<HashMap<String, Option<Uuid>>> {
    let rows: Vec<(Option<String>, Uuid)> = books::table
        .filter(books::isbn.eq_any(isbns))
        .filter(books::deleted_at.is_null())
        .select((books::isbn, books::id))
        .load(connection)
        .await?;
    Ok(rows
        .into_iter()
        .filter_map(|(isbn, id)| Some((isbn?, Some(id))))
        .collect())
}

/// Enters the authors whose slugs are new; returns the ids of all.
pub(crate) async fn ensure_authors(
    connection: &mut Connection,
    entered: &[Author],
) -> QueryResult<HashMap<Slug, Uuid>> {
    for chunk in entered.chunks(CHUNK) {
        diesel::insert_into(authors::table)
            .values(chunk)
            .on_conflict(authors::slug)
            .do_nothing()
            .execute(connection)
            .await?;
    }
    let slugs: Vec<&str> = entered.iter().map(|author| author.slug.as_str()).collect();
    let rows: Vec<(Slug, Uuid)> = authors::table
        .filter(authors::slug.eq_any(slugs))
        .select((authors::slug, authors::id))
        .load(connection)
        .await?;
    Ok(rows.into_iter().collect())
}

/// Enters the houses whose slugs are new; returns the ids of all.
pub(crate) async fn ensure_publishers(
    connection: &mut Connection,
    entered: &[Publisher],
) -> QueryResult<HashMap<Slug, Uuid>> {
    diesel::insert_into(publishers::table)
        .values(entered)
        .on_conflict(publishers::slug)
        .do_nothing()
        .execute(connection)
        .await?;
    let slugs: Vec<&str> = entered
        .iter()
        .map(|publisher| publisher.slug.as_str())
        .collect();
    let rows: Vec<(Slug, Uuid)> = publishers::table
        .filter(publishers::slug.eq_any(slugs))
        .select((publishers::slug, publishers::id))
        .load(connection)
        .await?;
    Ok(rows.into_iter().collect())
}

/// Enters the series whose slugs are new; returns the ids of all.
pub(crate) async fn ensure_series(
    connection: &mut Connection,
    entered: &[Series],
) -> QueryResult<HashMap<Slug, Uuid>> {
    diesel::insert_into(series::table)
        .values(entered)
        .on_conflict(series::slug)
        .do_nothing()
        .execute(connection)
        .await?;
    let slugs: Vec<&str> = entered.iter().map(|series| series.slug.as_str()).collect();
    let rows: Vec<(Slug, Uuid)> = series::table
        .filter(series::slug.eq_any(slugs))
        .select((series::slug, series::id))
        .load(connection)
        .await?;
    Ok(rows.into_iter().collect())
}

#[derive(Clone, Insertable)]
#[diesel(table_name = book_contributors)]
struct ContributorRow {
    book_id: Uuid,
    author_id: Uuid,
    role: ContributorRole,
    position: i32,
}

#[derive(Clone, Insertable)]
#[diesel(table_name = book_categories)]
struct CategoryRow {
    book_id: Uuid,
    category_id: Uuid,
    position: i32,
}

#[derive(Clone, Insertable)]
#[diesel(table_name = book_prices)]
struct PriceRow {
    book_id: Uuid,
    currency: &'static str,
    amount: i64,
}

#[derive(Clone, Insertable)]
#[diesel(table_name = book_stats)]
struct StatsRow {
    book_id: Uuid,
    outside_ratings: i64,
}

/// Where a book came from.
#[derive(Clone, Insertable)]
#[diesel(table_name = book_sources)]
pub(crate) struct SourceRow {
    pub source: String,
    pub source_id: String,
    pub book_id: Uuid,
    pub content_hash: Vec<u8>,
    pub imported_at: OffsetDateTime,
}

/// Every row that belongs to the books of one batch.
#[derive(Default)]
pub(crate) struct Relations {
    contributors: Vec<ContributorRow>,
    categories: Vec<CategoryRow>,
    prices: Vec<PriceRow>,
    stats: Vec<StatsRow>,
    pub(crate) sources: Vec<SourceRow>,
}

impl Relations {
    /// Adds the rows of one book.
    pub(crate) fn add(
        &mut self,
        book: &Book,
        record: &Record,
        contributions: Vec<Contribution>,
        categories: impl Iterator<Item = Uuid>,
    ) {
        let book_id = book.id;
        self.contributors
            .extend(
                (0..)
                    .zip(contributions)
                    .map(|(position, contribution)| ContributorRow {
                        book_id,
                        author_id: contribution.author_id,
                        role: contribution.role,
                        position,
                    }),
            );
        for category_id in categories {
            let of_book = self
                .categories
                .iter()
                .rev()
                .take_while(|row| row.book_id == book_id);
            let mut position = 0;
            let mut repeated = false;
            for row in of_book {
                position = position.max(row.position + 1);
                repeated |= row.category_id == category_id;
            }
            if !repeated {
                self.categories.push(CategoryRow {
                    book_id,
                    category_id,
                    position,
                });
            }
        }
        self.prices
            .extend(record.prices.iter().map(|price| PriceRow {
                book_id,
                currency: price.currency.code(),
                amount: price.amount,
            }));
        self.stats.push(StatsRow {
            book_id,
            outside_ratings: record.outside_ratings,
        });
    }
}

/// Writes new books, writes changed ones back, and replaces the rows that belong to either.
pub(crate) async fn write(
    connection: &mut Connection,
    created: &[Book],
    updated: &[Book],
    relations: &Relations,
) -> QueryResult<()> {
    for chunk in created.chunks(CHUNK) {
        diesel::insert_into(books::table)
            .values(chunk)
            .execute(connection)
            .await?;
    }
    for book in updated {
        super::books::update(connection, book).await?;
    }
    clear(connection, updated).await?;
    for chunk in relations.contributors.chunks(CHUNK) {
        diesel::insert_into(book_contributors::table)
            .values(chunk)
            .execute(connection)
            .await?;
    }
    for chunk in relations.categories.chunks(CHUNK) {
        diesel::insert_into(book_categories::table)
            .values(chunk)
            .execute(connection)
            .await?;
    }
    for chunk in relations.prices.chunks(CHUNK) {
        diesel::insert_into(book_prices::table)
            .values(chunk)
            .execute(connection)
            .await?;
    }
    for chunk in relations.stats.chunks(CHUNK) {
        diesel::insert_into(book_stats::table)
            .values(chunk)
            .on_conflict(book_stats::book_id)
            .do_update()
            .set(
                book_stats::outside_ratings
                    .eq(diesel::upsert::excluded(book_stats::outside_ratings)),
            )
            .execute(connection)
            .await?;
    }
    for chunk in relations.sources.chunks(CHUNK) {
        diesel::insert_into(book_sources::table)
            .values(chunk)
            .on_conflict((book_sources::source, book_sources::source_id))
            .do_update()
            .set((
                book_sources::content_hash.eq(diesel::upsert::excluded(book_sources::content_hash)),
                book_sources::imported_at.eq(diesel::upsert::excluded(book_sources::imported_at)),
            ))
            .execute(connection)
            .await?;
    }
    let ids: Vec<Uuid> = created.iter().chain(updated).map(|book| book.id).collect();
    diesel::sql_query(
        "UPDATE books SET popularity = catalog_popularity(s.downloads, s.rating_count, s.outside_ratings)
         FROM book_stats s WHERE s.book_id = books.id AND books.id = ANY($1)",
    )
    .bind::<Array<SqlUuid>, _>(ids)
    .execute(connection)
    .await
    .map(drop)
}

async fn clear(connection: &mut Connection, updated: &[Book]) -> QueryResult<()> {
    if updated.is_empty() {
        return Ok(());
    }
    let ids: Vec<Uuid> = updated.iter().map(|book| book.id).collect();
    diesel::delete(book_contributors::table.filter(book_contributors::book_id.eq_any(&ids)))
        .execute(connection)
        .await?;
    diesel::delete(book_categories::table.filter(book_categories::book_id.eq_any(&ids)))
        .execute(connection)
        .await?;
    diesel::delete(book_prices::table.filter(book_prices::book_id.eq_any(&ids)))
        .execute(connection)
        .await
        .map(drop)
}
