//! Demonstration accounts for a platform on a laptop.

use coko_core::context::CommandContext;
use coko_core::database::Pool;
use coko_core::locale::Locale;
use diesel_async::AsyncConnection as _;

use super::audit;
use super::registration::{Consents, Introduced, new_account, record_consents, welcome};
use crate::config::PasswordConfig;
use crate::hashing::Hasher;
use crate::model::{Email, Method, NewAccount, Status, Subject, prepare_password};
use crate::store;

/// An account that can be signed in to at once, without a mail.
#[derive(Clone, Debug)]
pub struct DemoAccount {
    /// Its address.
    pub email: String,
    /// Its password; it becomes the account's even when the account is there already.
    pub password: String,
    /// The name shown to others.
    pub display_name: String,
    /// Its roles beside `user`.
    pub roles: Vec<String>,
}

/// Makes these accounts, or gives those that are there the same password and roles again.
///
/// # Errors
/// When the database does not answer, or an account names an address or a role that cannot be.
pub async fn seed_demo(
    pool: &Pool,
    context: &CommandContext,
    accounts: &[DemoAccount],
) -> coko_core::Result<()> {
    let hasher = Hasher::new(PasswordConfig::default(), &context.entropy)
        .map_err(coko_core::Error::internal)?;
    for account in accounts {
        seed(pool, context, &hasher, account).await?;
    }
    Ok(())
}

async fn seed(
    pool: &Pool,
    context: &CommandContext,
    hasher: &Hasher,
    demo: &DemoAccount,
) -> coko_core::Result<()> {
    let email = Email::parse(&demo.email).map_err(coko_core::Error::internal)?;
    let password = prepare_password(&demo.password);
    let mut connection = pool.get().await?;
    let known = store::accounts::by_email(&mut connection, email.as_str()).await?;
    let stored = known
        .as_ref()
        .and_then(|account| account.password_hash.as_deref());
    let hash = match stored {
        Some(_) if hasher.verify(password.clone(), stored).await? => None,
        _ => Some(hasher.hash(password, &context.entropy).await?),
    };
    let introduced = Introduced {
        display_name: demo.display_name.clone(),
        country: Some("SN".to_owned()),
        language: Locale::FR.to_string(),
        time_zone: "Africa/Dakar".to_owned(),
        consents: Consents {
            tracking: true,
            marketing: false,
            analytics: false,
        },
    };
    connection
        .transaction(async |connection| {
            let row = NewAccount {
                email: Some(email.as_str()),
                email_verified_at: Some(context.now),
                password_hash: hash.as_deref(),
                ..new_account(context, &introduced, Status::Active)
            };
            let fresh = store::accounts::insert(connection, &row).await?;
            let account = store::accounts::lock_by_email(connection, email.as_str())
                .await?
                .ok_or_else(coko_core::Error::not_found)?;
            if fresh {
                record_consents(context, connection, account.id, introduced.consents).await?;
                audit(
                    connection,
                    context,
                    "account.registered",
                    Subject::User(account.id),
                    (None, None),
                )
                .await?;
                welcome(context, connection, &account, Method::Password).await?;
            } else if let Some(hash) = &hash {
                store::accounts::set_password(connection, account.id, Some(hash), context.now)
                    .await?;
            }
            for role in &demo.roles {
                store::roles::grant(connection, account.id, role, None, context.now).await?;
            }
            Ok(())
        })
        .await
}
