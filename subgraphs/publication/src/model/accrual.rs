//! What was earned, and what is held and owed.

use coko_core::money::{CurrencyCode, Money};
use diesel::prelude::*;
use time::{Date, OffsetDateTime};
use uuid::Uuid;

use crate::tables::{accruals, balances, sales};

coko_core::text_enum! {
    /// What a royalty is earned by.
    pub(crate) RoyaltySource {
        /// A copy that was sold.
        Sale = "SALE",
        /// Reading by subscription, month by month.
        Reading = "READING",
    }
}

coko_core::text_enum! {
    /// Where a royalty stands.
    #[graphql(name = "RoyaltyAccrualStatus")]
    pub(crate) AccrualStatus {
        /// Held for a while, as the sale may be undone.
        Escrow = "ESCROW",
        /// Can be paid out, or was.
        Payable = "PAYABLE",
        /// Taken back, because the sale was undone.
        Reversed = "REVERSED",
    }
}

coko_core::text_enum! {
    /// Where a sale stands.
    pub(crate) SaleStatus {
        /// Its royalties are booked.
        Booked = "BOOKED",
        /// They were taken back.
        Reversed = "REVERSED",
        /// It was undone before it was heard of.
        Cancelled = "CANCELLED",
    }
}

/// A copy of a book of ours that was sold.
#[derive(Clone, Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = sales)]
pub(crate) struct Sale {
    pub(crate) order_id: Uuid,
    pub(crate) manuscript_id: Uuid,
    pub(crate) status: SaleStatus,
    pub(crate) amount: i64,
    pub(crate) currency: CurrencyCode,
    pub(crate) at: OffsetDateTime,
}

/// What a sale or a month's reading earned one payee.
#[derive(Clone, Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = accruals)]
pub(crate) struct Accrual {
    pub(crate) id: Uuid,
    pub(crate) source: RoyaltySource,
    pub(crate) order_id: Option<Uuid>,
    /// The first day of the month that was read in.
    pub(crate) month: Option<Date>,
    pub(crate) manuscript_id: Uuid,
    pub(crate) payee_id: Uuid,
    /// Copies sold, or seconds read.
    pub(crate) units: i64,
    /// What was shared.
    pub(crate) gross: i64,
    /// This payee's part of it.
    pub(crate) amount: i64,
    pub(crate) currency: CurrencyCode,
    pub(crate) status: AccrualStatus,
    pub(crate) accrued_at: OffsetDateTime,
    pub(crate) payable_at: OffsetDateTime,
    pub(crate) reversed_at: Option<OffsetDateTime>,
}

impl Accrual {
    pub(crate) fn money(&self) -> Money {
        Money::new(self.amount, self.currency.0)
    }

    pub(crate) fn gross(&self) -> Money {
        Money::new(self.gross, self.currency.0)
    }
}

/// What is held for a payee and owed to them in one currency.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = balances)]
pub(crate) struct Balance {
    pub(crate) payee_id: Uuid,
    pub(crate) currency: CurrencyCode,
    pub(crate) escrow: i64,
    /// Less than nothing where more was paid out than was earned in the end; what is earned next makes up for it.
    pub(crate) payable: i64,
}
