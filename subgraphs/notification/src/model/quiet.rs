//! Hours in which nothing interrupts a person.

use time::OffsetDateTime;

use super::zone;

/// Minutes of a day.
const DAY: i16 = 24 * 60;

/// From when until when, in minutes after midnight of the person's zone; the end may be on the day after.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct QuietHours {
    pub(crate) from: i16,
    pub(crate) until: i16,
}

impl QuietHours {
    /// Hours between two times of day such as `22:00` and `07:00`; none for what are no two different ones.
    pub(crate) fn parse(from: &str, until: &str) -> Option<Self> {
        let (from, until) = (minutes(from)?, minutes(until)?);
        (from != until).then_some(Self { from, until })
    }

    /// The two times of day.
    pub(crate) fn times(self) -> (String, String) {
        let text = |minutes: i16| format!("{:02}:{:02}", minutes / 60, minutes % 60);
        (text(self.from), text(self.until))
    }

    /// When they end, if `now` lies in them for who lives in `zone`.
    pub(crate) fn end(self, zone: &str, now: OffsetDateTime) -> Option<OffsetDateTime> {
        let local = zone::local(zone, now);
        let minute = i16::from(local.hour()) * 60 + i16::from(local.minute());
        let over_midnight = self.from > self.until;
        let within = if over_midnight {
            minute >= self.from || minute < self.until
        } else {
            (self.from..self.until).contains(&minute)
        };
        if !within {
            return None;
        }
        let today = local.date();
        let date = if over_midnight && minute >= self.from {
            today.tomorrow().ok()?
        } else {
            today
        };
        let (hour, rest) = (self.until / 60, self.until % 60);
        let ends = date.at(i8::try_from(hour).ok()?, i8::try_from(rest).ok()?, 0, 0);
        // Where a clock is set back over the end, the end may have been a moment ago.
        zone::moment(zone, ends).map(|end| end.max(now + time::Duration::seconds(1)))
    }
}

/// Minutes after midnight.
fn minutes(text: &str) -> Option<i16> {
    let (hour, minute) = text.split_once(':')?;
    if hour.len() != 2
        || minute.len() != 2
        || !text.bytes().all(|b| b.is_ascii_digit() || b == b':')
    {
        return None;
    }
    let (hour, minute): (i16, i16) = (hour.parse().ok()?, minute.parse().ok()?);
    let total = hour * 60 + minute;
    (minute < 60 && total < DAY).then_some(total)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use time::macros::datetime;

    use super::*;

    #[test]
    fn nights_end_in_the_morning_of_the_person() {
        let night = QuietHours::parse("22:00", "07:00").unwrap();
        for (zone, now, end) in [
            ("Africa/Dakar", datetime!(2027-01-15 21:59 UTC), None),
            (
                "Africa/Dakar",
                datetime!(2027-01-15 22:00 UTC),
                Some(datetime!(2027-01-16 7:00 UTC)),
            ),
            (
                "Africa/Dakar",
                datetime!(2027-01-16 6:59 UTC),
                Some(datetime!(2027-01-16 7:00 UTC)),
            ),
            ("Africa/Dakar", datetime!(2027-01-16 7:00 UTC), None),
            (
                "Africa/Nairobi",
                datetime!(2027-01-15 20:00 UTC),
                Some(datetime!(2027-01-16 4:00 UTC)),
            ),
            (
                "Mars/Olympus",
                datetime!(2027-01-15 23:00 UTC),
                Some(datetime!(2027-01-16 7:00 UTC)),
            ),
        ] {
            assert_eq!(night.end(zone, now), end, "{zone} {now}");
        }
        let siesta = QuietHours::parse("13:00", "15:30").unwrap();
        let noon = datetime!(2027-01-15 12:00 UTC);
        assert_eq!(siesta.end("Africa/Dakar", noon), None);
        assert_eq!(
            siesta.end("Africa/Lagos", noon),
            Some(datetime!(2027-01-15 14:30 UTC))
        );
    }

    #[test]
    fn times_of_day_are_read_strictly() {
        assert!(QuietHours::parse("00:00", "23:59").is_some());
        for (from, until) in [
            ("24:00", "07:00"),
            ("22:60", "07:00"),
            ("2:00", "07:00"),
            ("22:00", "22:00"),
            ("+2:00", "07:00"),
            ("", ""),
            ("22h00", "07:00"),
        ] {
            assert_eq!(QuietHours::parse(from, until), None, "{from} {until}");
        }
    }

    proptest! {
        #[test]
        fn they_always_end_within_a_day_and_are_over_then(
            from in 0..DAY,
            until in 0..DAY,
            second in 1_700_000_000_i64..1_900_000_000,
            zone in prop::sample::select(vec!["Africa/Dakar", "Africa/Cairo", "Africa/Casablanca", "Europe/Paris"]),
        ) {
            prop_assume!(from != until);
            let hours = QuietHours { from, until };
            let now = OffsetDateTime::from_unix_timestamp(second).unwrap();
            if let Some(end) = hours.end(zone, now) {
                prop_assert!(end > now);
                prop_assert!(end - now <= time::Duration::hours(26));
            }
        }
    }
}
