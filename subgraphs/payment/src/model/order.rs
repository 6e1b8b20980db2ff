//! Orders and the purchase saga: which step follows which.

use coko_core::money::Money;
use diesel::prelude::*;
use time::OffsetDateTime;
use uuid::Uuid;

use super::{Attempt, AttemptStatus, CurrencyCode, RefundReason};
use crate::tables::orders;

coko_core::text_enum! {
    /// What an order buys.
    pub(crate) OrderKind {
        /// One book.
        Book = "BOOK",
        /// A period of a plan.
        Subscription = "SUBSCRIPTION",
        /// Money for the wallet.
        TopUp = "TOP_UP",
    }
}

coko_core::text_enum! {
    /// Where an order stands.
    pub(crate) OrderStatus {
        /// Made; nobody was asked to pay yet, or every attempt failed. It can be paid until it expires.
        Pending = "PENDING",
        /// A provider waits for the payer.
        AwaitingPayer = "AWAITING_PAYER",
        /// Paid, and what was bought is being granted.
        Paid = "PAID",
        /// Paid and granted.
        Fulfilled = "FULFILLED",
        /// It expired or was called off before it was paid.
        Cancelled = "CANCELLED",
        /// It is being paid back.
        Refunding = "REFUNDING",
        /// It was paid back.
        Refunded = "REFUNDED",
    }
}

impl OrderStatus {
    /// Whether it can still be paid in the ordinary way.
    pub(crate) fn is_open(self) -> bool {
        matches!(self, Self::Pending | Self::AwaitingPayer)
    }
}

/// Something that someone buys, with its price as it was when they began.
#[derive(Clone, Debug, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = orders, treat_none_as_null = true)]
pub(crate) struct Order {
    pub(crate) id: Uuid,
    pub(crate) user_id: Uuid,
    pub(crate) kind: OrderKind,
    pub(crate) book_id: Option<Uuid>,
    pub(crate) plan_code: Option<String>,
    pub(crate) title: String,
    pub(crate) amount: i64,
    pub(crate) currency: CurrencyCode,
    pub(crate) status: OrderStatus,
    pub(crate) paid_attempt_id: Option<Uuid>,
    pub(crate) created_at: OffsetDateTime,
    pub(crate) updated_at: OffsetDateTime,
    pub(crate) due_at: Option<OffsetDateTime>,
}

/// What a confirmed payment means for its order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// The pivot: the order is paid by it.
    Take,
    /// It is known already.
    Known,
    /// The money is not owed: it goes back.
    GiveBack(RefundReason),
}

impl Order {
    /// What it costs.
    pub(crate) fn price(&self) -> Money {
        Money::new(self.amount, self.currency.0)
    }

    /// Decides over a payment of `received` that the provider confirms for `attempt`. `owned` says that the buyer has the
    /// book by now, or buys it with another order.
    ///
    /// An order that expired here is paid all the same when the payer was faster than we knew.
    pub(crate) fn on_paid(&self, attempt: &Attempt, received: Money, owned: bool) -> Verdict {
        if attempt.status == AttemptStatus::Succeeded {
            return Verdict::Known;
        }
        if received != attempt.charged() {
            return Verdict::GiveBack(RefundReason::Mismatch);
        }
        let takes = self.status.is_open() || (self.status == OrderStatus::Cancelled && !owned);
        if takes {
            Verdict::Take
        } else {
            Verdict::GiveBack(RefundReason::Duplicate)
        }
    }
}

/// A UUID as 26 characters of Crockford's base 32, which is how a ULID is written: Orange Money takes at most 30.
pub(crate) fn reference(id: Uuid) -> String {
    const DIGITS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    let number = id.as_u128();
    (0..26)
        .rev()
        .map(|place| {
            // Five bits are less than 32.
            let digit = usize::try_from((number >> (5 * place)) & 31).unwrap_or(0);
            char::from(DIGITS[digit])
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use coko_core::money::Currency;

    use super::*;
    use crate::model::Provider;

    fn order(status: OrderStatus) -> Order {
        Order {
            id: Uuid::from_u128(1),
            user_id: Uuid::from_u128(2),
            kind: OrderKind::Book,
            book_id: Some(Uuid::from_u128(3)),
            plan_code: None,
            title: "L'Enfant noir".to_owned(),
            amount: 1500,
            currency: CurrencyCode(Currency::Xof),
            status,
            paid_attempt_id: None,
            created_at: OffsetDateTime::UNIX_EPOCH,
            updated_at: OffsetDateTime::UNIX_EPOCH,
            due_at: None,
        }
    }

    fn verdict(
        status: OrderStatus,
        attempt_status: AttemptStatus,
        received: i64,
        owned: bool,
    ) -> Verdict {
        let mut attempt = Attempt::new(
            Uuid::from_u128(4),
            Uuid::from_u128(1),
            Provider::Wave,
            Money::new(1500, Currency::Xof),
            OffsetDateTime::UNIX_EPOCH,
        );
        attempt.status = attempt_status;
        order(status).on_paid(&attempt, Money::new(received, Currency::Xof), owned)
    }

    #[test]
    fn money_is_taken_once_or_given_back() {
        use AttemptStatus as A;
        use OrderStatus as O;
        let back = |reason| Verdict::GiveBack(reason);
        for (status, attempt, received, owned, expected) in [
            (O::Pending, A::Created, 1500, false, Verdict::Take),
            (
                O::AwaitingPayer,
                A::AwaitingPayer,
                1500,
                false,
                Verdict::Take,
            ),
            // A failure was reported before the success: the success stands.
            (O::Pending, A::Failed, 1500, false, Verdict::Take),
            (O::Cancelled, A::Failed, 1500, false, Verdict::Take),
            (
                O::Cancelled,
                A::Failed,
                1500,
                true,
                back(RefundReason::Duplicate),
            ),
            (
                O::Paid,
                A::AwaitingPayer,
                1500,
                true,
                back(RefundReason::Duplicate),
            ),
            (
                O::Fulfilled,
                A::Failed,
                1500,
                true,
                back(RefundReason::Duplicate),
            ),
            (
                O::Refunded,
                A::Failed,
                1500,
                false,
                back(RefundReason::Duplicate),
            ),
            (
                O::AwaitingPayer,
                A::AwaitingPayer,
                1499,
                false,
                back(RefundReason::Mismatch),
            ),
            (O::Paid, A::Succeeded, 1500, true, Verdict::Known),
        ] {
            let found = verdict(status, attempt, received, owned);
            assert_eq!(found, expected, "{status:?} {attempt:?} {received} {owned}");
        }
    }

    #[test]
    fn references_are_short_and_distinct() {
        assert_eq!(reference(Uuid::nil()), "0".repeat(26));
        assert_eq!(reference(Uuid::max()), "7ZZZZZZZZZZZZZZZZZZZZZZZZZ");
        assert_ne!(
            reference(Uuid::from_u128(1)),
            reference(Uuid::from_u128(32))
        );
    }
}
