//! Search in the catalogue's own database: full text for what is spelt right, trigrams for what is not.

use async_trait::async_trait;
use coko_core::Error;
use coko_core::database::Pool;
use coko_core::paging::{Page, Slice};
use uuid::Uuid;

use super::{Facet, Facets, Hit, HitKey, Search, SearchRequest};
use crate::store::{documents, ranking};

/// The index in `book_search`.
#[derive(Clone, Debug)]
pub struct Postgres {
    pool: Pool,
}

impl Postgres {
    /// An engine over the catalogue's database.
    pub fn new(pool: Pool) -> Self {
        Self { pool }
    }
}

#[async_trait]
impl Search for Postgres {
    async fn hits(
        &self,
        request: &SearchRequest,
        page: &Page<HitKey>,
    ) -> Result<Slice<Hit>, Error> {
        let mut connection = self.pool.get().await?;
        let matching = match page.from {
            // The session may be another one than the first page's, so its threshold is set in any case.
            Some(HitKey::Score(matching, ..)) => {
                ranking::matching(&mut connection, &request.query).await?;
                matching
            }
            Some(HitKey::Index(_)) => return Err(Error::validation("after", "core-cursor")),
            None => ranking::matching(&mut connection, &request.query).await?,
        };
        let hits = ranking::hits(&mut connection, request, matching, page).await?;
        Ok(Slice::new(page, hits))
    }

    async fn facets(&self, request: &SearchRequest, wanted: &[Facet]) -> Result<Facets, Error> {
        let mut connection = self.pool.get().await?;
        let matching = ranking::matching(&mut connection, &request.query).await?;
        Ok(ranking::facets(&mut connection, request, matching, wanted).await?)
    }

    async fn suggest(&self, text: &str, limit: usize) -> Result<Vec<Uuid>, Error> {
        let mut connection = self.pool.get().await?;
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        Ok(ranking::suggest(&mut connection, text, limit).await?)
    }

    async fn index(&self, books: &[Uuid]) -> Result<(), Error> {
        let mut connection = self.pool.get().await?;
        Ok(documents::refresh(&mut connection, books).await?)
    }

    async fn prepare(&self) -> Result<(), Error> {
        // The migration made the table.
        Ok(())
    }
}
