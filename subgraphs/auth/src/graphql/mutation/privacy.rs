//! Consents, copies of one's data, deletion.

use async_graphql::{Context, InputObject, Object, SimpleObject};
use coko_core::Result;
use coko_core::graphql::{RequestExt as _, settle};
use time::OffsetDateTime;

use super::auth;
use crate::commands::{consent, deletion};
use crate::error::{DeleteAccountError, RequestDataExportError, SetConsentsError};
use crate::graphql::types::{ConsentKindType, ConsentType, DataExportType};

/// A decision about a consent.
#[derive(InputObject)]
struct ConsentInput {
    /// Of what.
    kind: ConsentKindType,
    /// Given, or withdrawn.
    granted: bool,
}

/// Decisions to record.
#[derive(InputObject)]
struct SetConsentsInput {
    /// Each kind at most once; kinds that are not named stay as they are.
    consents: Vec<ConsentInput>,
}

/// What `setConsents` did.
#[derive(SimpleObject)]
struct SetConsentsPayload {
    /// What is in force now.
    consents: Option<Vec<ConsentType>>,
    /// Why it was refused.
    errors: Vec<SetConsentsError>,
}

/// What `requestDataExport` did.
#[derive(SimpleObject)]
struct RequestDataExportPayload {
    /// The request.
    data_export: Option<DataExportType>,
    /// Why it was refused.
    errors: Vec<RequestDataExportError>,
}

/// Proof that the owner asks.
#[derive(InputObject, Default)]
struct DeleteAccountInput {
    /// The account's password, if it has one.
    password: Option<String>,
}

/// What `deleteAccount` did.
#[derive(SimpleObject)]
struct DeleteAccountPayload {
    /// When the deletion becomes final; signing in before then cancels it.
    delete_after: Option<OffsetDateTime>,
    /// Why it was refused.
    errors: Vec<DeleteAccountError>,
}

/// Consents, copies of one's data, deletion.
#[derive(Default)]
pub(super) struct PrivacyMutation;

/// Consents, copies of one's data, deletion.
#[Object]
impl PrivacyMutation {
    /// Records what the viewer agrees to.
    async fn set_consents(
        &self,
        context: &Context<'_>,
        input: SetConsentsInput,
    ) -> Result<SetConsentsPayload> {
        let decisions: Vec<_> = input
            .consents
            .into_iter()
            .map(|consent| (consent.kind.into(), consent.granted))
            .collect();
        let outcome = consent::set(context.command(), auth(context), &decisions).await;
        let (consents, errors) = settle(context, outcome, SetConsentsError::new)?;
        let consents = consents.map(|consents| consents.into_iter().map(Into::into).collect());
        Ok(SetConsentsPayload { consents, errors })
    }

    /// Asks for a copy of everything that the platform holds about the viewer; once an hour.
    async fn request_data_export(&self, context: &Context<'_>) -> Result<RequestDataExportPayload> {
        let outcome = consent::request_export(context.command(), auth(context)).await;
        let (export, errors) = settle(context, outcome, RequestDataExportError::new)?;
        Ok(RequestDataExportPayload {
            data_export: export.map(Into::into),
            errors,
        })
    }

    /// Deletes the viewer's account after thirty days of grace. Every session ends at once; signing in again cancels it.
    async fn delete_account(
        &self,
        context: &Context<'_>,
        #[graphql(default)] input: DeleteAccountInput,
    ) -> Result<DeleteAccountPayload> {
        let outcome =
            deletion::request(context.command(), auth(context), input.password.as_deref()).await;
        let (delete_after, errors) = settle(context, outcome, DeleteAccountError::new)?;
        Ok(DeleteAccountPayload {
            delete_after,
            errors,
        })
    }
}
