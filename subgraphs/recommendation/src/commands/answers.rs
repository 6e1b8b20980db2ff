//! What is recommended to whom: from the snapshot, for what the reader did and said up to this moment.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use coko_core::Result;
use coko_core::context::CommandContext;
use coko_core::database::Connection;
use uuid::Uuid;

use super::{Advisor, Likes, Snapshot, cache_key};
use crate::model::engine::recommender::{LIST, Profile, Reason};
use crate::model::taste::History;
use crate::model::{Advice, Because, Window};
use crate::store;

/// Of what a reader did and said, the newest that are looked at.
const HISTORY: i64 = 500;
/// Refused books that are kept out while a list is made; all are taken out of it once it is.
const REFUSED: i64 = 5000;
/// The like of one book that is kept.
const SIMILAR: usize = 40;
/// Lists of `becauseYouRead`.
const SHELVES: usize = 10;
/// Books of each of them.
const PER_SHELF: usize = 12;

/// The longest that a list is kept.
const LONGEST_KEPT: u64 = 30;

/// Books like one that the reader took to.
#[derive(Clone, Debug)]
pub(crate) struct ReadingShelf {
    pub(crate) book_id: Uuid,
    pub(crate) advice: Vec<Advice>,
}

/// What a reader is recommended now, the best first.
///
/// # Errors
/// When the database does not answer.
pub(crate) async fn for_reader(
    context: &CommandContext,
    advisor: &Advisor,
    user: Uuid,
) -> Result<Vec<Advice>> {
    let life = advisor.config.timers.keep_seconds.min(LONGEST_KEPT);
    let cache = &advisor.platform.cache;
    let key = cache_key(user);
    let kept: Option<Vec<Advice>> = if life > 0 {
        cache.get(&key).await
    } else {
        None
    };
    let source = if kept.is_some() { "kept" } else { "made" };
    metrics::counter!("recommendation_lists_total", "source" => source).increment(1);
    let (list, mut connection) = match kept {
        Some(list) => (list, advisor.pool.get().await?),
        None => {
            let snapshot = advisor.snapshot().await?;
            let mut connection = advisor.pool.get().await?;
            let profile = profile(&mut connection, context, &snapshot, user).await?;
            let list = advised(&snapshot, &profile);
            if life > 0 {
                cache.put(&key, &list, Duration::from_secs(life)).await;
            }
            (list, connection)
        }
    };
    // A list that was kept knows nothing of what the reader has refused or bought since.
    let books: Vec<Uuid> = list.iter().map(|advice| advice.book_id).collect();
    let barred = barred(&mut connection, user, &books).await?;
    Ok(list
        .into_iter()
        .filter(|advice| !barred.contains(&advice.book_id))
        .collect())
}

fn advised(snapshot: &Snapshot, profile: &Profile) -> Vec<Advice> {
    let recommender = &snapshot.recommender;
    let picks = recommender.recommend(profile, LIST);
    picks
        .into_iter()
        .filter_map(|pick| {
            Some(Advice {
                book_id: recommender.shelf.card(pick.book)?.id,
                score: pick.score,
                because: because(snapshot, pick.reason),
            })
        })
        .collect()
}

fn because(snapshot: &Snapshot, reason: Reason) -> Because {
    match reason {
        Reason::Read(book) => match snapshot.recommender.shelf.card(book) {
            Some(card) => Because::Read(card.id),
            None => Because::Readers,
        },
        Reason::Readers => Because::Readers,
        Reason::Interest(category) => Because::Interest(category),
        Reason::Trending => Because::Trending,
        Reason::New => Because::New,
    }
}

/// What is known of a reader, up to this moment.
///
/// # Errors
/// When the database does not answer.
pub(crate) async fn profile(
    connection: &mut Connection,
    context: &CommandContext,
    snapshot: &Snapshot,
    user: Uuid,
) -> Result<Profile> {
    let history = History {
        interactions: store::interactions::newest(connection, user, HISTORY).await?,
        feedback: store::feedback::newest(connection, user, HISTORY).await?,
        refused: store::feedback::refused(connection, user, REFUSED).await?,
        interests: store::readers::interests(connection, user).await?,
    };
    Ok(history.profile(&snapshot.recommender.shelf, context.now))
}

