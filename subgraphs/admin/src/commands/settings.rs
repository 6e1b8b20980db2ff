//! Settings: kept here, then broadcast to every process; what could not be broadcast is by a task.

use coko_core::Result;
use coko_core::context::CommandContext;
use coko_core::graphql::{Failure, Outcome, Refusal, Refusals};
use diesel_async::AsyncConnection as _;
use serde_json::{Value, json};

use super::{Admin, Deed, operator, record};
use crate::error::PlatformSettingErrorCode as Code;
use crate::model::{Setting, setting};
use crate::store;

/// What a setting is to be.
#[derive(Clone, Debug)]
pub(crate) struct Wanted {
    pub(crate) key: String,
    pub(crate) description: String,
    pub(crate) value: Value,
    pub(crate) share: i32,
    pub(crate) for_clients: bool,
    /// The version that the operator saw; none where they do not mind.
    pub(crate) seen: Option<i64>,
}

/// Sets something, known or new. Needs `system:settings`.
///
/// # Errors
/// Refusals; `UNAUTHENTICATED`, `FORBIDDEN`.
pub(crate) async fn set(
    context: &CommandContext,
    admin: &Admin,
    wanted: Wanted,
) -> Outcome<Setting, Code> {
    let user = operator(context, "settings")?;
    let mut refusals = Refusals::default();
    if !setting::is_key(&wanted.key) {
        refusals.add(Code::KeyInvalid, "key");
    }
    if !setting::is_value(&wanted.value) {
        refusals.add(Code::ValueInvalid, "value");
    }
    let description = setting::description(&wanted.description);
    let description = refusals.check(description, Code::DescriptionInvalid, "description");
    let share = i16::try_from(wanted.share).map_err(|_| ());
    let share = share.and_then(|share| (0..=100).contains(&share).then_some(share).ok_or(()));
    let share = refusals.check(share, Code::ShareInvalid, "share");
    refusals.finish(())?;
    let (Some(description), Some(share)) = (description, share) else {
        return Err(Failure::Refused(Vec::new()));
    };
    let mut connection = admin.pool.get().await?;
    let changed = connection
        .transaction(async |connection| {
            let known = store::settings::lock(connection, &wanted.key).await?;
            let version = known.as_ref().map_or(0, |known| known.version);
            if wanted.seen.is_some_and(|seen| seen != version) {
                return Err(Failure::whole(Code::Changed));
            }
            let there = known.as_ref().is_some_and(|known| known.value.is_some());
            if !there && store::settings::count(connection).await? >= setting::MOST {
                let max = usize::try_from(setting::MOST).unwrap_or_default();
                return Err(Failure::Refused(vec![Refusal::beyond(
                    Code::TooMany,
                    "key",
                    max,
                )]));
            }
            let changed = Setting {
                key: wanted.key.clone(),
                description: description.clone(),
                value: Some(wanted.value.clone()),
                share,
                for_clients: wanted.for_clients,
                version: version + 1,
                told: known.as_ref().map_or(0, |known| known.told),
                updated_at: context.now,
                updated_by: Some(user),
            };
            if known.is_some() {
                store::settings::update(connection, &changed).await?;
            } else if !store::settings::insert(connection, &changed).await? {
                return Err(Failure::whole(Code::Changed));
            }
            let deed = Deed {
                action: "setting.changed",
                subject: ("setting", changed.key.clone()),
                old: known.as_ref().map(said),
                new: Some(said(&changed)),
            };
            record(connection, context, user, deed).await?;
            Ok::<_, Failure<Code>>(changed)
        })
        .await?;
    drop(connection);
    Ok(tell_or_log(admin, changed).await)
}

/// Removes a setting: whoever reads it goes by the default again. Needs `system:settings`.
///
/// # Errors
/// Refusals; `UNAUTHENTICATED`, `FORBIDDEN`.
pub(crate) async fn remove(
    context: &CommandContext,
    admin: &Admin,
    key: &str,
) -> Outcome<String, Code> {
    let user = operator(context, "settings")?;
    let mut connection = admin.pool.get().await?;
    let removed = connection
        .transaction(async |connection| {
            let known = store::settings::lock(connection, key).await?;
            let Some(known) = known.filter(|known| known.value.is_some()) else {
                return Err(Failure::field(Code::NotFound, "key"));
            };
            let removed = Setting {
                value: None,
                version: known.version + 1,
                updated_at: context.now,
                updated_by: Some(user),
                ..known.clone()
            };
            store::settings::update(connection, &removed).await?;
            let deed = Deed {
                action: "setting.removed",
                subject: ("setting", removed.key.clone()),
                old: Some(said(&known)),
                new: None,
            };
            record(connection, context, user, deed).await?;
            Ok::<_, Failure<Code>>(removed)
        })
        .await?;
    drop(connection);
    Ok(tell_or_log(admin, removed).await.key)
}

fn said(setting: &Setting) -> Value {
    json!({ "value": setting.value, "share": setting.share, "forClients": setting.for_clients })
}

/// Broadcasts a setting and notes that it was.
async fn tell(admin: &Admin, setting: &Setting) -> Result<()> {
    admin
        .platform
        .settings
        .tell(&setting.key, &setting.broadcast())
        .await?;
    let mut connection = admin.pool.get().await?;
    store::settings::told(&mut connection, &setting.key, setting.version).await?;
    Ok(())
}

/// The setting as it is after it was broadcast. The change is committed, so a failure is only logged: [`tell_untold`] tries again.
async fn tell_or_log(admin: &Admin, mut setting: Setting) -> Setting {
    match tell(admin, &setting).await {
        Ok(()) => setting.told = setting.version,
        Err(error) => tracing::warn!(key = setting.key, %error, "a setting is broadcast later"),
    }
    setting
}

/// Broadcasts what could not be broadcast yet.
///
/// # Errors
/// When the database or the broker does not answer.
pub(crate) async fn tell_untold(admin: &Admin) -> Result<()> {
    let mut connection = admin.pool.get().await?;
    let untold = store::settings::untold(&mut connection).await?;
    drop(connection);
    for setting in untold {
        tell(admin, &setting).await?;
    }
    Ok(())
}

/// Broadcasts everything anew, for a broker that lost it; what it still knows is left as it is.
///
/// # Errors
/// When the database or the broker does not answer.
pub(crate) async fn tell_all(admin: &Admin) -> Result<()> {
    let mut connection = admin.pool.get().await?;
    let settings = store::settings::every(&mut connection).await?;
    drop(connection);
    for setting in settings {
        tell(admin, &setting).await?;
    }
    Ok(())
}
