//! What owners change of their own accounts.

use coko_core::context::CommandContext;
use coko_core::events::auth::UserProfileUpdated;
use coko_core::graphql::{Failure, Outcome, Refusals};
use coko_core::locale::Locale;
use coko_core::{outbox, text};
use diesel_async::AsyncConnection as _;
use serde_json::{Value, json};

use super::{Auth, audit};
use crate::error::{UpdateProfileErrorCode, limits};
use crate::model::{
    Account, Avatar, Preferences, Privacy, Subject, Theme, is_country, is_time_zone,
};
use crate::store;

/// What to do with a value that may be absent.
#[derive(Clone, Debug, Default)]
pub(crate) enum Edit {
    /// Leave it.
    #[default]
    Keep,
    /// Remove it.
    Remove,
    /// Put this in its place.
    Set(String),
}

/// What to change; what is `None` stays.
#[derive(Debug, Default)]
pub(crate) struct ProfileChange {
    pub display_name: Option<String>,
    pub avatar: Edit,
    pub country: Edit,
    pub language: Option<String>,
    pub time_zone: Option<String>,
    pub privacy: Option<Privacy>,
    pub theme: Option<Theme>,
    pub font_size: Option<i32>,
    pub data_saver: Option<bool>,
    pub notifications: Option<bool>,
}

/// Changes the profile and preferences of the account that asks.
pub(crate) async fn update_profile(
    context: &CommandContext,
    auth: &Auth,
    change: ProfileChange,
) -> Outcome<Account, UpdateProfileErrorCode> {
    let user = context.viewer.require_user()?;
    context.viewer.require("profile", "update")?;
    let mut connection = auth.pool.get().await?;
    connection
        .transaction(async |connection| {
            let before = store::accounts::lock(connection, user)
                .await?
                .ok_or_else(coko_core::Error::unauthenticated)?;
            let after = apply(before.clone(), change)?;
            let (old, new) = differences(&before, &after);
            if new.as_object().is_none_or(serde_json::Map::is_empty) {
                return Ok(after);
            }
            store::accounts::set_profile(connection, &after, context.now).await?;
            audit(
                connection,
                context,
                "profile.updated",
                Subject::User(user),
                (Some(old), Some(new)),
            )
            .await?;
            let event = UserProfileUpdated {
                user_id: user,
                display_name: after.display_name.clone(),
                avatar: after.avatar.clone(),
                country: after.country.clone(),
                language: after.language.clone(),
                time_zone: after.time_zone.clone(),
                privacy: after.privacy.as_str().to_owned(),
            };
            outbox::enqueue(connection, context, &event).await?;
            Ok::<_, Failure<UpdateProfileErrorCode>>(after)
        })
        .await
}

/// The account with the change, if all of it is sound.
fn apply(mut account: Account, change: ProfileChange) -> Outcome<Account, UpdateProfileErrorCode> {
    let mut refusals = Refusals::default();
    if let Some(name) = change.display_name {
        let name = refusals.check(
            text::line(&name, limits::NAME),
            UpdateProfileErrorCode::DisplayNameInvalid,
            "displayName",
        );
        account.display_name = name.unwrap_or_default();
    }
    match change.avatar {
        Edit::Keep => {}
        Edit::Remove => account.avatar = None,
        Edit::Set(avatar) => {
            let avatar = refusals.check(
                Avatar::parse(&avatar),
                UpdateProfileErrorCode::AvatarInvalid,
                "avatar",
            );
            account.avatar = avatar.map(|avatar| avatar.as_str().to_owned());
        }
    }
    match change.country {
        Edit::Keep => {}
        Edit::Remove => account.country = None,
        Edit::Set(country) => {
            let country = country.to_uppercase();
            if !is_country(&country) {
                refusals.add(UpdateProfileErrorCode::CountryUnknown, "country");
            }
            account.country = Some(country);
        }
    }
    if let Some(language) = change.language {
        let language = refusals.check(
            language.parse::<Locale>(),
            UpdateProfileErrorCode::LanguageInvalid,
            "language",
        );
        account.language = language.unwrap_or_default().to_string();
    }
    if let Some(time_zone) = change.time_zone {
        if !is_time_zone(&time_zone) {
            refusals.add(UpdateProfileErrorCode::TimeZoneUnknown, "timeZone");
        }
        account.time_zone = time_zone;
    }
    account.privacy = change.privacy.unwrap_or(account.privacy);
    let preferences = &mut account.preferences;
    preferences.theme = change.theme.unwrap_or(preferences.theme);
    preferences.data_saver = change.data_saver.unwrap_or(preferences.data_saver);
    preferences.notifications = change.notifications.unwrap_or(preferences.notifications);
    if let Some(size) = change.font_size {
        match u8::try_from(size) {
            Ok(small) if Preferences::FONT_SIZES.contains(&size) => preferences.font_size = small,
            _ => refusals.add(
                UpdateProfileErrorCode::FontSizeInvalid,
                "preferences.fontSize",
            ),
        }
    }
    refusals.finish(())?;
    Ok(account)
}

/// What differs, for the audit log. Name and picture are personal, and the log outlives the account: that they changed is
/// noted, not what they were.
fn differences(before: &Account, after: &Account) -> (Value, Value) {
    let mut pair = (json!({}), json!({}));
    let mut note = |name: &str, old: Value, new: Value| {
        if old != new {
            pair.0[name] = old;
            pair.1[name] = new;
        }
    };
    note("country", json!(before.country), json!(after.country));
    note("language", json!(before.language), json!(after.language));
    note("timeZone", json!(before.time_zone), json!(after.time_zone));
    note(
        "privacy",
        json!(before.privacy.as_str()),
        json!(after.privacy.as_str()),
    );
    note(
        "preferences",
        json!(before.preferences),
        json!(after.preferences),
    );
    let personal = [
        ("displayName", before.display_name != after.display_name),
        ("avatar", before.avatar != after.avatar),
    ];
    for (name, changed) in personal {
        if changed {
            pair.0[name] = json!("…");
            pair.1[name] = json!("…");
        }
    }
    pair
}
