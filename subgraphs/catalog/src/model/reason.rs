//! The reasons for which an edit is refused, a type each.
//!
//! A rule names in its bounds the reasons it may give, and a mutation's codes are made of those they know: a command whose
//! rules give a reason that its mutation does not declare does not compile.

/// It does not exist, or is not the viewer's to see.
pub struct NotFound;
/// Someone else changed it meanwhile.
pub struct VersionConflict;
/// A value is required.
pub struct Required;
/// The text is too long.
pub struct TooLong;
/// The text contains control characters.
pub struct ControlCharacters;
/// There are too many values.
pub struct TooMany;
/// Not an ISBN, or its check digit is wrong.
pub struct InvalidIsbn;
/// Another book has this ISBN.
pub struct IsbnTaken;
/// Not made of a-z, 0-9 and single hyphens.
pub struct InvalidSlug;
/// Another one has this slug.
pub struct SlugTaken;
/// Not a BCP 47 language.
pub struct InvalidLanguage;
/// Not a date such as 1953, 1953-10 or 1953-10-01.
pub struct InvalidDate;
/// Outside what is possible.
pub struct OutOfRange;
/// Not an https address.
pub struct InvalidUrl;
/// Not an ISO 3166-1 alpha-2 country.
pub struct InvalidCountry;
/// Not a Thema subject code.
pub struct InvalidThema;
/// No such category.
pub struct UnknownCategory;
/// No such author.
pub struct UnknownAuthor;
/// No such publisher, or not the viewer's.
pub struct UnknownPublisher;
/// No such series.
pub struct UnknownSeries;
/// The same value is given twice.
pub struct Duplicate;
/// A price is below zero.
pub struct NegativePrice;
/// A free book has a price above zero.
pub struct FreeWithPrice;
/// A category would be its own ancestor.
pub struct CategoryCycle;
/// The book's status does not permit this.
pub struct IllegalStatus;
/// A published book has nobody who contributed.
pub struct Incomplete;
