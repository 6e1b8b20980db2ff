//! What other domains say readers did: reviews, ratings, downloads.

use coko_core::database::Connection;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, Nullable, SmallInt, Timestamptz, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use time::OffsetDateTime;
use uuid::Uuid;

/// What one event says of one review.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ReviewFact {
    pub review_id: Uuid,
    pub book_id: Uuid,
    pub half_stars: Option<i16>,
    pub has_text: bool,
    pub removed: bool,
    pub at: OffsetDateTime,
}

/// Keeps the newest fact of each review: events may come twice and in any order. A removal is final.
pub(crate) async fn record(connection: &mut Connection, fact: &ReviewFact) -> QueryResult<()> {
    diesel::sql_query(
        "INSERT INTO book_reviews (review_id, book_id, half_stars, has_text, removed, at)
         VALUES ($1, $2, $3, $4, $5, $6)
         ON CONFLICT (review_id) DO UPDATE
         SET half_stars = excluded.half_stars, has_text = excluded.has_text, removed = excluded.removed, at = excluded.at
         WHERE excluded.removed OR (NOT book_reviews.removed AND excluded.at > book_reviews.at)",
    )
    .bind::<SqlUuid, _>(fact.review_id)
    .bind::<SqlUuid, _>(fact.book_id)
    .bind::<Nullable<SmallInt>, _>(fact.half_stars)
    .bind::<Bool, _>(fact.has_text)
    .bind::<Bool, _>(fact.removed)
    .bind::<Timestamptz, _>(fact.at)
    .execute(connection)
    .await
    .map(drop)
}

/// Sums the reviews of a book anew; a book that catalog does not know yet is summed when it comes.
pub(crate) async fn sum(connection: &mut Connection, book: Uuid) -> QueryResult<()> {
    // The row lock makes two sums of one book follow each other, so that the later one sees both reviews.
    diesel::sql_query("SELECT 1 FROM book_stats WHERE book_id = $1 FOR UPDATE")
        .bind::<SqlUuid, _>(book)
        .execute(connection)
        .await?;
    diesel::sql_query(
        "UPDATE book_stats SET rating_sum = r.sum, rating_count = r.ratings, review_count = r.reviews
         FROM (SELECT coalesce(sum(half_stars), 0) AS sum, count(half_stars) AS ratings, count(*) FILTER (WHERE has_text) AS reviews
               FROM book_reviews WHERE book_id = $1 AND NOT removed) r
         WHERE book_stats.book_id = $1",
    )
    .bind::<SqlUuid, _>(book)
    .execute(connection)
    .await?;
    refresh_popularity(connection, book).await
}

/// Counts downloads of a book.
pub(crate) async fn add_downloads(
    connection: &mut Connection,
    book: Uuid,
    count: i64,
) -> QueryResult<()> {
    diesel::sql_query("UPDATE book_stats SET downloads = downloads + $2 WHERE book_id = $1")
        .bind::<SqlUuid, _>(book)
        .bind::<BigInt, _>(count)
        .execute(connection)
        .await?;
    refresh_popularity(connection, book).await
}

async fn refresh_popularity(connection: &mut Connection, book: Uuid) -> QueryResult<()> {
    diesel::sql_query(
        "WITH fresh AS (
            UPDATE books SET popularity = catalog_popularity(s.downloads, s.rating_count, s.outside_ratings)
            FROM book_stats s WHERE books.id = $1 AND s.book_id = $1
            RETURNING books.id, books.popularity)
         UPDATE book_search SET popularity = fresh.popularity FROM fresh WHERE book_search.book_id = fresh.id",
    )
    .bind::<SqlUuid, _>(book)
    .execute(connection)
    .await
    .map(drop)
}
