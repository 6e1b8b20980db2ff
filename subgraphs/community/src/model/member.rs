//! What community knows of an account.

use coko_core::text_enum;
use diesel::prelude::*;
use time::{Date, OffsetDateTime};
use uuid::Uuid;

use super::trust::{Activity, TrustLevel, level};
use crate::tables::members;

text_enum! {
    /// Who may see a profile, as auth says.
    pub(crate) Privacy {
        /// Everyone.
        Public = "PUBLIC",
        /// Followers.
        Followers = "FOLLOWERS",
        /// Nobody else.
        Private = "PRIVATE",
    }
}

/// One account.
#[derive(
    Clone, Debug, PartialEq, Eq, Queryable, Selectable, QueryableByName, Insertable, AsChangeset,
)]
#[diesel(table_name = members, primary_key(user_id), treat_none_as_null = true)]
pub(crate) struct Member {
    pub(crate) user_id: Uuid,
    pub(crate) since: OffsetDateTime,
    pub(crate) last_active_on: Option<Date>,
    pub(crate) active_days: i32,
    pub(crate) contributions: i32,
    pub(crate) books_opened: i32,
    pub(crate) removals: i32,
    pub(crate) reports_upheld: i32,
    pub(crate) reports_rejected: i32,
    pub(crate) suspended: bool,
    pub(crate) suspended_at: Option<OffsetDateTime>,
    pub(crate) deleted: bool,
    pub(crate) privacy: Privacy,
    pub(crate) privacy_at: Option<OffsetDateTime>,
}

impl Member {
    /// An account that does its first thing here.
    pub(crate) fn new(user_id: Uuid, now: OffsetDateTime) -> Self {
        Self {
            user_id,
            since: now,
            last_active_on: None,
            active_days: 0,
            contributions: 0,
            books_opened: 0,
            removals: 0,
            reports_upheld: 0,
            reports_rejected: 0,
            suspended: false,
            suspended_at: None,
            deleted: false,
            privacy: Privacy::Public,
            privacy_at: None,
        }
    }

    /// How far it is trusted at this moment.
    pub(crate) fn trust(&self, now: OffsetDateTime) -> TrustLevel {
        level(Activity {
            days_known: (now - self.since).whole_days(),
            active_days: self.active_days,
            contributions: self.contributions,
            books_opened: self.books_opened,
            removals: self.removals,
        })
    }

    /// How much its report weighs.
    pub(crate) fn report_weight(&self, now: OffsetDateTime) -> i32 {
        self.trust(now)
            .report_weight(self.reports_upheld, self.reports_rejected)
    }

    /// Counts something that it wrote.
    pub(crate) fn contribute(&mut self, now: OffsetDateTime) {
        self.contributions += 1;
        if self.last_active_on != Some(now.date()) {
            self.last_active_on = Some(now.date());
            self.active_days += 1;
        }
    }

    /// Whether it may write at all.
    pub(crate) fn is_silenced(&self) -> bool {
        self.suspended || self.deleted
    }
}
