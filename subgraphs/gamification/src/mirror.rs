//! Leaderboards in Redis: a sorted set each, of accounts by points.
//!
//! All sets of one generation end together, a while after the key that names it; whoever finds no such key reads PostgreSQL,
//! and a worker fills the next generation. So a Redis that lost everything, or a week that is over, heals by itself.

use std::collections::BTreeMap;

use coko_core::Error;
use coko_core::paging::{Direction, Page};
use fred::clients::Client;
use fred::interfaces::{KeysInterface as _, SortedSetsInterface as _};
use fred::types::Expiration;
use fred::types::scripts::Script;
use uuid::Uuid;

use crate::model::board::Place;
use crate::model::{Board, Standing};

/// How long a generation is read, in seconds; its sets last an hour longer.
const LIFE: i64 = 24 * 3600;
const SETS_LIFE: i64 = LIFE + 3600;

/// How many stand before a member with these points, where the highest come first and equal ones by member downwards: Redis's
/// own order backwards. It is found by halving, for the member itself need not be there any more.
const BEFORE: &str = r"
local function before(key, points, member, inclusive)
  local low = redis.call('ZCOUNT', key, '(' .. points, '+inf')
  local high = low + redis.call('ZCOUNT', key, points, points)
  while low < high do
    local middle = math.floor((low + high) / 2)
    local found = redis.call('ZREVRANGE', key, middle, middle)[1]
    if found > member or (inclusive and found == member) then low = middle + 1 else high = middle end
  end
  return low
end
";

/// KEYS: the set. ARGV: `1` for forward and `0` for backward, how many, points and member of the cursor or two empty texts.
/// Answers members and points by turns, in the order of the board.
const PAGE: &str = r"
local forward, count, points, member = ARGV[1] == '1', tonumber(ARGV[2]), ARGV[3], ARGV[4]
local from, upto
if forward then
  from = member == '' and 0 or before(KEYS[1], points, member, true)
  upto = from + count
else
  upto = member == '' and redis.call('ZCARD', KEYS[1]) or before(KEYS[1], points, member, false)
  from = math.max(0, upto - count)
end
if upto <= from then return {} end
return redis.call('ZREVRANGE', KEYS[1], from, upto - 1, 'WITHSCORES')
";

/// KEYS: the set. ARGV: points and member. Answers how many have more, and how many stand before in all.
const PLACE: &str = r"
local above = redis.call('ZCOUNT', KEYS[1], '(' .. ARGV[1], '+inf')
return { tostring(above), tostring(before(KEYS[1], ARGV[1], ARGV[2], false)) }
";

/// Why boards are not read from Redis now.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unusable {
    /// There are no boards in it yet.
    #[error("Redis has no boards")]
    Missing,
    /// It answered what boards do not hold.
    #[error("Redis answered `{0}` where an account or points were to be")]
    Foreign(String),
    /// It does not answer.
    #[error("Redis does not answer: {0}")]
    Redis(#[from] fred::error::Error),
}

impl From<Unusable> for Error {
    fn from(error: Unusable) -> Self {
        Self::unavailable(error)
    }
}

/// Where a player stands on a board from now on, or that they are not on it.
#[derive(Clone, Debug)]
pub(crate) struct Move {
    pub(crate) board: Board,
    pub(crate) user: Uuid,
    pub(crate) points: Option<i64>,
}

/// The boards in Redis.
pub(crate) struct Mirror {
    client: Client,
    prefix: String,
    page: Script,
    place: Script,
}

impl Mirror {
    /// Boards in `client` under keys that begin with `prefix`.
    pub(crate) fn new(client: Client, prefix: &str) -> Self {
        Self {
            client,
            prefix: prefix.to_owned(),
            page: Script::from_lua(format!("{BEFORE}{PAGE}")),
            place: Script::from_lua(format!("{BEFORE}{PLACE}")),
        }
    }

    /// The generation that is read.
    ///
    /// # Errors
    /// When there is none, or Redis does not answer.
    pub(crate) async fn generation(&self) -> Result<String, Unusable> {
        let found: Option<String> = self
            .client
            .get(format!("{}:generation", self.prefix))
            .await?;
        found.ok_or(Unusable::Missing)
    }

    fn key(&self, generation: &str, board: &Board) -> String {
        let (period, starts) = (board.period.as_str(), board.starts);
        let country = board.country.as_deref().unwrap_or("*");
        format!("{}:{generation}:{period}:{starts}:{country}", self.prefix)
    }

