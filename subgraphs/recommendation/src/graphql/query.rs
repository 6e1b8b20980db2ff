//! Root queries.

use async_graphql::connection::{Connection, EmptyFields};
use async_graphql::{Context, ID, MergedObject, Object};
use coko_core::Result;
use coko_core::graphql::{PageArgs, RequestExt as _, connection};
use uuid::Uuid;

use super::entity::EntityQuery;
use super::types::{
    CategoryType, RecommendationType, ShelfType, TrendType, recommendations, similar,
};
use super::{advisor, key};
use crate::commands::{answers, reader};
use crate::model::{Window, ranking};
use crate::store;

/// Root queries of recommendation.
#[derive(Default, MergedObject)]
pub(crate) struct Query(RecommendationQuery, EntityQuery);

#[derive(Default)]
struct RecommendationQuery;

#[Object]
impl RecommendationQuery {
    /// What the viewer may like to read next, the best first: at most a hundred books. What they have, have read in or have refused
    /// is not in it; what they do shows within a minute.
    async fn recommended_for_me(
        &self,
        context: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
    ) -> Result<Connection<String, RecommendationType, EmptyFields, EmptyFields>> {
        let user = reader(context.viewer())?;
        let args = PageArgs::new(first, after, last, before);
        let list = "recommendedForMe";
        let page = args.page(list)?;
        let found = answers::for_reader(context.command(), advisor(context), user).await?;
        Ok(recommendations(list, &found, &page))
    }

    /// What is read most, the most read first; the same for everyone.
    #[graphql(cache_control(max_age = 60))]
    async fn trending(
        &self,
        context: &Context<'_>,
        #[graphql(default_with = "Window::Week")] window: Window,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
    ) -> Result<Connection<String, TrendType, EmptyFields, EmptyFields>> {
        let list = format!("trending:{}", window.as_str());
        let page = PageArgs::new(first, after, last, before).page(&list)?;
        let found = answers::trending(advisor(context), window).await?;
        let slice = ranking::page(found.as_slice(), |(book, _)| *book, &page);
        let place = |(place, (book, _)): &(u32, (Uuid, f32))| (*place, *book);
        Ok(connection(&list, slice, place, TrendType))
    }

    /// Books like this one, the most alike first; without those that the viewer has, has read in or has refused.
    async fn similar_books(
        &self,
        context: &Context<'_>,
        book_id: ID,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
    ) -> Result<Connection<String, RecommendationType, EmptyFields, EmptyFields>> {
        let args = PageArgs::new(first, after, last, before);
        similar(context, key(&book_id), &args).await
    }

    /// For each of the newest books that the viewer took to, books like it; no book comes twice.
    async fn because_you_read(
        &self,
        context: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
    ) -> Result<Connection<String, ShelfType, EmptyFields, EmptyFields>> {
        let user = reader(context.viewer())?;
        let list = "becauseYouRead";
        let page = PageArgs::new(first, after, last, before).page(list)?;
        let found = answers::because_read(context.command(), advisor(context), user).await?;
        let slice = ranking::page(&found, |shelf| shelf.book_id, &page);
        let place = |(place, shelf): &(u32, answers::ReadingShelf)| (*place, shelf.book_id);
        Ok(connection(list, slice, place, |(_, shelf)| {
            ShelfType(shelf)
        }))
    }

    /// The categories that the viewer said to like: at most fifty.
    async fn my_interests(&self, context: &Context<'_>) -> Result<Vec<CategoryType>> {
        let user = reader(context.viewer())?;
        let mut database = advisor(context).pool.get().await?;
        let interests = store::readers::interests(&mut database, user).await?;
        Ok(interests.into_iter().map(CategoryType::reference).collect())
    }
}
