//! Finding books: one trait, two engines.
//!
//! PostgreSQL's index is written in the transaction that changes a book, so it is never behind; Meilisearch follows by
//! events. Both answer the same questions with the same types, and neither decides who may see what: only books on the
//! shelf are ever indexed.

mod meilisearch;
mod postgres;
mod reindex;

use async_trait::async_trait;
use coko_core::Error;
use coko_core::paging::{Page, Slice};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

pub use self::meilisearch::{Meilisearch, MeilisearchConfig};
pub use self::postgres::Postgres;
pub use self::reindex::reindex;
use crate::model::Format;

/// The name of the list of hits in cursors.
pub(crate) const LIST: &str = "search";
/// Values that one facet shows, the most frequent first.
pub(crate) const FACET_VALUES: usize = 20;

/// What a book costs, in XOF whatever it is sold in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, async_graphql::Enum)]
pub enum PriceBand {
    /// Nothing.
    #[graphql(name = "FREE")]
    Free,
    /// Less than 1,000 francs.
    #[graphql(name = "UNDER_1000")]
    Under1000,
    /// 1,000 to 2,499 francs.
    #[graphql(name = "FROM_1000")]
    From1000,
    /// 2,500 to 4,999 francs.
    #[graphql(name = "FROM_2500")]
    From2500,
    /// 5,000 francs or more.
    #[graphql(name = "FROM_5000")]
    From5000,
    /// It is not sold.
    #[graphql(name = "NOT_SOLD")]
    NotSold,
}

impl PriceBand {
    /// Every band, the cheapest first.
    pub const ALL: [Self; 6] = [
        Self::Free,
        Self::Under1000,
        Self::From1000,
        Self::From2500,
        Self::From5000,
        Self::NotSold,
    ];

    /// As indexed.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Free => "FREE",
            Self::Under1000 => "UNDER_1000",
            Self::From1000 => "FROM_1000",
            Self::From2500 => "FROM_2500",
            Self::From5000 => "FROM_5000",
            Self::NotSold => "NOT_SOLD",
        }
    }
}

/// What is searched for. Values of one list are alternatives, lists are conditions; an empty list is none.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SearchRequest {
    /// What the reader typed, at least two characters.
    pub query: String,
    /// Languages, BCP 47.
    pub languages: Vec<String>,
    /// Formats.
    pub formats: Vec<Format>,
    /// Categories; each stands for everything below it too.
    pub categories: Vec<Uuid>,
    /// Contributors.
    pub authors: Vec<Uuid>,
    /// Price bands.
    pub price_bands: Vec<PriceBand>,
    /// Only this house.
    pub publisher: Option<Uuid>,
    /// Only this series.
    pub series: Option<Uuid>,
    /// Works from this year on.
    pub year_from: Option<i32>,
    /// Works up to this year.
    pub year_to: Option<i32>,
}

/// A place among the hits, opaque to everyone but the engine that made it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum HitKey {
    /// How PostgreSQL matched (so that every page matches alike), the score in millionths, the book.
    Score(Matching, i64, Uuid),
    /// The index of the hit, for an engine that counts.
    Index(u32),
}

/// How PostgreSQL matches a query, decided by how many books match it exactly.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Matching {
    /// All words, the last one as a prefix; ranked by where they stand.
    Exact,
    /// All words, but so many books hold them that only title and popularity rank.
    Broad,
    /// Hardly any book holds all words: similar ones are looked for too.
    Fuzzy,
}

/// A book that was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hit {
    /// The book.
    pub book_id: Uuid,
    /// Its place.
    pub key: HitKey,
}

/// A value of a facet, and how many hits it would leave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FacetCount {
    /// An id, a language tag or a name of an enumeration.
    pub value: String,
    /// Books.
    pub count: u64,
}

/// A way to divide hits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Facet {
    /// By category.
    Categories,
    /// By language.
    Languages,
    /// By contributor.
    Authors,
    /// By price band.
    PriceBands,
    /// By format.
    Formats,
}

impl Facet {
    /// Every facet.
    pub const ALL: [Self; 5] = [
        Self::Categories,
        Self::Languages,
        Self::Authors,
        Self::PriceBands,
        Self::Formats,
    ];
}

/// How the hits divide; each facet is counted under all filters but its own, so that a reader sees what else there is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Facets {
    /// All hits.
    pub total: u64,
    /// By category, ancestors included.
    pub categories: Vec<FacetCount>,
    /// By language.
    pub languages: Vec<FacetCount>,
    /// By contributor.
    pub authors: Vec<FacetCount>,
    /// By price band.
    pub price_bands: Vec<FacetCount>,
    /// By format.
    pub formats: Vec<FacetCount>,
}

/// A search engine over the books on the shelf.
#[async_trait]
pub trait Search: Send + Sync {
    /// One page of hits, the best first.
    async fn hits(&self, request: &SearchRequest, page: &Page<HitKey>)
    -> Result<Slice<Hit>, Error>;

    /// How all hits divide, by the `wanted` facets; the others stay empty.
    async fn facets(&self, request: &SearchRequest, wanted: &[Facet]) -> Result<Facets, Error>;

    /// Books whose title or contributors begin with or resemble what is being typed, at most `limit`.
    async fn suggest(&self, text: &str, limit: usize) -> Result<Vec<Uuid>, Error>;

    /// Brings the documents of these books up to date; a book that is off the shelf loses its own.
    async fn index(&self, books: &[Uuid]) -> Result<(), Error>;

    /// Prepares an empty index with its settings; documents that are there stay until they are indexed anew.
    async fn prepare(&self) -> Result<(), Error>;
}
