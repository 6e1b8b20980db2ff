//! Root mutations: each answers with the new state, or with the reasons for which it refused.

use async_graphql::{Context, ID, Object, SimpleObject};
use coko_core::Result;
use coko_core::graphql::{FluentValue, RequestExt as _};

use super::types::{
    AuthorType, BookType, CategoryType, CreateAuthorInput, CreateBookInput, CreateCategoryInput,
    CreatePublisherInput, CreateSeriesInput, MoneyInput, PublisherType, SeriesType,
    UpdateAuthorInput, UpdateBookInput, UpdateCategoryInput, UpdatePublisherInput,
    UpdateSeriesInput, prices,
};
use super::{catalog, key};
use crate::commands::{self, Edited};
use crate::error::{CatalogError, EditError};

/// Turns the outcome of a command into the two halves of a payload.
fn settle<T>(context: &Context<'_>, outcome: Edited<T>) -> Result<(Option<T>, Vec<CatalogError>)> {
    match outcome {
        Ok(value) => Ok((Some(value), Vec::new())),
        Err(EditError::Failed(error)) => Err(error),
        Err(EditError::Refused(refusals)) => {
            let errors = refusals
                .into_iter()
                .map(|refusal| {
                    let max = refusal.max.map(|max| ("max", FluentValue::from(max)));
                    CatalogError::new(
                        context.translations(),
                        context.locale(),
                        refusal.code,
                        refusal.field.as_deref(),
                        max.as_slice(),
                    )
                })
                .collect();
            Ok((None, errors))
        }
    }
}

/// What became of an edit of a book.
#[derive(SimpleObject)]
struct BookPayload {
    /// The new state; null when refused.
    book: Option<BookType>,
    /// Why it was refused; empty when it was not.
    errors: Vec<CatalogError>,
}

/// What became of a deletion.
#[derive(SimpleObject)]
struct DeleteBookPayload {
    /// The book that is gone; null when refused.
    deleted_id: Option<ID>,
    /// Why it was refused; empty when it was not.
    errors: Vec<CatalogError>,
}

/// What became of an edit of an author.
#[derive(SimpleObject)]
struct AuthorPayload {
    /// The new state; null when refused.
    author: Option<AuthorType>,
    /// Why it was refused; empty when it was not.
    errors: Vec<CatalogError>,
}

/// What became of an edit of a category.
#[derive(SimpleObject)]
struct CategoryPayload {
    /// The new state; null when refused.
    category: Option<CategoryType>,
    /// Why it was refused; empty when it was not.
    errors: Vec<CatalogError>,
}

/// What became of an edit of a publishing house.
#[derive(SimpleObject)]
struct PublisherPayload {
    /// The new state; null when refused.
    publisher: Option<PublisherType>,
    /// Why it was refused; empty when it was not.
    errors: Vec<CatalogError>,
}

/// What became of an edit of a series.
#[derive(SimpleObject)]
struct SeriesPayload {
    /// The new state; null when refused.
    series: Option<SeriesType>,
    /// Why it was refused; empty when it was not.
    errors: Vec<CatalogError>,
}

/// Root mutations of catalog.
#[derive(Default)]
pub(crate) struct Mutation;

/// Every edit forgets what the cache holds of lists, here and in every other process.
async fn book_payload(
    context: &Context<'_>,
    outcome: Edited<crate::model::Book>,
) -> Result<BookPayload> {
    let (book, errors) = settle(context, outcome)?;
    if book.is_some() {
        catalog(context).forget().await;
    }
    Ok(BookPayload {
        book: book.map(BookType),
        errors,
    })
}

#[Object]
impl Mutation {
    /// Makes a draft. Needs `books:publish`; the house must be one of the viewer's own.
    async fn create_book(
        &self,
        context: &Context<'_>,
        input: CreateBookInput,
    ) -> Result<BookPayload> {
        let (changes, prices) = input.into_changes();
        let outcome = commands::books::create(
            &catalog(context).pool,
            context.command(),
            changes,
            Some(prices),
        )
        .await;
        book_payload(context, outcome).await
    }

    /// Changes what a book says of itself. For its house, its creator, and `books:update`.
    async fn update_book(
        &self,
        context: &Context<'_>,
        input: UpdateBookInput,
    ) -> Result<BookPayload> {
        let (id, version) = (key(&input.id), input.version);
        let outcome = commands::books::update(
            &catalog(context).pool,
            context.command(),
            id,
            version,
            input.into(),
        )
        .await;
        book_payload(context, outcome).await
    }

    /// Puts a draft or withdrawn book on the shelf.
    async fn publish_book(
        &self,
        context: &Context<'_>,
        id: ID,
        version: i64,
    ) -> Result<BookPayload> {
        let outcome =
            commands::books::publish(&catalog(context).pool, context.command(), key(&id), version)
                .await;
        book_payload(context, outcome).await
    }

    /// Takes a book off the shelf; those entitled to it keep it.
    async fn withdraw_book(
        &self,
        context: &Context<'_>,
        id: ID,
        version: i64,
    ) -> Result<BookPayload> {
        let outcome =
            commands::books::withdraw(&catalog(context).pool, context.command(), key(&id), version)
                .await;
        book_payload(context, outcome).await
    }

    /// Deletes a book: nobody finds it any more.
    async fn delete_book(
        &self,
        context: &Context<'_>,
        id: ID,
        version: i64,
    ) -> Result<DeleteBookPayload> {
        let outcome =
            commands::books::delete(&catalog(context).pool, context.command(), key(&id), version)
                .await;
        let (deleted, errors) = settle(context, outcome)?;
        if deleted.is_some() {
            catalog(context).forget().await;
        }
        Ok(DeleteBookPayload {
            deleted_id: deleted.map(ID::from),
            errors,
        })
    }

