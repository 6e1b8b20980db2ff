//! `Book` and what belongs to it.

use async_graphql::dataloader::DataLoader;
use async_graphql::{Context, Enum, ID, Json, Object, SimpleObject};
use coko_core::Result;
use coko_core::graphql::MoneyType;
use coko_core::money::Currency;
use time::OffsetDateTime;

use super::{AuthorType, CategoryType, PublisherType, SeriesType};
use crate::covers;
use crate::graphql::catalog;
use crate::graphql::loader::{
    AllSeries, Authors, BookStats, Categories, Contributors, Prices, Publishers, Shelves,
};
use crate::model::{Book, ContributorRole, Format, Precision, Status};

/// A book.
#[derive(Clone)]
pub(crate) struct BookType(pub(crate) Book);

/// How wide a cover is.
#[derive(Clone, Copy, PartialEq, Eq, Enum)]
pub(crate) enum CoverSize {
    /// 160 pixels: lists.
    Small,
    /// 320 pixels: cards.
    Medium,
    /// 640 pixels: the book's own page.
    Large,
}

impl CoverSize {
    fn width(self) -> u32 {
        match self {
            Self::Small => 160,
            Self::Medium => 320,
            Self::Large => 640,
        }
    }
}

/// Someone's part in a book.
#[derive(SimpleObject)]
pub(crate) struct Contributor {
    /// Who.
    author: AuthorType,
    /// What they did.
    role: ContributorRole,
}

/// When a book appeared, as far as it is known.
#[derive(SimpleObject)]
#[graphql(name = "PublicationDate")]
pub(crate) struct PublicationDateType {
    /// What is known, in ISO 8601: `1953`, `1953-10` or `1953-10-01`; a minus sign before years before the common era.
    value: String,
    /// The year; negative before the common era.
    year: i32,
    /// How much of the date is known.
    precision: Precision,
}

/// What readers did with a book.
#[derive(SimpleObject)]
#[graphql(name = "BookStats")]
pub(crate) struct BookStatsType {
    /// Times it was downloaded.
    downloads: i64,
    /// The mean rating, 0.5 to 5 stars; null while nobody rated it.
    rating: Option<f64>,
    /// How many readers rated it.
    rating_count: i64,
    /// How many readers wrote a review.
    review_count: i64,
}

/// A book.
#[Object(name = "Book", cache_control(max_age = 300))]
impl BookType {
    /// Identifies the book.
    async fn id(&self) -> ID {
        self.0.id.into()
    }

    /// The readable part of its address.
    async fn slug(&self) -> &str {
        self.0.slug.as_str()
    }

    /// The title, without the subtitle.
    async fn title(&self) -> &str {
        &self.0.title
    }

    /// What follows the title.
    async fn subtitle(&self) -> Option<&str> {
        self.0.subtitle.as_deref()
    }

    /// What it is about, plain text in the book's language.
    async fn description(&self) -> Option<&str> {
        self.0.description.as_deref()
    }

    /// ISBN-13 without hyphens.
    async fn isbn(&self) -> Option<&str> {
        self.0.isbn.as_ref().map(crate::model::Isbn::as_str)
    }

    /// BCP 47 language of the text.
    async fn language(&self) -> &str {
        &self.0.language
    }

    /// When the work appeared.
    async fn publication_date(&self) -> Option<PublicationDateType> {
        self.0.publication().map(|publication| PublicationDateType {
            value: publication.to_string(),
            year: publication.date.year(),
            precision: publication.precision,
        })
    }

    /// Pages of the printed edition.
    async fn page_count(&self) -> Option<i32> {
        self.0.page_count
    }

    /// What it is read with.
    async fn format(&self) -> Format {
        self.0.format
    }

    /// Everyone who contributed, in the order of the title page; `role` leaves only those with that part.
    async fn contributors(
        &self,
        context: &Context<'_>,
        role: Option<ContributorRole>,
    ) -> Result<Vec<Contributor>> {
        let contributions = context
            .data_unchecked::<DataLoader<Contributors>>()
            .load_one(self.0.id)
            .await?;
        let contributions: Vec<_> = contributions
            .unwrap_or_default()
            .into_iter()
            .filter(|contribution| role.is_none_or(|role| contribution.role == role))
            .collect();
        let ids = contributions
            .iter()
            .map(|contribution| contribution.author_id);
        let mut authors = context
            .data_unchecked::<DataLoader<Authors>>()
            .load_many(ids)
            .await?;
        Ok(contributions
            .into_iter()
            .filter_map(|contribution| {
                // One person may have several parts, so the entry is kept.
                let author = authors.get_mut(&contribution.author_id)?.clone();
                Some(Contributor {
                    author: AuthorType(author),
                    role: contribution.role,
                })
            })
            .collect())
    }

