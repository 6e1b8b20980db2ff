//! The types that clients see.

mod annotation;
mod book;
mod item;
mod license;
mod progress;
mod statistics;
mod user;

pub(super) use annotation::AnnotationType;
pub(super) use book::BookType;
pub(super) use item::LibraryItemType;
pub(super) use license::{ExportType, LicenseType};
pub(super) use progress::ProgressType;
pub(super) use user::UserType;

use async_graphql::Union;

/// A row that was written: as it is now, which for what was deleted is that it is gone.
#[derive(Union)]
pub(crate) enum SyncChange {
    Annotation(AnnotationType),
    Progress(ProgressType),
    LibraryItem(LibraryItemType),
}
