//! Monthly statements.

use coko_core::money::{CurrencyCode, Money};
use diesel::prelude::*;
use time::{Date, OffsetDateTime};
use uuid::Uuid;

use super::RoyaltySource;
use crate::tables::{statement_lines, statements};

/// What happened on an account since the statement before. Once issued, it never changes.
#[derive(Clone, Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = statements)]
pub(crate) struct Statement {
    pub(crate) id: Uuid,
    pub(crate) payee_id: Uuid,
    pub(crate) currency: CurrencyCode,
    /// Its first day.
    pub(crate) month: Date,
    /// What was held and owed before.
    pub(crate) opening: i64,
    pub(crate) accrued: i64,
    pub(crate) reversed: i64,
    pub(crate) paid: i64,
    /// What is held and owed after that.
    pub(crate) closing: i64,
    pub(crate) issued_at: OffsetDateTime,
}

/// What changed an account.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Movements {
    pub(crate) accrued: i64,
    pub(crate) reversed: i64,
    pub(crate) paid: i64,
}

impl Statement {
    /// The statement of an account for a month; none when nothing was there and nothing happened.
    pub(crate) fn new(
        id: Uuid,
        (payee_id, currency): (Uuid, CurrencyCode),
        month: Date,
        opening: i64,
        moved: Movements,
        now: OffsetDateTime,
    ) -> Option<Self> {
        (opening != 0 || moved != Movements::default()).then(|| Self {
            id,
            payee_id,
            currency,
            month,
            opening,
            accrued: moved.accrued,
            reversed: moved.reversed,
            paid: moved.paid,
            closing: opening + moved.accrued - moved.reversed - moved.paid,
            issued_at: now,
        })
    }

    pub(crate) fn money(&self, amount: i64) -> Money {
        Money::new(amount, self.currency.0)
    }

    /// Its number as people write it: `R2026-03-1A2B3C4D-XOF`, of the month and the account.
    pub(crate) fn code(&self) -> String {
        let payee = self.payee_id.simple().to_string().to_uppercase();
        format!(
            "R{}-{:02}-{}-{}",
            self.month.year(),
            u8::from(self.month.month()),
            &payee[payee.len() - 8..],
            self.currency.0
        )
    }
}

/// What one manuscript earned, or had taken back.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = statement_lines)]
pub(crate) struct StatementLine {
    pub(crate) title: String,
    pub(crate) source: RoyaltySource,
    pub(crate) reversal: bool,
    /// Copies sold, or seconds read.
    pub(crate) units: i64,
    pub(crate) gross: i64,
    pub(crate) amount: i64,
}

impl StatementLine {
    /// An amount of the line, below zero when it was taken back.
    pub(crate) fn signed(&self, amount: i64) -> i64 {
        if self.reversal { -amount } else { amount }
    }

    /// Copies, or minutes.
    pub(crate) fn quantity(&self) -> i64 {
        let units = match self.source {
            RoyaltySource::Sale => self.units,
            RoyaltySource::Reading => self.units / 60,
        };
        self.signed(units)
    }
}
