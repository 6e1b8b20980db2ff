//! What auth answers: how people are reached.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::Question;

/// Most accounts of one question.
pub const MOST_CONTACTS: usize = 200;

/// Asks how these people are reached now. Who asks keeps no address longer than it takes to use it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contacts {
    /// The accounts, at most [`MOST_CONTACTS`].
    pub user_ids: Vec<Uuid>,
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

impl Question for Contacts {
    const DOMAIN: &'static str = "auth";
    const NAME: &'static str = "contacts";
    /// Accounts that are in use, in no order; the others are left out.
    type Answer = Vec<Contact>;
}
