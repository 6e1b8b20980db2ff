//! Money: an integer in the currency's minor unit, never a float.

use std::fmt::{self, Write as _};
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::locale::Locale;

/// A currency the platform sells in (ISO 4217).
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Hash,
    PartialOrd,
    Ord,
    Serialize,
    Deserialize,
    async_graphql::Enum,
)]
#[serde(rename_all = "UPPERCASE")]
#[graphql(rename_items = "UPPERCASE")]
pub enum Currency {
    /// West African CFA franc, which has no minor unit.
    Xof,
    /// Euro, in cents.
    Eur,
    /// United States dollar, in cents.
    Usd,
}

impl Currency {
    /// Every currency, the default first.
    pub const ALL: [Self; 3] = [Self::Xof, Self::Eur, Self::Usd];

    /// The ISO 4217 code.
    pub fn code(self) -> &'static str {
        match self {
            Self::Xof => "XOF",
            Self::Eur => "EUR",
            Self::Usd => "USD",
        }
    }

    /// How many decimal digits the minor unit has.
    pub fn exponent(self) -> u32 {
        match self {
            Self::Xof => 0,
            Self::Eur | Self::Usd => 2,
        }
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

/// The text names no currency the platform sells in.
#[derive(Debug, thiserror::Error)]
#[error("`{0}` is not a currency sold in; expected XOF, EUR or USD")]
pub struct CurrencyError(String);

impl FromStr for Currency {
    type Err = CurrencyError;

    fn from_str(code: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|currency| currency.code().eq_ignore_ascii_case(code))
            .ok_or_else(|| CurrencyError(code.chars().take(8).collect()))
    }
}

/// A currency as a text column holds it.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    diesel::expression::AsExpression,
    diesel::deserialize::FromSqlRow,
)]
#[diesel(sql_type = diesel::sql_types::Text)]
pub struct CurrencyCode(pub Currency);

impl CurrencyCode {
    fn as_str(self) -> &'static str {
        self.0.code()
    }
}

impl FromStr for CurrencyCode {
    type Err = CurrencyError;

    fn from_str(text: &str) -> Result<Self, CurrencyError> {
        text.parse().map(Self)
    }
}

crate::text_column!(CurrencyCode);

/// An amount in the minor unit of its currency: 1500 XOF is 1500 francs, 229 EUR is 2.29 euros.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Money {
    /// Minor units; may be negative in ledgers, never in prices.
    pub amount: i64,
    /// The currency.
    pub currency: Currency,
}

impl Money {
    /// An amount in minor units.
    pub fn new(amount: i64, currency: Currency) -> Self {
        Self { amount, currency }
    }

    /// For people: `1 500 F CFA` and `2,29 €` in French, `F CFA 1,500` and `€2.29` in English.
    pub fn format(self, locale: &Locale) -> String {
        let french = locale.language() != "en";
        let (group, decimal) = if french {
            ("\u{202f}", ',')
        } else {
            (",", '.')
        };
        let unit = 10_u64.pow(self.currency.exponent());
        let absolute = self.amount.unsigned_abs();
        let mut number = grouped(absolute / unit, group);
        if unit > 1 {
            let width = self.currency.exponent() as usize;
            number.push(decimal);
            // Writing to a string cannot fail.
            let _ = write!(number, "{:0width$}", absolute % unit);
        }
        let sign = if self.amount < 0 { "-" } else { "" };
        let symbol = match self.currency {
            Currency::Xof => "F\u{a0}CFA",
            Currency::Eur => "€",
            Currency::Usd => "$",
        };
        match (french, self.currency) {
            (true, _) => format!("{sign}{number}\u{a0}{symbol}"),
            (false, Currency::Xof) => format!("{sign}{symbol}\u{a0}{number}"),
            (false, _) => format!("{sign}{symbol}{number}"),
        }
    }
}

fn grouped(number: u64, separator: &str) -> String {
    let digits = number.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3 * separator.len());
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push_str(separator);
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_read_as_people_write_them() {
        for (amount, currency, french, english) in [
            (0, Currency::Xof, "0 F CFA", "F CFA 0"),
            (1500, Currency::Xof, "1 500 F CFA", "F CFA 1,500"),
            (229, Currency::Eur, "2,29 €", "€2.29"),
            (-100_005, Currency::Usd, "-1 000,05 $", "-$1,000.05"),
        ] {
            let money = Money::new(amount, currency);
            let plain = |text: String| text.replace(['\u{a0}', '\u{202f}'], " ");
            assert_eq!(plain(money.format(&Locale::FR)), french);
            assert_eq!(plain(money.format(&Locale::EN)), english);
        }
    }
}
