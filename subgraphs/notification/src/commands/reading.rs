//! Reading what one was told.

use coko_core::context::CommandContext;
use coko_core::graphql::{Failure, Outcome};
use time::OffsetDateTime;
use uuid::Uuid;

use super::{Dispatch, owner};
use crate::error::MarkReadErrorCode;
use crate::store;

/// Most notifications that are named at once.
const MOST: usize = 100;

/// What was read.
#[derive(Clone, Debug)]
pub(crate) enum Selection {
    /// These.
    These(Vec<Uuid>),
    /// All up to this moment.
    Until(OffsetDateTime),
}

impl Selection {
    /// The one of two that is given.
    pub(crate) fn of(ids: Option<Vec<Uuid>>, until: Option<OffsetDateTime>) -> Option<Self> {
        match (ids, until) {
            (Some(ids), None) if (1..=MOST).contains(&ids.len()) => Some(Self::These(ids)),
            (None, Some(until)) => Some(Self::Until(until)),
            _ => None,
        }
    }
}

/// Marks notifications of the viewer's as read; what was read stays so. Returns how many were not.
///
/// # Errors
/// Refusals with their codes; whatever stops the command.
pub(crate) async fn mark(
    context: &CommandContext,
    dispatch: &Dispatch,
    selection: Option<Selection>,
) -> Outcome<usize, MarkReadErrorCode> {
    let user = owner(&context.viewer)?;
    let selection = selection.ok_or_else(|| Failure::whole(MarkReadErrorCode::SelectionInvalid))?;
    let now = context.now;
    let mut connection = dispatch.pool.get().await?;
    let marked = match selection {
        Selection::These(ids) => {
            let marked = store::notifications::mark(&mut connection, user, &ids, now).await?;
            marked.len()
        }
        Selection::Until(until) => {
            store::notifications::mark_until(&mut connection, user, until, now).await?
        }
    };
    Ok(marked)
}
