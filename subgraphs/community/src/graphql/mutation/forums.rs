//! Forums.

use async_graphql::{Context, ID, InputObject, Object, SimpleObject};
use coko_core::Result;
use coko_core::graphql::{RequestExt as _, settle};

use super::read_back;
use crate::commands::forums::{self, Called};
use crate::error::ForumError;
use crate::graphql::loader::Forums;
use crate::graphql::types::ForumType;
use crate::graphql::{community, key};

/// A forum to make or change.
#[derive(InputObject)]
struct SaveForumInput {
    /// The forum to change; a new one when none is named.
    id: Option<ID>,
    /// The address of a new forum: 2 to 60 of `a-z`, `0-9` and single hyphens. It stays for good.
    slug: Option<String>,
    /// The name in French, at most 80 characters.
    name_fr: String,
    /// The name in English.
    name_en: String,
    /// What it is about in French, at most 300 characters.
    description_fr: String,
    /// What it is about in English.
    description_en: String,
    /// Its place among the others.
    #[graphql(default)]
    position: i32,
    /// Whether it takes no more topics, and is not listed.
    #[graphql(default)]
    archived: bool,
}

/// What `saveForum` did.
#[derive(SimpleObject)]
struct SaveForumPayload {
    /// The forum; null when refused.
    forum: Option<ForumType>,
    /// Why it was refused; empty when it was not.
    errors: Vec<ForumError>,
}

#[derive(Default)]
pub(super) struct ForumMutation;

#[Object]
impl ForumMutation {
    /// Makes a forum, or changes one. Needs `community:moderate`.
    async fn save_forum(
        &self,
        context: &Context<'_>,
        input: SaveForumInput,
    ) -> Result<SaveForumPayload> {
        let called = Called {
            name_fr: input.name_fr,
            name_en: input.name_en,
            description_fr: input.description_fr,
            description_en: input.description_en,
            position: input.position,
            archived: input.archived,
        };
        let (known, slug) = (input.id.as_ref().map(key), input.slug.as_deref());
        let (command, community) = (context.command(), community(context));
        let outcome = forums::save(command, community, known, slug, &called).await;
        let (forum, errors) = settle(context, outcome, ForumError::new)?;
        let forum = read_back!(context, Forums, forum).map(ForumType);
        Ok(SaveForumPayload { forum, errors })
    }
}