    /// Replaces the prices of a book: at most one per currency, none is not sold.
    async fn set_book_prices(
        &self,
        context: &Context<'_>,
        id: ID,
        version: i64,
        #[graphql(name = "prices")] amounts: Vec<MoneyInput>,
    ) -> Result<BookPayload> {
        let pool = &catalog(context).pool;
        let outcome = commands::books::set_prices(
            pool,
            context.command(),
            key(&id),
            version,
            prices(&amounts),
        )
        .await;
        book_payload(context, outcome).await
    }

    /// Replaces the categories of a book, the main one first.
    async fn set_book_categories(
        &self,
        context: &Context<'_>,
        id: ID,
        version: i64,
        category_ids: Vec<ID>,
    ) -> Result<BookPayload> {
        let categories = category_ids.iter().map(key).collect();
        let pool = &catalog(context).pool;
        let outcome =
            commands::books::set_categories(pool, context.command(), key(&id), version, categories)
                .await;
        book_payload(context, outcome).await
    }

    /// Enters an author. Needs `books:publish` or `catalog:manage`.
    async fn create_author(
        &self,
        context: &Context<'_>,
        input: CreateAuthorInput,
    ) -> Result<AuthorPayload> {
        let outcome =
            commands::authors::create(&catalog(context).pool, context.command(), input.into())
                .await;
        let (author, errors) = settle(context, outcome)?;
        Ok(AuthorPayload {
            author: author.map(AuthorType),
            errors,
        })
    }

    /// Changes an author. For whoever entered it, and `catalog:manage`.
    async fn update_author(
        &self,
        context: &Context<'_>,
        input: UpdateAuthorInput,
    ) -> Result<AuthorPayload> {
        let (id, version) = (key(&input.id), input.version);
        let outcome = commands::authors::update(
            &catalog(context).pool,
            context.command(),
            id,
            version,
            input.into(),
        )
        .await;
        let (author, errors) = settle(context, outcome)?;
        Ok(AuthorPayload {
            author: author.map(AuthorType),
            errors,
        })
    }

    /// Makes a category. Needs `catalog:manage`.
    async fn create_category(
        &self,
        context: &Context<'_>,
        input: CreateCategoryInput,
    ) -> Result<CategoryPayload> {
        let outcome =
            commands::categories::create(&catalog(context).pool, context.command(), input.into())
                .await;
        let (category, errors) = settle(context, outcome)?;
        if category.is_some() {
            catalog(context).forget().await;
        }
        Ok(CategoryPayload {
            category: category.map(CategoryType),
            errors,
        })
    }

    /// Changes or moves a category. Needs `catalog:manage`.
    async fn update_category(
        &self,
        context: &Context<'_>,
        input: UpdateCategoryInput,
    ) -> Result<CategoryPayload> {
        let (id, version) = (key(&input.id), input.version);
        let outcome = commands::categories::update(
            &catalog(context).pool,
            context.command(),
            id,
            version,
            input.into(),
        )
        .await;
        let (category, errors) = settle(context, outcome)?;
        if category.is_some() {
            catalog(context).forget().await;
        }
        Ok(CategoryPayload {
            category: category.map(CategoryType),
            errors,
        })
    }

    /// Enters a series. Needs `books:publish` or `catalog:manage`.
    async fn create_series(
        &self,
        context: &Context<'_>,
        input: CreateSeriesInput,
    ) -> Result<SeriesPayload> {
        let outcome =
            commands::series::create(&catalog(context).pool, context.command(), input.into()).await;
        let (series, errors) = settle(context, outcome)?;
        Ok(SeriesPayload {
            series: series.map(SeriesType),
            errors,
        })
    }

    /// Changes a series. For its house, whoever entered it, and `catalog:manage`.
    async fn update_series(
        &self,
        context: &Context<'_>,
        input: UpdateSeriesInput,
    ) -> Result<SeriesPayload> {
        let (id, version) = (key(&input.id), input.version);
        let outcome = commands::series::update(
            &catalog(context).pool,
            context.command(),
            id,
            version,
            input.into(),
        )
        .await;
        let (series, errors) = settle(context, outcome)?;
        Ok(SeriesPayload {
            series: series.map(SeriesType),
            errors,
        })
    }

    /// Enters a publishing house, which then is the viewer's own. Needs `books:publish` or `catalog:manage`.
    async fn create_publisher(
        &self,
        context: &Context<'_>,
        input: CreatePublisherInput,
    ) -> Result<PublisherPayload> {
        let outcome =
            commands::publishers::create(&catalog(context).pool, context.command(), input.into())
                .await;
        let (publisher, errors) = settle(context, outcome)?;
        Ok(PublisherPayload {
            publisher: publisher.map(PublisherType),
            errors,
        })
    }

    /// Changes a publishing house and who belongs to it. For its owner, and `catalog:manage`.
    async fn update_publisher(
        &self,
        context: &Context<'_>,
        mut input: UpdatePublisherInput,
    ) -> Result<PublisherPayload> {
        let (id, version) = (key(&input.id), input.version);
        let members = input
            .member_ids
            .take()
            .map(|ids| ids.iter().map(key).collect());
        let pool = &catalog(context).pool;
        let outcome = commands::publishers::update(
            pool,
            context.command(),
            id,
            version,
            input.into(),
            members,
        )
        .await;
        let (publisher, errors) = settle(context, outcome)?;
        Ok(PublisherPayload {
            publisher: publisher.map(PublisherType),
            errors,
        })
    }
}
