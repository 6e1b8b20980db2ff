//! Payouts: what a payee asked for, and what became of it.

use coko_core::money::{CurrencyCode, Money};
use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::tables::payouts;

/// Most characters of the name of whoever is paid.
pub(crate) const MAX_NAME: usize = 100;
/// Most characters of a transfer's id, or of a reason.
pub(crate) const MAX_REFERENCE: usize = 200;

coko_core::text_enum! {
    /// Where a payout stands.
    pub(crate) PayoutStatus {
        /// An operator has to make the transfer.
        Requested = "REQUESTED",
        /// The money was sent.
        Paid = "PAID",
        /// It was not sent, and is owed again.
        Rejected = "REJECTED",
    }
}

/// A payout.
#[derive(Clone, Debug, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = payouts, treat_none_as_null = true)]
pub(crate) struct Payout {
    #[diesel(skip_update)]
    pub(crate) id: Uuid,
    #[diesel(skip_update)]
    pub(crate) payee_id: Uuid,
    #[diesel(skip_update)]
    pub(crate) requested_by: Uuid,
    #[diesel(skip_update)]
    pub(crate) amount: i64,
    #[diesel(skip_update)]
    pub(crate) currency: CurrencyCode,
    pub(crate) status: PayoutStatus,
    pub(crate) destination_sealed: Option<Vec<u8>>,
    #[diesel(skip_update)]
    pub(crate) destination_hint: String,
    pub(crate) reference: Option<String>,
    pub(crate) settled_by: Option<Uuid>,
    #[diesel(skip_update)]
    pub(crate) created_at: OffsetDateTime,
    pub(crate) settled_at: Option<OffsetDateTime>,
}

impl Payout {
    pub(crate) fn money(&self) -> Money {
        Money::new(self.amount, self.currency.0)
    }
}

/// Whose mobile money account gets a payout.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Destination {
    /// E.164: `+221771234567`.
    pub(crate) mobile: String,
    pub(crate) name: String,
}

impl Destination {
    /// What its owner knows it by: `…67`.
    pub(crate) fn hint(&self) -> String {
        let end = self.mobile.len().saturating_sub(2);
        format!("…{}", &self.mobile[end..])
    }
}

/// A phone number in E.164 (ITU-T): a plus, the country, at most 15 digits; spaces, dots and hyphens are dropped.
pub(crate) fn e164(input: &str) -> Option<String> {
    if input.len() > 40 {
        return None;
    }
    let number: String = input
        .chars()
        .filter(|c| !matches!(c, ' ' | '.' | '-' | '\u{a0}' | '\u{202f}'))
        .collect();
    let digits = number.strip_prefix('+')?;
    let sound = (8..=15).contains(&digits.len())
        && !digits.starts_with('0')
        && digits.bytes().all(|byte| byte.is_ascii_digit());
    sound.then_some(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_e164() {
        for (input, expected) in [
            ("+221 77 123 45 67", Some("+221771234567")),
            ("+221-77.123.45.67", Some("+221771234567")),
            ("221771234567", None),
            ("+0221771234567", None),
            ("+22177", None),
            ("+2217712345678901", None),
            ("+22177é234567", None),
            ("", None),
        ] {
            assert_eq!(e164(input).as_deref(), expected, "{input}");
        }
        let destination = Destination {
            mobile: "+221771234567".to_owned(),
            name: "Awa Ndiaye".to_owned(),
        };
        assert_eq!(destination.hint(), "…67");
    }
}
