//! What authors, publishers and reviewers ask.

use async_graphql::connection::{Connection, EmptyFields};
use async_graphql::dataloader::DataLoader;
use async_graphql::{Context, ID, Object};
use coko_core::Result;
use coko_core::graphql::{PageArgs, RequestExt as _, connection};
use coko_core::paging::Slice;
use uuid::Uuid;

use crate::commands::reviews;
use crate::graphql::loader::{Manuscripts, Organizations, Roles};
use crate::graphql::types::{ManuscriptType, NoteType, OrganizationType, VersionType};
use crate::graphql::{key, publishing};
use crate::store;

#[derive(Default)]
pub(super) struct ManuscriptQuery;

/// Whether the viewer may see the manuscript.
async fn sees(context: &Context<'_>, manuscript: Uuid) -> Result<bool> {
    let loader = context.data_unchecked::<DataLoader<Manuscripts>>();
    Ok(loader.load_one(manuscript).await?.is_some())
}

#[Object]
impl ManuscriptQuery {
    #[graphql(entity)]
    async fn manuscript_entity(
        &self,
        context: &Context<'_>,
        id: ID,
    ) -> Result<Option<ManuscriptType>> {
        let loader = context.data_unchecked::<DataLoader<Manuscripts>>();
        Ok(loader.load_one(key(&id)).await?.map(ManuscriptType))
    }

    /// A manuscript of an organisation of the viewer's; for reviewers any that was ever submitted.
    async fn manuscript(&self, context: &Context<'_>, id: ID) -> Result<Option<ManuscriptType>> {
        let loader = context.data_unchecked::<DataLoader<Manuscripts>>();
        Ok(loader.load_one(key(&id)).await?.map(ManuscriptType))
    }

    /// An organisation that the viewer belongs to.
    async fn publishing_organization(
        &self,
        context: &Context<'_>,
        id: ID,
    ) -> Result<Option<OrganizationType>> {
        let id = key(&id);
        let roles = context.data_unchecked::<DataLoader<Roles>>();
        if roles.load_one(id).await?.is_none() {
            return Ok(None);
        }
        let loader = context.data_unchecked::<DataLoader<Organizations>>();
        Ok(loader.load_one(id).await?.map(OrganizationType))
    }

    /// The organisations that the viewer belongs to, at most 50, the newest first.
    async fn my_publishing_organizations(
        &self,
        context: &Context<'_>,
    ) -> Result<Vec<OrganizationType>> {
        let user = context.viewer().require_user()?;
        let mut connection = publishing(context).pool.get().await?;
        let members = store::organizations::of_user(&mut connection, user).await?;
        drop(connection);
        let ids: Vec<Uuid> = members
            .iter()
            .map(|member| member.organization_id)
            .collect();
        let loader = context.data_unchecked::<DataLoader<Organizations>>();
        let mut found = loader.load_many(ids.iter().copied()).await?;
        let found = ids.iter().filter_map(|id| found.remove(id));
        Ok(found.map(OrganizationType).collect())
    }

    /// The manuscripts of an organisation of the viewer's, the newest first.
    async fn manuscripts(
        &self,
        context: &Context<'_>,
        organization_id: ID,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
    ) -> Result<Connection<String, ManuscriptType, EmptyFields, EmptyFields>> {
        context.viewer().require_user()?;
        context.viewer().require("books", "publish")?;
        let list = store::manuscripts::LIST;
        let page = PageArgs::new(first, after, last, before).page(list)?;
        let organization = key(&organization_id);
        let roles = context.data_unchecked::<DataLoader<Roles>>();
        let slice = if roles.load_one(organization).await?.is_some() {
            let mut database = publishing(context).pool.get().await?;
            store::manuscripts::list(&mut database, &page, organization).await?
        } else {
            Slice::new(&page, Vec::new())
        };
        let key = store::manuscripts::key;
        Ok(connection(list, slice, key, ManuscriptType))
    }

    /// What waits for reviewers or is in their hands, the longest waiting first. Needs `books:update`.
    async fn review_queue(
        &self,
        context: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
    ) -> Result<Connection<String, ManuscriptType, EmptyFields, EmptyFields>> {
        context.viewer().require_user()?;
        context.viewer().require("books", "update")?;
        let list = store::manuscripts::QUEUE;
        let page = PageArgs::new(first, after, last, before).page(list)?;
        let slice = if reviews(context.viewer()) {
            let mut database = publishing(context).pool.get().await?;
            store::manuscripts::queue(&mut database, &page).await?
        } else {
            Slice::new(&page, Vec::new())
        };
        let key = store::manuscripts::queue_key;
        Ok(connection(list, slice, key, ManuscriptType))
    }

    /// The versions of a manuscript that the viewer may see, the newest first.
    async fn manuscript_versions(
        &self,
        context: &Context<'_>,
        manuscript_id: ID,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
    ) -> Result<Connection<String, VersionType, EmptyFields, EmptyFields>> {
        context.viewer().require_user()?;
        let list = store::versions::LIST;
        let page = PageArgs::new(first, after, last, before).page(list)?;
        let manuscript = key(&manuscript_id);
        let slice = if sees(context, manuscript).await? {
            let mut database = publishing(context).pool.get().await?;
            store::versions::list(&mut database, &page, manuscript).await?
        } else {
            Slice::new(&page, Vec::new())
        };
        Ok(connection(list, slice, store::versions::key, VersionType))
    }

    /// What happened to a manuscript that the viewer may see, and what was said about it, the newest first.
    async fn manuscript_notes(
        &self,
        context: &Context<'_>,
        manuscript_id: ID,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
    ) -> Result<Connection<String, NoteType, EmptyFields, EmptyFields>> {
        context.viewer().require_user()?;
        let list = store::notes::LIST;
        let page = PageArgs::new(first, after, last, before).page(list)?;
        let manuscript = key(&manuscript_id);
        let slice = if sees(context, manuscript).await? {
            let mut database = publishing(context).pool.get().await?;
            store::notes::list(&mut database, &page, manuscript).await?
        } else {
            Slice::new(&page, Vec::new())
        };
        Ok(connection(list, slice, store::notes::key, NoteType))
    }
}
