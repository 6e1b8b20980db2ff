//! Types and rules; no async, no I/O.

pub(crate) mod annotation;
pub(crate) mod book;
pub(crate) mod change;
pub(crate) mod entitlement;
pub(crate) mod item;
pub(crate) mod license;
pub(crate) mod locator;
pub(crate) mod progress;
pub(crate) mod session;
pub(crate) mod stamp;
pub(crate) mod statistics;
pub(crate) mod zone;

pub(crate) use annotation::{Annotation, AnnotationChange, AnnotationKind, Colour, Privacy};
pub(crate) use book::Book;
pub(crate) use change::{Change, Timed};
pub(crate) use entitlement::{Entitlement, RevocationReason, Source};
pub(crate) use item::{Completion, Item, ItemChange, ReadingStatus, Telling};
pub(crate) use license::License;
pub(crate) use locator::Locator;
pub(crate) use progress::{BookProgress, Progress, ProgressChange};
pub(crate) use session::{Session, SessionChange};
pub(crate) use stamp::{Clamp, Clamps, Stamp};
pub(crate) use statistics::{Day, Period, Statistics};
