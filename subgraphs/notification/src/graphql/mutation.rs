//! Root mutations. Each answers with the new state, or with the reasons for which it refused.

use async_graphql::{Context, ID, InputObject, MaybeUndefined, Object, SimpleObject};
use coko_core::Result;
use coko_core::graphql::{RequestExt as _, settle};
use time::OffsetDateTime;
use uuid::Uuid;

use super::types::{DeviceType, PreferencesType};
use super::{dispatch, key};
use crate::commands::announce::{self, Announcement, Words};
use crate::commands::reading::{self, Selection};
use crate::commands::settings::{self, Changes, Decision, QuietChange};
use crate::commands::{devices, owner, suppression};
use crate::error::{
    LiftSuppressionError, MarkReadError, RegisterDeviceError, SendNotificationError,
    UnregisterDeviceError, UpdatePreferencesError,
};
use crate::model::{Channel, DevicePlatform, DigestInterval, Workflow};
use crate::store;

/// What was read: `ids` or `until`.
#[derive(InputObject)]
struct MarkReadInput {
    /// These notifications, at most 100.
    ids: Option<Vec<ID>>,
    /// All that came up to this moment: when the newest of them came that the reader has seen.
    until: Option<OffsetDateTime>,
}

/// One choice: the most specific one about something decides.
#[derive(InputObject)]
struct NotificationChoiceInput {
    /// For what; everything when it is left out.
    workflow: Option<Workflow>,
    /// By which way; every way when it is left out.
    channel: Option<Channel>,
    /// Whether the viewer wants it; null withdraws an earlier choice.
    enabled: Option<bool>,
}

/// Hours in which nothing interrupts.
#[derive(InputObject)]
struct QuietHoursInput {
    /// When they begin in the viewer's zone: `22:00`.
    from: String,
    /// When they end, perhaps on the next day: `07:00`.
    until: String,
}

/// What the viewer wants to hear, and how; what is left out stays as it is.
#[derive(InputObject)]
struct UpdatePreferencesInput {
    /// Choices to make or withdraw, at most 100; others stay.
    #[graphql(default)]
    choices: Vec<NotificationChoiceInput>,
    /// Hours in which nothing interrupts; null for none.
    quiet_hours: MaybeUndefined<QuietHoursInput>,
    /// How long what can be collected is collected.
    digest: Option<DigestInterval>,
}

/// A device.
#[derive(InputObject)]
struct RegisterDeviceInput {
    /// The registration token of Firebase, as the device has it now.
    token: String,
    /// What runs on it.
    platform: DevicePlatform,
    /// What its owner calls it: at most 80 characters.
    name: Option<String>,
}

/// A device to remove.
#[derive(InputObject)]
struct UnregisterDeviceInput {
    /// The device.
    device_id: ID,
}

/// Words in both languages.
#[derive(InputObject)]
struct WordsInput {
    /// In French.
    fr: String,
    /// In English.
    en: String,
}

/// An announcement.
#[derive(InputObject)]
struct SendNotificationInput {
    /// Whom to tell: 1 to 200 accounts.
    user_ids: Vec<ID>,
    /// One line, at most 120 characters.
    title: WordsInput,
    /// The text, at most 1,000 characters.
    body: WordsInput,
    /// Where it leads, as a path of the applications: `/books/…`.
    link: Option<String>,
    /// Nobody may miss it: neither preferences nor quiet hours hold it back, and a push message that stays unread is followed by an
    /// SMS.
    #[graphql(default)]
    urgent: bool,
    /// Makes a repeated call safe: 1 to 100 printable ASCII characters.
    idempotency_key: String,
}

/// An address or number to send to again.
#[derive(InputObject)]
struct LiftSuppressionInput {
    /// Whose it is.
    user_id: ID,
    /// `EMAIL` or `SMS`.
    channel: Channel,
}

/// What `markRead` did.
#[derive(SimpleObject)]
struct MarkReadPayload {
    /// How many were not read before; null when refused.
    marked: Option<i32>,
    /// How many are not read now; null when refused.
    unread_count: Option<i64>,
    /// Why it was refused; empty when it was not.
    errors: Vec<MarkReadError>,
}

/// What `updatePreferences` did.
#[derive(SimpleObject)]
struct UpdatePreferencesPayload {
    /// The new state; null when refused.
    preferences: Option<PreferencesType>,
    /// Why it was refused; empty when it was not.
    errors: Vec<UpdatePreferencesError>,
}

/// What `registerDevice` did.
#[derive(SimpleObject)]
struct RegisterDevicePayload {
    /// The device; null when refused.
    device: Option<DeviceType>,
    /// Why it was refused; empty when it was not.
    errors: Vec<RegisterDeviceError>,
}

/// What `unregisterDevice` did.
#[derive(SimpleObject)]
struct UnregisterDevicePayload {
    /// The device that was removed; null when refused.
    device_id: Option<ID>,
    /// Why it was refused; empty when it was not.
    errors: Vec<UnregisterDeviceError>,
}

/// What `sendNotification` did.
#[derive(SimpleObject)]
struct SendNotificationPayload {
    /// Identifies the announcement, the same for the same key; null when refused.
    announcement_id: Option<ID>,
    /// Why it was refused; empty when it was not.
    errors: Vec<SendNotificationError>,
}

