//! The types that clients see.

mod achievement;
mod badge;
mod board;
mod challenge;
mod stats;
mod user;

pub(super) use achievement::AchievementType;
pub(super) use badge::BadgeType;
pub(super) use board::EntryType;
pub(super) use challenge::ChallengeType;
pub(super) use stats::StatsType;
pub(super) use user::UserType;
