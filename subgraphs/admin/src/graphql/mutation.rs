//! Root mutations. Each answers with the new state, or with the reasons for which it refused.

use async_graphql::{Context, ID, InputObject, Json, Object, SimpleObject};
use coko_core::Result;
use coko_core::graphql::{RequestExt as _, settle};
use serde_json::Value;
use time::OffsetDateTime;

use super::types::{DiscrepancyType, ReconciliationType, SettingType, UserType};
use super::{admin, key};
use crate::commands::dead_letters::{self, Fate};
use crate::commands::settings::{self, Wanted};
use crate::commands::{notes, payments};
use crate::error::{
    CloseDiscrepancyError, DeadLetterError, OperatorNoteError, PlatformSettingError,
    ReconciliationError,
};
use crate::model::discrepancy::Provider;

/// A setting.
#[derive(InputObject)]
struct SetPlatformSettingInput {
    /// Its name: lower-case words put together by dots, at most 80 characters.
    key: String,
    /// What it does, in one line of at most 300 characters.
    description: String,
    /// What it is set to, at most 4,096 bytes of JSON: true or false for a feature flag.
    value: Json<Value>,
    /// For how many of a hundred people it holds, always the same ones: 0 to 100.
    #[graphql(default = 100)]
    share: i32,
    /// Whether applications see it in `features`.
    #[graphql(default)]
    for_clients: bool,
    /// The version that was looked at (0 for none): a change that came between is not written over. None where that does not
    /// matter.
    expected_version: Option<i64>,
}

/// What `setPlatformSetting` did.
#[derive(SimpleObject)]
struct SetPlatformSettingPayload {
    /// The setting; null when refused.
    setting: Option<SettingType>,
    /// Why it was refused; empty when it was not.
    errors: Vec<PlatformSettingError>,
}

/// A setting.
#[derive(InputObject)]
struct RemovePlatformSettingInput {
    /// Its name.
    key: String,
}

/// What `removePlatformSetting` did.
#[derive(SimpleObject)]
struct RemovePlatformSettingPayload {
    /// The name of the setting that is gone; null when refused.
    key: Option<String>,
    /// Why it was refused; empty when it was not.
    errors: Vec<PlatformSettingError>,
}

/// A dead letter.
#[derive(InputObject)]
struct DeadLetterInput {
    /// The role that has it.
    role: String,
    /// The event.
    event_id: ID,
}

/// What became of a dead letter.
#[derive(SimpleObject)]
struct DeadLetterPayload {
    /// The event; null when refused. A replay happens within seconds: what fails again comes back.
    event_id: Option<ID>,
    /// Why it was refused; empty when it was not.
    errors: Vec<DeadLetterError>,
}

/// A span of time.
#[derive(InputObject)]
struct RequestReconciliationInput {
    /// One provider; none for all of them.
    provider: Option<Provider>,
    /// Payments that were settled from then on …
    from: OffsetDateTime,
    /// … and before then: at most seven days later, and not in the future.
    until: OffsetDateTime,
}

/// What `requestReconciliation` did.
#[derive(SimpleObject)]
struct RequestReconciliationPayload {
    /// The request; null when refused.
    request: Option<ReconciliationType>,
    /// Why it was refused; empty when it was not.
    errors: Vec<ReconciliationError>,
}

/// How a discrepancy was settled.
#[derive(InputObject)]
struct ClosePaymentDiscrepancyInput {
    /// The discrepancy.
    id: ID,
    /// How it was settled, at most 2,000 characters.
    note: String,
}

/// What `closePaymentDiscrepancy` did.
#[derive(SimpleObject)]
struct ClosePaymentDiscrepancyPayload {
    /// The discrepancy; null when refused.
    discrepancy: Option<DiscrepancyType>,
    /// Why it was refused; empty when it was not.
    errors: Vec<CloseDiscrepancyError>,
}

/// A note.
#[derive(InputObject)]
struct AddOperatorNoteInput {
    /// About whom.
    user_id: ID,
    /// At most 2,000 characters; the person gets it with a copy of their data.
    text: String,
}

/// A note.
#[derive(InputObject)]
struct RemoveOperatorNoteInput {
    /// The note.
    id: ID,
}

/// What became of a note.
#[derive(SimpleObject)]
struct OperatorNotePayload {
    /// The person that it is about; null when refused.
    user: Option<UserType>,
    /// Why it was refused; empty when it was not.
    errors: Vec<OperatorNoteError>,
}

/// Root mutations of admin.
#[derive(Default)]
pub(crate) struct Mutation;

