//! Counts as series that are ready to plot: every step has its point, the small ones are put together.

use std::collections::BTreeMap;

use coko_core::text_enum;
use diesel::prelude::*;
use diesel::sql_types;
use time::{Date, Duration, Month};

use super::metric::{Metric, Unit};

/// Most points of a series.
pub(crate) const MOST_POINTS: usize = 400;
/// Most series of one answer for each currency; the smallest are put together in one more.
pub(crate) const MOST_SERIES: usize = 20;
/// The country of the series that the smallest are put together in.
pub(crate) const OTHERS: &str = "OTHERS";

text_enum! {
    /// How much time a point stands for.
    #[graphql(name = "SeriesStep")]
    pub(crate) Step {
        /// A day, UTC.
        Day = "DAY",
        /// A week, from Monday.
        Week = "WEEK",
        /// A calendar month.
        Month = "MONTH",
    }
}

text_enum! {
    /// What series are told apart by.
    #[graphql(name = "SeriesSplit")]
    pub(crate) Split {
        /// Nothing but the currency, where money is counted: currencies are never summed.
        None = "NONE",
        /// The country as well.
        Country = "COUNTRY",
    }
}

impl Step {
    /// The first day of the step that holds `day`.
    pub(crate) fn start(self, day: Date) -> Date {
        match self {
            Self::Day => day,
            Self::Week => {
                let back = i64::from(day.weekday().number_days_from_monday());
                day.checked_sub(Duration::days(back)).unwrap_or(day)
            }
            Self::Month => day.replace_day(1).unwrap_or(day),
        }
    }

    /// The first day of the step after the one that begins at `start`.
    fn next(self, start: Date) -> Option<Date> {
        match self {
            Self::Day => start.next_day(),
            Self::Week => start.checked_add(Duration::days(7)),
            Self::Month => {
                let (year, month) = match start.month() {
                    Month::December => (start.year() + 1, Month::January),
                    month => (start.year(), month.next()),
                };
                Date::from_calendar_date(year, month, 1).ok()
            }
        }
    }
}

/// A span of time, cut into steps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Window {
    pub(crate) step: Step,
    /// The first day, which begins a step.
    pub(crate) from: Date,
    /// The last day.
    pub(crate) to: Date,
    /// The first day of each step.
    pub(crate) starts: Vec<Date>,
}

/// The span ends before it begins, or has more than [`MOST_POINTS`] steps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct WindowUnfit;

impl Window {
    /// From the step of `from` to `to`, both included.
    pub(crate) fn new(from: Date, to: Date, step: Step) -> Result<Self, WindowUnfit> {
        let from = step.start(from);
        let mut starts = Vec::new();
        let mut next = Some(from);
        while let Some(start) = next
            && start <= to
        {
            if starts.len() == MOST_POINTS {
                return Err(WindowUnfit);
            }
            starts.push(start);
            next = step.next(start);
        }
        if starts.is_empty() {
            return Err(WindowUnfit);
        }
        Ok(Self {
            step,
            from,
            to,
            starts,
        })
    }
}

/// The sum of one step, country and currency.
#[derive(Clone, Debug, PartialEq, Eq, QueryableByName)]
pub(crate) struct Cell {
    /// The first day of the step.
    #[diesel(sql_type = sql_types::Date)]
    pub(crate) start: Date,
    /// Empty where countries are not told apart.
    #[diesel(sql_type = sql_types::Text)]
    pub(crate) country: String,
    /// Empty for what is no money.
    #[diesel(sql_type = sql_types::Text)]
    pub(crate) currency: String,
    /// The sum.
    #[diesel(sql_type = sql_types::BigInt)]
    pub(crate) value: i64,
}

/// One line of a diagram.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Series {
    /// None where countries are not told apart.
    pub(crate) country: Option<String>,
    /// None for what is no money.
    pub(crate) currency: Option<String>,
    /// The first day and the sum of each step.
    pub(crate) points: Vec<(Date, i64)>,
}

impl Series {
    /// All points summed; none where that would count people twice.
    pub(crate) fn total(&self, metric: Metric) -> Option<i64> {
        (metric.unit() != Unit::People).then(|| self.sum())
    }

    fn sum(&self) -> i64 {
        self.points
            .iter()
            .fold(0_i64, |sum, (_, value)| sum.saturating_add(*value))
    }
}

