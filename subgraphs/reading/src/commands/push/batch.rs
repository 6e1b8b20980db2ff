//! Everything that a batch touches, loaded with few queries, changed in memory, and written with few statements.

use std::collections::{HashMap, HashSet};

use coko_core::Result;
use coko_core::context::CommandContext;
use coko_core::database::Connection;
use time::Date;
use uuid::Uuid;

use super::Taken;
use crate::commands::Reading;
use crate::error::ChangeErrorCode as Code;
use crate::model::book::pages;
use crate::model::entitlement::source_at;
use crate::model::item::MAX_ITEMS;
use crate::model::session::{judge, pages_read};
use crate::model::statistics::READING_DAY;
use crate::model::zone::day_in;
use crate::model::{
    Annotation, AnnotationChange, Book, Change, Day, Entitlement, Item, ItemChange, Progress,
    ProgressChange, Session, SessionChange, Stamp, Timed, progress,
};
use crate::store;
use crate::store::readers::Reader;

/// Annotations of one reader, deleted ones included.
const MAX_ANNOTATIONS: i32 = 200_000;

/// Loaded rows, and which of them were changed.
pub(super) struct Batch {
    pub(super) context: CommandContext,
    pub(super) reader: Reader,
    pub(super) device: Uuid,
    books: HashMap<Uuid, Book>,
    pub(super) rights: HashMap<Uuid, Vec<Entitlement>>,
    pub(super) items: HashMap<Uuid, Item>,
    /// Items that the library has room for.
    room: i64,
    /// All devices' places by book.
    pub(super) places: HashMap<Uuid, Vec<Progress>>,
    pub(super) annotations: HashMap<Uuid, Annotation>,
    known_sessions: HashSet<Uuid>,
    sessions: Vec<Session>,
    pub(super) days: HashMap<Date, Day>,
    pub(super) changed_items: HashSet<Uuid>,
    /// Books in which this device has another place.
    pub(super) changed_places: HashSet<Uuid>,
    /// Annotations that were changed, in the order of their first change.
    changed_annotations: Vec<Uuid>,
    changed_days: HashSet<Date>,
    /// Whether a day became a day of reading.
    pub(super) is_new_day: bool,
}

fn grouped<T>(rows: Vec<T>, book: impl Fn(&T) -> Uuid) -> HashMap<Uuid, Vec<T>> {
    let mut groups: HashMap<Uuid, Vec<T>> = HashMap::new();
    for row in rows {
        groups.entry(book(&row)).or_default().push(row);
    }
    groups
}

impl Batch {
    /// Loads what `changes` are about; the reader is locked.
    pub(super) async fn load(
        connection: &mut Connection,
        context: &CommandContext,
        reader: Reader,
        device: Uuid,
        changes: &[&Timed],
    ) -> Result<Self> {
        let user = reader.user_id;
        let books: HashSet<Uuid> = changes.iter().map(|timed| timed.change.book()).collect();
        let books: Vec<Uuid> = books.into_iter().collect();
        let (mut notes, mut sessions, mut begun) = (Vec::new(), Vec::new(), Vec::new());
        for timed in changes {
            match &timed.change {
                Change::Annotation(change) => notes.push(change.id),
                Change::Session(change) => {
                    sessions.push(change.id);
                    begun.push(change.started_at);
                }
                Change::Progress(_) | Change::Item(_) => {}
            }
        }
        let known = store::books::by_ids(connection, &books).await?;
        let items = store::items::of(connection, user, &books).await?;
        let room = if items.len() < books.len() {
            MAX_ITEMS - store::items::count(connection, user).await?
        } else {
            0
        };
        let days: HashSet<Date> = begun
            .iter()
            .map(|at| day_in(&reader.time_zone, (*at).min(context.now)))
            .chain([day_in(&reader.time_zone, context.now)])
            .collect();
        let days: Vec<Date> = days.into_iter().collect();
        let found_days = store::days::of(connection, user, &days).await?;
        let annotations = store::annotations::by_ids(connection, &notes).await?;
        Ok(Self {
            context: context.clone(),
            device,
            books: known.into_iter().map(|book| (book.book_id, book)).collect(),
            rights: grouped(
                store::entitlements::of(connection, user, &books).await?,
                |right| right.book_id,
            ),
            items: items.into_iter().map(|item| (item.book_id, item)).collect(),
            room,
            places: grouped(
                store::progress::of(connection, user, &books).await?,
                |place| place.book_id,
            ),
            annotations: annotations
                .into_iter()
                .map(|annotation| (annotation.id, annotation))
                .collect(),
            known_sessions: store::sessions::known(connection, user, &begun, &sessions)
                .await?
                .into_iter()
                .collect(),
            sessions: Vec::new(),
            days: found_days.into_iter().map(|day| (day.day, day)).collect(),
            changed_items: HashSet::new(),
            changed_places: HashSet::new(),
            changed_annotations: Vec::new(),
            changed_days: HashSet::new(),
            is_new_day: false,
            reader,
        })
    }

