//! People as operators see them: the lock that orders what is written of one, what they spent, and their end.

use coko_core::database::Connection;
use coko_core::money::{Currency, Money};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::model::Person;
use crate::tables::{notes, people, readings, spendings};

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

/// Writes a locked person back.
pub(crate) async fn update(connection: &mut Connection, person: &Person) -> QueryResult<()> {
    diesel::update(people::table.find(person.user_id))
        .set(person)
        .execute(connection)
        .await
        .map(drop)
}

/// Notes where a locked person says they are, unless something newer is known.
pub(crate) async fn set_country(
    connection: &mut Connection,
    user: Uuid,
    country: Option<&str>,
    said_at: OffsetDateTime,
) -> QueryResult<()> {
    diesel::sql_query(
        "UPDATE people SET country = $2, profile_at = $3 WHERE user_id = $1 AND profile_at < $3 AND deleted_at IS NULL",
    )
    .bind::<SqlUuid, _>(user)
    .bind::<Nullable<Text>, _>(country)
    .bind::<Timestamptz, _>(said_at)
    .execute(connection)
    .await
    .map(drop)
}

/// These people, as far as anything is known of them, in no order.
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

/// Adds to what a person spent; takes away where the amount is negative.
pub(crate) async fn spend(
    connection: &mut Connection,
    user: Uuid,
    currency: Currency,
    amount: i64,
) -> QueryResult<()> {
    diesel::sql_query(
        "INSERT INTO spendings (user_id, currency, amount) VALUES ($1, $2, $3)
         ON CONFLICT (user_id, currency) DO UPDATE SET amount = spendings.amount + excluded.amount",
    )
    .bind::<SqlUuid, _>(user)
    .bind::<Text, _>(currency.code())
    .bind::<BigInt, _>(amount)
    .execute(connection)
    .await
    .map(drop)
}

/// What each of these people spent, by currency.
pub(crate) async fn spent(
    connection: &mut Connection,
    users: &[Uuid],
) -> QueryResult<Vec<(Uuid, Money)>> {
    let rows: Vec<(Uuid, String, i64)> = spendings::table
        .filter(spendings::user_id.eq_any(users))
        .order((spendings::user_id, spendings::currency))
        .select((spendings::user_id, spendings::currency, spendings::amount))
        .load(connection)
        .await?;
    let money = |(user, currency, amount): (Uuid, String, i64)| {
        let currency = currency.parse().ok()?;
        Some((user, Money::new(amount, currency)))
    };
    Ok(rows.into_iter().filter_map(money).collect())
}

/// Keeps of a locked person only that they are gone.
pub(crate) async fn forget(
    connection: &mut Connection,
    user: Uuid,
    at: OffsetDateTime,
) -> QueryResult<()> {
    diesel::delete(spendings::table.filter(spendings::user_id.eq(user)))
        .execute(connection)
        .await?;
    diesel::delete(readings::table.filter(readings::user_id.eq(user)))
        .execute(connection)
        .await?;
    diesel::delete(notes::table.filter(notes::user_id.eq(user)))
        .execute(connection)
        .await?;
    let gone = Person {
        deleted_at: Some(at),
        ..Person::new(user)
    };
    update(connection, &gone).await
}
