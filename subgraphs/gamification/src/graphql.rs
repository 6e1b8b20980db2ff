//! The schema: roots, loaders, limits; resolvers fetch and present, `commands` decide.

mod entity;
mod loader;
mod mutation;
mod query;
mod types;

use std::sync::Arc;

use async_graphql::{Context, EmptySubscription, ID, SDLExportOptions, Schema};
use coko_core::graphql::Loaders;
use coko_core::locale::Locale;
use uuid::Uuid;

use crate::commands::Game;

/// Deeper than any client of this schema needs, shallow enough to refuse what is only meant to hurt.
const MAX_DEPTH: usize = 12;
/// Fields of one operation.
const MAX_COMPLEXITY: usize = 2000;

pub(crate) type GamificationSchema = Schema<query::Query, mutation::Mutation, EmptySubscription>;

/// The schema over `game`, or without it where only the SDL is wanted.
pub(crate) fn schema(game: Option<Arc<Game>>) -> GamificationSchema {
    let builder = Schema::build(
        query::Query::default(),
        mutation::Mutation,
        EmptySubscription,
    )
    .enable_federation()
    .limit_depth(MAX_DEPTH)
    .limit_complexity(MAX_COMPLEXITY);
    match game {
        Some(game) => builder.data(game).finish(),
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
pub(crate) fn loaders(game: Arc<Game>) -> Loaders {
    Arc::new(move |request, context| loader::attach(request, &game, context))
}

fn game<'a>(context: &Context<'a>) -> &'a Arc<Game> {
    context.data_unchecked::<Arc<Game>>()
}

/// An id that is not a UUID names nothing, as the nil UUID does.
fn key(id: &ID) -> Uuid {
    id.parse().unwrap_or_default()
}

/// The text in the viewer's language.
fn spoken<'a>(locale: &Locale, french: &'a str, english: &'a str) -> &'a str {
    match locale.language() {
        "en" => english,
        _ => french,
    }
}
