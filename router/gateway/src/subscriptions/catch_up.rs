//! What a returning subscriber has missed.

use coko_core::Code;
use futures::StreamExt as _;
use futures::stream::BoxStream;
use tokio::time::Instant;

use super::delivery::{End, Item};
use super::feed::attached_feed;
use super::replay::Replay;
use super::source::mapping;
use super::topic::{Origin, Topic};
use crate::plan::Planned;
use crate::refusal::{GraphQLError, Refusal};

/// The answers to what came after the event `last`, and the event up to which they go. The subscriber is among those of
/// `topic` already, so that everything after that is in its queue.
///
/// Those who return together share one reading of the stream and one answer per event.
///
/// # Errors
/// `HISTORY_GONE` when the stream no longer holds all of it, `DOWNSTREAM_UNAVAILABLE` when it cannot be read.
pub(super) async fn missed(
    topic: &Topic,
    origin: Origin,
    planned: Planned,
    last: u64,
) -> Result<Option<(BoxStream<'static, Result<Item, End>>, u64)>, Refusal> {
    let Some(mapping) = mapping(&origin.context, &planned)? else {
        return Ok(None);
    };
    let most = origin.context.engine.config.subscriptions.catch_up;
    let feed = attached_feed(&origin.context, &mapping).await?;
    let came = Instant::now();
    let mut returning = topic.returning.lock().await;
    let (first, through) = match returning.bounds {
        // Whoever asked after this subscriber came asked for it as well.
        Some((asked, bounds)) if asked >= came => bounds,
        _ => {
            let asked = Instant::now();
            let bounds = feed.bounds().await?;
            returning.bounds = Some((asked, bounds));
            bounds
        }
    };
    // A stream that ends before it was made anew.
    if last > through || last + 1 < first {
        return Err(gone());
    }
    if last == through {
        return Ok(Some((futures::stream::empty().boxed(), through)));
    }
    if let Some(replay) = returning.replay.upgrade()
        && replay.covers(last, most, &feed, &origin.context.snapshot)
    {
        replay.want(through);
        return Ok(Some((replay.follow(last, through), through)));
    }
    let (count, events) = feed.history(last, through).await?;
    if count > most {
        return Err(gone());
    }
    let replay = Replay::begin(feed, mapping, origin, planned, events, last, through);
    returning.replay = std::sync::Arc::downgrade(&replay);
    Ok(Some((replay.follow(last, through), through)))
}

fn gone() -> Refusal {
    Refusal::graphql(vec![GraphQLError::new(
        Code::HistoryGone,
        "Events after the given one are no longer kept: read the present state, then subscribe without an event id.",
    )])
}
