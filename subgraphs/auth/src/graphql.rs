//! The schema: roots, loaders, limits; resolvers fetch and present, `commands` decide.

mod entity;
mod loader;
mod mutation;
mod query;
mod types;

use std::sync::Arc;

use async_graphql::{EmptySubscription, SDLExportOptions, Schema};
use coko_core::graphql::Loaders;

use crate::commands::Auth;

/// Deeper than any client of this schema needs, shallow enough to refuse what is only meant to hurt.
const MAX_DEPTH: usize = 12;
/// Fields of one operation.
const MAX_COMPLEXITY: usize = 2000;

pub(crate) type AuthSchema = Schema<query::Query, mutation::Mutation, EmptySubscription>;

/// The schema over `auth`, or without it where only the SDL is wanted.
pub(crate) fn schema(auth: Option<Arc<Auth>>) -> AuthSchema {
    let builder = Schema::build(
        query::Query,
        mutation::Mutation::default(),
        EmptySubscription,
    )
    .enable_federation()
    .limit_depth(MAX_DEPTH)
    .limit_complexity(MAX_COMPLEXITY);
    match auth {
        Some(auth) => builder.data(auth).finish(),
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
pub(crate) fn loaders(auth: Arc<Auth>) -> Loaders {
    Arc::new(move |request, context| loader::attach(request, &auth, context))
}
