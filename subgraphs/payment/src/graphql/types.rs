//! The types that clients see.

use async_graphql::dataloader::DataLoader;
use async_graphql::{Context, Enum, ID, Object, SimpleObject};
use coko_core::Result;
use coko_core::graphql::{MoneyType, RequestExt as _};
use coko_core::locale::Locale;
use time::OffsetDateTime;

use super::loader::{Attempts, Invoices, Orders, Refunds};
use super::payment;
use crate::commands::invoices;
use crate::model::{
    Attempt, AttemptStatus, FailureKind, Invoice, InvoiceKind, Order, OrderKind, OrderStatus, Plan,
    Provider, Refund, RefundReason, RefundStatus, Subscription, SubscriptionStatus,
};
use crate::store;

/// A book of the catalogue, by its id.
#[derive(SimpleObject)]
#[graphql(name = "Book", unresolvable = "id")]
pub(crate) struct BookRef {
    /// Identifies the book.
    id: ID,
}

/// Something that someone buys.
#[derive(Clone)]
pub(crate) struct OrderType(pub(crate) Order);

/// Something that someone buys, with its price as it was when they began.
#[Object(name = "Order")]
impl OrderType {
    /// Identifies the order.
    async fn id(&self) -> ID {
        self.0.id.into()
    }

    /// What it buys.
    async fn kind(&self) -> OrderKind {
        self.0.kind
    }

    /// The book that it buys.
    async fn book(&self) -> Option<BookRef> {
        self.0.book_id.map(|id| BookRef { id: id.into() })
    }

    /// What it buys, as it was called then.
    async fn title(&self) -> &str {
        &self.0.title
    }

    /// What it costs.
    async fn price(&self) -> MoneyType {
        self.0.price().into()
    }

    /// Where it stands.
    async fn status(&self) -> OrderStatus {
        self.0.status
    }

    /// When it was made.
    async fn created_at(&self) -> OffsetDateTime {
        self.0.created_at
    }

    /// Until when it can be paid; null once it is paid or over.
    async fn payable_until(&self) -> Option<OffsetDateTime> {
        self.0.due_at.filter(|_| self.0.status.is_open())
    }

    /// The attempts to pay it, the oldest first.
    async fn attempts(&self, context: &Context<'_>) -> Result<Vec<AttemptType>> {
        let loader = context.data_unchecked::<DataLoader<Attempts>>();
        let attempts = loader.load_one(self.0.id).await?.unwrap_or_default();
        Ok(attempts.into_iter().map(AttemptType).collect())
    }

    /// Its invoice, and the credit note that undoes it.
    async fn invoices(&self, context: &Context<'_>) -> Result<Vec<InvoiceType>> {
        let loader = context.data_unchecked::<DataLoader<Invoices>>();
        let invoices = loader.load_one(self.0.id).await?.unwrap_or_default();
        Ok(invoices.into_iter().map(InvoiceType).collect())
    }

    /// What was paid back of it, the oldest first.
    async fn refunds(&self, context: &Context<'_>) -> Result<Vec<RefundType>> {
        let loader = context.data_unchecked::<DataLoader<Refunds>>();
        let refunds = loader.load_one(self.0.id).await?.unwrap_or_default();
        Ok(refunds.into_iter().map(RefundType).collect())
    }
}

pub(crate) struct AttemptType(Attempt);

/// An attempt to have an order paid by one provider.
#[Object(name = "PaymentAttempt")]
impl AttemptType {
    /// Identifies the attempt.
    async fn id(&self) -> ID {
        self.0.id.into()
    }

    /// Who takes the money.
    async fn provider(&self) -> Provider {
        self.0.provider
    }

    /// Where it stands.
    async fn status(&self) -> AttemptStatus {
        self.0.status
    }

    /// What the provider takes: the price, or its worth in a currency that the provider takes.
    async fn charged(&self) -> MoneyType {
        self.0.charged().into()
    }

    /// Where the payer pays, while it waits for that. Null for a moment when the provider was slow to answer: ask again.
    async fn checkout_url(&self) -> Option<&str> {
        let url = self.0.checkout_url.as_deref();
        url.filter(|_| self.0.is_open())
    }