#[Object]
impl Mutation {
    /// Sets something that every role knows within a second. Needs `system:settings`.
    async fn set_platform_setting(
        &self,
        context: &Context<'_>,
        input: SetPlatformSettingInput,
    ) -> Result<SetPlatformSettingPayload> {
        let wanted = Wanted {
            key: input.key,
            description: input.description,
            value: input.value.0,
            share: input.share,
            for_clients: input.for_clients,
            seen: input.expected_version,
        };
        let outcome = settings::set(context.command(), admin(context), wanted).await;
        let (setting, errors) = settle(context, outcome, PlatformSettingError::new)?;
        Ok(SetPlatformSettingPayload {
            setting: setting.map(SettingType),
            errors,
        })
    }

    /// Removes a setting: whoever reads it goes by its default again. Needs `system:settings`.
    async fn remove_platform_setting(
        &self,
        context: &Context<'_>,
        input: RemovePlatformSettingInput,
    ) -> Result<RemovePlatformSettingPayload> {
        let outcome = settings::remove(context.command(), admin(context), &input.key).await;
        let (key, errors) = settle(context, outcome, PlatformSettingError::new)?;
        Ok(RemovePlatformSettingPayload { key, errors })
    }

    /// Has a role handle an event again that it could not handle. Needs `system:events`.
    async fn replay_dead_letter(
        &self,
        context: &Context<'_>,
        input: DeadLetterInput,
    ) -> Result<DeadLetterPayload> {
        settled(context, &input, Fate::Replay).await
    }

    /// Forgets an event that a role could not handle. Needs `system:events`.
    async fn discard_dead_letter(
        &self,
        context: &Context<'_>,
        input: DeadLetterInput,
    ) -> Result<DeadLetterPayload> {
        settled(context, &input, Fate::Discard).await
    }

    /// Has the payments that were settled in a span of time compared with the providers' books once more. Needs
    /// `system:payments`.
    async fn request_reconciliation(
        &self,
        context: &Context<'_>,
        input: RequestReconciliationInput,
    ) -> Result<RequestReconciliationPayload> {
        let span = (input.from, input.until);
        let outcome =
            payments::request(context.command(), admin(context), input.provider, span).await;
        let (request, errors) = settle(context, outcome, ReconciliationError::new)?;
        Ok(RequestReconciliationPayload {
            request: request.map(ReconciliationType::from),
            errors,
        })
    }

    /// Notes how a discrepancy was settled. Needs `system:payments`.
    async fn close_payment_discrepancy(
        &self,
        context: &Context<'_>,
        input: ClosePaymentDiscrepancyInput,
    ) -> Result<ClosePaymentDiscrepancyPayload> {
        let (command, id) = (context.command(), key(&input.id));
        let outcome = payments::close(command, admin(context), id, &input.note).await;
        let (discrepancy, errors) = settle(context, outcome, CloseDiscrepancyError::new)?;
        Ok(ClosePaymentDiscrepancyPayload {
            discrepancy: discrepancy.map(DiscrepancyType),
            errors,
        })
    }

    /// Adds a note about a person, for other operators. Needs `system:users`.
    async fn add_operator_note(
        &self,
        context: &Context<'_>,
        input: AddOperatorNoteInput,
    ) -> Result<OperatorNotePayload> {
        let (command, user) = (context.command(), key(&input.user_id));
        let outcome = notes::add(command, admin(context), user, &input.text).await;
        let (user, errors) = settle(context, outcome, OperatorNoteError::new)?;
        Ok(OperatorNotePayload {
            user: user.map(UserType::reference),
            errors,
        })
    }

    /// Removes a note about a person. Needs `system:users`.
    async fn remove_operator_note(
        &self,
        context: &Context<'_>,
        input: RemoveOperatorNoteInput,
    ) -> Result<OperatorNotePayload> {
        let (command, id) = (context.command(), key(&input.id));
        let outcome = notes::remove(command, admin(context), id).await;
        let (user, errors) = settle(context, outcome, OperatorNoteError::new)?;
        Ok(OperatorNotePayload {
            user: user.map(UserType::reference),
            errors,
        })
    }
}

async fn settled(
    context: &Context<'_>,
    input: &DeadLetterInput,
    fate: Fate,
) -> Result<DeadLetterPayload> {
    let letter = (input.role.as_str(), key(&input.event_id));
    let outcome = dead_letters::settle(context.command(), admin(context), letter, fate).await;
    let (event, errors) = settle(context, outcome, DeadLetterError::new)?;
    Ok(DeadLetterPayload {
        event_id: event.map(ID::from),
        errors,
    })
}
