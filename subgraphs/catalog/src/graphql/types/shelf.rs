//! `Category`, with its place in the tree and its books.

use async_graphql::connection::{Connection, EmptyFields};
use async_graphql::dataloader::DataLoader;
use async_graphql::{Context, ID, Object};
use coko_core::Result;
use coko_core::graphql::{PageArgs, RequestExt as _};

use super::BookType;
use crate::graphql::catalog;
use crate::graphql::loader::Categories;
use crate::graphql::query::shelf;
use crate::model::Category;
use crate::store::shelf::{ShelfFilter, Sort};

/// A shelf.
#[derive(Clone)]
pub(crate) struct CategoryType(pub(crate) Category);

/// A shelf in the tree of categories.
#[Object(name = "Category", cache_control(max_age = 60))]
impl CategoryType {
    /// Identifies the category.
    async fn id(&self) -> ID {
        self.0.id.into()
    }

    /// The readable part of the address.
    async fn slug(&self) -> &str {
        self.0.slug.as_str()
    }

    /// Its name in the viewer's language.
    async fn name(&self, context: &Context<'_>) -> &str {
        match context.locale().language() {
            "en" => &self.0.name_en,
            _ => &self.0.name_fr,
        }
    }

    /// What stands there, in the viewer's language.
    async fn description(&self, context: &Context<'_>) -> Option<&str> {
        match context.locale().language() {
            "en" => self.0.description_en.as_deref(),
            _ => self.0.description_fr.as_deref(),
        }
    }

    /// Thema subject code.
    async fn thema(&self) -> Option<&str> {
        self.0.thema.as_deref()
    }

    /// The category it is part of.
    async fn parent(&self, context: &Context<'_>) -> Result<Option<CategoryType>> {
        let Some(id) = self.0.parent_id else {
            return Ok(None);
        };
        let parent = context
            .data_unchecked::<DataLoader<Categories>>()
            .load_one(id)
            .await?;
        Ok(parent.map(CategoryType))
    }

    /// Its ancestors, the root first.
    async fn ancestors(&self, context: &Context<'_>) -> Result<Vec<CategoryType>> {
        let above = &self.0.path[..self.0.path.len().saturating_sub(1)];
        let mut found = context
            .data_unchecked::<DataLoader<Categories>>()
            .load_many(above.to_vec())
            .await?;
        Ok(above
            .iter()
            .filter_map(|id| found.remove(id))
            .map(CategoryType)
            .collect())
    }

    /// The categories that are part of it, in their order.
    async fn children(&self, context: &Context<'_>) -> Result<Vec<CategoryType>> {
        let mut categories = catalog(context).categories().await?;
        categories.retain(|category| category.parent_id == Some(self.0.id));
        Ok(categories.into_iter().map(CategoryType).collect())
    }

    /// Order among siblings.
    async fn position(&self) -> i32 {
        self.0.position
    }

    /// Rises by one with every edit.
    async fn version(&self) -> i64 {
        self.0.version
    }

    /// The books on this shelf and those below it.
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
            category: Some(self.0.id),
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
