//! Licences to read offline.

use coko_core::database::Connection;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::model::License;
use crate::tables::licenses;

/// Most licences that are listed; a reader has at most a handful of devices.
const LISTED: i64 = 500;

/// The licence of a device for a book, whether it runs or has run out; none once the device was released.
pub(crate) async fn find(
    connection: &mut Connection,
    user: Uuid,
    book: Uuid,
    device: Uuid,
) -> QueryResult<Option<License>> {
    licenses::table
        .filter(licenses::user_id.eq(user))
        .filter(licenses::book_id.eq(book))
        .filter(licenses::device_id.eq(device))
        .filter(licenses::released_at.is_null())
        .select(License::as_select())
        .first(connection)
        .await
        .optional()
}

/// The devices of a reader on which licences run.
pub(crate) async fn devices(
    connection: &mut Connection,
    user: Uuid,
    now: OffsetDateTime,
) -> QueryResult<Vec<Uuid>> {
    licenses::table
        .filter(licenses::user_id.eq(user))
        .filter(licenses::expires_at.gt(now))
        .filter(licenses::released_at.is_null())
        .select(licenses::device_id)
        .distinct()
        .load(connection)
        .await
}

/// A reader's licences that run, the newest first.
pub(crate) async fn running(
    connection: &mut Connection,
    user: Uuid,
    now: OffsetDateTime,
) -> QueryResult<Vec<License>> {
    licenses::table
        .filter(licenses::user_id.eq(user))
        .filter(licenses::expires_at.gt(now))
        .filter(licenses::released_at.is_null())
        .order(licenses::renewed_at.desc())
        .limit(LISTED)
        .select(License::as_select())
        .load(connection)
        .await
}

/// Writes a new licence.
pub(crate) async fn insert(connection: &mut Connection, license: &License) -> QueryResult<()> {
    diesel::insert_into(licenses::table)
        .values(license)
        .execute(connection)
        .await
        .map(drop)
}

/// Writes a licence back, whose reader is locked.
pub(crate) async fn update(connection: &mut Connection, license: &License) -> QueryResult<()> {
    diesel::update(licenses::table.find(license.id))
        .set(license)
        .execute(connection)
        .await
        .map(drop)
}

/// Takes a device off the list; returns how many licences ran on it.
pub(crate) async fn release(
    connection: &mut Connection,
    user: Uuid,
    device: Uuid,
    now: OffsetDateTime,
) -> QueryResult<usize> {
    diesel::update(licenses::table)
        .filter(licenses::user_id.eq(user))
        .filter(licenses::device_id.eq(device))
        .filter(licenses::expires_at.gt(now))
        .filter(licenses::released_at.is_null())
        .set(licenses::released_at.eq(now))
        .execute(connection)
        .await
}

/// How many devices a reader took off the list since `since`.
pub(crate) async fn releases(
    connection: &mut Connection,
    user: Uuid,
    since: OffsetDateTime,
) -> QueryResult<i64> {
    licenses::table
        .filter(licenses::user_id.eq(user))
        .filter(licenses::released_at.gt(since))
        .select(diesel::dsl::count(licenses::device_id).aggregate_distinct())
        .first(connection)
        .await
}
