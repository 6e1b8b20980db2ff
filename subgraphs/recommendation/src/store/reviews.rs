//! Reviews with ratings, as community tells them.

use coko_core::database::Connection;
use coko_core::events::community::{ReviewRemoved, ReviewState};
use diesel::prelude::*;
use diesel::upsert::excluded;
use diesel_async::RunQueryDsl;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::tables::reviews;

/// Keeps a review as it is now, unless something newer of it is known.
pub(crate) async fn keep(connection: &mut Connection, review: &ReviewState) -> QueryResult<()> {
    use diesel::query_dsl::methods::FilterDsl as _;
    let half_stars = review
        .half_stars
        .map(i16::from)
        .filter(|stars| (1..=10).contains(stars));
    diesel::insert_into(reviews::table)
        .values((
            reviews::review_id.eq(review.review_id),
            reviews::user_id.eq(Some(review.user_id)),
            reviews::book_id.eq(review.book_id),
            reviews::half_stars.eq(half_stars),
            reviews::at.eq(review.at),
        ))
        .on_conflict(reviews::review_id)
        .do_update()
        .set((
            reviews::user_id.eq(excluded(reviews::user_id)),
            reviews::book_id.eq(excluded(reviews::book_id)),
            reviews::half_stars.eq(excluded(reviews::half_stars)),
            reviews::at.eq(excluded(reviews::at)),
        ))
        .filter(reviews::at.lt(excluded(reviews::at)))
        .execute(connection)
        .await
        .map(drop)
}

/// Notes that a review was removed; returns whose it is, where that is known.
pub(crate) async fn remove(
    connection: &mut Connection,
    removed: &ReviewRemoved,
) -> QueryResult<Option<Uuid>> {
    diesel::insert_into(reviews::table)
        .values((
            reviews::review_id.eq(removed.review_id),
            reviews::book_id.eq(removed.book_id),
            reviews::removed_at.eq(removed.at),
        ))
        .on_conflict(reviews::review_id)
        .do_update()
        .set(
            reviews::removed_at.eq(diesel::dsl::sql::<diesel::sql_types::Timestamptz>(
                "greatest(reviews.removed_at, excluded.removed_at)",
            )),
        )
        .returning(reviews::user_id)
        .get_result(connection)
        .await
}

/// A reader's rating of a book that stands, and when it was given.
pub(crate) async fn standing(
    connection: &mut Connection,
    user: Uuid,
    book: Uuid,
) -> QueryResult<Option<(i16, OffsetDateTime)>> {
    let found: Option<(Option<i16>, OffsetDateTime)> = reviews::table
        .filter(reviews::user_id.eq(user))
        .filter(reviews::book_id.eq(book))
        .filter(reviews::at.gt(reviews::removed_at))
        .order((reviews::at.desc(), reviews::review_id))
        .select((reviews::half_stars, reviews::at))
        .first(connection)
        .await
        .optional()?;
    Ok(found.and_then(|(half_stars, at)| Some((half_stars?, at))))
}

/// Takes everything of a reader who is gone out of their reviews.
pub(crate) async fn strip_all(connection: &mut Connection, user: Uuid) -> QueryResult<()> {
    diesel::update(reviews::table.filter(reviews::user_id.eq(user)))
        .set((
            reviews::user_id.eq(None::<Uuid>),
            reviews::half_stars.eq(None::<i16>),
            reviews::at.eq(never()),
        ))
        .execute(connection)
        .await
        .map(drop)
}

/// The moment of a review of which nothing was heard.
fn never() -> diesel::expression::SqlLiteral<diesel::sql_types::Timestamptz> {
    diesel::dsl::sql("'-infinity'")
}

/// Takes everything of its writer, who is gone, out of a review; that there is one stays, as it may be said to be removed.
pub(crate) async fn strip(connection: &mut Connection, review: Uuid) -> QueryResult<()> {
    diesel::update(reviews::table.find(review))
        .set((
            reviews::user_id.eq(None::<Uuid>),
            reviews::half_stars.eq(None::<i16>),
            reviews::at.eq(never()),
        ))
        .execute(connection)
        .await
        .map(drop)
}
