//! Inputs of mutations of authors.

use async_graphql::{ID, InputObject, MaybeUndefined};

use super::patch;
use crate::model::AuthorChanges;

/// A new author.
#[derive(InputObject)]
pub(crate) struct CreateAuthorInput {
    /// The name as on the cover.
    name: String,
    /// The name as on a shelf; made from the name when left out.
    sort_name: Option<String>,
    /// Life and work, in French.
    biography_fr: Option<String>,
    /// Life and work, in English.
    biography_en: Option<String>,
    /// Year of birth; negative before the common era.
    born: Option<i32>,
    /// Year of death.
    died: Option<i32>,
    /// ISO 3166-1 alpha-2 country.
    country: Option<String>,
    /// The https address of a portrait.
    photo_url: Option<String>,
}

impl From<CreateAuthorInput> for AuthorChanges {
    fn from(input: CreateAuthorInput) -> Self {
        Self {
            name: Some(input.name),
            sort_name: input.sort_name,
            biography_fr: Some(input.biography_fr),
            biography_en: Some(input.biography_en),
            born: Some(input.born),
            died: Some(input.died),
            country: Some(input.country),
            photo_url: Some(input.photo_url),
        }
    }
}

/// Changes to an author; what is left out stays, null empties.
#[derive(InputObject)]
pub(crate) struct UpdateAuthorInput {
    /// The author.
    pub(crate) id: ID,
    /// The version that the edit started from.
    pub(crate) version: i64,
    /// The name as on the cover.
    name: Option<String>,
    /// The name as on a shelf.
    sort_name: Option<String>,
    /// Life and work, in French.
    biography_fr: MaybeUndefined<String>,
    /// Life and work, in English.
    biography_en: MaybeUndefined<String>,
    /// Year of birth.
    born: MaybeUndefined<i32>,
    /// Year of death.
    died: MaybeUndefined<i32>,
    /// ISO 3166-1 alpha-2 country.
    country: MaybeUndefined<String>,
    /// The https address of a portrait.
    photo_url: MaybeUndefined<String>,
}

impl From<UpdateAuthorInput> for AuthorChanges {
    fn from(input: UpdateAuthorInput) -> Self {
        Self {
            name: input.name,
            sort_name: input.sort_name,
            biography_fr: patch(input.biography_fr),
            biography_en: patch(input.biography_en),
            born: patch(input.born),
            died: patch(input.died),
            country: patch(input.country),
            photo_url: patch(input.photo_url),
        }
    }
}
