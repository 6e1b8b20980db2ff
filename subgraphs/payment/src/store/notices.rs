//! Providers' notices.

use coko_core::database::Connection;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::model::Provider;
use crate::tables::notices;

/// A notice as it came, its body sealed.
#[derive(Clone, Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = notices)]
pub(crate) struct Stored {
    pub(crate) id: Uuid,
    pub(crate) provider: Provider,
    pub(crate) event_id: String,
    pub(crate) body_sealed: Vec<u8>,
    pub(crate) status: String,
    pub(crate) received_at: OffsetDateTime,
    pub(crate) due_at: Option<OffsetDateTime>,
    pub(crate) tries: i32,
}

/// Keeps a notice; false when it was kept before.
pub(crate) async fn insert(connection: &mut Connection, notice: &Stored) -> QueryResult<bool> {
    diesel::insert_into(notices::table)
        .values(notice)
        .on_conflict_do_nothing()
        .execute(connection)
        .await
        .map(|rows| rows > 0)
}

super::lease::lease_due!(notices, due_at, tries, Stored);

/// Notes what became of a notice; with `due_at` it is looked at again.
pub(crate) async fn settle(
    connection: &mut Connection,
    id: Uuid,
    status: &str,
    due_at: Option<OffsetDateTime>,
) -> QueryResult<()> {
    diesel::update(notices::table.find(id))
        .set((notices::status.eq(status), notices::due_at.eq(due_at)))
        .execute(connection)
        .await
        .map(drop)
}
