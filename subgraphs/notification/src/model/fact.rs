//! What a notification is about, kept apart from the words for it: those are found when somebody reads it, in their language.

use std::collections::BTreeMap;

use coko_core::json_column;
use coko_core::money::Money;
use diesel::deserialize::FromSqlRow;
use diesel::expression::AsExpression;
use diesel::sql_types::Jsonb;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use uuid::Uuid;

/// One thing that a message names.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Fact {
    /// Words of somebody's own, the same in every language.
    Text(String),
    /// Words in both languages.
    Spoken {
        /// In French.
        fr: String,
        /// In English.
        en: String,
    },
    /// A code with a message of its own, `notification-term-<code>`: `INSUFFICIENT_FUNDS`.
    Term(String),
    /// A number.
    Number(i64),
    /// An amount.
    Money(Money),
    /// A day in the person's zone.
    Day(#[serde(with = "time::serde::rfc3339")] OffsetDateTime),
    /// Somebody, by the name that they have when it is read.
    Person(Uuid),
    /// A book, by the title that it has when it is read.
    Book(Uuid),
}

/// What a message names, by the names of its placeholders.
#[derive(
    Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, AsExpression, FromSqlRow,
)]
#[diesel(sql_type = Jsonb)]
#[serde(transparent)]
pub(crate) struct Facts(BTreeMap<String, Fact>);

json_column!(Facts);

impl Facts {
    /// Facts by name.
    pub(crate) fn of<const N: usize>(facts: [(&str, Fact); N]) -> Self {
        let owned = facts.into_iter();
        Self(owned.map(|(name, fact)| (name.to_owned(), fact)).collect())
    }

    /// The facts one by one.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &Fact)> {
        self.0.iter().map(|(name, fact)| (name.as_str(), fact))
    }

    /// The people who are named.
    pub(crate) fn people(&self) -> impl Iterator<Item = Uuid> {
        self.0.values().filter_map(|fact| match fact {
            Fact::Person(id) => Some(*id),
            _ => None,
        })
    }

    /// The books that are named.
    pub(crate) fn books(&self) -> impl Iterator<Item = Uuid> {
        self.0.values().filter_map(|fact| match fact {
            Fact::Book(id) => Some(*id),
            _ => None,
        })
    }
}

#[cfg(test)]
mod tests {
    use coko_core::money::Currency;
    use time::macros::datetime;

    use super::*;

    #[test]
    fn facts_are_kept_as_they_are() {
        let facts = Facts::of([
            ("name", Fact::Person(Uuid::from_u128(7))),
            ("title", Fact::Book(Uuid::from_u128(8))),
            ("price", Fact::Money(Money::new(2500, Currency::Xof))),
            ("day", Fact::Day(datetime!(2027-01-15 12:00 UTC))),
            ("count", Fact::Number(-3)),
            ("reason", Fact::Term("SPAM".to_owned())),
            (
                "badge",
                Fact::Spoken {
                    fr: "Premier livre".to_owned(),
                    en: "First book".to_owned(),
                },
            ),
        ]);
        let json = serde_json::to_string(&facts).unwrap();
        assert_eq!(serde_json::from_str::<Facts>(&json).unwrap(), facts);
        let people: Vec<_> = facts.people().collect();
        assert_eq!(people, [Uuid::from_u128(7)]);
        let books: Vec<_> = facts.books().collect();
        assert_eq!(books, [Uuid::from_u128(8)]);
    }
}
