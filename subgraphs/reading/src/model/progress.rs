//! How far a reader is in a book, on each of its devices.

use diesel::prelude::*;
use time::OffsetDateTime;
use uuid::Uuid;

use super::locator::Locator;
use super::stamp::Stamp;
use crate::tables::progress;

/// Shares of a book that are its end: what follows is the colophon.
pub(crate) const FINISHED: f64 = 0.99;
/// Devices of one reader that keep a place in one book.
pub(crate) const MAX_DEVICES: usize = 100;

/// The place of one device.
#[derive(Clone, Debug, PartialEq, Queryable, Selectable, Insertable)]
#[diesel(table_name = progress)]
pub(crate) struct Progress {
    pub(crate) id: Uuid,
    pub(crate) user_id: Uuid,
    pub(crate) book_id: Uuid,
    pub(crate) device_id: Uuid,
    pub(crate) locator: Locator,
    pub(crate) progression: f64,
    pub(crate) stamp: Stamp,
    /// When the device was there; never later than it was heard of.
    pub(crate) read_at: OffsetDateTime,
    pub(crate) furthest_locator: Locator,
    pub(crate) furthest_progression: f64,
    pub(crate) furthest_stamp: Stamp,
    pub(crate) sequence: i64,
}

/// Where a device was.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct ProgressChange {
    pub(crate) book_id: Uuid,
    pub(crate) locator: Locator,
}

impl Progress {
    /// The first place that is heard of.
    pub(crate) fn first(
        id: Uuid,
        user: Uuid,
        change: &ProgressChange,
        stamp: Stamp,
        now: OffsetDateTime,
    ) -> Self {
        let progression = change.locator.progression();
        Self {
            id,
            user_id: user,
            book_id: change.book_id,
            device_id: stamp.device,
            locator: change.locator.clone(),
            progression,
            stamp,
            read_at: stamp.at().min(now),
            furthest_locator: change.locator.clone(),
            furthest_progression: progression,
            furthest_stamp: stamp,
            sequence: 0,
        }
    }

    /// Takes over a place that is newer, or further, than what is known; returns whether it is.
    pub(crate) fn merge(
        &mut self,
        change: &ProgressChange,
        stamp: Stamp,
        now: OffsetDateTime,
    ) -> bool {
        let progression = change.locator.progression();
        let is_newer = stamp > self.stamp;
        if is_newer {
            self.locator = change.locator.clone();
            self.progression = progression;
            self.stamp = stamp;
            self.read_at = stamp.at().min(now);
        }
        let is_further = progression > self.furthest_progression
            // Of two visits to one place the first counts, so that the order of arrival does not.
            || (progression.total_cmp(&self.furthest_progression).is_eq()
                && stamp < self.furthest_stamp);
        if is_further {
            self.furthest_locator = change.locator.clone();
            self.furthest_progression = progression;
            self.furthest_stamp = stamp;
        }
        is_newer || is_further
    }
}

/// The places of all of a reader's devices in one book; at least one.
#[derive(Clone, Debug)]
pub(crate) struct BookProgress {
    devices: Vec<Progress>,
}

impl BookProgress {
    /// None where there is no place.
    pub(crate) fn of(mut devices: Vec<Progress>) -> Option<Self> {
        devices.sort_by_key(|progress| std::cmp::Reverse(progress.stamp));
        (!devices.is_empty()).then_some(Self { devices })
    }

    /// The newest place.
    pub(crate) fn current(&self) -> &Progress {
        &self.devices[0]
    }

    /// The furthest place that any device was at.
    pub(crate) fn furthest(&self) -> &Progress {
        let by_share = |a: &&Progress, b: &&Progress| {
            a.furthest_progression
                .total_cmp(&b.furthest_progression)
                .then(b.furthest_stamp.cmp(&a.furthest_stamp))
        };
        self.devices
            .iter()
            .max_by(by_share)
            .unwrap_or(&self.devices[0])
    }

    /// Every device's place, the newest first.
    pub(crate) fn devices(&self) -> &[Progress] {
        &self.devices
    }

    /// Where another device has been since `device` was last heard of: to be offered there, never taken.
    pub(crate) fn offered_to(&self, device: Uuid) -> Option<&Progress> {
        let current = self.current();
        let own = self
            .devices
            .iter()
            .find(|progress| progress.device_id == device);
        (current.device_id != device && own.is_none_or(|own| own.locator != current.locator))
            .then_some(current)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::model::locator::tests::at;
    use crate::model::stamp::moment;

    fn stamp(at: i64, device: u128) -> Stamp {
        Stamp {
            wall: at,
            physical: at,
            counter: 0,
            device: Uuid::from_u128(device),
        }
    }

    fn change(share: f64) -> ProgressChange {
        ProgressChange {
            book_id: Uuid::from_u128(9),
            locator: at(share),
        }
    }

    fn read(places: &[(i64, u8)], device: u128) -> Progress {
        let now = moment(1_000_000);
        let step = |(moment, place): &(i64, u8)| {
            (stamp(*moment, device), change(f64::from(*place) / 10.0))
        };
        let (first_stamp, first) = step(&places[0]);
        let mut progress = Progress::first(
            Uuid::from_u128(1),
            Uuid::from_u128(2),
            &first,
            first_stamp,
            now,
        );
        for place in &places[1..] {
            let (stamp, change) = step(place);
            progress.merge(&change, stamp, now);
        }
        progress
    }

    proptest! {
        #[test]
        fn places_come_to_the_same_in_any_order(
            (places, delivered) in proptest::collection::btree_map(0..50i64, 0..=10u8, 1..10)
                .prop_map(|places| places.into_iter().collect::<Vec<_>>())
                .prop_flat_map(|places| {
                    let twice: Vec<_> = places.iter().chain(&places).copied().collect();
                    (Just(places), Just(twice).prop_shuffle())
                })
        ) {
            prop_assert_eq!(read(&places, 3), read(&delivered, 3));
        }
    }

    #[test]
    fn the_newest_place_is_current_and_the_furthest_is_kept() {
        let phone = read(&[(10, 2), (20, 8), (30, 3)], 1);
        let tablet = read(&[(25, 5)], 2);
        let book = BookProgress::of(vec![tablet, phone]).unwrap();
        assert!((book.current().progression - 0.3).abs() < 1e-9);
        assert!((book.furthest().furthest_progression - 0.8).abs() < 1e-9);
        // The tablet is offered where the phone is, the phone is offered nothing.
        let offered = book.offered_to(Uuid::from_u128(2)).unwrap();
        assert_eq!(offered.device_id, Uuid::from_u128(1));
        assert!(book.offered_to(Uuid::from_u128(1)).is_none());
        assert!(book.offered_to(Uuid::from_u128(7)).is_some());
        assert!(BookProgress::of(Vec::new()).is_none());
    }
}
