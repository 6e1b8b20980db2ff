//! Plans, and subscriptions to them.

use diesel::prelude::*;
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use crate::tables::{plans, subscriptions};

/// Something that can be subscribed to, a period at a time.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = plans)]
pub(crate) struct Plan {
    pub(crate) code: String,
    pub(crate) tier: String,
    pub(crate) name_fr: String,
    pub(crate) name_en: String,
    pub(crate) days: i32,
    pub(crate) prices: serde_json::Value,
}

coko_core::text_enum! {
    /// Where a subscription stands.
    pub(crate) SubscriptionStatus {
        /// It runs, and can be paid for another period.
        Active = "ACTIVE",
        /// It runs until the end of its period.
        Cancelled = "CANCELLED",
        /// It ended.
        Expired = "EXPIRED",
    }
}

/// Someone's subscription. Mobile money cannot be drawn on: every period is bought.
#[derive(Clone, Debug, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = subscriptions)]
pub(crate) struct Subscription {
    pub(crate) id: Uuid,
    pub(crate) user_id: Uuid,
    pub(crate) plan_code: String,
    pub(crate) status: SubscriptionStatus,
    pub(crate) period_start: OffsetDateTime,
    pub(crate) period_end: OffsetDateTime,
}

impl Subscription {
    /// Adds a paid period of `days` at the end of what is paid.
    pub(crate) fn renew(&mut self, plan_code: &str, days: i32, now: OffsetDateTime) {
        plan_code.clone_into(&mut self.plan_code);
        self.status = SubscriptionStatus::Active;
        self.period_end = self.period_end.max(now) + Duration::days(i64::from(days));
    }
}
