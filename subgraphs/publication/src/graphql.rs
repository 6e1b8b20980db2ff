//! The schema: roots, loaders, limits; resolvers fetch and present, `commands` decide.

mod loader;
mod mutation;
mod query;
mod types;

use std::sync::Arc;

use async_graphql::{Context, EmptySubscription, ID, SDLExportOptions, Schema};
use coko_core::graphql::Loaders;
use uuid::Uuid;

use crate::commands::Publishing;

/// Deeper than any client of this schema needs, shallow enough to refuse what is only meant to hurt.
const MAX_DEPTH: usize = 12;
/// Fields of one operation.
const MAX_COMPLEXITY: usize = 2000;

pub(crate) type PublicationSchema = Schema<query::Query, mutation::Mutation, EmptySubscription>;

/// The schema over `publishing`, or without it where only the SDL is wanted.
pub(crate) fn schema(publishing: Option<Arc<Publishing>>) -> PublicationSchema {
    let builder = Schema::build(
        query::Query::default(),
        mutation::Mutation::default(),
        EmptySubscription,
    )
    .enable_federation()
    .limit_depth(MAX_DEPTH)
    .limit_complexity(MAX_COMPLEXITY);
    match publishing {
        Some(publishing) => builder.data(publishing).finish(),
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
pub(crate) fn loaders(publishing: Arc<Publishing>) -> Loaders {
    Arc::new(move |request, context| loader::attach(request, &publishing, context))
}

fn publishing<'a>(context: &Context<'a>) -> &'a Arc<Publishing> {
    context.data_unchecked::<Arc<Publishing>>()
}

/// An id that is not a UUID names nothing, as the nil UUID does.
fn key(id: &ID) -> Uuid {
    id.parse().unwrap_or_default()
}
