//! Root queries.

mod manuscripts;
mod royalties;

use async_graphql::MergedObject;

/// Root queries of publication.
#[derive(Default, MergedObject)]
pub(crate) struct Query(manuscripts::ManuscriptQuery, royalties::RoyaltyQuery);
