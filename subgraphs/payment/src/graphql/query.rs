//! Root queries.

use async_graphql::connection::{Connection, EmptyFields};
use async_graphql::dataloader::DataLoader;
use async_graphql::{Context, ID, Object};
use coko_core::Result;
use coko_core::graphql::{MoneyType, PageArgs, RequestExt as _, connection};

use super::loader::Orders;
use super::types::{InvoiceType, OrderType, PlanType, SubscriptionType};
use super::{key, payment};
use crate::model::Provider;
use crate::store;

/// Root queries of payment.
pub(crate) struct Query;

#[Object]
impl Query {
    #[graphql(entity)]
    async fn order_entity(&self, context: &Context<'_>, id: ID) -> Result<Option<OrderType>> {
        let loader = context.data_unchecked::<DataLoader<Orders>>();
        Ok(loader.load_one(key(&id)).await?.map(OrderType))
    }

    /// One of the viewer's orders; with `payments:read` anyone's.
    async fn order(&self, context: &Context<'_>, id: ID) -> Result<Option<OrderType>> {
        let loader = context.data_unchecked::<DataLoader<Orders>>();
        Ok(loader.load_one(key(&id)).await?.map(OrderType))
    }

    /// The viewer's orders, the newest first.
    async fn orders(
        &self,
        context: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
    ) -> Result<Connection<String, OrderType, EmptyFields, EmptyFields>> {
        let user = context.viewer().require_user()?;
        let page = PageArgs::new(first, after, last, before).page(store::orders::LIST)?;
        let mut database = payment(context).pool.get().await?;
        let slice = store::orders::list(&mut database, &page, user).await?;
        Ok(connection(
            store::orders::LIST,
            slice,
            store::orders::key,
            OrderType,
        ))
    }

    /// The viewer's invoices and credit notes, the newest first.
    async fn invoices(
        &self,
        context: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
    ) -> Result<Connection<String, InvoiceType, EmptyFields, EmptyFields>> {
        let user = context.viewer().require_user()?;
        let page = PageArgs::new(first, after, last, before).page(store::invoices::LIST)?;
        let mut database = payment(context).pool.get().await?;
        let slice = store::invoices::list(&mut database, &page, user).await?;
        Ok(connection(
            store::invoices::LIST,
            slice,
            store::invoices::key,
            InvoiceType,
        ))
    }

    /// The plans that can be subscribed to.
    async fn plans(&self, context: &Context<'_>) -> Result<Vec<PlanType>> {
        let mut connection = payment(context).pool.get().await?;
        let plans = store::plans::all(&mut connection).await?;
        Ok(plans.into_iter().map(PlanType).collect())
    }

    /// The viewer's subscription, while it runs.
    async fn my_subscription(&self, context: &Context<'_>) -> Result<Option<SubscriptionType>> {
        let user = context.viewer().require_user()?;
        let mut connection = payment(context).pool.get().await?;
        let running = store::plans::running(&mut connection, user).await?;
        Ok(running.map(SubscriptionType))
    }

    /// What the viewer's wallet holds, in each currency that was ever put into it.
    async fn wallet(&self, context: &Context<'_>) -> Result<Vec<MoneyType>> {
        let user = context.viewer().require_user()?;
        let mut connection = payment(context).pool.get().await?;
        let wallets = store::ledger::wallets(&mut connection, user).await?;
        Ok(wallets.into_iter().map(MoneyType).collect())
    }

    /// The ways of paying that are offered.
    async fn payment_providers(&self, context: &Context<'_>) -> Vec<Provider> {
        let connectors = &payment(context).connectors;
        let offered = |provider: &Provider| {
            *provider == Provider::Wallet || connectors.of(*provider).is_some()
        };
        Provider::ALL.iter().copied().filter(offered).collect()
    }
}
