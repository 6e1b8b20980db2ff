//! What catalog's things are and which rules they obey; no I/O, no clock, no randomness.
//!
//! Diesel reads these types, GraphQL has its own; enumerations are shared because both speak the same names.

mod author;
mod book;
mod category;
mod checks;
mod date;
mod editing;
mod publisher;
pub mod reason;
mod series;
mod slug;

pub use coko_core::graphql::Refusal;
pub use coko_core::isbn::Isbn;
pub use coko_core::language::bcp47;

pub use author::{Author, AuthorChanges, sort_name};
pub use book::{
    Book, BookChanges, CheckedChanges, Contribution, ContributorRole, Format, SeriesPlace, Stats,
    Status, check_categories, check_prices,
};
pub use category::{Category, CategoryChanges};
pub use checks::Patch;
pub use date::{Precision, PublicationDate};
pub use editing::Editor;
pub use publisher::{Publisher, PublisherChanges};
pub use series::{Series, SeriesChanges};
pub use slug::{Slug, fold};
