//! Books as far as reading knows them.

use diesel::prelude::*;
use uuid::Uuid;

use crate::tables::books;

/// A book of the catalogue.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = books)]
#[expect(clippy::struct_field_names, reason = "named like the columns")]
pub(crate) struct Book {
    pub(crate) book_id: Uuid,
    pub(crate) title: String,
    pub(crate) authors: Vec<String>,
    pub(crate) language: String,
    pub(crate) page_count: Option<i32>,
    pub(crate) is_free: bool,
    pub(crate) on_shelf: bool,
    pub(crate) deleted: bool,
}

impl Book {
    /// Whether long passages of it may not leave the platform.
    pub(crate) fn is_protected(&self) -> bool {
        !self.is_free
    }
}

/// Pages of a book that does not say how many it has: a short novel.
const USUAL_PAGES: i32 = 250;

/// The pages to reckon with.
pub(crate) fn pages(count: Option<i32>) -> f64 {
    f64::from(count.filter(|pages| *pages > 0).unwrap_or(USUAL_PAGES))
}
