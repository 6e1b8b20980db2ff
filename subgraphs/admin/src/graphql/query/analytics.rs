//! What was counted.

use async_graphql::{Context, Object};
use coko_core::graphql::RequestExt as _;
use coko_core::{Error, Result};
use time::{Date, Duration};

use crate::graphql::admin;
use crate::graphql::types::{BookCountType, ConversionType, SeriesType};
use crate::model::{BookMetric, Metric, Split, Step, Window, person, series};
use crate::store;

/// Most books of one answer.
const MOST_BOOKS: i32 = 100;
/// Most days over which books and conversions are summed.
const MOST_DAYS: Duration = Duration::days(366);

/// The way from an account to a purchase.
const WAY: [Metric; 5] = [
    Metric::Registrations,
    Metric::OrdersCreated,
    Metric::OrdersPaid,
    Metric::NewBuyers,
    Metric::SubscriptionsStarted,
];

/// A country as it is counted, where one is given.
fn checked(country: Option<&str>) -> Result<Option<String>> {
    match country {
        Some(text) => match person::country(Some(text)) {
            Some(country) => Ok(Some(country)),
            None => Err(Error::validation("country", "core-not-found")),
        },
        None => Ok(None),
    }
}

/// Days that may be summed in one answer.
fn days(from: Date, to: Date) -> Result<(Date, Date)> {
    if to < from || to - from >= MOST_DAYS {
        return Err(Error::validation("to", "admin-days-invalid"));
    }
    Ok((from, to))
}

/// `count` of `before`, where there was anybody.
#[expect(
    clippy::cast_precision_loss,
    reason = "a share that is shown needs no 53rd bit"
)]
fn rate(count: i64, before: i64) -> Option<f64> {
    (before > 0).then(|| count as f64 / before as f64)
}

#[derive(Default)]
pub(super) struct AnalyticsQuery;

#[Object]
impl AnalyticsQuery {
    /// A count from one day to another, both included, as series that are ready to plot: at most 400 points, in steps of a day, a
    /// week or a month (UTC). Money comes as one series for each currency; countries are told apart where `split` says so, the
    /// greatest twenty and the others put together. Needs `system:analytics`.
    #[expect(
        clippy::too_many_arguments,
        reason = "a diagram has its span, its step and what it is narrowed by"
    )]
    async fn metric_series(
        &self,
        context: &Context<'_>,
        metric: Metric,
        from: Date,
        to: Date,
        #[graphql(default_with = "Step::Day")] step: Step,
        #[graphql(default_with = "Split::None")] split: Split,
        country: Option<String>,
    ) -> Result<Vec<SeriesType>> {
        context.viewer().require("system", "analytics")?;
        let country = checked(country.as_deref())?;
        let window = Window::new(from, to, step)
            .map_err(|_| Error::validation("to", "admin-window-invalid"))?;
        let mut database = admin(context).pool.get().await?;
        let country = country.as_deref();
        let cells = store::metrics::cells(&mut database, metric, &window, split, country).await?;
        let lines = series::series(&window, split, cells);
        Ok(lines
            .into_iter()
            .map(|line| SeriesType::new(metric, step, line))
            .collect())
    }

    /// The way from an account to a purchase over at most 366 days: how many took each step, and which share of the step before.
    /// Needs `system:analytics`.
    async fn conversions(
        &self,
        context: &Context<'_>,
        from: Date,
        to: Date,
        country: Option<String>,
    ) -> Result<Vec<ConversionType>> {
        context.viewer().require("system", "analytics")?;
        let country = checked(country.as_deref())?;
        let mut database = admin(context).pool.get().await?;
        let sums =
            store::metrics::sums(&mut database, &WAY, days(from, to)?, country.as_deref()).await?;
        let count = |metric: Metric| {
            let found = sums.iter().find(|(name, _)| name == metric.as_str());
            found.map_or(0, |(_, value)| *value)
        };
        let mut before = None;
        let steps = WAY.map(|metric| {
            let count = count(metric);
            let rate = before.and_then(|before| rate(count, before));
            before = Some(count);
            ConversionType {
                metric,
                count,
                rate,
            }
        });
        Ok(steps.into())
    }

    /// The books to which something happened most over at most 366 days: 1 to 100, 20 when nothing is said. Needs
    /// `system:analytics`.
    async fn top_books(
        &self,
        context: &Context<'_>,
        by: BookMetric,
        from: Date,
        to: Date,
        #[graphql(default = 20)] first: i32,
    ) -> Result<Vec<BookCountType>> {
        context.viewer().require("system", "analytics")?;
        if !(1..=MOST_BOOKS).contains(&first) {
            return Err(Error::validation("first", "core-page-size"));
        }
        let mut database = admin(context).pool.get().await?;
        let ranked =
            store::books::top(&mut database, by, days(from, to)?, i64::from(first)).await?;
        Ok(ranked.into_iter().map(BookCountType::from).collect())
    }
}
