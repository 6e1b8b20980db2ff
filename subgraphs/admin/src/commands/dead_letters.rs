//! Dead letters of every role: asked of the role that could not handle them, which keeps them.

use coko_core::consumer::DeadLetter;
use coko_core::context::CommandContext;
use coko_core::dead_letters::{self, Answer, Question};
use coko_core::graphql::{Failure, Outcome};
use coko_core::paging::{Direction, Page, Slice};
use coko_core::{Code, Error, Result};
use diesel_async::AsyncConnection as _;
use serde_json::json;
use uuid::Uuid;

use super::{Admin, Deed, operator, record};
use crate::error::DeadLetterErrorCode;
use crate::store::micros;

/// When it failed last, and the event.
pub(crate) type Key = (i64, Uuid);

/// The place of a letter in the list.
pub(crate) fn key(letter: &DeadLetter) -> Key {
    (micros(letter.failed_at), letter.event_id)
}

/// What is done with a dead letter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    /// It is handled again.
    Replay,
    /// It is forgotten.
    Discard,
}

/// A role's name goes into the subject that it is asked on.
fn checked(role: &str) -> Result<&str> {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte == b'-';
    if role.is_empty() || role.len() > 40 || !role.bytes().all(plain) {
        return Err(Error::not_found());
    }
    Ok(role)
}

/// One page of a role's dead letters, the newest first.
///
/// # Errors
/// `VALIDATION_FAILED` where the page is asked for backwards; `DOWNSTREAM_UNAVAILABLE` when the role does not answer.
pub(crate) async fn page(admin: &Admin, role: &str, page: &Page<Key>) -> Result<Slice<DeadLetter>> {
    if page.direction == Direction::Backward {
        return Err(Error::validation("last", "core-page-direction"));
    }
    let question = Question::List {
        after: page.from,
        limit: page.limit(),
    };
    let answer = dead_letters::ask(&admin.platform, checked(role)?, &question).await?;
    Ok(Slice::new(page, answer.letters))
}

/// One dead letter with what it says; none where the role has none such.
///
/// # Errors
/// `DOWNSTREAM_UNAVAILABLE` when the role does not answer.
pub(crate) async fn show(
    admin: &Admin,
    role: &str,
    event: Uuid,
) -> Result<Option<(DeadLetter, String)>> {
    let question = Question::Show(event);
    match dead_letters::ask(&admin.platform, checked(role)?, &question).await {
        Ok(answer) => Ok(first(answer)),
        Err(error) if error.code() == Code::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

fn first(answer: Answer) -> Option<(DeadLetter, String)> {
    let letter = answer.letters.into_iter().next()?;
    Some((letter, answer.payload.unwrap_or_default()))
}

/// Has a role handle a dead letter again, or forget it. Needs `system:events`.
///
/// What is done is recorded before the role is asked: rather an entry of what then failed than a deed without one.
///
/// # Errors
/// Refusals; `UNAUTHENTICATED`, `FORBIDDEN`; `DOWNSTREAM_UNAVAILABLE` when the role does not answer.
pub(crate) async fn settle(
    context: &CommandContext,
    admin: &Admin,
    (role, event): (&str, Uuid),
    fate: Fate,
) -> Outcome<Uuid, DeadLetterErrorCode> {
    let user = operator(context, "events")?;
    let not_found = || Failure::field(DeadLetterErrorCode::NotFound, "eventId");
    let (letter, _) = show(admin, role, event).await?.ok_or_else(not_found)?;
    let (action, question) = match fate {
        Fate::Replay => ("dead-letter.replayed", Question::Replay(event)),
        Fate::Discard => ("dead-letter.discarded", Question::Discard(event)),
    };
    let mut connection = admin.pool.get().await?;
    connection
        .transaction(async |connection| {
            let deed = Deed {
                action,
                subject: ("dead-letter", event.to_string()),
                old: Some(
                    json!({ "role": role, "subject": letter.subject, "error": letter.error }),
                ),
                new: None,
            };
            record(connection, context, user, deed).await
        })
        .await?;
    drop(connection);
    match dead_letters::ask(&admin.platform, role, &question).await {
        Ok(_) => Ok(event),
        Err(error) if error.code() == Code::NotFound => Err(not_found()),
        Err(error) => Err(error.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_of_roles_are_asked() {
        assert!(checked("catalog").is_ok() && checked("provider-simulator").is_ok());
        let long = "a".repeat(41);
        for role in ["", "a.b", "*", ">", "a b", "A", "é", &long] {
            assert!(checked(role).is_err(), "{role}");
        }
    }
}
