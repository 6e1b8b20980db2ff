//! When a device wrote something: a hybrid logical clock whose wall time no device can put into the future.
//!
//! A device's own clock is physical milliseconds and a counter that tells writes of one millisecond apart; it never goes
//! back (Kulkarni et al., "Logical Physical Clocks", 2014). What it says is believed as far as it is past. A stamp from a
//! clock that is ahead counts as the moment at which it was first heard of, for ever: else the same change, sent twice,
//! would be newer the second time.

use std::collections::BTreeMap;

use coko_core::json_column;
use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::tables::clamps;

/// Milliseconds by which clocks differ without anybody's fault.
const TOLERANCE: i64 = 10_000;

/// When a field was written. The later of two wins: by wall time, then by what the device's clock said, then by the device.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Serialize,
    Deserialize,
    diesel::expression::AsExpression,
    diesel::deserialize::FromSqlRow,
)]
#[diesel(sql_type = diesel::sql_types::Jsonb)]
pub(crate) struct Stamp {
    /// Milliseconds since the epoch, not ahead of ours.
    #[serde(rename = "w")]
    pub(crate) wall: i64,
    /// Milliseconds since the epoch, as the device says.
    #[serde(rename = "p")]
    pub(crate) physical: i64,
    /// Tells the device's writes of one millisecond apart.
    #[serde(rename = "c")]
    pub(crate) counter: i32,
    /// The device; the nil UUID for what was done without one.
    #[serde(rename = "d")]
    pub(crate) device: Uuid,
}

json_column!(Stamp);

impl Stamp {
    /// A stamp of ours, later than `last`.
    pub(crate) fn ours(now: OffsetDateTime, last: Option<Self>) -> Self {
        let fresh = Self {
            wall: millis(now),
            physical: millis(now),
            counter: 0,
            device: Uuid::nil(),
        };
        match last {
            Some(last) if last >= fresh => Self {
                wall: last.wall,
                physical: last.physical,
                counter: last.counter.saturating_add(1),
                device: last.device,
            },
            _ => fresh,
        }
    }

    /// The wall time.
    pub(crate) fn at(self) -> OffsetDateTime {
        moment(self.wall)
    }
}

/// Whether `stamp` is later than what wrote a field last.
pub(crate) fn is_newer(stamp: Stamp, last: Option<Stamp>) -> bool {
    last.is_none_or(|last| stamp > last)
}

/// Milliseconds since the epoch.
pub(crate) fn millis(at: OffsetDateTime) -> i64 {
    i64::try_from(at.unix_timestamp_nanos() / 1_000_000).unwrap_or(i64::MAX)
}

/// The moment that is `millis` after the epoch.
pub(crate) fn moment(millis: i64) -> OffsetDateTime {
    OffsetDateTime::from_unix_timestamp_nanos(i128::from(millis) * 1_000_000)
        .unwrap_or(OffsetDateTime::UNIX_EPOCH)
}

/// What a stamp of a device whose clock is ahead counts as.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = clamps)]
pub(crate) struct Clamp {
    pub(crate) user_id: Uuid,
    pub(crate) device_id: Uuid,
    pub(crate) physical: i64,
    pub(crate) counter: i32,
    pub(crate) wall: i64,
}

/// The clamps of one device, from the earliest stamp at stake on.
#[derive(Debug)]
pub(crate) struct Clamps {
    user: Uuid,
    device: Uuid,
    known: BTreeMap<(i64, i32), i64>,
    fresh: Vec<Clamp>,
}

impl Clamps {
    /// The clamps that are known.
    pub(crate) fn new(user: Uuid, device: Uuid, known: Vec<Clamp>) -> Self {
        let known = known.into_iter();
        Self {
            user,
            device,
            known: known
                .map(|clamp| ((clamp.physical, clamp.counter), clamp.wall))
                .collect(),
            fresh: Vec::new(),
        }
    }

    /// The stamp of what the device says it wrote at `physical` and `counter`, heard of at `now`.
    ///
    /// A device's own order is kept: what it wrote before something that is clamped is no later than that.
    pub(crate) fn stamp(&mut self, physical: i64, counter: i32, now: OffsetDateTime) -> Stamp {
        let now = millis(now);
        let key = (physical, counter);
        let later = self.known.range(key..).map(|(_, wall)| *wall).min();
        let wall = match self.known.get(&key) {
            Some(wall) => *wall,
            None => {
                // With the tolerance, so that what was believed before is never later than what is clamped now.
                let believed = physical.min(now + TOLERANCE);
                let wall = later.map_or(believed, |later| believed.min(later));
                if physical > now + TOLERANCE {
                    self.known.insert(key, wall);
                    self.fresh.push(Clamp {
                        user_id: self.user,
                        device_id: self.device,
                        physical,
                        counter,
                        wall,
                    });
                }
                wall
            }
        };
        Stamp {
            wall,
            physical,
            counter,
            device: self.device,
        }
    }

    /// Those that were not known before, to be kept.
    pub(crate) fn into_fresh(self) -> Vec<Clamp> {
        self.fresh
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const USER: Uuid = Uuid::from_u128(1);
    const DEVICE: Uuid = Uuid::from_u128(2);
    const HOUR: i64 = 3_600_000;

    fn clamps() -> Clamps {
        Clamps::new(USER, DEVICE, Vec::new())
    }

    #[test]
    fn the_past_is_believed_and_the_future_is_now() {
        let now = moment(100 * HOUR);
        let mut clamps = clamps();
        assert_eq!(clamps.stamp(99 * HOUR, 0, now).wall, 99 * HOUR);
        assert_eq!(
            clamps.stamp(100 * HOUR + TOLERANCE, 0, now).wall,
            100 * HOUR + TOLERANCE
        );
        let latest = 100 * HOUR + TOLERANCE;
        assert_eq!(clamps.stamp(200 * HOUR, 0, now).wall, latest);
        // Heard again an hour later it is what it was.
        let later = moment(101 * HOUR);
        assert_eq!(clamps.stamp(200 * HOUR, 0, later).wall, latest);
        assert_eq!(clamps.into_fresh().len(), 1);
    }

    #[test]
    fn a_device_s_own_order_is_kept() {
        let mut clamps = clamps();
        let (now, later) = (moment(100 * HOUR), moment(101 * HOUR));
        let second = clamps.stamp(200 * HOUR, 1, now);
        // The change before it comes an hour later.
        let first = clamps.stamp(200 * HOUR, 0, later);
        assert!(first < second, "{first:?} {second:?}");
        // The clock was set right meanwhile; what it says now is still before what it said then.
        let earlier = clamps.stamp(101 * HOUR, 0, later);
        assert!(earlier < second, "{earlier:?} {second:?}");
    }

    #[test]
    fn ours_is_always_later() {
        let now = moment(100 * HOUR);
        let ahead = clamps().stamp(100 * HOUR + 1000, 5, now);
        assert!(Stamp::ours(now, Some(ahead)) > ahead);
        let behind = clamps().stamp(HOUR, 5, now);
        assert!(Stamp::ours(now, Some(behind)) > behind);
        assert_eq!(Stamp::ours(now, None).wall, 100 * HOUR);
    }
}
