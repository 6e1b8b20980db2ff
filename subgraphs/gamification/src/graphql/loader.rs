//! Loaders that batch what lists of readers and challenges ask for. What the viewer may not see is not there.

use std::collections::{HashMap, HashSet};
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use async_graphql::Request;
use async_graphql::dataloader::{DataLoader, Loader};
use coko_core::Error;
use coko_core::context::CommandContext;
use coko_core::database::Connection;
use coko_core::paging::{Page, Slice};
use uuid::Uuid;

use crate::commands::Game;
use crate::model::{Achievement, Badge, Challenge, Level, Participant, Player};
use crate::store;

/// Adds this request's loaders.
pub(super) fn attach(request: Request, game: &Arc<Game>, context: &CommandContext) -> Request {
    let asking = Asking {
        game: game.clone(),
        context: context.clone(),
    };
    request
        .data(DataLoader::new(Players(asking.clone()), tokio::spawn))
        .data(DataLoader::new(Badges(asking.clone()), tokio::spawn))
        .data(DataLoader::new(Awarded(asking.clone()), tokio::spawn))
        .data(DataLoader::new(Levels(asking.clone()), tokio::spawn))
        .data(DataLoader::new(Achievements(asking.clone()), tokio::spawn))
        .data(DataLoader::new(Challenges(asking.clone()), tokio::spawn))
        .data(DataLoader::new(Parts(asking.clone()), tokio::spawn))
        .data(DataLoader::new(
            ParticipantPages(asking.clone()),
            tokio::spawn,
        ))
        .data(DataLoader::new(Done(asking), tokio::spawn))
}

/// Who asks.
#[derive(Clone)]
struct Asking {
    game: Arc<Game>,
    context: CommandContext,
}

impl Asking {
    fn user(&self) -> Option<Uuid> {
        self.context.viewer.user_id()
    }

    /// The viewer, where the token permits to see what only they see.
    fn owner(&self) -> Option<Uuid> {
        crate::commands::reader(&self.context.viewer).ok()
    }

    /// Which of `users` the viewer follows.
    async fn followed(
        &self,
        connection: &mut Connection,
        users: &[Uuid],
    ) -> Result<HashSet<Uuid>, Error> {
        match self.user() {
            Some(viewer) if !users.is_empty() => {
                let followed = store::follows::followed_by(connection, viewer, users).await?;
                Ok(followed.into_iter().collect())
            }
            _ => Ok(HashSet::new()),
        }
    }
}

/// Players by account, as far as the viewer sees what they reached.
pub(super) struct Players(Asking);

impl Loader<Uuid> for Players {
    type Value = Player;
    type Error = Error;

    async fn load(&self, users: &[Uuid]) -> Result<HashMap<Uuid, Player>, Error> {
        let mut connection = self.0.game.pool.get().await?;
        let players = store::players::by_ids(&mut connection, users).await?;
        // Who shows everything to everyone is shown the same whoever asks.
        let guarded = |player: &&Player| player.is_hidden();
        let guarded: Vec<_> = players
            .iter()
            .filter(guarded)
            .map(|player| player.user_id)
            .collect();
        if guarded.is_empty() {
            return Ok(by(players, |player| player.user_id));
        }
        let followed = self.0.followed(&mut connection, &guarded).await?;
        let viewer = self.0.user();
        let seen = players
            .into_iter()
            .filter(|player| player.is_seen_by(viewer, followed.contains(&player.user_id)));
        Ok(by(seen, |player| player.user_id))
    }
}

/// Every badge, by code.
pub(super) struct Badges(Asking);

impl Loader<()> for Badges {
    type Value = Arc<Vec<Badge>>;
    type Error = Error;

    async fn load(&self, _: &[()]) -> Result<HashMap<(), Self::Value>, Error> {
        let mut connection = self.0.game.pool.get().await?;
        let badges = store::rules::badges(&mut connection).await?;
        Ok([((), Arc::new(badges))].into())
    }
}

/// Every level, from the lowest.
pub(super) struct Levels(Asking);

impl Loader<()> for Levels {
    type Value = Arc<Vec<Level>>;
    type Error = Error;

    async fn load(&self, _: &[()]) -> Result<HashMap<(), Self::Value>, Error> {
        let mut connection = self.0.game.pool.get().await?;
        let levels = store::rules::levels(&mut connection).await?;
        Ok([((), Arc::new(levels))].into())
    }
}

/// The badges of players whom the viewer sees; ask [`Players`] first.
pub(super) struct Awarded(Asking);

impl Loader<Uuid> for Awarded {
    type Value = Vec<Achievement>;
    type Error = Error;

    async fn load(&self, users: &[Uuid]) -> Result<HashMap<Uuid, Vec<Achievement>>, Error> {
        let mut connection = self.0.game.pool.get().await?;
        let mut grouped: HashMap<Uuid, Vec<Achievement>> = HashMap::new();
        for awarded in store::achievements::badges_of(&mut connection, users).await? {
            grouped.entry(awarded.user_id).or_default().push(awarded);
        }
        Ok(grouped)
    }
}

/// The viewer's achievements by id.
pub(super) struct Achievements(Asking);

impl Loader<Uuid> for Achievements {
    type Value = Achievement;
    type Error = Error;

