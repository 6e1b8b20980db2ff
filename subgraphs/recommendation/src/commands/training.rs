//! How the snapshot comes about: the models are trained on all that is known, every now and then; books and trends that are newer are
//! added to it much more often.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Instant;

use coko_core::database::Connection;
use coko_core::{Error, Result};
use time::{Duration, OffsetDateTime};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::{Advisor, Snapshot};
use crate::config::Training;
use crate::model::engine::als::AlsOptions;
use crate::model::engine::collaborative::{Collaborative, TrainingOptions};
use crate::model::engine::content::Description;
use crate::model::engine::matrix::Sparse;
use crate::model::engine::number::index;
use crate::model::engine::random::mix;
use crate::model::engine::recommender::Recommender;
use crate::model::engine::shelf::{Card, Shelf};
use crate::model::{Book, Window, activity, taste};
use crate::store;

/// Books that are loaded together.
const BOOKS: i64 = 2000;
/// Interactions that are loaded together.
const INTERACTIONS: i64 = 20_000;
/// How long a transaction may have taken that tells of a book: so far back changes are looked for again.
const OVERLAP: Duration = Duration::minutes(2);
/// Books of a trend.
const TRENDING: i64 = 500;

/// Takes over books and trends that are newer than the snapshot, which is made of them where there is none.
///
/// # Errors
/// When the database does not answer.
pub(crate) async fn refresh(advisor: &Advisor) -> Result<()> {
    let _replacing = advisor.replacing.lock().await;
    renew(advisor).await?;
    Ok(())
}

/// As [`refresh`], for whoever holds [`Advisor::replacing`].
pub(super) async fn renew(advisor: &Advisor) -> Result<Arc<Snapshot>> {
    let current = advisor.current.load_full();
    let mut connection = advisor.pool.get().await?;
    let mut snapshot = match current {
        Some(current) => {
            let mut snapshot = Snapshot::clone(&current);
            take_changes(&mut connection, &mut snapshot).await?;
            snapshot
        }
        None => {
            let (books, upto) = all_books(&mut connection).await?;
            let shelf = tokio::task::spawn_blocking(move || Shelf::new(books))
                .await
                .map_err(Error::internal)?;
            let recommender = Recommender {
                shelf,
                ..Recommender::default()
            };
            Snapshot::new(recommender, upto)
        }
    };
    let now = advisor.platform.clock.now();
    take_trends(&mut connection, &mut snapshot, now).await?;
    let snapshot = Arc::new(snapshot);
    advisor.current.store(Some(snapshot.clone()));
    Ok(snapshot)
}

/// Trains the models anew on all that is known, and has answers made from them; nothing changes when `stop` comes first.
///
/// # Errors
/// When the database does not answer.
pub(crate) async fn train(advisor: &Advisor, stop: &CancellationToken) -> Result<()> {
    let begun = Instant::now();
    let mut connection = advisor.pool.get().await?;
    let (books, upto) = all_books(&mut connection).await?;
    let numbers: HashMap<Uuid, u32> = books
        .iter()
        .enumerate()
        .map(|(number, (card, _))| (card.id, index(number)))
        .collect();
    let training = advisor.config.training;
    let (cells, readers) = tastes(&mut connection, &numbers, &training, stop).await?;
    drop(connection);
    let (interactions, stopped) = (cells.len(), stop.clone());
    let work = move || {
        let by_reader = Sparse::new(readers, books.len(), cells);
        let goes_on = |_: u64, _: u64| !stopped.is_cancelled();
        let options = options(&training);
        let models = Collaborative::train(&by_reader, &options, training.threads, &goes_on)?;
        Some(Recommender {
            shelf: Shelf::new(books),
            collaborative: Arc::new(models),
            trending: Vec::new(),
        })
    };
    let trained = tokio::task::spawn_blocking(work)
        .await
        .map_err(Error::internal)?;
    let Some(recommender) = trained else {
        return Ok(());
    };
    let books = recommender.shelf.len();
    let mut snapshot = Snapshot::new(recommender, upto);
    let _replacing = advisor.replacing.lock().await;
    let mut connection = advisor.pool.get().await?;
    // What came while the models were trained.
    take_changes(&mut connection, &mut snapshot).await?;
    let now = advisor.platform.clock.now();
    take_trends(&mut connection, &mut snapshot, now).await?;
    advisor.current.store(Some(Arc::new(snapshot)));
    let seconds = begun.elapsed().as_secs_f64();
    metrics::histogram!("recommendation_training_seconds").record(seconds);
    tracing::info!(
        books,
        readers,
        interactions,
        seconds,
        "the models were trained"
    );
    Ok(())
}

