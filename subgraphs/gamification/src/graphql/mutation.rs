//! Root mutations. Each answers with the new state, or with the reasons for which it refused.

use async_graphql::dataloader::DataLoader;
use async_graphql::{Context, ID, InputObject, Object, SimpleObject};
use coko_core::Result;
use coko_core::graphql::{RequestExt as _, settle};
use time::OffsetDateTime;
use uuid::Uuid;

use super::loader::{ChallengeKey, Challenges};
use super::types::{ChallengeType, StatsType};
use super::{game, key};
use crate::commands::challenges::{self, Wanted};
use crate::commands::settings;
use crate::error::{
    CancelChallengeError, CreateChallengeError, JoinChallengeError, LeaveChallengeError,
};
use crate::model::{ChallengeMetric, Visibility};

/// A challenge to make.
#[derive(InputObject)]
struct CreateChallengeInput {
    /// What it is called: 1 to 80 characters.
    title: String,
    /// What is to be done, in words: at most 500 characters.
    description: Option<String>,
    /// What is counted.
    metric: ChallengeMetric,
    /// How much of it is the goal: 1 to 10,000.
    target: i32,
    /// When the window begins.
    starts_at: OffsetDateTime,
    /// When it ends, at most a year after it begins.
    ends_at: OffsetDateTime,
    /// Who may see and join it: `FOLLOWERS` or `PRIVATE`.
    privacy: Visibility,
}

/// A challenge to join.
#[derive(InputObject)]
struct JoinChallengeInput {
    /// The challenge.
    challenge_id: ID,
    /// What opens a private one.
    invitation: Option<String>,
}

/// A challenge to leave.
#[derive(InputObject)]
struct LeaveChallengeInput {
    /// The challenge.
    challenge_id: ID,
}

/// A challenge to call off.
#[derive(InputObject)]
struct CancelChallengeInput {
    /// The challenge, one of the viewer's own.
    challenge_id: ID,
}

/// Whether to be seen.
#[derive(InputObject)]
struct UpdateGamificationInput {
    /// Hides the viewer from leaderboards, and their badges and challenges from others.
    opted_out: bool,
}

/// What `createChallenge` did.
#[derive(SimpleObject)]
struct CreateChallengePayload {
    /// The new state; null when refused.
    challenge: Option<ChallengeType>,
    /// Why it was refused; empty when it was not.
    errors: Vec<CreateChallengeError>,
}

/// What `joinChallenge` did.
#[derive(SimpleObject)]
struct JoinChallengePayload {
    /// The new state; null when refused.
    challenge: Option<ChallengeType>,
    /// Why it was refused; empty when it was not.
    errors: Vec<JoinChallengeError>,
}

/// What `leaveChallenge` did.
#[derive(SimpleObject)]
struct LeaveChallengePayload {
    /// The new state, where it is still to be seen; null when refused.
    challenge: Option<ChallengeType>,
    /// Why it was refused; empty when it was not.
    errors: Vec<LeaveChallengeError>,
}

/// What `cancelChallenge` did.
#[derive(SimpleObject)]
struct CancelChallengePayload {
    /// The new state; null when refused.
    challenge: Option<ChallengeType>,
    /// Why it was refused; empty when it was not.
    errors: Vec<CancelChallengeError>,
}

/// What `updateGamification` did; it is never refused.
#[derive(SimpleObject)]
struct UpdateGamificationPayload {
    /// The new state.
    stats: StatsType,
}

/// Root mutations of gamification.
pub(crate) struct Mutation;

#[Object]
impl Mutation {
    /// Makes a challenge of the viewer's own, and has the viewer take part in it.
    async fn create_challenge(
        &self,
        context: &Context<'_>,
        input: CreateChallengeInput,
    ) -> Result<CreateChallengePayload> {
        let wanted = Wanted {
            title: input.title,
            description: input.description,
            metric: input.metric,
            target: input.target,
            starts_at: input.starts_at,
            ends_at: input.ends_at,
            privacy: input.privacy,
        };
        let outcome = challenges::create(context.command(), game(context), wanted).await;
        let (id, errors) = settle(context, outcome, CreateChallengeError::new)?;
        let challenge = read_back(context, id, None).await?;
        Ok(CreateChallengePayload { challenge, errors })
    }

    /// Has the viewer take part in a challenge. What they did in its window before counts as well.
    async fn join_challenge(
        &self,
        context: &Context<'_>,
        input: JoinChallengeInput,
    ) -> Result<JoinChallengePayload> {
        let (wanted, invitation) = (key(&input.challenge_id), input.invitation);
        let command = context.command();
        let outcome = challenges::join(command, game(context), wanted, invitation.as_deref()).await;
        let (id, errors) = settle(context, outcome, JoinChallengeError::new)?;
        let challenge = read_back(context, id, invitation).await?;
        Ok(JoinChallengePayload { challenge, errors })
    }

    /// Has the viewer take part in a challenge no more. What was reached stays.
    async fn leave_challenge(
        &self,
        context: &Context<'_>,
        input: LeaveChallengeInput,
    ) -> Result<LeaveChallengePayload> {
        let wanted = key(&input.challenge_id);
        let outcome = challenges::leave(context.command(), game(context), wanted).await;
        let (id, errors) = settle(context, outcome, LeaveChallengeError::new)?;
        let challenge = read_back(context, id, None).await?;
        Ok(LeaveChallengePayload { challenge, errors })
    }

    /// Calls off a challenge of the viewer's own.
    async fn cancel_challenge(
        &self,
        context: &Context<'_>,
        input: CancelChallengeInput,
    ) -> Result<CancelChallengePayload> {
        let wanted = key(&input.challenge_id);
        let outcome = challenges::cancel(context.command(), game(context), wanted).await;
        let (id, errors) = settle(context, outcome, CancelChallengeError::new)?;
        let challenge = read_back(context, id, None).await?;
        Ok(CancelChallengePayload { challenge, errors })
    }

    /// Hides the viewer from all others at once, or shows them again. Nothing that was reached is lost.
    async fn update_gamification(
        &self,
        context: &Context<'_>,
        input: UpdateGamificationInput,
    ) -> Result<UpdateGamificationPayload> {
        let (command, game) = (context.command(), game(context));
        let player = settings::opt_out(command, game, input.opted_out).await?;
        Ok(UpdateGamificationPayload {
            stats: StatsType(player),
        })
    }
}

/// The challenge as it is after a mutation.
async fn read_back(
    context: &Context<'_>,
    id: Option<Uuid>,
    invitation: Option<String>,
) -> Result<Option<ChallengeType>> {
    let Some(id) = id else {
        return Ok(None);
    };
    let loader = context.data_unchecked::<DataLoader<Challenges>>();
    let wanted = ChallengeKey { id, invitation };
    Ok(loader.load_one(wanted).await?.map(ChallengeType))
}
