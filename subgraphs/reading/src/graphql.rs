//! The schema: roots, loaders, limits; resolvers fetch and present, `commands` decide.

mod entity;
mod input;
mod loader;
mod mutation;
mod query;
mod types;

use std::sync::Arc;

use async_graphql::{Context, EmptySubscription, ID, SDLExportOptions, Schema};
use coko_core::graphql::Loaders;
use uuid::Uuid;

use crate::commands::Reading;

/// Deeper than any client of this schema needs, shallow enough to refuse what is only meant to hurt.
const MAX_DEPTH: usize = 14;
/// Fields of one operation.
const MAX_COMPLEXITY: usize = 2000;

pub(crate) type ReadingSchema = Schema<query::Query, mutation::Mutation, EmptySubscription>;

/// The schema over `reading`, or without it where only the SDL is wanted.
pub(crate) fn schema(reading: Option<Arc<Reading>>) -> ReadingSchema {
    let builder = Schema::build(
        query::Query::default(),
        mutation::Mutation::default(),
        EmptySubscription,
    )
    .enable_federation()
    .limit_depth(MAX_DEPTH)
    .limit_complexity(MAX_COMPLEXITY);
    match reading {
        Some(reading) => builder.data(reading).finish(),
        None => builder.finish(),
    }
}

/// The federation SDL of the schema.
pub(crate) fn sdl() -> String {
    schema(None).sdl_with_options(
        SDLExportOptions::new()
            .federation()
            .sorted_fields()
            .sorted_arguments()
            .sorted_enum_items(),
    )
}

/// Fresh loaders for each request.
pub(crate) fn loaders(reading: Arc<Reading>) -> Loaders {
    Arc::new(move |request, context| loader::attach(request, &reading, context))
}

fn reading<'a>(context: &Context<'a>) -> &'a Arc<Reading> {
    context.data_unchecked::<Arc<Reading>>()
}

/// An id that is not a UUID names nothing, as the nil UUID does.
fn key(id: &ID) -> Uuid {
    id.parse().unwrap_or_default()
}