    async fn load(&self, ids: &[Uuid]) -> Result<HashMap<Uuid, Achievement>, Error> {
        let Some(user) = self.0.owner() else {
            return Ok(HashMap::new());
        };
        let mut connection = self.0.game.pool.get().await?;
        let found = store::achievements::by_ids(&mut connection, user, ids).await?;
        Ok(by(found, |achievement| achievement.id))
    }
}

/// A challenge by id, seen with an invitation or without.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct ChallengeKey {
    pub(super) id: Uuid,
    pub(super) invitation: Option<String>,
}

/// Challenges that the viewer sees.
pub(super) struct Challenges(Asking);

impl Loader<ChallengeKey> for Challenges {
    type Value = Challenge;
    type Error = Error;

    async fn load(&self, keys: &[ChallengeKey]) -> Result<HashMap<ChallengeKey, Challenge>, Error> {
        let ids: Vec<_> = keys.iter().map(|key| key.id).collect();
        let mut connection = self.0.game.pool.get().await?;
        let found = store::challenges::by_ids(&mut connection, &ids).await?;
        let makers: Vec<_> = found
            .iter()
            .filter_map(|challenge| challenge.creator_id)
            .collect();
        let followed = self.0.followed(&mut connection, &makers).await?;
        // Whoever sees only what everyone sees is asked nothing.
        let viewer = if makers.is_empty() {
            None
        } else {
            self.0.user()
        };
        let parts: HashSet<Uuid> = match viewer {
            Some(user) => {
                let parts = store::participants::of(&mut connection, user, &ids).await?;
                parts.into_iter().map(|part| part.challenge_id).collect()
            }
            None => HashSet::new(),
        };
        let found = by(found, |challenge| challenge.id);
        let seen = |key: &ChallengeKey| {
            let challenge = found.get(&key.id)?;
            let follows = challenge
                .creator_id
                .is_some_and(|maker| followed.contains(&maker));
            let takes_part = parts.contains(&key.id);
            challenge
                .is_seen_by(viewer, takes_part, follows, key.invitation.as_deref())
                .then(|| (key.clone(), challenge.clone()))
        };
        Ok(keys.iter().filter_map(seen).collect())
    }
}

/// The viewer's part in challenges.
pub(super) struct Parts(Asking);

impl Loader<Uuid> for Parts {
    type Value = Participant;
    type Error = Error;

    async fn load(&self, ids: &[Uuid]) -> Result<HashMap<Uuid, Participant>, Error> {
        let Some(user) = self.0.user() else {
            return Ok(HashMap::new());
        };
        let mut connection = self.0.game.pool.get().await?;
        let parts = store::participants::of(&mut connection, user, ids).await?;
        Ok(by(parts, |part| part.challenge_id))
    }
}

/// One page of those who take part in a challenge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ParticipantsKey {
    pub(super) challenge: Uuid,
    pub(super) page: Page<store::participants::Key>,
}

impl Hash for ParticipantsKey {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.challenge.hash(state);
        self.page.size.hash(state);
        self.page.from.hash(state);
    }
}

/// Pages of participants whom the viewer sees: challenges that are asked for the same page share a query.
pub(super) struct ParticipantPages(Asking);

impl Loader<ParticipantsKey> for ParticipantPages {
    type Value = Slice<Participant>;
    type Error = Error;

    async fn load(
        &self,
        keys: &[ParticipantsKey],
    ) -> Result<HashMap<ParticipantsKey, Slice<Participant>>, Error> {
        let viewer = self.0.user();
        let mut connection = self.0.game.pool.get().await?;
        let mut found = HashMap::new();
        let mut left: Vec<&ParticipantsKey> = keys.iter().collect();
        while let Some(first) = left.first() {
            let page = first.page.clone();
            let (same, others): (Vec<_>, Vec<_>) =
                left.into_iter().partition(|key| key.page == page);
            left = others;
            let of: Vec<Uuid> = same.iter().map(|key| key.challenge).collect();
            let pages = store::participants::pages(&mut connection, &page, viewer, &of).await?;
            found.extend(pages.into_iter().map(|(challenge, slice)| {
                let page = page.clone();
                (ParticipantsKey { challenge, page }, slice)
            }));
        }
        Ok(found)
    }
}

/// How much was done of a challenge, by challenge and participant; nothing where there is no entry.
pub(super) struct Done(Asking);

impl Loader<(Uuid, Uuid)> for Done {
    type Value = i64;
    type Error = Error;

    async fn load(&self, keys: &[(Uuid, Uuid)]) -> Result<HashMap<(Uuid, Uuid), i64>, Error> {
        let distinct = |pick: fn(&(Uuid, Uuid)) -> Uuid| -> Vec<Uuid> {
            let set: HashSet<Uuid> = keys.iter().map(pick).collect();
            set.into_iter().collect()
        };
        let (challenges, users) = (distinct(|key| key.0), distinct(|key| key.1));
        let mut connection = self.0.game.pool.get().await?;
        let done = store::participants::done(&mut connection, &challenges, &users).await?;
        Ok(done.into_iter().collect())
    }
}

fn by<T>(found: impl IntoIterator<Item = T>, key: impl Fn(&T) -> Uuid) -> HashMap<Uuid, T> {
    found.into_iter().map(|each| (key(&each), each)).collect()
}
