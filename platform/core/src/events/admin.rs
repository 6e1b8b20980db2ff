//! What admin says: what operators did, and what they ask of other domains.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use time::OffsetDateTime;
use time::macros::datetime;
use uuid::{Uuid, uuid};

use super::Payload;

const SAMPLE_OPERATOR: Uuid = uuid!("01890a5d-ac96-774b-bcce-b302099a8901");
const SAMPLE_REQUEST: Uuid = uuid!("01890a5d-ac96-774b-bcce-b302099a8902");

/// An operator did something that the audit log must hold: `operator.acted`. Auth keeps the log, and appends it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OperatorActed {
    /// Who.
    pub operator_id: Uuid,
    /// What: `setting.changed`, `dead-letter.replayed`, …
    pub action: String,
    /// The kind of thing it was done to: `setting`, `dead-letter`, …
    pub subject_type: String,
    /// Which one.
    pub subject_id: String,
    /// The values before, where something changed.
    pub old_values: Option<Value>,
    /// The values after.
    pub new_values: Option<Value>,
    /// The operator's address.
    pub address: Option<String>,
    /// The operator's `User-Agent`.
    pub agent: Option<String>,
    /// When.
    #[serde(with = "time::serde::rfc3339")]
    pub at: OffsetDateTime,
}

impl Payload for OperatorActed {
    const DOMAIN: &'static str = "admin";
    const TYPE: &'static str = "operator.acted";
    const VERSION: u16 = 1;

    fn subject(&self) -> String {
        self.operator_id.to_string()
    }

    fn sample() -> Self {
        Self {
            operator_id: SAMPLE_OPERATOR,
            action: "setting.changed".to_owned(),
            subject_type: "setting".to_owned(),
            subject_id: "search.typo-tolerance".to_owned(),
            old_values: Some(json!({ "value": false })),
            new_values: Some(json!({ "value": true })),
            address: Some("192.0.2.7".to_owned()),
            agent: Some("Mozilla/5.0".to_owned()),
            at: datetime!(2026-02-04 11:20 UTC),
        }
    }
}

/// An operator asks that settled payments be compared with the providers' books again: `reconciliation.requested`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReconciliationRequested {
    /// The request.
    pub request_id: Uuid,
    /// `WAVE`, `ORANGE_MONEY`, `STRIPE` or `PAYPAL`; none for all of them.
    pub provider: Option<String>,
    /// Payments that were settled from then on …
    #[serde(with = "time::serde::rfc3339")]
    pub from: OffsetDateTime,
    /// … and before then.
    #[serde(with = "time::serde::rfc3339")]
    pub until: OffsetDateTime,
}

impl Payload for ReconciliationRequested {
    const DOMAIN: &'static str = "admin";
    const TYPE: &'static str = "reconciliation.requested";
    const VERSION: u16 = 1;

    fn subject(&self) -> String {
        self.request_id.to_string()
    }

    fn sample() -> Self {
        Self {
            request_id: SAMPLE_REQUEST,
            provider: Some("WAVE".to_owned()),
            from: datetime!(2026-02-01 00:00 UTC),
            until: datetime!(2026-02-02 00:00 UTC),
        }
    }
}
