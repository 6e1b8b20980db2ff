//! Types and rules; no async, no I/O.

pub(crate) mod achievement;
pub(crate) mod badge;
pub(crate) mod board;
pub(crate) mod challenge;
pub(crate) mod fact;
pub(crate) mod ledger;
pub(crate) mod level;
pub(crate) mod player;
pub(crate) mod streak;
pub(crate) mod zone;

pub(crate) use achievement::{Achievement, AchievementKind};
pub(crate) use badge::Badge;
pub(crate) use board::{Board, Period, Standing};
pub(crate) use challenge::{
    Challenge, ChallengeMetric, ChallengeState, Participant, Template, Visibility,
};
pub(crate) use fact::{Fact, Kind};
pub(crate) use ledger::{Booking, Entry, PointRule};
pub(crate) use level::Level;
pub(crate) use player::Player;
pub(crate) use streak::Streak;
