//! Who gets how much of what was earned, to the last franc; and on which accounts it is booked.

use coko_core::ledger::{Entry, Journal, credit, debit};
use coko_core::money::{Currency, Money};
use time::Date;
use uuid::Uuid;

use super::contract::WHOLE;
use super::{Agreement, PayeeKind, RoyaltySource};

/// Money of readers, which payment holds.
const SALES: &str = "clearing:sales";
/// Money that left for payees.
const PAID: &str = "clearing:payouts";
/// What the platform keeps.
const REVENUE: &str = "platform:revenue";
/// What the platform gives of subscriptions for reading.
const READING: &str = "platform:reading";
/// What was asked for and is on its way.
const PENDING: &str = "payouts:pending";
/// The beginning of the accounts of what is held for a while.
const ESCROW: &str = "escrow:";
/// The beginning of the accounts of what is owed.
const PAYABLE: &str = "payable:";

/// Divides `total` by `weights` so that the parts sum to it: each gets its quota rounded down, and those with the largest remainders
/// one unit more, the first of equals first (Hamilton's method). Nothing is divided when all weights are zero or `total` is negative.
pub(crate) fn allocate(total: i64, weights: &[u64]) -> Vec<i64> {
    let sum: u128 = weights.iter().map(|weight| u128::from(*weight)).sum();
    let Some(whole) = u64::try_from(total).ok().filter(|_| sum > 0) else {
        return vec![0; weights.len()];
    };
    let whole = u128::from(whole);
    let mut left = whole;
    let mut remainders: Vec<(u128, usize)> = Vec::with_capacity(weights.len());
    let mut parts: Vec<u128> = Vec::with_capacity(weights.len());
    for (index, weight) in weights.iter().enumerate() {
        let product = whole * u128::from(*weight);
        let part = product / sum;
        left -= part;
        parts.push(part);
        remainders.push((product % sum, index));
    }
    remainders.sort_by(|one, two| two.0.cmp(&one.0).then(one.1.cmp(&two.1)));
    for (_, index) in remainders {
        if left == 0 {
            break;
        }
        parts[index] += 1;
        left -= 1;
    }
    // No part is larger than the total.
    parts
        .into_iter()
        .map(|part| i64::try_from(part).unwrap_or(i64::MAX))
        .collect()
}

/// What one payee gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Part {
    pub(crate) payee: Uuid,
    pub(crate) kind: PayeeKind,
    pub(crate) amount: i64,
}

/// How an amount is divided: what the platform keeps, and what each payee gets; who gets nothing is left out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Division {
    pub(crate) platform: i64,
    pub(crate) parts: Vec<Part>,
}

impl Division {
    /// Divides `amount` as was agreed. What readers pay by subscription is given to payees whole.
    pub(crate) fn new(source: RoyaltySource, amount: i64, agreed: &Agreement) -> Self {
        let platform = match source {
            RoyaltySource::Sale => agreed.platform_share.min(WHOLE),
            RoyaltySource::Reading => 0,
        };
        let rest = u64::from(WHOLE - platform);
        let mut weights = vec![u64::from(platform) * u64::from(WHOLE)];
        weights.extend(
            agreed
                .parties
                .iter()
                .map(|(_, _, share)| u64::from(*share) * rest),
        );
        let mut amounts = allocate(amount, &weights).into_iter();
        let platform = amounts.next().unwrap_or_default();
        let parts = agreed.parties.iter().zip(amounts);
        let parts = parts.map(|((payee, kind, _), amount)| Part {
            payee: *payee,
            kind: *kind,
            amount,
        });
        Self {
            platform,
            parts: parts.filter(|part| part.amount > 0).collect(),
        }
    }

    /// The journal of `step`, which earned it.
    pub(crate) fn journal(
        &self,
        step: String,
        source: RoyaltySource,
        currency: Currency,
    ) -> Journal {
        let money = |amount| Money::new(amount, currency);
        let held: i64 = self.parts.iter().map(|part| part.amount).sum();
        let from = match source {
            RoyaltySource::Sale => SALES,
            RoyaltySource::Reading => READING,
        };
        let mut entries = vec![
            debit(from, money(self.platform + held)),
            credit(REVENUE, money(self.platform)),
        ];
        let parts = self.parts.iter();
        entries.extend(parts.map(|part| credit(escrow(part.payee), money(part.amount))));
        Journal::new(step, entries)
    }
}

fn escrow(payee: Uuid) -> String {
    format!("{ESCROW}{payee}")
}

fn payable(payee: Uuid) -> String {
    format!("{PAYABLE}{payee}")
}

/// The step that books a sale.
pub(crate) fn sale_step(order: Uuid) -> String {
    format!("sale:{order}")
}

/// The step that books a month's reading of a manuscript in a country.
pub(crate) fn reading_step(month: Date, manuscript: Uuid, country: &str) -> String {
    format!(
        "reading:{}-{:02}:{manuscript}:{country}",
        month.year(),
        u8::from(month.month())
    )
}

/// What was held for a while is owed from now on.
pub(crate) fn release(accrual: Uuid, payee: Uuid, amount: Money) -> Journal {
    Journal::new(
        format!("release:{accrual}"),
        [debit(escrow(payee), amount), credit(payable(payee), amount)],
    )
}

