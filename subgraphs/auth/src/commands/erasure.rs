//! What is erased of an account after it is gone: its events in the history, and what the audit log says of its owner beyond who did
//! what and when.
//!
//! Events are deleted once `user.deleted` is published, as everything before it then is, and what is deleted is published no more.
//! Every step can be repeated; the erasure counts as done when all were taken, whichever process took them.

use std::collections::BTreeSet;

use coko_core::context::CommandContext;
use coko_core::events::auth::{UserProfileUpdated, UserRegistered, UserSuspended};
use coko_core::events::{self, Payload};
use coko_core::{history, outbox};
use diesel_async::AsyncConnection as _;
use uuid::Uuid;

use super::{Auth, audit};
use crate::model::Subject;
use crate::store;

/// Events that say what somebody is called, where they live, or what was written about them.
const PERSONAL: [&str; 3] = [
    UserProfileUpdated::TYPE,
    UserRegistered::TYPE,
    UserSuspended::TYPE,
];

/// Accounts that one reading of the history is for.
const BATCH: i64 = 500;

/// Erases what is left of accounts whose end is published; returns of how many.
pub(crate) async fn finish(context: &CommandContext, auth: &Auth) -> coko_core::Result<usize> {
    let users = published(auth).await?;
    if users.is_empty() {
        return Ok(0);
    }
    let about: BTreeSet<String> = users.iter().map(Uuid::to_string).collect();
    blur(auth, &users, &about).await?;
    let domain = UserRegistered::DOMAIN;
    history::forget(&auth.platform.bus, domain, &PERSONAL, &about).await?;
    let mut connection = auth.pool.get().await?;
    connection
        .transaction(async |connection| {
            for user in &users {
                if store::erasures::finish(connection, *user, context.now).await? {
                    let (action, subject) = ("account.erased", Subject::User(*user));
                    audit(connection, context, action, subject, (None, None)).await?;
                }
            }
            Ok::<_, coko_core::Error>(())
        })
        .await?;
    metrics::counter!("user_erasures_total").increment(users.len() as u64);
    Ok(users.len())
}

/// The accounts that wait and whose end is published.
async fn published(auth: &Auth) -> coko_core::Result<Vec<Uuid>> {
    let mut connection = auth.pool.get().await?;
    let waiting = store::erasures::waiting(&mut connection, BATCH).await?;
    let ends: Vec<Uuid> = waiting.iter().map(|(_, event)| *event).collect();
    let unsent = outbox::unsent(&mut connection, &ends).await?;
    Ok(waiting
        .into_iter()
        .filter(|(_, event)| !unsent.contains(event))
        .map(|(user, _)| user)
        .collect())
}

/// Erases what this database still says of the accounts.
async fn blur(auth: &Auth, users: &[Uuid], about: &BTreeSet<String>) -> coko_core::Result<()> {
    let subjects = PERSONAL.map(|kind| events::subject(UserRegistered::DOMAIN, kind));
    let mut connection = auth.pool.get().await?;
    connection
        .transaction(async |connection| {
            outbox::forget(connection, &subjects, about).await?;
            for user in users {
                store::audit::blur(connection, *user).await?;
                store::impersonations::blur(connection, *user).await?;
            }
            Ok::<_, coko_core::Error>(())
        })
        .await
}
