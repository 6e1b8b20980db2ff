//! Accounts and their roles.

use coko_core::database::Connection;
use coko_core::paging::{Direction, Page};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use time::OffsetDateTime;
use uuid::Uuid;

use super::{TimeKey, moment};
use crate::model::{Account, NewAccount, Status, UserFilter};
use crate::tables::{user_roles, users};

/// Inserts an account unless its address or number is taken; returns whether it was inserted.
pub(crate) async fn insert(
    connection: &mut Connection,
    account: &NewAccount<'_>,
) -> QueryResult<bool> {
    diesel::insert_into(users::table)
        .values(account)
        .on_conflict_do_nothing()
        .execute(connection)
        .await
        .map(|rows| rows == 1)
}

/// The account with this id.
pub(crate) async fn by_id(connection: &mut Connection, id: Uuid) -> QueryResult<Option<Account>> {
    users::table
        .find(id)
        .select(Account::as_select())
        .first(connection)
        .await
        .optional()
}

/// The account with this id, locked until the transaction ends.
pub(crate) async fn lock(connection: &mut Connection, id: Uuid) -> QueryResult<Option<Account>> {
    users::table
        .find(id)
        .select(Account::as_select())
        .for_update()
        .first(connection)
        .await
        .optional()
}

/// The account with this address.
pub(crate) async fn by_email(
    connection: &mut Connection,
    email: &str,
) -> QueryResult<Option<Account>> {
    users::table
        .filter(users::email.eq(email))
        .select(Account::as_select())
        .first(connection)
        .await
        .optional()
}

/// The account with this address, locked until the transaction ends.
pub(crate) async fn lock_by_email(
    connection: &mut Connection,
    email: &str,
) -> QueryResult<Option<Account>> {
    users::table
        .filter(users::email.eq(email))
        .select(Account::as_select())
        .for_update()
        .first(connection)
        .await
        .optional()
}

/// The account with this phone number, locked until the transaction ends.
pub(crate) async fn lock_by_phone(
    connection: &mut Connection,
    index: &[u8],
) -> QueryResult<Option<Account>> {
    users::table
        .filter(users::phone_index.eq(index))
        .select(Account::as_select())
        .for_update()
        .first(connection)
        .await
        .optional()
}

/// The accounts with these ids, in no order.
pub(crate) async fn by_ids(connection: &mut Connection, ids: &[Uuid]) -> QueryResult<Vec<Account>> {
    users::table
        .filter(users::id.eq_any(ids))
        .select(Account::as_select())
        .load(connection)
        .await
}

/// One page of the accounts, newest first.
pub(crate) async fn page(
    connection: &mut Connection,
    filter: &UserFilter,
    page: &Page<TimeKey>,
) -> QueryResult<Vec<Account>> {
    let mut query = users::table
        .select(Account::as_select())
        .limit(page.limit())
        .into_boxed();
    if let Some(status) = filter.status {
        query = query.filter(users::status.eq(status.as_str()));
    }
    if let Some(role) = &filter.role {
        let holders = user_roles::table
            .filter(user_roles::role.eq(role))
            .select(user_roles::user_id);
        query = query.filter(users::id.eq_any(holders));
    }
    if let Some(prefix) = &filter.email_prefix {
        let escaped = prefix
            .to_lowercase()
            .replace('\\', "\\\\")
            .replace('%', "\\%")
            .replace('_', "\\_");
        query = query.filter(users::email.like(format!("{escaped}%")));
    }
    // The bound on the time alone lets the index find the start of the page; the rest breaks ties.
    if let Some((at, id)) = page.from {
        let at = moment(at);
        query = match page.direction {
            Direction::Forward => query.filter(
                users::created_at
                    .le(at)
                    .and(users::created_at.lt(at).or(users::id.lt(id))),
            ),
            Direction::Backward => query.filter(
                users::created_at
                    .ge(at)
                    .and(users::created_at.gt(at).or(users::id.gt(id))),
            ),
        };
    }
    match page.direction {
        Direction::Forward => query.order((users::created_at.desc(), users::id.desc())),
        Direction::Backward => query.order((users::created_at.asc(), users::id.asc())),
    }
    .load(connection)
    .await
}

/// Replaces what an unproven registration said by what the newest one says.
pub(crate) async fn replace_pending(
    connection: &mut Connection,
    id: Uuid,
    account: &NewAccount<'_>,
) -> QueryResult<()> {
    diesel::update(users::table.find(id))
        .set((
            users::password_hash.eq(account.password_hash),
            users::display_name.eq(account.display_name),
            users::country.eq(account.country),
            users::language.eq(account.language),
            users::time_zone.eq(account.time_zone),
            users::created_at.eq(account.created_at),
            users::updated_at.eq(account.created_at),
        ))
        .execute(connection)
        .await
        .map(drop)
}

