//! Search in Meilisearch, for catalogues that outgrow one database; kept by events, rebuilt by reindexing.

use std::collections::HashMap;

use async_trait::async_trait;
use coko_core::Error;
use coko_core::config::Secret;
use coko_core::database::Pool;
use coko_core::paging::{Direction, Page, Slice};
use meilisearch_sdk::client::Client;
use meilisearch_sdk::indexes::Index;
use meilisearch_sdk::search::{MatchingStrategies, SearchQuery, Selectors};
use meilisearch_sdk::settings::{
    FacetSortValue, FacetingSettings, MinWordSizeForTypos, PaginationSetting, Settings,
    TypoToleranceSettings,
};
use serde::Deserialize;
use uuid::Uuid;

use super::{
    FACET_VALUES, Facet, FacetCount, Facets, Hit, HitKey, PriceBand, Search, SearchRequest,
};
use crate::store::documents;

/// How far hits can be paged; beyond it a reader narrows the search.
const MAX_HITS: usize = 100_000;
/// The attribute that identifies a document.
const PRIMARY: &str = "book_id";

/// Where the engine is.
#[derive(Clone, Debug, Deserialize)]
pub struct MeilisearchConfig {
    /// `http://host:7700`.
    pub url: String,
    /// An API key that may search, index and change settings.
    #[serde(default)]
    pub key: Option<Secret>,
    /// The index; `coko-books` when nothing is said.
    #[serde(default = "default_index")]
    pub index: String,
}

fn default_index() -> String {
    "coko-books".to_owned()
}

/// An index in a Meilisearch server.
#[derive(Clone, Debug)]
pub struct Meilisearch {
    client: Client,
    index: String,
    pool: Pool,
}

/// All that is read of a hit; everything else comes from the database.
#[derive(Debug, Deserialize)]
struct Found {
    book_id: Uuid,
}

impl Meilisearch {
    /// An engine that takes its documents from the catalogue's database.
    ///
    /// # Errors
    /// When the key cannot be sent in a header.
    pub fn new(config: &MeilisearchConfig, pool: Pool) -> Result<Self, Error> {
        let key = config.key.as_ref().map(Secret::expose);
        let client = Client::new(config.url.trim_end_matches('/'), key).map_err(Error::internal)?;
        Ok(Self {
            client,
            index: config.index.clone(),
            pool,
        })
    }

    fn index(&self) -> Index {
        self.client.index(&self.index)
    }

    /// The settings that make it find what the PostgreSQL engine finds.
    fn settings() -> Settings {
        let synonyms: HashMap<String, Vec<String>> = [
            ("bd", vec!["bande dessinée", "comic"]),
            ("tome", vec!["volume"]),
            ("volume", vec!["tome"]),
            ("st", vec!["saint"]),
            ("saint", vec!["st"]),
        ]
        .into_iter()
        .map(|(word, same)| {
            (
                word.to_owned(),
                same.into_iter().map(str::to_owned).collect(),
            )
        })
        .collect();
        Settings::new()
            .with_searchable_attributes([
                "title",
                "subtitle",
                "names",
                "series",
                "isbn",
                "description",
            ])
            .with_filterable_attributes([
                "language",
                "format",
                "category_ids",
                "author_ids",
                "price_band",
                "publisher_id",
                "series_id",
                "publication_year",
            ])
            .with_sortable_attributes(["popularity", "publication_year"])
            .with_ranking_rules([
                "words",
                "typo",
                "proximity",
                "attribute",
                "exactness",
                "popularity:desc",
            ])
            .with_synonyms(synonyms)
            .with_typo_tolerance(TypoToleranceSettings {
                enabled: Some(true),
                disable_on_attributes: Some(vec!["isbn".to_owned()]),
                disable_on_words: None,
                min_word_size_for_typos: Some(MinWordSizeForTypos {
                    one_typo: Some(4),
                    two_typos: Some(8),
                }),
                disable_on_numbers: None,
            })
            .with_pagination(PaginationSetting {
                max_total_hits: MAX_HITS,
            })
            .with_faceting(FacetingSettings {
                max_values_per_facet: FACET_VALUES,
                sort_facet_values_by: Some([("*".to_owned(), FacetSortValue::Count)].into()),
            })
    }
}

