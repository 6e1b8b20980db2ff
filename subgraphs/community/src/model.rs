//! Types and rules that decide; no async, no I/O.

pub(crate) mod club;
pub(crate) mod content;
pub(crate) mod forum;
pub(crate) mod gathering;
pub(crate) mod member;
pub(crate) mod moderation;
pub(crate) mod prose;
pub(crate) mod relation;
pub(crate) mod review;
pub(crate) mod sight;
pub(crate) mod tag;
pub(crate) mod topic;
pub(crate) mod trust;

pub(crate) use club::{Club, ClubAccess, ClubMember, ClubRole, ScheduleEntry};
pub(crate) use content::{ContentKind, ContentStatus};
pub(crate) use forum::Forum;
pub(crate) use gathering::Gathering;
pub(crate) use member::{Member, Privacy};
pub(crate) use moderation::{Case, CaseStatus, LogEntry, Report, ReportReason};
pub(crate) use prose::Prose;
pub(crate) use relation::{Barrier, BarrierKind, Follow};
pub(crate) use review::{Rating, Review};
pub(crate) use sight::{Seen, Sight};
pub(crate) use tag::Tag;
pub(crate) use topic::{Post, Topic};
pub(crate) use trust::{Allowance, TrustLevel};
