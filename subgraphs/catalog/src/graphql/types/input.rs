//! Inputs, and what the model makes of them.

mod authors;
mod books;
mod categories;
mod filters;
mod publishers;
mod series;

use async_graphql::{InputObject, MaybeUndefined};
use coko_core::money::{Currency, Money};

pub(crate) use authors::{CreateAuthorInput, UpdateAuthorInput};
pub(crate) use books::{
    CreateBookInput, DeleteBookInput, PublishBookInput, SetBookCategoriesInput, SetBookPricesInput,
    UpdateBookInput, WithdrawBookInput,
};
pub(crate) use categories::{CreateCategoryInput, UpdateCategoryInput};
pub(crate) use filters::{BookFilter, SearchFilter};
pub(crate) use publishers::{CreatePublisherInput, UpdatePublisherInput};
pub(crate) use series::{CreateSeriesInput, UpdateSeriesInput};

use crate::model::Patch;

/// Left out is left alone, null empties.
fn patch<T>(value: MaybeUndefined<T>) -> Patch<T> {
    match value {
        MaybeUndefined::Undefined => None,
        MaybeUndefined::Null => Some(None),
        MaybeUndefined::Value(value) => Some(Some(value)),
    }
}

/// An amount of money.
#[derive(Clone, Copy, InputObject)]
pub(crate) struct MoneyInput {
    /// The amount in the currency's minor unit: francs for XOF, cents for EUR and USD.
    amount: i64,
    /// The currency.
    currency: Currency,
}

/// The amounts as the model has them.
pub(crate) fn prices(inputs: &[MoneyInput]) -> Vec<Money> {
    inputs
        .iter()
        .map(|input| Money::new(input.amount, input.currency))
        .collect()
}
