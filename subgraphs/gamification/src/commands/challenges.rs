//! Challenges that readers make, join and leave.

use coko_core::context::CommandContext;
use coko_core::graphql::{Failure, Outcome, Refusals};
use coko_core::text;
use diesel_async::AsyncConnection as _;
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use super::{Game, gone, participant, play};
use crate::error::{
    CancelChallengeErrorCode, CreateChallengeErrorCode, JoinChallengeErrorCode,
    LeaveChallengeErrorCode,
};
use crate::model::challenge::{LONGEST, MOST};
use crate::model::{Challenge, ChallengeMetric, Participant, Visibility};
use crate::store;

/// Challenges that one takes part in at a time.
const MOST_JOINED: i64 = 50;
/// Challenges of one's own at a time.
const MOST_MADE: i64 = 20;
/// How far ahead a challenge may begin.
const FARTHEST: Duration = Duration::days(366);
/// Characters of a title, and of a description.
const TITLE: usize = 80;
const DESCRIPTION: usize = 500;

/// A challenge that a reader wants to make.
#[derive(Clone, Debug)]
pub(crate) struct Wanted {
    pub(crate) title: String,
    pub(crate) description: Option<String>,
    pub(crate) metric: ChallengeMetric,
    pub(crate) target: i32,
    pub(crate) starts_at: OffsetDateTime,
    pub(crate) ends_at: OffsetDateTime,
    pub(crate) privacy: Visibility,
}

impl Wanted {
    /// The challenge, when it is sound.
    fn challenge(
        self,
        context: &CommandContext,
        creator: Uuid,
    ) -> Outcome<Challenge, CreateChallengeErrorCode> {
        use CreateChallengeErrorCode as Code;
        let mut refusals = Refusals::default();
        let title = text::line(&self.title, TITLE);
        let title = refusals.check(title, Code::TextInvalid, "title");
        let description = match self.description.as_deref().map(str::trim) {
            None | Some("") => Some(String::new()),
            Some(given) => {
                let checked = text::block(given, DESCRIPTION);
                refusals.check(checked, Code::TextInvalid, "description")
            }
        };
        if !(1..=MOST).contains(&self.target) {
            refusals.add(Code::TargetInvalid, "target");
        }
        if self.privacy == Visibility::Public {
            refusals.add(Code::PrivacyInvalid, "privacy");
        }
        let (starts, ends) = (self.starts_at, self.ends_at);
        let sound = starts < ends && ends > context.now && ends - starts <= LONGEST;
        if !sound || starts > context.now + FARTHEST || starts < context.now - LONGEST {
            refusals.add(Code::WindowInvalid, "endsAt");
        }
        let title = title.unwrap_or_default();
        let description = description.unwrap_or_default();
        let private = self.privacy == Visibility::Private;
        let challenge = Challenge {
            id: context.id(),
            code: None,
            creator_id: Some(creator),
            metric: self.metric,
            target: self.target,
            starts_at: starts,
            ends_at: ends,
            privacy: self.privacy,
            invitation: private.then(|| context.entropy.token()),
            title_fr: title.clone(),
            title_en: title,
            description_fr: description.clone(),
            description_en: description,
            participants: 0,
            created_at: context.now,
            cancelled_at: None,
        };
        Ok(refusals.finish(challenge)?)
    }
}

/// Makes a challenge of the viewer's own, in which they take part.
///
/// # Errors
/// Refusals with their codes; whatever stops the command.
pub(crate) async fn create(
    context: &CommandContext,
    game: &Game,
    wanted: Wanted,
) -> Outcome<Uuid, CreateChallengeErrorCode> {
    let user = participant(&context.viewer)?;
    let challenge = wanted.challenge(context, user)?;
    let mut connection = game.pool.get().await?;
    connection
        .transaction(async |connection| {
            let mut player = store::players::lock(connection, user).await?;
            if player.is_gone() {
                return Err(gone().into());
            }
            let made = store::challenges::made(connection, user, context.now).await?;
            let joined = store::participants::running(connection, user, context.now).await?;
            if made >= MOST_MADE || joined >= MOST_JOINED {
                return Err(Failure::whole(CreateChallengeErrorCode::TooMany));
            }
            store::challenges::insert(connection, &challenge).await?;
            let part = part(context, &challenge, user);
            store::participants::insert(connection, &part).await?;
            play::join(connection, context, &mut player, &challenge).await?;
            Ok(challenge.id)
        })
        .await
}

