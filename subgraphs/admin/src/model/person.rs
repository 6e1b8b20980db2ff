//! People as operators see them: what they did here, not who they are.

use diesel::prelude::*;
use time::{Date, OffsetDateTime};
use uuid::Uuid;

use super::metric::day_of;
use crate::tables::people;

/// A person.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, AsChangeset)]
#[diesel(table_name = people, treat_none_as_null = true)]
pub(crate) struct Person {
    pub(crate) user_id: Uuid,
    pub(crate) country: Option<String>,
    pub(crate) registered_at: Option<OffsetDateTime>,
    pub(crate) last_active_on: Option<Date>,
    pub(crate) first_paid_at: Option<OffsetDateTime>,
    pub(crate) orders_paid: i32,
    pub(crate) books_started: i32,
    pub(crate) books_completed: i32,
    pub(crate) seconds_read: i64,
    pub(crate) reports: i32,
    pub(crate) removals: i32,
    pub(crate) deleted_at: Option<OffsetDateTime>,
}

impl Person {
    /// Somebody of whom nothing is known.
    pub(crate) fn new(user: Uuid) -> Self {
        Self {
            user_id: user,
            country: None,
            registered_at: None,
            last_active_on: None,
            first_paid_at: None,
            orders_paid: 0,
            books_started: 0,
            books_completed: 0,
            seconds_read: 0,
            reports: 0,
            removals: 0,
            deleted_at: None,
        }
    }

    /// Whether the account is gone.
    pub(crate) fn is_gone(&self) -> bool {
        self.deleted_at.is_some()
    }

    /// They did something then; days that are told late change nothing.
    pub(crate) fn seen(&mut self, at: OffsetDateTime) {
        self.last_active_on = self.last_active_on.max(Some(day_of(at)));
    }

    /// They paid; returns whether it was the first time.
    pub(crate) fn paid(&mut self, at: OffsetDateTime) -> bool {
        let first = self.first_paid_at.is_none();
        self.first_paid_at = Some(self.first_paid_at.map_or(at, |known| known.min(at)));
        self.orders_paid = self.orders_paid.saturating_add(1);
        first
    }
}

/// A country code as events carry it, where it is one.
pub(crate) fn country(text: Option<&str>) -> Option<String> {
    let text = text?;
    let fits = text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_uppercase());
    fits.then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use time::macros::{date, datetime};

    use super::*;

    #[test]
    fn what_is_told_late_takes_nothing_back() {
        let mut person = Person::new(Uuid::from_u128(1));
        person.seen(datetime!(2026-02-03 10:00 UTC));
        person.seen(datetime!(2026-02-01 10:00 UTC));
        assert_eq!(person.last_active_on, Some(date!(2026 - 02 - 03)));
        assert!(person.paid(datetime!(2026-02-03 10:00 UTC)));
        assert!(!person.paid(datetime!(2026-02-01 10:00 UTC)));
        assert_eq!(person.first_paid_at, Some(datetime!(2026-02-01 10:00 UTC)));
        assert_eq!(person.orders_paid, 2);
    }

    #[test]
    fn only_two_capitals_are_a_country() {
        assert_eq!(country(Some("SN")).as_deref(), Some("SN"));
        for text in ["", "S", "sn", "SEN", "é", "S1"] {
            assert_eq!(country(Some(text)), None, "{text}");
        }
        assert_eq!(country(None), None);
    }
}
