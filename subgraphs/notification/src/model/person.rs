//! What is kept of a person: how to speak to them and when not to, never where they are reached.

use coko_core::locale::Locale;
use diesel::prelude::*;
use time::OffsetDateTime;
use uuid::Uuid;

use super::digest::DigestInterval;
use super::quiet::QuietHours;
use crate::tables::people;

/// A person's row.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, AsChangeset)]
#[diesel(table_name = people, treat_none_as_null = true)]
pub(crate) struct Person {
    pub(crate) user_id: Uuid,
    pub(crate) display_name: String,
    pub(crate) language: String,
    pub(crate) time_zone: String,
    pub(crate) suspended: bool,
    pub(crate) quiet_from: Option<i16>,
    pub(crate) quiet_until: Option<i16>,
    pub(crate) digest: DigestInterval,
    pub(crate) deleted_at: Option<OffsetDateTime>,
}

impl Person {
    /// Somebody of whom nothing is known.
    pub(crate) fn new(user: Uuid) -> Self {
        Self {
            user_id: user,
            display_name: String::new(),
            language: "fr".to_owned(),
            time_zone: "UTC".to_owned(),
            suspended: false,
            quiet_from: None,
            quiet_until: None,
            digest: DigestInterval::Short,
            deleted_at: None,
        }
    }

    /// Whether the account is gone.
    pub(crate) fn is_gone(&self) -> bool {
        self.deleted_at.is_some()
    }

    /// The language that messages are in.
    pub(crate) fn locale(&self) -> Locale {
        Locale::negotiate(&self.language)
    }

    /// The hours in which nothing interrupts the person.
    pub(crate) fn quiet_hours(&self) -> Option<QuietHours> {
        let (from, until) = self.quiet_from.zip(self.quiet_until)?;
        Some(QuietHours { from, until })
    }

    /// When something that interrupts may be sent that is ready at `at`.
    pub(crate) fn awake(&self, at: OffsetDateTime) -> OffsetDateTime {
        let quiet = self.quiet_hours();
        quiet
            .and_then(|quiet| quiet.end(&self.time_zone, at))
            .unwrap_or(at)
    }
}
