//! Sign-in through a provider: leaving for it, coming back, and which account that is.
//!
//! A person at a provider is the account they were linked to. Failing that, it is the account with their address, when both
//! the provider and we have proof of it; an unproven registration is taken over, and its password with it goes, because
//! somebody else may have chosen it. Failing that, it is a new account; an address that the provider does not vouch for is
//! left out of it.

use coko_core::context::CommandContext;
use coko_core::crypto::token_hash;
use coko_core::database::Connection;
use coko_core::graphql::{Failure, Outcome};
use coko_core::text;
use diesel_async::AsyncConnection as _;
use serde_json::json;
use time::Duration;
use uuid::Uuid;

use super::registration::{Consents, Introduced, new_account, record_consents, welcome};
use super::session::{SignedIn, start};
use super::{Auth, audit};
use crate::error::{CompleteSocialSignInErrorCode, StartSocialSignInErrorCode, limits};
use crate::model::{
    Account, Avatar, Change, Email, Method, NewAccount, Purpose, SocialAttempt, SocialIdentity,
    Status, Subject,
};
use crate::social::{Arrival, SocialError};
use crate::store;

const VERIFIER: &str = "social_attempts.pkce_verifier";
const REFRESH_TOKEN: &str = "social_identities.refresh_token";

/// Where to send a person, and the state that comes back with them.
#[derive(Debug)]
pub(crate) struct Leaving {
    pub url: String,
    pub state: String,
}

/// Begins a sign-in at a provider.
pub(crate) async fn begin(
    context: &CommandContext,
    auth: &Auth,
    provider: Method,
    redirect_uri: &str,
) -> Outcome<Leaving, StartSocialSignInErrorCode> {
    if let Some(address) = context.address {
        auth.throttle(
            context,
            "social",
            &address.to_string(),
            auth.config.limits.login,
        )
        .await?;
    }
    let state = context.entropy.token();
    let secrets = (context.entropy.token(), context.entropy.token());
    let departure = auth
        .providers
        .depart(provider, redirect_uri, state.clone(), context.now, secrets)
        .await
        .map_err(|error| match error {
            SocialError::Redirect => Failure::field(
                StartSocialSignInErrorCode::RedirectUriUnknown,
                "redirectUri",
            ),
            error => {
                tracing::warn!(%error, provider = provider.as_str(), "a sign-in cannot begin");
                Failure::field(StartSocialSignInErrorCode::ProviderUnavailable, "provider")
            }
        })?;
    let attempt = SocialAttempt {
        state_hash: token_hash(&state),
        provider,
        redirect_uri: redirect_uri.to_owned(),
        nonce: departure.nonce,
        pkce_verifier: auth
            .cipher
            .seal(&context.entropy, VERIFIER, &departure.verifier),
        expires_at: context.now + Duration::minutes(auth.config.lifetimes.social_minutes),
    };
    let mut connection = auth.pool.get().await?;
    store::social::insert_attempt(&mut connection, attempt).await?;
    Ok(Leaving {
        url: departure.url,
        state,
    })
}

/// Ends a sign-in at a provider with the state and code that came back.
pub(crate) async fn complete(
    context: &CommandContext,
    auth: &Auth,
    state: &str,
    code: &str,
    consents: Consents,
    device: Option<&str>,
) -> Outcome<SignedIn, CompleteSocialSignInErrorCode> {
    use CompleteSocialSignInErrorCode as Codes;
    if !consents.tracking {
        return Err(Failure::field(Codes::ConsentRequired, "consents.tracking"));
    }
    let mut connection = auth.pool.get().await?;
    // The state is spent whatever comes of it: a second try with it, by anyone, finds nothing.
    let attempt = store::social::take_attempt(&mut connection, &token_hash(state), context.now)
        .await?
        .ok_or_else(|| Failure::field(Codes::StateInvalid, "state"))?;
    drop(connection);
    let verifier = auth.cipher.open(VERIFIER, &attempt.pkce_verifier)?;
    let arrival = auth
        .providers
        .arrive(attempt.provider, &attempt.redirect_uri, code, (&attempt.nonce, &verifier), context.now)
        .await
        .map_err(|error| {
            tracing::warn!(%error, provider = attempt.provider.as_str(), "a sign-in at a provider failed");
            metrics::counter!("logins_total", "method" => attempt.provider.as_str(), "outcome" => "refused").increment(1);
            match error {
                SocialError::Refused(_) => Failure::field(Codes::CodeRefused, "code"),
                _ => Failure::whole(Codes::ProviderUnavailable),
            }
        })?;
    let mut connection = auth.pool.get().await?;
    connection
        .transaction(async |connection| {
            let account = account_of(
                context,
                auth,
                connection,
                attempt.provider,
                &arrival,
                consents,
            )
            .await?;
            if !account.may_sign_in() {
                return Err(Failure::whole(Codes::AccountSuspended));
            }
            let sealed = arrival
                .refresh_token
                .as_deref()
                .map(|token| auth.cipher.seal(&context.entropy, REFRESH_TOKEN, token));
            let identity = SocialIdentity {
                provider: attempt.provider,
                subject: arrival.subject.clone(),
                user_id: account.id,
                refresh_token: sealed,
                linked_at: context.now,
                last_used_at: context.now,
            };
            store::social::upsert(connection, identity).await?;
            Ok(start(context, auth, connection, account, attempt.provider, device).await?)
        })
        .await
}