/// The series of these sums, the greatest first; there is always one.
pub(crate) fn series(window: &Window, split: Split, cells: Vec<Cell>) -> Vec<Series> {
    let mut sums: BTreeMap<(String, String), BTreeMap<Date, i64>> = BTreeMap::new();
    for cell in cells {
        let of = sums.entry((cell.currency, cell.country)).or_default();
        let sum = of.entry(cell.start).or_default();
        *sum = sum.saturating_add(cell.value);
    }
    if sums.is_empty() {
        sums.insert((String::new(), String::new()), BTreeMap::new());
    }
    let text = |text: String| (!text.is_empty()).then_some(text);
    let mut lines: Vec<Series> = sums
        .into_iter()
        .map(|((currency, country), sums)| Series {
            country: text(country),
            currency: text(currency),
            points: window
                .starts
                .iter()
                .map(|start| (*start, sums.get(start).copied().unwrap_or_default()))
                .collect(),
        })
        .collect();
    lines.sort_by_key(|line| (line.currency.clone(), std::cmp::Reverse(line.sum())));
    if split == Split::Country {
        lines = fold(lines);
    }
    lines
}

/// Puts the smallest series of each currency together where there are too many.
fn fold(lines: Vec<Series>) -> Vec<Series> {
    let mut kept: Vec<Series> = Vec::new();
    let mut of_currency = 0;
    for line in lines {
        if kept
            .last()
            .is_none_or(|last| last.currency != line.currency)
        {
            of_currency = 0;
        }
        of_currency += 1;
        if of_currency <= MOST_SERIES {
            kept.push(line);
        } else if of_currency == MOST_SERIES + 1 {
            kept.push(Series {
                country: Some(OTHERS.to_owned()),
                ..line
            });
        } else if let Some(others) = kept.last_mut() {
            for (sum, (_, value)) in others.points.iter_mut().zip(line.points) {
                sum.1 = sum.1.saturating_add(value);
            }
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use time::macros::date;

    use super::*;

    #[test]
    fn a_window_is_cut_into_whole_steps() {
        let starts = |from, to, step| Window::new(from, to, step).map(|window| window.starts);
        let (from, to) = (date!(2026 - 01 - 29), date!(2026 - 02 - 10));
        assert_eq!(starts(from, to, Step::Day).unwrap().len(), 13);
        assert_eq!(
            starts(from, to, Step::Week).unwrap(),
            [
                date!(2026 - 01 - 26),
                date!(2026 - 02 - 02),
                date!(2026 - 02 - 09)
            ]
        );
        assert_eq!(
            starts(date!(2025 - 12 - 31), to, Step::Month).unwrap(),
            [
                date!(2025 - 12 - 01),
                date!(2026 - 01 - 01),
                date!(2026 - 02 - 01)
            ]
        );
        assert_eq!(starts(to, from, Step::Day), Err(WindowUnfit));
        assert_eq!(
            starts(date!(1990 - 01 - 01), to, Step::Day),
            Err(WindowUnfit)
        );
        assert_eq!(starts(Date::MIN, Date::MAX, Step::Month), Err(WindowUnfit));
        assert!(starts(Date::MAX, Date::MAX, Step::Week).is_ok());
    }

    fn cell(start: Date, country: &str, currency: &str, value: i64) -> Cell {
        Cell {
            start,
            country: country.to_owned(),
            currency: currency.to_owned(),
            value,
        }
    }

    #[test]
    fn what_nobody_did_is_a_line_of_zeros() {
        let day = date!(2026 - 02 - 01);
        let window = Window::new(day, day.next_day().unwrap(), Step::Day).unwrap();
        let lines = series(&window, Split::None, Vec::new());
        assert_eq!(lines.len(), 1);
        assert_eq!(lines[0].points, [(day, 0), (day.next_day().unwrap(), 0)]);
    }

    proptest! {
        /// Nothing is lost or made up, however many countries there are; currencies stay apart.
        #[test]
        fn sums_are_kept(values in prop::collection::vec((0_u8..60, 0_usize..3, 0_i64..30, 1_i64..1000), 0..200)) {
            let first = date!(2026 - 02 - 01);
            let window = Window::new(first, first + Duration::days(29), Step::Day).unwrap();
            let cells: Vec<Cell> = values
                .iter()
                .map(|(country, currency, day, value)| {
                    let country = format!("A{}", char::from(b'A' + country % 26));
                    cell(first + Duration::days(*day), &country, ["XOF", "EUR", "USD"][*currency], *value)
                })
                .collect();
            let lines = series(&window, Split::Country, cells.clone());
            for currency in ["XOF", "EUR", "USD"] {
                let whole: i64 = cells.iter().filter(|cell| cell.currency == currency).map(|cell| cell.value).sum();
                let of_currency = lines.iter().filter(|line| line.currency.as_deref() == Some(currency));
                prop_assert!(of_currency.clone().count() <= MOST_SERIES + 1);
                prop_assert_eq!(of_currency.map(Series::sum).sum::<i64>(), whole);
            }
            for line in &lines {
                prop_assert_eq!(line.points.len(), 30);
            }
        }
    }
}
