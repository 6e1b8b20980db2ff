//! Books in a reader's library: what the reader chose, and what follows from what was read since.

use coko_core::text_enum;
use diesel::prelude::*;
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use super::progress::FINISHED;
use super::stamp::{Stamp, is_newer};
use crate::tables::library_items;

/// Books in one library.
pub(crate) const MAX_ITEMS: i64 = 10_000;

text_enum! {
    /// What a book is to a reader.
    pub(crate) ReadingStatus {
        /// To be read one day.
        Want = "WANT",
        /// Being read.
        Reading = "READING",
        /// Read to the end.
        Read = "READ",
        /// Put aside for a while.
        Paused = "PAUSED",
        /// Put aside for good: did not finish.
        DidNotFinish = "DNF",
    }
}

text_enum! {
    /// How a book was completed.
    pub(crate) Completion {
        /// The reader says so.
        SelfReported = "SELF",
        /// Its end was reached here.
        Progress = "PROGRESS",
    }
}

/// A book of a reader's.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = library_items)]
pub(crate) struct Item {
    pub(crate) user_id: Uuid,
    pub(crate) book_id: Uuid,
    /// What the reader chose last, if anything.
    pub(crate) chosen: Option<ReadingStatus>,
    pub(crate) chosen_stamp: Option<Stamp>,
    /// Taken out of the library by the reader.
    pub(crate) removed: bool,
    pub(crate) removed_stamp: Option<Stamp>,
    /// Follows from the above and from what was read.
    pub(crate) status: ReadingStatus,
    /// Shown in the library; follows likewise.
    pub(crate) listed: bool,
    pub(crate) added_at: OffsetDateTime,
    pub(crate) started_at: Option<OffsetDateTime>,
    pub(crate) last_read_at: Option<OffsetDateTime>,
    pub(crate) finished_at: Option<OffsetDateTime>,
    /// How `reading.completed` was said.
    pub(crate) completed: Option<Completion>,
    /// Seconds of plausible reading.
    pub(crate) seconds_read: i64,
    /// When `reading.progressed` was said last.
    pub(crate) told_at: Option<OffsetDateTime>,
    /// When it is to be said next.
    pub(crate) tell_at: Option<OffsetDateTime>,
    pub(crate) right_changed_at: Option<OffsetDateTime>,
    pub(crate) sequence: i64,
}

/// What a reader chose. What is none is left as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ItemChange {
    pub(crate) book_id: Uuid,
    pub(crate) status: Option<ReadingStatus>,
    pub(crate) removed: Option<bool>,
}

/// Whether `reading.progressed` is to be said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Telling {
    /// Not now: it was said a moment ago, and a timer says it later.
    Later,
    /// Now.
    Now,
    /// Now, and `reading.started` before it.
    First,
}

impl Item {
    /// A book that nothing is known of but that it is there.
    pub(crate) fn new(user: Uuid, book: Uuid, now: OffsetDateTime) -> Self {
        Self {
            user_id: user,
            book_id: book,
            chosen: None,
            chosen_stamp: None,
            removed: false,
            removed_stamp: None,
            status: ReadingStatus::Want,
            listed: true,
            added_at: now,
            started_at: None,
            last_read_at: None,
            finished_at: None,
            completed: None,
            seconds_read: 0,
            told_at: None,
            tell_at: None,
            right_changed_at: None,
            sequence: 0,
        }
    }

    /// Takes over what the reader chose later than before; returns whether anything.
    pub(crate) fn choose(&mut self, change: ItemChange, stamp: Stamp) -> bool {
        let mut chosen = false;
        if let Some(status) = change.status
            && is_newer(stamp, self.chosen_stamp)
        {
            self.chosen = Some(status);
            self.chosen_stamp = Some(stamp);
            chosen = true;
        }
        if let Some(removed) = change.removed
            && is_newer(stamp, self.removed_stamp)
        {
            self.removed = removed;
            self.removed_stamp = Some(stamp);
            chosen = true;
        }
        self.follow();
        chosen
    }

    /// Takes over that the reader was at `progression` at `at`; returns whether anything of the item changed.
    pub(crate) fn read(&mut self, progression: f64, at: OffsetDateTime) -> bool {
        let before = (self.started_at, self.last_read_at, self.finished_at);
        self.started_at = Some(self.started_at.map_or(at, |known| known.min(at)));
        self.last_read_at = self.last_read_at.max(Some(at));
        if progression >= FINISHED {
            self.finished_at = self.finished_at.max(Some(at));
        }
        self.follow();
        before != (self.started_at, self.last_read_at, self.finished_at)
    }

    /// How the book was completed, where that was not said before; marks it as said. Who reaches the end of a book that is
    /// not theirs to read completes nothing.
    pub(crate) fn complete(&mut self, entitled: bool) -> Option<Completion> {
        let reached = if self.finished_at.is_some() && entitled {
            Some(Completion::Progress)
        } else if self.chosen == Some(ReadingStatus::Read) {
            Some(Completion::SelfReported)
        } else {
            None
        };
        let news = reached.filter(|reached| self.completed < Some(*reached));
        self.completed = self.completed.max(news);
        news
    }

