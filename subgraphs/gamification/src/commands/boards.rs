//! Leaderboards: read from Redis where it has them, else from PostgreSQL, which is what they are kept in; carried over as they
//! change. Both answer the same.

use coko_core::Result;
use coko_core::context::CommandContext;
use coko_core::database::Connection;
use coko_core::paging::{Page, Slice};
use diesel_async::AsyncConnection as _;
use time::OffsetDateTime;
use uuid::Uuid;

use super::Game;
use crate::mirror::{Mirror, Move, Unusable};
use crate::model::board::{Place, Ranked, ranked};
use crate::model::{Board, Period, Standing};
use crate::store::boards as store;

/// Changes that are carried over together.
const BATCH: i64 = 500;
/// Players that are carried over together when boards are made anew.
const BULK: i64 = 2000;

/// The boards of now that everyone is on.
fn boards(now: OffsetDateTime) -> Vec<Board> {
    Period::ALL
        .iter()
        .map(|period| Board {
            period: *period,
            starts: period.start(now),
            country: None,
        })
        .collect()
}

/// One page of a board that everyone sees.
///
/// # Errors
/// When the database does not answer.
pub(crate) async fn page(
    game: &Game,
    board: &Board,
    page: &Page<store::Key>,
) -> Result<Slice<Ranked>> {
    if let Some(mirror) = &game.mirror
        && let Some(found) = mirrored(game, mirror, board, page).await?
    {
        return Ok(found);
    }
    let mut connection = game.pool.get().await?;
    let rows = store::page(&mut connection, board, page).await?;
    let slice = Slice::new(page, rows);
    let first = match slice.items.first() {
        Some(first) => store::place_of(&mut connection, board, first).await?,
        None => Place::default(),
    };
    Ok(with_ranks(slice, first))
}

fn with_ranks(slice: Slice<Standing>, first: Place) -> Slice<Ranked> {
    Slice {
        items: ranked(slice.items, first),
        has_next: slice.has_next,
        has_previous: slice.has_previous,
    }
}

/// The page as Redis has it; none where it has none, or where somebody is on it who is hidden by now.
async fn mirrored(
    game: &Game,
    mirror: &Mirror,
    board: &Board,
    page: &Page<store::Key>,
) -> Result<Option<Slice<Ranked>>> {
    let read = async {
        let rows = mirror.page(board, page).await?;
        let slice = Slice::new(page, rows);
        let place = match slice.items.first() {
            Some(first) => mirror.place_of(board, first).await?,
            None => Place::default(),
        };
        Ok::<_, Unusable>((slice, place))
    };
    let (slice, place) = match read.await {
        Ok(found) => found,
        Err(reason) => {
            metrics::counter!("gamification_board_fallbacks_total").increment(1);
            tracing::debug!(%reason, "a board is read from the database");
            return Ok(None);
        }
    };
    let users: Vec<Uuid> = slice.items.iter().map(|row| row.user_id).collect();
    let mut connection = game.pool.get().await?;
    let hidden = store::hidden(&mut connection, board, &users).await?;
    Ok(hidden.is_empty().then(|| with_ranks(slice, place)))
}

/// One page of the viewer and those whom the viewer follows.
///
/// # Errors
/// When the database does not answer.
pub(crate) async fn page_of_friends(
    game: &Game,
    board: &Board,
    viewer: Uuid,
    page: &Page<store::Key>,
) -> Result<Slice<Ranked>> {
    let mut connection = game.pool.get().await?;
    let rows = store::page_of_friends(&mut connection, board, viewer, page).await?;
    let slice = Slice::new(page, rows);
    let first = match slice.items.first() {
        Some(first) => store::place_among_friends(&mut connection, board, viewer, first).await?,
        None => Place::default(),
    };
    Ok(with_ranks(slice, first))
}

/// Somebody's own rank on a board that everyone sees; none while they are not on it.
///
/// # Errors
/// When the database does not answer.
pub(crate) async fn rank(game: &Game, board: &Board, user: Uuid) -> Result<Option<i64>> {
    let mut connection = game.pool.get().await?;
    let Some(standing) = store::standing(&mut connection, board, user).await? else {
        return Ok(None);
    };
    let found = match &game.mirror {
        Some(mirror) => mirror.place_of(board, &standing).await.ok(),
        None => None,
    };
    let place = match found {
        Some(place) => place,
        None => store::place_of(&mut connection, board, &standing).await?,
    };
    Ok(Some(place.above + 1))
}

/// Carries changes over to Redis; returns how many there were. One process does it at a time.
///
/// # Errors
/// When the database does not answer, or Redis ceases to; what was not carried over is tried again.
pub(crate) async fn carry(context: &CommandContext, game: &Game) -> Result<usize> {
    let Some(mirror) = &game.mirror else {
        return Ok(0);
    };
    let of = boards(context.now);
    let mut connection = game.pool.get().await?;
    connection
        .transaction(async |connection| {
            if !store::lead(connection).await? {
                return Ok(0);
            }
            match mirror.generation().await {
                Ok(_) => {}
                Err(Unusable::Redis(error)) => {
                    metrics::counter!("gamification_board_delays_total").increment(1);
                    tracing::debug!(%error, "the boards are carried over later");
                    return Ok(0);
                }
                Err(_) => make_anew(connection, context, mirror, &of).await?,
            }
            let changes = store::changes(connection, BATCH).await?;
            if changes.is_empty() {
                return Ok(0);
            }
            let users: Vec<Uuid> = changes.iter().map(|change| change.user_id).collect();
            let scores = store::scores_of(connection, &of, &users).await?;
            // Where a player was comes first, where they are now last.
            let mut moves = Vec::new();
            for board in &of {
                for change in &changes {
                    let away = |country: Option<String>| Move {
                        board: Board {
                            country,
                            ..board.clone()
                        },
                        user: change.user_id,
                        points: None,
                    };
                    moves.push(away(None));
                    if change.country.is_some() {
                        moves.push(away(change.country.clone()));
                    }
                }
            }
            for score in scores
                .iter()
                .filter(|score| !score.hidden && score.points > 0)
            {
                moves.extend(moves_of(score));
            }
            mirror.apply(&moves).await?;
            store::carried(connection, &changes).await?;
            Ok(changes.len())
        })
        .await
}

/// A score is on the board of everyone, and on that of its country.
fn moves_of(score: &store::Score) -> impl Iterator<Item = Move> {
    let countries = std::iter::once(None).chain(score.country.clone().map(Some));
    let (period, starts) = (score.period, score.starts);
    let (user, points) = (score.user_id, Some(score.points));
    countries.map(move |country| Move {
        board: Board {
            period,
            starts,
            country,
        },
        user,
        points,
    })
}

/// Fills a new generation of boards, and has it read from then on. What changes meanwhile is carried over after it.
async fn make_anew(
    connection: &mut Connection,
    context: &CommandContext,
    mirror: &Mirror,
    of: &[Board],
) -> Result<()> {
    let generation = context.id().simple().to_string();
    for board in of {
        let mut after = None;
        loop {
            let scores = store::all(connection, board, after, BULK).await?;
            let Some(last) = scores.last() else { break };
            after = Some((last.points, last.user_id));
            let moves: Vec<_> = scores.iter().flat_map(moves_of).collect();
            mirror.fill(&generation, &moves).await?;
        }
    }
    mirror.begin(&generation).await?;
    tracing::info!(generation, "leaderboards were made anew in Redis");
    Ok(())
}
