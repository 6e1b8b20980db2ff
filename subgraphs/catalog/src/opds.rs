//! OPDS 2.0 (drafts.opds.io/opds-2.0): the catalogue for reading applications, as navigation and publication feeds.
//!
//! `GET /opds` is the start; every list pages by `after`, a category's list has facets by language, and `/opds/search{?query}`
//! searches. A book is bought or opened on its page: its file is never public.

mod publication;

use std::sync::Arc;

use axum::Router;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use coko_core::graphql::FluentValue;
use coko_core::locale::Locale;
use coko_core::paging::{Page, Slice, encode};
use coko_core::{Error, text, web};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::model::{Book, Category, Editor, bcp47};
use crate::search::{self, SearchRequest};
use crate::store::shelf::{ShelfFilter, Shelved, Sort};
use crate::{Catalog, Shelf, store};

/// The media type of a feed.
const FEED: &str = "application/opds+json";
/// Publications of one page.
const PAGE: i32 = 50;

/// `GET /opds…`.
pub(crate) fn routes(catalog: Arc<Catalog>) -> Router {
    Router::new()
        .route("/opds", get(start))
        .route("/opds/featured", get(featured))
        .route("/opds/new", get(new))
        .route("/opds/popular", get(popular))
        .route("/opds/categories/{slug}", get(category))
        .route("/opds/search", get(find))
        .with_state(catalog)
}

/// What the address of a feed may hold.
#[derive(Debug, Default, Deserialize)]
struct Parameters {
    /// Where the page begins.
    after: Option<String>,
    /// Only this language.
    language: Option<String>,
    /// What to search for.
    query: Option<String>,
}

/// A request for a feed: what it is answered from, and in which language.
struct Feed<'a> {
    catalog: &'a Catalog,
    locale: Locale,
}

impl<'a> Feed<'a> {
    fn new(catalog: &'a Catalog, headers: &HeaderMap) -> Self {
        Self {
            catalog,
            locale: web::language(headers),
        }
    }

    fn text(&self, key: &str) -> String {
        self.catalog.translations.text(&self.locale, key, &[])
    }

    fn href(&self, path: &str) -> String {
        format!("{}{path}", self.catalog.public_url)
    }

    fn name<'c>(&self, category: &'c Category) -> &'c str {
        match self.locale.language() {
            "en" => &category.name_en,
            _ => &category.name_fr,
        }
    }

    /// The links that every feed has.
    fn links(&self, own: &str) -> Vec<Value> {
        vec![
            json!({ "rel": "self", "href": self.href(own), "type": FEED }),
            json!({ "rel": "start", "href": self.href("/opds"), "type": FEED }),
            json!({ "rel": "search", "href": self.href("/opds/search{?query}"), "type": FEED, "templated": true }),
        ]
    }

    /// A page of a list of books.
    async fn list(
        &self,
        title: &str,
        path: &str,
        parameters: &Parameters,
        sort: Sort,
        filter: &ShelfFilter,
    ) -> Result<Value, Error> {
        let page = Page::parse(
            sort.list(),
            Some(PAGE),
            parameters.after.as_deref(),
            None,
            None,
        )?;
        let slice = {
            let mut connection = self.catalog.pool.get().await?;
            store::shelf::list(&mut connection, &page, sort, filter, &Editor::default()).await?
        };
        let next = next(&slice, |shelved: &Shelved| {
            encode(sort.list(), &shelved.key)
        });
        let books = slice
            .items
            .into_iter()
            .map(|shelved| shelved.book)
            .collect();
        self.publications(title, path, parameters, next, books)
            .await
    }

    async fn publications(
        &self,
        title: &str,
        path: &str,
        parameters: &Parameters,
        next: Option<String>,
        books: Vec<Book>,
    ) -> Result<Value, Error> {
        let own = address(path, parameters, parameters.after.as_deref());
        let mut links = self.links(&own);
        if let Some(next) = next {
            let href = self.href(&address(path, parameters, Some(&next)));
            links.push(json!({ "rel": "next", "href": href, "type": FEED }));
        }
        let publications = publication::of(self.catalog, &self.locale, books).await?;
        Ok(json!({
            "metadata": { "title": title, "itemsPerPage": PAGE },
            "links": links,
            "publications": publications,
        }))
    }
}

fn next<T>(slice: &Slice<T>, cursor: impl Fn(&T) -> String) -> Option<String> {
    slice.items.last().filter(|_| slice.has_next).map(cursor)
}

