//! Sign-ins under way at providers, and identities there.

use coko_core::database::Connection;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::model::{Method, SocialAttempt, SocialIdentity};
use crate::tables::{social_attempts, social_identities};

/// Remembers a sign-in that leaves for its provider.
pub(crate) async fn insert_attempt(
    connection: &mut Connection,
    attempt: SocialAttempt,
) -> QueryResult<()> {
    diesel::insert_into(social_attempts::table)
        .values(attempt)
        .execute(connection)
        .await
        .map(drop)
}

/// Takes a sign-in that came back: it is gone, so its state works once.
pub(crate) async fn take_attempt(
    connection: &mut Connection,
    state_hash: &[u8],
    now: OffsetDateTime,
) -> QueryResult<Option<SocialAttempt>> {
    diesel::delete(social_attempts::table.find(state_hash))
        .filter(social_attempts::expires_at.gt(now))
        .returning(SocialAttempt::as_returning())
        .get_result(connection)
        .await
        .optional()
}

/// The account of a person at a provider.
pub(crate) async fn user_of(
    connection: &mut Connection,
    provider: Method,
    subject: &str,
) -> QueryResult<Option<Uuid>> {
    social_identities::table
        .find((provider.as_str(), subject))
        .select(social_identities::user_id)
        .first(connection)
        .await
        .optional()
}

/// Links an identity to an account, or notes that it was used again.
pub(crate) async fn upsert(
    connection: &mut Connection,
    identity: SocialIdentity,
) -> QueryResult<()> {
    let (token, used) = (identity.refresh_token.clone(), identity.last_used_at);
    diesel::insert_into(social_identities::table)
        .values(identity)
        .on_conflict((social_identities::provider, social_identities::subject))
        .do_update()
        .set((
            social_identities::refresh_token.eq(token),
            social_identities::last_used_at.eq(used),
        ))
        .execute(connection)
        .await
        .map(drop)
}

/// The identities of an account.
pub(crate) async fn of_user(
    connection: &mut Connection,
    user: Uuid,
) -> QueryResult<Vec<SocialIdentity>> {
    social_identities::table
        .filter(social_identities::user_id.eq(user))
        .order((social_identities::provider, social_identities::subject))
        .select(SocialIdentity::as_select())
        .load(connection)
        .await
}

/// Removes the identities of an account.
pub(crate) async fn remove_of_user(connection: &mut Connection, user: Uuid) -> QueryResult<()> {
    diesel::delete(social_identities::table.filter(social_identities::user_id.eq(user)))
        .execute(connection)
        .await
        .map(drop)
}

/// Removes sign-ins that never came back.
pub(crate) async fn remove_expired(
    connection: &mut Connection,
    now: OffsetDateTime,
) -> QueryResult<()> {
    diesel::delete(social_attempts::table.filter(social_attempts::expires_at.le(now)))
        .execute(connection)
        .await
        .map(drop)
}
