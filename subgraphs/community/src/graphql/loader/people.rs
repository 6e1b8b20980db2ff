//! What stands between the viewer and others, and what the viewer is in clubs.

use std::collections::HashMap;

use async_graphql::Request;
use async_graphql::dataloader::Loader;
use coko_core::Error;
use uuid::Uuid;

use super::{Reader, by_id, grouped, loader};
use crate::commands::sight;
use crate::model::relation::lists_are_open;
use crate::model::{BarrierKind, ClubMember, Privacy, ScheduleEntry};
use crate::store;

pub(super) fn attach(request: Request, reader: &Reader) -> Request {
    request
        .data(loader(Standings(reader.clone())))
        .data(loader(ClubRoles(reader.clone())))
        .data(loader(Schedules(reader.clone())))
        .data(loader(Attended(reader.clone())))
}

/// How the viewer stands to someone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::graphql) struct Standing {
    pub(in crate::graphql) followed: bool,
    pub(in crate::graphql) blocked: bool,
    pub(in crate::graphql) muted: bool,
    /// Whether the viewer may see whom they follow and are followed by.
    pub(in crate::graphql) lists_open: bool,
}

/// How the viewer stands to people.
pub(in crate::graphql) struct Standings(Reader);

impl Loader<Uuid> for Standings {
    type Value = Standing;
    type Error = Error;

    async fn load(&self, people: &[Uuid]) -> Result<HashMap<Uuid, Standing>, Error> {
        let mut connection = self.0.connection().await?;
        let viewer = self.0.user();
        let (mut followed, mut raised) = (Vec::new(), Vec::new());
        if let Some(user) = viewer {
            followed = store::relations::followed(&mut connection, user, people).await?;
            raised = store::relations::raised(&mut connection, user, people).await?;
        }
        let sight = sight(&mut connection, &self.0.context.viewer, people, &[], &[]).await?;
        let members = store::members::by_ids(&mut connection, people).await?;
        let members = by_id(members, |member| member.user_id);
        let standing = |person: Uuid| {
            let follows = followed.contains(&person);
            let privacy = members
                .get(&person)
                .map_or(Privacy::Public, |member| member.privacy);
            Standing {
                followed: follows,
                blocked: raised.contains(&(person, BarrierKind::Block)),
                muted: raised.contains(&(person, BarrierKind::Mute)),
                lists_open: sight.reaches(person)
                    && lists_are_open((person, privacy), viewer, follows, self.0.moderates()),
            }
        };
        Ok(people
            .iter()
            .map(|person| (*person, standing(*person)))
            .collect())
    }
}

/// What the viewer is in clubs.
pub(in crate::graphql) struct ClubRoles(Reader);

impl Loader<Uuid> for ClubRoles {
    type Value = ClubMember;
    type Error = Error;

    async fn load(&self, clubs: &[Uuid]) -> Result<HashMap<Uuid, ClubMember>, Error> {
        let Some(user) = self.0.user() else {
            return Ok(HashMap::new());
        };
        let mut connection = self.0.connection().await?;
        let roles = store::clubs::roles(&mut connection, user, clubs).await?;
        Ok(by_id(roles, |member| member.club_id))
    }
}

/// The schedules of clubs, by time.
pub(in crate::graphql) struct Schedules(Reader);

impl Loader<Uuid> for Schedules {
    type Value = Vec<ScheduleEntry>;
    type Error = Error;

    async fn load(&self, clubs: &[Uuid]) -> Result<HashMap<Uuid, Vec<ScheduleEntry>>, Error> {
        let mut connection = self.0.connection().await?;
        let entries = store::clubs::schedules(&mut connection, clubs).await?;
        Ok(grouped(
            entries.into_iter().map(|entry| (entry.club_id, entry)),
        ))
    }
}

/// Which community events the viewer is going to.
pub(in crate::graphql) struct Attended(Reader);

impl Loader<Uuid> for Attended {
    type Value = ();
    type Error = Error;

    async fn load(&self, gatherings: &[Uuid]) -> Result<HashMap<Uuid, ()>, Error> {
        let Some(user) = self.0.user() else {
            return Ok(HashMap::new());
        };
        let mut connection = self.0.connection().await?;
        let attended = store::gatherings::attended(&mut connection, user, gatherings).await?;
        Ok(attended.into_iter().map(|id| (id, ())).collect())
    }
}
