//! People: the lock that orders everything written of one, what auth says of them, and their end.

use coko_core::database::Connection;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::model::Person;
use crate::tables::{deliveries, devices, notifications, people, preferences};

/// What auth says of somebody.
#[derive(Clone, Debug)]
pub(crate) struct Profile<'a> {
    pub(crate) display_name: &'a str,
    pub(crate) language: &'a str,
    pub(crate) time_zone: &'a str,
    /// When it was said; what is older than what is known is dropped.
    pub(crate) at: OffsetDateTime,
}

/// The person, locked until the transaction ends; made at the first call.
pub(crate) async fn lock(connection: &mut Connection, user: Uuid) -> QueryResult<Person> {
    diesel::insert_into(people::table)
        .values(people::user_id.eq(user))
        .on_conflict_do_nothing()
        .execute(connection)
        .await?;
    people::table
        .find(user)
        .select(Person::as_select())
        .for_update()
        .first(connection)
        .await
}

/// These people, as far as anything was ever written of them, in no order.
pub(crate) async fn by_ids(
    connection: &mut Connection,
    users: &[Uuid],
) -> QueryResult<Vec<Person>> {
    people::table
        .filter(people::user_id.eq_any(users))
        .select(Person::as_select())
        .load(connection)
        .await
}

/// Writes a locked person back.
pub(crate) async fn update(connection: &mut Connection, person: &Person) -> QueryResult<()> {
    diesel::update(people::table.find(person.user_id))
        .set(person)
        .execute(connection)
        .await
        .map(drop)
}

/// Keeps what auth says of a locked person, unless something newer is known.
pub(crate) async fn set_profile(
    connection: &mut Connection,
    user: Uuid,
    profile: &Profile<'_>,
) -> QueryResult<()> {
    diesel::update(people::table.find(user))
        .filter(people::profile_at.lt(profile.at))
        .filter(people::deleted_at.is_null())
        .set((
            people::display_name.eq(profile.display_name),
            people::language.eq(profile.language),
            people::time_zone.eq(profile.time_zone),
            people::profile_at.eq(profile.at),
        ))
        .execute(connection)
        .await
        .map(drop)
}

/// Keeps whether a locked person is suspended, unless something newer is known.
pub(crate) async fn set_suspended(
    connection: &mut Connection,
    user: Uuid,
    suspended: bool,
    at: OffsetDateTime,
) -> QueryResult<()> {
    diesel::update(people::table.find(user))
        .filter(people::suspended_at.lt(at))
        .set((people::suspended.eq(suspended), people::suspended_at.eq(at)))
        .execute(connection)
        .await
        .map(drop)
}

/// Erases everything of a locked person's, and remembers that the account is gone.
pub(crate) async fn forget(
    connection: &mut Connection,
    user: Uuid,
    at: OffsetDateTime,
) -> QueryResult<()> {
    let gone = Person {
        deleted_at: Some(at),
        ..Person::new(user)
    };
    update(connection, &gone).await?;
    // What the deliveries and notifications hold goes with them.
    diesel::delete(deliveries::table.filter(deliveries::user_id.eq(user)))
        .execute(connection)
        .await?;
    diesel::delete(notifications::table.filter(notifications::user_id.eq(user)))
        .execute(connection)
        .await?;
    diesel::delete(devices::table.filter(devices::user_id.eq(user)))
        .execute(connection)
        .await?;
    diesel::delete(preferences::table.filter(preferences::user_id.eq(user)))
        .execute(connection)
        .await
        .map(drop)
}
