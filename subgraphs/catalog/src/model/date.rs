//! Dates of publication, of which often only the year is known.

use std::fmt;
use std::str::FromStr;

use time::{Date, Month};

use coko_core::text_enum;

text_enum! {
    /// How much of a publication date is known.
    pub Precision {
        /// Only the year.
        Year = "YEAR",
        /// Year and month.
        Month = "MONTH",
        /// The whole date.
        Day = "DAY",
    }
}

/// A date with its precision; what is unknown is the first month or day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PublicationDate {
    /// The date, proleptic Gregorian.
    pub date: Date,
    /// How much of it is known.
    pub precision: Precision,
}

/// The text is not a year, a month or a date.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected a date such as 1953, 1953-10 or 1953-10-01, years from -3000 to 2200")]
pub struct DateError;

impl PublicationDate {
    /// A date of which only the year is known; negative years are before the common era.
    ///
    /// # Errors
    /// When the year is not one in which books were or will be made.
    pub fn year(year: i32) -> Result<Self, DateError> {
        Self::new(year, Month::January, 1, Precision::Year)
    }

    fn new(year: i32, month: Month, day: u8, precision: Precision) -> Result<Self, DateError> {
        if !(-3000..=2200).contains(&year) {
            return Err(DateError);
        }
        let date = Date::from_calendar_date(year, month, day).map_err(|_| DateError)?;
        Ok(Self { date, precision })
    }
}

impl FromStr for PublicationDate {
    type Err = DateError;

    /// ISO 8601 with reduced precision: `-0750`, `1953`, `1953-10`, `1953-10-01`.
    fn from_str(text: &str) -> Result<Self, DateError> {
        let text = text.trim();
        let (sign, digits) = text.strip_prefix('-').map_or((1, text), |rest| (-1, rest));
        let mut parts = digits.split('-');
        let mut number = |length: std::ops::RangeInclusive<usize>| match parts.next() {
            Some(part)
                if length.contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit()) =>
            {
                part.parse::<u16>().map(Some).map_err(|_| DateError)
            }
            Some(_) => Err(DateError),
            None => Ok(None),
        };
        let year = i32::from(number(1..=4)?.ok_or(DateError)?) * sign;
        let month = number(2..=2)?;
        let day = number(2..=2)?;
        if parts.next().is_some() {
            return Err(DateError);
        }
        let Some(month) = month else {
            return Self::year(year);
        };
        let month = u8::try_from(month)
            .ok()
            .and_then(|month| Month::try_from(month).ok())
            .ok_or(DateError)?;
        match day {
            None => Self::new(year, month, 1, Precision::Month),
            Some(day) => Self::new(
                year,
                month,
                u8::try_from(day).map_err(|_| DateError)?,
                Precision::Day,
            ),
        }
    }
}

impl fmt::Display for PublicationDate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = self.date.to_calendar_date();
        let sign = if year < 0 { "-" } else { "" };
        write!(f, "{sign}{:04}", year.abs())?;
        if self.precision != Precision::Year {
            write!(f, "-{:02}", u8::from(month))?;
        }
        if self.precision == Precision::Day {
            write!(f, "-{day:02}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_known_of_a_date_survives() {
        for (text, expected) in [
            ("1953", Some("1953")),
            ("1953-10", Some("1953-10")),
            ("1953-10-01", Some("1953-10-01")),
            ("-750", Some("-0750")),
            ("1953-13", None),
            ("1953-02-30", None),
            ("1953-1", None),
            ("1953-10-01-1", None),
            ("9999", None),
            ("-9999", None),
            ("", None),
            ("soon", None),
        ] {
            let found = text
                .parse::<PublicationDate>()
                .ok()
                .map(|date| date.to_string());
            assert_eq!(found.as_deref(), expected, "{text}");
        }
    }
}
