//! The types that clients see.

mod book;
mod input;
mod people;
mod search;
mod shelf;

pub(super) use book::BookType;
pub(super) use input::{
    BookFilter, CreateAuthorInput, CreateBookInput, CreateCategoryInput, CreatePublisherInput,
    CreateSeriesInput, DeleteBookInput, PublishBookInput, SearchFilter, SetBookCategoriesInput,
    SetBookPricesInput, UpdateAuthorInput, UpdateBookInput, UpdateCategoryInput,
    UpdatePublisherInput, UpdateSeriesInput, WithdrawBookInput, prices,
};
pub(super) use people::{AuthorType, PublisherType, SeriesType, keys};
pub(super) use search::{SearchResults, SuggestionType};
pub(super) use shelf::CategoryType;
