//! What readers say of recommendations, and what they say to like.

use std::collections::{HashMap, HashSet};

use coko_core::context::CommandContext;
use coko_core::graphql::{Outcome, Refusal, Refusals};
use diesel_async::AsyncConnection as _;
use uuid::Uuid;

use super::{Advisor, cache_key, owner};
use crate::error::{RecordFeedbackErrorCode, SetInterestsErrorCode};
use crate::model::{Feedback, Signal};
use crate::store;

/// Signals of one call.
pub(crate) const SIGNALS: usize = 100;
/// Categories that one reader can say to like.
pub(crate) const INTERESTS: usize = 50;

/// Takes signals in, in their order; returns how many there were. The same signals again change nothing.
///
/// # Errors
/// When nobody is signed in, or the token does not permit it.
pub(crate) async fn record(
    context: &CommandContext,
    advisor: &Advisor,
    signals: &[(Uuid, Signal)],
) -> Outcome<usize, RecordFeedbackErrorCode> {
    use RecordFeedbackErrorCode as Code;
    let user = owner(&context.viewer)?;
    if signals.is_empty() || signals.len() > SIGNALS {
        let refusal = Refusal::beyond(Code::SignalCountInvalid, "signals", SIGNALS);
        return Err(vec![refusal].into());
    }
    let mut connection = advisor.pool.get().await?;
    let mut ids: Vec<Uuid> = signals.iter().map(|(book, _)| *book).collect();
    ids.sort_unstable();
    ids.dedup();
    let known = store::books::known(&mut connection, &ids).await?;
    let known: HashSet<Uuid> = known.into_iter().collect();
    let mut refusals = Refusals::default();
    for (place, (book, _)) in signals.iter().enumerate() {
        // One that was withdrawn may have been shown, and may be refused.
        if !known.contains(book) {
            refusals.add(Code::BookUnknown, format!("signals.{place}.bookId"));
        }
    }
    refusals.finish(())?;
    connection
        .transaction(async |connection| {
            if !store::readers::lock(connection, user).await? {
                return Err(coko_core::Error::unauthenticated());
            }
            let said = store::feedback::find(connection, user, &ids).await?;
            let mut said: HashMap<Uuid, Feedback> =
                said.into_iter().map(|said| (said.book_id, said)).collect();
            for (book, signal) in signals {
                let new = || Feedback::new(user, *book, context.now);
                said.entry(*book)
                    .or_insert_with(new)
                    .hear(*signal, context.now);
            }
            let mut said: Vec<_> = said.into_values().collect();
            said.sort_unstable_by_key(|said| said.book_id);
            for each in &said {
                store::feedback::put(connection, each).await?;
            }
            Ok::<_, coko_core::Error>(())
        })
        .await?;
    drop(connection);
    for (_, signal) in signals {
        metrics::counter!("recommendation_feedback_total", "kind" => name(*signal)).increment(1);
    }
    advisor.platform.cache.invalidate(&[cache_key(user)]).await;
    Ok(signals.len())
}

fn name(signal: Signal) -> &'static str {
    match signal {
        Signal::Positive => "positive",
        Signal::Negative => "negative",
        Signal::Impression => "impression",
    }
}

/// Replaces the categories that the viewer says to like; those that no book has do nothing. An id that is no category's is `None`.
///
/// # Errors
/// When nobody is signed in, or the token does not permit it.
pub(crate) async fn set_interests(
    context: &CommandContext,
    advisor: &Advisor,
    categories: Vec<Option<Uuid>>,
) -> Outcome<Vec<Uuid>, SetInterestsErrorCode> {
    use SetInterestsErrorCode as Code;
    let user = owner(&context.viewer)?;
    let mut refusals = Refusals::default();
    if categories.len() > INTERESTS {
        refusals.push(Refusal::beyond(Code::TooMany, "categoryIds", INTERESTS));
    }
    let mut chosen = Vec::with_capacity(categories.len().min(INTERESTS));
    for (place, category) in categories.into_iter().take(INTERESTS).enumerate() {
        match category {
            Some(category) if chosen.contains(&category) => {}
            Some(category) => chosen.push(category),
            None => refusals.add(Code::CategoryInvalid, format!("categoryIds.{place}")),
        }
    }
    let chosen = refusals.finish(chosen)?;
    let mut connection = advisor.pool.get().await?;
    connection
        .transaction(async |connection| {
            if !store::readers::lock(connection, user).await? {
                return Err(coko_core::Error::unauthenticated());
            }
            store::readers::set_interests(connection, user, &chosen).await?;
            Ok::<_, coko_core::Error>(())
        })
        .await?;
    drop(connection);
    advisor.platform.cache.invalidate(&[cache_key(user)]).await;
    Ok(chosen)
}
