//! What operators look after: reported contents, settings, health, dead letters, payments.

use async_graphql::connection::{Connection, EmptyFields};
use async_graphql::{Context, ID, Json, Object};
use coko_core::graphql::{PageArgs, RequestExt as _, connection};
use coko_core::service::Bus;
use coko_core::{Error, Result, heartbeat};
use time::{Date, Duration};

use crate::commands::dead_letters;
use crate::graphql::types::{
    ComparisonType, DeadLetterType, DiscrepancyType, FeatureType, ReconciliationType,
    ReportedContentType, RoleHealthType, SettingType, roles,
};
use crate::graphql::{admin, key};
use crate::model::ReportedStatus;
use crate::store;

/// Most days of comparisons in one answer.
const MOST_DAYS: Duration = Duration::days(366);

#[derive(Default)]
pub(super) struct OperationsQuery;

#[Object]
impl OperationsQuery {
    /// Contents of the whole platform that were reported and stand so, those that have waited longest first. What becomes of
    /// them is decided by `decideCase` and `decideAppeal`. Needs `system:moderation` or `community:moderate`.
    async fn reported_contents(
        &self,
        context: &Context<'_>,
        #[graphql(default_with = "ReportedStatus::Open")] status: ReportedStatus,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
    ) -> Result<Connection<String, ReportedContentType, EmptyFields, EmptyFields>> {
        let viewer = context.viewer();
        if !viewer.can("community", "moderate") {
            viewer.require("system", "moderation")?;
        }
        let list = store::reported::LIST;
        let page = PageArgs::new(first, after, last, before).page(list)?;
        let mut database = admin(context).pool.get().await?;
        let slice = store::reported::page(&mut database, &page, status).await?;
        Ok(connection(
            list,
            slice,
            store::reported::key,
            ReportedContentType,
        ))
    }

    /// Settings and flags that are meant for applications, as they hold for the viewer; for guests those that hold for everyone.
    async fn features(&self, context: &Context<'_>) -> Vec<FeatureType> {
        let user = context.viewer().user_id();
        let settings = admin(context).platform.settings.all();
        settings
            .into_iter()
            .filter(|(_, setting)| setting.for_clients)
            .map(|(key, setting)| {
                let holds = setting.holds_for(&key, user);
                FeatureType {
                    on: holds && setting.value == true,
                    value: holds.then_some(Json(setting.value)),
                    key,
                }
            })
            .collect()
    }

    /// Everything that is set, by key. Needs `system:settings`.
    async fn platform_settings(&self, context: &Context<'_>) -> Result<Vec<SettingType>> {
        context.viewer().require("system", "settings")?;
        let mut database = admin(context).pool.get().await?;
        let settings = store::settings::all(&mut database).await?;
        Ok(settings.into_iter().map(SettingType).collect())
    }

    /// How every role does, as its processes said within the last hour. Needs `system:health`.
    async fn system_health(&self, context: &Context<'_>) -> Result<Vec<RoleHealthType>> {
        context.viewer().require("system", "health")?;
        let platform = &admin(context).platform;
        let Bus::Nats(nats) = &platform.bus else {
            return Ok(Vec::new());
        };
        let beats = heartbeat::all(nats).await?;
        Ok(roles(beats, platform.clock.now()))
    }

    /// Events that a role could not handle, the newest first; only forwards. Needs `system:events`.
    async fn dead_letters(
        &self,
        context: &Context<'_>,
        role: String,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
    ) -> Result<Connection<String, DeadLetterType, EmptyFields, EmptyFields>> {
        context.viewer().require("system", "events")?;
        let list = format!("dead-letters:{role}");
        let page = PageArgs::new(first, after, last, before).page(&list)?;
        let slice = dead_letters::page(admin(context), &role, &page).await?;
        Ok(connection(&list, slice, dead_letters::key, |letter| {
            DeadLetterType::new(&role, letter, None)
        }))
    }

    /// An event that a role could not handle, with what it says. Needs `system:events`.
    async fn dead_letter(
        &self,
        context: &Context<'_>,
        role: String,
        event_id: ID,
    ) -> Result<Option<DeadLetterType>> {
        context.viewer().require("system", "events")?;
        let found = dead_letters::show(admin(context), &role, key(&event_id)).await?;
        Ok(found.map(|(letter, payload)| DeadLetterType::new(&role, letter, Some(payload))))
    }

    /// Payments about which our books and the provider's did not agree, the newest first; those that are open when nothing is
    /// said. Needs `system:payments`.
    async fn payment_discrepancies(
        &self,
        context: &Context<'_>,
        #[graphql(default = true)] open: bool,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
    ) -> Result<Connection<String, DiscrepancyType, EmptyFields, EmptyFields>> {
        context.viewer().require("system", "payments")?;
        let list = store::payments::LIST;
        let page = PageArgs::new(first, after, last, before).page(list)?;
        let mut database = admin(context).pool.get().await?;
        let slice = store::payments::page(&mut database, &page, open).await?;
        Ok(connection(
            list,
            slice,
            store::payments::key,
            DiscrepancyType,
        ))
    }

    /// What comparisons with providers' books came to over at most 366 days, the newest first. Needs `system:payments`.
    async fn payment_comparisons(
        &self,
        context: &Context<'_>,
        from: Date,
        to: Date,
    ) -> Result<Vec<ComparisonType>> {
        context.viewer().require("system", "payments")?;
        if to < from || to - from >= MOST_DAYS {
            return Err(Error::validation("to", "admin-days-invalid"));
        }
        let mut database = admin(context).pool.get().await?;
        let counts = store::payments::counts(&mut database, (from, to)).await?;
        Ok(counts.into_iter().map(ComparisonType::from).collect())
    }

    /// The newest fifty requests to compare payments once more. Needs `system:payments`.
    async fn reconciliation_requests(
        &self,
        context: &Context<'_>,
    ) -> Result<Vec<ReconciliationType>> {
        context.viewer().require("system", "payments")?;
        let mut database = admin(context).pool.get().await?;
        let requests = store::payments::requests(&mut database).await?;
        Ok(requests.into_iter().map(ReconciliationType::from).collect())
    }
}