    /// Those who wrote it, in order.
    async fn authors(&self, context: &Context<'_>) -> Result<Vec<AuthorType>> {
        let contributors = self
            .contributors(context, Some(ContributorRole::Author))
            .await?;
        Ok(contributors
            .into_iter()
            .map(|contributor| contributor.author)
            .collect())
    }

    /// Its categories, the main one first.
    async fn categories(&self, context: &Context<'_>) -> Result<Vec<CategoryType>> {
        let shelves = context
            .data_unchecked::<DataLoader<Shelves>>()
            .load_one(self.0.id)
            .await?;
        let shelves = shelves.unwrap_or_default();
        let mut categories = context
            .data_unchecked::<DataLoader<Categories>>()
            .load_many(shelves.clone())
            .await?;
        Ok(shelves
            .iter()
            .filter_map(|id| categories.remove(id))
            .map(CategoryType)
            .collect())
    }

    /// Who publishes it.
    async fn publisher(&self, context: &Context<'_>) -> Result<Option<PublisherType>> {
        let Some(id) = self.0.publisher_id else {
            return Ok(None);
        };
        let publisher = context
            .data_unchecked::<DataLoader<Publishers>>()
            .load_one(id)
            .await?;
        Ok(publisher.map(PublisherType))
    }

    /// The series it belongs to.
    async fn series(&self, context: &Context<'_>) -> Result<Option<SeriesType>> {
        let Some(id) = self.0.series_id else {
            return Ok(None);
        };
        let series = context
            .data_unchecked::<DataLoader<AllSeries>>()
            .load_one(id)
            .await?;
        Ok(series.map(SeriesType))
    }

    /// Its place in the series; 0 and halves are possible.
    async fn series_position(&self) -> Option<f64> {
        self.0.series_position
    }

    /// Its prices, one per currency; empty when it is not sold.
    async fn prices(&self, context: &Context<'_>) -> Result<Vec<MoneyType>> {
        let prices = context
            .data_unchecked::<DataLoader<Prices>>()
            .load_one(self.0.id)
            .await?;
        Ok(prices
            .unwrap_or_default()
            .into_iter()
            .map(MoneyType)
            .collect())
    }

    /// Its price in one currency, XOF when nothing is said; null when it is not sold in it.
    async fn price(
        &self,
        context: &Context<'_>,
        #[graphql(default_with = "Currency::Xof")] currency: Currency,
    ) -> Result<Option<MoneyType>> {
        let prices = context
            .data_unchecked::<DataLoader<Prices>>()
            .load_one(self.0.id)
            .await?;
        let price = prices
            .unwrap_or_default()
            .into_iter()
            .find(|price| price.currency == currency);
        Ok(price.map(MoneyType))
    }

    /// Whether it is read without paying.
    async fn is_free(&self) -> bool {
        self.0.is_free
    }

    /// Whether it is shown on the front page.
    async fn is_featured(&self) -> bool {
        self.0.is_featured
    }

    /// The absolute address of its cover.
    async fn cover(
        &self,
        context: &Context<'_>,
        #[graphql(default_with = "CoverSize::Medium")] size: CoverSize,
    ) -> String {
        covers::address(&catalog(context).public_url, &self.0, size.width())
    }

    /// The absolute address of a public extract.
    async fn sample(&self) -> Option<&str> {
        self.0.sample_url.as_deref()
    }

    /// What readers did with it.
    #[graphql(cache_control(max_age = 30))]
    async fn stats(&self, context: &Context<'_>) -> Result<BookStatsType> {
        let stats = context
            .data_unchecked::<DataLoader<BookStats>>()
            .load_one(self.0.id)
            .await?
            .unwrap_or_default();
        Ok(BookStatsType {
            downloads: stats.downloads,
            rating: stats.rating(),
            rating_count: stats.rating_count,
            review_count: stats.review_count,
        })
    }

    /// Anything else that is known of it: a JSON object.
    async fn metadata(&self) -> Json<serde_json::Value> {
        Json(self.0.metadata.clone())
    }

    /// Whether readers find it.
    async fn status(&self) -> Status {
        self.0.status
    }

    /// Rises by one with every edit; an edit names the version it started from.
    async fn version(&self) -> i64 {
        self.0.version
    }

    /// When readers could first find it.
    async fn published_at(&self) -> Option<OffsetDateTime> {
        self.0.published_at
    }

    /// When it was last edited.
    async fn updated_at(&self) -> OffsetDateTime {
        self.0.updated_at
    }
}
