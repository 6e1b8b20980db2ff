//! Payouts.

use async_graphql::{Context, ID, InputObject, Object, SimpleObject};
use coko_core::Result;
use coko_core::graphql::{RequestExt as _, settle};
use coko_core::money::Currency;
use uuid::Uuid;

use crate::commands::payouts::{self, Verdict, Wanted};
use crate::error::{RequestPayoutError, SettlePayoutError};
use crate::graphql::types::PayoutType;
use crate::graphql::{key, publishing};
use crate::store;

/// A payout to ask for.
#[derive(InputObject)]
struct RequestPayoutInput {
    /// The account: the viewer, or an organisation whose money they look after.
    payee_id: ID,
    /// The currency.
    currency: Currency,
    /// How much in the currency's minor unit; all that is owed when it is left out.
    amount: Option<i64>,
    /// The mobile money account, as a phone number with its country: `+221771234567`.
    mobile: String,
    /// Its holder's name, at most 100 characters.
    name: String,
    /// 1 to 100 characters; a call that is repeated under its key does nothing again.
    idempotency_key: String,
}

/// A payout that was made.
#[derive(InputObject)]
struct ConfirmPayoutInput {
    /// The payout.
    payout_id: ID,
    /// The transfer's own id, at most 200 characters.
    reference: String,
}

/// A payout that was not made.
#[derive(InputObject)]
struct RejectPayoutInput {
    /// The payout.
    payout_id: ID,
    /// Why, at most 200 characters.
    reason: String,
}

/// What `requestPayout` did.
#[derive(SimpleObject)]
struct RequestPayoutPayload {
    /// The payout; null when refused.
    payout: Option<PayoutType>,
    /// Why it was refused; empty when it was not.
    errors: Vec<RequestPayoutError>,
}

/// What `confirmPayout` or `rejectPayout` did.
#[derive(SimpleObject)]
struct SettlePayoutPayload {
    /// The payout; null when refused.
    payout: Option<PayoutType>,
    /// Why it was refused; empty when it was not.
    errors: Vec<SettlePayoutError>,
}

/// The payout as it is now; whoever may change it may see it.
async fn read_back(context: &Context<'_>, payout: Option<Uuid>) -> Result<Option<PayoutType>> {
    let Some(payout) = payout else {
        return Ok(None);
    };
    let mut connection = publishing(context).pool.get().await?;
    let mut found = store::payouts::by_ids(&mut connection, &[payout]).await?;
    Ok(found.pop().map(PayoutType))
}

async fn settled(
    context: &Context<'_>,
    payout: &ID,
    verdict: Verdict,
    reference: &str,
) -> Result<SettlePayoutPayload> {
    let (command, service) = (context.command(), publishing(context));
    let outcome = payouts::settle(command, service, key(payout), verdict, reference).await;
    let (payout, errors) = settle(context, outcome, SettlePayoutError::new)?;
    let payout = read_back(context, payout).await?;
    Ok(SettlePayoutPayload { payout, errors })
}

#[derive(Default)]
pub(super) struct PayoutMutation;

#[Object]
impl PayoutMutation {
    /// Asks for what is owed to be paid out; an operator makes the transfer. Needs `royalties:manage`.
    async fn request_payout(
        &self,
        context: &Context<'_>,
        input: RequestPayoutInput,
    ) -> Result<RequestPayoutPayload> {
        let wanted = Wanted {
            payee: key(&input.payee_id),
            currency: input.currency,
            amount: input.amount,
            mobile: input.mobile,
            name: input.name,
        };
        let (command, service) = (context.command(), publishing(context));
        let outcome = payouts::request(command, service, wanted, &input.idempotency_key).await;
        let (payout, errors) = settle(context, outcome, RequestPayoutError::new)?;
        let payout = read_back(context, payout).await?;
        Ok(RequestPayoutPayload { payout, errors })
    }

    /// Says that a payout was made, with the transfer's id. Needs `royalties:pay`.
    async fn confirm_payout(
        &self,
        context: &Context<'_>,
        input: ConfirmPayoutInput,
    ) -> Result<SettlePayoutPayload> {
        settled(context, &input.payout_id, Verdict::Paid, &input.reference).await
    }

    /// Says that a payout was not made, and why: it is owed again. Needs `royalties:pay`.
    async fn reject_payout(
        &self,
        context: &Context<'_>,
        input: RejectPayoutInput,
    ) -> Result<SettlePayoutPayload> {
        settled(context, &input.payout_id, Verdict::Rejected, &input.reason).await
    }
}
