//! Types and rules that decide; no async, no I/O.

pub(crate) mod discrepancy;
pub(crate) mod metric;
pub(crate) mod note;
pub(crate) mod person;
pub(crate) mod reported;
pub(crate) mod series;
pub(crate) mod setting;

pub(crate) use discrepancy::{Comparison, Discrepancy, Reconciliation};
pub(crate) use metric::{BookMetric, Count, Metric, Tally, Unit};
pub(crate) use note::Note;
pub(crate) use person::Person;
pub(crate) use reported::{ReportedContent, ReportedStatus};
pub(crate) use series::{Cell, Series, Split, Step, Window};
pub(crate) use setting::Setting;