/// Which of these books a reader is not to be recommended.
///
/// # Errors
/// When the database does not answer.
pub(crate) async fn barred(
    connection: &mut Connection,
    user: Uuid,
    books: &[Uuid],
) -> Result<HashSet<Uuid>> {
    if books.is_empty() {
        return Ok(HashSet::new());
    }
    let barred = store::interactions::barred(connection, user, books).await?;
    Ok(barred.into_iter().collect())
}

/// Books like this one, the most alike first; none for a book that is not known.
pub(crate) fn similar(snapshot: &Snapshot, book: Uuid) -> Vec<Advice> {
    let shelf = &snapshot.recommender.shelf;
    let Some(place) = shelf.position(book) else {
        return Vec::new();
    };
    let likes = likes(snapshot, place);
    likes
        .iter()
        .filter_map(|(other, score)| {
            Some(Advice {
                book_id: shelf.card(*other).filter(|card| card.is_available)?.id,
                score: score.clamp(0.0, 1.0),
                because: Because::Similar(book),
            })
        })
        .collect()
}

fn likes(snapshot: &Snapshot, place: u32) -> Likes {
    snapshot.similar.get_with(place, || {
        let found = snapshot.recommender.similar(place, SIMILAR, |_| false);
        Arc::new(found)
    })
}

/// For each of the newest books that a reader took to, books like it; no book comes twice.
///
/// # Errors
/// When the database does not answer.
pub(crate) async fn because_read(
    context: &CommandContext,
    advisor: &Advisor,
    user: Uuid,
) -> Result<Vec<ReadingShelf>> {
    let snapshot = advisor.snapshot().await?;
    let mut connection = advisor.pool.get().await?;
    let profile = profile(&mut connection, context, &snapshot, user).await?;
    let shelf = &snapshot.recommender.shelf;
    let read: Vec<Uuid> = profile
        .tastes
        .iter()
        .filter(|(_, weight)| *weight > 0.0)
        .filter_map(|(book, _)| shelf.card(*book))
        .map(|card| card.id)
        .take(SHELVES)
        .collect();
    let alike: Vec<(Uuid, Vec<Advice>)> = read
        .into_iter()
        .map(|book| (book, similar(&snapshot, book)))
        .collect();
    let mut all: Vec<Uuid> = alike
        .iter()
        .flat_map(|(_, advice)| advice.iter().map(|each| each.book_id))
        .collect();
    all.sort_unstable();
    all.dedup();
    let mut taken = barred(&mut connection, user, &all).await?;
    let mut shelves = Vec::new();
    for (book_id, mut advice) in alike {
        advice.retain(|each| !taken.contains(&each.book_id));
        advice.truncate(PER_SHELF);
        taken.extend(advice.iter().map(|each| each.book_id));
        if !advice.is_empty() {
            shelves.push(ReadingShelf { book_id, advice });
        }
    }
    Ok(shelves)
}

/// What is read most, the most read first; the same for everyone.
///
/// # Errors
/// When the database does not answer and nothing is known yet.
pub(crate) async fn trending(advisor: &Advisor, window: Window) -> Result<Arc<Vec<(Uuid, f32)>>> {
    let snapshot = advisor.snapshot().await?;
    Ok(snapshot.trends.get(&window).cloned().unwrap_or_default())
}

/// Why these books would be recommended to a reader, where they would be.
///
/// # Errors
/// When the database does not answer.
pub(crate) async fn explain(
    context: &CommandContext,
    advisor: &Advisor,
    user: Uuid,
    books: &[Uuid],
) -> Result<HashMap<Uuid, Because>> {
    let snapshot = advisor.snapshot().await?;
    let mut connection = advisor.pool.get().await?;
    let profile = profile(&mut connection, context, &snapshot, user).await?;
    let barred = barred(&mut connection, user, books).await?;
    let shelf = &snapshot.recommender.shelf;
    let known: Vec<(Uuid, u32)> = books
        .iter()
        .filter(|book| !barred.contains(*book))
        .filter_map(|book| Some((*book, shelf.position(*book)?)))
        .collect();
    let places: Vec<u32> = known.iter().map(|(_, place)| *place).collect();
    let reasons = snapshot.recommender.explain(&profile, &places);
    let explained = known.into_iter().zip(reasons);
    Ok(explained
        .filter_map(|((book, _), reason)| Some((book, because(&snapshot, reason?))))
        .collect())
}
