//! What can be done in admin, one function per use case; one transaction each, events enqueued before the commit.
//!
//! Whatever is written of a person locks the person first; sums are locked last, in one order. Everything that an operator does
//! is told as `operator.acted` in the same transaction, so that nothing is done that the audit log does not hold.

pub(crate) mod dead_letters;
pub(crate) mod notes;
pub(crate) mod payments;
pub(crate) mod settings;
pub(crate) mod sweep;
pub(crate) mod told;

use coko_core::Result;
use coko_core::context::CommandContext;
use coko_core::database::{Connection, Pool};
use coko_core::events::admin::OperatorActed;
use coko_core::outbox;
use coko_core::service::Platform;
use serde_json::Value;
use uuid::Uuid;

use crate::config::Config;

/// What every command of this subgraph shares.
pub(crate) struct Admin {
    pub(crate) pool: Pool,
    pub(crate) config: Config,
    pub(crate) platform: Platform,
}

/// The operator who asks, where the token permits `system:action`.
///
/// # Errors
/// `UNAUTHENTICATED` when no person asks; `FORBIDDEN` for everyone else.
fn operator(context: &CommandContext, action: &str) -> Result<Uuid> {
    let user = context.viewer.require_user()?;
    context.viewer.require("system", action)?;
    Ok(user)
}

/// What an operator did to what.
struct Deed<'a> {
    action: &'a str,
    subject: (&'a str, String),
    old: Option<Value>,
    new: Option<Value>,
}

/// Has the audit log hold what an operator does; call it inside the business transaction.
async fn record(
    connection: &mut Connection,
    context: &CommandContext,
    operator: Uuid,
    deed: Deed<'_>,
) -> Result<()> {
    let (subject_type, subject_id) = deed.subject;
    let event = OperatorActed {
        operator_id: operator,
        action: deed.action.to_owned(),
        subject_type: subject_type.to_owned(),
        subject_id,
        old_values: deed.old,
        new_values: deed.new,
        address: context.address.map(|address| address.to_string()),
        agent: context.agent.clone(),
        at: context.now,
    };
    outbox::enqueue(connection, context, &event).await?;
    metrics::counter!("operator_actions_total", "action" => deed.action.to_owned()).increment(1);
    Ok(())
}
