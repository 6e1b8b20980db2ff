//! Files of manuscripts.

use coko_core::database::Connection;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use crate::model::{FileStatus, ManuscriptFile};
use crate::tables::manuscript_files;

/// The files with these ids, in no order.
pub(crate) async fn by_ids(
    connection: &mut Connection,
    ids: &[Uuid],
) -> QueryResult<Vec<ManuscriptFile>> {
    manuscript_files::table
        .filter(manuscript_files::file_id.eq_any(ids))
        .select(ManuscriptFile::as_select())
        .load(connection)
        .await
}

/// The newest file of one kind that can be used, of each of these manuscripts.
pub(crate) async fn newest(
    connection: &mut Connection,
    manuscripts: &[Uuid],
    kind: &str,
) -> QueryResult<Vec<ManuscriptFile>> {
    manuscript_files::table
        .filter(manuscript_files::manuscript_id.eq_any(manuscripts))
        .filter(manuscript_files::kind.eq(kind))
        .filter(manuscript_files::status.eq(FileStatus::Ready))
        .distinct_on(manuscript_files::manuscript_id)
        .order((
            manuscript_files::manuscript_id,
            manuscript_files::at.desc(),
            manuscript_files::file_id.desc(),
        ))
        .select(ManuscriptFile::as_select())
        .load(connection)
        .await
}

/// Keeps what was found in a file, unless that is known already.
pub(crate) async fn keep(connection: &mut Connection, file: &ManuscriptFile) -> QueryResult<usize> {
    diesel::insert_into(manuscript_files::table)
        .values(file)
        .on_conflict_do_nothing()
        .execute(connection)
        .await
}

/// Forgets who uploaded files.
pub(crate) async fn forget(connection: &mut Connection, user: Uuid) -> QueryResult<usize> {
    diesel::update(manuscript_files::table.filter(manuscript_files::uploaded_by.eq(user)))
        .set(manuscript_files::uploaded_by.eq(None::<Uuid>))
        .execute(connection)
        .await
}