/// A server that is down or refuses is not the reader's fault.
fn failed(error: meilisearch_sdk::errors::Error) -> Error {
    Error::unavailable(error)
}

/// The attribute that a facet counts.
fn attribute(facet: Facet) -> &'static str {
    match facet {
        Facet::Categories => "category_ids",
        Facet::Languages => "language",
        Facet::Authors => "author_ids",
        Facet::PriceBands => "price_band",
        Facet::Formats => "format",
    }
}

/// The conditions of a request but the one on `left_out`, in Meilisearch's filter language.
fn filter(request: &SearchRequest, left_out: Option<&str>) -> String {
    let quoted = |values: Vec<String>| {
        // The language has no parameters: a quoted string with quotes and backslashes escaped is the only way in.
        let values: Vec<String> = values
            .into_iter()
            .map(|value| format!("\"{}\"", value.replace('\\', "\\\\").replace('"', "\\\"")))
            .collect();
        values.join(", ")
    };
    let ids = |ids: &[Uuid]| ids.iter().map(Uuid::to_string).collect::<Vec<_>>();
    let lists = [
        ("category_ids", ids(&request.categories)),
        ("language", request.languages.clone()),
        ("author_ids", ids(&request.authors)),
        (
            "price_band",
            request
                .price_bands
                .iter()
                .map(|band| band.as_str().to_owned())
                .collect(),
        ),
        (
            "format",
            request
                .formats
                .iter()
                .map(|format| format.as_str().to_owned())
                .collect(),
        ),
        ("publisher_id", ids(request.publisher.as_slice())),
        ("series_id", ids(request.series.as_slice())),
    ];
    let mut conditions: Vec<String> = lists
        .into_iter()
        .filter(|(name, values)| !values.is_empty() && Some(*name) != left_out)
        .map(|(name, values)| format!("{name} IN [{}]", quoted(values)))
        .collect();
    conditions.extend(
        request
            .year_from
            .map(|year| format!("publication_year >= {year}")),
    );
    conditions.extend(
        request
            .year_to
            .map(|year| format!("publication_year <= {year}")),
    );
    conditions.join(" AND ")
}

/// Which hits a page holds: `(offset, limit, has more before)`.
fn window(page: &Page<HitKey>) -> Result<(usize, usize), Error> {
    let foreign = || Error::validation("after", "core-cursor");
    let from = match page.from {
        None => None,
        Some(HitKey::Index(index)) => Some(usize::try_from(index).map_err(|_| foreign())?),
        Some(HitKey::Score(..)) => return Err(foreign()),
    };
    match (page.direction, from) {
        (Direction::Forward, None) => Ok((0, page.size)),
        (Direction::Forward, Some(index)) => Ok((index + 1, page.size)),
        (Direction::Backward, Some(index)) => {
            let start = index.saturating_sub(page.size);
            Ok((start, index - start))
        }
        // The end of a relevance list is nowhere anyone wants to begin.
        (Direction::Backward, None) => Err(Error::validation("before", "core-page-direction")),
    }
}

#[async_trait]
impl Search for Meilisearch {
    async fn hits(
        &self,
        request: &SearchRequest,
        page: &Page<HitKey>,
    ) -> Result<Slice<Hit>, Error> {
        let (offset, limit) = window(page)?;
        let index = self.index();
        let filter = filter(request, None);
        let mut query = SearchQuery::new(&index);
        query
            .with_query(&request.query)
            .with_offset(offset)
            .with_limit(limit + 1)
            .with_attributes_to_retrieve(Selectors::Some(&[PRIMARY]))
            .with_matching_strategy(MatchingStrategies::ALL);
        if !filter.is_empty() {
            query.with_filter(&filter);
        }
        let results = query.execute::<Found>().await.map_err(failed)?;
        let more = results.hits.len() > limit;
        let items = results
            .hits
            .into_iter()
            .take(limit)
            .zip(offset..)
            .map(|(hit, index)| Hit {
                book_id: hit.result.book_id,
                key: HitKey::Index(u32::try_from(index).unwrap_or(u32::MAX)),
            })
            .collect();
        Ok(Slice {
            items,
            has_next: more,
            has_previous: offset > 0,
        })
    }

