//! Sessions, refresh tokens, links in mails, and what verifiers must hear of.

use coko_core::database::Connection;
use coko_core::paging::{Direction, Page};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use time::OffsetDateTime;
use uuid::Uuid;

use super::{TimeKey, moment};
use crate::model::{OneTimeToken, Purpose, RefreshToken, RevokeReason, Session};
use crate::tables::{one_time_tokens, pending_revocations, refresh_tokens, sessions};

/// Begins a session.
pub(crate) async fn insert(connection: &mut Connection, session: Session) -> QueryResult<()> {
    diesel::insert_into(sessions::table)
        .values(session)
        .execute(connection)
        .await
        .map(drop)
}

/// Gives a session its next refresh token; the database permits one unspent token a session.
pub(crate) async fn insert_refresh(
    connection: &mut Connection,
    token: &RefreshToken,
) -> QueryResult<()> {
    diesel::insert_into(refresh_tokens::table)
        .values(token)
        .execute(connection)
        .await
        .map(drop)
}

/// The refresh token with this hash and its session, both locked until the transaction ends.
pub(crate) async fn lock_refresh(
    connection: &mut Connection,
    hash: &[u8],
) -> QueryResult<Option<(RefreshToken, Session)>> {
    refresh_tokens::table
        .inner_join(sessions::table)
        .filter(refresh_tokens::token_hash.eq(hash))
        .select((RefreshToken::as_select(), Session::as_select()))
        .for_update()
        .first(connection)
        .await
        .optional()
}

/// Marks a refresh token as exchanged.
pub(crate) async fn spend_refresh(
    connection: &mut Connection,
    hash: &[u8],
    now: OffsetDateTime,
) -> QueryResult<()> {
    diesel::update(refresh_tokens::table.find(hash))
        .set(refresh_tokens::spent_at.eq(now))
        .execute(connection)
        .await
        .map(drop)
}

/// Notes that a session was refreshed, from where, and until when it now lasts.
pub(crate) async fn touch(connection: &mut Connection, session: &Session) -> QueryResult<()> {
    diesel::update(sessions::table.find(session.id))
        .set((
            sessions::last_used_at.eq(session.last_used_at),
            sessions::expires_at.eq(session.expires_at),
            sessions::address.eq(&session.address),
            sessions::agent.eq(&session.agent),
        ))
        .execute(connection)
        .await
        .map(drop)
}

/// The sessions of these accounts that have neither ended nor run out, newest first.
pub(crate) async fn live_of(
    connection: &mut Connection,
    users: &[Uuid],
    now: OffsetDateTime,
) -> QueryResult<Vec<Session>> {
    sessions::table
        .filter(sessions::user_id.eq_any(users))
        .filter(sessions::revoked_at.is_null())
        .filter(sessions::expires_at.gt(now))
        .order((sessions::created_at.desc(), sessions::id.desc()))
        .select(Session::as_select())
        .load(connection)
        .await
}

/// Ends the live sessions of an account that are named (all when `only` is empty) except `but`; returns which ended.
pub(crate) async fn revoke(
    connection: &mut Connection,
    user: Uuid,
    only: Option<Uuid>,
    but: Option<Uuid>,
    reason: RevokeReason,
    now: OffsetDateTime,
) -> QueryResult<Vec<Uuid>> {
    let mut query = sessions::table
        .filter(sessions::user_id.eq(user))
        .filter(sessions::revoked_at.is_null())
        .filter(sessions::expires_at.gt(now))
        .select(sessions::id)
        .into_boxed();
    if let Some(only) = only {
        query = query.filter(sessions::id.eq(only));
    }
    if let Some(but) = but {
        query = query.filter(sessions::id.ne(but));
    }
    let ids: Vec<Uuid> = query.load(connection).await?;
    diesel::update(
        sessions::table
            .filter(sessions::id.eq_any(&ids))
            .filter(sessions::revoked_at.is_null()),
    )
    .set((
        sessions::revoked_at.eq(now),
        sessions::revoke_reason.eq(reason.as_str()),
    ))
    .returning(sessions::id)
    .get_results(connection)
    .await
}

/// Notes keys that verifiers must hear of.
pub(crate) async fn insert_revocations(
    connection: &mut Connection,
    keys: &[(String, OffsetDateTime)],
) -> QueryResult<()> {
    let rows: Vec<_> = keys
        .iter()
        .map(|(key, until)| {
            (
                pending_revocations::key.eq(key),
                pending_revocations::until.eq(until),
            )
        })
        .collect();
    diesel::insert_into(pending_revocations::table)
        .values(rows)
        .on_conflict_do_nothing()
        .execute(connection)
        .await
        .map(drop)
}

