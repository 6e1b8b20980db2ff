//! One function per use case: load, decide in `model`, write, enqueue events and mail, all in one transaction.
//!
//! Every function takes the [`CommandContext`] first and [`Auth`] second. What must reach other processes faster than
//! events do (revocations) is written in the same transaction and broadcast right after it.

pub(crate) mod account;
pub(crate) mod administration;
pub(crate) mod consent;
pub(crate) mod deletion;
pub(crate) mod erasure;
pub(crate) mod export;
pub(crate) mod impersonation;
pub(crate) mod operators;
pub(crate) mod partner;
pub(crate) mod password;
pub(crate) mod personal_token;
pub(crate) mod phone;
pub(crate) mod refresh;
pub(crate) mod registration;
pub(crate) mod seed;
pub(crate) mod session;
pub(crate) mod social;

use coko_core::context::CommandContext;
use coko_core::crypto::{ColumnCipher, token_hash};
use coko_core::database::{Connection, Pool};
use coko_core::identity::{Minter, Principal, Revocations, Right};
use coko_core::rate_limit::{Quota, RateLimiter};
use coko_core::service::Platform;
use coko_core::translation::Translations;
use coko_core::{Code, Error};
use diesel::QueryResult;
use serde_json::Value;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::config::Config;
use crate::hashing::Hasher;
use crate::model::{NewAuditEntry, RoleRight, Session, Subject};
use crate::social::Providers;
use crate::store;

/// What commands work with, made once from the configuration.
pub(crate) struct Auth {
    pub pool: Pool,
    pub config: Config,
    pub cipher: ColumnCipher,
    pub hasher: Hasher,
    pub minter: Minter,
    pub revocations: Revocations,
    pub limiter: RateLimiter,
    pub platform: Platform,
    pub providers: Providers,
    pub translations: Translations,
    /// Where links in mails lead, without a trailing slash.
    pub site_url: String,
}

impl Auth {
    /// Takes one permit of `class` for the caller's address and one for `key`, which names an account or a number.
    async fn throttle(
        &self,
        context: &CommandContext,
        class: &'static str,
        key: &str,
        quota: Quota,
    ) -> Result<(), Error> {
        let counted = async |scope: &str, key: &str| {
            let class = format!("{class}:{scope}");
            self.limiter
                .check(&class, key, quota)
                .await
                .inspect_err(|_| {
                    metrics::counter!("auth_throttled_total", "class" => class.clone())
                        .increment(1);
                })
        };
        if let Some(address) = context.address {
            counted("address", &network(address)).await?;
        }
        // Keys go to a shared server, where addresses and numbers have no business.
        counted("account", &hex::encode(&token_hash(key)[..16])).await?;
        Ok(())
    }

    /// Runs `work` for at least the configured time: whether it found an account to write to must not be told by how long it took.
    async fn evenly<T>(&self, work: impl Future<Output = T>) -> T {
        let floor = std::time::Duration::from_millis(self.config.answer_floor_millis);
        tokio::join!(work, tokio::time::sleep(floor)).0
    }

    /// Tells every verifier what was revoked; what cannot be told now is told by a task.
    pub(crate) async fn broadcast(&self) -> Result<(), Error> {
        let mut connection = self.pool.get().await?;
        let pending = store::sessions::pending_revocations(&mut connection).await?;
        let mut told = Vec::with_capacity(pending.len());
        for (key, until) in pending {
            self.revocations
                .revoke(std::slice::from_ref(&key), until)
                .await?;
            told.push(key);
        }
        if !told.is_empty() {
            store::sessions::remove_revocations(&mut connection, &told).await?;
        }
        Ok(())
    }

    /// [`Auth::broadcast`] for the end of a command: the command is committed, so a failure is only logged.
    async fn broadcast_or_log(&self) {
        if let Err(error) = self.broadcast().await {
            tracing::warn!(%error, "revocations are broadcast later");
        }
    }
}