/// Drops what is older than any window.
///
/// # Errors
/// When the database does not answer.
pub(crate) async fn prune(advisor: &Advisor) -> Result<()> {
    let since = advisor.platform.clock.now() - activity::KEEP;
    let mut connection = advisor.pool.get().await?;
    store::activity::prune(&mut connection, since).await?;
    Ok(())
}

fn options(training: &Training) -> TrainingOptions {
    TrainingOptions {
        als: AlsOptions {
            rank: training.rank.clamp(1, 256),
            rounds: training.rounds.clamp(1, 100),
            seed: training.seed,
            ..AlsOptions::default()
        },
        ..TrainingOptions::default()
    }
}

type Described = Vec<(Card, Description)>;

/// Every book, in the order of ids, and the newest moment at which one was heard of.
async fn all_books(connection: &mut Connection) -> Result<(Described, OffsetDateTime)> {
    let (mut books, mut upto) = (Described::new(), OffsetDateTime::UNIX_EPOCH);
    let mut after = Uuid::nil();
    loop {
        let page = store::books::page(connection, after, BOOKS).await?;
        let Some(last) = page.last() else { break };
        after = last.id;
        for book in page {
            upto = upto.max(book.changed_at);
            books.push(book.described());
        }
    }
    Ok((books, upto))
}

/// Adds books that are new or have changed.
async fn take_changes(connection: &mut Connection, snapshot: &mut Snapshot) -> Result<()> {
    let mut after = (snapshot.upto - OVERLAP, Uuid::nil());
    let mut changed = Described::new();
    loop {
        let page = store::books::changed(connection, after, BOOKS).await?;
        let Some(last) = page.last() else { break };
        after = (last.changed_at, last.id);
        snapshot.upto = snapshot.upto.max(last.changed_at);
        let shelf = &snapshot.recommender.shelf;
        let known = |book: &Book| {
            let card = shelf.position(book.id).and_then(|place| shelf.card(place));
            card.is_some_and(|card| card.version == book.version)
        };
        changed.extend(
            page.into_iter()
                .filter(|book| !known(book))
                .map(Book::described),
        );
    }
    if changed.is_empty() {
        return Ok(());
    }
    let mut shelf = snapshot.recommender.shelf.with(changed);
    if shelf.is_outgrown() {
        let (books, _) = all_books(connection).await?;
        let grown = shelf.clone();
        let relearnt = tokio::task::spawn_blocking(move || grown.relearnt(books)).await;
        // While books are missing, as they are during a rebuild, it goes on with what it knows.
        shelf = relearnt.map_err(Error::internal)?.unwrap_or(shelf);
    }
    snapshot.recommender.shelf = shelf;
    // What is like what may have changed with it.
    *snapshot = Snapshot {
        trends: std::mem::take(&mut snapshot.trends),
        ..Snapshot::new(snapshot.recommender.clone(), snapshot.upto)
    };
    Ok(())
}

/// Looks up what is read most.
async fn take_trends(
    connection: &mut Connection,
    snapshot: &mut Snapshot,
    now: OffsetDateTime,
) -> Result<()> {
    for window in Window::ALL {
        let rows = store::activity::trending(connection, *window, now, TRENDING).await?;
        let most = rows.first().map_or(1.0, |(_, score)| *score);
        let scaled = rows
            .into_iter()
            .map(|(book, score)| (book, share(score, most)));
        snapshot.trends.insert(*window, Arc::new(scaled.collect()));
    }
    let recommender = &mut snapshot.recommender;
    let mut trending = vec![0.0; recommender.shelf.len()];
    for (book, score) in snapshot
        .trends
        .get(&Window::Week)
        .into_iter()
        .flat_map(|week| week.iter())
    {
        if let Some(place) = recommender.shelf.position(*book) {
            trending[place as usize] = *score;
        }
    }
    recommender.trending = trending;
    Ok(())
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "from 0 to 1, of which a few digits matter"
)]
fn share(part: f64, whole: f64) -> f32 {
    (part / whole).clamp(0.0, 1.0) as f32
}

