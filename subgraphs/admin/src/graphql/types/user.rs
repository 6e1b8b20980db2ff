//! What admin adds to `User`: what they did here, and what operators noted.

use async_graphql::dataloader::DataLoader;
use async_graphql::{Context, ID, Object, SimpleObject};
use coko_core::Result;
use coko_core::graphql::{MoneyType, RequestExt as _};
use time::{Date, OffsetDateTime};
use uuid::Uuid;

use crate::graphql::key;
use crate::graphql::loader::{Notes, People, Spendings};
use crate::model::{Note, Person};

/// A person.
pub(crate) struct UserType {
    pub(crate) id: ID,
}

impl UserType {
    /// The account with this id.
    pub(crate) fn reference(id: Uuid) -> Self {
        Self { id: id.into() }
    }
}

/// A person.
#[Object(name = "User")]
impl UserType {
    /// Identifies the account.
    async fn id(&self) -> &ID {
        &self.id
    }

    /// What they did here, as operators see it; null where nothing is known. Needs `system:users`.
    async fn activity(&self, context: &Context<'_>) -> Result<Option<ActivityType>> {
        context.viewer().require("system", "users")?;
        let loader = context.data_unchecked::<DataLoader<People>>();
        Ok(loader.load_one(key(&self.id)).await?.map(ActivityType))
    }

    /// What operators noted about them, the newest first, at most fifty. Needs `system:users`.
    async fn operator_notes(&self, context: &Context<'_>) -> Result<Option<Vec<NoteType>>> {
        context.viewer().require("system", "users")?;
        let loader = context.data_unchecked::<DataLoader<Notes>>();
        let notes = loader.load_one(key(&self.id)).await?.unwrap_or_default();
        Ok(Some(notes.into_iter().map(NoteType::from).collect()))
    }
}

/// What a person did here.
pub(crate) struct ActivityType(Person);

/// What a person did here.
#[Object(name = "UserActivity")]
impl ActivityType {
    /// The country that their activity is counted for (ISO 3166-1 alpha-2), where they said one.
    async fn country(&self) -> Option<&str> {
        self.0.country.as_deref()
    }

    /// When the account was made.
    async fn registered_at(&self) -> Option<OffsetDateTime> {
        self.0.registered_at
    }

    /// The newest day (UTC) on which they signed in, read, bought or wrote.
    async fn last_active_on(&self) -> Option<Date> {
        self.0.last_active_on
    }

    /// When they paid for the first time.
    async fn first_paid_at(&self) -> Option<OffsetDateTime> {
        self.0.first_paid_at
    }

    /// Orders that they paid.
    async fn orders_paid(&self) -> i32 {
        self.0.orders_paid
    }

    /// What providers took from them less what was paid back, by currency.
    async fn spent(&self, context: &Context<'_>) -> Result<Vec<MoneyType>> {
        let loader = context.data_unchecked::<DataLoader<Spendings>>();
        let spent = loader.load_one(self.0.user_id).await?.unwrap_or_default();
        Ok(spent.into_iter().map(MoneyType::from).collect())
    }

    /// Books that they opened.
    async fn books_started(&self) -> i32 {
        self.0.books_started
    }

    /// Books that they finished.
    async fn books_completed(&self) -> i32 {
        self.0.books_completed
    }

    /// Seconds of reading.
    async fn seconds_read(&self) -> i64 {
        self.0.seconds_read
    }

    /// Reports of what they wrote.
    async fn reports(&self) -> i32 {
        self.0.reports
    }

    /// Contents of theirs that moderators removed.
    async fn removals(&self) -> i32 {
        self.0.removals
    }
}

/// What an operator noted about a person.
#[derive(SimpleObject)]
#[graphql(name = "OperatorNote")]
pub(crate) struct NoteType {
    /// Identifies the note.
    id: ID,
    /// The note.
    text: String,
    /// Who wrote it.
    operator: UserType,
    /// When.
    created_at: OffsetDateTime,
}

impl From<Note> for NoteType {
    fn from(note: Note) -> Self {
        Self {
            id: note.id.into(),
            text: note.text,
            operator: UserType::reference(note.operator_id),
            created_at: note.created_at,
        }
    }
}
