//! The pieces of uploads.

use coko_core::database::Connection;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::model::Status;
use crate::tables::{files, upload_parts};

/// A stored piece.
#[derive(Clone, Debug, Insertable)]
#[diesel(table_name = upload_parts)]
pub(crate) struct Part {
    pub file_id: Uuid,
    pub first_byte: i64,
    pub length: i64,
    pub object: String,
}

/// Appends pieces to an upload, if it still ends where the first of them begins; says whether it did.
pub(crate) async fn append(
    connection: &mut Connection,
    file: Uuid,
    from: i64,
    to: i64,
    parts: &[Part],
    now: OffsetDateTime,
) -> QueryResult<bool> {
    let moved = diesel::update(
        files::table
            .find(file)
            .filter(files::status.eq(Status::Pending))
            .filter(files::received.eq(from)),
    )
    .set((
        files::received.eq(to),
        files::parts.eq(files::parts + i32::try_from(parts.len()).unwrap_or(i32::MAX)),
        files::updated_at.eq(now),
    ))
    .execute(connection)
    .await?;
    if moved == 0 {
        return Ok(false);
    }
    diesel::insert_into(upload_parts::table)
        .values(parts)
        .execute(connection)
        .await?;
    Ok(true)
}

/// The objects of an upload's pieces, in their order.
pub(crate) async fn parts(connection: &mut Connection, file: Uuid) -> QueryResult<Vec<String>> {
    upload_parts::table
        .filter(upload_parts::file_id.eq(file))
        .order(upload_parts::first_byte)
        .select(upload_parts::object)
        .load(connection)
        .await
}

/// Forgets the pieces of an upload.
pub(crate) async fn forget_parts(connection: &mut Connection, file: Uuid) -> QueryResult<()> {
    diesel::delete(upload_parts::table.filter(upload_parts::file_id.eq(file)))
        .execute(connection)
        .await
        .map(drop)
}
