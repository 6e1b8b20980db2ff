//! The codes of each mutation's refusals, with the keys of their messages.

/// Declares a mutation's refusals, each code made from the model's reason of the same name.
///
/// A macro, because it declares types and implements `From` for each of many.
macro_rules! codes {
    ($(#[$about:meta])* $error:ident, $code:ident { $($(#[$why:meta])* $reason:ident => $key:literal),+ $(,)? }) => {
        coko_core::refusal! { $(#[$about])* $error, $code { $($(#[$why])* $reason => $key),+ } }

        $(
            impl From<$crate::model::reason::$reason> for $code {
                fn from(_: $crate::model::reason::$reason) -> Self {
                    Self::$reason
                }
            }
        )+
    };
}

codes! {
    /// Why `createBook` was refused.
    CreateBookError, CreateBookErrorCode {
        /// A value is required.
        Required => "core-text-empty",
        /// The text is too long.
        TooLong => "core-text-too-long",
        /// The text contains control characters.
        ControlCharacters => "core-text-control",
        /// There are too many values.
        TooMany => "catalog-too-many",
        /// The same value is given twice.
        Duplicate => "catalog-duplicate",
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
        /// No such category.
        UnknownCategory => "catalog-unknown-category",
        /// No such author.
        UnknownAuthor => "catalog-unknown-author",
        /// No such publisher, or not yours.
        UnknownPublisher => "catalog-unknown-publisher",
        /// No such series.
        UnknownSeries => "catalog-unknown-series",
        /// A price is not negative.
        NegativePrice => "catalog-negative-price",
        /// A free book has no price above zero.
        FreeWithPrice => "catalog-free-with-price",
    }
}

codes! {
    /// Why `updateBook` was refused.
    UpdateBookError, UpdateBookErrorCode {
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
        /// The same value is given twice.
        Duplicate => "catalog-duplicate",
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
        /// No such category.
        UnknownCategory => "catalog-unknown-category",
        /// No such author.
        UnknownAuthor => "catalog-unknown-author",
        /// No such publisher, or not yours.
        UnknownPublisher => "catalog-unknown-publisher",
        /// No such series.
        UnknownSeries => "catalog-unknown-series",
        /// A free book has no price above zero.
        FreeWithPrice => "catalog-free-with-price",
        /// A published book has at least one contributor.
        Incomplete => "catalog-incomplete",
    }
}

codes! {
    /// Why `publishBook` was refused.
    PublishBookError, PublishBookErrorCode {
        /// It does not exist, or is not yours to see.
        NotFound => "core-not-found",
        /// Someone else changed it meanwhile: reload and try again.
        VersionConflict => "core-conflict",
        /// The book's status does not permit this.
        IllegalStatus => "catalog-illegal-status",
        /// A published book has at least one contributor.
        Incomplete => "catalog-incomplete",
    }
}

codes! {
    /// Why `withdrawBook` was refused.
    WithdrawBookError, WithdrawBookErrorCode {
        /// It does not exist, or is not yours to see.
        NotFound => "core-not-found",
        /// Someone else changed it meanwhile: reload and try again.
        VersionConflict => "core-conflict",
        /// The book's status does not permit this.
        IllegalStatus => "catalog-illegal-status",
    }
}

codes! {
    /// Why `deleteBook` was refused.
    DeleteBookError, DeleteBookErrorCode {
        /// It does not exist, or is not yours to see.
        NotFound => "core-not-found",
        /// Someone else changed it meanwhile: reload and try again.
        VersionConflict => "core-conflict",
    }
}

codes! {
    /// Why `setBookPrices` was refused.
    SetBookPricesError, SetBookPricesErrorCode {
        /// It does not exist, or is not yours to see.
        NotFound => "core-not-found",
        /// Someone else changed it meanwhile: reload and try again.
        VersionConflict => "core-conflict",
        /// Outside what is possible.
        OutOfRange => "catalog-out-of-range",
        /// The same value is given twice.
        Duplicate => "catalog-duplicate",
        /// A price is not negative.
        NegativePrice => "catalog-negative-price",
        /// A free book has no price above zero.
        FreeWithPrice => "catalog-free-with-price",
    }
}

codes! {
    /// Why `setBookCategories` was refused.
    SetBookCategoriesError, SetBookCategoriesErrorCode {
        /// It does not exist, or is not yours to see.
        NotFound => "core-not-found",
        /// Someone else changed it meanwhile: reload and try again.
        VersionConflict => "core-conflict",
        /// There are too many values.
        TooMany => "catalog-too-many",
        /// The same value is given twice.
        Duplicate => "catalog-duplicate",
        /// No such category.
        UnknownCategory => "catalog-unknown-category",
    }
}

codes! {
    /// Why `createAuthor` was refused.
    CreateAuthorError, CreateAuthorErrorCode {
        /// A value is required.
        Required => "core-text-empty",
        /// The text is too long.
        TooLong => "core-text-too-long",
        /// The text contains control characters.
        ControlCharacters => "core-text-control",
        /// Outside what is possible.
        OutOfRange => "catalog-out-of-range",
        /// Not an ISO 3166-1 alpha-2 country.
        InvalidCountry => "catalog-invalid-country",
        /// Not an https address.
        InvalidUrl => "catalog-invalid-url",
    }
}

codes! {
    /// Why `updateAuthor` was refused.
    UpdateAuthorError, UpdateAuthorErrorCode {
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
        /// Outside what is possible.
        OutOfRange => "catalog-out-of-range",
        /// Not an ISO 3166-1 alpha-2 country.
        InvalidCountry => "catalog-invalid-country",
        /// Not an https address.
        InvalidUrl => "catalog-invalid-url",
    }
}

codes! {
    /// Why `createCategory` was refused.
    CreateCategoryError, CreateCategoryErrorCode {
        /// A value is required.
        Required => "core-text-empty",
        /// The text is too long.
        TooLong => "core-text-too-long",
        /// The text contains control characters.
        ControlCharacters => "core-text-control",
        /// There are too many values.
        TooMany => "catalog-too-many",
        /// A slug is made of a-z, 0-9 and single hyphens.
        InvalidSlug => "catalog-invalid-slug",
        /// Another one has this slug.
        SlugTaken => "catalog-slug-taken",
        /// Not a Thema subject code.
        InvalidThema => "catalog-invalid-thema",
        /// No such category.
        UnknownCategory => "catalog-unknown-category",
    }
}

codes! {
    /// Why `updateCategory` was refused.
    UpdateCategoryError, UpdateCategoryErrorCode {
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
        /// A slug is made of a-z, 0-9 and single hyphens.
        InvalidSlug => "catalog-invalid-slug",
        /// Another one has this slug.
        SlugTaken => "catalog-slug-taken",
        /// Not a Thema subject code.
        InvalidThema => "catalog-invalid-thema",
        /// No such category.
        UnknownCategory => "catalog-unknown-category",
        /// A category cannot be its own ancestor.
        CategoryCycle => "catalog-category-cycle",
    }
}

codes! {
    /// Why `createSeries` was refused.
    CreateSeriesError, CreateSeriesErrorCode {
        /// A value is required.
        Required => "core-text-empty",
        /// The text is too long.
        TooLong => "core-text-too-long",
        /// The text contains control characters.
        ControlCharacters => "core-text-control",
        /// No such publisher, or not yours.
        UnknownPublisher => "catalog-unknown-publisher",
    }
}

codes! {
    /// Why `updateSeries` was refused.
    UpdateSeriesError, UpdateSeriesErrorCode {
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
        /// No such publisher, or not yours.
        UnknownPublisher => "catalog-unknown-publisher",
    }
}

codes! {
    /// Why `createPublisher` was refused.
    CreatePublisherError, CreatePublisherErrorCode {
        /// A value is required.
        Required => "core-text-empty",
        /// The text is too long.
        TooLong => "core-text-too-long",
        /// The text contains control characters.
        ControlCharacters => "core-text-control",
        /// Not an ISO 3166-1 alpha-2 country.
        InvalidCountry => "catalog-invalid-country",
        /// Not an https address.
        InvalidUrl => "catalog-invalid-url",
    }
}

codes! {
    /// Why `updatePublisher` was refused.
    UpdatePublisherError, UpdatePublisherErrorCode {
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
        /// Not an ISO 3166-1 alpha-2 country.
        InvalidCountry => "catalog-invalid-country",
        /// Not an https address.
        InvalidUrl => "catalog-invalid-url",
    }
}
