//! Types and rules; no async, no I/O.

pub(crate) mod attempt;
pub(crate) mod invoice;
pub(crate) mod ledger;
pub(crate) mod money;
pub(crate) mod order;
pub(crate) mod plan;
pub(crate) mod refund;

pub(crate) use attempt::{Attempt, AttemptStatus, FailureKind, Provider, References};
pub(crate) use invoice::{Invoice, InvoiceKind};
pub(crate) use money::CurrencyCode;
pub(crate) use order::{Order, OrderKind, OrderStatus, Verdict};
pub(crate) use plan::{Plan, Subscription, SubscriptionStatus};
pub(crate) use refund::{Refund, RefundReason, RefundStatus};
