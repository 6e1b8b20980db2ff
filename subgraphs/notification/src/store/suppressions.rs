//! Addresses and numbers, by their keyed hashes, to which nothing is sent any more.

use coko_core::database::Connection;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use time::OffsetDateTime;

use crate::model::Channel;
use crate::model::callback::SuppressionReason;
use crate::tables::suppressions;

/// Has nothing sent to `recipient` any more; the first reason stays.
pub(crate) async fn keep(
    connection: &mut Connection,
    channel: Channel,
    recipient: &[u8],
    reason: SuppressionReason,
    now: OffsetDateTime,
) -> QueryResult<()> {
    diesel::insert_into(suppressions::table)
        .values((
            suppressions::channel.eq(channel),
            suppressions::recipient.eq(recipient),
            suppressions::reason.eq(reason),
            suppressions::suppressed_at.eq(now),
        ))
        .on_conflict_do_nothing()
        .execute(connection)
        .await
        .map(drop)
}

/// Why nothing is sent to `recipient` any more, if so.
pub(crate) async fn reason(
    connection: &mut Connection,
    channel: Channel,
    recipient: &[u8],
) -> QueryResult<Option<SuppressionReason>> {
    suppressions::table
        .find((channel, recipient))
        .select(suppressions::reason)
        .first(connection)
        .await
        .optional()
}

/// Sends to `recipient` again; false when nothing kept from it.
pub(crate) async fn lift(
    connection: &mut Connection,
    channel: Channel,
    recipient: &[u8],
) -> QueryResult<bool> {
    diesel::delete(suppressions::table.find((channel, recipient)))
        .execute(connection)
        .await
        .map(|rows| rows > 0)
}
