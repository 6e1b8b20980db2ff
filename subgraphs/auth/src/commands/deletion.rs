//! Deletion of accounts: asked for, cancelled by signing in, carried out by a sweep.

use coko_core::context::CommandContext;
use coko_core::events::auth::UserDeleted;
use coko_core::graphql::{Failure, Outcome};
use coko_core::{mail, outbox};
use diesel_async::AsyncConnection as _;
use time::{Duration, OffsetDateTime};

use super::administration::ADMIN;
use super::session::end;
use super::{Auth, audit, impersonation, personal_token, require_session};
use crate::error::DeleteAccountErrorCode;
use crate::letters::{self, Content};
use crate::model::{Account, Change, RevokeReason, Subject, prepare_password};
use crate::store;

/// Accounts that one step of the sweep takes on.
const BATCH: i64 = 20;

/// Marks the account that asks for deletion; returns when it becomes final. Signing in before then cancels it.
pub(crate) async fn request(
    context: &CommandContext,
    auth: &Auth,
    password: Option<&str>,
) -> Outcome<OffsetDateTime, DeleteAccountErrorCode> {
    let mut connection = auth.pool.get().await?;
    let session = require_session(context, &mut connection).await?;
    let account = store::accounts::by_id(&mut connection, session.user_id)
        .await?
        .ok_or_else(coko_core::Error::unauthenticated)?;
    drop(connection);
    auth.throttle(
        context,
        "login",
        &account.id.to_string(),
        auth.config.limits.login,
    )
    .await?;
    if let Some(stored) = account.password_hash.as_deref()
        && !auth
            .hasher
            .verify(prepare_password(password.unwrap_or("")), Some(stored))
            .await?
    {
        return Err(Failure::field(
            DeleteAccountErrorCode::PasswordWrong,
            "password",
        ));
    }
    let final_at = context.now + Duration::days(auth.config.lifetimes.deletion_days);
    let mut connection = auth.pool.get().await?;
    connection
        .transaction(async |connection| {
            let account = store::accounts::lock(connection, account.id)
                .await?
                .ok_or_else(coko_core::Error::unauthenticated)?;
            let status = account
                .status
                .after(Change::RequestDeletion)
                .map_err(|_| coko_core::Error::unauthenticated())?;
            let roles = store::roles::of(connection, &[account.id]).await?;
            let is_admin = roles.values().flatten().any(|role| role == ADMIN);
            if is_admin && !store::roles::someone_else_has(connection, ADMIN, account.id).await? {
                return Err(Failure::whole(DeleteAccountErrorCode::LastAdmin));
            }
            store::accounts::set_status(
                connection,
                account.id,
                status,
                None,
                Some(final_at),
                context.now,
            )
            .await?;
            end(
                context,
                auth,
                connection,
                account.id,
                None,
                None,
                RevokeReason::Deleted,
            )
            .await?;
            personal_token::end(context, connection, account.id, None).await?;
            impersonation::end_of(context, connection, account.id).await?;
            audit(
                connection,
                context,
                "account.deletion_requested",
                Subject::User(account.id),
                (None, None),
            )
            .await?;
            let date = final_at.date();
            let content = Content {
                kind: "deletion",
                arguments: vec![("date", date.to_string())],
                link: None,
            };
            if let Some(letter) = letters::write(&auth.translations, &account, &content) {
                mail::enqueue(connection, context, &letter).await?;
            }
            Ok(())
        })
        .await?;
    drop(connection);
    auth.broadcast_or_log().await;
    Ok(final_at)
}

/// Anonymises every account whose grace period is over; returns how many.
pub(crate) async fn sweep(context: &CommandContext, auth: &Auth) -> coko_core::Result<usize> {
    let mut swept = 0;
    loop {
        let mut connection = auth.pool.get().await?;
        let batch = connection
            .transaction(async |connection| {
                let due = store::accounts::due_for_deletion(connection, context.now, BATCH).await?;
                for account in &due {
                    erase(context, auth, connection, account).await?;
                }
                Ok::<_, coko_core::Error>(due.len())
            })
            .await?;
        swept += batch;
        if batch == 0 {
            return Ok(swept);
        }
    }
}

/// Erases what is personal and says so; the row remains, without a name, as the author of what the person wrote. What was said of
/// the account before is erased once it is published ([`super::erasure`]).
async fn erase(
    context: &CommandContext,
    auth: &Auth,
    connection: &mut coko_core::database::Connection,
    account: &Account,
) -> coko_core::Result<()> {
    account
        .status
        .after(Change::Anonymise)
        .map_err(coko_core::Error::internal)?;
    end(
        context,
        auth,
        connection,
        account.id,
        None,
        None,
        RevokeReason::Deleted,
    )
    .await?;
    store::sessions::remove_all(connection, account.id).await?;
    store::tokens::remove_all(connection, account.id).await?;
    store::social::remove_of_user(connection, account.id).await?;
    store::followers::remove_all(connection, account.id).await?;
    store::privacy::remove_exports(connection, account.id).await?;
    store::privacy::blur_consents(connection, account.id).await?;
    if let Some(email) = &account.email {
        mail::forget(connection, email).await?;
    }
    store::accounts::anonymise(connection, account.id, context.now).await?;
    audit(
        connection,
        context,
        "account.deleted",
        Subject::User(account.id),
        (None, None),
    )
    .await?;
    let deleted = UserDeleted {
        user_id: account.id,
        deleted_at: context.now,
    };
    let event = outbox::enqueue(connection, context, &deleted).await?;
    store::erasures::begin(connection, account.id, event, context.now).await?;
    metrics::counter!("user_deletions_total").increment(1);
    Ok(())
}
