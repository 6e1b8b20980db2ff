//! What recommendation adds to `Book`: what is like it, and why the viewer may like it.

use std::collections::HashSet;

use async_graphql::connection::{Connection, EmptyFields};
use async_graphql::dataloader::DataLoader;
use async_graphql::{Context, ID, Object};
use coko_core::Result;
use coko_core::graphql::PageArgs;
use uuid::Uuid;

use super::{ReasonType, RecommendationType, recommendations};
use crate::commands::answers;
use crate::graphql::loader::{Barred, Reasons};
use crate::graphql::{advisor, key};

/// A book of the catalogue.
pub(crate) struct BookType {
    pub(crate) id: ID,
}

impl BookType {
    /// The book with this id.
    pub(crate) fn reference(id: Uuid) -> Self {
        Self { id: id.into() }
    }
}

/// A book as readers see it.
#[Object(name = "Book")]
impl BookType {
    /// Identifies the book.
    async fn id(&self) -> &ID {
        &self.id
    }

    /// Books like this one, the most alike first; without those that the viewer has, has read in or has refused.
    async fn similar(
        &self,
        context: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
    ) -> Result<Connection<String, RecommendationType, EmptyFields, EmptyFields>> {
        let args = PageArgs::new(first, after, last, before);
        similar(context, key(&self.id), &args).await
    }

    /// Why the viewer may like this book; null for guests, for books that they have, have read in or have refused, and where
    /// nothing speaks for it.
    async fn why_recommended(&self, context: &Context<'_>) -> Result<Option<ReasonType>> {
        let loader = context.data_unchecked::<DataLoader<Reasons>>();
        Ok(loader.load_one(key(&self.id)).await?.map(ReasonType))
    }
}

/// One page of the books like this one.
pub(crate) async fn similar(
    context: &Context<'_>,
    book: Uuid,
    args: &PageArgs,
) -> Result<Connection<String, RecommendationType, EmptyFields, EmptyFields>> {
    let list = format!("similar:{book}");
    let page = args.page(&list)?;
    let snapshot = advisor(context).snapshot().await?;
    let mut found = answers::similar(&snapshot, book);
    let books: HashSet<Uuid> = found.iter().map(|advice| advice.book_id).collect();
    let loader = context.data_unchecked::<DataLoader<Barred>>();
    let barred = loader.load_many(books).await?;
    found.retain(|advice| !barred.contains_key(&advice.book_id));
    Ok(recommendations(&list, &found, &page))
}
