//! Root queries.

use async_graphql::connection::{Connection, EmptyFields};
use async_graphql::dataloader::DataLoader;
use async_graphql::{Context, ID, MergedObject, Object};
use coko_core::graphql::{PageArgs, RequestExt as _, connection};
use coko_core::paging::Page;
use coko_core::text;
use coko_core::{Error, Result};

use super::entity::EntityQuery;
use super::loader::{AllSeries, Authors, Books, Categories, Publishers};
use super::types::{
    AuthorType, BookFilter, BookType, CategoryType, PublisherType, SearchFilter, SearchResults,
    SeriesType, SuggestionType,
};
use super::{catalog, key};
use crate::model::{Editor, Isbn, Slug, Status};
use crate::search;
use crate::store::shelf::{ShelfFilter, ShelfKey, Sort};
use crate::{Shelf, commands, store};

/// Root queries of catalog.
#[derive(MergedObject, Default)]
pub(crate) struct Query(EntityQuery, BookQuery, PeopleQuery, SearchQuery);

type BookConnection = Connection<String, BookType, EmptyFields, EmptyFields>;

/// One page of a list of books; drafts and withdrawn ones only for those who may edit books at all.
pub(super) async fn shelf(
    context: &Context<'_>,
    args: &PageArgs,
    sort: Sort,
    filter: &ShelfFilter,
) -> Result<BookConnection> {
    let page = args.page(sort.list())?;
    let hidden = filter
        .status
        .is_some_and(|status| status != Status::Published);
    if hidden && !context.viewer().can("books", "update") {
        context.viewer().require("books", "publish")?;
    }
    let mut connection_ = catalog(context).pool.get().await?;
    let editor = if hidden {
        commands::editor(&mut connection_, context.command()).await?
    } else {
        Editor::default()
    };
    let slice = store::shelf::list(&mut connection_, &page, sort, filter, &editor).await?;
    Ok(connection(
        sort.list(),
        slice,
        |shelved| shelved.key.clone(),
        |shelved| BookType(shelved.book),
    ))
}

/// One page of a list that everyone reads; its beginning comes from the cache.
async fn hot_shelf(
    context: &Context<'_>,
    args: &PageArgs,
    shelf_: Shelf,
) -> Result<BookConnection> {
    let (sort, filter) = shelf_.order();
    let page: Page<ShelfKey> = args.page(sort.list())?;
    if page.from.is_some() || args.last.is_some() {
        return shelf(context, args, sort, &filter).await;
    }
    let slice = catalog(context).hot_shelf(shelf_, page.size).await?;
    Ok(connection(
        sort.list(),
        slice,
        |shelved| shelved.key.clone(),
        |shelved| BookType(shelved.book),
    ))
}

/// Exactly one of several ways to name something.
fn exactly_one(given: &[bool]) -> Result<()> {
    if given.iter().filter(|given| **given).count() == 1 {
        Ok(())
    } else {
        Err(Error::validation("id", "catalog-exactly-one"))
    }
}

#[derive(Default)]
struct BookQuery;

