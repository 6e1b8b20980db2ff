//! What auth answers other domains: how people are reached, for as long as somebody is being reached.

use std::sync::Arc;

use coko_core::Result;
use coko_core::ask::Questions;
use coko_core::ask::auth::{Contact, Contacts, MOST_CONTACTS};
use coko_core::service::{Platform, Task};

use crate::commands::Auth;
use crate::commands::phone::PHONE;
use crate::model::{Account, Status};
use crate::store;

pub(crate) fn tasks(platform: &Platform, auth: &Arc<Auth>) -> Vec<Task> {
    let auth = auth.clone();
    vec![
        Questions::new(platform).answer("contacts", move |asked: Contacts| {
            let auth = auth.clone();
            async move { contacts(&auth, &asked).await }
        }),
    ]
}

async fn contacts(auth: &Auth, asked: &Contacts) -> Result<Vec<Contact>> {
    let most = asked.user_ids.len().min(MOST_CONTACTS);
    let mut connection = auth.pool.get().await?;
    let accounts = store::accounts::by_ids(&mut connection, &asked.user_ids[..most]).await?;
    drop(connection);
    accounts
        .into_iter()
        .filter(|account| !matches!(account.status, Status::Pending | Status::Deleted))
        .map(|account| contact(auth, account))
        .collect()
}

fn contact(auth: &Auth, account: Account) -> Result<Contact> {
    let phone = account.phone_sealed.as_deref();
    Ok(Contact {
        user_id: account.id,
        phone: phone
            .map(|sealed| auth.cipher.open(PHONE, sealed))
            .transpose()?,
        email: account
            .email
            .filter(|_| account.email_verified_at.is_some()),
        display_name: account.display_name,
        language: account.language,
        time_zone: account.time_zone,
    })
}
