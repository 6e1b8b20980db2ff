//! Loaders that batch what lists of books ask for. All of them see what is the viewer's, and nothing else.

use std::collections::HashMap;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use async_graphql::Request;
use async_graphql::dataloader::{DataLoader, Loader};
use coko_core::Error;
use coko_core::context::CommandContext;
use coko_core::paging::{Page, Slice};
use time::Duration;
use uuid::Uuid;

use crate::commands::Reading;
use crate::model::zone::day_in;
use crate::model::{Annotation, Book, BookProgress, Entitlement, Item, Progress, statistics};
use crate::store;

/// Adds this request's loaders.
pub(super) fn attach(
    request: Request,
    reading: &Arc<Reading>,
    context: &CommandContext,
) -> Request {
    let viewer = Viewer {
        reading: reading.clone(),
        user: crate::commands::reader(&context.viewer, "read").ok(),
        context: context.clone(),
    };
    request
        .data(DataLoader::new(Books(viewer.clone()), tokio::spawn))
        .data(DataLoader::new(Items(viewer.clone()), tokio::spawn))
        .data(DataLoader::new(Rights(viewer.clone()), tokio::spawn))
        .data(DataLoader::new(Places(viewer.clone()), tokio::spawn))
        .data(DataLoader::new(PlacesById(viewer.clone()), tokio::spawn))
        .data(DataLoader::new(Annotations(viewer.clone()), tokio::spawn))
        .data(DataLoader::new(Notes(viewer.clone()), tokio::spawn))
        .data(DataLoader::new(Pace(viewer), tokio::spawn))
}

/// Who asks, where a person may read what is theirs.
#[derive(Clone)]
struct Viewer {
    reading: Arc<Reading>,
    user: Option<Uuid>,
    context: CommandContext,
}

/// Books as far as reading knows them.
pub(super) struct Books(Viewer);

impl Loader<Uuid> for Books {
    type Value = Book;
    type Error = Error;

    async fn load(&self, ids: &[Uuid]) -> Result<HashMap<Uuid, Book>, Error> {
        let mut connection = self.0.reading.pool.get().await?;
        let books = store::books::by_ids(&mut connection, ids).await?;
        Ok(books.into_iter().map(|book| (book.book_id, book)).collect())
    }
}

/// The viewer's items by book, those that are not listed included.
pub(super) struct Items(Viewer);

impl Loader<Uuid> for Items {
    type Value = Item;
    type Error = Error;

    async fn load(&self, books: &[Uuid]) -> Result<HashMap<Uuid, Item>, Error> {
        let Some(user) = self.0.user else {
            return Ok(HashMap::new());
        };
        let mut connection = self.0.reading.pool.get().await?;
        let items = store::items::of(&mut connection, user, books).await?;
        Ok(items.into_iter().map(|item| (item.book_id, item)).collect())
    }
}

/// The viewer's rights by book, those that ended included.
pub(super) struct Rights(Viewer);

impl Loader<Uuid> for Rights {
    type Value = Vec<Entitlement>;
    type Error = Error;

    async fn load(&self, books: &[Uuid]) -> Result<HashMap<Uuid, Vec<Entitlement>>, Error> {
        let Some(user) = self.0.user else {
            return Ok(HashMap::new());
        };
        let mut connection = self.0.reading.pool.get().await?;
        let mut grouped: HashMap<Uuid, Vec<Entitlement>> = HashMap::new();
        for right in store::entitlements::of(&mut connection, user, books).await? {
            grouped.entry(right.book_id).or_default().push(right);
        }
        Ok(grouped)
    }
}

/// The places of the viewer's devices by book.
pub(super) struct Places(Viewer);

impl Loader<Uuid> for Places {
    type Value = BookProgress;
    type Error = Error;