    async fn facets(&self, request: &SearchRequest, wanted: &[Facet]) -> Result<Facets, Error> {
        let index = self.index();
        let filters: Vec<String> = std::iter::once(filter(request, None))
            .chain(
                wanted
                    .iter()
                    .map(|facet| filter(request, Some(attribute(*facet)))),
            )
            .collect();
        let names: Vec<[&str; 1]> = wanted.iter().map(|facet| [attribute(*facet)]).collect();
        let mut all = self.client.multi_search();
        for (position, filter) in filters.iter().enumerate() {
            let mut query = SearchQuery::new(&index);
            query
                .with_query(&request.query)
                .with_attributes_to_retrieve(Selectors::Some(&[PRIMARY]))
                .with_matching_strategy(MatchingStrategies::ALL);
            if position == 0 {
                // Asking for pages makes the server count exhaustively.
                query.with_page(1).with_hits_per_page(1);
            } else {
                query
                    .with_limit(0)
                    .with_facets(Selectors::Some(&names[position - 1]));
            }
            if !filter.is_empty() {
                query.with_filter(filter);
            }
            all.with_search_query(query);
        }
        let response = all.execute::<Found>().await.map_err(failed)?;
        let mut facets = Facets::default();
        for (position, result) in response.results.into_iter().enumerate() {
            if position == 0 {
                facets.total = result.total_hits.map_or(0, |total| total as u64);
                continue;
            }
            let Some(facet) = wanted.get(position - 1) else {
                break;
            };
            let counts = result
                .facet_distribution
                .and_then(|mut distribution| distribution.remove(attribute(*facet)))
                .unwrap_or_default();
            let mut counts: Vec<FacetCount> = counts
                .into_iter()
                .map(|(value, count)| FacetCount {
                    value,
                    count: count as u64,
                })
                .collect();
            counts.sort_by(|a, b| b.count.cmp(&a.count).then_with(|| a.value.cmp(&b.value)));
            match facet {
                Facet::Categories => facets.categories = counts,
                Facet::Languages => facets.languages = counts,
                Facet::Authors => facets.authors = counts,
                Facet::PriceBands => {
                    counts.sort_by_key(|count| {
                        PriceBand::ALL
                            .iter()
                            .position(|band| band.as_str() == count.value)
                    });
                    facets.price_bands = counts;
                }
                Facet::Formats => facets.formats = counts,
            }
        }
        Ok(facets)
    }

    async fn suggest(&self, text: &str, limit: usize) -> Result<Vec<Uuid>, Error> {
        let index = self.index();
        let results = SearchQuery::new(&index)
            .with_query(text)
            .with_limit(limit)
            .with_attributes_to_search_on(&["title", "names", "series"])
            .with_attributes_to_retrieve(Selectors::Some(&[PRIMARY]))
            .execute::<Found>()
            .await
            .map_err(failed)?;
        Ok(results
            .hits
            .into_iter()
            .map(|hit| hit.result.book_id)
            .collect())
    }

    async fn index(&self, books: &[Uuid]) -> Result<(), Error> {
        let documents = {
            let mut connection = self.pool.get().await?;
            documents::load(&mut connection, books).await?
        };
        let gone: Vec<Uuid> = books
            .iter()
            .copied()
            .filter(|id| documents.iter().all(|document| document.book_id != *id))
            .collect();
        // The server keeps accepted tasks through a restart and runs them in order, so there is nothing to wait for.
        let index = self.index();
        if !documents.is_empty() {
            index
                .add_or_replace(&documents, Some(PRIMARY))
                .await
                .map_err(failed)?;
        }
        if !gone.is_empty() {
            index.delete_documents(&gone).await.map_err(failed)?;
        }
        Ok(())
    }

    async fn prepare(&self) -> Result<(), Error> {
        self.index()
            .set_settings(&Self::settings())
            .await
            .map_err(failed)?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn filters_leave_out_their_own_facet_and_escape_values() {
        let request = SearchRequest {
            languages: vec!["fr".to_owned(), "x\" OR language = \"en".to_owned()],
            price_bands: vec![PriceBand::Free],
            year_from: Some(1950),
            ..SearchRequest::default()
        };
        assert_eq!(
            filter(&request, None),
            r#"language IN ["fr", "x\" OR language = \"en"] AND price_band IN ["FREE"] AND publication_year >= 1950"#
        );
        assert_eq!(
            filter(&request, Some("language")),
            r#"price_band IN ["FREE"] AND publication_year >= 1950"#
        );
    }
}