    /// Whether anything is known of the book: from the catalogue, or because the reader has to do with it.
    fn knows(&self, book: Uuid) -> bool {
        self.books.contains_key(&book)
            || self.items.contains_key(&book)
            || self.rights.contains_key(&book)
    }

    /// The reader's item of a book, made when it is not there.
    fn library_item(&mut self, book: Uuid) -> std::result::Result<&mut Item, Taken> {
        if !self.items.contains_key(&book) {
            if self.room <= 0 {
                return Err(Taken::Refused(Code::TooMany, "bookId"));
            }
            self.room -= 1;
            let item = Item::new(self.reader.user_id, book, self.context.now);
            self.items.insert(book, item);
            self.changed_items.insert(book);
        }
        self.items
            .get_mut(&book)
            .ok_or(Taken::Refused(Code::BookUnknown, "bookId"))
    }

    /// Takes over a change of an annotation.
    pub(super) fn annotation(&mut self, change: &AnnotationChange, stamp: Stamp) -> Taken {
        if !self.knows(change.book_id) {
            return Taken::Refused(Code::BookUnknown, "bookId");
        }
        let user = self.reader.user_id;
        if let Some(known) = self.annotations.get(&change.id) {
            let same =
                (known.user_id, known.book_id, known.kind) == (user, change.book_id, change.kind);
            if !same {
                return Taken::Refused(Code::IdTaken, "id");
            }
        } else {
            if self.reader.annotations >= MAX_ANNOTATIONS {
                return Taken::Refused(Code::TooMany, "id");
            }
            self.reader.annotations += 1;
        }
        let now = self.context.now;
        let annotation = self
            .annotations
            .entry(change.id)
            .or_insert_with(|| Annotation::unwritten(change, user, now));
        if !annotation.merge(change, stamp) {
            return Taken::Unchanged;
        }
        if !self.changed_annotations.contains(&change.id) {
            self.changed_annotations.push(change.id);
        }
        Taken::Applied
    }

    /// Takes over a place.
    pub(super) fn progress(&mut self, change: &ProgressChange, stamp: Stamp) -> Taken {
        let book = change.book_id;
        if !self.knows(book) {
            return Taken::Refused(Code::BookUnknown, "bookId");
        }
        let (user, now) = (self.reader.user_id, self.context.now);
        let places = self.places.entry(book).or_default();
        let known = places
            .iter()
            .position(|place| place.device_id == stamp.device);
        let is_new = match known {
            Some(index) => places[index].merge(change, stamp, now),
            None if places.len() >= progress::MAX_DEVICES => {
                return Taken::Refused(Code::TooMany, "deviceId");
            }
            None => {
                let id = self.context.id();
                places.push(Progress::first(id, user, change, stamp, now));
                true
            }
        };
        let item = match self.library_item(book) {
            Ok(item) => item,
            Err(refused) => return refused,
        };
        let is_read = item.read(change.locator.progression(), stamp.at());
        if is_read {
            self.changed_items.insert(book);
        }
        if is_new {
            self.changed_places.insert(book);
        }
        if is_new || is_read {
            Taken::Applied
        } else {
            Taken::Unchanged
        }
    }

    /// Takes over what the reader chose for a book.
    pub(super) fn item(&mut self, change: ItemChange, stamp: Stamp) -> Taken {
        if !self.knows(change.book_id) {
            return Taken::Refused(Code::BookUnknown, "bookId");
        }
        let item = match self.library_item(change.book_id) {
            Ok(item) => item,
            Err(refused) => return refused,
        };
        if item.choose(change, stamp) {
            self.changed_items.insert(change.book_id);
            Taken::Applied
        } else {
            Taken::Unchanged
        }
    }

