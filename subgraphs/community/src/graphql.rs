//! The schema: roots, loaders, limits; resolvers fetch and present, `commands` decide.

mod entity;
mod loader;
mod mutation;
mod query;
mod types;

use std::sync::Arc;

use async_graphql::{Context, EmptySubscription, ID, SDLExportOptions, Schema};
use coko_core::graphql::{Loaders, RequestExt as _};
use uuid::Uuid;

use crate::commands::{Community, moderates};

/// Deeper than any client of this schema needs, shallow enough to refuse what is only meant to hurt.
const MAX_DEPTH: usize = 14;
/// Fields of one operation.
const MAX_COMPLEXITY: usize = 2000;

pub(crate) type CommunitySchema = Schema<query::Query, mutation::Mutation, EmptySubscription>;

/// The schema over `community`, or without it where only the SDL is wanted.
pub(crate) fn schema(community: Option<Arc<Community>>) -> CommunitySchema {
    let builder = Schema::build(
        query::Query::default(),
        mutation::Mutation::default(),
        EmptySubscription,
    )
    .enable_federation()
    .limit_depth(MAX_DEPTH)
    .limit_complexity(MAX_COMPLEXITY);
    match community {
        Some(community) => builder.data(community).finish(),
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
pub(crate) fn loaders(community: Arc<Community>) -> Loaders {
    Arc::new(move |request, context| loader::attach(request, &community, context))
}

fn community<'a>(context: &Context<'a>) -> &'a Arc<Community> {
    context.data_unchecked::<Arc<Community>>()
}

/// Who looks at a list, and whether they moderate.
fn looker(context: &Context<'_>) -> (Option<Uuid>, bool) {
    let viewer = context.viewer();
    (viewer.user_id(), moderates(viewer))
}

/// An id that is not a UUID names nothing, as the nil UUID does.
fn key(id: &ID) -> Uuid {
    id.parse().unwrap_or_default()
}
