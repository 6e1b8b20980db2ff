//! The types that clients see.

mod book;
mod club;
mod event;
mod forum;
mod moderation;
mod review;
mod topic;
mod user;

pub(super) use book::BookType;
pub(super) use club::ClubType;
pub(super) use event::EventType;
pub(super) use forum::{ForumType, TagType};
pub(super) use moderation::{CaseType, LogEntryType};
pub(super) use review::ReviewType;
pub(super) use topic::{PostType, TopicType};
pub(super) use user::{BarrierType, TrustType, UserType};
