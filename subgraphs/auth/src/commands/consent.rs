//! Consents, and copies of one's data.

use std::collections::HashSet;

use coko_core::context::CommandContext;
use coko_core::database::Connection;
use coko_core::events::auth::UserExportRequested;
use coko_core::graphql::{Failure, Outcome};
use coko_core::outbox;
use diesel_async::AsyncConnection as _;
use serde_json::{Value, json};
use time::Duration;
use time::format_description::well_known::Rfc3339;
use uuid::Uuid;

use super::phone::PHONE;
use super::{Auth, audit, require_session};
use crate::error::{RequestDataExportErrorCode, SetConsentsErrorCode};
use crate::model::{Consent, ConsentKind, DataExport, NewConsent, Subject};
use crate::store;

/// Records decisions of the account that asks; returns what is in force now.
pub(crate) async fn set(
    context: &CommandContext,
    auth: &Auth,
    decisions: &[(ConsentKind, bool)],
) -> Outcome<Vec<Consent>, SetConsentsErrorCode> {
    context.viewer.require_user()?;
    let mut kinds = HashSet::new();
    if !decisions.iter().all(|(kind, _)| kinds.insert(*kind)) {
        return Err(Failure::field(SetConsentsErrorCode::Duplicate, "consents"));
    }
    if decisions
        .iter()
        .any(|(kind, granted)| kind.is_required() && !granted)
    {
        return Err(Failure::field(
            SetConsentsErrorCode::ConsentRequired,
            "consents",
        ));
    }
    let mut connection = auth.pool.get().await?;
    connection
        .transaction(async |connection| {
            let user = require_session(context, connection).await?.user_id;
            let rows: Vec<_> = decisions
                .iter()
                .map(|(kind, granted)| NewConsent {
                    id: context.id(),
                    user_id: user,
                    kind: kind.as_str(),
                    granted: *granted,
                    recorded_at: context.now,
                    address: context.address.map(|address| address.to_string()),
                    agent: context.agent.as_deref(),
                })
                .collect();
            store::privacy::insert_consents(connection, &rows).await?;
            let values: Value = decisions
                .iter()
                .map(|(kind, granted)| (kind.as_str().to_owned(), json!(granted)))
                .collect();
            audit(
                connection,
                context,
                "consent.recorded",
                Subject::User(user),
                (None, Some(values)),
            )
            .await?;
            Ok(store::privacy::current_consents(connection, user).await?)
        })
        .await
}

/// Records a request for a copy of everything we hold about the account that asks, with auth's own part; a task asks the other
/// domains for theirs.
pub(crate) async fn request_export(
    context: &CommandContext,
    auth: &Auth,
) -> Outcome<DataExport, RequestDataExportErrorCode> {
    let mut connection = auth.pool.get().await?;
    connection
        .transaction(async |connection| {
            let user = require_session(context, connection).await?.user_id;
            store::accounts::lock(connection, user).await?;
            let newest = store::privacy::exports_of(connection, user).await?;
            if newest
                .first()
                .is_some_and(|export| export.requested_at > context.now - Duration::HOUR)
            {
                return Err(Failure::whole(RequestDataExportErrorCode::AlreadyRequested));
            }
            let export = DataExport {
                id: context.id(),
                user_id: user,
                requested_at: context.now,
                part: own_part(context, auth, connection, user).await?,
                ready_at: None,
            };
            store::privacy::insert_export(connection, &export).await?;
            audit(
                connection,
                context,
                "export.requested",
                Subject::User(user),
                (None, None),
            )
            .await?;
            let event = UserExportRequested {
                export_id: export.id,
                user_id: user,
                requested_at: context.now,
            };
            outbox::enqueue(connection, context, &event).await?;
            Ok(export)
        })
        .await
}

/// Everything that auth holds about a person, readable without us.
async fn own_part(
    context: &CommandContext,
    auth: &Auth,
    connection: &mut Connection,
    user: Uuid,
) -> coko_core::Result<Value> {
    let date = |at: time::OffsetDateTime| at.format(&Rfc3339).unwrap_or_default();
    let account = store::accounts::by_id(connection, user)
        .await?
        .ok_or_else(coko_core::Error::unauthenticated)?;
    let phone = account
        .phone_sealed
        .as_deref()
        .map(|sealed| auth.cipher.open(PHONE, sealed))
        .transpose()?;
    let roles = store::roles::of(connection, &[user]).await?.remove(&user);
    let sessions = store::sessions::live_of(connection, &[user], context.now).await?;
    let tokens = store::tokens::live_of(connection, user, context.now).await?;
    let consents = store::privacy::all_consents(connection, user).await?;
    let identities = store::social::of_user(connection, user).await?;
    Ok(json!({
        "profile": {
            "id": account.id, "email": account.email, "emailVerifiedAt": account.email_verified_at.map(date), "phone": phone,
            "displayName": account.display_name, "avatar": account.avatar, "country": account.country,
            "language": account.language, "timeZone": account.time_zone, "privacy": account.privacy.as_str(),
            "preferences": account.preferences, "roles": roles, "createdAt": date(account.created_at),
        },
        "sessions": sessions.iter().map(|session| json!({
            "id": session.id, "method": session.method.as_str(), "device": session.device, "address": session.address,
            "agent": session.agent, "createdAt": date(session.created_at), "lastUsedAt": date(session.last_used_at),
        })).collect::<Vec<_>>(),
        "personalAccessTokens": tokens.iter().map(|token| json!({
            "name": token.name, "scopes": token.scopes, "createdAt": date(token.created_at), "expiresAt": date(token.expires_at),
        })).collect::<Vec<_>>(),
        "consents": consents.iter().map(|consent| json!({
            "kind": consent.kind.as_str(), "granted": consent.granted, "recordedAt": date(consent.recorded_at),
        })).collect::<Vec<_>>(),
        "identities": identities.iter().map(|identity| json!({
            "provider": identity.provider.as_str(), "subject": identity.subject, "linkedAt": date(identity.linked_at),
        })).collect::<Vec<_>>(),
    }))
}
