//! Rights to read.

use coko_core::database::Connection;
use diesel::prelude::*;
use diesel::upsert::excluded;
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use crate::model::{Entitlement, RevocationReason, Source};
use crate::tables::entitlements;

/// A reader's rights to these books, those that ended included.
pub(crate) async fn of(
    connection: &mut Connection,
    user: Uuid,
    books: &[Uuid],
) -> QueryResult<Vec<Entitlement>> {
    entitlements::table
        .filter(entitlements::user_id.eq(user))
        .filter(entitlements::book_id.eq_any(books))
        .select(Entitlement::as_select())
        .load(connection)
        .await
}

/// A reader's rights that come from a subscription: those that hold, or those that ended with one.
pub(crate) async fn of_subscription(
    connection: &mut Connection,
    user: Uuid,
    holding: bool,
) -> QueryResult<Vec<Entitlement>> {
    let query = entitlements::table
        .filter(entitlements::user_id.eq(user))
        .filter(entitlements::source.eq(Source::Subscription))
        .select(Entitlement::as_select())
        .into_boxed();
    let query = if holding {
        query.filter(entitlements::revoked_at.is_null())
    } else {
        query.filter(entitlements::reason.eq(RevocationReason::SubscriptionEnded))
    };
    query.load(connection).await
}

/// Readers who have a book by their subscription, at most `limit`.
pub(crate) async fn subscribed_readers(
    connection: &mut Connection,
    book: Uuid,
    limit: i64,
) -> QueryResult<Vec<Uuid>> {
    entitlements::table
        .filter(entitlements::book_id.eq(book))
        .filter(entitlements::source.eq(Source::Subscription))
        .filter(entitlements::revoked_at.is_null())
        .limit(limit)
        .select(entitlements::user_id)
        .load(connection)
        .await
}

/// Rows of one statement, well below PostgreSQL's limit of parameters.
const ROWS: usize = 1000;

/// Writes rights as they are now; their reader is locked.
pub(crate) async fn keep(connection: &mut Connection, rights: &[Entitlement]) -> QueryResult<()> {
    for rows in rights.chunks(ROWS) {
        diesel::insert_into(entitlements::table)
            .values(rows)
            .on_conflict((
                entitlements::user_id,
                entitlements::book_id,
                entitlements::source,
                entitlements::source_id,
            ))
            .do_update()
            .set((
                entitlements::granted_at.eq(excluded(entitlements::granted_at)),
                entitlements::revoked_at.eq(excluded(entitlements::revoked_at)),
                entitlements::reason.eq(excluded(entitlements::reason)),
            ))
            .execute(connection)
            .await?;
    }
    Ok(())
}
