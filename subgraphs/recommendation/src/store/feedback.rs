//! What readers said of recommendations.

use coko_core::database::Connection;
use diesel::prelude::*;
use diesel::sql_types::Uuid as SqlUuid;
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use crate::model::Feedback;
use crate::tables::feedback;

/// What a locked reader said of these books, in no order.
pub(crate) async fn find(
    connection: &mut Connection,
    user: Uuid,
    books: &[Uuid],
) -> QueryResult<Vec<Feedback>> {
    feedback::table
        .filter(feedback::user_id.eq(user))
        .filter(feedback::book_id.eq_any(books))
        .select(Feedback::as_select())
        .load(connection)
        .await
}

/// Writes what a locked reader said.
pub(crate) async fn put(connection: &mut Connection, said: &Feedback) -> QueryResult<()> {
    diesel::insert_into(feedback::table)
        .values(said)
        .on_conflict((feedback::user_id, feedback::book_id))
        .do_update()
        .set(said)
        .execute(connection)
        .await
        .map(drop)
}

/// The newest of what a reader said, at most `limit`.
pub(crate) async fn newest(
    connection: &mut Connection,
    user: Uuid,
    limit: i64,
) -> QueryResult<Vec<Feedback>> {
    feedback::table
        .filter(feedback::user_id.eq(user))
        .order((feedback::touched_at.desc(), feedback::book_id))
        .limit(limit)
        .select(Feedback::as_select())
        .load(connection)
        .await
}

/// Books that a reader refused, the newest refusal first, at most `limit`.
pub(crate) async fn refused(
    connection: &mut Connection,
    user: Uuid,
    limit: i64,
) -> QueryResult<Vec<Uuid>> {
    feedback::table
        .filter(feedback::user_id.eq(user))
        // As the partial index says it.
        .filter(diesel::dsl::sql::<diesel::sql_types::Bool>("NOT likes"))
        .order((feedback::decided_at.desc(), feedback::book_id))
        .limit(limit)
        .select(feedback::book_id)
        .load(connection)
        .await
}

/// What was decided after this reader and book, in their order, at most `limit`.
pub(crate) async fn page(
    connection: &mut Connection,
    after: (Uuid, Uuid),
    limit: i64,
) -> QueryResult<Vec<(Uuid, Uuid, Option<bool>)>> {
    let (user, book) = after;
    feedback::table
        .into_boxed()
        .filter(
            diesel::dsl::sql::<diesel::sql_types::Bool>("(user_id, book_id) > (")
                .bind::<SqlUuid, _>(user)
                .sql(", ")
                .bind::<SqlUuid, _>(book)
                .sql(")"),
        )
        .filter(feedback::likes.is_not_null())
        .order((feedback::user_id, feedback::book_id))
        .limit(limit)
        .select((feedback::user_id, feedback::book_id, feedback::likes))
        .load(connection)
        .await
}
