//! The types that clients see.

mod analytics;
mod dead_letter;
mod health;
mod moderation;
mod payment;
mod setting;
mod user;

pub(super) use analytics::{BookCountType, ConversionType, SeriesType};
pub(super) use dead_letter::DeadLetterType;
pub(super) use health::{RoleHealthType, roles};
pub(super) use moderation::ReportedContentType;
pub(super) use payment::{ComparisonType, DiscrepancyType, ReconciliationType};
pub(super) use setting::{FeatureType, SettingType};
pub(super) use user::UserType;
