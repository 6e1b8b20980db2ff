//! What a person agreed to, and when.

use diesel::prelude::*;
use time::OffsetDateTime;
use uuid::Uuid;

use super::text_enum;
use crate::tables;

text_enum! {
    /// What is agreed to.
    ConsentKind {
        /// Keeping reading positions and purchases, without which the service cannot work: required to register.
        Tracking = "TRACKING",
        /// News and offers: optional.
        Marketing = "MARKETING",
        /// Measurements of how the applications are used: optional.
        Analytics = "ANALYTICS",
    }
}

impl ConsentKind {
    /// All kinds, in the order they are shown.
    pub(crate) const ALL: [Self; 3] = [Self::Tracking, Self::Marketing, Self::Analytics];

    /// Whether an account cannot exist without it.
    pub(crate) fn is_required(self) -> bool {
        self == Self::Tracking
    }
}

/// One decision; the newest of a kind is the one in force.
#[derive(Clone, Debug, Queryable, Selectable, Identifiable)]
#[diesel(table_name = tables::consents)]
pub(crate) struct Consent {
    /// UUIDv7.
    pub id: Uuid,
    /// Of what.
    #[diesel(deserialize_as = String)]
    pub kind: ConsentKind,
    /// Given, or withdrawn.
    pub granted: bool,
    /// When.
    pub recorded_at: OffsetDateTime,
}

/// A decision to record.
#[derive(Debug, Insertable)]
#[diesel(table_name = tables::consents)]
pub(crate) struct NewConsent<'a> {
    pub id: Uuid,
    pub user_id: Uuid,
    pub kind: &'a str,
    pub granted: bool,
    pub recorded_at: OffsetDateTime,
    pub address: Option<String>,
    pub agent: Option<&'a str>,
}
