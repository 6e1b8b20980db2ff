//! Forums and tags.

use async_graphql::{Context, ID, Object, SimpleObject};
use coko_core::graphql::RequestExt as _;

use crate::model::{Forum, Tag};

/// A place for topics.
pub(crate) struct ForumType(pub(crate) Forum);

/// A place for topics.
#[Object(name = "Forum")]
impl ForumType {
    /// Identifies the forum.
    async fn id(&self) -> ID {
        self.0.id.into()
    }

    /// Its readable address.
    async fn slug(&self) -> &str {
        &self.0.slug
    }

    /// Its name in the viewer's language.
    async fn name(&self, context: &Context<'_>) -> &str {
        match context.locale().language() {
            "en" => &self.0.name_en,
            _ => &self.0.name_fr,
        }
    }

    /// What it is about, in the viewer's language.
    async fn description(&self, context: &Context<'_>) -> &str {
        match context.locale().language() {
            "en" => &self.0.description_en,
            _ => &self.0.description_fr,
        }
    }

    /// Whether it takes no more topics.
    async fn archived(&self) -> bool {
        self.0.archived
    }
}

/// What topics are about.
#[derive(SimpleObject)]
#[graphql(name = "Tag")]
pub(crate) struct TagType {
    /// Names the tag in `topics`.
    slug: String,
    /// Its name as it was first written.
    name: String,
    /// How many topics have it.
    topic_count: i32,
}

impl From<Tag> for TagType {
    fn from(tag: Tag) -> Self {
        Self {
            slug: tag.slug,
            name: tag.name,
            topic_count: tag.topics,
        }
    }
}
