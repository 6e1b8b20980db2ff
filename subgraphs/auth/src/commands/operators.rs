//! What admin tells of operators: the audit log is here, and holds it.

use coko_core::database::Connection;
use coko_core::events::Event;
use coko_core::events::admin::OperatorActed;
use diesel::QueryResult;

use crate::model::NewAuditEntry;
use crate::store;

/// Appends what an operator did, in the transaction of the consumer.
pub(crate) async fn acted(
    connection: &mut Connection,
    event: &Event,
    deed: OperatorActed,
) -> QueryResult<()> {
    let request_id = event.correlationid.clone();
    let entry = NewAuditEntry {
        // The event's own id tells entries apart that were made at one moment.
        id: event.id,
        at: deed.at,
        actor_id: Some(deed.operator_id.to_string()),
        action: &deed.action,
        subject_type: &deed.subject_type,
        subject_id: deed.subject_id,
        old_values: deed.old_values,
        new_values: deed.new_values,
        address: deed.address,
        agent: deed.agent.as_deref(),
        request_id: request_id.as_deref().unwrap_or_default(),
    };
    store::audit::append(connection, &entry).await
}
