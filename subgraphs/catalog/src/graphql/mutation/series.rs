//! Entering and correcting series.

use async_graphql::{Context, Object, SimpleObject};
use coko_core::Result;
use coko_core::graphql::{RequestExt as _, settle};

use crate::commands;
use crate::error::{CreateSeriesError, UpdateSeriesError};
use crate::graphql::types::{CreateSeriesInput, SeriesType, UpdateSeriesInput};
use crate::graphql::{catalog, key};

/// What `createSeries` did.
#[derive(SimpleObject)]
struct CreateSeriesPayload {
    /// The new state; null when refused.
    series: Option<SeriesType>,
    /// Why it was refused; empty when it was not.
    errors: Vec<CreateSeriesError>,
}

/// What `updateSeries` did.
#[derive(SimpleObject)]
struct UpdateSeriesPayload {
    /// The new state; null when refused.
    series: Option<SeriesType>,
    /// Why it was refused; empty when it was not.
    errors: Vec<UpdateSeriesError>,
}

#[derive(Default)]
pub(super) struct SeriesMutation;

#[Object]
impl SeriesMutation {
    /// Enters a series. Needs `books:publish` or `catalog:manage`.
    async fn create_series(
        &self,
        context: &Context<'_>,
        input: CreateSeriesInput,
    ) -> Result<CreateSeriesPayload> {
        let pool = &catalog(context).pool;
        let outcome = commands::series::create(pool, context.command(), input.into()).await;
        let (series, errors) = settle(context, outcome, CreateSeriesError::new)?;
        Ok(CreateSeriesPayload {
            series: series.map(SeriesType),
            errors,
        })
    }

    /// Changes a series. For its house, whoever entered it, and `catalog:manage`.
    async fn update_series(
        &self,
        context: &Context<'_>,
        input: UpdateSeriesInput,
    ) -> Result<UpdateSeriesPayload> {
        let pool = &catalog(context).pool;
        let (id, version) = (key(&input.id), input.version);
        let outcome =
            commands::series::update(pool, context.command(), id, version, input.into()).await;
        let (series, errors) = settle(context, outcome, UpdateSeriesError::new)?;
        Ok(UpdateSeriesPayload {
            series: series.map(SeriesType),
            errors,
        })
    }
}
