//! What auth answers other domains: how people are reached, for as long as somebody is being reached.

use std::sync::Arc;

use coko_core::Result;
use coko_core::ask::auth::{Contact, answer_contacts};
use coko_core::service::{Platform, Task};
use futures::FutureExt as _;
use uuid::Uuid;

use crate::commands::Auth;
use crate::commands::phone::PHONE;
use crate::model::{Account, Status};
use crate::store;

pub(crate) fn tasks(platform: &Platform, auth: &Arc<Auth>) -> Vec<Task> {
    let auth = auth.clone();
    vec![answer_contacts(platform, move |user_ids| {
        let auth = auth.clone();
        async move { contacts(&auth, &user_ids).await }.boxed()
    })]
}

async fn contacts(auth: &Auth, user_ids: &[Uuid]) -> Result<Vec<Contact>> {
    let mut connection = auth.pool.get().await?;
    let accounts = store::accounts::by_ids(&mut connection, user_ids).await?;
    drop(connection);
    Ok(accounts
        .into_iter()
        .filter(|account| !matches!(account.status, Status::Pending | Status::Deleted))
        .map(|account| contact(auth, account))
        .collect())
}

/// A number that does not open, as with a key that was lost, is left out: nobody else who is asked about has to wait for it.
fn contact(auth: &Auth, account: Account) -> Contact {
    let phone = account.phone_sealed.as_deref();
    let phone = phone.and_then(|sealed| {
        let opened = auth.cipher.open(PHONE, sealed);
        opened
            .inspect_err(
                |error| tracing::error!(user = %account.id, %error, "a number does not open"),
            )
            .ok()
    });
    Contact {
        user_id: account.id,
        phone,
        email: account
            .email
            .filter(|_| account.email_verified_at.is_some()),
        display_name: account.display_name,
        language: account.language,
        time_zone: account.time_zone,
    }
}
