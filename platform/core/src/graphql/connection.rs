//! Relay connections from keyset pages.

use async_graphql::connection::{Connection, Edge, EmptyFields};
use async_graphql::{InputObject, OutputType};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::Error;
use crate::paging::{Page, Slice, encode};

/// The four arguments of every connection, grouped so that resolvers can pass them on.
#[derive(Clone, Debug, Default, InputObject)]
pub struct PageArgs {
    /// At most this many items from the start or after `after`: 1 to 100, 20 when nothing is said.
    pub first: Option<i32>,
    /// The cursor to start after.
    pub after: Option<String>,
    /// At most this many items from the end or before `before`: 1 to 100.
    pub last: Option<i32>,
    /// The cursor to end before.
    pub before: Option<String>,
}

impl PageArgs {
    /// The arguments as a resolver receives them.
    pub fn new(
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
    ) -> Self {
        Self {
            first,
            after,
            last,
            before,
        }
    }

    /// Checks them for the list called `list`.
    ///
    /// # Errors
    /// As [`Page::parse`].
    pub fn page<K: DeserializeOwned>(&self, list: &str) -> Result<Page<K>, Error> {
        Page::parse(
            list,
            self.first,
            self.after.as_deref(),
            self.last,
            self.before.as_deref(),
        )
    }
}

/// The connection of one page; `key` gives the keyset of an item, `node` its GraphQL type.
pub fn connection<T, K: Serialize, N: OutputType>(
    list: &str,
    slice: Slice<T>,
    key: impl Fn(&T) -> K,
    node: impl Fn(T) -> N,
) -> Connection<String, N, EmptyFields, EmptyFields> {
    let mut connection = Connection::new(slice.has_previous, slice.has_next);
    connection.edges.extend(slice.items.into_iter().map(|item| {
        let cursor = encode(list, &key(&item));
        Edge::new(cursor, node(item))
    }));
    connection
}
