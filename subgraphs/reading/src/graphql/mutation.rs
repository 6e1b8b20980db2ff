//! Root mutations. Each answers with the new state, or with the reasons for which it refused.

mod library;
mod licenses;
mod sync;

use async_graphql::MergedObject;

/// Root mutations of reading.
#[derive(Default, MergedObject)]
pub(crate) struct Mutation(
    library::LibraryMutation,
    licenses::LicenseMutation,
    sync::SyncMutation,
);
