//! The answer while it grows: an arena of plan-shaped objects whose leaves are slices of subgraph answers.

mod arena;
mod merge;
mod parts;
mod project;
mod reader;
mod represent;
mod sizes;
mod target;

pub(crate) use arena::{Arena, FailureId, ObjectId, Value, string_text};
pub(crate) use merge::Merger;
pub(crate) use parts::{Expected, Nulled, Place, find_places, to_segments};
pub(crate) use project::{ProjectionInput, ProjectionResult, Step, project, project_part};
pub(crate) use reader::Reader;
pub(crate) use represent::{Representations, Target, TargetSet, Written};
pub(crate) use sizes::Sizes;
pub(crate) use target::{TargetPaths, collect_targets};
