//! Book clubs: founded, joined, left, run.

use coko_core::context::CommandContext;
use coko_core::database::Connection;
use coko_core::graphql::{Failure, Outcome, Refusal, Refusals};
use coko_core::idempotency::{self, Claim};
use coko_core::text;
use diesel_async::AsyncConnection as _;
use serde::Serialize;
use time::OffsetDateTime;
use uuid::Uuid;

use super::{Community, allowance, participant, reaches, writer};
use crate::error::{ClubErrorCode as Code, text_refused};
use crate::model::club::{APPLICANTS, DESCRIPTION, MEMBERS, NAME, OWNED, SCHEDULE};
use crate::model::topic::{TITLE, is_share};
use crate::model::{Allowance, Club, ClubAccess, ClubMember, ClubRole, Prose, ScheduleEntry};
use crate::store;

/// What a club is.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Described {
    pub(crate) name: String,
    pub(crate) description: String,
    pub(crate) book: Option<Uuid>,
    pub(crate) access: ClubAccess,
}

impl Described {
    fn check(&self, community: &Community, allowance: Allowance) -> Outcome<(String, Prose), Code> {
        let mut refusals = Refusals::default();
        let name = refusals.check(text::line(&self.name, NAME), Code::NameInvalid, "name");
        let prose = match community.prose(&self.description, DESCRIPTION, allowance) {
            Ok(prose) => Some(prose),
            Err(error) => {
                refusals.push(text_refused(error, "description"));
                None
            }
        };
        let checked = refusals.finish(name.zip(prose))?;
        checked.ok_or_else(|| Failure::whole(Code::TextInvalid))
    }
}

/// One step of a schedule.
#[derive(Clone, Debug)]
pub(crate) struct Step {
    pub(crate) title: String,
    pub(crate) read_to: f64,
    pub(crate) due_at: OffsetDateTime,
}

fn not_found() -> Failure<Code> {
    Failure::field(Code::NotFound, "clubId")
}

async fn begin(context: &CommandContext, community: &Community) -> Outcome<Uuid, Code> {
    let user = participant(context)?;
    community
        .throttle("clubs", user, community.config.limits.clubs)
        .await?;
    Ok(user)
}

/// The viewer's own club, locked.
async fn own(connection: &mut Connection, user: Uuid, club: Uuid) -> Outcome<Club, Code> {
    let club = store::clubs::lock(connection, club).await?;
    club.filter(|club| club.owner_id == user)
        .ok_or_else(not_found)
}

/// Founds a club. A call that is repeated under its key returns the same club.
///
/// # Errors
/// Refusals of the input; `UNAUTHENTICATED`, `FORBIDDEN`, `RATE_LIMITED`, `IDEMPOTENCY_MISMATCH`.
pub(crate) async fn create(
    context: &CommandContext,
    community: &Community,
    described: Described,
    key: &str,
) -> Outcome<Uuid, Code> {
    let user = begin(context, community).await?;
    let mut connection = community.pool.get().await?;
    let allowance = allowance(&mut connection, context, user).await?;
    let (name, prose) = described.check(community, allowance)?;
    connection
        .transaction(async |connection| {
            let id = context.id();
            let owner = context.viewer.key();
            let call = ("createClub", &described);
            match idempotency::claim(connection, &owner, key, call, id, context.now).await? {
                Claim::Seen(club) => return Ok(club),
                Claim::Fresh => {}
            }
            let club = Club {
                id,
                name: name.clone(),
                description: prose.source.clone(),
                description_html: prose.html.clone(),
                book_id: described.book,
                access: described.access,
                owner_id: user,
                member_count: 1,
                disbanded: false,
                created_at: context.now,
            };
            store::clubs::insert(connection, &club).await?;
            let founder = ClubMember {
                id: context.id(),
                club_id: id,
                user_id: user,
                role: ClubRole::Owner,
                joined_at: context.now,
            };
            store::clubs::put_member(connection, &founder).await?;
            let mut member = writer(connection, context, user).await?;
            // Counted while the member is locked; this one is among them.
            if store::clubs::count_owned(connection, user).await? > OWNED {
                let most = usize::try_from(OWNED).unwrap_or_default();
                return Err(vec![Refusal::beyond(Code::TooManyClubs, "name", most)].into());
            }
            member.contribute(context.now);
            store::members::update(connection, &member).await?;
            metrics::counter!("community_clubs_total").increment(1);
            Ok::<_, Failure<Code>>(id)
        })
        .await
}

/// Changes the viewer's club.
///
/// # Errors
/// Refusals of the input; a refusal for a club that is not the viewer's.
pub(crate) async fn update(
    context: &CommandContext,
    community: &Community,
    club: Uuid,
    described: &Described,
) -> Outcome<Uuid, Code> {
    let user = begin(context, community).await?;
    let mut connection = community.pool.get().await?;
    let allowance = allowance(&mut connection, context, user).await?;
    let (name, prose) = described.check(community, allowance)?;
    connection
        .transaction(async |connection| {
            let mut club = own(connection, user, club).await?;
            club.name.clone_from(&name);
            club.description.clone_from(&prose.source);
            club.description_html.clone_from(&prose.html);
            club.book_id = described.book;
            club.access = described.access;
            store::clubs::update(connection, &club).await?;
            writer(connection, context, user).await?;
            Ok::<_, Failure<Code>>(club.id)
        })
        .await
}

