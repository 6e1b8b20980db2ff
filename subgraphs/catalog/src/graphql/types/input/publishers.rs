//! Inputs of mutations of publishing houses.

use async_graphql::{ID, InputObject, MaybeUndefined};

use super::patch;
use crate::graphql::key;
use crate::model::PublisherChanges;

/// A new publishing house.
#[derive(InputObject)]
pub(crate) struct CreatePublisherInput {
    /// The name.
    name: String,
    /// What the house does.
    description: Option<String>,
    /// The https address of its public site.
    website: Option<String>,
    /// ISO 3166-1 alpha-2 country.
    country: Option<String>,
    /// The account that answers for it; for operators, others own what they enter.
    owner_id: Option<ID>,
}

impl From<CreatePublisherInput> for PublisherChanges {
    fn from(input: CreatePublisherInput) -> Self {
        Self {
            name: Some(input.name),
            description: Some(input.description),
            website: Some(input.website),
            country: Some(input.country),
            owner_user_id: input.owner_id.as_ref().map(key).map(Some),
        }
    }
}

/// Changes to a publishing house; what is left out stays, null empties.
#[derive(InputObject)]
pub(crate) struct UpdatePublisherInput {
    /// The house.
    pub(crate) id: ID,
    /// The version that the edit started from.
    pub(crate) version: i64,
    /// The name.
    name: Option<String>,
    /// What the house does.
    description: MaybeUndefined<String>,
    /// The https address of its public site.
    website: MaybeUndefined<String>,
    /// ISO 3166-1 alpha-2 country.
    country: MaybeUndefined<String>,
    /// The account that answers for it; for operators.
    owner_id: MaybeUndefined<ID>,
    /// The accounts that belong to it beside its owner; replaces those that do.
    pub(crate) member_ids: Option<Vec<ID>>,
}

impl From<UpdatePublisherInput> for PublisherChanges {
    fn from(input: UpdatePublisherInput) -> Self {
        Self {
            name: input.name,
            description: patch(input.description),
            website: patch(input.website),
            country: patch(input.country),
            owner_user_id: patch(input.owner_id).map(|id| id.as_ref().map(key)),
        }
    }
}