#[Object]
impl BookQuery {
    /// The books on the shelf, narrowed and ordered.
    #[graphql(cache_control(max_age = 60))]
    #[expect(
        clippy::too_many_arguments,
        reason = "the four Relay arguments are one in spirit"
    )]
    async fn books(
        &self,
        context: &Context<'_>,
        filter: Option<BookFilter>,
        #[graphql(default)] sort: Sort,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
    ) -> Result<BookConnection> {
        let filter = filter.unwrap_or_default().checked()?;
        shelf(
            context,
            &PageArgs::new(first, after, last, before),
            sort,
            &filter,
        )
        .await
    }

    /// One book, by exactly one of id, ISBN and slug. Drafts and withdrawn books are null for all but their editors.
    #[graphql(cache_control(max_age = 60))]
    async fn book(
        &self,
        context: &Context<'_>,
        id: Option<ID>,
        isbn: Option<String>,
        slug: Option<String>,
    ) -> Result<Option<BookType>> {
        exactly_one(&[id.is_some(), isbn.is_some(), slug.is_some()])?;
        if let Some(id) = id {
            let book = context
                .data_unchecked::<DataLoader<Books>>()
                .load_one(key(&id))
                .await?;
            return Ok(book.map(BookType));
        }
        let mut connection = catalog(context).pool.get().await?;
        let book = match (isbn, slug) {
            (Some(isbn), _) => {
                let isbn: Isbn = isbn
                    .parse()
                    .map_err(|_| Error::validation("isbn", "catalog-invalid-isbn"))?;
                store::books::by_isbn(&mut connection, &isbn).await?
            }
            (None, Some(slug)) if slug.parse::<Slug>().is_ok() => {
                store::books::by_slug(&mut connection, &slug).await?
            }
            _ => None,
        };
        let Some(book) = book else { return Ok(None) };
        // Who asks matters only for what not everyone sees; otherwise the answer may be shared.
        let is_seen = book.is_on_shelf()
            || commands::editor(&mut connection, context.command())
                .await?
                .sees(&book);
        Ok(is_seen.then_some(BookType(book)))
    }

    /// The books of the front page, the most used first.
    #[graphql(cache_control(max_age = 60))]
    async fn featured(
        &self,
        context: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
    ) -> Result<BookConnection> {
        hot_shelf(
            context,
            &PageArgs::new(first, after, last, before),
            Shelf::Featured,
        )
        .await
    }

    /// The latest arrivals.
    #[graphql(cache_control(max_age = 60))]
    async fn new_releases(
        &self,
        context: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
    ) -> Result<BookConnection> {
        hot_shelf(
            context,
            &PageArgs::new(first, after, last, before),
            Shelf::NewReleases,
        )
        .await
    }

    /// The tree of categories: the roots, each with its children; or the children of one.
    #[graphql(cache_control(max_age = 60))]
    async fn categories(
        &self,
        context: &Context<'_>,
        parent_id: Option<ID>,
    ) -> Result<Vec<CategoryType>> {
        let parent = parent_id.as_ref().map(key);
        let mut categories = catalog(context).categories().await?;
        categories.retain(|category| category.parent_id == parent);
        Ok(categories.into_iter().map(CategoryType).collect())
    }

    /// One category, by exactly one of id and slug.
    #[graphql(cache_control(max_age = 60))]
    async fn category(
        &self,
        context: &Context<'_>,
        id: Option<ID>,
        slug: Option<String>,
    ) -> Result<Option<CategoryType>> {
        exactly_one(&[id.is_some(), slug.is_some()])?;
        if let Some(id) = id {
            let category = context
                .data_unchecked::<DataLoader<Categories>>()
                .load_one(key(&id))
                .await?;
            return Ok(category.map(CategoryType));
        }
        let categories = catalog(context).categories().await?;
        let found = categories
            .into_iter()
            .find(|category| Some(category.slug.as_str()) == slug.as_deref());
        Ok(found.map(CategoryType))
    }
}

#[derive(Default)]
struct PeopleQuery;

/// Most characters of a fragment of a name.
const FRAGMENT: usize = 100;

fn fragment(name: Option<String>) -> Result<Option<String>> {
    name.map(|name| {
        text::line(&name, FRAGMENT).map_err(|error| Error::validation("name", error.key()))
    })
    .transpose()
}

#[Object]
impl PeopleQuery {
    /// Authors by name; `name` leaves those whose name holds it.
    #[graphql(cache_control(max_age = 60))]
    async fn authors(
        &self,
        context: &Context<'_>,
        name: Option<String>,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
    ) -> Result<Connection<String, AuthorType, EmptyFields, EmptyFields>> {
        let fragment = fragment(name)?;
        let page = PageArgs::new(first, after, last, before).page(store::authors::LIST)?;
        let mut connection_ = catalog(context).pool.get().await?;
        let slice = store::authors::list(&mut connection_, &page, fragment.as_deref()).await?;
        Ok(connection(
            store::authors::LIST,
            slice,
            |(_, key)| key.clone(),
            |(author, _)| AuthorType(author),
        ))
    }

    /// One author, by exactly one of id and slug.
    #[graphql(cache_control(max_age = 60))]
    async fn author(
        &self,
        context: &Context<'_>,
        id: Option<ID>,
        slug: Option<String>,
    ) -> Result<Option<AuthorType>> {
        exactly_one(&[id.is_some(), slug.is_some()])?;
        if let Some(id) = id {
            let author = context
                .data_unchecked::<DataLoader<Authors>>()
                .load_one(key(&id))
                .await?;
            return Ok(author.map(AuthorType));
        }
        let mut connection = catalog(context).pool.get().await?;
        let author = store::authors::by_slug(&mut connection, &slug.unwrap_or_default()).await?;
        Ok(author.map(AuthorType))
    }

    /// Publishing houses by name; `name` leaves those whose name holds it.
    #[graphql(cache_control(max_age = 60))]
    async fn publishers(
        &self,
        context: &Context<'_>,
        name: Option<String>,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
    ) -> Result<Connection<String, PublisherType, EmptyFields, EmptyFields>> {
        let fragment = fragment(name)?;
        let page = PageArgs::new(first, after, last, before).page(store::publishers::LIST)?;
        let mut connection_ = catalog(context).pool.get().await?;
        let slice = store::publishers::list(&mut connection_, &page, fragment.as_deref()).await?;
        Ok(connection(
            store::publishers::LIST,
            slice,
            |(_, key)| key.clone(),
            |(house, _)| PublisherType(house),
        ))
    }

