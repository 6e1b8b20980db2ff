//! What a search answers: hits, facets, suggestions.

use async_graphql::connection::{Connection, Edge, EmptyFields};
use async_graphql::dataloader::DataLoader;
use async_graphql::{Context, Object, SimpleObject};
use coko_core::Result;
use coko_core::paging::{Page, encode};
use uuid::Uuid;

use super::{AuthorType, BookType, CategoryType};
use crate::graphql::catalog;
use crate::graphql::loader::{Authors, Books, Categories};
use crate::model::Format;
use crate::search::{self, Facet, FacetCount, Facets, HitKey, PriceBand, SearchRequest};

/// The answer to a search; what is not asked for is not computed.
pub(crate) struct SearchResults {
    pub(crate) request: SearchRequest,
    pub(crate) page: Page<HitKey>,
}

/// What a search found.
#[Object]
impl SearchResults {
    /// The hits, the best first.
    async fn books(
        &self,
        context: &Context<'_>,
    ) -> Result<Connection<String, BookType, EmptyFields, EmptyFields>> {
        let slice = catalog(context)
            .search
            .hits(&self.request, &self.page)
            .await?;
        let ids: Vec<Uuid> = slice.items.iter().map(|hit| hit.book_id).collect();
        let mut books = context
            .data_unchecked::<DataLoader<Books>>()
            .load_many(ids)
            .await?;
        let mut connection = Connection::new(slice.has_previous, slice.has_next);
        // A book that left the shelf a moment ago may still be in an index.
        connection
            .edges
            .extend(slice.items.into_iter().filter_map(|hit| {
                let book = books.remove(&hit.book_id)?;
                Some(Edge::new(encode(search::LIST, &hit.key), BookType(book)))
            }));
        Ok(connection)
    }

    /// How all hits divide. Each facet counts under all filters but its own.
    async fn facets(&self, context: &Context<'_>) -> Result<SearchFacets> {
        let asked = context.look_ahead();
        let field = |facet: &Facet| match facet {
            Facet::Categories => "categories",
            Facet::Languages => "languages",
            Facet::Authors => "authors",
            Facet::PriceBands => "priceBands",
            Facet::Formats => "formats",
        };
        let wanted: Vec<Facet> = Facet::ALL
            .into_iter()
            .filter(|facet| asked.field(field(facet)).exists())
            .collect();
        Ok(SearchFacets(
            catalog(context)
                .search
                .facets(&self.request, &wanted)
                .await?,
        ))
    }
}

/// How the hits of a search divide.
pub(crate) struct SearchFacets(Facets);

/// Hits on the shelf of a category or below it.
#[derive(SimpleObject)]
struct CategoryFacet {
    /// The category.
    category: CategoryType,
    /// Hits.
    count: u64,
}

/// Hits in a language.
#[derive(SimpleObject)]
struct LanguageFacet {
    /// BCP 47 language.
    language: String,
    /// Hits.
    count: u64,
}

/// Hits by a contributor.
#[derive(SimpleObject)]
struct AuthorFacet {
    /// The contributor.
    author: AuthorType,
    /// Hits.
    count: u64,
}

/// Hits in a price band.
#[derive(SimpleObject)]
struct PriceFacet {
    /// The band.
    band: PriceBand,
    /// Hits.
    count: u64,
}

/// Hits of a format.
#[derive(SimpleObject)]
struct FormatFacet {
    /// The format.
    format: Format,
    /// Hits.
    count: u64,
}

fn ids(counts: &[FacetCount]) -> Vec<Uuid> {
    counts
        .iter()
        .filter_map(|count| count.value.parse().ok())
        .collect()
}

/// How the hits of a search divide; the most frequent values first, twenty of each at most.
#[Object]
impl SearchFacets {
    /// How many books were found.
    async fn total_count(&self) -> u64 {
        self.0.total
    }

    /// By category, with every category above.
    async fn categories(&self, context: &Context<'_>) -> Result<Vec<CategoryFacet>> {
        let loader = context.data_unchecked::<DataLoader<Categories>>();
        let mut found = loader.load_many(ids(&self.0.categories)).await?;
        let facets = self.0.categories.iter().filter_map(|count| {
            let category = CategoryType(found.remove(&count.value.parse().ok()?)?);
            Some(CategoryFacet {
                category,
                count: count.count,
            })
        });
        Ok(facets.collect())
    }

    /// By language.
    async fn languages(&self) -> Vec<LanguageFacet> {
        let facet = |count: &FacetCount| LanguageFacet {
            language: count.value.clone(),
            count: count.count,
        };
        self.0.languages.iter().map(facet).collect()
    }

    /// By contributor.
    async fn authors(&self, context: &Context<'_>) -> Result<Vec<AuthorFacet>> {
        let loader = context.data_unchecked::<DataLoader<Authors>>();
        let mut found = loader.load_many(ids(&self.0.authors)).await?;
        let facets = self.0.authors.iter().filter_map(|count| {
            let author = AuthorType(found.remove(&count.value.parse().ok()?)?);
            Some(AuthorFacet {
                author,
                count: count.count,
            })
        });
        Ok(facets.collect())
    }

    /// By price, the cheapest band first.
    async fn price_bands(&self) -> Vec<PriceFacet> {
        let facet = |count: &FacetCount| {
            let band = PriceBand::ALL
                .into_iter()
                .find(|band| band.as_str() == count.value)?;
            Some(PriceFacet {
                band,
                count: count.count,
            })
        };
        self.0.price_bands.iter().filter_map(facet).collect()
    }

    /// By format.
    async fn formats(&self) -> Vec<FormatFacet> {
        let facet = |count: &FacetCount| {
            Some(FormatFacet {
                format: count.value.parse().ok()?,
                count: count.count,
            })
        };
        self.0.formats.iter().filter_map(facet).collect()
    }
}

/// What a reader who is still typing may mean.
#[derive(SimpleObject)]
#[graphql(name = "Suggestion")]
pub(crate) struct SuggestionType {
    /// The text to complete with.
    pub(crate) text: String,
    /// The book it is about.
    pub(crate) book: BookType,
}
