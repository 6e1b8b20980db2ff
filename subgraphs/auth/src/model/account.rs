//! The account itself: its columns, its states and which change leads where.

use diesel::prelude::*;
use serde_json::Value;
use time::OffsetDateTime;
use uuid::Uuid;

use super::text_enum;
use super::{Preferences, Privacy};
use crate::tables;

text_enum! {
    /// Where an account stands.
    Status {
        /// Registered; the address is not proven yet and nothing can be done with the account.
        Pending = "PENDING",
        /// In use.
        Active = "ACTIVE",
        /// Closed by an operator until they reopen it.
        Suspended = "SUSPENDED",
        /// Its owner asked for deletion; signing in within the grace period cancels that.
        Deleting = "DELETING",
        /// Anonymised for good.
        Deleted = "DELETED",
    }
}

/// What can happen to an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Change {
    /// The address or phone number was proven.
    Verify,
    /// An operator closes it.
    Suspend,
    /// An operator reopens it.
    Unsuspend,
    /// Its owner asks for deletion.
    RequestDeletion,
    /// Its owner signs in during the grace period.
    CancelDeletion,
    /// The grace period is over.
    Anonymise,
}

/// A change that the account's state does not permit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{change:?} is not possible for an account that is {from:?}")]
pub(crate) struct IllegalTransition {
    /// The state the account is in.
    pub from: Status,
    /// What was asked.
    pub change: Change,
}

impl Status {
    /// The state after `change`.
    ///
    /// # Errors
    /// [`IllegalTransition`] when `change` does not apply to this state.
    pub(crate) fn after(self, change: Change) -> Result<Self, IllegalTransition> {
        match (self, change) {
            (Self::Pending, Change::Verify)
            | (Self::Suspended, Change::Unsuspend)
            | (Self::Deleting, Change::CancelDeletion) => Ok(Self::Active),
            (Self::Active, Change::Suspend) => Ok(Self::Suspended),
            (Self::Active, Change::RequestDeletion) => Ok(Self::Deleting),
            (Self::Deleting, Change::Anonymise) => Ok(Self::Deleted),
            (from, change) => Err(IllegalTransition { from, change }),
        }
    }
}

/// An account as the database keeps it.
#[derive(Clone, Debug, Queryable, Selectable, Identifiable)]
#[diesel(table_name = tables::users)]
pub(crate) struct Account {
    /// UUIDv7.
    pub id: Uuid,
    /// Lower case; none for phone-only and anonymised accounts.
    pub email: Option<String>,
    /// When the address was proven.
    pub email_verified_at: Option<OffsetDateTime>,
    /// The phone number, sealed.
    pub phone_sealed: Option<Vec<u8>>,
    /// Argon2id in PHC string format.
    pub password_hash: Option<String>,
    /// The name shown to others.
    pub display_name: String,
    /// An `https` picture.
    pub avatar: Option<String>,
    /// ISO 3166-1 alpha-2.
    pub country: Option<String>,
    /// BCP 47.
    pub language: String,
    /// IANA time zone.
    pub time_zone: String,
    /// Who sees the profile.
    #[diesel(deserialize_as = String)]
    pub privacy: Privacy,
    /// How the applications behave for this reader.
    #[diesel(deserialize_as = Value)]
    pub preferences: Preferences,
    /// Where the account stands.
    #[diesel(deserialize_as = String)]
    pub status: Status,
    /// The operator's reason for a suspension.
    pub status_reason: Option<String>,
    /// When a requested deletion becomes final.
    pub delete_after: Option<OffsetDateTime>,
    /// When it was registered.
    pub created_at: OffsetDateTime,
}

impl Account {
    /// Whether it may sign in: in use, or in the grace period that signing in ends.
    pub(crate) fn may_sign_in(&self) -> bool {
        matches!(self.status, Status::Active | Status::Deleting)
    }
}

/// A row to insert.
#[derive(Debug, Insertable)]
#[diesel(table_name = tables::users)]
pub(crate) struct NewAccount<'a> {
    pub id: Uuid,
    pub email: Option<&'a str>,
    pub email_verified_at: Option<OffsetDateTime>,
    pub phone_sealed: Option<Vec<u8>>,
    pub phone_index: Option<Vec<u8>>,
    pub password_hash: Option<&'a str>,
    pub display_name: &'a str,
    pub country: Option<&'a str>,
    pub language: &'a str,
    pub time_zone: &'a str,
    pub preferences: Value,
    pub status: &'a str,
    pub created_at: OffsetDateTime,
    pub updated_at: OffsetDateTime,
}

/// What an operator's list of accounts is narrowed by.
#[derive(Clone, Debug, Default)]
pub(crate) struct UserFilter {
    /// Only accounts in this state.
    pub status: Option<Status>,
    /// Only accounts with this role.
    pub role: Option<String>,
    /// Only accounts whose address begins with this text.
    pub email_prefix: Option<String>,
}

/// A role as the database describes it.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = tables::roles)]
pub(crate) struct RoleRow {
    pub name: String,
    pub description: String,
}

/// One right of one role.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = tables::role_rights)]
pub(crate) struct RoleRight {
    pub role: String,
    pub resource: String,
    pub action: String,
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const CHANGES: [Change; 6] = [
        Change::Verify,
        Change::Suspend,
        Change::Unsuspend,
        Change::RequestDeletion,
        Change::CancelDeletion,
        Change::Anonymise,
    ];

    #[test]
    fn every_legal_transition_is_listed() {
        let states = [
            Status::Pending,
            Status::Active,
            Status::Suspended,
            Status::Deleting,
            Status::Deleted,
        ];
        let legal: Vec<String> = states
            .iter()
            .flat_map(|from| CHANGES.iter().map(move |change| (*from, *change)))
            .filter_map(|(from, change)| {
                let to = from.after(change).ok()?;
                Some(format!("{from:?} -{change:?}-> {to:?}"))
            })
            .collect();
        assert_eq!(
            legal,
            [
                "Pending -Verify-> Active",
                "Active -Suspend-> Suspended",
                "Active -RequestDeletion-> Deleting",
                "Suspended -Unsuspend-> Active",
                "Deleting -CancelDeletion-> Active",
                "Deleting -Anonymise-> Deleted",
            ]
        );
    }

    proptest! {
        /// Only the grace period leads to deletion, and nothing leads out of it.
        #[test]
        fn deletion_is_final_and_never_sudden(changes in proptest::collection::vec(0..CHANGES.len(), 0..40)) {
            let mut status = Status::Pending;
            for change in changes.into_iter().map(|index| CHANGES[index]) {
                let before = status;
                status = status.after(change).unwrap_or(status);
                prop_assert!(before != Status::Deleted || status == Status::Deleted);
                prop_assert!(status != Status::Deleted || matches!(before, Status::Deleting | Status::Deleted));
                prop_assert_eq!(status.as_str().parse::<Status>().unwrap(), status);
            }
        }
    }
}