/// Moves an account to `status`, with the operator's reason or the end of the grace period where they apply.
pub(crate) async fn set_status(
    connection: &mut Connection,
    id: Uuid,
    status: Status,
    reason: Option<&str>,
    delete_after: Option<OffsetDateTime>,
    now: OffsetDateTime,
) -> QueryResult<()> {
    diesel::update(users::table.find(id))
        .set((
            users::status.eq(status.as_str()),
            users::status_reason.eq(reason),
            users::delete_after.eq(delete_after),
            users::updated_at.eq(now),
        ))
        .execute(connection)
        .await
        .map(drop)
}

/// Notes that the address is proven.
pub(crate) async fn set_email_verified(
    connection: &mut Connection,
    id: Uuid,
    now: OffsetDateTime,
) -> QueryResult<()> {
    diesel::update(users::table.find(id))
        .set((users::email_verified_at.eq(now), users::updated_at.eq(now)))
        .execute(connection)
        .await
        .map(drop)
}

/// Replaces the password's hash; `None` leaves the account without a password.
pub(crate) async fn set_password(
    connection: &mut Connection,
    id: Uuid,
    hash: Option<&str>,
    now: OffsetDateTime,
) -> QueryResult<()> {
    diesel::update(users::table.find(id))
        .set((users::password_hash.eq(hash), users::updated_at.eq(now)))
        .execute(connection)
        .await
        .map(drop)
}

/// Gives the account a phone number; fails as a unique violation when another account has it.
pub(crate) async fn set_phone(
    connection: &mut Connection,
    id: Uuid,
    sealed: &[u8],
    index: &[u8],
    now: OffsetDateTime,
) -> QueryResult<()> {
    diesel::update(users::table.find(id))
        .set((
            users::phone_sealed.eq(sealed),
            users::phone_index.eq(index),
            users::updated_at.eq(now),
        ))
        .execute(connection)
        .await
        .map(drop)
}

/// Writes the profile as `account` has it.
pub(crate) async fn set_profile(
    connection: &mut Connection,
    account: &Account,
    now: OffsetDateTime,
) -> QueryResult<()> {
    diesel::update(users::table.find(account.id))
        .set((
            users::display_name.eq(&account.display_name),
            users::avatar.eq(&account.avatar),
            users::country.eq(&account.country),
            users::language.eq(&account.language),
            users::time_zone.eq(&account.time_zone),
            users::privacy.eq(account.privacy.as_str()),
            users::preferences.eq(serde_json::to_value(account.preferences).unwrap_or_default()),
            users::updated_at.eq(now),
        ))
        .execute(connection)
        .await
        .map(drop)
}

/// Accounts whose grace period is over, locked; those that another process is at are left to it.
pub(crate) async fn due_for_deletion(
    connection: &mut Connection,
    now: OffsetDateTime,
    limit: i64,
) -> QueryResult<Vec<Account>> {
    users::table
        .filter(users::status.eq(Status::Deleting.as_str()))
        .filter(users::delete_after.le(now))
        .order(users::delete_after)
        .limit(limit)
        .select(Account::as_select())
        .for_update()
        .skip_locked()
        .load(connection)
        .await
}

/// Erases everything personal of an account; its id stays, so that what others wrote still has an author.
pub(crate) async fn anonymise(
    connection: &mut Connection,
    id: Uuid,
    now: OffsetDateTime,
) -> QueryResult<()> {
    diesel::update(users::table.find(id))
        .set((
            users::email.eq(None::<String>),
            users::email_verified_at.eq(None::<OffsetDateTime>),
            users::phone_sealed.eq(None::<Vec<u8>>),
            users::phone_index.eq(None::<Vec<u8>>),
            users::password_hash.eq(None::<String>),
            users::display_name.eq(""),
            users::avatar.eq(None::<String>),
            users::country.eq(None::<String>),
            users::privacy.eq("PRIVATE"),
            users::preferences.eq(serde_json::json!({})),
            users::status.eq(Status::Deleted.as_str()),
            users::status_reason.eq(None::<String>),
            users::delete_after.eq(None::<OffsetDateTime>),
            users::updated_at.eq(now),
        ))
        .execute(connection)
        .await?;
    diesel::delete(user_roles::table.filter(user_roles::user_id.eq(id)))
        .execute(connection)
        .await
        .map(drop)
}

/// Removes registrations that nobody proved and that are older than `before`; returns how many.
pub(crate) async fn remove_unproven(
    connection: &mut Connection,
    before: OffsetDateTime,
) -> QueryResult<usize> {
    diesel::delete(users::table)
        .filter(users::status.eq(Status::Pending.as_str()))
        .filter(users::created_at.lt(before))
        .execute(connection)
        .await
}
