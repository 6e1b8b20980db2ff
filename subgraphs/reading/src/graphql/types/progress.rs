//! `ReadingProgress`, one device's place, and `BookProgress`, those of all devices.

use async_graphql::{ID, Object};
use time::OffsetDateTime;

use super::BookType;
use crate::graphql::key;
use crate::model::{BookProgress, Locator, Progress};

/// The place of one device.
#[derive(Clone)]
pub(crate) struct ProgressType(pub(crate) Progress);

/// Where one of the reader's devices is in a book. Only the reader sees it.
#[Object(name = "ReadingProgress")]
impl ProgressType {
    /// Identifies the place of this device in this book.
    async fn id(&self) -> ID {
        self.0.id.into()
    }

    /// The book.
    async fn book(&self) -> BookType {
        BookType::reference(self.0.book_id)
    }

    /// The device.
    async fn device_id(&self) -> ID {
        self.0.device_id.into()
    }

    /// The place.
    async fn locator(&self) -> &Locator {
        &self.0.locator
    }

    /// The share of the book that comes before it: 0 to 1.
    async fn progression(&self) -> f64 {
        self.0.progression
    }

    /// When the device was there, by its clock, never later than it was heard of.
    async fn read_at(&self) -> OffsetDateTime {
        self.0.read_at
    }
}

/// The places of all devices.
#[derive(Clone)]
pub(crate) struct BookProgressType(pub(crate) BookProgress);

/// How far a reader is in a book.
#[Object(name = "BookProgress")]
impl BookProgressType {
    /// The newest place of any device.
    async fn current(&self) -> ProgressType {
        ProgressType(self.0.current().clone())
    }

    /// The furthest place that any device was at.
    async fn furthest(&self) -> &Locator {
        &self.0.furthest().furthest_locator
    }

    /// The share of the book that comes before the furthest place: 0 to 1.
    async fn furthest_progression(&self) -> f64 {
        self.0.furthest().furthest_progression
    }

    /// The place of every device, the newest first.
    async fn devices(&self) -> Vec<ProgressType> {
        let places = self.0.devices().iter().cloned();
        places.map(ProgressType).collect()
    }

    /// Where another device has been since this one was used: offer to go there, and do not go unasked. Null when this device
    /// is where reading went on last.
    async fn offered(&self, device_id: ID) -> Option<ProgressType> {
        self.0
            .offered_to(key(&device_id))
            .cloned()
            .map(ProgressType)
    }
}
