//! Double entry, for the services that keep books: a journal is one event of the books, and its entries sum to zero in every
//! currency. Debits are positive, credits negative. The database refuses a journal that does not balance, and any change of what
//! was booked: a mistake is reversed by another journal.

use std::collections::BTreeMap;

use crate::money::{Currency, Money};

/// One line of a journal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The account: `sales:books`, `wallet:<user>`.
    pub account: String,
    /// A debit when positive, a credit when negative; never zero.
    pub amount: Money,
}

/// The step and the lines of one journal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Journal {
    /// The step that books it, once: `capture:<attempt>`, `refund:<refund>`.
    pub step: String,
    /// Its lines.
    pub entries: Vec<Entry>,
}

impl Journal {
    /// The journal of `step`; lines of nothing are left out.
    pub fn new(step: impl Into<String>, entries: impl IntoIterator<Item = Entry>) -> Self {
        let counts = |entry: &Entry| entry.amount.amount != 0;
        Self {
            step: step.into(),
            entries: entries.into_iter().filter(counts).collect(),
        }
    }

    /// The reversal of what another step booked; `booked` are its lines.
    pub fn reversal(step: impl Into<String>, booked: impl IntoIterator<Item = Entry>) -> Self {
        let turned = |entry: Entry| Entry {
            amount: Money::new(-entry.amount.amount, entry.amount.currency),
            ..entry
        };
        Self::new(step, booked.into_iter().map(turned))
    }

    /// The sum of its lines in each currency that it has: zero, when it balances.
    pub fn sums(&self) -> BTreeMap<Currency, i64> {
        let mut sums = BTreeMap::new();
        for entry in &self.entries {
            *sums.entry(entry.amount.currency).or_insert(0) += entry.amount.amount;
        }
        sums
    }
}

/// A line that says what came into an account.
pub fn debit(account: impl Into<String>, amount: Money) -> Entry {
    Entry {
        account: account.into(),
        amount,
    }
}

/// A line that says what went out of an account, or is owed to whom it is named after.
pub fn credit(account: impl Into<String>, amount: Money) -> Entry {
    debit(account, Money::new(-amount.amount, amount.currency))
}

/// Defines `book` and `booked` over a service's tables of journals and entries, the former with a column that names what a journal
/// is about. A function cannot name Diesel's tables.
#[macro_export]
macro_rules! ledger_store {
    ($journals:ident, $entries:ident, $subject:ident) => {
        /// Books a journal; a step that was booked before is left as it is, and false is returned.
        pub(crate) async fn book(
            connection: &mut $crate::database::Connection,
            id: uuid::Uuid,
            subject: uuid::Uuid,
            journal: &$crate::ledger::Journal,
            now: time::OffsetDateTime,
        ) -> diesel::QueryResult<bool> {
            use diesel::prelude::*;
            use diesel_async::RunQueryDsl;

            let fresh = diesel::insert_into($journals::table)
                .values((
                    $journals::id.eq(id),
                    $journals::step.eq(&journal.step),
                    $journals::$subject.eq(subject),
                    $journals::created_at.eq(now),
                ))
                .on_conflict_do_nothing()
                .execute(connection)
                .await?;
            if fresh == 0 {
                return Ok(false);
            }
            let rows: Vec<_> = journal
                .entries
                .iter()
                .map(|entry| {
                    (
                        $entries::journal_id.eq(id),
                        $entries::account.eq(&entry.account),
                        $entries::amount.eq(entry.amount.amount),
                        $entries::currency.eq($crate::money::CurrencyCode(entry.amount.currency)),
                    )
                })
                .collect();
            diesel::insert_into($entries::table)
                .values(rows)
                .execute(connection)
                .await?;
            Ok(true)
        }

        /// The lines that a step booked.
        pub(crate) async fn booked(
            connection: &mut $crate::database::Connection,
            step: &str,
        ) -> diesel::QueryResult<Vec<$crate::ledger::Entry>> {
            use diesel::prelude::*;
            use diesel_async::RunQueryDsl;

            let rows: Vec<(String, i64, $crate::money::CurrencyCode)> = $entries::table
                .filter(
                    $entries::journal_id.eq_any(
                        $journals::table
                            .filter($journals::step.eq(step))
                            .select($journals::id),
                    ),
                )
                .order($entries::id)
                .select(($entries::account, $entries::amount, $entries::currency))
                .load(connection)
                .await?;
            let entry =
                |(account, amount, currency): (String, i64, $crate::money::CurrencyCode)| {
                    $crate::ledger::Entry {
                        account,
                        amount: $crate::money::Money::new(amount, currency.0),
                    }
                };
            Ok(rows.into_iter().map(entry).collect())
        }
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reversal_undoes_what_was_booked() {
        let francs = |amount| Money::new(amount, Currency::Xof);
        let journal = Journal::new(
            "sale:1",
            [
                debit("clearing", francs(100)),
                credit("platform", francs(30)),
                credit("escrow", francs(70)),
                credit("nobody", francs(0)),
            ],
        );
        assert_eq!(journal.entries.len(), 3);
        assert_eq!(journal.sums(), BTreeMap::from([(Currency::Xof, 0)]));
        let reversed = Journal::reversal("refund:1", journal.entries.clone());
        for (booked, turned) in journal.entries.iter().zip(&reversed.entries) {
            assert_eq!(booked.account, turned.account);
            assert_eq!(booked.amount.amount + turned.amount.amount, 0);
        }
    }
}
