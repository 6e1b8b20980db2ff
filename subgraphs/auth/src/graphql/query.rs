//! Root queries and the entity resolver.

use std::collections::HashMap;
use std::sync::Arc;

use async_graphql::connection::Connection;
use async_graphql::{Context, ID, Object};
use coko_core::Result;
use coko_core::graphql::{PageArgs, RequestExt as _, connection};
use coko_core::paging::Slice;
use uuid::Uuid;

use super::entity::User;
use super::types::{
    AuditEntryType, AuditFilterInput, ConsentType, DataExportType, ImpersonationType, PartnerType,
    PersonalAccessTokenType, RoleType, SessionType, UserFilterInput,
};
use crate::commands::Auth;
use crate::store::{self, micros};

/// Root queries of auth.
#[derive(Default)]
pub(crate) struct Query;

fn auth<'a>(context: &Context<'a>) -> &'a Arc<Auth> {
    context.data_unchecked::<Arc<Auth>>()
}

/// The account that asks for what only its owner may see.
fn owner(context: &Context<'_>) -> Result<Uuid> {
    let user = context.viewer().require_user()?;
    context.viewer().require("profile", "read")?;
    Ok(user)
}

/// Root queries of auth.
#[Object]
impl Query {
    /// The account of the viewer; none for guests and partners.
    async fn me(&self, context: &Context<'_>) -> Result<Option<User>> {
        match context.viewer().user_id() {
            Some(id) => User::find(context, &id.into()).await,
            None => Ok(None),
        }
    }

    /// The account with this id; a deleted one is anonymous.
    async fn user(&self, context: &Context<'_>, id: ID) -> Result<Option<User>> {
        User::find(context, &id).await
    }

    /// The account that another subgraph refers to.
    #[graphql(entity)]
    async fn find_user_by_id(
        &self,
        context: &Context<'_>,
        #[graphql(key)] id: ID,
    ) -> Result<Option<User>> {
        User::find(context, &id).await
    }

    /// All accounts, newest first. Requires `users:read`.
    async fn users(
        &self,
        context: &Context<'_>,
        filter: Option<UserFilterInput>,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
    ) -> Result<Connection<String, User>> {
        context.viewer().require("users", "read")?;
        let page = PageArgs::new(first, after, last, before).page("users")?;
        let mut database = auth(context).pool.get().await?;
        let rows =
            store::accounts::page(&mut database, &filter.unwrap_or_default().into(), &page).await?;
        let key = |account: &crate::model::Account| (micros(account.created_at), account.id);
        Ok(connection("users", Slice::new(&page, rows), key, User::new))
    }

    /// The viewer's live sessions, newest first: the list of their devices.
    async fn sessions(
        &self,
        context: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
    ) -> Result<Connection<String, SessionType>> {
        let user = owner(context)?;
        let page = PageArgs::new(first, after, last, before).page("sessions")?;
        let mut database = auth(context).pool.get().await?;
        let rows = store::sessions::page(&mut database, user, &page, context.command().now).await?;
        let key = |session: &crate::model::Session| (micros(session.created_at), session.id);
        Ok(connection(
            "sessions",
            Slice::new(&page, rows),
            key,
            SessionType,
        ))
    }

    /// All roles with what they may do. Requires `users:read`.
    async fn roles(&self, context: &Context<'_>) -> Result<Vec<RoleType>> {
        context.viewer().require("users", "read")?;
        let mut database = auth(context).pool.get().await?;
        let roles = store::roles::all(&mut database).await?;
        let mut rights: HashMap<String, Vec<String>> = HashMap::new();
        for right in store::roles::rights(&mut database, None).await? {
            rights
                .entry(right.role)
                .or_default()
                .push(format!("{}:{}", right.resource, right.action));
        }
        let role = |row: crate::model::RoleRow| RoleType {
            rights: rights.remove(&row.name).unwrap_or_default(),
            name: row.name,
            description: row.description,
        };
        Ok(roles.into_iter().map(role).collect())
    }

