//! Comparisons with payment providers' books.

use async_graphql::{ID, Object, SimpleObject};
use coko_core::graphql::MoneyType;
use time::{Date, OffsetDateTime};

use super::UserType;
use crate::model::discrepancy::{Kind, Provider};
use crate::model::{Comparison, Discrepancy, Reconciliation};

/// A payment about which our books and the provider's did not agree.
pub(crate) struct DiscrepancyType(pub(crate) Discrepancy);

/// A payment about which our books and the provider's did not agree.
#[Object(name = "PaymentDiscrepancy")]
impl DiscrepancyType {
    /// Identifies it: the attempt to pay.
    async fn id(&self) -> ID {
        self.0.attempt_id.into()
    }

    /// The order.
    async fn order_id(&self) -> ID {
        self.0.order_id.into()
    }

    /// The provider.
    async fn provider(&self) -> &str {
        &self.0.provider
    }

    /// How they did not agree.
    async fn kind(&self) -> Kind {
        self.0.outcome
    }

    /// What the provider was asked to take.
    async fn charged(&self) -> MoneyType {
        self.0.charged().into()
    }

    /// When it was found.
    async fn found_at(&self) -> OffsetDateTime {
        self.0.found_at
    }

    /// When it was settled.
    async fn closed_at(&self) -> Option<OffsetDateTime> {
        self.0.closed_at
    }

    /// Who settled it.
    async fn closed_by(&self) -> Option<UserType> {
        self.0.closed_by.map(UserType::reference)
    }

    /// How it was settled.
    async fn note(&self) -> Option<&str> {
        self.0.note.as_deref()
    }
}

/// How many comparisons of a day came to the same.
#[derive(SimpleObject)]
#[graphql(name = "PaymentComparison")]
pub(crate) struct ComparisonType {
    /// The day, UTC.
    day: Date,
    /// The provider.
    provider: String,
    /// `AGREES`, `MISSED_HERE` or `MISSING_THERE`.
    outcome: String,
    /// How many.
    count: i64,
}

impl From<Comparison> for ComparisonType {
    fn from(comparison: Comparison) -> Self {
        Self {
            day: comparison.day,
            provider: comparison.provider,
            outcome: comparison.outcome,
            count: comparison.count,
        }
    }
}

/// A request to compare payments once more.
#[derive(SimpleObject)]
#[graphql(name = "ReconciliationRequest")]
pub(crate) struct ReconciliationType {
    /// Identifies the request.
    id: ID,
    /// The provider; null for all of them.
    provider: Option<Provider>,
    /// Payments that were settled from then on …
    from: OffsetDateTime,
    /// … and before then.
    until: OffsetDateTime,
    /// Who asked.
    requested_by: UserType,
    /// When.
    requested_at: OffsetDateTime,
}

impl From<Reconciliation> for ReconciliationType {
    fn from(request: Reconciliation) -> Self {
        Self {
            id: request.id.into(),
            provider: request.provider,
            from: request.from_at,
            until: request.until_at,
            requested_by: UserType::reference(request.requested_by),
            requested_at: request.requested_at,
        }
    }
}
