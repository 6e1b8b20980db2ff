//! What devices push, as GraphQL sees it.

use async_graphql::{ID, InputObject, MaybeUndefined};
use time::OffsetDateTime;

use super::key;
use crate::commands::push::Sent;
use crate::error::ChangeErrorCode as Code;
use crate::model::annotation::MAX_NOTE;
use crate::model::stamp::millis;
use crate::model::{
    AnnotationChange, AnnotationKind, Change, Colour, ItemChange, Locator, Privacy, ProgressChange,
    ReadingStatus, SessionChange, Timed,
};

/// One change, with the moment of the device's clock at which it was made. Exactly one of the kinds is given.
#[derive(InputObject)]
pub(super) struct ChangeInput {
    /// The device's time. A clock that is ahead is believed up to the moment at which the change is first heard of.
    at: OffsetDateTime,
    /// Tells changes of one millisecond apart: 0, 1, 2, …
    #[graphql(default)]
    counter: i32,
    /// A highlight, a note or a bookmark.
    annotation: Option<AnnotationChangeInput>,
    /// Where the device is in a book.
    progress: Option<ProgressChangeInput>,
    /// What a book is to the reader.
    library_item: Option<LibraryItemChangeInput>,
    /// A stretch of reading.
    session: Option<SessionChangeInput>,
}

/// What was written of an annotation. What is left out stays as it is; null takes a note or a colour away.
#[derive(InputObject)]
struct AnnotationChangeInput {
    /// A UUIDv7 that the device made when it made the annotation.
    id: ID,
    /// The book, the same in every change of an annotation.
    book_id: ID,
    /// What it is, the same in every change of an annotation.
    kind: AnnotationKind,
    /// Where it is.
    locator: Option<Locator>,
    /// The passage that it marks, at most 3,000 characters; written together with the locator.
    quote: Option<String>,
    /// What the reader says to it, at most 10,000 characters.
    note: MaybeUndefined<String>,
    /// The colour of the mark.
    colour: MaybeUndefined<Colour>,
    /// Who sees it.
    privacy: Option<Privacy>,
    /// Whether it is deleted.
    deleted: Option<bool>,
}

/// Where a device is.
#[derive(InputObject)]
struct ProgressChangeInput {
    /// The book.
    book_id: ID,
    /// The place, with `locations.totalProgression`.
    locator: Locator,
}

/// What a book is to the reader. What is left out stays as it is.
#[derive(InputObject)]
struct LibraryItemChangeInput {
    /// The book.
    book_id: ID,
    /// The status that the reader chose.
    status: Option<ReadingStatus>,
    /// Whether it was taken out of the library.
    removed: Option<bool>,
}

/// A stretch of reading, told once it is over.
#[derive(InputObject)]
struct SessionChangeInput {
    /// A UUIDv7 that the device made.
    id: ID,
    /// The book.
    book_id: ID,
    /// When it began, by the device's clock; at most 400 days ago.
    started_at: OffsetDateTime,
    /// Seconds of reading, pauses left out: 1 to 86,400.
    seconds: i32,
    /// The share of the book before its beginning: 0 to 1.
    start_progression: f64,
    /// The share of the book before its end: 0 to 1.
    end_progression: f64,
}

impl ChangeInput {
    /// The change, or why it is none.
    pub(super) fn sent(self) -> Sent {
        let mut changes = Vec::new();
        changes.extend(self.annotation.map(annotation));
        changes.extend(self.progress.map(|change| {
            Change::Progress(ProgressChange {
                book_id: key(&change.book_id),
                locator: change.locator,
            })
        }));
        changes.extend(self.library_item.map(|change| {
            Change::Item(ItemChange {
                book_id: key(&change.book_id),
                status: change.status,
                removed: change.removed,
            })
        }));
        changes.extend(self.session.map(|change| {
            Change::Session(SessionChange {
                id: key(&change.id),
                book_id: key(&change.book_id),
                started_at: change.started_at,
                seconds: change.seconds,
                start_progression: change.start_progression,
                end_progression: change.end_progression,
            })
        }));
        match (changes.pop(), changes.is_empty()) {
            (Some(change), true) => Ok(Timed {
                physical: millis(self.at),
                counter: self.counter,
                change,
            }),
            _ => Err((Code::NotOneChange, "annotation")),
        }
    }
}

fn annotation(change: AnnotationChangeInput) -> Change {
    Change::Annotation(AnnotationChange {
        id: key(&change.id),
        book_id: key(&change.book_id),
        kind: change.kind,
        passage: change
            .locator
            .map(|locator| (locator, change.quote.and_then(tidy))),
        note: match change.note {
            MaybeUndefined::Undefined => None,
            MaybeUndefined::Null => Some(None),
            MaybeUndefined::Value(note) => Some(tidy(note)),
        },
        colour: match change.colour {
            MaybeUndefined::Undefined => None,
            MaybeUndefined::Null => Some(None),
            MaybeUndefined::Value(colour) => Some(Some(colour)),
        },
        privacy: change.privacy,
        deleted: change.deleted,
    })
}

/// A text as it is kept: trimmed, in NFC; none where nothing is left of it. What cannot be kept stays as it is, to be refused.
fn tidy(text: String) -> Option<String> {
    let kept = coko_core::text::block(&text, MAX_NOTE).unwrap_or(text);
    Some(kept).filter(|text| !text.trim().is_empty())
}
