//! Inputs of mutations of categories.

use async_graphql::{ID, InputObject, MaybeUndefined};

use super::patch;
use crate::graphql::key;
use crate::model::CategoryChanges;

/// A new category.
#[derive(InputObject)]
pub(crate) struct CreateCategoryInput {
    /// Its name in French.
    name_fr: String,
    /// Its name in English.
    name_en: String,
    /// A slug; made from the French name when left out.
    slug: Option<String>,
    /// The category it is part of.
    parent_id: Option<ID>,
    /// Thema subject code.
    thema: Option<String>,
    /// What stands there, in French.
    description_fr: Option<String>,
    /// What stands there, in English.
    description_en: Option<String>,
    /// Order among siblings.
    #[graphql(default)]
    position: i32,
}

impl From<CreateCategoryInput> for CategoryChanges {
    fn from(input: CreateCategoryInput) -> Self {
        Self {
            slug: input.slug,
            parent: Some(input.parent_id.as_ref().map(key)),
            thema: Some(input.thema),
            name_fr: Some(input.name_fr),
            name_en: Some(input.name_en),
            description_fr: Some(input.description_fr),
            description_en: Some(input.description_en),
            position: Some(input.position),
        }
    }
}

/// Changes to a category; what is left out stays, null empties.
#[derive(InputObject)]
pub(crate) struct UpdateCategoryInput {
    /// The category.
    pub(crate) id: ID,
    /// The version that the edit started from.
    pub(crate) version: i64,
    /// A slug.
    slug: Option<String>,
    /// The category it becomes part of; null makes it a root. Everything below moves with it.
    parent_id: MaybeUndefined<ID>,
    /// Thema subject code.
    thema: MaybeUndefined<String>,
    /// Its name in French.
    name_fr: Option<String>,
    /// Its name in English.
    name_en: Option<String>,
    /// What stands there, in French.
    description_fr: MaybeUndefined<String>,
    /// What stands there, in English.
    description_en: MaybeUndefined<String>,
    /// Order among siblings.
    position: Option<i32>,
}

impl From<UpdateCategoryInput> for CategoryChanges {
    fn from(input: UpdateCategoryInput) -> Self {
        Self {
            slug: input.slug,
            parent: patch(input.parent_id).map(|id| id.as_ref().map(key)),
            thema: patch(input.thema),
            name_fr: input.name_fr,
            name_en: input.name_en,
            description_fr: patch(input.description_fr),
            description_en: patch(input.description_en),
            position: input.position,
        }
    }
}
