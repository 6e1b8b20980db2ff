//! Notes about people, from operator to operator.

use coko_core::context::CommandContext;
use coko_core::graphql::{Failure, Outcome, Refusal};
use coko_core::text;
use diesel_async::AsyncConnection as _;
use uuid::Uuid;

use super::{Admin, Deed, operator, record};
use crate::error::OperatorNoteErrorCode as Code;
use crate::model::{Note, Person, note};
use crate::store;

/// Adds a note about a person. Needs `system:users`.
///
/// # Errors
/// Refusals; `UNAUTHENTICATED`, `FORBIDDEN`.
pub(crate) async fn add(
    context: &CommandContext,
    admin: &Admin,
    person: Uuid,
    what: &str,
) -> Outcome<Uuid, Code> {
    let user = operator(context, "users")?;
    let what = text::block(what, note::TEXT);
    let what = what.map_err(|_| Failure::field(Code::TextInvalid, "text"))?;
    let mut connection = admin.pool.get().await?;
    connection
        .transaction(async |connection| {
            let known = store::people::by_ids(connection, &[person]).await?;
            if known.first().is_none_or(Person::is_gone) {
                return Err(Failure::field(Code::NotFound, "userId"));
            }
            // The lock serialises two notes that would both be the last one there is room for.
            let person = store::people::lock(connection, person).await?;
            if store::notes::count(connection, person.user_id).await? >= note::MOST {
                let max = usize::try_from(note::MOST).unwrap_or_default();
                let refusal = Refusal::beyond(Code::TooMany, "userId", max);
                return Err(Failure::Refused(vec![refusal]));
            }
            let note = Note {
                id: context.id(),
                user_id: person.user_id,
                operator_id: user,
                text: what.clone(),
                created_at: context.now,
            };
            store::notes::insert(connection, &note).await?;
            let deed = Deed {
                action: "note.added",
                subject: ("user", note.user_id.to_string()),
                old: None,
                new: None,
            };
            record(connection, context, user, deed).await?;
            Ok::<_, Failure<Code>>(note.user_id)
        })
        .await
}

/// Removes a note; returns about whom it was. Needs `system:users`.
///
/// # Errors
/// Refusals; `UNAUTHENTICATED`, `FORBIDDEN`.
pub(crate) async fn remove(
    context: &CommandContext,
    admin: &Admin,
    id: Uuid,
) -> Outcome<Uuid, Code> {
    let user = operator(context, "users")?;
    let mut connection = admin.pool.get().await?;
    connection
        .transaction(async |connection| {
            let removed = store::notes::remove(connection, id).await?;
            let removed = removed.ok_or_else(|| Failure::field(Code::NotFound, "id"))?;
            let deed = Deed {
                action: "note.removed",
                subject: ("user", removed.user_id.to_string()),
                old: None,
                new: None,
            };
            record(connection, context, user, deed).await?;
            Ok::<_, Failure<Code>>(removed.user_id)
        })
        .await
}