fn part(context: &CommandContext, challenge: &Challenge, user: Uuid) -> Participant {
    Participant {
        challenge_id: challenge.id,
        user_id: user,
        joined_at: context.now,
        completed_at: None,
    }
}

/// Has the viewer take part in a challenge; who does already goes on doing so.
///
/// # Errors
/// Refusals with their codes; whatever stops the command.
pub(crate) async fn join(
    context: &CommandContext,
    game: &Game,
    id: Uuid,
    invitation: Option<&str>,
) -> Outcome<Uuid, JoinChallengeErrorCode> {
    use JoinChallengeErrorCode as Code;
    let user = participant(&context.viewer)?;
    let mut connection = game.pool.get().await?;
    connection
        .transaction(async |connection| {
            let mut player = store::players::lock(connection, user).await?;
            if player.is_gone() {
                return Err(gone().into());
            }
            let found = store::challenges::by_ids(connection, &[id]).await?;
            let Some(challenge) = found.into_iter().next() else {
                return Err(Failure::field(Code::NotFound, "challengeId"));
            };
            let parts = store::participants::of(connection, user, &[id]).await?;
            if !parts.is_empty() {
                return Ok(id);
            }
            let follows = match challenge.creator_id {
                Some(maker) => {
                    let followed = store::follows::followed_by(connection, user, &[maker]).await?;
                    !followed.is_empty()
                }
                None => false,
            };
            if !challenge.is_seen_by(Some(user), false, follows, invitation) {
                return Err(Failure::field(Code::NotFound, "challengeId"));
            }
            if !challenge.is_open(context.now) {
                return Err(Failure::field(Code::Over, "challengeId"));
            }
            let joined = store::participants::running(connection, user, context.now).await?;
            if joined >= MOST_JOINED {
                return Err(Failure::whole(Code::TooMany));
            }
            store::participants::insert(connection, &part(context, &challenge, user)).await?;
            play::join(connection, context, &mut player, &challenge).await?;
            Ok(id)
        })
        .await
}

/// Has the viewer take part no more.
///
/// # Errors
/// Refusals with their codes; whatever stops the command.
pub(crate) async fn leave(
    context: &CommandContext,
    game: &Game,
    id: Uuid,
) -> Outcome<Uuid, LeaveChallengeErrorCode> {
    let user = participant(&context.viewer)?;
    let mut connection = game.pool.get().await?;
    connection
        .transaction(async |connection| {
            store::players::lock(connection, user).await?;
            if store::participants::remove(connection, id, user).await? {
                Ok(id)
            } else {
                Err(Failure::field(
                    LeaveChallengeErrorCode::NotFound,
                    "challengeId",
                ))
            }
        })
        .await
}

/// Calls off a challenge of the viewer's own.
///
/// # Errors
/// Refusals with their codes; whatever stops the command.
pub(crate) async fn cancel(
    context: &CommandContext,
    game: &Game,
    id: Uuid,
) -> Outcome<Uuid, CancelChallengeErrorCode> {
    let user = participant(&context.viewer)?;
    let mut connection = game.pool.get().await?;
    let cancelled = connection
        .transaction(async |connection| {
            Ok::<_, coko_core::Error>(
                store::challenges::cancel(connection, id, user, context.now).await?,
            )
        })
        .await?;
    if cancelled {
        Ok(id)
    } else {
        Err(Failure::field(
            CancelChallengeErrorCode::NotFound,
            "challengeId",
        ))
    }
}
