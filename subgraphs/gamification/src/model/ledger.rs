//! The points ledger: what was done is booked once, at the first moment at which it is said to have been done.

use std::collections::BTreeMap;

use diesel::prelude::*;
use time::{Date, OffsetDateTime};
use uuid::Uuid;

use super::board::Period;
use super::fact::Fact;
use crate::tables::{ledger, point_rules};

/// What something is worth.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = point_rules)]
pub(crate) struct PointRule {
    pub(crate) code: String,
    pub(crate) points: i32,
}

/// Points for something that was done.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = ledger)]
pub(crate) struct Entry {
    pub(crate) user_id: Uuid,
    pub(crate) rule: String,
    pub(crate) source: String,
    pub(crate) points: i32,
    pub(crate) at: OffsetDateTime,
}

/// What is to be written of something that was told.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Booking {
    /// What was not booked before.
    pub(crate) fresh: Vec<Entry>,
    /// What was booked, and happened earlier than was known.
    pub(crate) moved: Vec<Entry>,
    /// What changes in the sums, by period and its first day.
    pub(crate) sums: BTreeMap<(Period, Date), i64>,
    /// What is added to all points.
    pub(crate) points: i64,
}

impl Booking {
    /// Books `facts` under `rules`, where `known` is what the ledger holds of them. Whatever was told in whatever order and
    /// however often, the ledger comes to the same.
    pub(crate) fn of(user: Uuid, rules: &[PointRule], facts: &[Fact], known: &[Entry]) -> Self {
        let mut first: BTreeMap<&str, OffsetDateTime> = BTreeMap::new();
        for fact in facts {
            let at = first.entry(&fact.source).or_insert(fact.at);
            *at = (*at).min(fact.at);
        }
        let mut booking = Self::default();
        for rule in rules {
            let booked: BTreeMap<&str, &Entry> = known
                .iter()
                .filter(|entry| entry.rule == rule.code)
                .map(|entry| (entry.source.as_str(), entry))
                .collect();
            for (source, at) in &first {
                match booked.get(source) {
                    None => booking.add(Entry {
                        user_id: user,
                        rule: rule.code.clone(),
                        source: (*source).to_owned(),
                        points: rule.points,
                        at: *at,
                    }),
                    Some(entry) if *at < entry.at => booking.shift(entry, *at),
                    Some(_) => {}
                }
            }
        }
        booking.sums.retain(|_, change| *change != 0);
        booking
    }

    fn add(&mut self, entry: Entry) {
        self.points += i64::from(entry.points);
        self.sum(entry.at, i64::from(entry.points));
        self.fresh.push(entry);
    }

    fn shift(&mut self, entry: &Entry, at: OffsetDateTime) {
        self.sum(entry.at, -i64::from(entry.points));
        self.sum(at, i64::from(entry.points));
        self.moved.push(Entry {
            at,
            ..entry.clone()
        });
    }

    fn sum(&mut self, at: OffsetDateTime, points: i64) {
        for period in Period::ALL {
            *self.sums.entry((*period, period.start(at))).or_default() += points;
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use time::Duration;
    use time::macros::{date, datetime};

    use super::*;

    fn rules() -> Vec<PointRule> {
        ["a", "b"]
            .map(|code| PointRule {
                code: code.to_owned(),
                points: 10,
            })
            .into()
    }

    fn fact(source: &str, days: i64) -> Fact {
        Fact {
            source: source.to_owned(),
            at: datetime!(2026-02-28 12:00 UTC) + Duration::days(days),
        }
    }

    /// A ledger with its sums, as the database keeps them.
    #[derive(Debug, Default, PartialEq)]
    struct Kept {
        entries: BTreeMap<(String, String), Entry>,
        sums: BTreeMap<(Period, Date), i64>,
        points: i64,
    }

    impl Kept {
        fn tell(&mut self, facts: &[Fact]) {
            let known: Vec<_> = self.entries.values().cloned().collect();
            let booking = Booking::of(Uuid::nil(), &rules(), facts, &known);
            for entry in booking.fresh.into_iter().chain(booking.moved) {
                let key = (entry.rule.clone(), entry.source.clone());
                self.entries.insert(key, entry);
            }
            for (period, change) in booking.sums {
                *self.sums.entry(period).or_default() += change;
            }
            self.sums.retain(|_, sum| *sum != 0);
            self.points += booking.points;
        }
    }

    #[test]
    fn what_happened_earlier_moves_to_its_week_and_month() {
        let mut kept = Kept::default();
        kept.tell(&[fact("book", 2)]);
        assert_eq!(kept.sums[&(Period::Month, date!(2026 - 03 - 01))], 20);
        kept.tell(&[fact("book", 0)]);
        assert_eq!(kept.points, 20);
        assert_eq!(kept.sums.get(&(Period::Month, date!(2026 - 03 - 01))), None);
        assert_eq!(kept.sums[&(Period::Month, date!(2026 - 02 - 01))], 20);
        assert_eq!(kept.sums[&(Period::AllTime, Period::EVER)], 20);
    }

    proptest! {
        #[test]
        fn any_order_and_duplication_books_the_same(
            told in prop::collection::vec((0..6_u8, -40..40_i64), 0..30),
            again in prop::collection::vec(any::<prop::sample::Index>(), 0..10),
            size in 1..5_usize,
        ) {
            let facts: Vec<_> = told.iter().map(|(source, days)| fact(&source.to_string(), *days)).collect();
            let mut one = Kept::default();
            for fact in &facts {
                one.tell(std::slice::from_ref(fact));
            }
            let mut shuffled: Vec<_> = facts.iter().rev().cloned().collect();
            if !facts.is_empty() {
                shuffled.extend(again.iter().map(|index| index.get(&facts).clone()));
            }
            let mut other = Kept::default();
            for batch in shuffled.chunks(size) {
                other.tell(batch);
            }
            prop_assert_eq!(one, other);
        }
    }
}
