//! Files.

use coko_core::database::Connection;
use coko_core::paging::{Direction, Page, Slice};
use diesel::dsl::{count_star, sql};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::model::{File, Kind, Status};
use crate::tables::files;

/// The name of the list in cursors.
pub(crate) const LIST: &str = "files";

/// When it was announced, in microseconds since the epoch, and id.
pub(crate) type Key = (i64, Uuid);

/// The files with these ids, in no order.
pub(crate) async fn by_ids(connection: &mut Connection, ids: &[Uuid]) -> QueryResult<Vec<File>> {
    files::table
        .filter(files::id.eq_any(ids))
        .select(File::as_select())
        .load(connection)
        .await
}

/// The file.
pub(crate) async fn by_id(connection: &mut Connection, id: Uuid) -> QueryResult<Option<File>> {
    files::table
        .find(id)
        .select(File::as_select())
        .first(connection)
        .await
        .optional()
}

/// The files of these books that are ready or in the making, the newest first.
pub(crate) async fn by_books(
    connection: &mut Connection,
    books: &[Uuid],
) -> QueryResult<Vec<File>> {
    files::table
        .filter(files::book_id.eq_any(books))
        .filter(files::status.eq_any([Status::Ready, Status::Processing]))
        .order((files::created_at.desc(), files::id.desc()))
        .select(File::as_select())
        .load(connection)
        .await
}

/// The file, locked until the transaction ends.
pub(crate) async fn lock(connection: &mut Connection, id: Uuid) -> QueryResult<Option<File>> {
    files::table
        .find(id)
        .select(File::as_select())
        .for_update()
        .first(connection)
        .await
        .optional()
}

/// Writes a new file.
pub(crate) async fn insert(connection: &mut Connection, file: &File) -> QueryResult<()> {
    diesel::insert_into(files::table)
        .values(file)
        .execute(connection)
        .await
        .map(drop)
}

/// Writes a locked file back.
pub(crate) async fn update(connection: &mut Connection, file: &File) -> QueryResult<()> {
    diesel::update(files::table.find(file.id))
        .set(file)
        .execute(connection)
        .await
        .map(drop)
}

/// Removes a file and everything that belongs to it.
pub(crate) async fn delete(connection: &mut Connection, id: Uuid) -> QueryResult<usize> {
    diesel::delete(files::table.find(id))
        .execute(connection)
        .await
}

/// How many uploads a person has open, and how many bytes all files of theirs have that were not rejected.
pub(crate) async fn usage(connection: &mut Connection, owner: Uuid) -> QueryResult<(i64, i64)> {
    // What one person begins in parallel is counted one after the other.
    diesel::sql_query("SELECT pg_advisory_xact_lock(hashtextextended($1::text, 0))")
        .bind::<SqlUuid, _>(owner)
        .execute(connection)
        .await?;
    let open = files::table
        .filter(files::owner_id.eq(owner))
        .filter(files::status.eq(Status::Pending))
        .select(count_star())
        .first(connection)
        .await?;
    let bytes = files::table
        .filter(files::owner_id.eq(owner))
        .filter(files::status.ne(Status::Rejected))
        .select(sql::<Nullable<BigInt>>("sum(byte_size)::bigint"))
        .first::<Option<i64>>(connection)
        .await?;
    Ok((open, bytes.unwrap_or(0)))
}

/// The files of a person that no book keeps, and the uploads that are not completed.
pub(crate) async fn private_of(connection: &mut Connection, owner: Uuid) -> QueryResult<Vec<Uuid>> {
    files::table
        .filter(files::owner_id.eq(owner))
        .filter(files::book_id.is_null().or(files::status.ne(Status::Ready)))
        .select(files::id)
        .load(connection)
        .await
}

/// Whatever was uploaded for a book.
pub(crate) async fn of_book(connection: &mut Connection, book: Uuid) -> QueryResult<Vec<Uuid>> {
    files::table
        .filter(files::book_id.eq(book))
        .select(files::id)
        .load(connection)
        .await
}

/// Forgets whose the files of a person were, and what they called them: readers save a file under what it is.
pub(crate) async fn disown(connection: &mut Connection, owner: Uuid) -> QueryResult<()> {
    let name = "CASE kind WHEN 'COVER' THEN 'cover' WHEN 'SAMPLE' THEN 'sample' ELSE 'book' END
        || coalesce(lower(substring(name FROM '(?i)[.](?:epub|pdf|jpe?g|png|webp)$')), '')";
    diesel::update(files::table.filter(files::owner_id.eq(owner)))
        .set((
            files::owner_id.eq(None::<Uuid>),
            files::name.eq(sql::<Text>(name)),
        ))
        .execute(connection)
        .await
        .map(drop)
}

/// Uploads that were not completed in time, a hundred at most.
pub(crate) async fn expired(
    connection: &mut Connection,
    now: OffsetDateTime,
) -> QueryResult<Vec<Uuid>> {
    files::table
        .filter(files::status.eq(Status::Pending))
        .filter(files::expires_at.le(now))
        .order(files::expires_at)
        .limit(100)
        .for_update()
        .skip_locked()
        .select(files::id)
        .load(connection)
        .await
}

/// One page of a person's files, the newest first.
pub(crate) async fn list(
    connection: &mut Connection,
    page: &Page<Key>,
    owner: Uuid,
    kind: Option<Kind>,
    status: Option<Status>,
) -> QueryResult<Slice<(File, Key)>> {
    let mut query = files::table.filter(files::owner_id.eq(owner)).into_boxed();
    if let Some(kind) = kind {
        query = query.filter(files::kind.eq(kind));
    }
    if let Some(status) = status {
        query = query.filter(files::status.eq(status));
    }
    let forward = page.direction == Direction::Forward;
    if let Some((at, id)) = &page.from {
        let at = OffsetDateTime::from_unix_timestamp_nanos(i128::from(*at) * 1000)
            .unwrap_or(OffsetDateTime::UNIX_EPOCH);
        let compare = if forward {
            "(created_at, id) < ("
        } else {
            "(created_at, id) > ("
        };
        query = query.filter(
            sql::<Bool>(compare)
                .bind::<Timestamptz, _>(at)
                .sql(", ")
                .bind::<SqlUuid, _>(*id)
                .sql(")"),
        );
    }
    let query = if forward {
        query.order((files::created_at.desc(), files::id.desc()))
    } else {
        query.order((files::created_at.asc(), files::id.asc()))
    };
    let rows: Vec<File> = query
        .limit(page.limit())
        .select(File::as_select())
        .load(connection)
        .await?;
    let keyed = rows
        .into_iter()
        .map(|file| {
            let micros = file.created_at.unix_timestamp_nanos() / 1000;
            let key = (i64::try_from(micros).unwrap_or(i64::MAX), file.id);
            (file, key)
        })
        .collect();
    Ok(Slice::new(page, keyed))
}
