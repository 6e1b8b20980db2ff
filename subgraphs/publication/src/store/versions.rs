//! Versions of manuscripts.

use coko_core::database::Connection;
use diesel::dsl::max;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use crate::model::Version;
use crate::tables::manuscript_versions;

coko_core::newest_first!(
    "manuscriptVersions",
    manuscript_versions,
    manuscript_id,
    created_at,
    Version
);

/// The newest version of each of these manuscripts.
pub(crate) async fn latest(
    connection: &mut Connection,
    manuscripts: &[Uuid],
) -> QueryResult<Vec<Version>> {
    manuscript_versions::table
        .filter(manuscript_versions::manuscript_id.eq_any(manuscripts))
        .distinct_on(manuscript_versions::manuscript_id)
        .order((
            manuscript_versions::manuscript_id,
            manuscript_versions::number.desc(),
        ))
        .select(Version::as_select())
        .load(connection)
        .await
}

/// The number of the newest version of a locked manuscript; 0 when it has none.
pub(crate) async fn last_number(connection: &mut Connection, manuscript: Uuid) -> QueryResult<i32> {
    manuscript_versions::table
        .filter(manuscript_versions::manuscript_id.eq(manuscript))
        .select(max(manuscript_versions::number))
        .first::<Option<i32>>(connection)
        .await
        .map(Option::unwrap_or_default)
}

/// Writes a new version.
pub(crate) async fn insert(connection: &mut Connection, version: &Version) -> QueryResult<()> {
    diesel::insert_into(manuscript_versions::table)
        .values(version)
        .execute(connection)
        .await
        .map(drop)
}

/// Forgets what someone wrote about versions of theirs.
pub(crate) async fn forget(connection: &mut Connection, user: Uuid) -> QueryResult<usize> {
    diesel::update(manuscript_versions::table.filter(manuscript_versions::created_by.eq(user)))
        .set(manuscript_versions::notes.eq(None::<String>))
        .execute(connection)
        .await
}
