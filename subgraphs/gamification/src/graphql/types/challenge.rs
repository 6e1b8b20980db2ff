//! `Challenge` and who takes part in it.

use async_graphql::connection::{Connection, EmptyFields};
use async_graphql::dataloader::DataLoader;
use async_graphql::{Context, ID, Object};
use coko_core::Result;
use coko_core::graphql::{PageArgs, RequestExt as _, connection};
use coko_core::paging::Slice;
use time::OffsetDateTime;

use super::UserType;
use crate::graphql::loader::{Done, ParticipantPages, ParticipantsKey, Parts, Players};
use crate::graphql::spoken;
use crate::model::{Challenge, ChallengeMetric, ChallengeState, Participant, Visibility};
use crate::store;

/// A challenge.
#[derive(Clone)]
pub(crate) struct ChallengeType(pub(crate) Challenge);

/// A goal to reach in a window of time.
#[Object(name = "Challenge")]
impl ChallengeType {
    /// Identifies the challenge.
    async fn id(&self) -> ID {
        self.0.id.into()
    }

    /// What it is called: the platform's own in the viewer's language, readers' own as they wrote it.
    async fn title(&self, context: &Context<'_>) -> &str {
        spoken(context.locale(), &self.0.title_fr, &self.0.title_en)
    }

    /// What is to be done, in words.
    async fn description(&self, context: &Context<'_>) -> &str {
        let challenge = &self.0;
        spoken(
            context.locale(),
            &challenge.description_fr,
            &challenge.description_en,
        )
    }

    /// What is counted.
    async fn metric(&self) -> ChallengeMetric {
        self.0.metric
    }

    /// How much of it is the goal.
    async fn target(&self) -> i32 {
        self.0.target
    }

    /// When the window begins.
    async fn starts_at(&self) -> OffsetDateTime {
        self.0.starts_at
    }

    /// When the window ends.
    async fn ends_at(&self) -> OffsetDateTime {
        self.0.ends_at
    }

    /// Where it stands.
    async fn state(&self, context: &Context<'_>) -> ChallengeState {
        self.0.state(context.command().now)
    }

    /// Who may see and join it.
    async fn privacy(&self) -> Visibility {
        self.0.privacy
    }

    /// Who made it; null for the platform's own, and where the maker lets the viewer not see what they do.
    async fn creator(&self, context: &Context<'_>) -> Result<Option<UserType>> {
        let Some(creator) = self.0.creator_id else {
            return Ok(None);
        };
        let loader = context.data_unchecked::<DataLoader<Players>>();
        let seen = loader.load_one(creator).await?;
        Ok(seen.map(|player| UserType {
            id: player.user_id.into(),
        }))
    }

    /// Opens a private challenge to whoever is given it. Only its maker sees it.
    async fn invitation(&self, context: &Context<'_>) -> Option<&str> {
        let invitation = self.0.invitation.as_deref()?;
        (context.viewer().user_id() == self.0.creator_id).then_some(invitation)
    }

    /// How many take part.
    async fn participant_count(&self) -> i32 {
        self.0.participants
    }

    /// The viewer's part in it; null for who takes none.
    async fn my_participation(&self, context: &Context<'_>) -> Result<Option<ParticipantType>> {
        let loader = context.data_unchecked::<DataLoader<Parts>>();
        Ok(loader.load_one(self.0.id).await?.map(ParticipantType))
    }

    /// Those who take part and let everyone see what they reach, and the viewer; who joined first comes first.
    async fn participants(
        &self,
        context: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
    ) -> Result<Connection<String, ParticipantType, EmptyFields, EmptyFields>> {
        let list = store::participants::LIST;
        let page = PageArgs::new(first, after, last, before).page(list)?;
        let loader = context.data_unchecked::<DataLoader<ParticipantPages>>();
        let wanted = ParticipantsKey {
            challenge: self.0.id,
            page: page.clone(),
        };
        let slice = loader.load_one(wanted).await?;
        let slice = slice.unwrap_or_else(|| Slice::new(&page, Vec::new()));
        Ok(connection(
            list,
            slice,
            store::participants::key,
            ParticipantType,
        ))
    }
}

/// Somebody's part in a challenge.
pub(crate) struct ParticipantType(Participant);

/// A reader who takes part in a challenge.
#[Object(name = "ChallengeParticipant")]
impl ParticipantType {
    /// The reader.
    async fn user(&self) -> UserType {
        UserType {
            id: self.0.user_id.into(),
        }
    }

    /// When they joined. What they did in the window before counts as well.
    async fn joined_at(&self) -> OffsetDateTime {
        self.0.joined_at
    }

    /// How much they have done of what is counted.
    async fn done(&self, context: &Context<'_>) -> Result<i64> {
        let loader = context.data_unchecked::<DataLoader<Done>>();
        let key = (self.0.challenge_id, self.0.user_id);
        Ok(loader.load_one(key).await?.unwrap_or_default())
    }

    /// When they reached the goal; null until then.
    async fn completed_at(&self) -> Option<OffsetDateTime> {
        self.0.completed_at
    }
}
