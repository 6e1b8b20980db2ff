//! Dead letters of every role in operators' hands: each role lists, shows, replays and discards its own when admin asks.
//!
//! The letters stay in the database of whoever could not handle them ([`crate::consumer`] puts them there), so that nothing is
//! copied and what is shown is what is there.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use futures::FutureExt as _;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::consumer::{self, DeadLetter};
use crate::database::{Connection, Pool};
use crate::service::{Platform, Task};
use crate::tables::dead_letter;
use crate::{Error, Result, ask};

/// What roles are asked about here.
const TOPIC: &str = "dead-letters";
/// Most letters of one answer.
const MOST: i64 = 101;
/// Characters of a payload that are shown.
const SHOWN: usize = 64 * 1024;

/// Where a page of letters, the newest first, begins: after the one that failed then.
pub type Place = (OffsetDateTime, Uuid);

/// What a role is asked about its dead letters.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Question {
    /// At most `limit` of them, the newest first.
    List {
        /// Only what comes after it.
        after: Option<(i64, Uuid)>,
        /// 1 to 101.
        limit: i64,
    },
    /// One, with its payload.
    Show(Uuid),
    /// Handle it again.
    Replay(Uuid),
    /// Forget it.
    Discard(Uuid),
}

/// What a role answers.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Answer {
    /// The letters: those of the page, or the one; none once it is discarded.
    pub letters: Vec<DeadLetter>,
    /// What the one says, as far as it is text.
    pub payload: Option<String>,
}

/// Asks `role`.
///
/// # Errors
/// `NOT_FOUND` when there is no such letter; `DOWNSTREAM_UNAVAILABLE` when the role does not answer.
pub async fn ask(platform: &Platform, role: &str, question: &Question) -> Result<Answer> {
    ask::ask(platform, role, TOPIC, question).await
}

/// Answers for `role`, whose database is behind `pool`.
pub fn task(platform: &Platform, role: &'static str, pool: Pool) -> Task {
    let clock = platform.clock.clone();
    ask::answer(platform, role, TOPIC, move |question: Question| {
        let (pool, now) = (pool.clone(), clock.now());
        async move {
            let mut connection = pool.get().await?;
            answer(&mut connection, question, now).await
        }
        .boxed()
    })
}

/// What the database that is asked has to say.
///
/// # Errors
/// `NOT_FOUND` when there is no such letter; faults.
pub async fn answer(
    connection: &mut Connection,
    question: Question,
    now: OffsetDateTime,
) -> Result<Answer> {
    match question {
        Question::List { after, limit } => {
            let after = after.map(|(micros, id)| {
                let at = OffsetDateTime::from_unix_timestamp_nanos(i128::from(micros) * 1000);
                (at.unwrap_or(OffsetDateTime::UNIX_EPOCH), id)
            });
            Ok(Answer {
                letters: page(connection, after, limit.clamp(1, MOST)).await?,
                payload: None,
            })
        }
        Question::Show(id) => show(connection, id).await,
        Question::Replay(id) => {
            if !consumer::request_replay(connection, id, now).await? {
                return Err(Error::not_found());
            }
            show(connection, id).await
        }
        Question::Discard(id) => {
            if !consumer::discard(connection, id).await? {
                return Err(Error::not_found());
            }
            Ok(Answer {
                letters: Vec::new(),
                payload: None,
            })
        }
    }
}

async fn show(connection: &mut Connection, id: Uuid) -> Result<Answer> {
    let (letter, payload) = by_id(connection, id).await?.ok_or_else(Error::not_found)?;
    let payload = String::from_utf8_lossy(&payload);
    Ok(Answer {
        letters: vec![letter],
        payload: Some(payload.chars().take(SHOWN).collect()),
    })
}

/// How many there are, counted up to a thousand.
///
/// # Errors
/// When the database does not answer.
pub async fn count(connection: &mut Connection) -> QueryResult<i64> {
    let some = dead_letter::table
        .limit(1000)
        .select(dead_letter::event_id)
        .load::<Uuid>(connection)
        .await?;
    Ok(i64::try_from(some.len()).unwrap_or(i64::MAX))
}

/// The newest letters after `after`.
async fn page(
    connection: &mut Connection,
    after: Option<Place>,
    limit: i64,
) -> QueryResult<Vec<DeadLetter>> {
    let mut query = dead_letter::table
        .order((dead_letter::failed_at.desc(), dead_letter::event_id.desc()))
        .limit(limit)
        .select((
            dead_letter::consumer,
            dead_letter::event_id,
            dead_letter::subject,
            dead_letter::error,
            dead_letter::attempts,
            dead_letter::failed_at,
        ))
        .into_boxed();
    if let Some((at, id)) = after {
        query = query.filter(
            dead_letter::failed_at.lt(at).or(dead_letter::failed_at
                .eq(at)
                .and(dead_letter::event_id.lt(id))),
        );
    }
    query.load(connection).await
}

async fn by_id(
    connection: &mut Connection,
    id: Uuid,
) -> QueryResult<Option<(DeadLetter, Vec<u8>)>> {
    dead_letter::table
        .filter(dead_letter::event_id.eq(id))
        .select((
            (
                dead_letter::consumer,
                dead_letter::event_id,
                dead_letter::subject,
                dead_letter::error,
                dead_letter::attempts,
                dead_letter::failed_at,
            ),
            dead_letter::payload,
        ))
        .first(connection)
        .await
        .optional()
}