    /// Takes over a stretch of reading.
    pub(super) fn session(&mut self, change: SessionChange) -> Taken {
        if !self.knows(change.book_id) {
            return Taken::Refused(Code::BookUnknown, "bookId");
        }
        if !self.known_sessions.insert(change.id) {
            return Taken::Unchanged;
        }
        let book_pages = self
            .books
            .get(&change.book_id)
            .and_then(|book| book.page_count);
        let read = pages_read(
            change.start_progression,
            change.end_progression,
            pages(book_pages),
        );
        let begun = change.started_at.min(self.context.now);
        let date = day_in(&self.reader.time_zone, begun);
        let user = self.reader.user_id;
        let already = self.days.get(&date).map_or(0, |day| day.seconds);
        let uncounted = judge(change.seconds, read, already);
        if uncounted.is_none() {
            match self.library_item(change.book_id) {
                Ok(item) => item.seconds_read += i64::from(change.seconds),
                Err(refused) => return refused,
            }
            self.changed_items.insert(change.book_id);
            self.count(date, change.seconds, read);
        }
        self.sessions.push(Session {
            id: change.id,
            user_id: user,
            book_id: change.book_id,
            device_id: self.device,
            started_at: change.started_at,
            seconds: change.seconds,
            start_progression: change.start_progression,
            end_progression: change.end_progression,
            day: date,
            pages: read,
            uncounted,
        });
        Taken::Applied
    }

    /// The day, to be written.
    fn day(&mut self, date: Date) -> &mut Day {
        let user = self.reader.user_id;
        self.changed_days.insert(date);
        self.days
            .entry(date)
            .or_insert_with(|| Day::empty(user, date))
    }

    /// Counts a stretch of reading for a day.
    fn count(&mut self, date: Date, seconds: i32, pages: f64) {
        let day = self.day(date);
        let before = day.seconds;
        day.seconds += seconds;
        day.pages += pages;
        day.sessions += 1;
        let is_new = before < READING_DAY && day.seconds >= READING_DAY;
        self.is_new_day |= is_new;
    }

    /// Counts a finished book for today.
    pub(super) fn finished_today(&mut self) {
        let date = day_in(&self.reader.time_zone, self.context.now);
        self.day(date).books += 1;
    }

    /// What a book was read by when it was read last.
    pub(super) fn source(&self, item: &Item) -> Option<crate::model::Source> {
        let rights = self.rights.get(&item.book_id)?;
        source_at(rights, item.last_read_at.unwrap_or(self.context.now))
    }

    /// Writes what was changed and says what is to be said; returns the annotations whose ids another reader took.
    pub(super) async fn write(
        mut self,
        connection: &mut Connection,
        context: &CommandContext,
        reading: &Reading,
    ) -> Result<HashSet<Uuid>> {
        let mut written = Vec::with_capacity(self.changed_annotations.len());
        for id in std::mem::take(&mut self.changed_annotations) {
            if let Some(annotation) = self.annotations.get_mut(&id) {
                annotation.sequence = self.reader.next();
                written.push(annotation.clone());
            }
        }
        let shared = Self::share(&mut written, context);
        let kept: HashSet<Uuid> = store::annotations::keep(connection, &written)
            .await?
            .into_iter()
            .collect();
        let lost: HashSet<Uuid> = written
            .iter()
            .map(|annotation| annotation.id)
            .filter(|id| !kept.contains(id))
            .collect();
        let mut places = Vec::new();
        for book in &self.changed_places {
            let own = self.places.get_mut(book).into_iter().flatten();
            for place in own.filter(|place| place.device_id == self.device) {
                place.sequence = self.reader.next();
                places.push(place.clone());
            }
        }
        store::progress::keep(connection, &places).await?;
        self.say(connection, reading, &places, &shared, &lost)
            .await?;
        let mut items = Vec::with_capacity(self.changed_items.len());
        for book in &self.changed_items {
            if let Some(item) = self.items.get_mut(book) {
                item.sequence = self.reader.next();
                items.push(item.clone());
            }
        }
        store::items::keep(connection, &items).await?;
        store::sessions::insert(connection, &self.sessions).await?;
        let days: Vec<Day> = self
            .changed_days
            .iter()
            .filter_map(|day| self.days.get(day).cloned())
            .collect();
        store::days::keep(connection, &days).await?;
        self.streak(connection).await?;
        store::readers::update(connection, &self.reader).await?;
        Ok(lost)
    }

    /// Marks those annotations as shared that are for the first time, and returns their ids.
    fn share(written: &mut [Annotation], context: &CommandContext) -> Vec<Uuid> {
        use crate::model::Privacy;
        let fresh = written.iter_mut().filter(|annotation| {
            annotation.is_there()
                && annotation.privacy == Privacy::Public
                && annotation.shared_at.is_none()
        });
        fresh
            .map(|annotation| {
                annotation.shared_at = Some(context.now);
                annotation.id
            })
            .collect()
    }
}
