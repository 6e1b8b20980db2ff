//! Community events: announced, called off, attended.

use coko_core::context::CommandContext;
use coko_core::database::Connection;
use coko_core::graphql::{Failure, Outcome, Refusals};
use coko_core::idempotency::{self, Claim};
use coko_core::text;
use diesel_async::AsyncConnection as _;
use serde::Serialize;
use time::OffsetDateTime;
use uuid::Uuid;

use super::{Community, allowance, may_write_in, participant, reaches, writer};
use crate::error::{CommunityEventErrorCode, CreateCommunityEventErrorCode as Code, text_refused};
use crate::model::gathering::{DESCRIPTION, PLACE, TITLE, can_take_place, is_https};
use crate::model::{Gathering, TrustLevel};
use crate::store;

/// An event to announce.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Announced {
    pub(crate) club: Option<Uuid>,
    pub(crate) title: String,
    pub(crate) description: String,
    pub(crate) place: Option<String>,
    pub(crate) url: Option<String>,
    #[serde(with = "time::serde::rfc3339")]
    pub(crate) starts_at: OffsetDateTime,
    #[serde(with = "time::serde::rfc3339")]
    pub(crate) ends_at: OffsetDateTime,
    pub(crate) capacity: Option<i32>,
}

/// Announces an event, for everyone or in the viewer's club. A call that is repeated under its key returns the same event.
///
/// # Errors
/// Refusals of the input; `UNAUTHENTICATED`, `FORBIDDEN`, `RATE_LIMITED`, `IDEMPOTENCY_MISMATCH`.
pub(crate) async fn create(
    context: &CommandContext,
    community: &Community,
    announced: Announced,
    key: &str,
) -> Outcome<Uuid, Code> {
    let user = participant(context)?;
    community
        .throttle("clubs", user, community.config.limits.clubs)
        .await?;
    let mut connection = community.pool.get().await?;
    let allowance = allowance(&mut connection, context, user).await?;
    let gathering = checked(context, community, &announced, (user, allowance))?;
    connection
        .transaction(async |connection| {
            let owner = context.viewer.key();
            let call = ("createCommunityEvent", &announced);
            let id = gathering.id;
            match idempotency::claim(connection, &owner, key, call, id, context.now).await? {
                Claim::Seen(gathering) => return Ok(gathering),
                Claim::Fresh => {}
            }
            if let Some(club) = gathering.club_id {
                let club = store::clubs::lock(connection, club).await?;
                if club.is_none_or(|club| club.owner_id != user) {
                    return Err(Failure::field(Code::NotFound, "clubId"));
                }
            }
            store::gatherings::insert(connection, &gathering).await?;
            let member = writer(connection, context, user).await?;
            let new = member.trust(context.now) == TrustLevel::New;
            if new && gathering.club_id.is_none() && !super::moderates(&context.viewer) {
                return Err(Failure::whole(Code::TooNew));
            }
            Ok::<_, Failure<Code>>(id)
        })
        .await
}

fn checked(
    context: &CommandContext,
    community: &Community,
    announced: &Announced,
    (user, allowance): (Uuid, crate::model::Allowance),
) -> Outcome<Gathering, Code> {
    let mut refusals = Refusals::default();
    let title = refusals.check(
        text::line(&announced.title, TITLE),
        Code::TitleInvalid,
        "title",
    );
    let prose = match community.prose(&announced.description, DESCRIPTION, allowance) {
        Ok(prose) => Some(prose),
        Err(error) => {
            refusals.push(text_refused(error, "description"));
            None
        }
    };
    let mut line = |value: Option<&String>, field| {
        let line = value.map(|value| text::line(value, PLACE)).transpose();
        refusals.check(line, Code::PlaceInvalid, field).flatten()
    };
    let place = line(announced.place.as_ref(), "place");
    let url = line(announced.url.as_ref(), "url");
    if url.as_ref().is_some_and(|url| !is_https(url)) || (place.is_none() && url.is_none()) {
        refusals.add(Code::PlaceInvalid, "url");
    }
    if !can_take_place(announced.starts_at, announced.ends_at, context.now) {
        refusals.add(Code::TimeInvalid, "startsAt");
    }
    if announced.capacity.is_some_and(|capacity| capacity < 1) {
        refusals.add(Code::CapacityInvalid, "capacity");
    }
    let (title, prose) = refusals
        .finish(title.zip(prose))?
        .ok_or_else(|| Failure::whole(Code::TextInvalid))?;
    Ok(Gathering {
        id: context.id(),
        club_id: announced.club,
        host_id: user,
        title,
        description: prose.source,
        description_html: prose.html,
        place,
        url,
        starts_at: announced.starts_at,
        ends_at: announced.ends_at,
        capacity: announced.capacity,
        going: 0,
        cancelled: false,
        created_at: context.now,
    })
}