    /// The rows of one page in the order of the query: backward from the end where the page is.
    ///
    /// # Errors
    /// As [`Mirror::generation`].
    pub(crate) async fn page(
        &self,
        board: &Board,
        page: &Page<(i64, Uuid)>,
    ) -> Result<Vec<Standing>, Unusable> {
        let key = self.key(&self.generation().await?, board);
        let forward = page.direction == Direction::Forward;
        let (points, member) = page
            .from
            .map(|(points, user)| (points.to_string(), user.to_string()))
            .unwrap_or_default();
        let direction = if forward { "1" } else { "0" }.to_owned();
        let arguments = vec![direction, page.limit().to_string(), points, member];
        let flat: Vec<String> = self
            .page
            .evalsha_with_reload(&self.client, key, arguments)
            .await?;
        let mut rows = flat
            .chunks(2)
            .map(standing)
            .collect::<Result<Vec<_>, _>>()?;
        if !forward {
            rows.reverse();
        }
        Ok(rows)
    }

    /// Where somebody with these points stands.
    ///
    /// # Errors
    /// As [`Mirror::generation`].
    pub(crate) async fn place_of(
        &self,
        board: &Board,
        standing: &Standing,
    ) -> Result<Place, Unusable> {
        let key = self.key(&self.generation().await?, board);
        let arguments = vec![standing.points.to_string(), standing.user_id.to_string()];
        let counts: Vec<String> = self
            .place
            .evalsha_with_reload(&self.client, key, arguments)
            .await?;
        let count = |index: usize| -> Result<i64, Unusable> {
            let text = counts.get(index).cloned().unwrap_or_default();
            text.parse().map_err(|_| Unusable::Foreign(text))
        };
        let (above, before) = (count(0)?, count(1)?);
        Ok(Place {
            above,
            equal_before: before - above,
        })
    }

    /// Makes moves in the generation that is read, the last of each player and board last.
    ///
    /// # Errors
    /// As [`Mirror::generation`].
    pub(crate) async fn apply(&self, moves: &[Move]) -> Result<(), Unusable> {
        let generation = self.generation().await?;
        self.fill(&generation, moves).await
    }

    /// Makes moves in a generation.
    ///
    /// # Errors
    /// When Redis does not answer.
    pub(crate) async fn fill(&self, generation: &str, moves: &[Move]) -> Result<(), Unusable> {
        let mut sets: BTreeMap<String, BTreeMap<Uuid, Option<i64>>> = BTreeMap::new();
        for each in moves {
            let key = self.key(generation, &each.board);
            sets.entry(key).or_default().insert(each.user, each.points);
        }
        for (key, members) in sets {
            let (on, off): (Vec<_>, Vec<_>) = members
                .into_iter()
                .partition(|(_, points)| points.is_some());
            if !off.is_empty() {
                let off: Vec<String> = off.iter().map(|(user, _)| user.to_string()).collect();
                let _: i64 = self.client.zrem(&key, off).await?;
            }
            if !on.is_empty() {
                #[expect(
                    clippy::cast_precision_loss,
                    reason = "nobody reads for nine quadrillion points"
                )]
                let scored = |(user, points): &(Uuid, Option<i64>)| {
                    (points.unwrap_or_default() as f64, user.to_string())
                };
                let on: Vec<(f64, String)> = on.iter().map(scored).collect();
                let _: i64 = self.client.zadd(&key, None, None, false, false, on).await?;
                let _: i64 = self.client.expire(&key, SETS_LIFE, None).await?;
            }
        }
        Ok(())
    }

    /// Has a generation read from now on.
    ///
    /// # Errors
    /// When Redis does not answer.
    pub(crate) async fn begin(&self, generation: &str) -> Result<(), Unusable> {
        let key = format!("{}:generation", self.prefix);
        let life = Some(Expiration::EX(LIFE));
        self.client
            .set::<(), _, _>(key, generation, life, None, false)
            .await?;
        Ok(())
    }
}

/// A member and its points.
fn standing(pair: &[String]) -> Result<Standing, Unusable> {
    let [member, points] = pair else {
        return Err(Unusable::Foreign(pair.join(" ")));
    };
    let user_id = member
        .parse()
        .map_err(|_| Unusable::Foreign(member.clone()))?;
    let points = points
        .parse()
        .map_err(|_| Unusable::Foreign(points.clone()))?;
    Ok(Standing { user_id, points })
}