/// The path with what narrows the list and where its page begins.
fn address(path: &str, parameters: &Parameters, after: Option<&str>) -> String {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    let given = [
        ("query", parameters.query.as_deref()),
        ("language", parameters.language.as_deref()),
        ("after", after),
    ];
    for (name, value) in given {
        if let Some(value) = value {
            query.append_pair(name, value);
        }
    }
    match query.finish() {
        query if query.is_empty() => path.to_owned(),
        query => format!("{path}?{query}"),
    }
}

async fn start(State(catalog): State<Arc<Catalog>>, headers: HeaderMap) -> Response {
    let feed = Feed::new(&catalog, &headers);
    let answer = async {
        let entry = |key: &str, path: &str| json!({ "title": feed.text(key), "href": feed.href(path), "type": FEED, "rel": "current" });
        let mut navigation = vec![
            entry("catalog-opds-featured", "/opds/featured"),
            entry("catalog-opds-new", "/opds/new"),
            entry("catalog-opds-popular", "/opds/popular"),
        ];
        let categories = catalog.categories().await?;
        navigation.extend(categories.iter().filter(|category| category.parent_id.is_none()).map(|category| {
            let href = feed.href(&format!("/opds/categories/{}", category.slug));
            json!({ "title": feed.name(category), "href": href, "type": FEED, "rel": "subsection" })
        }));
        let books = catalog.hot_shelf(Shelf::Featured, 12).await?.items;
        let books = books.into_iter().map(|shelved| shelved.book).collect();
        let featured = publication::of(&catalog, &feed.locale, books).await?;
        let mut body = json!({
            "metadata": { "title": feed.text("catalog-opds-title") },
            "links": feed.links("/opds"),
            "navigation": navigation,
        });
        // A group without publications is not valid.
        if !featured.is_empty() {
            body["groups"] = json!([{
                "metadata": { "title": feed.text("catalog-opds-featured") },
                "links": [{ "rel": "self", "href": feed.href("/opds/featured"), "type": FEED }],
                "publications": featured,
            }]);
        }
        Ok(body)
    };
    respond(answer.await, &headers, &feed)
}

async fn featured(
    state: State<Arc<Catalog>>,
    query: Query<Parameters>,
    headers: HeaderMap,
) -> Response {
    let (sort, filter) = Shelf::Featured.order();
    whole_list(
        &state,
        &query,
        &headers,
        ("catalog-opds-featured", "/opds/featured"),
        sort,
        filter,
    )
    .await
}

async fn new(state: State<Arc<Catalog>>, query: Query<Parameters>, headers: HeaderMap) -> Response {
    let (sort, filter) = Shelf::NewReleases.order();
    whole_list(
        &state,
        &query,
        &headers,
        ("catalog-opds-new", "/opds/new"),
        sort,
        filter,
    )
    .await
}

async fn popular(
    state: State<Arc<Catalog>>,
    query: Query<Parameters>,
    headers: HeaderMap,
) -> Response {
    let filter = ShelfFilter::default();
    whole_list(
        &state,
        &query,
        &headers,
        ("catalog-opds-popular", "/opds/popular"),
        Sort::Popularity,
        filter,
    )
    .await
}

async fn whole_list(
    catalog: &Catalog,
    parameters: &Parameters,
    headers: &HeaderMap,
    (title, path): (&str, &str),
    sort: Sort,
    filter: ShelfFilter,
) -> Response {
    let feed = Feed::new(catalog, headers);
    let answer = feed
        .list(&feed.text(title), path, parameters, sort, &filter)
        .await;
    respond(answer, headers, &feed)
}

