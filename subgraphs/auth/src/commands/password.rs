//! Passwords: forgotten, reset, changed.

use coko_core::context::CommandContext;
use coko_core::crypto::token_hash;
use coko_core::database::Connection;
use coko_core::graphql::{Failure, Outcome};
use coko_core::mail;
use diesel_async::AsyncConnection as _;
use time::Duration;

use super::registration::welcome;
use super::session::end;
use super::{Auth, audit, personal_token, require_session};
use crate::error::{
    ChangePasswordErrorCode, PasswordCodes, RequestPasswordResetErrorCode, ResetPasswordErrorCode,
    password_code,
};
use crate::letters::{self, Content};
use crate::model::{
    Account, Change, Email, Method, OneTimeToken, Purpose, RevokeReason, Status, Subject,
    check_password, prepare_password,
};
use crate::store;

/// Sends a link to an address that has an account; says nothing of whether it has one.
pub(crate) async fn request_reset(
    context: &CommandContext,
    auth: &Auth,
    email: &str,
) -> Outcome<(), RequestPasswordResetErrorCode> {
    let email = Email::parse(email)
        .map_err(|_| Failure::field(RequestPasswordResetErrorCode::EmailInvalid, "email"))?;
    auth.throttle(
        context,
        "password-reset",
        email.as_str(),
        auth.config.limits.password_reset,
    )
    .await?;
    let work = async {
        let mut connection = auth.pool.get().await?;
        connection
            .transaction(async |connection| {
                let account = store::accounts::lock_by_email(connection, email.as_str()).await?;
                if let Some(account) = account.filter(|account| account.status != Status::Deleted) {
                    send_link(context, auth, connection, &account).await?;
                }
                Ok(())
            })
            .await
    };
    auth.evenly(work).await
}

async fn send_link(
    context: &CommandContext,
    auth: &Auth,
    connection: &mut Connection,
    account: &Account,
) -> diesel::QueryResult<()> {
    let minutes = auth.config.lifetimes.reset_minutes;
    let token = context.entropy.token();
    let stored = OneTimeToken {
        token_hash: token_hash(&token),
        user_id: account.id,
        purpose: Purpose::ResetPassword,
        issued_at: context.now,
        expires_at: context.now + Duration::minutes(minutes),
    };
    store::sessions::replace_one_time(connection, stored).await?;
    audit(
        connection,
        context,
        "password.reset_requested",
        Subject::User(account.id),
        (None, None),
    )
    .await?;
    let link = format!("{}/reset-password?token={token}", auth.site_url);
    let content = Content {
        kind: "reset",
        arguments: vec![("minutes", minutes.to_string())],
        link: Some(link),
    };
    match letters::write(&auth.translations, account, &content) {
        Some(letter) => mail::enqueue(connection, context, &letter).await,
        None => Ok(()),
    }
}

