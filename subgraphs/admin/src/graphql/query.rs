//! Root queries.

mod analytics;
mod operations;

use async_graphql::MergedObject;

use super::entity::EntityQuery;

/// Root queries of admin.
#[derive(Default, MergedObject)]
pub(crate) struct Query(
    EntityQuery,
    analytics::AnalyticsQuery,
    operations::OperationsQuery,
);
