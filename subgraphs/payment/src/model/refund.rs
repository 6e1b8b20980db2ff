//! Money that goes back: always the whole of one attempt.

use diesel::prelude::*;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::tables::refunds;

coko_core::text_enum! {
    /// Why an attempt is paid back.
    pub(crate) RefundReason {
        /// An operator decided it.
        Requested = "REQUESTED",
        /// What was bought can never be granted.
        GrantImpossible = "GRANT_IMPOSSIBLE",
        /// The order was paid already, or its book is owned.
        Duplicate = "DUPLICATE",
        /// Another amount or currency was paid than asked for.
        Mismatch = "MISMATCH",
    }
}

impl RefundReason {
    /// Whether the order itself is undone by it, rather than a payment beside it.
    pub(crate) fn undoes_order(self) -> bool {
        matches!(self, Self::Requested | Self::GrantImpossible)
    }
}

coko_core::text_enum! {
    /// Where a refund stands.
    pub(crate) RefundStatus {
        /// The provider is being asked.
        Pending = "PENDING",
        /// The provider has no way to do it: a person must, and say so.
        Manual = "MANUAL",
        /// The money went back.
        Done = "DONE",
    }
}

/// One refund.
#[derive(Clone, Debug, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = refunds, treat_none_as_null = true)]
pub(crate) struct Refund {
    pub(crate) id: Uuid,
    pub(crate) order_id: Uuid,
    pub(crate) attempt_id: Uuid,
    pub(crate) reason: RefundReason,
    pub(crate) status: RefundStatus,
    pub(crate) created_at: OffsetDateTime,
    pub(crate) due_at: Option<OffsetDateTime>,
    pub(crate) tries: i32,
    pub(crate) done_at: Option<OffsetDateTime>,
}