/// Keys that verifiers have not been told of yet, at most a thousand.
pub(crate) async fn pending_revocations(
    connection: &mut Connection,
) -> QueryResult<Vec<(String, OffsetDateTime)>> {
    pending_revocations::table
        .order(pending_revocations::key)
        .limit(1000)
        .load(connection)
        .await
}

/// Forgets keys that were broadcast.
pub(crate) async fn remove_revocations(
    connection: &mut Connection,
    keys: &[String],
) -> QueryResult<()> {
    diesel::delete(pending_revocations::table.filter(pending_revocations::key.eq_any(keys)))
        .execute(connection)
        .await
        .map(drop)
}

/// Makes a link's secret the only one of its purpose that the account has.
pub(crate) async fn replace_one_time(
    connection: &mut Connection,
    token: OneTimeToken,
) -> QueryResult<()> {
    remove_one_time(connection, token.user_id, token.purpose).await?;
    diesel::insert_into(one_time_tokens::table)
        .values(token)
        .execute(connection)
        .await
        .map(drop)
}

/// Takes the secret of a link: it is gone when the transaction commits, so it works once.
pub(crate) async fn take_one_time(
    connection: &mut Connection,
    hash: &[u8],
    purpose: Purpose,
    now: OffsetDateTime,
) -> QueryResult<Option<Uuid>> {
    diesel::delete(one_time_tokens::table.find(hash))
        .filter(one_time_tokens::purpose.eq(purpose.as_str()))
        .filter(one_time_tokens::expires_at.gt(now))
        .returning(one_time_tokens::user_id)
        .get_result(connection)
        .await
        .optional()
}

/// Looks at the account that a link is for, without taking it.
pub(crate) async fn find_one_time(
    connection: &mut Connection,
    hash: &[u8],
    purpose: Purpose,
    now: OffsetDateTime,
) -> QueryResult<Option<Uuid>> {
    one_time_tokens::table
        .find(hash)
        .filter(one_time_tokens::purpose.eq(purpose.as_str()))
        .filter(one_time_tokens::expires_at.gt(now))
        .select(one_time_tokens::user_id)
        .first(connection)
        .await
        .optional()
}

/// Removes an account's links of one purpose.
pub(crate) async fn remove_one_time(
    connection: &mut Connection,
    user: Uuid,
    purpose: Purpose,
) -> QueryResult<()> {
    diesel::delete(one_time_tokens::table)
        .filter(one_time_tokens::user_id.eq(user))
        .filter(one_time_tokens::purpose.eq(purpose.as_str()))
        .execute(connection)
        .await
        .map(drop)
}

/// Removes what has run out: links at once, refresh tokens (spent ones too, whose reuse would otherwise be noticed) a day
/// after their end, sessions a month after theirs.
pub(crate) async fn remove_expired(
    connection: &mut Connection,
    now: OffsetDateTime,
) -> QueryResult<()> {
    diesel::delete(one_time_tokens::table.filter(one_time_tokens::expires_at.le(now)))
        .execute(connection)
        .await?;
    let late = now - time::Duration::days(1);
    diesel::delete(refresh_tokens::table.filter(refresh_tokens::expires_at.lt(late)))
        .execute(connection)
        .await?;
    let keep = now - time::Duration::days(30);
    diesel::delete(sessions::table.filter(sessions::expires_at.lt(keep)))
        .execute(connection)
        .await
        .map(drop)
}

/// Removes every session of an account with its tokens.
pub(crate) async fn remove_all(connection: &mut Connection, user: Uuid) -> QueryResult<()> {
    diesel::delete(sessions::table.filter(sessions::user_id.eq(user)))
        .execute(connection)
        .await
        .map(drop)
}

/// One page of the live sessions of an account, newest first.
pub(crate) async fn page(
    connection: &mut Connection,
    user: Uuid,
    page: &Page<TimeKey>,
    now: OffsetDateTime,
) -> QueryResult<Vec<Session>> {
    let mut query = sessions::table
        .filter(sessions::user_id.eq(user))
        .filter(sessions::revoked_at.is_null())
        .filter(sessions::expires_at.gt(now))
        .select(Session::as_select())
        .limit(page.limit())
        .into_boxed();
    if let Some((at, id)) = page.from {
        let at = moment(at);
        query = match page.direction {
            Direction::Forward => query.filter(
                sessions::created_at
                    .lt(at)
                    .or(sessions::created_at.eq(at).and(sessions::id.lt(id))),
            ),
            Direction::Backward => query.filter(
                sessions::created_at
                    .gt(at)
                    .or(sessions::created_at.eq(at).and(sessions::id.gt(id))),
            ),
        };
    }
    match page.direction {
        Direction::Forward => query.order((sessions::created_at.desc(), sessions::id.desc())),
        Direction::Backward => query.order((sessions::created_at.asc(), sessions::id.asc())),
    }
    .load(connection)
    .await
}
