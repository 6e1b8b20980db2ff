//! Search documents: what of a book is searched, as rows of `book_search` and as values for another engine.

use coko_core::database::Connection;
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Bool, Double, Integer, Nullable, Text, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// The parts of a document, gathered from the tables; shared by both forms so that they cannot differ.
///
/// The price band is told in XOF: EUR at the fixed parity of 655.957, USD at a round 600.
const PARTS: &str = "
    SELECT b.id AS book_id, b.title, b.subtitle, b.description, b.isbn, b.language, b.format, b.publisher_id, b.series_id,
           b.is_free, b.popularity, extract(year FROM b.publication_date)::integer AS publication_year,
           coalesce(s.name, '') AS series, people.names, people.author_ids, shelves.category_ids,
           CASE WHEN b.is_free OR cost.xof = 0 THEN 'FREE'
                WHEN cost.xof IS NULL THEN 'NOT_SOLD'
                WHEN cost.xof < 1000 THEN 'UNDER_1000'
                WHEN cost.xof < 2500 THEN 'FROM_1000'
                WHEN cost.xof < 5000 THEN 'FROM_2500'
                ELSE 'FROM_5000' END AS price_band
    FROM books b
    LEFT JOIN series s ON s.id = b.series_id
    CROSS JOIN LATERAL (
        SELECT coalesce(array_agg(a.name ORDER BY c.position), '{}') AS names,
               coalesce(array_agg(DISTINCT a.id), '{}') AS author_ids
        FROM book_contributors c JOIN authors a ON a.id = c.author_id WHERE c.book_id = b.id) people
    CROSS JOIN LATERAL (
        SELECT coalesce(array_agg(DISTINCT node), '{}') AS category_ids
        FROM book_categories k JOIN categories g ON g.id = k.category_id CROSS JOIN unnest(g.path) node
        WHERE k.book_id = b.id) shelves
    CROSS JOIN LATERAL (
        SELECT min(CASE p.currency WHEN 'XOF' THEN p.amount
                                   WHEN 'EUR' THEN p.amount * 6.55957
                                   WHEN 'USD' THEN p.amount * 6 END) AS xof
        FROM book_prices p WHERE p.book_id = b.id) cost
    WHERE b.id = ANY($1) AND b.status = 'PUBLISHED' AND b.deleted_at IS NULL";

/// A book as a search engine outside the database gets it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, QueryableByName)]
pub(crate) struct SearchDocument {
    /// The book.
    #[diesel(sql_type = SqlUuid)]
    pub book_id: Uuid,
    /// Its title.
    #[diesel(sql_type = Text)]
    pub title: String,
    /// Its subtitle.
    #[diesel(sql_type = Nullable<Text>)]
    pub subtitle: Option<String>,
    /// Everyone who contributed.
    #[diesel(sql_type = Array<Text>)]
    pub names: Vec<String>,
    /// Its series, or nothing.
    #[diesel(sql_type = Text)]
    pub series: String,
    /// What it is about.
    #[diesel(sql_type = Nullable<Text>)]
    pub description: Option<String>,
    /// ISBN-13.
    #[diesel(sql_type = Nullable<Text>)]
    pub isbn: Option<String>,
    /// BCP 47.
    #[diesel(sql_type = Text)]
    pub language: String,
    /// What it is read with.
    #[diesel(sql_type = Text)]
    pub format: String,
    /// Its categories with all their ancestors.
    #[diesel(sql_type = Array<SqlUuid>)]
    pub category_ids: Vec<Uuid>,
    /// Everyone who contributed, as ids.
    #[diesel(sql_type = Array<SqlUuid>)]
    pub author_ids: Vec<Uuid>,
    /// Who publishes it.
    #[diesel(sql_type = Nullable<SqlUuid>)]
    pub publisher_id: Option<Uuid>,
    /// The series, as an id.
    #[diesel(sql_type = Nullable<SqlUuid>)]
    pub series_id: Option<Uuid>,
    /// What it costs, roughly.
    #[diesel(sql_type = Text)]
    pub price_band: String,
    /// Read without paying.
    #[diesel(sql_type = Bool)]
    pub is_free: bool,
    /// The year of the work.
    #[diesel(sql_type = Nullable<Integer>)]
    pub publication_year: Option<i32>,
    /// How much it is used.
    #[diesel(sql_type = Double)]
    pub popularity: f64,
}

/// The documents of those of `ids` that readers can find.
pub(crate) async fn load(
    connection: &mut Connection,
    ids: &[Uuid],
) -> QueryResult<Vec<SearchDocument>> {
    diesel::sql_query(PARTS)
        .bind::<Array<SqlUuid>, _>(ids)
        .load(connection)
        .await
}

