//! What is counted, and what one event adds to the counts.

use coko_core::money::Money;
use coko_core::text_enum;
use time::{Date, OffsetDateTime, UtcOffset};

use super::Step;

/// The country of people who did not say theirs (ISO 3166-1 leaves it to users).
pub(crate) const NOWHERE: &str = "ZZ";

text_enum! {
    /// What is counted, by day (UTC) and by country of the person.
    #[graphql(name = "PlatformMetric")]
    pub(crate) Metric {
        /// People who signed in, read, bought or wrote: each once in a day, week or month.
        ActiveUsers = "ACTIVE_USERS",
        /// Accounts that were made.
        Registrations = "REGISTRATIONS",
        /// Accounts that are gone for good.
        Deletions = "DELETIONS",
        /// Sign-ins on a device.
        SignIns = "SIGN_INS",
        /// Orders that were begun.
        OrdersCreated = "ORDERS_CREATED",
        /// Orders that were paid.
        OrdersPaid = "ORDERS_PAID",
        /// Attempts to pay that failed.
        PaymentsFailed = "PAYMENTS_FAILED",
        /// People who paid for the first time.
        NewBuyers = "NEW_BUYERS",
        /// Money that providers took, by currency; what is paid from a wallet was counted when it was put there.
        Revenue = "REVENUE",
        /// Money that was paid back, by currency.
        Refunds = "REFUNDS",
        /// Books that were sold.
        BooksSold = "BOOKS_SOLD",
        /// Subscriptions that began.
        SubscriptionsStarted = "SUBSCRIPTIONS_STARTED",
        /// Subscriptions that were paid for another period.
        SubscriptionsRenewed = "SUBSCRIPTIONS_RENEWED",
        /// Subscriptions that ended.
        SubscriptionsEnded = "SUBSCRIPTIONS_ENDED",
        /// Books that readers opened for the first time.
        BooksStarted = "BOOKS_STARTED",
        /// Books that readers finished.
        BooksCompleted = "BOOKS_COMPLETED",
        /// Seconds of reading.
        ReadingTime = "READING_TIME",
        /// Downloads of books.
        Downloads = "DOWNLOADS",
        /// Reviews that were posted.
        Reviews = "REVIEWS",
        /// Posts in forums and clubs.
        Posts = "POSTS",
        /// Reports of contents.
        Reports = "REPORTS",
    }
}

text_enum! {
    /// In what a count is.
    #[graphql(name = "PlatformMetricUnit")]
    pub(crate) Unit {
        /// People, each once.
        People = "PEOPLE",
        /// How often.
        Times = "TIMES",
        /// Seconds.
        Seconds = "SECONDS",
        /// The minor unit of the currency.
        Money = "MONEY",
    }
}

text_enum! {
    /// What books are compared by.
    #[graphql(name = "BookMetric")]
    pub(crate) BookMetric {
        /// How often they were sold.
        Sales = "SALES",
        /// How many opened them for the first time.
        Starts = "STARTS",
        /// How many finished them.
        Completions = "COMPLETIONS",
        /// Seconds of reading.
        ReadingTime = "READING_TIME",
        /// Downloads.
        Downloads = "DOWNLOADS",
    }
}

impl Metric {
    /// In what it is counted.
    pub(crate) fn unit(self) -> Unit {
        match self {
            Self::ActiveUsers => Unit::People,
            Self::Revenue | Self::Refunds => Unit::Money,
            Self::ReadingTime => Unit::Seconds,
            _ => Unit::Times,
        }
    }

    /// The name under which the counts for steps of this length are kept: people are counted apart for each.
    pub(crate) fn kept(self, step: Step) -> &'static str {
        match (self, step) {
            (Self::ActiveUsers, Step::Week) => "ACTIVE_USERS_WEEK",
            (Self::ActiveUsers, Step::Month) => "ACTIVE_USERS_MONTH",
            (metric, _) => metric.as_str(),
        }
    }
}

/// What is added to one count.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Count {
    pub(crate) metric: &'static str,
    pub(crate) day: Date,
    pub(crate) country: String,
    /// Empty for what is no money.
    pub(crate) currency: &'static str,
    pub(crate) value: i64,
}

/// What one event adds to the counts of a country.
#[derive(Clone, Debug)]
pub(crate) struct Tally {
    country: String,
    counts: Vec<Count>,
}

impl Tally {
    /// Nothing yet, in this country.
    pub(crate) fn of(country: Option<&str>) -> Self {
        Self {
            country: country.unwrap_or(NOWHERE).to_owned(),
            counts: Vec::new(),
        }
    }

    /// Adds `value` to a count of the day of `at`.
    pub(crate) fn add(&mut self, metric: Metric, at: OffsetDateTime, value: i64) {
        self.on(metric.as_str(), day_of(at), value);
    }

    /// Adds `value` to a count that is kept under this name.
    pub(crate) fn on(&mut self, kept: &'static str, day: Date, value: i64) {
        self.push(kept, day, "", value);
    }

    /// Adds money to a count of the day of `at`.
    pub(crate) fn money(&mut self, metric: Metric, at: OffsetDateTime, money: Money) {
        self.push(
            metric.as_str(),
            day_of(at),
            money.currency.code(),
            money.amount,
        );
    }

    fn push(&mut self, metric: &'static str, day: Date, currency: &'static str, value: i64) {
        if value != 0 {
            self.counts.push(Count {
                metric,
                day,
                country: self.country.clone(),
                currency,
                value,
            });
        }
    }

    /// The counts, in the one order in which they are locked.
    pub(crate) fn finish(mut self) -> Vec<Count> {
        self.counts.sort();
        self.counts
    }
}

/// The day of a moment, UTC.
pub(crate) fn day_of(at: OffsetDateTime) -> Date {
    at.to_offset(UtcOffset::UTC).date()
}

#[cfg(test)]
mod tests {
    use coko_core::money::Currency;
    use time::macros::{date, datetime};

    use super::*;

    #[test]
    fn a_tally_is_in_one_order_whatever_came_first() {
        let at = datetime!(2026-02-01 23:30 -2);
        let mut one = Tally::of(Some("SN"));
        one.add(Metric::OrdersPaid, at, 1);
        one.money(Metric::Revenue, at, Money::new(2500, Currency::Xof));
        one.add(Metric::Posts, at, 0);
        let mut other = Tally::of(Some("SN"));
        other.money(Metric::Revenue, at, Money::new(2500, Currency::Xof));
        other.add(Metric::OrdersPaid, at, 1);
        let counts = one.finish();
        assert_eq!(counts, other.finish());
        assert_eq!(counts.len(), 2);
        assert!(
            counts
                .iter()
                .all(|count| count.day == date!(2026 - 02 - 02))
        );
        assert_eq!(Tally::of(None).country, NOWHERE);
    }

    #[test]
    fn people_are_counted_apart_for_each_length() {
        let kept = |metric: Metric| Step::ALL.iter().map(|step| metric.kept(*step)).collect();
        let names: Vec<_> = kept(Metric::ActiveUsers);
        assert_eq!(
            names,
            ["ACTIVE_USERS", "ACTIVE_USERS_WEEK", "ACTIVE_USERS_MONTH"]
        );
        let names: Vec<_> = kept(Metric::Posts);
        assert_eq!(names, ["POSTS"; 3]);
    }
}
