//! Publishing houses.

use coko_core::database::Connection;
use coko_core::paging::{Direction, Page, Slice};
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::{Bool, Text, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use crate::model::Publisher;
use crate::tables::{publisher_members, publishers};

/// The name of the list in cursors.
pub(crate) const LIST: &str = "publishers";

/// Folded name and id.
pub(crate) type Key = (String, Uuid);

/// The publishing houses with these ids, in no order.
pub(crate) async fn by_ids(
    connection: &mut Connection,
    ids: &[Uuid],
) -> QueryResult<Vec<Publisher>> {
    publishers::table
        .filter(publishers::id.eq_any(ids))
        .select(Publisher::as_select())
        .load(connection)
        .await
}

/// The publisher at this address.
pub(crate) async fn by_slug(
    connection: &mut Connection,
    slug: &str,
) -> QueryResult<Option<Publisher>> {
    publishers::table
        .filter(publishers::slug.eq(slug))
        .select(Publisher::as_select())
        .first(connection)
        .await
        .optional()
}

/// The publisher, locked until the transaction ends.
pub(crate) async fn lock(connection: &mut Connection, id: Uuid) -> QueryResult<Option<Publisher>> {
    publishers::table
        .find(id)
        .select(Publisher::as_select())
        .for_update()
        .first(connection)
        .await
        .optional()
}

/// Writes a new publisher.
pub(crate) async fn insert(connection: &mut Connection, publisher: &Publisher) -> QueryResult<()> {
    diesel::insert_into(publishers::table)
        .values(publisher)
        .execute(connection)
        .await
        .map(drop)
}

/// Writes a locked publisher back.
pub(crate) async fn update(connection: &mut Connection, publisher: &Publisher) -> QueryResult<()> {
    diesel::update(publishers::table.find(publisher.id))
        .set(publisher)
        .execute(connection)
        .await
        .map(drop)
}

/// Which of the wanted slugs are taken.
pub(crate) async fn taken_slugs(
    connection: &mut Connection,
    wanted: &[&str],
) -> QueryResult<Vec<crate::model::Slug>> {
    publishers::table
        .filter(publishers::slug.eq_any(wanted))
        .select(publishers::slug)
        .load(connection)
        .await
}

/// One page by name; `fragment` leaves those whose name holds it, accents and case folded.
pub(crate) async fn list(
    connection: &mut Connection,
    page: &Page<Key>,
    fragment: Option<&str>,
) -> QueryResult<Slice<(Publisher, Key)>> {
    let mut query = publishers::table.into_boxed();
    if let Some(fragment) = fragment {
        query = query.filter(
            sql::<Bool>("name_sort LIKE '%' || catalog_like(")
                .bind::<Text, _>(fragment.to_owned())
                .sql(") || '%'"),
        );
    }
    let forward = page.direction == Direction::Forward;
    if let Some((name, id)) = &page.from {
        let compare = if forward {
            "(name_sort, id) > ("
        } else {
            "(name_sort, id) < ("
        };
        query = query.filter(
            sql::<Bool>(compare)
                .bind::<Text, _>(name.clone())
                .sql(", ")
                .bind::<SqlUuid, _>(*id)
                .sql(")"),
        );
    }
    let query = if forward {
        query.order((publishers::name_sort.asc(), publishers::id.asc()))
    } else {
        query.order((publishers::name_sort.desc(), publishers::id.desc()))
    };
    let rows: Vec<(Publisher, String)> = query
        .limit(page.limit())
        .select((Publisher::as_select(), publishers::name_sort))
        .load(connection)
        .await?;
    let keyed = rows
        .into_iter()
        .map(|(row, name)| {
            let key = (name, row.id);
            (row, key)
        })
        .collect();
    Ok(Slice::new(page, keyed))
}

/// The houses that the account owns or belongs to.
pub(crate) async fn of_user(connection: &mut Connection, user: Uuid) -> QueryResult<Vec<Uuid>> {
    let member = publisher_members::table
        .filter(publisher_members::user_id.eq(user))
        .select(publisher_members::publisher_id);
    publishers::table
        .filter(
            publishers::owner_user_id
                .eq(user)
                .assume_not_null()
                .or(publishers::id.eq_any(member)),
        )
        .select(publishers::id)
        .load(connection)
        .await
}

/// Replaces the accounts that belong to the house beside its owner.
pub(crate) async fn set_members(
    connection: &mut Connection,
    publisher: Uuid,
    members: &[Uuid],
    now: time::OffsetDateTime,
) -> QueryResult<()> {
    diesel::delete(publisher_members::table.filter(publisher_members::publisher_id.eq(publisher)))
        .execute(connection)
        .await?;
    let rows: Vec<_> = members
        .iter()
        .map(|member| {
            (
                publisher_members::publisher_id.eq(publisher),
                publisher_members::user_id.eq(*member),
                publisher_members::added_at.eq(now),
            )
        })
        .collect();
    diesel::insert_into(publisher_members::table)
        .values(rows)
        .on_conflict_do_nothing()
        .execute(connection)
        .await
        .map(drop)
}

/// Takes someone out of every house: as a member, and as the one who answers for it.
pub(crate) async fn forget(connection: &mut Connection, user: Uuid) -> QueryResult<()> {
    diesel::delete(publisher_members::table.filter(publisher_members::user_id.eq(user)))
        .execute(connection)
        .await?;
    diesel::update(publishers::table.filter(publishers::owner_user_id.eq(user)))
        .set(publishers::owner_user_id.eq(None::<Uuid>))
        .execute(connection)
        .await
        .map(drop)
}

/// The accounts that belong to the house beside its owner.
pub(crate) async fn members(
    connection: &mut Connection,
    publisher: Uuid,
) -> QueryResult<Vec<Uuid>> {
    publisher_members::table
        .filter(publisher_members::publisher_id.eq(publisher))
        .order((publisher_members::added_at, publisher_members::user_id))
        .select(publisher_members::user_id)
        .load(connection)
        .await
}
