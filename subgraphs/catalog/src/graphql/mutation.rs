//! Root mutations, by what they change. Each answers with the new state, or with the reasons for which it refused.

mod authors;
mod books;
mod categories;
mod publishers;
mod series;

use async_graphql::MergedObject;

/// Root mutations of catalog.
#[derive(MergedObject, Default)]
pub(crate) struct Mutation(
    books::BookMutation,
    authors::AuthorMutation,
    categories::CategoryMutation,
    series::SeriesMutation,
    publishers::PublisherMutation,
);
