//! What is said of a batch.

use std::collections::HashSet;

use coko_core::database::Connection;
use coko_core::events::reading::{
    AnnotationShared, ProgressChanged, ReadingCompleted, ReadingStreak,
};
use coko_core::{Result, outbox};
use uuid::Uuid;

use super::batch::Batch;
use crate::commands::{Reading, tell_progress};
use crate::model::{BookProgress, Completion, Progress, Telling, statistics};
use crate::store;

impl Batch {
    /// Says which places changed, how far the reader is, what is completed and shared. Marks in items what was said.
    pub(super) async fn say(
        &mut self,
        connection: &mut Connection,
        reading: &Reading,
        places: &[Progress],
        shared: &[Uuid],
        lost: &HashSet<Uuid>,
    ) -> Result<()> {
        let context = self.context.clone();
        let changed: Vec<ProgressChanged> = places
            .iter()
            .map(|place| ProgressChanged {
                progress_id: place.id,
                user_id: place.user_id,
                book_id: place.book_id,
                device_id: place.device_id,
            })
            .collect();
        outbox::enqueue_all(connection, &context, &changed).await?;
        let shared: Vec<AnnotationShared> = shared
            .iter()
            .filter(|id| !lost.contains(*id))
            .filter_map(|id| self.annotations.get(id))
            .map(|annotation| AnnotationShared {
                annotation_id: annotation.id,
                user_id: annotation.user_id,
                book_id: annotation.book_id,
                shared_at: context.now,
            })
            .collect();
        outbox::enqueue_all(connection, &context, &shared).await?;
        for book in self.changed_places.clone() {
            self.told(connection, reading, book).await?;
        }
        for book in self.changed_items.clone() {
            self.completed(connection, book).await?;
        }
        Ok(())
    }

    /// Tells how far the reader is, unless that was told a moment ago.
    async fn told(
        &mut self,
        connection: &mut Connection,
        reading: &Reading,
        book: Uuid,
    ) -> Result<()> {
        let Some(mut item) = self.items.remove(&book) else {
            return Ok(());
        };
        let source = self.source(&item);
        let places = self.places.get(&book).cloned().unwrap_or_default();
        if let (Some(source), Some(places)) = (source, BookProgress::of(places)) {
            let telling = item.tell(self.context.now, reading.progress_pause());
            if telling != Telling::Later {
                let is_first = telling == Telling::First;
                let context = &self.context;
                tell_progress(connection, context, &item, &places, source, is_first).await?;
            }
            self.changed_items.insert(book);
        }
        self.items.insert(book, item);
        Ok(())
    }

    async fn completed(&mut self, connection: &mut Connection, book: Uuid) -> Result<()> {
        let Some(mut item) = self.items.remove(&book) else {
            return Ok(());
        };
        let is_entitled = self.source(&item).is_some();
        if let Some(completion) = item.complete(is_entitled) {
            let self_reported = completion == Completion::SelfReported;
            if !self_reported {
                self.finished_today();
            }
            let event = ReadingCompleted {
                user_id: item.user_id,
                book_id: book,
                self_reported,
                seconds_read: item.seconds_read,
                completed_at: item
                    .finished_at
                    .filter(|_| !self_reported)
                    .unwrap_or(self.context.now),
            };
            outbox::enqueue(connection, &self.context, &event).await?;
        }
        self.items.insert(book, item);
        Ok(())
    }

    /// Counts the days in a row again where a day was added, and says so. The days are written.
    pub(super) async fn streak(&mut self, connection: &mut Connection) -> Result<()> {
        if !self.is_new_day {
            return Ok(());
        }
        let days = store::days::of_reading(connection, self.reader.user_id).await?;
        let Some((count, newest)) = statistics::row(&days) else {
            return Ok(());
        };
        let longest = self
            .reader
            .streak_longest
            .max(statistics::longest_row(&days));
        let before = (
            self.reader.streak_days,
            self.reader.streak_end,
            self.reader.streak_longest,
        );
        if before == (count, Some(newest), longest) {
            return Ok(());
        }
        self.reader.streak_days = count;
        self.reader.streak_end = Some(newest);
        self.reader.streak_longest = longest;
        let event = ReadingStreak {
            user_id: self.reader.user_id,
            days: count,
            longest,
            last_day: newest.to_string(),
            at: self.context.now,
        };
        outbox::enqueue(connection, &self.context, &event).await?;
        Ok(())
    }
}
