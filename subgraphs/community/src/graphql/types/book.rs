//! What community adds to `Book`: what readers say of it.

use async_graphql::connection::{Connection, EmptyFields};
use async_graphql::dataloader::DataLoader;
use async_graphql::{Context, ID, Object, SimpleObject};
use coko_core::Result;
use coko_core::graphql::{PageArgs, connection};
use coko_core::paging::Slice;
use uuid::Uuid;

use super::ReviewType;
use crate::graphql::key;
use crate::graphql::loader::{BookReviews, MyReviews, PageOf, Summaries};
use crate::model::review::Summary;
use crate::store::reviews::LIST;

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

    /// Reviews with text, the newest first; those of people who are kept apart from the viewer are left out.
    async fn reviews(
        &self,
        context: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
    ) -> Result<Connection<String, ReviewType, EmptyFields, EmptyFields>> {
        let page = PageArgs::new(first, after, last, before).page(LIST)?;
        let loader = context.data_unchecked::<DataLoader<BookReviews>>();
        let wanted = PageOf {
            owner: key(&self.id),
            which: (),
            page: page.clone(),
        };
        let slice = loader.load_one(wanted).await?;
        let slice = slice.unwrap_or_else(|| Slice::new(&page, Vec::new()));
        Ok(connection(LIST, slice, |review| review.id, ReviewType))
    }

    /// The viewer's own review; null for guests and for those who wrote none.
    async fn my_review(&self, context: &Context<'_>) -> Result<Option<ReviewType>> {
        let loader = context.data_unchecked::<DataLoader<MyReviews>>();
        Ok(loader.load_one(key(&self.id)).await?.map(ReviewType))
    }

    /// All ratings, summed.
    async fn rating_summary(&self, context: &Context<'_>) -> Result<RatingSummary> {
        let loader = context.data_unchecked::<DataLoader<Summaries>>();
        let summary = loader.load_one(key(&self.id)).await?.unwrap_or_default();
        Ok(summary.into())
    }
}

/// A book's ratings, summed.
#[derive(SimpleObject)]
struct RatingSummary {
    /// The mean in stars, to two decimals; null where nobody rated.
    mean: Option<f64>,
    /// How many rated.
    rating_count: i64,
    /// How many wrote a text.
    review_count: i64,
    /// How many gave each rating: ten numbers, from half a star to five stars.
    histogram: Vec<i64>,
}

impl From<Summary> for RatingSummary {
    fn from(summary: Summary) -> Self {
        Self {
            mean: summary.mean(),
            rating_count: summary.count(),
            review_count: summary.texts,
            histogram: summary.histogram.to_vec(),
        }
    }
}
