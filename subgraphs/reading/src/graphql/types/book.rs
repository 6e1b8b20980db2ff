//! What reading adds to `Book`: what it is to the viewer.

use async_graphql::connection::{Connection, EmptyFields};
use async_graphql::dataloader::DataLoader;
use async_graphql::{Context, ID, Object};
use coko_core::Result;
use coko_core::graphql::{PageArgs, connection};
use coko_core::paging::Slice;
use uuid::Uuid;

use super::progress::BookProgressType;
use super::{AnnotationType, LibraryItemType};
use crate::graphql::key;
use crate::graphql::loader::{Items, Notes, NotesKey, Pace, Places};
use crate::model::statistics::minutes_left;
use crate::store;

/// A book of the catalogue.
pub(crate) struct BookType {
    pub(crate) id: ID,
    /// As catalog says, where the router asked for it.
    pub(crate) page_count: Option<i32>,
}

impl BookType {
    /// The book with this id.
    pub(crate) fn reference(id: Uuid) -> Self {
        Self {
            id: id.into(),
            page_count: None,
        }
    }
}

/// A book as it is to the viewer; for guests there is nothing.
#[Object(name = "Book")]
impl BookType {
    /// Identifies the book.
    async fn id(&self) -> &ID {
        &self.id
    }

    #[graphql(external)]
    async fn page_count(&self) -> Option<i32> {
        self.page_count
    }

    /// How far the viewer is.
    async fn my_progress(&self, context: &Context<'_>) -> Result<Option<BookProgressType>> {
        let loader = context.data_unchecked::<DataLoader<Places>>();
        Ok(loader.load_one(key(&self.id)).await?.map(BookProgressType))
    }

    /// What the viewer noted, in the order of the book.
    async fn my_annotations(
        &self,
        context: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
    ) -> Result<Connection<String, AnnotationType, EmptyFields, EmptyFields>> {
        let list = store::annotations::LIST;
        let page = PageArgs::new(first, after, last, before).page(list)?;
        let book = key(&self.id);
        let loader = context.data_unchecked::<DataLoader<Notes>>();
        let wanted = NotesKey {
            book,
            page: page.clone(),
        };
        let slice = loader.load_one(wanted).await?;
        let slice = slice.unwrap_or_else(|| Slice::new(&page, Vec::new()));
        Ok(connection(
            list,
            slice,
            store::annotations::key,
            AnnotationType,
        ))
    }

    /// Whether the viewer has it in the library.
    async fn in_my_library(&self, context: &Context<'_>) -> Result<bool> {
        let loader = context.data_unchecked::<DataLoader<Items>>();
        let item = loader.load_one(key(&self.id)).await?;
        Ok(item.is_some_and(|item| item.listed))
    }

    /// The book in the viewer's library; null when it is not there.
    async fn my_library_item(&self, context: &Context<'_>) -> Result<Option<LibraryItemType>> {
        let loader = context.data_unchecked::<DataLoader<Items>>();
        let item = loader.load_one(key(&self.id)).await?;
        Ok(item.filter(|item| item.listed).map(LibraryItemType))
    }

    /// Minutes that the rest takes the viewer, who reads as fast as in the last three months. Null for guests, and where the
    /// number of pages is not known.
    #[graphql(requires = "pageCount")]
    async fn minutes_left(&self, context: &Context<'_>) -> Result<Option<i32>> {
        let loader = context.data_unchecked::<DataLoader<Pace>>();
        let (Some(pages), Some(pace)) = (self.page_count, loader.load_one(()).await?) else {
            return Ok(None);
        };
        let loader = context.data_unchecked::<DataLoader<Places>>();
        let places = loader.load_one(key(&self.id)).await?;
        let progression = places.map_or(0.0, |places| places.current().progression);
        Ok(Some(minutes_left(pages, progression, pace)))
    }
}