/// Sets a password by the secret of the link that was sent; every session and personal token of the account ends.
///
/// The link went to the address, so it proves it as well: a registration that still waited for that is complete.
pub(crate) async fn reset(
    context: &CommandContext,
    auth: &Auth,
    token: &str,
    password: &str,
) -> Outcome<(), ResetPasswordErrorCode> {
    let invalid = || Failure::field(ResetPasswordErrorCode::TokenInvalid, "token");
    let hash = token_hash(token);
    let mut connection = auth.pool.get().await?;
    // A look first: a password that is refused must not cost the link.
    let user =
        store::sessions::find_one_time(&mut connection, &hash, Purpose::ResetPassword, context.now)
            .await?
            .ok_or_else(invalid)?;
    let account = store::accounts::by_id(&mut connection, user)
        .await?
        .ok_or_else(invalid)?;
    drop(connection);
    let password = accept(&account, password, "newPassword")?;
    let password = auth.hasher.hash(password, &context.entropy).await?;
    let mut connection = auth.pool.get().await?;
    connection
        .transaction(async |connection| {
            store::sessions::take_one_time(connection, &hash, Purpose::ResetPassword, context.now)
                .await?
                .ok_or_else(invalid)?;
            let account = store::accounts::lock(connection, user)
                .await?
                .ok_or_else(invalid)?;
            store::accounts::set_password(connection, user, Some(&password), context.now).await?;
            if let Ok(status) = account.status.after(Change::Verify) {
                store::accounts::set_status(connection, user, status, None, None, context.now)
                    .await?;
                store::sessions::remove_one_time(connection, user, Purpose::VerifyEmail).await?;
                welcome(context, connection, &account, Method::Password).await?;
            }
            if account.email_verified_at.is_none() {
                store::accounts::set_email_verified(connection, user, context.now).await?;
            }
            end(
                context,
                auth,
                connection,
                user,
                None,
                None,
                RevokeReason::PasswordChanged,
            )
            .await?;
            personal_token::end(context, connection, user, None).await?;
            audit(
                connection,
                context,
                "password.reset",
                Subject::User(user),
                (None, None),
            )
            .await?;
            Ok::<_, Failure<ResetPasswordErrorCode>>(
                tell_owner(context, auth, connection, &account).await?,
            )
        })
        .await?;
    drop(connection);
    auth.broadcast_or_log().await;
    Ok(())
}

/// Replaces the password of the account that asks; its other sessions end. Returns how many did.
pub(crate) async fn change(
    context: &CommandContext,
    auth: &Auth,
    current: &str,
    new: &str,
) -> Outcome<usize, ChangePasswordErrorCode> {
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
    let Some(stored) = account.password_hash.as_deref() else {
        return Err(Failure::whole(ChangePasswordErrorCode::NoPassword));
    };
    if !auth
        .hasher
        .verify(prepare_password(current), Some(stored))
        .await?
    {
        return Err(Failure::field(
            ChangePasswordErrorCode::CurrentPasswordWrong,
            "currentPassword",
        ));
    }
    let password = accept(&account, new, "newPassword")?;
    let password = auth.hasher.hash(password, &context.entropy).await?;
    let mut connection = auth.pool.get().await?;
    let ended = connection
        .transaction(async |connection| {
            store::accounts::set_password(connection, account.id, Some(&password), context.now)
                .await?;
            store::sessions::remove_one_time(connection, account.id, Purpose::ResetPassword)
                .await?;
            let ended = end(
                context,
                auth,
                connection,
                account.id,
                None,
                Some(session.id),
                RevokeReason::PasswordChanged,
            )
            .await?;
            audit(
                connection,
                context,
                "password.changed",
                Subject::User(account.id),
                (None, None),
            )
            .await?;
            tell_owner(context, auth, connection, &account).await?;
            Ok::<_, coko_core::Error>(ended.len())
        })
        .await?;
    drop(connection);
    auth.broadcast_or_log().await;
    Ok(ended)
}

/// Checks a new password for an account.
fn accept<C: PasswordCodes>(
    account: &Account,
    password: &str,
    field: &'static str,
) -> Outcome<String, C> {
    let password = prepare_password(password);
    let personal = [
        account.email.as_deref().unwrap_or(""),
        &account.display_name,
    ];
    check_password(&password, &personal)
        .map_err(|fault| Failure::field(password_code(fault), field))?;
    Ok(password)
}

/// Whoever did it, the owner hears of it.
async fn tell_owner(
    context: &CommandContext,
    auth: &Auth,
    connection: &mut Connection,
    account: &Account,
) -> diesel::QueryResult<()> {
    let link = format!("{}/reset-password", auth.site_url);
    let content = Content {
        kind: "changed",
        arguments: Vec::new(),
        link: Some(link),
    };
    match letters::write(&auth.translations, account, &content) {
        Some(letter) => mail::enqueue(connection, context, &letter).await,
        None => Ok(()),
    }
}