/// The session that asks, live and whole; long-lived and narrowed tokens must not change how an account is protected.
///
/// # Errors
/// `UNAUTHENTICATED` for guests and ended sessions, `FORBIDDEN` for any token that is not a session's own.
pub(crate) async fn require_session(
    context: &CommandContext,
    connection: &mut Connection,
) -> Result<Session, Error> {
    let user = context.viewer.require_user()?;
    if context.viewer.attenuated {
        return Err(Error::forbidden());
    }
    let sessions = store::sessions::live_of(connection, &[user], context.now).await?;
    let current = context.viewer.session_id();
    if let Some(session) = sessions
        .into_iter()
        .find(|session| Some(session.id) == current)
    {
        return Ok(session);
    }
    let tokens = store::tokens::live_of(connection, user, context.now).await?;
    if tokens.iter().any(|token| Some(token.id) == current) {
        return Err(Error::forbidden());
    }
    Err(Error::new(Code::Unauthenticated, "core-token-revoked"))
}

/// Appends to the audit log within the command's transaction.
pub(crate) async fn audit(
    connection: &mut Connection,
    context: &CommandContext,
    action: &str,
    subject: Subject<'_>,
    (old, new): (Option<Value>, Option<Value>),
) -> QueryResult<()> {
    let (subject_type, subject_id) = subject.parts();
    let entry = NewAuditEntry {
        id: context.id(),
        at: context.now,
        actor_id: match &context.viewer.principal {
            Principal::Guest => None,
            Principal::User { id, .. } => Some(id.to_string()),
            Principal::Partner { partner, client } => Some(format!("{partner}/{client}")),
            Principal::System => Some("system".to_owned()),
        },
        action,
        subject_type,
        subject_id,
        old_values: old,
        new_values: new,
        address: context.address.map(|address| address.to_string()),
        agent: context.agent.as_deref(),
        request_id: &context.request_id,
    };
    store::audit::append(connection, &entry).await
}

/// The rights of roles without those that a wildcard among them covers.
pub(crate) fn compact(rows: Vec<RoleRight>) -> Vec<Right> {
    let mut rights: Vec<Right> = rows
        .into_iter()
        .filter_map(|row| format!("{}:{}", row.resource, row.action).parse().ok())
        .collect();
    let wildcards: Vec<String> = rights
        .iter()
        .filter(|right| right.action() == "*")
        .map(|right| right.resource().to_owned())
        .collect();
    rights.retain(|right| {
        right.action() == "*"
            || !wildcards
                .iter()
                .any(|resource| resource == right.resource())
    });
    rights.sort();
    rights.dedup();
    rights
}

/// What must be remembered of sessions whose access tokens may still be alive.
pub(crate) fn session_revocations(
    sessions: &[Uuid],
    until: OffsetDateTime,
) -> Vec<(String, OffsetDateTime)> {
    sessions
        .iter()
        .map(|session| (coko_core::identity::session_key(*session), until))
        .collect()
}

/// The address as far as it is counted: an IPv6 customer has a whole /64.
fn network(address: std::net::IpAddr) -> String {
    match address.to_canonical() {
        std::net::IpAddr::V4(address) => address.to_string(),
        std::net::IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            format!("{a:x}:{b:x}:{c:x}:{d:x}::/64")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_counted_by_customer() {
        for (address, expected) in [
            ("192.0.2.7", "192.0.2.7"),
            ("::ffff:192.0.2.7", "192.0.2.7"),
            ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ] {
            assert_eq!(network(address.parse().unwrap()), expected);
        }
    }

    #[test]
    fn wildcards_swallow_what_they_cover() {
        let row = |resource: &str, action: &str| RoleRight {
            role: "admin".to_owned(),
            resource: resource.to_owned(),
            action: action.to_owned(),
        };
        let rights = compact(vec![
            row("books", "read"),
            row("users", "read"),
            row("books", "*"),
            row("users", "read"),
        ]);
        let rights: Vec<String> = rights.iter().map(ToString::to_string).collect();
        assert_eq!(rights, ["books:*", "users:read"]);
    }
}