/// An event that the viewer may see, locked.
async fn seen(
    connection: &mut Connection,
    context: &CommandContext,
    gathering: Uuid,
) -> Outcome<Gathering, CommunityEventErrorCode> {
    let not_found = || Failure::field(CommunityEventErrorCode::NotFound, "eventId");
    let gathering = store::gatherings::lock(connection, gathering).await?;
    let gathering = gathering.ok_or_else(not_found)?;
    if !reaches(connection, context, gathering.host_id).await? {
        return Err(not_found());
    }
    if let Some(club) = gathering.club_id {
        let club = store::clubs::by_ids(connection, &[club]).await?.pop();
        let user = context.viewer.user_id().unwrap_or_default();
        if !may_write_in(connection, user, club.as_ref()).await? {
            return Err(not_found());
        }
    }
    Ok(gathering)
}

/// Calls off an event of the viewer's, or with `community:moderate` anyone's.
///
/// # Errors
/// A refusal for an event that is not the viewer's.
pub(crate) async fn cancel(
    context: &CommandContext,
    community: &Community,
    gathering: Uuid,
) -> Outcome<Uuid, CommunityEventErrorCode> {
    let user = participant(context)?;
    let moderates = super::moderates(&context.viewer);
    let mut connection = community.pool.get().await?;
    connection
        .transaction(async |connection| {
            let gathering = store::gatherings::lock(connection, gathering).await?;
            let mut gathering = gathering
                .filter(|gathering| moderates || gathering.host_id == user)
                .ok_or_else(|| Failure::field(CommunityEventErrorCode::NotFound, "eventId"))?;
            gathering.cancelled = true;
            store::gatherings::update(connection, &gathering).await?;
            Ok::<_, Failure<CommunityEventErrorCode>>(gathering.id)
        })
        .await
}

/// Says that the viewer is going to an event, or is not. Repeating it changes nothing.
///
/// # Errors
/// Refusals.
pub(crate) async fn respond(
    context: &CommandContext,
    community: &Community,
    gathering: Uuid,
    going: bool,
) -> Outcome<Uuid, CommunityEventErrorCode> {
    let user = participant(context)?;
    community
        .throttle("clubs", user, community.config.limits.clubs)
        .await?;
    let mut connection = community.pool.get().await?;
    connection
        .transaction(async |connection| {
            let mut gathering = seen(connection, context, gathering).await?;
            if !going {
                if store::gatherings::stay_away(connection, gathering.id, user).await? {
                    gathering.going -= 1;
                    store::gatherings::update(connection, &gathering).await?;
                }
                return Ok(gathering.id);
            }
            if gathering.cancelled || gathering.ends_at <= context.now {
                return Err(Failure::whole(CommunityEventErrorCode::Over));
            }
            let room = gathering.has_room();
            if store::gatherings::attend(connection, gathering.id, user, context.now).await? {
                if !room {
                    return Err(Failure::whole(CommunityEventErrorCode::Full));
                }
                gathering.going += 1;
                store::gatherings::update(connection, &gathering).await?;
            }
            writer(connection, context, user).await?;
            Ok::<_, Failure<CommunityEventErrorCode>>(gathering.id)
        })
        .await
}
