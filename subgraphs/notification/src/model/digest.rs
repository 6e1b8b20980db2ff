//! How long several of the same are collected before they leave as one.

use coko_core::text_enum;
use time::{Duration, OffsetDateTime};

use super::kind::Workflow;
use super::zone;

/// When the day's digest leaves, in hours of the person's zone.
const EVENING: i8 = 18;

text_enum! {
    /// How long what can be collected is collected: badges, followers, answers.
    #[graphql(name = "DigestInterval")]
    pub(crate) DigestInterval {
        /// Nothing is: each by itself, at once.
        Off = "OFF",
        /// Minutes.
        Short = "SHORT",
        /// An hour.
        Hourly = "HOURLY",
        /// Until six in the evening where the person is.
        Daily = "DAILY",
    }
}

impl DigestInterval {
    /// When a digest of `workflow` leaves that begins at `now`; none for what is not collected.
    pub(crate) fn leaves(
        self,
        workflow: Workflow,
        zone: &str,
        now: OffsetDateTime,
    ) -> Option<OffsetDateTime> {
        let short = workflow.digest()?;
        match self {
            Self::Off => None,
            Self::Short => Some(now + short),
            Self::Hourly => Some(now + Duration::hours(1)),
            Self::Daily => {
                let today = zone::local(zone, now).date();
                let at = |date: jiff::civil::Date| zone::moment(zone, date.at(EVENING, 0, 0, 0));
                let this = at(today).filter(|evening| *evening > now);
                let next = || today.tomorrow().ok().and_then(at);
                Some(this.or_else(next).unwrap_or(now + Duration::days(1)))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    #[test]
    fn a_digest_leaves_when_the_person_wants_it() {
        let noon = datetime!(2027-01-15 12:00 UTC);
        let leaves =
            |interval: DigestInterval, zone, now| interval.leaves(Workflow::Reply, zone, now);
        assert_eq!(leaves(DigestInterval::Off, "UTC", noon), None);
        let short = leaves(DigestInterval::Short, "UTC", noon);
        assert_eq!(short, Some(noon + Duration::minutes(10)));
        let hourly = leaves(DigestInterval::Hourly, "UTC", noon);
        assert_eq!(hourly, Some(noon + Duration::hours(1)));
        for (zone, now, expected) in [
            ("Africa/Dakar", noon, datetime!(2027-01-15 18:00 UTC)),
            ("Africa/Nairobi", noon, datetime!(2027-01-15 15:00 UTC)),
            (
                "Africa/Nairobi",
                datetime!(2027-01-15 15:00 UTC),
                datetime!(2027-01-16 15:00 UTC),
            ),
        ] {
            assert_eq!(
                leaves(DigestInterval::Daily, zone, now),
                Some(expected),
                "{zone} {now}"
            );
        }
    }

    #[test]
    fn what_is_urgent_is_not_collected() {
        let noon = datetime!(2027-01-15 12:00 UTC);
        for interval in DigestInterval::ALL {
            assert_eq!(interval.leaves(Workflow::Security, "UTC", noon), None);
        }
    }
}
