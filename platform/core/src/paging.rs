//! Relay connections on keysets: a page costs the same wherever it is.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::Error;

/// Most items of one page.
pub const MAX_PAGE: i32 = 100;
/// Items of a page when the client does not say.
pub const DEFAULT_PAGE: i32 = 20;
/// A cursor longer than this was not made by us.
const MAX_CURSOR: usize = 2048;

/// Which way a page is read from its cursor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// `first`/`after`.
    Forward,
    /// `last`/`before`.
    Backward,
}

/// A checked request for one page of a list whose order is given by keys of type `K`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page<K> {
    /// Items asked for, 1 to [`MAX_PAGE`].
    pub size: usize,
    /// Which way.
    pub direction: Direction,
    /// Where to start, exclusive.
    pub from: Option<K>,
}

impl<K: DeserializeOwned> Page<K> {
    /// Checks the four Relay arguments of the list called `list` (its name and order, so that cursors do not fit elsewhere).
    ///
    /// # Errors
    /// `VALIDATION_FAILED` on `first` or `last` outside 1 to 100, on mixed directions, and on a foreign cursor.
    pub fn parse(
        list: &str,
        first: Option<i32>,
        after: Option<&str>,
        last: Option<i32>,
        before: Option<&str>,
    ) -> Result<Self, Error> {
        let backward = last.is_some() || before.is_some();
        if backward && (first.is_some() || after.is_some()) {
            return Err(Error::validation("last", "core-page-direction"));
        }
        let (size, cursor, name) = if backward {
            (last, before, ("last", "before"))
        } else {
            (first, after, ("first", "after"))
        };
        let size = size.unwrap_or(DEFAULT_PAGE);
        if !(1..=MAX_PAGE).contains(&size) {
            return Err(Error::validation(name.0, "core-page-size"));
        }
        let from = cursor
            .map(|cursor| {
                decode(list, cursor).ok_or_else(|| Error::validation(name.1, "core-cursor"))
            })
            .transpose()?;
        Ok(Self {
            size: usize::try_from(size).unwrap_or(1),
            direction: if backward {
                Direction::Backward
            } else {
                Direction::Forward
            },
            from,
        })
    }

    /// How many rows the query should ask for: one more than the page, to know whether there are more.
    pub fn limit(&self) -> i64 {
        i64::try_from(self.size).unwrap_or(i64::MAX - 1) + 1
    }
}

/// One page of a list, in the list's own order.
#[derive(Clone, Debug)]
pub struct Slice<T> {
    /// At most as many items as were asked for.
    pub items: Vec<T>,
    /// Whether the list goes on after them.
    pub has_next: bool,
    /// Whether there is something before them.
    pub has_previous: bool,
}

impl<T> Slice<T> {
    /// Makes a page of the rows that a query for [`Page::limit`] returned; backward pages come in reverse order.
    pub fn new<K>(page: &Page<K>, mut rows: Vec<T>) -> Self {
        let more = rows.len() > page.size;
        rows.truncate(page.size);
        match page.direction {
            Direction::Forward => Self {
                items: rows,
                has_next: more,
                has_previous: page.from.is_some(),
            },
            Direction::Backward => {
                rows.reverse();
                Self {
                    items: rows,
                    has_next: page.from.is_some(),
                    has_previous: more,
                }
            }
        }
    }

    /// The same page of other items.
    pub fn map<U>(self, item: impl FnMut(T) -> U) -> Slice<U> {
        Slice {
            items: self.items.into_iter().map(item).collect(),
            has_next: self.has_next,
            has_previous: self.has_previous,
        }
    }
}