/// The account of a person at a provider, locked; linked, taken over or made when there was none.
async fn account_of(
    context: &CommandContext,
    auth: &Auth,
    connection: &mut Connection,
    provider: Method,
    arrival: &Arrival,
    consents: Consents,
) -> coko_core::Result<Account> {
    let gone = || coko_core::Error::new(coko_core::Code::Conflict, "core-conflict");
    if let Some(user) = store::social::user_of(connection, provider, &arrival.subject).await? {
        return store::accounts::lock(connection, user)
            .await?
            .ok_or_else(gone);
    }
    let email = arrival
        .email
        .as_deref()
        .filter(|_| arrival.email_verified)
        .and_then(|email| Email::parse(email).ok());
    let known = match &email {
        Some(email) => store::accounts::lock_by_email(connection, email.as_str()).await?,
        None => None,
    };
    let id = match known {
        Some(account) if account.status == Status::Pending => {
            take_over(context, connection, &account, provider, consents).await?;
            account.id
        }
        Some(account) => account.id,
        None => {
            register(
                context,
                connection,
                provider,
                arrival,
                email.as_ref(),
                consents,
            )
            .await?
        }
    };
    let values = Some(json!({ "provider": provider.as_str() }));
    audit(
        connection,
        context,
        "social.linked",
        Subject::User(id),
        (None, values),
    )
    .await?;
    tracing::info!(user = %id, provider = provider.as_str(), site = auth.site_url, "an identity was linked");
    store::accounts::lock(connection, id)
        .await?
        .ok_or_else(gone)
}

/// Completes an unproven registration for the person whom the provider vouches for.
async fn take_over(
    context: &CommandContext,
    connection: &mut Connection,
    account: &Account,
    provider: Method,
    consents: Consents,
) -> coko_core::Result<()> {
    let status = account
        .status
        .after(Change::Verify)
        .map_err(coko_core::Error::internal)?;
    store::accounts::set_password(connection, account.id, None, context.now).await?;
    store::accounts::set_email_verified(connection, account.id, context.now).await?;
    store::accounts::set_status(connection, account.id, status, None, None, context.now).await?;
    store::sessions::remove_one_time(connection, account.id, Purpose::VerifyEmail).await?;
    store::sessions::remove_one_time(connection, account.id, Purpose::ResetPassword).await?;
    record_consents(context, connection, account.id, consents).await?;
    welcome(context, connection, account, provider).await?;
    Ok(())
}

async fn register(
    context: &CommandContext,
    connection: &mut Connection,
    provider: Method,
    arrival: &Arrival,
    email: Option<&Email>,
    consents: Consents,
) -> coko_core::Result<Uuid> {
    // A provider's name may be anything; a name of ours is one line.
    let name = arrival
        .name
        .as_deref()
        .and_then(|name| {
            text::line(
                &name.chars().take(limits::NAME).collect::<String>(),
                limits::NAME,
            )
            .ok()
        })
        .or_else(|| email.map(|email| email.local().to_owned()))
        .unwrap_or_else(|| "Coko".to_owned());
    let introduced = Introduced {
        display_name: name,
        country: None,
        language: context.locale.to_string(),
        time_zone: "UTC".to_owned(),
        consents,
    };
    let row = NewAccount {
        email: email.map(Email::as_str),
        email_verified_at: email.map(|_| context.now),
        ..new_account(context, &introduced, Status::Active)
    };
    if !store::accounts::insert(connection, &row).await? {
        return Err(coko_core::Error::new(
            coko_core::Code::Conflict,
            "core-conflict",
        ));
    }
    let mut account = store::accounts::by_id(connection, row.id)
        .await?
        .ok_or_else(coko_core::Error::not_found)?;
    if let Some(picture) = arrival
        .picture
        .as_deref()
        .and_then(|picture| Avatar::parse(picture).ok())
    {
        account.avatar = Some(picture.as_str().to_owned());
        store::accounts::set_profile(connection, &account, context.now).await?;
    }
    record_consents(context, connection, account.id, consents).await?;
    let values = Some(json!({ "method": provider.as_str() }));
    audit(
        connection,
        context,
        "account.registered",
        Subject::User(account.id),
        (None, values),
    )
    .await?;
    welcome(context, connection, &account, provider).await?;
    Ok(account.id)
}
