//! What moderators ask, and authors of what was decided about them.

use async_graphql::connection::{Connection, EmptyFields};
use async_graphql::dataloader::DataLoader;
use async_graphql::{Context, ID, Object};
use coko_core::Result;
use coko_core::graphql::{PageArgs, RequestExt as _, connection};

use crate::graphql::loader::Cases;
use crate::graphql::types::{CaseType, LogEntryType};
use crate::graphql::{community, key};
use crate::model::CaseStatus;
use crate::store;

#[derive(Default)]
pub(super) struct ModerationQuery;

#[Object]
impl ModerationQuery {
    /// Cases that stand so, the oldest first: `OPEN` when nothing is said. Needs `community:moderate`.
    async fn moderation_queue(
        &self,
        context: &Context<'_>,
        #[graphql(default_with = "CaseStatus::Open")] status: CaseStatus,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
    ) -> Result<Connection<String, CaseType, EmptyFields, EmptyFields>> {
        context.viewer().require("community", "moderate")?;
        let list = store::cases::QUEUE;
        let page = PageArgs::new(first, after, last, before).page(list)?;
        let mut database = community(context).pool.get().await?;
        let slice = store::cases::queue(&mut database, &page, status).await?;
        Ok(connection(list, slice, |case| case.id, CaseType))
    }

    /// A case, for moderators and, once something was decided against them, for the content's author.
    async fn moderation_case(&self, context: &Context<'_>, id: ID) -> Result<Option<CaseType>> {
        let loader = context.data_unchecked::<DataLoader<Cases>>();
        Ok(loader.load_one(key(&id)).await?.map(CaseType))
    }

    /// What was decided against the viewer's own contents, the newest first.
    async fn my_moderation_cases(
        &self,
        context: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
    ) -> Result<Connection<String, CaseType, EmptyFields, EmptyFields>> {
        let user = context.viewer().require_user()?;
        let list = store::cases::MINE;
        let page = PageArgs::new(first, after, last, before).page(list)?;
        let mut database = community(context).pool.get().await?;
        let slice = store::cases::of_author(&mut database, &page, user).await?;
        Ok(connection(list, slice, |case| case.id, CaseType))
    }

    /// What moderators did, about one thing if one is named; the newest first. Needs `community:moderate`.
    async fn moderation_log(
        &self,
        context: &Context<'_>,
        subject_id: Option<ID>,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
    ) -> Result<Connection<String, LogEntryType, EmptyFields, EmptyFields>> {
        context.viewer().require("community", "moderate")?;
        let list = store::cases::LOG;
        let page = PageArgs::new(first, after, last, before).page(list)?;
        let subject = subject_id.as_ref().map(key);
        let mut database = community(context).pool.get().await?;
        let slice = store::cases::log_page(&mut database, &page, subject).await?;
        Ok(connection(
            list,
            slice,
            |entry| entry.id,
            LogEntryType::from,
        ))
    }
}
