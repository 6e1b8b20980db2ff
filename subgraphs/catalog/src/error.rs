//! Why an edit fails: refusals that are data, and faults that stop the request.

use coko_core::Error;
use diesel::result::{DatabaseErrorKind, Error as Diesel};

use crate::model::Refusal;

coko_core::refusal! {
    /// Why an edit of the catalogue was refused.
    CatalogError, CatalogErrorCode {
        /// It does not exist, or is not yours to see.
        NotFound => "core-not-found",
        /// Someone else changed it meanwhile: reload and try again.
        VersionConflict => "core-conflict",
        /// A value is required.
        Required => "core-text-empty",
        /// The text is too long.
        TooLong => "core-text-too-long",
        /// The text contains control characters.
        ControlCharacters => "core-text-control",
        /// There are too many values.
        TooMany => "catalog-too-many",
        /// Not an ISBN, or its check digit is wrong.
        InvalidIsbn => "catalog-invalid-isbn",
        /// Another book has this ISBN.
        IsbnTaken => "catalog-isbn-taken",
        /// A slug is made of a-z, 0-9 and single hyphens.
        InvalidSlug => "catalog-invalid-slug",
        /// Another one has this slug.
        SlugTaken => "catalog-slug-taken",
        /// Not a BCP 47 language.
        InvalidLanguage => "catalog-invalid-language",
        /// Not a date such as 1953, 1953-10 or 1953-10-01.
        InvalidDate => "catalog-invalid-date",
        /// Outside what is possible.
        OutOfRange => "catalog-out-of-range",
        /// Not an https address.
        InvalidUrl => "catalog-invalid-url",
        /// Not an ISO 3166-1 alpha-2 country.
        InvalidCountry => "catalog-invalid-country",
        /// Not a Thema subject code.
        InvalidThema => "catalog-invalid-thema",
        /// No such category.
        UnknownCategory => "catalog-unknown-category",
        /// No such author.
        UnknownAuthor => "catalog-unknown-author",
        /// No such publisher, or not yours.
        UnknownPublisher => "catalog-unknown-publisher",
        /// No such series.
        UnknownSeries => "catalog-unknown-series",
        /// The same value is given twice.
        Duplicate => "catalog-duplicate",
        /// A price is not negative.
        NegativePrice => "catalog-negative-price",
        /// A free book has no price above zero.
        FreeWithPrice => "catalog-free-with-price",
        /// A category cannot be its own ancestor.
        CategoryCycle => "catalog-category-cycle",
        /// The book's status does not permit this.
        IllegalStatus => "catalog-illegal-status",
        /// A published book has at least one contributor.
        Incomplete => "catalog-incomplete",
    }
}

/// Why a command changed nothing.
#[derive(Debug, thiserror::Error)]
pub(crate) enum EditError {
    /// Expected: shown to the author beside the form.
    #[error("refused: {0:?}")]
    Refused(Vec<Refusal>),
    /// A missing right or a fault: stops the request.
    #[error(transparent)]
    Failed(#[from] Error),
}

impl From<Refusal> for EditError {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(vec![refusal])
    }
}

impl From<Vec<Refusal>> for EditError {
    fn from(refusals: Vec<Refusal>) -> Self {
        Self::Refused(refusals)
    }
}

impl From<Diesel> for EditError {
    /// A unique index that two editors reach at once is a refusal like any other.
    fn from(error: Diesel) -> Self {
        if let Diesel::DatabaseError(DatabaseErrorKind::UniqueViolation, about) = &error {
            match about.constraint_name() {
                Some("books_by_isbn") => {
                    return Refusal::of("isbn", CatalogErrorCode::IsbnTaken).into();
                }
                Some(name) if name.ends_with("_slug_key") => {
                    return Refusal::of("slug", CatalogErrorCode::SlugTaken).into();
                }
                _ => {}
            }
        }
        Self::Failed(error.into())
    }
}

impl From<diesel_async::pooled_connection::bb8::RunError> for EditError {
    fn from(error: diesel_async::pooled_connection::bb8::RunError) -> Self {
        Self::Failed(error.into())
    }
}
