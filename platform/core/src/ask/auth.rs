//! What auth answers: how people are reached.

use futures::future::BoxFuture;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{answer, ask};
use crate::Result;
use crate::service::{Platform, Task};

/// Most accounts of one question.
pub const MOST_CONTACTS: usize = 200;

/// What auth is asked about here.
const TOPIC: &str = "contacts";

/// How these people are reached now, at most [`MOST_CONTACTS`] of them: accounts that are in use, in no order; others are left
/// out. Who asks keeps no address longer than it takes to use it.
///
/// # Errors
/// `DOWNSTREAM_UNAVAILABLE` when auth does not answer.
pub async fn contacts(platform: &Platform, user_ids: &[Uuid]) -> Result<Vec<Contact>> {
    ask(platform, "auth", TOPIC, &user_ids).await
}

/// Answers [`contacts`].
pub fn answer_contacts(
    platform: &Platform,
    found: impl Fn(Vec<Uuid>) -> BoxFuture<'static, Result<Vec<Contact>>> + Send + Sync + 'static,
) -> Task {
    answer(platform, "auth", TOPIC, move |mut user_ids: Vec<Uuid>| {
        user_ids.truncate(MOST_CONTACTS);
        found(user_ids)
    })
}

/// How somebody is reached.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contact {
    /// The account.
    pub user_id: Uuid,
    /// The name that the person is addressed by.
    pub display_name: String,
    /// BCP 47 language the person is addressed in.
    pub language: String,
    /// IANA time zone.
    pub time_zone: String,
    /// The address, when it is proven.
    pub email: Option<String>,
    /// The number in E.164.
    pub phone: Option<String>,
}

impl std::fmt::Debug for Contact {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Addresses have no business in logs.
        f.debug_struct("Contact")
            .field("user_id", &self.user_id)
            .finish_non_exhaustive()
    }
}
