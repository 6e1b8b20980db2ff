//! Every query of recommendation; a connection in, models out. Nothing else speaks SQL.

pub(crate) mod activity;
pub(crate) mod books;
pub(crate) mod exports;
pub(crate) mod feedback;
pub(crate) mod interactions;
pub(crate) mod readers;
pub(crate) mod reviews;

use coko_core::database::Connection;
use diesel::QueryResult;
use diesel_async::SimpleAsyncConnection as _;

/// Empties what is rebuilt from events; what readers said here stays.
pub(crate) async fn clear(connection: &mut Connection) -> QueryResult<()> {
    connection
        // In the order in which all others take their locks.
        .batch_execute("TRUNCATE reviews, interactions, activity, books")
        .await
}
