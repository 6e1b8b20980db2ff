//! Reviews, and the sums of each book's.

use std::collections::HashMap;

use coko_core::database::Connection;
use coko_core::paging::{Page, Slice};
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Bool, Nullable, SmallInt, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use super::{slices, start, turned};
use crate::model::{ContentStatus, Rating, Review};
use crate::tables::{book_ratings, reviews};

/// The name of the list in cursors.
pub(crate) const LIST: &str = "reviews";

/// The reviews with these ids, in no order.
pub(crate) async fn by_ids(connection: &mut Connection, ids: &[Uuid]) -> QueryResult<Vec<Review>> {
    reviews::table
        .filter(reviews::id.eq_any(ids))
        .select(Review::as_select())
        .load(connection)
        .await
}

/// What a reader wrote about these books, whatever became of it but for what they deleted themselves.
pub(crate) async fn of_reader(
    connection: &mut Connection,
    user: Uuid,
    books: &[Uuid],
) -> QueryResult<Vec<Review>> {
    reviews::table
        .filter(reviews::user_id.eq(user))
        .filter(reviews::book_id.eq_any(books))
        .filter(reviews::status.ne(ContentStatus::Deleted))
        .select(Review::as_select())
        .load(connection)
        .await
}

/// A reader's review of a book, locked until the transaction ends.
pub(crate) async fn lock_of_reader(
    connection: &mut Connection,
    user: Uuid,
    book: Uuid,
) -> QueryResult<Option<Review>> {
    reviews::table
        .filter(reviews::user_id.eq(user))
        .filter(reviews::book_id.eq(book))
        .filter(reviews::status.ne(ContentStatus::Deleted))
        .select(Review::as_select())
        .for_update()
        .first(connection)
        .await
        .optional()
}

/// The review, locked until the transaction ends.
pub(crate) async fn lock(connection: &mut Connection, id: Uuid) -> QueryResult<Option<Review>> {
    reviews::table
        .find(id)
        .select(Review::as_select())
        .for_update()
        .first(connection)
        .await
        .optional()
}

/// Some of what someone wrote and has not deleted, locked.
pub(crate) async fn lock_some(
    connection: &mut Connection,
    user: Uuid,
    limit: i64,
) -> QueryResult<Vec<Review>> {
    reviews::table
        .filter(reviews::user_id.eq(user))
        .filter(reviews::status.ne(ContentStatus::Deleted))
        .order(reviews::id)
        .limit(limit)
        .select(Review::as_select())
        .for_update()
        .load(connection)
        .await
}

/// Writes a new review; returns whether its reader had none of the book.
pub(crate) async fn insert(connection: &mut Connection, review: &Review) -> QueryResult<bool> {
    let written = diesel::insert_into(reviews::table)
        .values(review)
        .on_conflict_do_nothing()
        .execute(connection)
        .await?;
    Ok(written > 0)
}

/// Writes the locked review with this id back, which may have another id from now on.
pub(crate) async fn update(
    connection: &mut Connection,
    id: Uuid,
    review: &Review,
) -> QueryResult<()> {
    if id != review.id {
        diesel::update(reviews::table.find(id))
            .set(reviews::id.eq(review.id))
            .execute(connection)
            .await?;
    }
    diesel::update(reviews::table.find(review.id))
        .set(review)
        .execute(connection)
        .await
        .map(drop)
}

/// Adds to the sums of a book.
pub(crate) async fn count(
    connection: &mut Connection,
    book: Uuid,
    changes: &[(i16, i64)],
) -> QueryResult<()> {
    for (half_stars, change) in changes {
        // A row of the sums is made before it is counted down, so the check of the new row never sees less than zero.
        diesel::sql_query(
            "INSERT INTO book_ratings (book_id, half_stars, count) VALUES ($1, $2, greatest($3, 0))
             ON CONFLICT (book_id, half_stars) DO UPDATE SET count = book_ratings.count + $3",
        )
        .bind::<SqlUuid, _>(book)
        .bind::<SmallInt, _>(*half_stars)
        .bind::<BigInt, _>(*change)
        .execute(connection)
        .await?;
    }
    Ok(())
}

/// The sums of these books.
pub(crate) async fn ratings(
    connection: &mut Connection,
    books: &[Uuid],
) -> QueryResult<Vec<Rating>> {
    book_ratings::table
        .filter(book_ratings::book_id.eq_any(books))
        .select(Rating::as_select())
        .load(connection)
        .await
}

/// The same page of the reviews with text of each of these books, as a viewer sees them; the newest first.
pub(crate) async fn of_books(
    connection: &mut Connection,
    page: &Page<Uuid>,
    (viewer, moderates): (Option<Uuid>, bool),
    books: &[Uuid],
) -> QueryResult<HashMap<Uuid, Slice<Review>>> {
    let query = "SELECT found.* FROM unnest($3) AS wanted (book) CROSS JOIN LATERAL (
            SELECT * FROM reviews r
            WHERE r.book_id = wanted.book AND r.status = 'PUBLISHED' AND r.body IS NOT NULL AND r.id {<} $4
              AND ($2 OR community_hears($1, r.user_id))
            ORDER BY r.id {DESC} LIMIT $5) AS found";
    let rows: Vec<Review> = diesel::sql_query(turned(query, page.direction))
        .bind::<Nullable<SqlUuid>, _>(viewer)
        .bind::<Bool, _>(moderates)
        .bind::<Array<SqlUuid>, _>(books)
        .bind::<SqlUuid, _>(start(page))
        .bind::<BigInt, _>(page.limit())
        .load(connection)
        .await?;
    Ok(slices(page, rows, |review| review.book_id))
}
