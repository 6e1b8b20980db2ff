//! Currencies in the database, and the fixed parity of the CFA franc.

use coko_core::money::{Currency, Money};

pub(crate) use coko_core::money::CurrencyCode;

/// 1 EUR is 655.957 XOF, by treaty; here in thousandths.
const PARITY_MILLI: i128 = 655_957;

/// `money` in `currency` by the fixed parity, rounded half up to the minor unit; none where there is no fixed parity.
pub(crate) fn convert(money: Money, currency: Currency) -> Option<Money> {
    let amount = i128::from(money.amount);
    let converted = match (money.currency, currency) {
        (from, to) if from == to => amount,
        // Francs to cents, and back.
        (Currency::Xof, Currency::Eur) => rounded(amount * 100_000, PARITY_MILLI),
        (Currency::Eur, Currency::Xof) => rounded(amount * PARITY_MILLI, 100_000),
        _ => return None,
    };
    Some(Money::new(i64::try_from(converted).ok()?, currency))
}

fn rounded(dividend: i128, divisor: i128) -> i128 {
    (2 * dividend + divisor).div_euclid(2 * divisor)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_parity_is_exact() {
        let convert =
            |amount, from, to| convert(Money::new(amount, from), to).map(|money| money.amount);
        assert_eq!(
            convert(655_957, Currency::Xof, Currency::Eur),
            Some(100_000)
        );
        assert_eq!(convert(1500, Currency::Xof, Currency::Eur), Some(229));
        assert_eq!(convert(229, Currency::Eur, Currency::Xof), Some(1502));
        assert_eq!(convert(1500, Currency::Xof, Currency::Xof), Some(1500));
        assert_eq!(convert(1500, Currency::Usd, Currency::Xof), None);
    }

    proptest! {
        #[test]
        fn cents_survive_a_round_trip(cents in 1_i64..1_000_000_000) {
            let francs = convert(Money::new(cents, Currency::Eur), Currency::Xof).unwrap();
            let back = convert(francs, Currency::Eur).unwrap();
            prop_assert_eq!(back.amount, cents);
        }
    }
}
