//! The schema: roots, loaders, limits; resolvers fetch and present, `commands` decide.

mod entity;
mod loader;
mod mutation;
mod query;
mod types;

use std::sync::Arc;

use async_graphql::{Context, EmptySubscription, ID, SDLExportOptions, Schema};
use coko_core::graphql::Loaders;
use uuid::Uuid;

use crate::commands::Advisor;

/// Deeper than any client of this schema needs, shallow enough to refuse what is only meant to hurt.
const MAX_DEPTH: usize = 12;
/// Fields of one operation.
const MAX_COMPLEXITY: usize = 2000;

pub(crate) type RecommendationSchema = Schema<query::Query, mutation::Mutation, EmptySubscription>;

/// The schema over `advisor`, or without it where only the SDL is wanted.
pub(crate) fn schema(advisor: Option<Arc<Advisor>>) -> RecommendationSchema {
    let builder = Schema::build(
        query::Query::default(),
        mutation::Mutation,
        EmptySubscription,
    )
    .enable_federation()
    .limit_depth(MAX_DEPTH)
    .limit_complexity(MAX_COMPLEXITY);
    match advisor {
        Some(advisor) => builder.data(advisor).finish(),
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
pub(crate) fn loaders(advisor: Arc<Advisor>) -> Loaders {
    Arc::new(move |request, context| loader::attach(request, &advisor, context))
}

fn advisor<'a>(context: &Context<'a>) -> &'a Arc<Advisor> {
    context.data_unchecked::<Arc<Advisor>>()
}

/// An id that is not a UUID names nothing, as the nil UUID does.
fn key(id: &ID) -> Uuid {
    id.parse().unwrap_or_default()
}
