//! Forums, which moderators keep.

use diesel::prelude::*;
use uuid::Uuid;

use crate::tables::forums;

/// Most forums that are open at once; they are shown on one page.
pub(crate) const FORUMS: i64 = 100;
/// Most characters of a name.
pub(crate) const NAME: usize = 80;
/// Most characters of a description.
pub(crate) const DESCRIPTION: usize = 300;

/// A place for topics.
#[derive(
    Clone, Debug, PartialEq, Eq, Queryable, Selectable, QueryableByName, Insertable, AsChangeset,
)]
#[diesel(table_name = forums)]
pub(crate) struct Forum {
    pub(crate) id: Uuid,
    pub(crate) slug: String,
    pub(crate) name_fr: String,
    pub(crate) name_en: String,
    pub(crate) description_fr: String,
    pub(crate) description_en: String,
    pub(crate) position: i32,
    pub(crate) archived: bool,
}

/// Whether a text is an address: 2 to 60 of `a-z`, `0-9` and single inner hyphens.
pub(crate) fn is_slug(text: &str) -> bool {
    (2..=60).contains(&text.len())
        && !text.starts_with('-')
        && !text.ends_with('-')
        && !text.contains("--")
        && text
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
}
