//! Taking over what a device did while nobody was listening: one batch, one transaction, an answer for every change.
//!
//! A batch may be sent again, late, in another order or in parts: it comes to the same.

mod batch;
mod events;

use coko_core::Result;
use coko_core::context::CommandContext;
use coko_core::database::Connection;
use coko_core::graphql::{Failure, Outcome, Refusal};
use diesel_async::AsyncConnection as _;
use uuid::Uuid;

use super::{Reading, gone, reader};
use crate::error::{ChangeErrorCode, PushChangesErrorCode};
use crate::model::change::MAX_BATCH;
use crate::model::{Change, Clamps, Timed};
use crate::store;
use batch::Batch;

/// A change as it was sent: sound as far as its form goes, or why not.
pub(crate) type Sent = std::result::Result<Timed, (ChangeErrorCode, &'static str)>;

/// What became of one change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Taken {
    /// Something is as the change wrote it.
    Applied,
    /// It was taken over before, or something newer was.
    Unchanged,
    /// It cannot be taken over: why, and the field at fault.
    Refused(ChangeErrorCode, &'static str),
}

/// Takes over a device's changes; returns what became of each, in their order.
///
/// # Errors
/// A refusal of the batch as a whole; `UNAUTHENTICATED` for a guest.
pub(crate) async fn push(
    context: &CommandContext,
    reading: &Reading,
    device: Uuid,
    changes: Vec<Sent>,
) -> Outcome<Vec<Taken>, PushChangesErrorCode> {
    let user = reader(&context.viewer, "write")?;
    if changes.len() > MAX_BATCH {
        let code = PushChangesErrorCode::TooManyChanges;
        return Err(vec![Refusal::beyond(code, "changes", MAX_BATCH)].into());
    }
    let changes: Vec<Sent> = changes
        .into_iter()
        .map(|sent| sent.and_then(|timed| timed.check(context.now).map(|()| timed)))
        .collect();
    let mut connection = reading.pool.get().await?;
    let taken = connection
        .transaction(async |connection| {
            take(connection, context, reading, (user, device), &changes).await
        })
        .await
        .map_err(Failure::Stopped)?;
    for taken in &taken {
        let outcome = match taken {
            Taken::Applied => "APPLIED",
            Taken::Unchanged => "UNCHANGED",
            Taken::Refused(..) => "REFUSED",
        };
        metrics::counter!("reading_changes_total", "outcome" => outcome).increment(1);
    }
    Ok(taken)
}

async fn take(
    connection: &mut Connection,
    context: &CommandContext,
    reading: &Reading,
    (user, device): (Uuid, Uuid),
    changes: &[Sent],
) -> Result<Vec<Taken>> {
    let reader = store::readers::lock(connection, user).await?;
    if reader.is_gone() {
        return Err(gone());
    }
    let sound: Vec<&Timed> = changes
        .iter()
        .filter_map(|sent| sent.as_ref().ok())
        .collect();
    let earliest = sound.iter().map(|timed| timed.physical).min();
    let known = match earliest {
        Some(earliest) => store::clamps::since(connection, user, device, earliest).await?,
        None => Vec::new(),
    };
    let mut clamps = Clamps::new(user, device, known);
    let mut batch = Batch::load(connection, context, reader, device, &sound).await?;
    let mut taken = Vec::with_capacity(changes.len());
    for sent in changes {
        taken.push(match sent {
            Err((code, field)) => Taken::Refused(*code, field),
            Ok(timed) => {
                let stamp = clamps.stamp(timed.physical, timed.counter, context.now);
                match &timed.change {
                    Change::Annotation(change) => batch.annotation(change, stamp),
                    Change::Progress(change) => batch.progress(change, stamp),
                    Change::Item(change) => batch.item(*change, stamp),
                    Change::Session(change) => batch.session(*change),
                }
            }
        });
    }
    store::clamps::insert(connection, &clamps.into_fresh()).await?;
    let lost = batch.write(connection, context, reading).await?;
    // Another reader took the id in the moment between looking and writing.
    for (taken, sent) in taken.iter_mut().zip(changes) {
        if let Ok(Timed {
            change: Change::Annotation(change),
            ..
        }) = sent
            && lost.contains(&change.id)
        {
            *taken = Taken::Refused(ChangeErrorCode::IdTaken, "id");
        }
    }
    Ok(taken)
}