    /// Why it failed.
    async fn failure(&self) -> Option<FailureKind> {
        self.0.failure
    }
}

pub(crate) struct RefundType(Refund);

/// Money that goes back.
#[Object(name = "Refund")]
impl RefundType {
    /// Identifies the refund.
    async fn id(&self) -> ID {
        self.0.id.into()
    }

    /// Why.
    async fn reason(&self) -> RefundReason {
        self.0.reason
    }

    /// Where it stands.
    async fn status(&self) -> RefundStatus {
        self.0.status
    }

    /// When the money went back.
    async fn done_at(&self) -> Option<OffsetDateTime> {
        self.0.done_at
    }
}

/// A language that invoices are printed in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
pub(crate) enum InvoiceLanguage {
    /// French.
    Fr,
    /// English.
    En,
}

pub(crate) struct InvoiceType(pub(crate) Invoice);

/// What was bought, or that it was undone, as a document of the books.
#[Object(name = "Invoice")]
impl InvoiceType {
    /// Identifies the invoice.
    async fn id(&self) -> ID {
        self.0.id.into()
    }

    /// What it is.
    async fn kind(&self) -> InvoiceKind {
        self.0.kind
    }

    /// Its number as people write it: `F2026-000042`, and for credit notes `A2026-000042`.
    async fn number(&self) -> String {
        self.0.code()
    }

    /// When it was issued.
    async fn issued_at(&self) -> OffsetDateTime {
        self.0.issued_at
    }

    /// The order.
    async fn order(&self, context: &Context<'_>) -> Result<Option<OrderType>> {
        let loader = context.data_unchecked::<DataLoader<Orders>>();
        Ok(loader.load_one(self.0.order_id).await?.map(OrderType))
    }

    /// What was bought, as it was called then.
    async fn title(&self) -> &str {
        &self.0.title
    }

    /// What was paid or paid back, with the tax.
    async fn total(&self) -> MoneyType {
        self.0.total().into()
    }

    /// The tax in it.
    async fn tax(&self) -> MoneyType {
        self.0.tax().into()
    }

    /// What the provider took, in the currency that it takes.
    async fn charged(&self) -> MoneyType {
        self.0.charged().into()
    }

    /// Where it is a PDF, for ten minutes, for whoever has this address; in the viewer's language unless told otherwise.
    async fn pdf_url(&self, context: &Context<'_>, language: Option<InvoiceLanguage>) -> String {
        let locale = match language {
            Some(InvoiceLanguage::Fr) => Locale::FR,
            Some(InvoiceLanguage::En) => Locale::EN,
            None => context.locale().clone(),
        };
        invoices::address(context.command(), payment(context), &self.0, &locale)
    }
}

pub(crate) struct PlanType(pub(crate) Plan);

/// Something that can be subscribed to, a period at a time.
#[Object(name = "Plan")]
impl PlanType {
    /// Names the plan in `subscribe`.
    async fn code(&self) -> &str {
        &self.0.code
    }

    /// Its name in the viewer's language.
    async fn name(&self, context: &Context<'_>) -> &str {
        match context.locale().language() {
            "en" => &self.0.name_en,
            _ => &self.0.name_fr,
        }
    }

    /// The length of a period in days.
    async fn days(&self) -> i32 {
        self.0.days
    }

    /// What a period costs, in each currency.
    async fn prices(&self) -> Vec<MoneyType> {
        let prices = store::plans::prices(self.0.prices.clone());
        prices.into_iter().map(MoneyType).collect()
    }
}

pub(crate) struct SubscriptionType(pub(crate) Subscription);

/// A reader's subscription.
#[Object(name = "PlanSubscription")]
impl SubscriptionType {
    /// Identifies the subscription.
    async fn id(&self) -> ID {
        self.0.id.into()
    }

    /// The plan's code.
    async fn plan_code(&self) -> &str {
        &self.0.plan_code
    }

    /// Where it stands.
    async fn status(&self) -> SubscriptionStatus {
        self.0.status
    }

    /// The beginning of what is paid.
    async fn period_start(&self) -> OffsetDateTime {
        self.0.period_start
    }

    /// The end of what is paid.
    async fn period_end(&self) -> OffsetDateTime {
        self.0.period_end
    }
}
