//! `Author`, `Publisher` and `Series`, each with its books.

use async_graphql::connection::{Connection, EmptyFields};
use async_graphql::{Context, ID, Object};
use coko_core::Result;
use coko_core::graphql::{PageArgs, RequestExt as _};
use uuid::Uuid;

use super::BookType;
use crate::graphql::query::shelf;
use crate::graphql::{catalog, key};
use crate::model::{Author, ContributorRole, Publisher, Series};
use crate::store;
use crate::store::shelf::{ShelfFilter, Sort};

/// Someone who contributes to books.
#[derive(Clone)]
pub(crate) struct AuthorType(pub(crate) Author);

/// A person or body that contributes to books.
#[Object(name = "Author", cache_control(max_age = 60))]
impl AuthorType {
    /// Identifies the author.
    async fn id(&self) -> ID {
        self.0.id.into()
    }

    /// The readable part of the address.
    async fn slug(&self) -> &str {
        self.0.slug.as_str()
    }

    /// The name as on the cover.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// The name as on a shelf: "Bâ, Mariama".
    async fn sort_name(&self) -> &str {
        &self.0.sort_name
    }

    /// Life and work, in the viewer's language where there is one, else in the other.
    async fn biography(&self, context: &Context<'_>) -> Option<&str> {
        let (first, second) = match context.locale().language() {
            "en" => (&self.0.biography_en, &self.0.biography_fr),
            _ => (&self.0.biography_fr, &self.0.biography_en),
        };
        first.as_deref().or(second.as_deref())
    }

    /// The year of birth; negative before the common era.
    async fn born(&self) -> Option<i32> {
        self.0.born
    }

    /// The year of death.
    async fn died(&self) -> Option<i32> {
        self.0.died
    }

    /// ISO 3166-1 alpha-2 country.
    async fn country(&self) -> Option<&str> {
        self.0.country.as_deref()
    }

    /// The absolute address of a portrait.
    async fn photo(&self) -> Option<&str> {
        self.0.photo_url.as_deref()
    }

    /// Rises by one with every edit.
    async fn version(&self) -> i64 {
        self.0.version
    }

    /// The books on the shelf in which the author had a part.
    #[expect(
        clippy::too_many_arguments,
        reason = "the four Relay arguments are one in spirit"
    )]
    async fn books(
        &self,
        context: &Context<'_>,
        role: Option<ContributorRole>,
        #[graphql(default)] sort: Sort,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
    ) -> Result<Connection<String, BookType, EmptyFields, EmptyFields>> {
        let filter = ShelfFilter {
            author: Some((self.0.id, role)),
            ..ShelfFilter::default()
        };
        shelf(
            context,
            &PageArgs::new(first, after, last, before),
            sort,
            &filter,
        )
        .await
    }
}

/// A publishing house.
#[derive(Clone)]
pub(crate) struct PublisherType(pub(crate) Publisher);

/// A publishing house.
#[Object(name = "Publisher", cache_control(max_age = 60))]
impl PublisherType {
    /// Identifies the house.
    async fn id(&self) -> ID {
        self.0.id.into()
    }

    /// The readable part of the address.
    async fn slug(&self) -> &str {
        self.0.slug.as_str()
    }

    /// The name.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// What the house does.
    async fn description(&self) -> Option<&str> {
        self.0.description.as_deref()
    }

    /// Its public site.
    async fn website(&self) -> Option<&str> {
        self.0.website.as_deref()
    }

    /// ISO 3166-1 alpha-2 country.
    async fn country(&self) -> Option<&str> {
        self.0.country.as_deref()
    }

    /// The account that answers for the house. Shown to it, to the house's members and to those who curate the catalogue.
    async fn owner_id(&self, context: &Context<'_>) -> Result<Option<ID>> {
        Ok(if self.belongs(context).await?.is_some() {
            self.0.owner_user_id.map(ID::from)
        } else {
            None
        })
    }

    /// The accounts that belong to the house beside its owner. Shown to those who belong to it and who curate the catalogue.
    async fn member_ids(&self, context: &Context<'_>) -> Result<Option<Vec<ID>>> {
        Ok(self
            .belongs(context)
            .await?
            .map(|members| members.into_iter().map(ID::from).collect()))
    }

    /// Rises by one with every edit.
    async fn version(&self) -> i64 {
        self.0.version
    }

    /// The house's books on the shelf.
    async fn books(
        &self,
        context: &Context<'_>,
        #[graphql(default)] sort: Sort,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
    ) -> Result<Connection<String, BookType, EmptyFields, EmptyFields>> {
        let filter = ShelfFilter {
            publisher: Some(self.0.id),
            ..ShelfFilter::default()
        };
        shelf(
            context,
            &PageArgs::new(first, after, last, before),
            sort,
            &filter,
        )
        .await
    }
}

impl PublisherType {
    /// The house's members, when the viewer is one of them, its owner or a curator.
    async fn belongs(&self, context: &Context<'_>) -> Result<Option<Vec<Uuid>>> {
        let viewer = context.viewer();
        let curates = viewer.can("catalog", "manage");
        let Some(user) = viewer.user_id().or(curates.then(Uuid::nil)) else {
            return Ok(None);
        };
        let mut connection = catalog(context).pool.get().await?;
        let members = store::publishers::members(&mut connection, self.0.id).await?;
        let belongs = curates || self.0.owner_user_id == Some(user) || members.contains(&user);
        Ok(belongs.then_some(members))
    }
}

/// Books that belong together.
#[derive(Clone)]
pub(crate) struct SeriesType(pub(crate) Series);

/// Books that belong together, in an order.
#[Object(name = "Series", cache_control(max_age = 60))]
impl SeriesType {
    /// Identifies the series.
    async fn id(&self) -> ID {
        self.0.id.into()
    }

    /// The readable part of the address.
    async fn slug(&self) -> &str {
        self.0.slug.as_str()
    }

    /// The name.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// What holds it together.
    async fn description(&self) -> Option<&str> {
        self.0.description.as_deref()
    }

    /// Rises by one with every edit.
    async fn version(&self) -> i64 {
        self.0.version
    }

    /// Its first books on the shelf, in the order of the series.
    async fn books(
        &self,
        context: &Context<'_>,
        #[graphql(default = 50)] first: i32,
    ) -> Result<Vec<BookType>> {
        if !(1..=coko_core::paging::MAX_PAGE).contains(&first) {
            return Err(coko_core::Error::validation("first", "core-page-size"));
        }
        let mut connection = catalog(context).pool.get().await?;
        let books = store::shelf::of_series(&mut connection, self.0.id, i64::from(first)).await?;
        Ok(books.into_iter().map(BookType).collect())
    }
}

/// The keys of a list of ids.
pub(in crate::graphql) fn keys(ids: &[ID]) -> Vec<Uuid> {
    ids.iter().map(key).collect()
}
