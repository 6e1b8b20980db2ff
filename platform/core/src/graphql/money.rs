//! Money as clients see it, the same in every subgraph.

use async_graphql::{Context, Object};

use super::RequestExt as _;
use crate::money::{Currency, Money};

/// GraphQL's view of [`Money`].
#[derive(Clone, Copy, Debug)]
pub struct MoneyType(pub Money);

impl From<Money> for MoneyType {
    fn from(money: Money) -> Self {
        Self(money)
    }
}

/// An amount of money.
#[Object(name = "Money", shareable)]
impl MoneyType {
    /// The amount in the currency's minor unit: francs for XOF, cents for EUR and USD.
    async fn amount(&self) -> i64 {
        self.0.amount
    }

    /// The currency.
    async fn currency(&self) -> Currency {
        self.0.currency
    }

    /// The amount as the viewer's language writes it: `1 500 F CFA`, `2,29 €`.
    async fn formatted(&self, context: &Context<'_>) -> String {
        self.0.format(context.locale())
    }
}
