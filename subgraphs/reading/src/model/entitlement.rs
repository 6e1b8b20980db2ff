//! Rights to read a book. Several exist side by side; one that ends leaves the others.

use coko_core::text_enum;
use diesel::prelude::*;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::tables::entitlements;

text_enum! {
    /// What a right to read comes from, the strongest first.
    #[graphql(name = "EntitlementSource")]
    pub(crate) Source {
        /// An order that was paid.
        Purchased = "PURCHASED",
        /// Somebody's gift.
        Gifted = "GIFTED",
        /// The book was free when it was taken.
        Free = "FREE",
        /// The subscription that runs.
        Subscription = "SUBSCRIPTION",
    }
}

text_enum! {
    /// Why a right ended.
    pub(crate) RevocationReason {
        /// The order was paid back.
        Refunded = "REFUNDED",
        /// The subscription ended.
        SubscriptionEnded = "SUBSCRIPTION_ENDED",
        /// The book left the shelf, and with it all subscriptions.
        Withdrawn = "WITHDRAWN",
    }
}

/// One right of one reader to one book, whether it holds or ended.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = entitlements)]
pub(crate) struct Entitlement {
    pub(crate) user_id: Uuid,
    pub(crate) book_id: Uuid,
    pub(crate) source: Source,
    /// The order or the gift; the nil UUID where there can be only one.
    pub(crate) source_id: Uuid,
    pub(crate) granted_at: Option<OffsetDateTime>,
    pub(crate) revoked_at: Option<OffsetDateTime>,
    pub(crate) reason: Option<RevocationReason>,
}

impl Entitlement {
    /// Whether it holds.
    pub(crate) fn holds(&self) -> bool {
        self.revoked_at.is_none()
    }

    fn held_at(&self, at: OffsetDateTime) -> bool {
        self.granted_at.is_some() && self.revoked_at.is_none_or(|end| at < end)
    }
}

/// The strongest of the rights that hold.
pub(crate) fn strongest(rights: &[Entitlement]) -> Option<&Entitlement> {
    rights
        .iter()
        .filter(|right| right.holds())
        .min_by_key(|right| (right.source, right.granted_at))
}

/// What a book was read by at `at`, which a device may tell after the right has ended. Who reads before the grant is heard
/// of reads by the grant.
pub(crate) fn source_at(rights: &[Entitlement], at: OffsetDateTime) -> Option<Source> {
    let held = rights.iter().filter(|right| right.held_at(at));
    held.map(|right| right.source).min()
}

#[cfg(test)]
mod tests {
    use time::Duration;

    use super::*;

    fn right(source: Source, granted: i64, revoked: Option<i64>) -> Entitlement {
        let at = |hours: i64| OffsetDateTime::UNIX_EPOCH + Duration::hours(hours);
        Entitlement {
            user_id: Uuid::from_u128(1),
            book_id: Uuid::from_u128(2),
            source,
            source_id: Uuid::nil(),
            granted_at: Some(at(granted)),
            revoked_at: revoked.map(at),
            reason: revoked.map(|_| RevocationReason::Refunded),
        }
    }

    #[test]
    fn one_right_may_end_and_another_hold() {
        let rights = [
            right(Source::Subscription, 1, None),
            right(Source::Purchased, 2, Some(5)),
        ];
        assert_eq!(strongest(&rights).unwrap().source, Source::Subscription);
        let at = |hours| OffsetDateTime::UNIX_EPOCH + Duration::hours(hours);
        assert_eq!(source_at(&rights, at(3)), Some(Source::Purchased));
        assert_eq!(source_at(&rights, at(6)), Some(Source::Subscription));
        assert_eq!(source_at(&rights[1..], at(6)), None);
        assert!(strongest(&rights[1..]).is_none());
        // A refund that came before the purchase gave nothing.
        let mut never = right(Source::Purchased, 0, Some(5));
        never.granted_at = None;
        assert_eq!(source_at(&[never], at(1)), None);
    }
}