/// Defines `LIST`, `Key`, `key` and `list` for the pages of what belongs to somebody, the newest first: the list's name in cursors,
/// the table, its columns of the owner and the moment, the model. The table wants an index on owner, moment and `id`, the latter two
/// descending. A function cannot name Diesel's columns.
#[macro_export]
macro_rules! newest_first {
    ($list:literal, $table:ident, $owner:ident, $at:ident, $model:ty) => {
        /// The name of the list in cursors.
        pub(crate) const LIST: &str = $list;

        /// Microseconds of the moment, and id.
        pub(crate) type Key = (i64, uuid::Uuid);

        /// The place of an item in the list.
        pub(crate) fn key(item: &$model) -> Key {
            let micros = item.$at.unix_timestamp_nanos() / 1000;
            (i64::try_from(micros).unwrap_or(i64::MAX), item.id)
        }

        /// One page of what belongs to `owner`, the newest first.
        pub(crate) async fn list(
            connection: &mut $crate::database::Connection,
            page: &$crate::paging::Page<Key>,
            owner: uuid::Uuid,
        ) -> diesel::QueryResult<$crate::paging::Slice<$model>> {
            use diesel::prelude::*;
            use diesel::sql_types;

            let mut query = $table::table.filter($table::$owner.eq(owner)).into_boxed();
            let forward = page.direction == $crate::paging::Direction::Forward;
            if let Some((micros, id)) = page.from {
                let at = time::OffsetDateTime::from_unix_timestamp_nanos(i128::from(micros) * 1000)
                    .unwrap_or(time::OffsetDateTime::UNIX_EPOCH);
                let compare = if forward {
                    concat!("(", stringify!($at), ", id) < (")
                } else {
                    concat!("(", stringify!($at), ", id) > (")
                };
                query = query.filter(
                    diesel::dsl::sql::<sql_types::Bool>(compare)
                        .bind::<sql_types::Timestamptz, _>(at)
                        .sql(", ")
                        .bind::<sql_types::Uuid, _>(id)
                        .sql(")"),
                );
            }
            let query = if forward {
                query.order(($table::$at.desc(), $table::id.desc()))
            } else {
                query.order(($table::$at.asc(), $table::id.asc()))
            };
            let query = query.limit(page.limit()).select(<$model>::as_select());
            let rows = diesel_async::RunQueryDsl::load(query, connection).await?;
            Ok($crate::paging::Slice::new(page, rows))
        }
    };
}

/// The opaque cursor of the item with `key` in the list called `list`.
pub fn encode<K: Serialize>(list: &str, key: &K) -> String {
    // Keys are tuples of strings, numbers and ids, whose JSON cannot fail.
    URL_SAFE_NO_PAD.encode(serde_json::to_vec(&(list, key)).unwrap_or_default())
}

fn decode<K: DeserializeOwned>(list: &str, cursor: &str) -> Option<K> {
    if cursor.len() > MAX_CURSOR {
        return None;
    }
    let bytes = URL_SAFE_NO_PAD.decode(cursor).ok()?;
    let (of, key): (String, K) = serde_json::from_slice(&bytes).ok()?;
    (of == list).then_some(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    type Key = (String, i64);

    fn parse(
        first: Option<i32>,
        after: Option<&str>,
        last: Option<i32>,
        before: Option<&str>,
    ) -> Result<Page<Key>, String> {
        Page::parse("books", first, after, last, before).map_err(|error| error.message().to_owned())
    }

    #[test]
    fn arguments_are_checked() {
        let cursor = encode("books", &("a".to_owned(), 7_i64));
        let page = parse(Some(3), Some(&cursor), None, None).unwrap();
        assert_eq!(page.from, Some(("a".to_owned(), 7)));
        assert_eq!(page.limit(), 4);
        for size in [0, -1, 101, 100_000] {
            assert_eq!(
                parse(Some(size), None, None, None),
                Err("core-page-size".to_owned())
            );
        }
        assert_eq!(
            parse(Some(1), None, Some(1), None),
            Err("core-page-direction".to_owned())
        );
        let foreign = encode("authors", &("a".to_owned(), 7_i64));
        for cursor in [foreign.as_str(), "", "%%%", "AAAA", &"A".repeat(5000)] {
            assert_eq!(
                parse(None, Some(cursor), None, None),
                Err("core-cursor".to_owned()),
                "{cursor}"
            );
        }
    }

    #[test]
    fn slices_know_what_surrounds_them() {
        let page: Page<Key> = parse(Some(2), None, None, None).unwrap();
        let slice = Slice::new(&page, vec![1, 2, 3]);
        assert_eq!(
            (slice.items, slice.has_next, slice.has_previous),
            (vec![1, 2], true, false)
        );
        let cursor = encode("books", &("a".to_owned(), 7_i64));
        let page = parse(None, None, Some(2), Some(&cursor)).unwrap();
        let slice = Slice::new(&page, vec![3, 2, 1]);
        assert_eq!(
            (slice.items, slice.has_next, slice.has_previous),
            (vec![2, 3], true, true)
        );
    }
}
