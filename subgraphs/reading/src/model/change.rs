//! What devices push: changes, each with the moment at which the device made it.

use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use super::annotation::{AnnotationChange, MAX_NOTE};
use super::item::ItemChange;
use super::locator::{MAX_QUOTE, is_share};
use super::progress::ProgressChange;
use super::session::{LONGEST, MAX_AGE_DAYS, SessionChange};
use super::stamp::moment;
use crate::error::ChangeErrorCode as Code;

/// Changes of one batch.
pub(crate) const MAX_BATCH: usize = 200;
/// Largest counter of a device's clock.
const MAX_COUNTER: i32 = 1_000_000;

/// One change.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Change {
    /// Of an annotation.
    Annotation(AnnotationChange),
    /// Of a place.
    Progress(ProgressChange),
    /// Of a book in the library.
    Item(ItemChange),
    /// Time spent reading.
    Session(SessionChange),
}

/// A change with what the device's clock said.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Timed {
    /// Milliseconds since the epoch.
    pub(crate) physical: i64,
    pub(crate) counter: i32,
    pub(crate) change: Change,
}

impl Change {
    /// The book that it is about.
    pub(crate) fn book(&self) -> Uuid {
        match self {
            Self::Annotation(change) => change.book_id,
            Self::Progress(change) => change.book_id,
            Self::Item(change) => change.book_id,
            Self::Session(change) => change.book_id,
        }
    }
}

impl Timed {
    /// Whether everything that can be known without looking further is in order.
    ///
    /// # Errors
    /// The reason, and the field at fault.
    pub(crate) fn check(&self, now: OffsetDateTime) -> Result<(), (Code, &'static str)> {
        if self.physical < 0 || moment(self.physical) > now + Duration::days(3650) {
            return Err((Code::TimeInvalid, "at"));
        }
        if !(0..=MAX_COUNTER).contains(&self.counter) {
            return Err((Code::TimeInvalid, "counter"));
        }
        match &self.change {
            Change::Annotation(change) => annotation(change),
            Change::Progress(change) => {
                let locator = &change.locator;
                if locator.is_sound() && locator.locations.total_progression.is_some() {
                    Ok(())
                } else {
                    Err((Code::LocatorInvalid, "locator"))
                }
            }
            Change::Item(change) if change.status.is_none() && change.removed.is_none() => {
                Err((Code::NothingChanged, "libraryItem"))
            }
            Change::Item(_) => Ok(()),
            Change::Session(change) => session(change, now),
        }
    }
}

fn annotation(change: &AnnotationChange) -> Result<(), (Code, &'static str)> {
    if change.id.get_version_num() != 7 {
        return Err((Code::IdInvalid, "id"));
    }
    let is_empty = change.passage.is_none()
        && change.note.is_none()
        && change.colour.is_none()
        && change.privacy.is_none()
        && change.deleted.is_none();
    if is_empty {
        return Err((Code::NothingChanged, "annotation"));
    }
    if let Some((locator, quote)) = &change.passage {
        if !locator.is_sound() {
            return Err((Code::LocatorInvalid, "locator"));
        }
        if !quote.as_deref().is_none_or(|text| is_text(text, MAX_QUOTE)) {
            return Err((Code::TextInvalid, "quote"));
        }
    }
    let note = change.note.as_ref().and_then(Option::as_deref);
    if !note.is_none_or(|text| is_text(text, MAX_NOTE)) {
        return Err((Code::TextInvalid, "note"));
    }
    Ok(())
}

fn session(change: &SessionChange, now: OffsetDateTime) -> Result<(), (Code, &'static str)> {
    if change.id.get_version_num() != 7 {
        return Err((Code::IdInvalid, "id"));
    }
    let age = now - change.started_at;
    // A clock may be ahead by a day, as the date line has it.
    if age > Duration::days(MAX_AGE_DAYS) || age < -Duration::days(1) {
        return Err((Code::TimeInvalid, "startedAt"));
    }
    if !(1..=LONGEST).contains(&change.seconds) {
        return Err((Code::TimeInvalid, "seconds"));
    }
    if !is_share(change.start_progression) {
        return Err((Code::LocatorInvalid, "startProgression"));
    }
    if !is_share(change.end_progression) {
        return Err((Code::LocatorInvalid, "endProgression"));
    }
    Ok(())
}

/// Whether `text` is what [`coko_core::text::block`] would make of it, or nothing at all.
fn is_text(text: &str, max: usize) -> bool {
    text.is_empty() || coko_core::text::block(text, max).is_ok()
}
