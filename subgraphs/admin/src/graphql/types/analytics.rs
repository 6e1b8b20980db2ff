//! Series, sums and shares.

use async_graphql::{ID, SimpleObject};
use time::Date;

use crate::model::{Metric, Series, Step, Unit};
use crate::store::books::Ranked;

/// One point of a series.
#[derive(SimpleObject)]
#[graphql(name = "SeriesPoint")]
struct PointType {
    /// The first day of the step, UTC.
    date: Date,
    /// The sum of the step.
    value: i64,
}

/// One line of a diagram: every step has its point, in order.
#[derive(SimpleObject)]
#[graphql(name = "MetricSeries")]
pub(crate) struct SeriesType {
    /// What is counted.
    metric: Metric,
    /// In what.
    unit: Unit,
    /// How much time a point stands for.
    step: Step,
    /// The country (ISO 3166-1 alpha-2), where countries are told apart: `ZZ` for people who did not say theirs, `OTHERS` for the
    /// smallest put together.
    country: Option<String>,
    /// The currency (ISO 4217), where money is counted.
    currency: Option<String>,
    /// All points summed; null where that would count people twice.
    total: Option<i64>,
    /// The points.
    points: Vec<PointType>,
}

impl SeriesType {
    /// The series of a metric.
    pub(crate) fn new(metric: Metric, step: Step, series: Series) -> Self {
        let point = |(date, value): (Date, i64)| PointType { date, value };
        Self {
            metric,
            unit: metric.unit(),
            step,
            total: series.total(metric),
            country: series.country,
            currency: series.currency,
            points: series.points.into_iter().map(point).collect(),
        }
    }
}

/// A step on the way from an account to a purchase, and how many of those before it took it.
#[derive(SimpleObject)]
#[graphql(name = "ConversionStep")]
pub(crate) struct ConversionType {
    /// What is counted.
    pub(crate) metric: Metric,
    /// How many.
    pub(crate) count: i64,
    /// The share of those of the step before, 0 to 1 and more where others came along; null where nobody was there.
    pub(crate) rate: Option<f64>,
}

/// A book.
#[derive(SimpleObject)]
#[graphql(name = "Book", unresolvable = "id")]
struct BookReference {
    /// Identifies the book.
    id: ID,
}

/// A book and how often something happened to it.
#[derive(SimpleObject)]
#[graphql(name = "BookCount")]
pub(crate) struct BookCountType {
    /// The book.
    book: BookReference,
    /// How often, or for how many seconds.
    value: i64,
}

impl From<Ranked> for BookCountType {
    fn from(ranked: Ranked) -> Self {
        Self {
            book: BookReference {
                id: ranked.book_id.into(),
            },
            value: ranked.value,
        }
    }
}
