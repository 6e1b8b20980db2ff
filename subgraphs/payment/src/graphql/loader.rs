//! Loaders that batch what lists of orders ask for.

use std::collections::HashMap;
use std::sync::Arc;

use async_graphql::Request;
use async_graphql::dataloader::{DataLoader, Loader};
use coko_core::Error;
use coko_core::context::CommandContext;
use uuid::Uuid;

use crate::commands::Payment;
use crate::model::{Attempt, Invoice, Order, Refund};
use crate::store;

/// Adds this request's loaders.
pub(super) fn attach(
    request: Request,
    payment: &Arc<Payment>,
    context: &CommandContext,
) -> Request {
    request
        .data(DataLoader::new(
            Orders(payment.clone(), context.clone()),
            tokio::spawn,
        ))
        .data(DataLoader::new(Attempts(payment.clone()), tokio::spawn))
        .data(DataLoader::new(Invoices(payment.clone()), tokio::spawn))
        .data(DataLoader::new(Refunds(payment.clone()), tokio::spawn))
}

/// Orders by id, as far as this viewer may see them: its own, or all with `payments:read`.
pub(super) struct Orders(Arc<Payment>, CommandContext);

impl Loader<Uuid> for Orders {
    type Value = Order;
    type Error = Error;

    async fn load(&self, ids: &[Uuid]) -> Result<HashMap<Uuid, Order>, Error> {
        let mut connection = self.0.pool.get().await?;
        let orders = store::orders::by_ids(&mut connection, ids).await?;
        let viewer = &self.1.viewer;
        let all = viewer.can("payments", "read");
        let visible = orders
            .into_iter()
            .filter(|order| all || viewer.user_id() == Some(order.user_id));
        Ok(visible.map(|order| (order.id, order)).collect())
    }
}

/// The attempts of orders, the oldest first.
pub(super) struct Attempts(Arc<Payment>);

impl Loader<Uuid> for Attempts {
    type Value = Vec<Attempt>;
    type Error = Error;

    async fn load(&self, ids: &[Uuid]) -> Result<HashMap<Uuid, Vec<Attempt>>, Error> {
        let mut connection = self.0.pool.get().await?;
        let mut grouped: HashMap<Uuid, Vec<Attempt>> = HashMap::new();
        for attempt in store::attempts::of_orders(&mut connection, ids).await? {
            grouped.entry(attempt.order_id).or_default().push(attempt);
        }
        Ok(grouped)
    }
}

/// The invoices of orders, each before its credit note.
pub(super) struct Invoices(Arc<Payment>);

impl Loader<Uuid> for Invoices {
    type Value = Vec<Invoice>;
    type Error = Error;

    async fn load(&self, ids: &[Uuid]) -> Result<HashMap<Uuid, Vec<Invoice>>, Error> {
        let mut connection = self.0.pool.get().await?;
        let mut grouped: HashMap<Uuid, Vec<Invoice>> = HashMap::new();
        for invoice in store::invoices::of_orders(&mut connection, ids).await? {
            grouped.entry(invoice.order_id).or_default().push(invoice);
        }
        Ok(grouped)
    }
}

/// The refunds of orders, the oldest first.
pub(super) struct Refunds(Arc<Payment>);

impl Loader<Uuid> for Refunds {
    type Value = Vec<Refund>;
    type Error = Error;

    async fn load(&self, ids: &[Uuid]) -> Result<HashMap<Uuid, Vec<Refund>>, Error> {
        let mut connection = self.0.pool.get().await?;
        let mut grouped: HashMap<Uuid, Vec<Refund>> = HashMap::new();
        for refund in store::refunds::of_orders(&mut connection, ids).await? {
            grouped.entry(refund.order_id).or_default().push(refund);
        }
        Ok(grouped)
    }
}