/// Ends the viewer's club: nobody finds it any more, and nobody writes in it.
///
/// # Errors
/// A refusal for a club that is not the viewer's.
pub(crate) async fn disband(
    context: &CommandContext,
    community: &Community,
    club: Uuid,
) -> Outcome<Uuid, Code> {
    let user = begin(context, community).await?;
    let mut connection = community.pool.get().await?;
    connection
        .transaction(async |connection| {
            let mut club = own(connection, user, club).await?;
            club.disbanded = true;
            store::clubs::update(connection, &club).await?;
            Ok::<_, Failure<Code>>(club.id)
        })
        .await
}

/// Has the viewer join a club, or apply where it is closed. Repeating it changes nothing.
///
/// # Errors
/// Refusals.
pub(crate) async fn join(
    context: &CommandContext,
    community: &Community,
    club: Uuid,
) -> Outcome<Uuid, Code> {
    let user = begin(context, community).await?;
    let mut connection = community.pool.get().await?;
    connection
        .transaction(async |connection| {
            let mut club = store::clubs::lock(connection, club)
                .await?
                .ok_or_else(not_found)?;
            if !reaches(connection, context, club.owner_id).await? {
                return Err(not_found());
            }
            let known = store::clubs::roles(connection, user, &[club.id]).await?;
            if !known.is_empty() {
                return Ok(club.id);
            }
            let role = club.role_of_newcomer();
            let full = if role.belongs() {
                club.member_count >= MEMBERS
            } else {
                store::clubs::count_waiting(connection, club.id).await? >= APPLICANTS
            };
            if full {
                return Err(Failure::field(Code::Full, "clubId"));
            }
            let member = ClubMember {
                id: context.id(),
                club_id: club.id,
                user_id: user,
                role,
                joined_at: context.now,
            };
            store::clubs::put_member(connection, &member).await?;
            if role.belongs() {
                club.member_count += 1;
                store::clubs::update(connection, &club).await?;
            }
            writer(connection, context, user).await?;
            Ok::<_, Failure<Code>>(club.id)
        })
        .await
}

/// Has the viewer leave a club, or apply no more. Repeating it changes nothing.
///
/// # Errors
/// A refusal for the owner.
pub(crate) async fn leave(
    context: &CommandContext,
    community: &Community,
    club: Uuid,
) -> Outcome<Uuid, Code> {
    let user = begin(context, community).await?;
    let mut connection = community.pool.get().await?;
    connection
        .transaction(async |connection| {
            let mut club = store::clubs::lock(connection, club)
                .await?
                .ok_or_else(not_found)?;
            if club.owner_id == user {
                return Err(Failure::field(Code::OwnerStays, "clubId"));
            }
            take_out(connection, &mut club, user).await?;
            Ok::<_, Failure<Code>>(club.id)
        })
        .await
}

async fn take_out(
    connection: &mut Connection,
    club: &mut Club,
    user: Uuid,
) -> diesel::QueryResult<()> {
    let known = store::clubs::roles(connection, user, &[club.id]).await?;
    store::clubs::remove_member(connection, club.id, user).await?;
    if known.iter().any(|member| member.role.belongs()) {
        club.member_count -= 1;
        store::clubs::update(connection, club).await?;
    }
    Ok(())
}

/// Admits someone who waits to the viewer's club, or takes someone out of it.
///
/// # Errors
/// Refusals.
pub(crate) async fn decide(
    context: &CommandContext,
    community: &Community,
    (club, person): (Uuid, Uuid),
    admit: bool,
) -> Outcome<Uuid, Code> {
    let user = begin(context, community).await?;
    let mut connection = community.pool.get().await?;
    connection
        .transaction(async |connection| {
            let mut club = own(connection, user, club).await?;
            if person == user {
                return Err(Failure::field(Code::OwnerStays, "userId"));
            }
            if !admit {
                take_out(connection, &mut club, person).await?;
                return Ok(club.id);
            }
            let known = store::clubs::roles(connection, person, &[club.id]).await?;
            let known = known.into_iter().next();
            let mut member = known.ok_or_else(|| Failure::field(Code::NotFound, "userId"))?;
            if member.role.belongs() {
                return Ok(club.id);
            }
            if club.member_count >= MEMBERS {
                return Err(Failure::field(Code::Full, "clubId"));
            }
            member.role = ClubRole::Member;
            member.joined_at = context.now;
            store::clubs::put_member(connection, &member).await?;
            club.member_count += 1;
            store::clubs::update(connection, &club).await?;
            Ok::<_, Failure<Code>>(club.id)
        })
        .await
}

/// Gives the viewer's club a schedule in place of the one it has.
///
/// # Errors
/// Refusals of the input.
pub(crate) async fn schedule(
    context: &CommandContext,
    community: &Community,
    club: Uuid,
    steps: &[Step],
) -> Outcome<Uuid, Code> {
    let user = begin(context, community).await?;
    if steps.len() > SCHEDULE {
        return Err(vec![Refusal::beyond(Code::ScheduleTooLong, "steps", SCHEDULE)].into());
    }
    let mut refusals = Refusals::default();
    let mut entries = Vec::with_capacity(steps.len());
    for (position, step) in steps.iter().enumerate() {
        match text::line(&step.title, TITLE) {
            Ok(title) if is_share(step.read_to) => entries.push(ScheduleEntry {
                id: context.id(),
                club_id: club,
                title,
                read_to: step.read_to,
                due_at: step.due_at,
            }),
            _ => refusals.add(Code::ScheduleInvalid, format!("steps.{position}")),
        }
    }
    refusals.finish(())?;
    let mut connection = community.pool.get().await?;
    connection
        .transaction(async |connection| {
            let club = own(connection, user, club).await?;
            store::clubs::set_schedule(connection, club.id, &entries).await?;
            writer(connection, context, user).await?;
            Ok::<_, Failure<Code>>(club.id)
        })
        .await
}