/// What `liftSuppression` did.
#[derive(SimpleObject)]
struct LiftSuppressionPayload {
    /// Whether anything kept messages from going there; null when refused.
    lifted: Option<bool>,
    /// Why it was refused; empty when it was not.
    errors: Vec<LiftSuppressionError>,
}

/// Root mutations of notification.
pub(crate) struct Mutation;

#[Object]
impl Mutation {
    /// Marks notifications of the viewer's as read; what was read stays so.
    async fn mark_read(
        &self,
        context: &Context<'_>,
        input: MarkReadInput,
    ) -> Result<MarkReadPayload> {
        let ids = input.ids;
        let ids = ids.map(|ids| ids.iter().map(key).collect::<Vec<Uuid>>());
        let selection = Selection::of(ids, input.until);
        let outcome = reading::mark(context.command(), dispatch(context), selection).await;
        let (marked, errors) = settle(context, outcome, MarkReadError::new)?;
        let unread_count = match marked {
            Some(_) => {
                let user = owner(context.viewer())?;
                let mut database = dispatch(context).pool.get().await?;
                Some(store::notifications::count_unread(&mut database, user).await?)
            }
            None => None,
        };
        Ok(MarkReadPayload {
            marked: marked.map(|marked| i32::try_from(marked).unwrap_or(i32::MAX)),
            unread_count,
            errors,
        })
    }

    /// Changes what the viewer wants to hear, and how.
    async fn update_preferences(
        &self,
        context: &Context<'_>,
        input: UpdatePreferencesInput,
    ) -> Result<UpdatePreferencesPayload> {
        let decisions = input.choices.iter().map(|choice| Decision {
            workflow: choice.workflow,
            channel: choice.channel,
            enabled: choice.enabled,
        });
        let changes = Changes {
            decisions: decisions.collect(),
            quiet_hours: match input.quiet_hours {
                MaybeUndefined::Undefined => QuietChange::Keep,
                MaybeUndefined::Null => QuietChange::End,
                MaybeUndefined::Value(hours) => QuietChange::Between(hours.from, hours.until),
            },
            digest: input.digest,
        };
        let outcome = settings::update(context.command(), dispatch(context), changes).await;
        let (changed, errors) = settle(context, outcome, UpdatePreferencesError::new)?;
        let preferences = changed.map(|(person, preferences)| PreferencesType {
            person,
            preferences,
        });
        Ok(UpdatePreferencesPayload {
            preferences,
            errors,
        })
    }

    /// Has push messages of the viewer's go to a device; one that is known is only seen again. Call it whenever the application starts
    /// and the token changes.
    async fn register_device(
        &self,
        context: &Context<'_>,
        input: RegisterDeviceInput,
    ) -> Result<RegisterDevicePayload> {
        let wanted = devices::Wanted {
            token: input.token,
            platform: input.platform,
            name: input.name,
        };
        let outcome = devices::register(context.command(), dispatch(context), wanted).await;
        let (device, errors) = settle(context, outcome, RegisterDeviceError::new)?;
        let device = device.map(DeviceType);
        Ok(RegisterDevicePayload { device, errors })
    }

    /// Has no push messages go to a device of the viewer's any more. Call it before signing out.
    async fn unregister_device(
        &self,
        context: &Context<'_>,
        input: UnregisterDeviceInput,
    ) -> Result<UnregisterDevicePayload> {
        let wanted = key(&input.device_id);
        let outcome = devices::unregister(context.command(), dispatch(context), wanted).await;
        let (id, errors) = settle(context, outcome, UnregisterDeviceError::new)?;
        let device_id = id.map(ID::from);
        Ok(UnregisterDevicePayload { device_id, errors })
    }

    /// Has messages go again to where somebody is reached now, after a bounce or a complaint. For operators.
    async fn lift_suppression(
        &self,
        context: &Context<'_>,
        input: LiftSuppressionInput,
    ) -> Result<LiftSuppressionPayload> {
        let (command, user) = (context.command(), key(&input.user_id));
        let outcome = suppression::lift(command, dispatch(context), user, input.channel).await;
        let (lifted, errors) = settle(context, outcome, LiftSuppressionError::new)?;
        Ok(LiftSuppressionPayload { lifted, errors })
    }

    /// Tells people something. For operators.
    async fn send_notification(
        &self,
        context: &Context<'_>,
        input: SendNotificationInput,
    ) -> Result<SendNotificationPayload> {
        let words = |words: WordsInput| Words {
            fr: words.fr,
            en: words.en,
        };
        let wanted = Announcement {
            to: input.user_ids.iter().map(key).collect(),
            title: words(input.title),
            body: words(input.body),
            link: input.link,
            urgent: input.urgent,
        };
        let (command, dispatch) = (context.command(), dispatch(context));
        let outcome = announce::announce(command, dispatch, wanted, &input.idempotency_key).await;
        let (id, errors) = settle(context, outcome, SendNotificationError::new)?;
        let announcement_id = id.map(ID::from);
        Ok(SendNotificationPayload {
            announcement_id,
            errors,
        })
    }
}
