//! Leaderboards in PostgreSQL, and what of them is to be carried to Redis.

use coko_core::database::Connection;
use coko_core::paging::{Direction, Page};
use diesel::dsl::sql;
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use crate::model::board::Place;
use crate::model::{Board, Period, Player, Standing};
use crate::tables::{board_changes, scores};

/// Points and account.
pub(crate) type Key = (i64, Uuid);

/// The lock of whoever carries boards to Redis; any number will do, as long as every process of every version uses the same.
const LOCK: i64 = 7_306_661;

/// A player's points on the boards of now, and the country on whose boards they count.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = scores)]
pub(crate) struct Score {
    pub(crate) user_id: Uuid,
    pub(crate) period: Period,
    pub(crate) starts: time::Date,
    pub(crate) points: i64,
    pub(crate) country: Option<String>,
    pub(crate) hidden: bool,
}

/// A change that is to be carried over.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = board_changes)]
pub(crate) struct Change {
    pub(crate) id: i64,
    pub(crate) user_id: Uuid,
    pub(crate) country: Option<String>,
}

type Standings = scores::BoxedQuery<'static, Pg>;

/// Everyone whom the board shows. The zero is part of the statement, so that the partial indexes fit whatever its parameters are.
fn shown(board: &Board) -> Standings {
    let query = scores::table
        .filter(scores::period.eq(board.period))
        .filter(scores::starts.eq(board.starts))
        .filter(diesel::dsl::not(scores::hidden))
        .filter(sql::<Bool>("scores.points > 0"))
        .into_boxed();
    match board.country.clone() {
        Some(country) => query.filter(scores::country.eq(country)),
        None => query,
    }
}

/// The rows of one page in the order of the query, one more than the page has where there are more.
async fn rows(
    connection: &mut Connection,
    mut query: Standings,
    page: &Page<Key>,
) -> QueryResult<Vec<Standing>> {
    let forward = page.direction == Direction::Forward;
    if let Some((points, user)) = page.from {
        let compare = if forward {
            "(scores.points, scores.user_id) < ("
        } else {
            "(scores.points, scores.user_id) > ("
        };
        query = query.filter(
            sql::<Bool>(compare)
                .bind::<BigInt, _>(points)
                .sql(", ")
                .bind::<SqlUuid, _>(user)
                .sql(")"),
        );
    }
    let query = if forward {
        query.order((scores::points.desc(), scores::user_id.desc()))
    } else {
        query.order((scores::points.asc(), scores::user_id.asc()))
    };
    query
        .limit(page.limit())
        .select(Standing::as_select())
        .load(connection)
        .await
}

async fn place(
    connection: &mut Connection,
    query: impl Fn() -> Standings,
    standing: &Standing,
) -> QueryResult<Place> {
    let above = query()
        .filter(scores::points.gt(standing.points))
        .count()
        .get_result(connection)
        .await?;
    let equal_before = query()
        .filter(scores::points.eq(standing.points))
        .filter(scores::user_id.gt(standing.user_id))
        .count()
        .get_result(connection)
        .await?;
    Ok(Place {
        above,
        equal_before,
    })
}

/// The rows of one page of a board, in the order of the query.
pub(crate) async fn page(
    connection: &mut Connection,
    board: &Board,
    page: &Page<Key>,
) -> QueryResult<Vec<Standing>> {
    rows(connection, shown(board), page).await
}

/// Where somebody stands. It reads the index as far as there.
pub(crate) async fn place_of(
    connection: &mut Connection,
    board: &Board,
    standing: &Standing,
) -> QueryResult<Place> {
    place(connection, || shown(board), standing).await
}

/// Those among `users` whom boards that everyone sees leave out.
pub(crate) async fn hidden(
    connection: &mut Connection,
    board: &Board,
    users: &[Uuid],
) -> QueryResult<Vec<Uuid>> {
    let shown: Vec<Uuid> = shown(board)
        .filter(scores::user_id.eq_any(users.to_vec()))
        .select(scores::user_id)
        .load(connection)
        .await?;
    let missing = users.iter().filter(|user| !shown.contains(user));
    Ok(missing.copied().collect())
}

/// Those whom `viewer` follows and may see, and the viewer, by what they have.
fn friends(board: &Board, viewer: Uuid) -> Standings {
    scores::table
        .filter(scores::period.eq(board.period))
        .filter(scores::starts.eq(board.starts))
        .filter(sql::<Bool>("scores.points > 0"))
        .filter(
            sql::<Bool>(
                "scores.user_id IN (SELECT p.user_id FROM follows f JOIN players p ON p.user_id = f.user_id
                    WHERE f.following AND NOT p.opted_out AND p.privacy <> 'PRIVATE' AND f.follower_id = ",
            )
            .bind::<SqlUuid, _>(viewer)
            .sql(" UNION ALL SELECT p.user_id FROM players p WHERE NOT p.opted_out AND p.user_id = ")
            .bind::<SqlUuid, _>(viewer)
            .sql(")"),
        )
        .into_boxed()
}