/// The reversal of a sale; `booked` are its lines, `released` those whose part is no longer held: it is taken back from what is
/// owed to them, which may be less than nothing after that.
pub(crate) fn refund(order: Uuid, booked: Vec<Entry>, released: &[Uuid]) -> Journal {
    let turned = booked.into_iter().map(|entry| {
        let payee = entry.account.strip_prefix(ESCROW);
        let payee = payee.and_then(|payee| payee.parse::<Uuid>().ok());
        match payee.filter(|payee| released.contains(payee)) {
            Some(payee) => Entry {
                account: payable(payee),
                ..entry
            },
            None => entry,
        }
    });
    Journal::reversal(format!("refund:{order}"), turned)
}

/// A payout was asked for: it is no longer owed, and on its way.
pub(crate) fn request(payout: Uuid, payee: Uuid, amount: Money) -> Journal {
    Journal::new(
        format!("payout:{payout}"),
        [debit(payable(payee), amount), credit(PENDING, amount)],
    )
}

/// A payout was made.
pub(crate) fn paid(payout: Uuid, amount: Money) -> Journal {
    Journal::new(
        format!("paid:{payout}"),
        [debit(PENDING, amount), credit(PAID, amount)],
    )
}

/// A payout was rejected: it is owed again.
pub(crate) fn returned(payout: Uuid, payee: Uuid, amount: Money) -> Journal {
    Journal::new(
        format!("returned:{payout}"),
        [debit(PENDING, amount), credit(payable(payee), amount)],
    )
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn remainders_go_to_the_largest_first() {
        for (total, weights, expected) in [
            (100, &[1, 1, 1][..], &[34, 33, 33][..]),
            (7, &[3000, 4200, 2800], &[2, 3, 2]),
            (1, &[1, 2], &[0, 1]),
            (0, &[1, 2], &[0, 0]),
            (5, &[0, 0], &[0, 0]),
            (-5, &[1, 1], &[0, 0]),
            (
                i64::MAX,
                &[u64::MAX, u64::MAX],
                &[i64::MAX / 2 + 1, i64::MAX / 2],
            ),
        ] {
            assert_eq!(allocate(total, weights), expected, "{total} by {weights:?}");
        }
    }

    fn agreement() -> impl Strategy<Value = Agreement> {
        let cuts = prop::collection::btree_set(1_u32..WHOLE, 0..8);
        (0..=WHOLE, cuts).prop_map(|(platform_share, cuts)| {
            let mut from = 0;
            let mut parties = Vec::new();
            for cut in cuts.into_iter().chain([WHOLE]) {
                let payee = Uuid::from_u128(u128::from(cut));
                parties.push((payee, PayeeKind::User, cut - from));
                from = cut;
            }
            Agreement {
                platform_share,
                parties,
            }
        })
    }

    proptest! {
        #[test]
        fn nothing_is_created_or_lost(total in 0_i64..=i64::MAX, weights in prop::collection::vec(any::<u64>(), 1..40)) {
            prop_assume!(weights.iter().any(|weight| *weight > 0));
            let parts = allocate(total, &weights);
            let sum: i128 = parts.iter().map(|part| i128::from(*part)).sum();
            prop_assert_eq!(sum, i128::from(total));
            // Nobody is further than one unit from their quota.
            let whole: u128 = weights.iter().map(|weight| u128::from(*weight)).sum();
            for (part, weight) in parts.iter().zip(&weights) {
                let quota = u128::from(total.unsigned_abs()) * u128::from(*weight) / whole;
                let part = u128::from(part.unsigned_abs());
                prop_assert!(part == quota || part == quota + 1);
            }
        }

        #[test]
        fn every_journal_balances_and_a_refund_leaves_nothing(
            amount in 1_i64..10_000_000, agreed in agreement(), released in any::<u16>(),
        ) {
            let order = Uuid::from_u128(9);
            let division = Division::new(RoyaltySource::Sale, amount, &agreed);
            let held: i64 = division.parts.iter().map(|part| part.amount).sum();
            prop_assert_eq!(division.platform + held, amount);
            let mut journals = vec![division.journal(sale_step(order), RoyaltySource::Sale, Currency::Xof)];
            let booked = journals[0].entries.clone();
            let mut payable_now = Vec::new();
            for (index, part) in division.parts.iter().enumerate() {
                if released & (1 << index) != 0 {
                    payable_now.push(part.payee);
                    journals.push(release(Uuid::from_u128(index as u128), part.payee, Money::new(part.amount, Currency::Xof)));
                }
            }
            journals.push(refund(order, booked, &payable_now));
            let mut accounts: BTreeMap<String, i64> = BTreeMap::new();
            for journal in &journals {
                prop_assert!(journal.sums().values().all(|sum| *sum == 0), "{journal:?}");
                for entry in &journal.entries {
                    *accounts.entry(entry.account.clone()).or_insert(0) += entry.amount.amount;
                }
            }
            prop_assert!(accounts.values().all(|sum| *sum == 0), "{accounts:?}");
        }

        #[test]
        fn reading_is_shared_whole(amount in 1_i64..10_000_000, agreed in agreement()) {
            let division = Division::new(RoyaltySource::Reading, amount, &agreed);
            prop_assert_eq!(division.platform, 0);
            prop_assert_eq!(division.parts.iter().map(|part| part.amount).sum::<i64>(), amount);
        }
    }
}