    /// Status and visibility as they follow from choices and from reading, whatever came first.
    fn follow(&mut self) {
        use ReadingStatus as S;
        let since = |stamp: Option<Stamp>, at: Option<OffsetDateTime>| match (stamp, at) {
            (_, None) => false,
            (None, Some(_)) => true,
            (Some(stamp), Some(at)) => at > stamp.at(),
        };
        self.status = match self.chosen {
            None if self.finished_at.is_some() => S::Read,
            None if self.started_at.is_some() => S::Reading,
            None => S::Want,
            Some(_) if since(self.chosen_stamp, self.finished_at) => S::Read,
            Some(S::Want | S::Paused) if since(self.chosen_stamp, self.last_read_at) => S::Reading,
            Some(chosen) => chosen,
        };
        self.listed = !self.removed || since(self.removed_stamp, self.last_read_at);
    }

    /// Whether `reading.progressed` is to be said at once; marks it as said, or when it will be.
    pub(crate) fn tell(&mut self, now: OffsetDateTime, pause: Duration) -> Telling {
        if self.tell_at.is_some() {
            return Telling::Later;
        }
        match self.told_at {
            None => {
                self.told_at = Some(now);
                Telling::First
            }
            Some(told) if told + pause > now => {
                self.tell_at = Some(told + pause);
                Telling::Later
            }
            Some(_) => {
                self.told_at = Some(now);
                Telling::Now
            }
        }
    }

    /// The moment of a change of rights: now, and later than any before it.
    pub(crate) fn right_changes(&mut self, now: OffsetDateTime) -> OffsetDateTime {
        let after = self
            .right_changed_at
            .map(|last| last + Duration::microseconds(1));
        let at = after.map_or(now, |after| after.max(now));
        self.right_changed_at = Some(at);
        at
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::model::stamp::moment;

    #[derive(Clone, Debug)]
    enum Step {
        Choose(Option<ReadingStatus>, Option<bool>),
        Read(f64),
    }

    fn item() -> Item {
        Item::new(Uuid::from_u128(1), Uuid::from_u128(2), moment(0))
    }

    fn stamp(at: i64) -> Stamp {
        Stamp {
            wall: at,
            physical: at,
            counter: 0,
            device: Uuid::from_u128(3),
        }
    }

    fn apply(item: &mut Item, (at, step): &(i64, Step)) {
        match step {
            Step::Choose(status, removed) => {
                let change = ItemChange {
                    book_id: item.book_id,
                    status: *status,
                    removed: *removed,
                };
                item.choose(change, stamp(*at));
            }
            Step::Read(progression) => {
                item.read(*progression, moment(*at));
            }
        }
    }

    fn any_step() -> impl Strategy<Value = Step> {
        use ReadingStatus as S;
        let status = proptest::sample::select(vec![
            S::Want,
            S::Reading,
            S::Read,
            S::Paused,
            S::DidNotFinish,
        ]);
        prop_oneof![
            (
                proptest::option::of(status),
                proptest::option::of(any::<bool>())
            )
                .prop_map(|(status, removed)| Step::Choose(status, removed)),
            proptest::sample::select(vec![0.1, 0.5, 1.0]).prop_map(Step::Read),
        ]
    }

    proptest! {
        #[test]
        fn choices_and_reading_come_to_the_same_in_any_order(
            (steps, delivered) in proptest::collection::btree_map(0..100i64, any_step(), 1..10)
                .prop_map(|steps| steps.into_iter().collect::<Vec<_>>())
                .prop_flat_map(|steps| {
                    let twice: Vec<_> = steps.iter().chain(&steps).cloned().collect();
                    (Just(steps), Just(twice).prop_shuffle())
                })
        ) {
            let (mut one, mut other) = (item(), item());
            for step in &steps {
                apply(&mut one, step);
            }
            for step in &delivered {
                apply(&mut other, step);
            }
            prop_assert_eq!(one, other);
        }
    }

    #[test]
    fn reading_goes_on_where_the_reader_put_a_book_aside() {
        use ReadingStatus as S;
        let mut item = item();
        let choose = |item: &mut Item, at, status| {
            apply(item, &(at, Step::Choose(Some(status), None)));
        };
        choose(&mut item, 10, S::Paused);
        assert_eq!(item.status, S::Paused);
        apply(&mut item, &(20, Step::Read(0.3)));
        assert_eq!(item.status, S::Reading);
        choose(&mut item, 30, S::DidNotFinish);
        apply(&mut item, &(40, Step::Read(0.4)));
        assert_eq!(item.status, S::DidNotFinish);
        apply(&mut item, &(50, Step::Read(1.0)));
        assert_eq!(item.status, S::Read);
        // Read again.
        choose(&mut item, 60, S::Reading);
        assert_eq!(item.status, S::Reading);
    }

    #[test]
    fn completion_is_said_once_for_each_way() {
        let mut item = item();
        assert_eq!(item.complete(true), None);
        apply(
            &mut item,
            &(10, Step::Choose(Some(ReadingStatus::Read), None)),
        );
        assert_eq!(item.complete(true), Some(Completion::SelfReported));
        assert_eq!(item.complete(true), None);
        apply(&mut item, &(20, Step::Read(1.0)));
        assert_eq!(item.complete(false), None);
        assert_eq!(item.complete(true), Some(Completion::Progress));
        assert_eq!(item.complete(true), None);
    }

    #[test]
    fn progress_is_told_now_and_then() {
        let mut item = item();
        let pause = Duration::minutes(5);
        let at = |minutes: i64| moment(minutes * 60_000);
        assert_eq!(item.tell(at(1), pause), Telling::First);
        assert_eq!(item.tell(at(2), pause), Telling::Later);
        assert_eq!(item.tell_at, Some(at(6)));
        assert_eq!(item.tell(at(7), pause), Telling::Later, "the timer tells");
        item.tell_at = None;
        assert_eq!(item.tell(at(7), pause), Telling::Now);
    }
}
