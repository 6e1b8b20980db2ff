//! Codes of phone numbers and the text messages that carry them.

use coko_core::database::Connection;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::model::{PhoneCode, TextMessage};
use crate::tables::{phone_codes, text_messages};

/// Makes `hash` the only code of a number.
pub(crate) async fn replace_code(
    connection: &mut Connection,
    index: &[u8],
    hash: &[u8],
    now: OffsetDateTime,
    expires_at: OffsetDateTime,
) -> QueryResult<()> {
    let fresh = (
        phone_codes::code_hash.eq(hash),
        phone_codes::attempts.eq(0),
        phone_codes::issued_at.eq(now),
        phone_codes::expires_at.eq(expires_at),
    );
    diesel::insert_into(phone_codes::table)
        .values((phone_codes::phone_index.eq(index), fresh))
        .on_conflict(phone_codes::phone_index)
        .do_update()
        .set(fresh)
        .execute(connection)
        .await
        .map(drop)
}

/// The code of a number, locked until the transaction ends.
pub(crate) async fn lock_code(
    connection: &mut Connection,
    index: &[u8],
) -> QueryResult<Option<PhoneCode>> {
    phone_codes::table
        .find(index)
        .select(PhoneCode::as_select())
        .for_update()
        .first(connection)
        .await
        .optional()
}

/// Counts a wrong guess.
pub(crate) async fn count_attempt(connection: &mut Connection, index: &[u8]) -> QueryResult<()> {
    diesel::update(phone_codes::table.find(index))
        .set(phone_codes::attempts.eq(phone_codes::attempts + 1))
        .execute(connection)
        .await
        .map(drop)
}

/// Removes the code of a number.
pub(crate) async fn remove_code(connection: &mut Connection, index: &[u8]) -> QueryResult<()> {
    diesel::delete(phone_codes::table.find(index))
        .execute(connection)
        .await
        .map(drop)
}

/// Queues a text message.
pub(crate) async fn insert_text(
    connection: &mut Connection,
    message: &TextMessage,
) -> QueryResult<()> {
    diesel::insert_into(text_messages::table)
        .values(message)
        .execute(connection)
        .await
        .map(drop)
}

/// The oldest message that is due, locked; those that another process is at are left to it.
pub(crate) async fn due_text(
    connection: &mut Connection,
    now: OffsetDateTime,
) -> QueryResult<Option<TextMessage>> {
    text_messages::table
        .filter(text_messages::next_attempt.le(now))
        .filter(text_messages::expires_at.gt(now))
        .order(text_messages::next_attempt)
        .select(TextMessage::as_select())
        .for_update()
        .skip_locked()
        .first(connection)
        .await
        .optional()
}

/// Counts an attempt and sets the time of the next.
pub(crate) async fn postpone_text(
    connection: &mut Connection,
    id: Uuid,
    until: OffsetDateTime,
) -> QueryResult<()> {
    diesel::update(text_messages::table.find(id))
        .set((
            text_messages::attempts.eq(text_messages::attempts + 1),
            text_messages::next_attempt.eq(until),
        ))
        .execute(connection)
        .await
        .map(drop)
}

/// Removes a message that was sent.
pub(crate) async fn remove_text(connection: &mut Connection, id: Uuid) -> QueryResult<()> {
    diesel::delete(text_messages::table.find(id))
        .execute(connection)
        .await
        .map(drop)
}

/// Removes codes and messages that have run out.
pub(crate) async fn remove_expired(
    connection: &mut Connection,
    now: OffsetDateTime,
) -> QueryResult<()> {
    diesel::delete(phone_codes::table.filter(phone_codes::expires_at.le(now)))
        .execute(connection)
        .await?;
    diesel::delete(text_messages::table.filter(text_messages::expires_at.le(now)))
        .execute(connection)
        .await
        .map(drop)
}
