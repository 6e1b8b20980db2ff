//! What devices did offline.

use async_graphql::{Context, Enum, ID, InputObject, Object, SimpleObject};
use coko_core::graphql::{Refusal, RequestExt as _, settle};
use coko_core::{Error, Result};
use time::OffsetDateTime;

use crate::commands::push::{Taken, push};
use crate::error::{ChangeError, PushChangesError};
use crate::graphql::input::ChangeInput;
use crate::graphql::{key, reading};

/// What a device did since it last said so.
#[derive(InputObject)]
struct PushChangesInput {
    /// A UUID that the device made for itself once.
    device_id: ID,
    /// At most 200, in any order. The same ones may be sent again.
    changes: Vec<ChangeInput>,
}

/// What became of a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
enum ChangeOutcome {
    /// It was taken over.
    Applied,
    /// It was taken over before, or something newer was: there is nothing to do.
    Unchanged,
    /// It cannot be taken over, now or later.
    Refused,
}

/// What became of one change.
#[derive(SimpleObject)]
struct ChangeResult {
    /// The place of the change in the batch, from 0.
    index: i32,
    /// What became of it.
    outcome: ChangeOutcome,
    /// Why it was refused.
    error: Option<ChangeError>,
}

/// What `pushChanges` did.
#[derive(SimpleObject)]
struct PushChangesPayload {
    /// What became of each change, in their order; null when the batch was refused.
    results: Option<Vec<ChangeResult>>,
    /// Our time, by which a device can tell that its clock is wrong.
    server_time: OffsetDateTime,
    /// Why the batch was refused; empty when it was not.
    errors: Vec<PushChangesError>,
}

#[derive(Default)]
pub(super) struct SyncMutation;

#[Object]
impl SyncMutation {
    /// Takes over what one of the viewer's devices did. Field by field the last writer wins; a batch may be sent again, late or
    /// in another order, and comes to the same.
    async fn push_changes(
        &self,
        context: &Context<'_>,
        input: PushChangesInput,
    ) -> Result<PushChangesPayload> {
        let device = key(&input.device_id);
        context.viewer().require_user()?;
        if device.is_nil() {
            return Err(Error::validation("deviceId", "reading-device-invalid"));
        }
        let changes = input.changes.into_iter().map(ChangeInput::sent).collect();
        let outcome = push(context.command(), reading(context), device, changes).await;
        let (taken, errors) = settle(context, outcome, PushChangesError::new)?;
        let (translations, locale) = (context.translations(), context.locale());
        let results = taken.map(|taken| {
            let taken = taken.into_iter().zip(0..);
            let results = taken.map(|(taken, index)| match taken {
                Taken::Applied => ChangeResult {
                    index,
                    outcome: ChangeOutcome::Applied,
                    error: None,
                },
                Taken::Unchanged => ChangeResult {
                    index,
                    outcome: ChangeOutcome::Unchanged,
                    error: None,
                },
                Taken::Refused(code, field) => {
                    let refusal = Refusal::field(code, field);
                    ChangeResult {
                        index,
                        outcome: ChangeOutcome::Refused,
                        error: Some(ChangeError::new(translations, locale, refusal)),
                    }
                }
            });
            results.collect()
        });
        Ok(PushChangesPayload {
            results,
            server_time: context.command().now,
            errors,
        })
    }
}