async fn category(
    State(catalog): State<Arc<Catalog>>,
    Path(slug): Path<String>,
    Query(parameters): Query<Parameters>,
    headers: HeaderMap,
) -> Response {
    let feed = Feed::new(&catalog, &headers);
    let answer = async {
        let categories = catalog.categories().await?;
        let category = categories
            .iter()
            .find(|category| category.slug.as_str() == slug)
            .ok_or_else(Error::not_found)?;
        let path = format!("/opds/categories/{}", category.slug);
        let language = parameters.language.as_deref().map(|code| {
            bcp47(code).ok_or_else(|| Error::validation("language", "catalog-invalid-language"))
        });
        let filter = ShelfFilter {
            category: Some(category.id),
            languages: language.transpose()?.into_iter().collect(),
            ..ShelfFilter::default()
        };
        let mut body = feed
            .list(
                feed.name(category),
                &path,
                &parameters,
                Sort::Popularity,
                &filter,
            )
            .await?;
        let below: Vec<Value> = categories
            .iter()
            .filter(|below| below.parent_id == Some(category.id))
            .map(|below| {
                let href = feed.href(&format!("/opds/categories/{}", below.slug));
                json!({ "title": feed.name(below), "href": href, "type": FEED, "rel": "subsection" })
            })
            .collect();
        if !below.is_empty() {
            body["navigation"] = json!(below);
        }
        body["facets"] = facets(&feed, category, &path, &parameters).await?;
        Ok(body)
    };
    respond(answer.await, &headers, &feed)
}

/// The languages of a category's books, each with how many there are.
async fn facets(
    feed: &Feed<'_>,
    category: &Category,
    path: &str,
    parameters: &Parameters,
) -> Result<Value, Error> {
    let mut connection = feed.catalog.pool.get().await?;
    let languages = store::documents::languages(&mut connection, category.id).await?;
    let links: Vec<Value> = languages
        .into_iter()
        .map(|(language, count)| {
            let chosen = parameters.language.as_deref() == Some(language.as_str());
            let narrowed = Parameters {
                language: Some(language.clone()),
                ..Parameters::default()
            };
            let mut link = json!({
                "title": language,
                "href": feed.href(&address(path, &narrowed, None)),
                "type": FEED,
                "properties": { "numberOfItems": count },
            });
            if chosen {
                link["rel"] = "self".into();
            }
            link
        })
        .collect();
    Ok(json!([{ "metadata": { "title": feed.text("catalog-opds-language") }, "links": links }]))
}

async fn find(
    State(catalog): State<Arc<Catalog>>,
    Query(parameters): Query<Parameters>,
    headers: HeaderMap,
) -> Response {
    let feed = Feed::new(&catalog, &headers);
    let answer = async {
        let query = text::line(parameters.query.as_deref().unwrap_or_default(), 200)
            .map_err(|error| Error::validation("query", error.key()))?;
        if query.chars().count() < 2 {
            return Err(Error::validation("query", "catalog-query-too-short"));
        }
        let page = Page::parse(
            search::LIST,
            Some(PAGE),
            parameters.after.as_deref(),
            None,
            None,
        )?;
        let title = catalog.translations.text(
            &feed.locale,
            "catalog-opds-search",
            &[("query", FluentValue::from(query.as_str()))],
        );
        let request = SearchRequest {
            query,
            ..SearchRequest::default()
        };
        let slice = catalog.search.hits(&request, &page).await?;
        let next = next(&slice, |hit| encode(search::LIST, &hit.key));
        let ids: Vec<_> = slice.items.iter().map(|hit| hit.book_id).collect();
        let mut books = {
            let mut connection = catalog.pool.get().await?;
            store::books::by_ids(&mut connection, &ids).await?
        };
        books.retain(Book::is_on_shelf);
        books.sort_by_key(|book| ids.iter().position(|id| *id == book.id));
        feed.publications(&title, "/opds/search", &parameters, next, books)
            .await
    };
    respond(answer.await, &headers, &feed)
}

/// A feed with what a cache needs to know of it, or why there is none.
fn respond(answer: Result<Value, Error>, headers: &HeaderMap, feed: &Feed<'_>) -> Response {
    let body = match answer {
        Ok(body) => body.to_string(),
        Err(error) => return refuse(&error, feed),
    };
    let tag = web::entity_tag(&body);
    let cache = [
        (header::CACHE_CONTROL, "public, max-age=300".to_owned()),
        (header::VARY, "Accept-Language".to_owned()),
        // Weak: it is sent compressed and not, under the same tag (RFC 9110, 8.8.3).
        (header::ETAG, format!("W/{tag}")),
    ];
    if web::is_known(headers, &tag) {
        return (axum::http::StatusCode::NOT_MODIFIED, cache).into_response();
    }
    (cache, [(header::CONTENT_TYPE, FEED)], body).into_response()
}

fn refuse(error: &Error, feed: &Feed<'_>) -> Response {
    let max = [("max", FluentValue::from(PAGE))];
    web::problem(error, &feed.catalog.translations, &feed.locale, &max)
}