    /// One publishing house, by exactly one of id and slug.
    #[graphql(cache_control(max_age = 60))]
    async fn publisher(
        &self,
        context: &Context<'_>,
        id: Option<ID>,
        slug: Option<String>,
    ) -> Result<Option<PublisherType>> {
        exactly_one(&[id.is_some(), slug.is_some()])?;
        if let Some(id) = id {
            let publisher = context
                .data_unchecked::<DataLoader<Publishers>>()
                .load_one(key(&id))
                .await?;
            return Ok(publisher.map(PublisherType));
        }
        let mut connection = catalog(context).pool.get().await?;
        let publisher =
            store::publishers::by_slug(&mut connection, &slug.unwrap_or_default()).await?;
        Ok(publisher.map(PublisherType))
    }

    /// Series by name; `name` leaves those whose name holds it.
    #[graphql(cache_control(max_age = 60))]
    async fn all_series(
        &self,
        context: &Context<'_>,
        name: Option<String>,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
    ) -> Result<Connection<String, SeriesType, EmptyFields, EmptyFields>> {
        let fragment = fragment(name)?;
        let page = PageArgs::new(first, after, last, before).page(store::series::LIST)?;
        let mut connection_ = catalog(context).pool.get().await?;
        let slice = store::series::list(&mut connection_, &page, fragment.as_deref()).await?;
        Ok(connection(
            store::series::LIST,
            slice,
            |(_, key)| key.clone(),
            |(series, _)| SeriesType(series),
        ))
    }

    /// One series, by exactly one of id and slug.
    #[graphql(cache_control(max_age = 60))]
    async fn series(
        &self,
        context: &Context<'_>,
        id: Option<ID>,
        slug: Option<String>,
    ) -> Result<Option<SeriesType>> {
        exactly_one(&[id.is_some(), slug.is_some()])?;
        if let Some(id) = id {
            let series = context
                .data_unchecked::<DataLoader<AllSeries>>()
                .load_one(key(&id))
                .await?;
            return Ok(series.map(SeriesType));
        }
        let mut connection = catalog(context).pool.get().await?;
        let series = store::series::by_slug(&mut connection, &slug.unwrap_or_default()).await?;
        Ok(series.map(SeriesType))
    }
}

#[derive(Default)]
struct SearchQuery;

/// Most characters of a search.
const QUERY: usize = 200;

/// What a reader typed: clean, and long enough to mean something.
fn typed(query: &str, least: usize) -> Result<String> {
    let clean =
        text::line(query, QUERY).map_err(|error| Error::validation("query", error.key()))?;
    if clean.chars().count() < least {
        return Err(Error::validation("query", "catalog-query-too-short"));
    }
    Ok(clean)
}

#[Object]
impl SearchQuery {
    /// Books that match what a reader typed (2 to 200 characters), accents and small typing errors forgiven.
    #[graphql(cache_control(max_age = 30))]
    #[expect(
        clippy::unused_async,
        reason = "the hits are fetched by the fields that are asked for"
    )]
    #[expect(
        clippy::too_many_arguments,
        reason = "the four Relay arguments are one in spirit"
    )]
    async fn search_books(
        &self,
        query: String,
        filter: Option<SearchFilter>,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
    ) -> Result<SearchResults> {
        metrics::counter!("catalog_searches_total").increment(1);
        Ok(SearchResults {
            request: filter.unwrap_or_default().checked(typed(&query, 2)?)?,
            page: PageArgs::new(first, after, last, before).page(search::LIST)?,
        })
    }

    /// What a reader who is still typing may mean, at most `first` (1 to 20).
    #[graphql(cache_control(max_age = 60))]
    async fn suggest(
        &self,
        context: &Context<'_>,
        query: String,
        #[graphql(default = 8)] first: i32,
    ) -> Result<Vec<SuggestionType>> {
        let limit = usize::try_from(first)
            .ok()
            .filter(|limit| (1..=20).contains(limit));
        let limit = limit.ok_or_else(|| Error::validation("first", "catalog-out-of-range"))?;
        let ids = catalog(context)
            .search
            .suggest(&typed(&query, 1)?, limit)
            .await?;
        let mut books = context
            .data_unchecked::<DataLoader<Books>>()
            .load_many(ids.clone())
            .await?;
        let suggestion = |book: crate::model::Book| SuggestionType {
            text: book.title.clone(),
            book: BookType(book),
        };
        Ok(ids
            .iter()
            .filter_map(|id| books.remove(id))
            .map(suggestion)
            .collect())
    }
}