    /// The viewer's personal access tokens that still work, newest first; at most 50.
    async fn personal_access_tokens(
        &self,
        context: &Context<'_>,
    ) -> Result<Vec<PersonalAccessTokenType>> {
        let user = owner(context)?;
        let mut database = auth(context).pool.get().await?;
        let tokens = store::tokens::live_of(&mut database, user, context.command().now).await?;
        Ok(tokens.into_iter().map(Into::into).collect())
    }

    /// What the viewer agreed to: the decision in force of each kind.
    async fn consents(&self, context: &Context<'_>) -> Result<Vec<ConsentType>> {
        let user = owner(context)?;
        let mut database = auth(context).pool.get().await?;
        let consents = store::privacy::current_consents(&mut database, user).await?;
        Ok(consents.into_iter().map(Into::into).collect())
    }

    /// Every decision of the viewer about consents, newest first.
    async fn consent_history(
        &self,
        context: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
    ) -> Result<Connection<String, ConsentType>> {
        let user = owner(context)?;
        let page = PageArgs::new(first, after, last, before).page("consentHistory")?;
        let mut database = auth(context).pool.get().await?;
        let rows = store::privacy::consent_page(&mut database, user, &page).await?;
        let key = |consent: &crate::model::Consent| (micros(consent.recorded_at), consent.id);
        Ok(connection(
            "consentHistory",
            Slice::new(&page, rows),
            key,
            ConsentType::from,
        ))
    }

    /// The viewer's requests for a copy of their data, newest first; at most ten.
    async fn data_exports(&self, context: &Context<'_>) -> Result<Vec<DataExportType>> {
        let user = owner(context)?;
        let mut database = auth(context).pool.get().await?;
        let exports = store::privacy::exports_of(&mut database, user).await?;
        Ok(exports.into_iter().map(Into::into).collect())
    }

    /// Who did what, newest first. Requires `system:audit`.
    async fn audit_log(
        &self,
        context: &Context<'_>,
        filter: Option<AuditFilterInput>,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
    ) -> Result<Connection<String, AuditEntryType>> {
        context.viewer().require("system", "audit")?;
        let page = PageArgs::new(first, after, last, before).page("auditLog")?;
        let mut database = auth(context).pool.get().await?;
        let rows =
            store::audit::page(&mut database, &filter.unwrap_or_default().into(), &page).await?;
        let key = |entry: &crate::model::AuditEntry| (micros(entry.at), entry.id);
        Ok(connection(
            "auditLog",
            Slice::new(&page, rows),
            key,
            AuditEntryType::from,
        ))
    }

    /// Who looked at the platform as somebody else, newest first. Requires `system:audit`.
    async fn impersonations(
        &self,
        context: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
    ) -> Result<Connection<String, ImpersonationType>> {
        context.viewer().require("system", "audit")?;
        let page = PageArgs::new(first, after, last, before).page("impersonations")?;
        let mut database = auth(context).pool.get().await?;
        let rows = store::impersonations::page(&mut database, &page).await?;
        let key = |row: &crate::model::Impersonation| (micros(row.started_at), row.id);
        Ok(connection(
            "impersonations",
            Slice::new(&page, rows),
            key,
            ImpersonationType,
        ))
    }

    /// All partners by short name. Requires `partners:read`.
    async fn partners(
        &self,
        context: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
    ) -> Result<Connection<String, PartnerType>> {
        context.viewer().require("partners", "read")?;
        let page = PageArgs::new(first, after, last, before).page("partners")?;
        let mut database = auth(context).pool.get().await?;
        let rows = store::partners::page(&mut database, &page).await?;
        let key = |partner: &crate::model::Partner| partner.slug.clone();
        Ok(connection(
            "partners",
            Slice::new(&page, rows),
            key,
            PartnerType,
        ))
    }

    /// The partner with this short name. Requires `partners:read`.
    async fn partner(&self, context: &Context<'_>, slug: String) -> Result<Option<PartnerType>> {
        context.viewer().require("partners", "read")?;
        let mut database = auth(context).pool.get().await?;
        Ok(store::partners::by_slug(&mut database, &slug)
            .await?
            .map(PartnerType))
    }
}
