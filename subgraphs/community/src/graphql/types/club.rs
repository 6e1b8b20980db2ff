//! Book clubs.

use async_graphql::connection::{Connection, EmptyFields};
use async_graphql::dataloader::DataLoader;
use async_graphql::{Context, ID, Object, SimpleObject};
use coko_core::Result;
use coko_core::graphql::{PageArgs, RequestExt as _, connection};
use coko_core::paging::Slice;
use time::OffsetDateTime;

use super::{BookType, UserType};
use crate::graphql::loader::{ClubMembers, ClubRoles, PageOf, Schedules};
use crate::model::{Club, ClubAccess, ClubMember, ClubRole, ScheduleEntry};
use crate::store::clubs::MEMBERS;

/// People who read a book together.
#[derive(Clone)]
pub(crate) struct ClubType(pub(crate) Club);

impl ClubType {
    /// What the viewer is in it.
    async fn role(&self, context: &Context<'_>) -> Result<Option<ClubRole>> {
        let loader = context.data_unchecked::<DataLoader<ClubRoles>>();
        let member = loader.load_one(self.0.id).await?;
        Ok(member.map(|member| member.role))
    }

    async fn people(
        &self,
        context: &Context<'_>,
        waiting: bool,
        arguments: PageArgs,
    ) -> Result<Connection<String, ClubMemberType, EmptyFields, EmptyFields>> {
        let page = arguments.page(MEMBERS)?;
        let loader = context.data_unchecked::<DataLoader<ClubMembers>>();
        let wanted = PageOf {
            owner: self.0.id,
            which: waiting,
            page: page.clone(),
        };
        let slice = loader.load_one(wanted).await?;
        let slice = slice.unwrap_or_else(|| Slice::new(&page, Vec::new()));
        Ok(connection(
            MEMBERS,
            slice,
            |member| member.id,
            ClubMemberType::from,
        ))
    }
}

/// People who read a book together.
#[Object(name = "Club")]
impl ClubType {
    /// Identifies the club.
    async fn id(&self) -> ID {
        self.0.id.into()
    }

    /// Its name.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// What it is about, as HTML that is safe to show.
    async fn html(&self) -> &str {
        &self.0.description_html
    }

    /// What it is about as it was written, in Markdown; for its owner, to edit.
    async fn source(&self, context: &Context<'_>) -> Option<&str> {
        let own = context.viewer().user_id() == Some(self.0.owner_id);
        own.then_some(self.0.description.as_str())
    }

    /// The book that is read now.
    async fn book(&self) -> Option<BookType> {
        self.0.book_id.map(BookType::reference)
    }

    /// Who may join and read.
    async fn access(&self) -> ClubAccess {
        self.0.access
    }

    /// Who runs it.
    async fn owner(&self) -> UserType {
        UserType::reference(self.0.owner_id)
    }

    /// How many belong to it.
    async fn member_count(&self) -> i32 {
        self.0.member_count
    }

    /// What the viewer is in it; null for whoever is nothing.
    async fn my_role(&self, context: &Context<'_>) -> Result<Option<ClubRole>> {
        self.role(context).await
    }

    /// What is read until when, by time; empty for outsiders of a closed club.
    async fn schedule(&self, context: &Context<'_>) -> Result<Vec<ScheduleEntryType>> {
        if !self.is_open_to(context).await? {
            return Ok(Vec::new());
        }
        let loader = context.data_unchecked::<DataLoader<Schedules>>();
        let entries = loader.load_one(self.0.id).await?.unwrap_or_default();
        Ok(entries.into_iter().map(ScheduleEntryType::from).collect())
    }

    /// Who belongs to it, the last joined first; null for outsiders of a closed club.
    async fn members(
        &self,
        context: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
    ) -> Result<Option<Connection<String, ClubMemberType, EmptyFields, EmptyFields>>> {
        if !self.is_open_to(context).await? {
            return Ok(None);
        }
        let arguments = PageArgs::new(first, after, last, before);
        Ok(Some(self.people(context, false, arguments).await?))
    }

    /// Who waits to be admitted, the newest first; for its owner.
    async fn applicants(
        &self,
        context: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
    ) -> Result<Option<Connection<String, ClubMemberType, EmptyFields, EmptyFields>>> {
        if context.viewer().user_id() != Some(self.0.owner_id) {
            return Ok(None);
        }
        let arguments = PageArgs::new(first, after, last, before);
        Ok(Some(self.people(context, true, arguments).await?))
    }

    /// When it was founded.
    async fn created_at(&self) -> OffsetDateTime {
        self.0.created_at
    }
}

impl ClubType {
    async fn is_open_to(&self, context: &Context<'_>) -> Result<bool> {
        if !self.0.is_closed() || crate::commands::moderates(context.viewer()) {
            return Ok(true);
        }
        Ok(self.role(context).await?.is_some_and(ClubRole::belongs))
    }
}

/// Someone in a club.
#[derive(SimpleObject)]
#[graphql(name = "ClubMember")]
pub(crate) struct ClubMemberType {
    /// Who.
    user: UserType,
    /// What they are in it.
    role: ClubRole,
    /// Since when.
    since: OffsetDateTime,
}

impl From<ClubMember> for ClubMemberType {
    fn from(member: ClubMember) -> Self {
        Self {
            user: UserType::reference(member.user_id),
            role: member.role,
            since: member.joined_at,
        }
    }
}

/// What a club reads until when.
#[derive(SimpleObject)]
#[graphql(name = "ScheduleEntry")]
struct ScheduleEntryType {
    /// Identifies the entry.
    id: ID,
    /// What it is called.
    title: String,
    /// The place up to which members have read by then, 0 to 1.
    read_to: f64,
    /// By when.
    due_at: OffsetDateTime,
}

impl From<ScheduleEntry> for ScheduleEntryType {
    fn from(entry: ScheduleEntry) -> Self {
        Self {
            id: entry.id.into(),
            title: entry.title,
            read_to: entry.read_to,
            due_at: entry.due_at,
        }
    }
}