/// Writes the documents of those of `ids` that readers can find, and drops those of the others.
pub(crate) async fn refresh(connection: &mut Connection, ids: &[Uuid]) -> QueryResult<()> {
    diesel::sql_query(
        "DELETE FROM book_search d USING books b
         WHERE d.book_id = ANY($1) AND b.id = d.book_id AND (b.status <> 'PUBLISHED' OR b.deleted_at IS NOT NULL)",
    )
    .bind::<Array<SqlUuid>, _>(ids)
    .execute(connection)
    .await?;
    let statement = format!(
        "INSERT INTO book_search (book_id, document, title, fuzzy, language, format, category_ids, author_ids, publisher_id,
                                  series_id, price_band, is_free, publication_year, popularity)
         SELECT p.book_id,
                setweight(to_tsvector('french', f.title) || to_tsvector('simple', f.title)
                          || to_tsvector('simple', coalesce(p.isbn, '')), 'A')
                || setweight(to_tsvector('simple', f.people), 'B')
                || setweight(to_tsvector('french', f.series) || to_tsvector('simple', f.series), 'C')
                || setweight(to_tsvector('french', f.description) || to_tsvector('simple', f.description), 'D'),
                f.title, concat_ws(' ', f.title, f.people, f.series), p.language, p.format, p.category_ids, p.author_ids,
                p.publisher_id, p.series_id, p.price_band, p.is_free, p.publication_year, p.popularity
         FROM ({PARTS}) p
         CROSS JOIN LATERAL (
             SELECT catalog_fold(concat_ws(' ', p.title, p.subtitle)) AS title,
                    catalog_fold(array_to_string(p.names, ' ')) AS people,
                    catalog_fold(p.series) AS series,
                    catalog_fold(coalesce(p.description, '')) AS description) f
         ON CONFLICT (book_id) DO UPDATE
         SET document = excluded.document, title = excluded.title, fuzzy = excluded.fuzzy, language = excluded.language,
             format = excluded.format, category_ids = excluded.category_ids, author_ids = excluded.author_ids,
             publisher_id = excluded.publisher_id, series_id = excluded.series_id, price_band = excluded.price_band,
             is_free = excluded.is_free, publication_year = excluded.publication_year, popularity = excluded.popularity"
    );
    diesel::sql_query(statement)
        .bind::<Array<SqlUuid>, _>(ids)
        .execute(connection)
        .await
        .map(drop)
}

#[derive(QueryableByName)]
struct Id {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
}

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    count: i64,
}

/// How many books readers can find.
pub(crate) async fn count(connection: &mut Connection) -> QueryResult<u64> {
    let row: Count = diesel::sql_query(
        "SELECT count(*) AS count FROM books WHERE status = 'PUBLISHED' AND deleted_at IS NULL",
    )
    .get_result(connection)
    .await?;
    Ok(u64::try_from(row.count).unwrap_or(0))
}

/// The next ids of books after `after`, whatever their status, in the order of ids.
pub(crate) async fn next_ids(
    connection: &mut Connection,
    after: Uuid,
    limit: i32,
) -> QueryResult<Vec<Uuid>> {
    let rows: Vec<Id> =
        diesel::sql_query("SELECT id FROM books WHERE id > $1 ORDER BY id LIMIT $2")
            .bind::<SqlUuid, _>(after)
            .bind::<Integer, _>(limit)
            .load(connection)
            .await?;
    Ok(rows.into_iter().map(|row| row.id).collect())
}

/// The books in which any of `authors` had a part.
pub(crate) async fn of_author(connection: &mut Connection, author: Uuid) -> QueryResult<Vec<Uuid>> {
    let rows: Vec<Id> = diesel::sql_query(
        "SELECT DISTINCT book_id AS id FROM book_contributors WHERE author_id = $1",
    )
    .bind::<SqlUuid, _>(author)
    .load(connection)
    .await?;
    Ok(rows.into_iter().map(|row| row.id).collect())
}

/// The books of a series.
pub(crate) async fn of_series(connection: &mut Connection, series: Uuid) -> QueryResult<Vec<Uuid>> {
    let rows: Vec<Id> = diesel::sql_query("SELECT id FROM books WHERE series_id = $1")
        .bind::<SqlUuid, _>(series)
        .load(connection)
        .await?;
    Ok(rows.into_iter().map(|row| row.id).collect())
}

/// How many of `ids` readers can find.
pub(crate) async fn on_shelf(connection: &mut Connection, ids: &[Uuid]) -> QueryResult<u64> {
    let row: Count = diesel::sql_query(
        "SELECT count(*) AS count FROM books WHERE id = ANY($1) AND status = 'PUBLISHED' AND deleted_at IS NULL",
    )
    .bind::<Array<SqlUuid>, _>(ids)
    .get_result(connection)
    .await?;
    Ok(u64::try_from(row.count).unwrap_or(0))
}

#[derive(QueryableByName)]
struct LanguageCount {
    #[diesel(sql_type = Text)]
    language: String,
    #[diesel(sql_type = BigInt)]
    count: i64,
}

/// The languages of the books on a category's shelf or below it, the most frequent first, with how many there are.
pub(crate) async fn languages(
    connection: &mut Connection,
    category: Uuid,
) -> QueryResult<Vec<(String, i64)>> {
    let rows: Vec<LanguageCount> = diesel::sql_query(
        "SELECT language, count(*) AS count FROM book_search WHERE category_ids @> ARRAY[$1]
         GROUP BY language ORDER BY 2 DESC, 1 LIMIT 20",
    )
    .bind::<SqlUuid, _>(category)
    .load(connection)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| (row.language, row.count))
        .collect())
}
