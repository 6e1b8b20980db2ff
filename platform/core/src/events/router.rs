//! What routers tell each other.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use time::OffsetDateTime;
use time::macros::datetime;

use super::Payload;

/// An operator dropped cached answers: `cache.purged`. Every router that hears it drops them too.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CachePurged {
    /// What was dropped, in the form of the router's call for it: `{"entity":{"type":"Book","key":{"id":"…"}}}`,
    /// `{"type":"Book"}`, `{"field":"Query.books"}`, `{"subgraph":"catalog"}` or `"all"`.
    pub purge: Vec<Value>,
    /// When.
    #[serde(with = "time::serde::rfc3339")]
    pub purged_at: OffsetDateTime,
}

impl Payload for CachePurged {
    const DOMAIN: &'static str = "router";
    const TYPE: &'static str = "cache.purged";
    const VERSION: u16 = 1;

    fn subject(&self) -> String {
        "cache".to_owned()
    }

    fn sample() -> Self {
        Self {
            purge: vec![
                json!({ "entity": { "type": "Book", "key": { "id": "01890a5d-ac96-774b-bcce-b302099a8101" } } }),
                json!({ "field": "Query.newReleases" }),
            ],
            purged_at: datetime!(2026-03-02 07:45 UTC),
        }
    }
}
