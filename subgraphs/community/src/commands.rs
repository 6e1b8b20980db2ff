//! What can be done in community, one function per use case; one transaction each, events enqueued before the commit.
//!
//! Rows are locked from the outside in: a content before its case, a topic before its posts, and members last.

pub(crate) mod clubs;
pub(crate) mod forums;
pub(crate) mod gatherings;
pub(crate) mod moderation;
pub(crate) mod posts;
pub(crate) mod relations;
pub(crate) mod reports;
pub(crate) mod reviews;
pub(crate) mod told;
pub(crate) mod topics;

use coko_core::context::CommandContext;
use coko_core::database::{Connection, Pool};
use coko_core::identity::Viewer;
use coko_core::rate_limit::Quota;
use coko_core::service::Platform;
use coko_core::{Error, Result};
use diesel::QueryResult;
use uuid::Uuid;

use crate::config::Config;
use crate::model::prose::ProseError;
use crate::model::sight::Written;
use crate::model::{Allowance, Club, Member, Prose, Seen, Sight, Topic};
use crate::store;

/// What every command of this subgraph shares.
pub(crate) struct Community {
    pub(crate) pool: Pool,
    pub(crate) config: Config,
    pub(crate) platform: Platform,
}

impl Community {
    /// Takes one permit of `class` for a person.
    async fn throttle(&self, class: &str, user: Uuid, quota: Quota) -> Result<()> {
        let class = format!("community:{class}");
        self.platform
            .limiter
            .check(&class, &user.to_string(), quota)
            .await
            .inspect_err(|_| {
                metrics::counter!("community_throttled_total", "class" => class.clone())
                    .increment(1);
            })?;
        Ok(())
    }

    fn prose(&self, input: &str, max: usize, allowance: Allowance) -> Result<Prose, ProseError> {
        Prose::new(input, max, allowance, &self.config.image_hosts)
    }
}

/// Whether the viewer moderates, by right of the token.
pub(crate) fn moderates(viewer: &Viewer) -> bool {
    viewer.can("community", "moderate")
}

/// The person who asks, where the token permits to take part.
fn participant(context: &CommandContext) -> Result<Uuid> {
    let user = context.viewer.require_user()?;
    context.viewer.require("community", "participate")?;
    Ok(user)
}

/// The moderator who asks.
fn moderator(context: &CommandContext) -> Result<Uuid> {
    let user = context.viewer.require_user()?;
    context.viewer.require("community", "moderate")?;
    Ok(user)
}

/// The account of whoever is about to write, locked; nobody who was suspended or deleted writes while a token still lives.
async fn writer(
    connection: &mut Connection,
    context: &CommandContext,
    user: Uuid,
) -> Result<Member> {
    let member = store::members::lock(connection, user, context.now).await?;
    if member.is_silenced() {
        return Err(Error::forbidden());
    }
    Ok(member)
}

/// What this account may write, before it is locked: the level hardly ever changes meanwhile, and what is refused is shown
/// before anything waits.
async fn allowance(
    connection: &mut Connection,
    context: &CommandContext,
    user: Uuid,
) -> QueryResult<Allowance> {
    let known = store::members::by_ids(connection, &[user]).await?;
    let member = known
        .into_iter()
        .next()
        .unwrap_or_else(|| Member::new(user, context.now));
    Ok(member.trust(context.now).allowance())
}

/// What the viewer sees, as far as these authors, books and clubs are concerned.
pub(crate) async fn sight(
    connection: &mut Connection,
    viewer: &Viewer,
    authors: &[Uuid],
    books: &[Uuid],
    clubs: &[Uuid],
) -> QueryResult<Sight> {
    let moderates = moderates(viewer);
    match viewer.user_id() {
        Some(user) if !moderates => {
            store::sight::load(connection, user, authors, books, clubs).await
        }
        viewer => Ok(Sight {
            viewer,
            moderates,
            ..Sight::default()
        }),
    }
}

/// Whether nothing stands between the viewer and a person.
async fn reaches(
    connection: &mut Connection,
    context: &CommandContext,
    person: Uuid,
) -> QueryResult<bool> {
    let sight = sight(connection, &context.viewer, &[person], &[], &[]).await?;
    Ok(sight.reaches(person))
}

/// The club of a topic, where it is in one.
async fn club_of(connection: &mut Connection, topic: &Topic) -> QueryResult<Option<Club>> {
    let Some(club) = topic.club_id else {
        return Ok(None);
    };
    Ok(store::clubs::by_ids(connection, &[club]).await?.pop())
}

/// Whether the viewer sees all of what was written in a topic.
async fn sees(
    connection: &mut Connection,
    context: &CommandContext,
    topic: &Topic,
    written: &[Written],
) -> QueryResult<bool> {
    let authors: Vec<Uuid> = written.iter().map(|written| written.author).collect();
    let (books, clubs): (Vec<Uuid>, Vec<Uuid>) = (
        topic.book_id.into_iter().collect(),
        topic.club_id.into_iter().collect(),
    );
    let sight = sight(connection, &context.viewer, &authors, &books, &clubs).await?;
    Ok(written
        .iter()
        .all(|written| sight.of(*written) == Seen::Whole))
}

/// Whether whoever writes belongs to the club in which they do.
async fn may_write_in(
    connection: &mut Connection,
    user: Uuid,
    club: Option<&Club>,
) -> QueryResult<bool> {
    let Some(club) = club else {
        return Ok(true);
    };
    let roles = store::clubs::roles(connection, user, &[club.id]).await?;
    Ok(!club.disbanded && roles.iter().any(|member| member.role.belongs()))
}
