//! What payees and operators ask.

use async_graphql::connection::{Connection, EmptyFields};
use async_graphql::{Context, ID, Object};
use coko_core::Result;
use coko_core::database::PooledConnection;
use coko_core::graphql::{PageArgs, RequestExt as _, connection};
use coko_core::paging::Slice;
use uuid::Uuid;

use crate::commands::{accountant, may_account};
use crate::graphql::types::{
    AccountType, AccrualType, PayeeType, PayoutType, StatementType, TermsType,
};
use crate::graphql::{key, publishing};
use crate::model::{MemberRole, PayeeKind};
use crate::store;

#[derive(Default)]
pub(super) struct RoyaltyQuery;

/// A connection for whoever may see what `payee` earns; none for everyone else.
async fn opened(context: &Context<'_>, payee: Uuid) -> Result<Option<PooledConnection>> {
    let user = accountant(context.command())?;
    let mut connection = publishing(context).pool.get().await?;
    let may = may_account(&mut connection, user, payee).await?;
    Ok(may.then_some(connection))
}

#[Object]
impl RoyaltyQuery {
    /// The platform's terms for new contracts and for payouts.
    #[graphql(cache_control(max_age = 300))]
    async fn publishing_terms(&self, context: &Context<'_>) -> TermsType {
        let config = &publishing(context).config;
        TermsType(config.terms, config.thresholds)
    }

    /// The viewer's own account, and those of the organisations whose money they look after. Needs `royalties:manage`.
    async fn royalty_accounts(&self, context: &Context<'_>) -> Result<Vec<AccountType>> {
        let user = accountant(context.command())?;
        let mut connection = publishing(context).pool.get().await?;
        let members = store::organizations::of_user(&mut connection, user).await?;
        let own = PayeeType {
            id: user,
            kind: PayeeKind::User,
        };
        let organizations = members
            .into_iter()
            .filter(|member| MemberRole::accounts(member.role))
            .map(|member| PayeeType {
                id: member.organization_id,
                kind: PayeeKind::Organization,
            });
        let payees = std::iter::once(own).chain(organizations);
        Ok(payees.map(AccountType).collect())
    }

    /// What an account of the viewer's earned, the newest first. Needs `royalties:manage`.
    async fn royalty_accruals(
        &self,
        context: &Context<'_>,
        payee_id: ID,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
    ) -> Result<Connection<String, AccrualType, EmptyFields, EmptyFields>> {
        let list = store::accruals::LIST;
        let page = PageArgs::new(first, after, last, before).page(list)?;
        let payee = key(&payee_id);
        let slice = match opened(context, payee).await? {
            Some(mut database) => store::accruals::list(&mut database, &page, payee).await?,
            None => Slice::new(&page, Vec::new()),
        };
        Ok(connection(list, slice, store::accruals::key, AccrualType))
    }

    /// The statements of an account of the viewer's, the newest first. Needs `royalties:manage`.
    async fn royalty_statements(
        &self,
        context: &Context<'_>,
        payee_id: ID,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
    ) -> Result<Connection<String, StatementType, EmptyFields, EmptyFields>> {
        let list = store::statements::LIST;
        let page = PageArgs::new(first, after, last, before).page(list)?;
        let payee = key(&payee_id);
        let slice = match opened(context, payee).await? {
            Some(mut database) => store::statements::list(&mut database, &page, payee).await?,
            None => Slice::new(&page, Vec::new()),
        };
        let key = store::statements::key;
        Ok(connection(list, slice, key, StatementType))
    }

    /// The payouts of an account of the viewer's, the newest first. Needs `royalties:manage`.
    async fn royalty_payouts(
        &self,
        context: &Context<'_>,
        payee_id: ID,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
    ) -> Result<Connection<String, PayoutType, EmptyFields, EmptyFields>> {
        let list = store::payouts::LIST;
        let page = PageArgs::new(first, after, last, before).page(list)?;
        let payee = key(&payee_id);
        let slice = match opened(context, payee).await? {
            Some(mut database) => store::payouts::list(&mut database, &page, payee).await?,
            None => Slice::new(&page, Vec::new()),
        };
        Ok(connection(list, slice, store::payouts::key, PayoutType))
    }

    /// The payouts that operators have to make, the oldest first. Needs `royalties:pay`.
    async fn requested_payouts(
        &self,
        context: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
    ) -> Result<Connection<String, PayoutType, EmptyFields, EmptyFields>> {
        context.viewer().require("royalties", "pay")?;
        let list = store::payouts::QUEUE;
        let page = PageArgs::new(first, after, last, before).page(list)?;
        let mut database = publishing(context).pool.get().await?;
        let slice = store::payouts::queue(&mut database, &page).await?;
        Ok(connection(list, slice, |payout| payout.id, PayoutType))
    }
}
