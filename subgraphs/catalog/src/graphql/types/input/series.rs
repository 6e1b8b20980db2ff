//! Inputs of mutations of series.

use async_graphql::{ID, InputObject, MaybeUndefined};

use super::patch;
use crate::graphql::key;
use crate::model::SeriesChanges;

/// A new series.
#[derive(InputObject)]
pub(crate) struct CreateSeriesInput {
    /// The name.
    name: String,
    /// What holds it together.
    description: Option<String>,
    /// The house it belongs to; one of the viewer's own.
    publisher_id: Option<ID>,
}

impl From<CreateSeriesInput> for SeriesChanges {
    fn from(input: CreateSeriesInput) -> Self {
        Self {
            name: Some(input.name),
            description: Some(input.description),
            publisher: Some(input.publisher_id.as_ref().map(key)),
        }
    }
}

/// Changes to a series; what is left out stays, null empties.
#[derive(InputObject)]
pub(crate) struct UpdateSeriesInput {
    /// The series.
    pub(crate) id: ID,
    /// The version that the edit started from.
    pub(crate) version: i64,
    /// The name.
    name: Option<String>,
    /// What holds it together.
    description: MaybeUndefined<String>,
    /// The house it belongs to; one of the viewer's own.
    publisher_id: MaybeUndefined<ID>,
}

impl From<UpdateSeriesInput> for SeriesChanges {
    fn from(input: UpdateSeriesInput) -> Self {
        Self {
            name: input.name,
            description: patch(input.description),
            publisher: patch(input.publisher_id).map(|id| id.as_ref().map(key)),
        }
    }
}
