//! Loaders that batch what lists of books ask for.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::Arc;

use async_graphql::Request;
use async_graphql::dataloader::{DataLoader, Loader};
use coko_core::Error;
use coko_core::context::CommandContext;
use coko_core::money::Money;
use uuid::Uuid;

use crate::model::{Author, Book, Category, Contribution, Publisher, Series, Stats};
use crate::{Catalog, commands, store};

/// Adds this request's loaders.
pub(super) fn attach(
    request: Request,
    catalog: &Arc<Catalog>,
    context: &CommandContext,
) -> Request {
    request
        .data(DataLoader::new(
            Books(catalog.clone(), context.clone()),
            tokio::spawn,
        ))
        .data(DataLoader::new(Authors(catalog.clone()), tokio::spawn))
        .data(DataLoader::new(Categories(catalog.clone()), tokio::spawn))
        .data(DataLoader::new(Publishers(catalog.clone()), tokio::spawn))
        .data(DataLoader::new(AllSeries(catalog.clone()), tokio::spawn))
        .data(DataLoader::new(Contributors(catalog.clone()), tokio::spawn))
        .data(DataLoader::new(Shelves(catalog.clone()), tokio::spawn))
        .data(DataLoader::new(Prices(catalog.clone()), tokio::spawn))
        .data(DataLoader::new(BookStats(catalog.clone()), tokio::spawn))
}

fn by_id<T>(rows: Vec<T>, id: impl Fn(&T) -> Uuid) -> HashMap<Uuid, T> {
    rows.into_iter().map(|row| (id(&row), row)).collect()
}

fn grouped<K: Eq + Hash, V>(rows: Vec<(K, V)>) -> HashMap<K, Vec<V>> {
    let mut groups: HashMap<K, Vec<V>> = HashMap::new();
    for (key, value) in rows {
        groups.entry(key).or_default().push(value);
    }
    groups
}

/// Books by id, as far as this viewer may see them.
pub(super) struct Books(Arc<Catalog>, CommandContext);

impl Loader<Uuid> for Books {
    type Value = Book;
    type Error = Error;

    async fn load(&self, ids: &[Uuid]) -> Result<HashMap<Uuid, Book>, Error> {
        let mut connection = self.0.pool.get().await?;
        let mut books = store::books::by_ids(&mut connection, ids).await?;
        if books.iter().any(|book| !book.is_on_shelf()) {
            let editor = commands::editor(&mut connection, &self.1).await?;
            books.retain(|book| editor.sees(book));
        }
        Ok(by_id(books, |book| book.id))
    }
}

/// Authors by id.
pub(super) struct Authors(Arc<Catalog>);

impl Loader<Uuid> for Authors {
    type Value = Author;
    type Error = Error;

    async fn load(&self, ids: &[Uuid]) -> Result<HashMap<Uuid, Author>, Error> {
        let mut connection = self.0.pool.get().await?;
        Ok(by_id(
            store::authors::by_ids(&mut connection, ids).await?,
            |author| author.id,
        ))
    }
}

/// Categories by id, from the cached tree.
pub(super) struct Categories(Arc<Catalog>);

impl Loader<Uuid> for Categories {
    type Value = Category;
    type Error = Error;

    async fn load(&self, ids: &[Uuid]) -> Result<HashMap<Uuid, Category>, Error> {
        let mut categories = self.0.categories().await?;
        categories.retain(|category| ids.contains(&category.id));
        Ok(by_id(categories, |category| category.id))
    }
}

/// Publishers by id.
pub(super) struct Publishers(Arc<Catalog>);

impl Loader<Uuid> for Publishers {
    type Value = Publisher;
    type Error = Error;

    async fn load(&self, ids: &[Uuid]) -> Result<HashMap<Uuid, Publisher>, Error> {
        let mut connection = self.0.pool.get().await?;
        Ok(by_id(
            store::publishers::by_ids(&mut connection, ids).await?,
            |publisher| publisher.id,
        ))
    }
}

/// Series by id.
pub(super) struct AllSeries(Arc<Catalog>);

impl Loader<Uuid> for AllSeries {
    type Value = Series;
    type Error = Error;

    async fn load(&self, ids: &[Uuid]) -> Result<HashMap<Uuid, Series>, Error> {
        let mut connection = self.0.pool.get().await?;
        Ok(by_id(
            store::series::by_ids(&mut connection, ids).await?,
            |series| series.id,
        ))
    }
}

/// Contributions by book.
pub(super) struct Contributors(Arc<Catalog>);

impl Loader<Uuid> for Contributors {
    type Value = Vec<Contribution>;
    type Error = Error;

    async fn load(&self, ids: &[Uuid]) -> Result<HashMap<Uuid, Vec<Contribution>>, Error> {
        let mut connection = self.0.pool.get().await?;
        Ok(grouped(
            store::books::contributors(&mut connection, ids).await?,
        ))
    }
}

/// Category ids by book.
pub(super) struct Shelves(Arc<Catalog>);

impl Loader<Uuid> for Shelves {
    type Value = Vec<Uuid>;
    type Error = Error;

    async fn load(&self, ids: &[Uuid]) -> Result<HashMap<Uuid, Vec<Uuid>>, Error> {
        let mut connection = self.0.pool.get().await?;
        Ok(grouped(
            store::books::categories(&mut connection, ids).await?,
        ))
    }
}

/// Prices by book.
pub(super) struct Prices(Arc<Catalog>);

impl Loader<Uuid> for Prices {
    type Value = Vec<Money>;
    type Error = Error;

    async fn load(&self, ids: &[Uuid]) -> Result<HashMap<Uuid, Vec<Money>>, Error> {
        let mut connection = self.0.pool.get().await?;
        Ok(grouped(store::books::prices(&mut connection, ids).await?))
    }
}

/// What readers did, by book.
pub(super) struct BookStats(Arc<Catalog>);

impl Loader<Uuid> for BookStats {
    type Value = Stats;
    type Error = Error;

    async fn load(&self, ids: &[Uuid]) -> Result<HashMap<Uuid, Stats>, Error> {
        let mut connection = self.0.pool.get().await?;
        Ok(by_id(
            store::books::stats(&mut connection, ids).await?,
            |stats| stats.book_id,
        ))
    }
}