/// How much readers took to books, both numbered, and how many readers there are.
async fn tastes(
    connection: &mut Connection,
    numbers: &HashMap<Uuid, u32>,
    training: &Training,
    stop: &CancellationToken,
) -> Result<(Vec<(u32, u32, f32)>, usize)> {
    let most = training.most_interactions.max(1);
    let estimate = store::interactions::estimate(connection).await?;
    let sample = Sample::new(most, usize::try_from(estimate).unwrap_or(0), training.seed);
    let mut readers: HashMap<Uuid, u32> = HashMap::new();
    let mut cells: Vec<(u32, u32, f32)> = Vec::new();
    let mut said = decided(connection, &sample, most).await?;
    let mut cell = |user: Uuid, book: Uuid, weight: f32, cells: &mut Vec<(u32, u32, f32)>| {
        if let Some(book) = numbers.get(&book)
            && weight.abs() > 0.0
        {
            let next = index(readers.len());
            let reader = *readers.entry(user).or_insert(next);
            cells.push((reader, *book, weight));
        }
    };
    let mut after = (Uuid::nil(), Uuid::nil());
    while !stop.is_cancelled() && cells.len() < most {
        let page = store::interactions::page(connection, after, INTERACTIONS).await?;
        let Some(last) = page.last() else { break };
        after = (last.user_id, last.book_id);
        for done in page.iter().filter(|done| sample.holds(done.user_id)) {
            let likes = said.remove(&(done.user_id, done.book_id));
            let weight = taste::weight(Some(done), likes);
            cell(done.user_id, done.book_id, weight, &mut cells);
        }
    }
    // In an order of their own, for a map has none.
    let mut rest: Vec<_> = said.into_iter().collect();
    rest.sort_unstable();
    for ((user, book), likes) in rest {
        cell(user, book, taste::weight(None, Some(likes)), &mut cells);
    }
    Ok((cells, readers.len()))
}

/// What readers decided of books, at most `most`.
async fn decided(
    connection: &mut Connection,
    sample: &Sample,
    most: usize,
) -> Result<HashMap<(Uuid, Uuid), bool>> {
    let mut said = HashMap::new();
    let mut after = (Uuid::nil(), Uuid::nil());
    while said.len() < most {
        let page = store::feedback::page(connection, after, INTERACTIONS).await?;
        let Some((user, book, _)) = page.last() else {
            break;
        };
        after = (*user, *book);
        for (user, book, likes) in page {
            if let Some(likes) = likes
                && sample.holds(user)
            {
                said.insert((user, book), likes);
            }
        }
    }
    Ok(said)
}

/// Which readers are trained on: all, or a share of them that is always the same.
struct Sample {
    /// Whose spread bits are up to this.
    bound: u64,
    seed: u64,
}

impl Sample {
    fn new(most: usize, all: usize, seed: u64) -> Self {
        let share = u64::MAX / (all.max(1) as u64);
        let bound = if all <= most {
            u64::MAX
        } else {
            share.saturating_mul(most as u64)
        };
        Self { bound, seed }
    }

    fn holds(&self, user: Uuid) -> bool {
        let (high, low) = user.as_u64_pair();
        mix(high ^ mix(low ^ self.seed)) <= self.bound
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sample_is_about_as_large_as_it_is_to_be() {
        let all = Sample::new(100, 100, 1);
        let some = Sample::new(1000, 4000, 1);
        let users = || (0..4000).map(|number| Uuid::from_u128(number << 80));
        assert!(users().all(|user| all.holds(user)));
        let held = users().filter(|user| some.holds(*user)).count();
        assert!((850..1150).contains(&held), "{held}");
    }
}