    async fn load(&self, books: &[Uuid]) -> Result<HashMap<Uuid, BookProgress>, Error> {
        let Some(user) = self.0.user else {
            return Ok(HashMap::new());
        };
        let mut connection = self.0.reading.pool.get().await?;
        let mut grouped: HashMap<Uuid, Vec<Progress>> = HashMap::new();
        for place in store::progress::of(&mut connection, user, books).await? {
            grouped.entry(place.book_id).or_default().push(place);
        }
        let grouped = grouped.into_iter();
        Ok(grouped
            .filter_map(|(book, places)| Some((book, BookProgress::of(places)?)))
            .collect())
    }
}

/// The viewer's places by id.
pub(super) struct PlacesById(Viewer);

impl Loader<Uuid> for PlacesById {
    type Value = Progress;
    type Error = Error;

    async fn load(&self, ids: &[Uuid]) -> Result<HashMap<Uuid, Progress>, Error> {
        let Some(user) = self.0.user else {
            return Ok(HashMap::new());
        };
        let mut connection = self.0.reading.pool.get().await?;
        let places = store::progress::by_ids(&mut connection, user, ids).await?;
        Ok(places.into_iter().map(|place| (place.id, place)).collect())
    }
}

/// Annotations by id, as far as the viewer may see them: their own, and those that others share.
pub(super) struct Annotations(Viewer);

impl Loader<Uuid> for Annotations {
    type Value = Annotation;
    type Error = Error;

    async fn load(&self, ids: &[Uuid]) -> Result<HashMap<Uuid, Annotation>, Error> {
        let mut connection = self.0.reading.pool.get().await?;
        let annotations = store::annotations::by_ids(&mut connection, ids).await?;
        Ok(annotations
            .into_iter()
            .filter(|annotation| annotation.is_seen_by(self.0.user))
            .map(|annotation| (annotation.id, annotation))
            .collect())
    }
}

/// One page of the viewer's annotations in a book.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct NotesKey {
    pub(super) book: Uuid,
    pub(super) page: Page<store::annotations::Key>,
}

impl Eq for NotesKey {}

impl Hash for NotesKey {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.book.hash(state);
        self.page.size.hash(state);
        let from = self.page.from;
        from.map(|(progression, id)| (progression.to_bits(), id))
            .hash(state);
    }
}

/// Pages of the viewer's annotations: books that are asked for the same page share a query.
pub(super) struct Notes(Viewer);

impl Loader<NotesKey> for Notes {
    type Value = Slice<Annotation>;
    type Error = Error;

    async fn load(&self, keys: &[NotesKey]) -> Result<HashMap<NotesKey, Slice<Annotation>>, Error> {
        let Some(user) = self.0.user else {
            return Ok(HashMap::new());
        };
        let mut connection = self.0.reading.pool.get().await?;
        let mut found = HashMap::new();
        let mut left: Vec<&NotesKey> = keys.iter().collect();
        while let Some(first) = left.first() {
            let page = first.page.clone();
            let (same, others): (Vec<_>, Vec<_>) =
                left.into_iter().partition(|key| key.page == page);
            left = others;
            let books: Vec<Uuid> = same.iter().map(|key| key.book).collect();
            let pages = store::annotations::pages(&mut connection, &page, user, &books).await?;
            found.extend(pages.into_iter().map(|(book, slice)| {
                let page = page.clone();
                (NotesKey { book, page }, slice)
            }));
        }
        Ok(found)
    }
}

/// Minutes that a page takes the viewer, by what they read in the last three months.
pub(super) struct Pace(Viewer);

impl Loader<()> for Pace {
    type Value = f64;
    type Error = Error;

    async fn load(&self, _: &[()]) -> Result<HashMap<(), f64>, Error> {
        let Some(user) = self.0.user else {
            return Ok(HashMap::new());
        };
        let mut connection = self.0.reading.pool.get().await?;
        let from = day_in("UTC", self.0.context.now - Duration::days(90));
        let (seconds, pages) = store::days::since(&mut connection, user, from).await?;
        Ok([((), statistics::pace(seconds, pages))].into())
    }
}
