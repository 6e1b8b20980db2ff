//! Book clubs: who belongs to them, and what they read until when.

use coko_core::text_enum;
use diesel::prelude::*;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::tables::{club_members, club_schedule, clubs};

/// Most characters of a name.
pub(crate) const NAME: usize = 80;
/// Most characters of a description.
pub(crate) const DESCRIPTION: usize = 2000;
/// Most members of a club.
pub(crate) const MEMBERS: i32 = 1000;
/// Most applications that wait in a club.
pub(crate) const APPLICANTS: i64 = 200;
/// Most clubs that one person owns.
pub(crate) const OWNED: i64 = 20;
/// Most entries of a schedule.
pub(crate) const SCHEDULE: usize = 60;

text_enum! {
    /// Who may join and read.
    pub(crate) ClubAccess {
        /// Anyone joins, and everyone reads.
        Open = "OPEN",
        /// The owner admits, and members read.
        Closed = "CLOSED",
    }
}

text_enum! {
    /// What someone is in a club.
    pub(crate) ClubRole {
        /// Runs it.
        Owner = "OWNER",
        /// Takes part.
        Member = "MEMBER",
        /// Waits to be admitted.
        Applicant = "APPLICANT",
    }
}

/// People who read a book together.
#[derive(
    Clone, Debug, PartialEq, Eq, Queryable, Selectable, QueryableByName, Insertable, AsChangeset,
)]
#[diesel(table_name = clubs, treat_none_as_null = true)]
pub(crate) struct Club {
    pub(crate) id: Uuid,
    pub(crate) name: String,
    pub(crate) description: String,
    pub(crate) description_html: String,
    pub(crate) book_id: Option<Uuid>,
    pub(crate) access: ClubAccess,
    pub(crate) owner_id: Uuid,
    pub(crate) member_count: i32,
    pub(crate) disbanded: bool,
    pub(crate) created_at: OffsetDateTime,
}

impl Club {
    /// What someone becomes who asks to join.
    pub(crate) fn role_of_newcomer(&self) -> ClubRole {
        match self.access {
            ClubAccess::Open => ClubRole::Member,
            ClubAccess::Closed => ClubRole::Applicant,
        }
    }

    /// Whether only members read what is written in it.
    pub(crate) fn is_closed(&self) -> bool {
        self.access == ClubAccess::Closed
    }
}

/// Someone in a club.
#[derive(
    Clone, Debug, PartialEq, Eq, Queryable, Selectable, QueryableByName, Insertable, AsChangeset,
)]
#[diesel(table_name = club_members, primary_key(club_id, user_id))]
pub(crate) struct ClubMember {
    pub(crate) id: Uuid,
    pub(crate) club_id: Uuid,
    pub(crate) user_id: Uuid,
    pub(crate) role: ClubRole,
    pub(crate) joined_at: OffsetDateTime,
}

impl ClubRole {
    /// Whether whoever has it belongs to the club.
    pub(crate) fn belongs(self) -> bool {
        self != Self::Applicant
    }
}

/// What is read until when.
#[derive(Clone, Debug, PartialEq, Queryable, Selectable, QueryableByName, Insertable)]
#[diesel(table_name = club_schedule)]
pub(crate) struct ScheduleEntry {
    pub(crate) id: Uuid,
    pub(crate) club_id: Uuid,
    pub(crate) title: String,
    pub(crate) read_to: f64,
    pub(crate) due_at: OffsetDateTime,
}
