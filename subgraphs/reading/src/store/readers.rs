//! Readers: the lock that orders everything written of one, its numbers, and its end.

use coko_core::database::Connection;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use time::{Date, OffsetDateTime};
use uuid::Uuid;

use crate::tables::{
    annotations, clamps, entitlements, library_items, licenses, progress, readers, reading_days,
    sessions, subscriptions,
};

/// A reader's row.
#[derive(Clone, Debug, Queryable, Selectable, AsChangeset)]
#[diesel(table_name = readers, treat_none_as_null = true)]
pub(crate) struct Reader {
    pub(crate) user_id: Uuid,
    pub(crate) sequence: i64,
    pub(crate) time_zone: String,
    pub(crate) streak_days: i32,
    pub(crate) streak_end: Option<Date>,
    pub(crate) streak_longest: i32,
    pub(crate) annotations: i32,
    pub(crate) deleted_at: Option<OffsetDateTime>,
}

impl Reader {
    /// The number of the next row that is written.
    pub(crate) fn next(&mut self) -> i64 {
        self.sequence += 1;
        self.sequence
    }

    /// Whether the account is gone.
    pub(crate) fn is_gone(&self) -> bool {
        self.deleted_at.is_some()
    }
}

/// The reader, locked until the transaction ends; made at the first call.
pub(crate) async fn lock(connection: &mut Connection, user: Uuid) -> QueryResult<Reader> {
    diesel::insert_into(readers::table)
        .values(readers::user_id.eq(user))
        .on_conflict_do_nothing()
        .execute(connection)
        .await?;
    readers::table
        .find(user)
        .select(Reader::as_select())
        .for_update()
        .first(connection)
        .await
}

/// The reader, if anything was ever written of them.
pub(crate) async fn find(connection: &mut Connection, user: Uuid) -> QueryResult<Option<Reader>> {
    readers::table
        .find(user)
        .select(Reader::as_select())
        .first(connection)
        .await
        .optional()
}

/// Writes a locked reader back.
pub(crate) async fn update(connection: &mut Connection, reader: &Reader) -> QueryResult<()> {
    diesel::update(readers::table.find(reader.user_id))
        .set(reader)
        .execute(connection)
        .await
        .map(drop)
}

/// Keeps a reader's time zone as it was said at `at`, unless something newer is known.
pub(crate) async fn set_time_zone(
    connection: &mut Connection,
    user: Uuid,
    zone: &str,
    at: OffsetDateTime,
) -> QueryResult<()> {
    lock(connection, user).await?;
    diesel::update(readers::table.find(user))
        .filter(readers::time_zone_at.lt(at))
        .filter(readers::deleted_at.is_null())
        .set((readers::time_zone.eq(zone), readers::time_zone_at.eq(at)))
        .execute(connection)
        .await
        .map(drop)
}

/// Erases everything of a reader, and remembers that the account is gone.
pub(crate) async fn forget(
    connection: &mut Connection,
    user: Uuid,
    at: OffsetDateTime,
) -> QueryResult<()> {
    lock(connection, user).await?;
    diesel::update(readers::table.find(user))
        .set((
            readers::deleted_at.eq(at),
            readers::time_zone.eq("UTC"),
            readers::streak_days.eq(0),
            readers::streak_end.eq(None::<Date>),
            readers::streak_longest.eq(0),
            readers::annotations.eq(0),
        ))
        .execute(connection)
        .await?;
    diesel::delete(annotations::table.filter(annotations::user_id.eq(user)))
        .execute(connection)
        .await?;
    diesel::delete(progress::table.filter(progress::user_id.eq(user)))
        .execute(connection)
        .await?;
    diesel::delete(library_items::table.filter(library_items::user_id.eq(user)))
        .execute(connection)
        .await?;
    diesel::delete(entitlements::table.filter(entitlements::user_id.eq(user)))
        .execute(connection)
        .await?;
    diesel::delete(sessions::table.filter(sessions::user_id.eq(user)))
        .execute(connection)
        .await?;
    diesel::delete(reading_days::table.filter(reading_days::user_id.eq(user)))
        .execute(connection)
        .await?;
    diesel::delete(licenses::table.filter(licenses::user_id.eq(user)))
        .execute(connection)
        .await?;
    diesel::delete(clamps::table.filter(clamps::user_id.eq(user)))
        .execute(connection)
        .await?;
    diesel::delete(subscriptions::table.filter(subscriptions::user_id.eq(user)))
        .execute(connection)
        .await
        .map(drop)
}
