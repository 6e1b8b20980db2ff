//! `Notification`, which only the person sees.

use async_graphql::dataloader::DataLoader;
use async_graphql::{Context, ID, Object, SimpleObject};
use coko_core::Result;
use coko_core::graphql::RequestExt as _;
use time::OffsetDateTime;

use crate::graphql::loader::{People, Titles};
use crate::model::{Channel, Kind, Notification, Workflow};
use crate::wording::{Names, Voice};

/// Somebody, by their id.
#[derive(SimpleObject)]
#[graphql(name = "User", unresolvable = "id")]
pub(crate) struct UserRef {
    /// Identifies the account.
    id: ID,
}

/// A book of the catalogue, by its id.
#[derive(SimpleObject)]
#[graphql(name = "Book", unresolvable = "id")]
pub(crate) struct BookRef {
    /// Identifies the book.
    id: ID,
}

/// Something that the viewer was told.
pub(crate) struct NotificationType(pub(crate) Notification);

/// Something that the viewer was told. Only they see it.
#[Object(name = "Notification")]
impl NotificationType {
    /// Identifies it.
    async fn id(&self) -> ID {
        self.0.id.into()
    }

    /// What it is about, for programs.
    async fn kind(&self) -> Kind {
        self.0.kind
    }

    /// What it belongs to where the viewer decides what to hear.
    async fn workflow(&self) -> Workflow {
        self.0.kind.workflow()
    }

    /// Its heading in the viewer's language.
    async fn title(&self, context: &Context<'_>) -> Result<String> {
        self.said(context, |voice, notification| {
            voice.title(notification, Channel::InApp)
        })
        .await
    }

    /// Its text in the viewer's language: plain, without markup.
    async fn text(&self, context: &Context<'_>) -> Result<String> {
        self.said(context, |voice, notification| {
            voice.text(notification, Channel::InApp)
        })
        .await
    }

    /// Where it leads, as a path of the applications: `/orders/…`.
    async fn link(&self) -> Option<&str> {
        self.0.link.as_deref()
    }

    /// Who it is about, where it is about somebody else.
    async fn actor(&self) -> Option<UserRef> {
        let mut people = self.0.facts.people();
        let other = people.find(|person| *person != self.0.user_id)?;
        Some(UserRef { id: other.into() })
    }

    /// The book that it is about.
    async fn book(&self) -> Option<BookRef> {
        let book = self.0.facts.books().next()?;
        Some(BookRef { id: book.into() })
    }

    /// When the viewer was told.
    async fn created_at(&self) -> OffsetDateTime {
        self.0.created_at
    }

    /// When the viewer read it; null until then.
    async fn read_at(&self) -> Option<OffsetDateTime> {
        self.0.read_at
    }
}

impl NotificationType {
    /// The words that `say` finds in the language of the request and the viewer's zone.
    async fn said(
        &self,
        context: &Context<'_>,
        say: impl Fn(&Voice<'_>, &Notification) -> String,
    ) -> Result<String> {
        let notification = &self.0;
        let people = context.data_unchecked::<DataLoader<People>>();
        let titles = context.data_unchecked::<DataLoader<Titles>>();
        let named = notification.facts.people();
        let named = people
            .load_many(named.chain([notification.user_id]))
            .await?;
        let books = titles.load_many(notification.facts.books()).await?;
        let zone = named.get(&notification.user_id);
        let zone = zone.map_or("UTC", |person| person.time_zone.as_str());
        let names = Names {
            people: named
                .iter()
                .map(|(id, person)| (*id, person.display_name.clone()))
                .collect(),
            books,
        };
        let voice = Voice {
            translations: context.translations(),
            locale: context.locale(),
            zone,
            names: &names,
        };
        Ok(say(&voice, notification))
    }
}
