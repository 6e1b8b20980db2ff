//! Every query of catalog; a connection in, models out. Nothing else speaks SQL.

pub(crate) mod authors;
pub(crate) mod books;
pub(crate) mod categories;
pub(crate) mod documents;
pub(crate) mod exports;
pub(crate) mod imports;
pub(crate) mod publications;
pub(crate) mod publishers;
pub(crate) mod ranking;
pub(crate) mod reviews;
pub(crate) mod series;
pub(crate) mod shelf;

use diesel::sql_types::Text;

diesel::define_sql_function! {
    /// Lower case without accents; the migration defines it.
    fn catalog_fold(input: Text) -> Text;
}