/// As [`page`], of the viewer and those whom the viewer follows.
pub(crate) async fn page_of_friends(
    connection: &mut Connection,
    board: &Board,
    viewer: Uuid,
    page: &Page<Key>,
) -> QueryResult<Vec<Standing>> {
    rows(connection, friends(board, viewer), page).await
}

/// As [`place_of`], among those whom the viewer follows.
pub(crate) async fn place_among_friends(
    connection: &mut Connection,
    board: &Board,
    viewer: Uuid,
    standing: &Standing,
) -> QueryResult<Place> {
    place(connection, || friends(board, viewer), standing).await
}

/// Somebody's standing, where the board shows them.
pub(crate) async fn standing(
    connection: &mut Connection,
    board: &Board,
    user: Uuid,
) -> QueryResult<Option<Standing>> {
    shown(board)
        .filter(scores::user_id.eq(user))
        .select(Standing::as_select())
        .first(connection)
        .await
        .optional()
}

/// Takes over whom boards show, and on which country's a player stands.
pub(crate) async fn show(connection: &mut Connection, player: &Player) -> QueryResult<()> {
    diesel::update(scores::table.filter(scores::user_id.eq(player.user_id)))
        .set((
            scores::country.eq(player.country.as_deref()),
            scores::hidden.eq(player.is_hidden()),
        ))
        .execute(connection)
        .await
        .map(drop)
}

/// Notes that a player's scores are to be carried over, who may stand on the boards of `country`.
pub(crate) async fn note(
    connection: &mut Connection,
    user: Uuid,
    country: Option<&str>,
) -> QueryResult<()> {
    diesel::insert_into(board_changes::table)
        .values((
            board_changes::user_id.eq(user),
            board_changes::country.eq(country),
        ))
        .execute(connection)
        .await
        .map(drop)
}

#[derive(QueryableByName)]
struct Locked {
    #[diesel(sql_type = Bool)]
    locked: bool,
}

/// Whether this transaction is the one that carries boards over.
pub(crate) async fn lead(connection: &mut Connection) -> QueryResult<bool> {
    let row: Locked = diesel::sql_query("SELECT pg_try_advisory_xact_lock($1) AS locked")
        .bind::<BigInt, _>(LOCK)
        .get_result(connection)
        .await?;
    Ok(row.locked)
}

/// The oldest changes that are to be carried over, at most `limit`.
pub(crate) async fn changes(connection: &mut Connection, limit: i64) -> QueryResult<Vec<Change>> {
    board_changes::table
        .order(board_changes::id)
        .limit(limit)
        .select(Change::as_select())
        .load(connection)
        .await
}

/// Forgets changes that were carried over.
pub(crate) async fn carried(connection: &mut Connection, changes: &[Change]) -> QueryResult<()> {
    let ids: Vec<i64> = changes.iter().map(|change| change.id).collect();
    diesel::delete(board_changes::table.filter(board_changes::id.eq_any(ids)))
        .execute(connection)
        .await
        .map(drop)
}

/// The scores of these players on the boards `of`, whether they are shown or not.
pub(crate) async fn scores_of(
    connection: &mut Connection,
    of: &[Board],
    users: &[Uuid],
) -> QueryResult<Vec<Score>> {
    let starts: Vec<_> = of.iter().map(|board| board.starts).collect();
    let found: Vec<Score> = scores::table
        .filter(scores::user_id.eq_any(users))
        .filter(scores::starts.eq_any(starts))
        .select(Score::as_select())
        .load(connection)
        .await?;
    let wanted = |score: &Score| {
        of.iter()
            .any(|board| board.period == score.period && board.starts == score.starts)
    };
    Ok(found.into_iter().filter(wanted).collect())
}

/// The next players whom a board shows after the place `after`, with their countries, at most `limit`.
pub(crate) async fn all(
    connection: &mut Connection,
    board: &Board,
    after: Option<Key>,
    limit: i64,
) -> QueryResult<Vec<Score>> {
    let mut query = shown(board);
    if let Some((points, user)) = after {
        query = query.filter(
            sql::<Bool>("(points, user_id) < (")
                .bind::<BigInt, _>(points)
                .sql(", ")
                .bind::<SqlUuid, _>(user)
                .sql(")"),
        );
    }
    query
        .order((scores::points.desc(), scores::user_id.desc()))
        .limit(limit)
        .select(Score::as_select())
        .load(connection)
        .await
}
