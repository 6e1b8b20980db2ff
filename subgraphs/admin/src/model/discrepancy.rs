//! Comparisons of settled payments with providers' books, and where they did not agree.

use coko_core::money::{Currency, Money};
use coko_core::text_enum;
use diesel::prelude::*;
use time::{Date, Duration, OffsetDateTime};
use uuid::Uuid;

use crate::tables::{comparisons, discrepancies, reconciliations};

/// The longest span of time whose payments are compared at one request.
pub(crate) const LONGEST: Duration = Duration::days(7);

/// What is written to `comparisons` where the books agree.
pub(crate) const AGREES: &str = "AGREES";

text_enum! {
    /// How the books did not agree.
    #[graphql(name = "DiscrepancyKind")]
    pub(crate) Kind {
        /// The provider was paid and we did not know; it was taken in when that was found.
        MissedHere = "MISSED_HERE",
        /// Our ledger holds a payment that the provider does not: a person must look.
        MissingThere = "MISSING_THERE",
    }
}

text_enum! {
    /// Who takes the money.
    #[graphql(name = "ReconciledProvider")]
    pub(crate) Provider {
        /// Wave.
        Wave = "WAVE",
        /// Orange Money.
        OrangeMoney = "ORANGE_MONEY",
        /// Stripe.
        Stripe = "STRIPE",
        /// PayPal.
        PayPal = "PAYPAL",
    }
}

/// A payment about which the books did not agree.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = discrepancies)]
pub(crate) struct Discrepancy {
    pub(crate) attempt_id: Uuid,
    pub(crate) order_id: Uuid,
    pub(crate) provider: String,
    pub(crate) outcome: Kind,
    pub(crate) amount: i64,
    pub(crate) currency: String,
    pub(crate) found_at: OffsetDateTime,
    pub(crate) closed_at: Option<OffsetDateTime>,
    pub(crate) closed_by: Option<Uuid>,
    pub(crate) note: Option<String>,
}

impl Discrepancy {
    /// What the provider was asked to take.
    pub(crate) fn charged(&self) -> Money {
        Money::new(self.amount, self.currency.parse().unwrap_or(Currency::Xof))
    }
}

/// How many comparisons of a day ended so.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = comparisons)]
pub(crate) struct Comparison {
    pub(crate) day: Date,
    pub(crate) provider: String,
    pub(crate) outcome: String,
    pub(crate) count: i64,
}

/// A request to compare once more.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = reconciliations)]
pub(crate) struct Reconciliation {
    pub(crate) id: Uuid,
    pub(crate) provider: Option<Provider>,
    pub(crate) from_at: OffsetDateTime,
    pub(crate) until_at: OffsetDateTime,
    pub(crate) requested_at: OffsetDateTime,
    pub(crate) requested_by: Uuid,
}

/// Whether payments of this span can be compared: it lies in the past and is not too long.
pub(crate) fn is_span(from: OffsetDateTime, until: OffsetDateTime, now: OffsetDateTime) -> bool {
    from < until && until <= now && until - from <= LONGEST
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    #[test]
    fn only_a_short_span_of_the_past_is_compared() {
        let now = datetime!(2026-02-10 12:00 UTC);
        let day = Duration::DAY;
        assert!(is_span(now - day, now, now));
        assert!(is_span(now - LONGEST, now, now));
        assert!(!is_span(now - LONGEST - Duration::SECOND, now, now));
        assert!(!is_span(now, now, now));
        assert!(!is_span(now, now - day, now));
        assert!(!is_span(now, now + day, now));
    }
}
