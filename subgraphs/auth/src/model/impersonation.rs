//! Operators who look at the platform as somebody else sees it, for a short while and without changing anything.

use coko_core::identity::Right;
use diesel::prelude::*;
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use crate::tables::impersonations;

/// Minutes that an impersonation may last.
pub(crate) const MINUTES: usize = 30;

/// What nobody may be looked at who may do: the platform's own people are not impersonated, lest one operator borrow the rights of
/// another.
const STAFF: [&str; 3] = ["partners", "system", "users"];

/// One operator as one other person.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = impersonations)]
pub(crate) struct Impersonation {
    /// UUIDv7; `session("…")` in the token, so that it is revoked like a session.
    pub id: Uuid,
    /// Who looks.
    pub operator_id: Uuid,
    /// As whom.
    pub user_id: Uuid,
    /// Why.
    pub reason: String,
    /// When it began.
    pub started_at: OffsetDateTime,
    /// When it ends at the latest.
    pub expires_at: OffsetDateTime,
    /// When it was ended.
    pub ended_at: Option<OffsetDateTime>,
}

/// How long an impersonation of so many minutes lasts, where that is not too long.
pub(crate) fn impersonation_lifetime(minutes: i32) -> Option<Duration> {
    let fits = matches!(usize::try_from(minutes), Ok(1..=MINUTES));
    fits.then(|| Duration::minutes(i64::from(minutes)))
}

/// Whether these are the rights of one of the platform's own people.
pub(crate) fn is_staff(rights: &[Right]) -> bool {
    rights.iter().any(|right| STAFF.contains(&right.resource()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_impersonation_is_short() {
        for (minutes, fits) in [(0, false), (1, true), (30, true), (31, false), (-1, false)] {
            assert_eq!(impersonation_lifetime(minutes).is_some(), fits, "{minutes}");
        }
    }

    #[test]
    fn whoever_looks_after_others_is_not_impersonated() {
        let rights = |texts: &[&str]| -> Vec<Right> {
            texts.iter().map(|text| text.parse().unwrap()).collect()
        };
        assert!(!is_staff(&rights(&["books:read", "profile:read"])));
        assert!(is_staff(&rights(&["books:read", "users:read"])));
        assert!(is_staff(&rights(&["system:*"])));
    }
}
