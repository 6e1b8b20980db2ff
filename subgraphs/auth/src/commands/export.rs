//! Copies of one's data: every domain is asked for its part until it has answered; the whole is fetched by a link.

use coko_core::context::CommandContext;
use coko_core::identity::link;
use coko_core::{Code, Error, Result, export, mail};
use diesel_async::AsyncConnection as _;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use time::Duration;
use time::format_description::well_known::Rfc3339;
use uuid::Uuid;

use super::{Auth, audit};
use crate::letters::{self, Content};
use crate::model::{DataExport, Subject};
use crate::store;

/// Copies that one round works on.
const BATCH: i64 = 16;
/// How long a domain that did not answer is left alone.
const PAUSE: Duration = Duration::seconds(20);
/// How long a copy is kept.
const KEEP: Duration = Duration::days(30);
/// How long a link works.
const LINK_LIFE: Duration = Duration::minutes(10);
/// The use of the key that signs links.
const LINK: &str = "data-export";

/// What a link says.
#[derive(Serialize, Deserialize)]
struct Claims {
    #[serde(rename = "x")]
    export: Uuid,
}

/// Asks the domains for what is still missing of copies; returns how many were looked at.
///
/// # Errors
/// When the database does not answer; a domain that does not is asked again later.
pub(crate) async fn collect(context: &CommandContext, auth: &Auth) -> Result<usize> {
    let mut connection = auth.pool.get().await?;
    let waiting = connection
        .transaction(async |connection| {
            let before = context.now - PAUSE;
            store::exports::lease_waiting(connection, context.now, before, BATCH).await
        })
        .await?;
    drop(connection);
    for waiting in &waiting {
        // One that fails, as when its account is erased meanwhile, must not keep the others waiting.
        if let Err(error) = gather(context, auth, waiting).await {
            tracing::warn!(export = %waiting.id, %error, "a copy of somebody's data is gathered later");
        }
    }
    Ok(waiting.len())
}

async fn gather(context: &CommandContext, auth: &Auth, waiting: &DataExport) -> Result<()> {
    let mut connection = auth.pool.get().await?;
    let known = store::exports::domains(&mut connection, waiting.id).await?;
    drop(connection);
    let missing = export::DOMAINS
        .iter()
        .filter(|domain| !known.iter().any(|known| known == *domain));
    let mut whole = true;
    for domain in missing {
        match export::part(&auth.platform, domain, waiting.user_id).await {
            Ok(part) => {
                let mut connection = auth.pool.get().await?;
                let part = (*domain, &part);
                store::exports::keep(&mut connection, waiting.id, part, context.now).await?;
            }
            Err(error) => {
                tracing::debug!(domain, %error, "a copy of somebody's data waits for a domain");
                whole = false;
            }
        }
    }
    if whole {
        finish(context, auth, waiting.id).await?;
    }
    Ok(())
}

/// The copy is whole: its owner is told, once.
async fn finish(context: &CommandContext, auth: &Auth, export: Uuid) -> Result<()> {
    let mut connection = auth.pool.get().await?;
    connection
        .transaction(async |connection| {
            // It is gone when the account is.
            let waiting = store::exports::lock(connection, export).await?;
            let Some(waiting) = waiting.filter(|waiting| waiting.ready_at.is_none()) else {
                return Ok(());
            };
            store::exports::set_ready(connection, export, context.now).await?;
            audit(
                connection,
                context,
                "export.ready",
                Subject::User(waiting.user_id),
                (None, None),
            )
            .await?;
            let account = store::accounts::by_id(connection, waiting.user_id).await?;
            let content = Content {
                kind: "export",
                arguments: Vec::new(),
                link: None,
            };
            let letter =
                account.and_then(|account| letters::write(&auth.translations, &account, &content));
            if let Some(letter) = letter {
                mail::enqueue(connection, context, &letter).await?;
            }
            Ok::<_, Error>(())
        })
        .await
}

/// Where a whole copy is fetched, for whoever holds the address, for ten minutes; none before it is whole.
pub(crate) fn address(
    context: &CommandContext,
    auth: &Auth,
    export: &DataExport,
) -> Option<String> {
    export.ready_at?;
    let claims = Claims { export: export.id };
    let ends = context.now + LINK_LIFE;
    let token = link::seal(&auth.platform.internal_key, LINK, &claims, ends);
    Some(format!("{}/exports/{token}", auth.platform.public_url))
}

/// The copy that `token` permits, as one JSON document.
///
/// # Errors
/// `FORBIDDEN` for a link that is not ours or has ended; `NOT_FOUND` where the copy is gone; when the database does not answer.
pub(crate) async fn archive(auth: &Auth, token: &str) -> Result<Value> {
    let now = auth.platform.clock.now();
    let claims: Claims = link::open(&auth.platform.internal_key, LINK, token, now)
        .ok_or_else(|| Error::new(Code::Forbidden, "auth-export-link-ended"))?;
    let mut connection = auth.pool.get().await?;
    let export = store::exports::ready(&mut connection, claims.export)
        .await?
        .ok_or_else(Error::not_found)?;
    let parts = store::exports::parts(&mut connection, export.id).await?;
    let mut domains: Map<String, Value> = parts.into_iter().collect();
    domains.insert("auth".to_owned(), export.part);
    Ok(json!({
        "format": "coko-data-export",
        "version": 1,
        "userId": export.user_id,
        "requestedAt": export.requested_at.format(&Rfc3339).unwrap_or_default(),
        "domains": domains,
    }))
}

/// Forgets copies that were asked for long ago.
///
/// # Errors
/// When the database does not answer.
pub(crate) async fn forget_old(context: &CommandContext, auth: &Auth) -> Result<()> {
    let mut connection = auth.pool.get().await?;
    store::exports::remove_before(&mut connection, context.now - KEEP).await?;
    Ok(())
}
