//! What people decide about what they are told.

use coko_core::Result;
use coko_core::context::CommandContext;
use coko_core::database::Connection;
use coko_core::graphql::{Failure, Outcome};
use coko_core::identity::link;
use diesel_async::AsyncConnection as _;
use uuid::Uuid;

use super::carrying::{UNSUBSCRIBE, Unsubscribe};
use super::{Dispatch, gone, owner};
use crate::error::UpdatePreferencesErrorCode;
use crate::model::preference::PreferenceRow;
use crate::model::{Channel, Choice, DigestInterval, Person, Preferences, QuietHours, Workflow};
use crate::store;

/// Most choices of one call.
const MOST: usize = 100;

/// A choice to make, or, without `enabled`, to withdraw.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Decision {
    pub(crate) workflow: Option<Workflow>,
    pub(crate) channel: Option<Channel>,
    pub(crate) enabled: Option<bool>,
}

/// What becomes of quiet hours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum QuietChange {
    /// They stay as they are.
    Keep,
    /// There are none any more.
    End,
    /// They are between two times of day, such as `22:00` and `07:00`.
    Between(String, String),
}

/// What is to change; what is none stays as it is.
#[derive(Clone, Debug)]
pub(crate) struct Changes {
    pub(crate) decisions: Vec<Decision>,
    pub(crate) quiet_hours: QuietChange,
    pub(crate) digest: Option<DigestInterval>,
}

/// Changes what the viewer wants to hear, and how.
///
/// # Errors
/// Refusals with their codes; whatever stops the command.
pub(crate) async fn update(
    context: &CommandContext,
    dispatch: &Dispatch,
    changes: Changes,
) -> Outcome<(Person, Preferences), UpdatePreferencesErrorCode> {
    use UpdatePreferencesErrorCode as Code;
    let user = owner(&context.viewer)?;
    if changes.decisions.len() > MOST {
        return Err(Failure::field(Code::TooMany, "choices"));
    }
    let hours = match &changes.quiet_hours {
        QuietChange::Between(from, until) => {
            let hours = QuietHours::parse(from, until);
            let invalid = || Failure::field(Code::QuietHoursInvalid, "quietHours");
            Some(hours.ok_or_else(invalid)?)
        }
        QuietChange::Keep | QuietChange::End => None,
    };
    let mut connection = dispatch.pool.get().await?;
    connection
        .transaction(async |connection| {
            let mut person = store::people::lock(connection, user).await?;
            if person.is_gone() {
                return Err(gone().into());
            }
            for decision in &changes.decisions {
                decide(connection, user, decision).await?;
            }
            if changes.quiet_hours != QuietChange::Keep {
                person.quiet_from = hours.map(|hours| hours.from);
                person.quiet_until = hours.map(|hours| hours.until);
            }
            person.digest = changes.digest.unwrap_or(person.digest);
            store::people::update(connection, &person).await?;
            let rows = store::preferences::of(connection, &[user]).await?;
            Ok((person, Preferences::of(&rows)))
        })
        .await
}

async fn decide(connection: &mut Connection, user: Uuid, decision: &Decision) -> Result<()> {
    let (workflow, channel) = Choice::names(decision.workflow, decision.channel);
    match decision.enabled {
        Some(enabled) => {
            let row = PreferenceRow {
                user_id: user,
                workflow: workflow.to_owned(),
                channel: channel.to_owned(),
                enabled,
            };
            store::preferences::keep(connection, &row).await?;
        }
        None => store::preferences::withdraw(connection, user, workflow, channel).await?,
    }
    Ok(())
}

/// Ends the letters that a link is about; false when it is not genuine or no longer valid.
///
/// # Errors
/// When the database does not answer.
pub(crate) async fn unsubscribe(
    context: &CommandContext,
    dispatch: &Dispatch,
    token: &str,
) -> Result<bool> {
    let key = &dispatch.platform.internal_key;
    let claims: Option<Unsubscribe> = link::open(key, UNSUBSCRIBE, token, context.now);
    let Some((user, workflow)) =
        claims.and_then(|claims| Some((claims.user, claims.workflow.parse().ok()?)))
    else {
        return Ok(false);
    };
    let decision = Decision {
        workflow: Some(workflow),
        channel: Some(Channel::Email),
        enabled: Some(false),
    };
    let mut connection = dispatch.pool.get().await?;
    connection
        .transaction(async |connection| {
            let person = store::people::lock(connection, user).await?;
            if person.is_gone() {
                return Ok(false);
            }
            decide(connection, user, &decision).await?;
            Ok(true)
        })
        .await
}
