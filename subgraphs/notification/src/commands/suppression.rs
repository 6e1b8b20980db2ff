//! Addresses and numbers to which something is sent again.

use coko_core::ask::auth::{Contact, contacts};
use coko_core::context::CommandContext;
use coko_core::graphql::{Failure, Outcome};
use uuid::Uuid;

use super::Dispatch;
use crate::error::LiftSuppressionErrorCode;
use crate::model::Channel;
use crate::store;

/// Has messages go again to where somebody is reached now; returns whether anything kept from it.
///
/// # Errors
/// Refusals with their codes; whatever stops the command.
pub(crate) async fn lift(
    context: &CommandContext,
    dispatch: &Dispatch,
    user: Uuid,
    channel: Channel,
) -> Outcome<bool, LiftSuppressionErrorCode> {
    use LiftSuppressionErrorCode as Code;
    context.viewer.require("system", "notify")?;
    let contact = contacts(&dispatch.platform, &[user]).await?.pop();
    let contact = contact.ok_or_else(|| Failure::field(Code::NotFound, "userId"))?;
    let Contact { email, phone, .. } = contact;
    let to = match channel {
        Channel::Email => email,
        Channel::Sms => phone,
        Channel::InApp | Channel::Push => None,
    };
    let to = to.ok_or_else(|| Failure::field(Code::NoAddress, "channel"))?;
    let recipient = dispatch.recipient(channel, &to);
    let mut connection = dispatch.pool.get().await?;
    Ok(store::suppressions::lift(&mut connection, channel, &recipient).await?)
}
