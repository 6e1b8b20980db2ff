//! What a returning subscriber has missed.

use coko_core::Code;
use coko_executor::SourceEvent;
use futures::StreamExt as _;
use futures::stream::BoxStream;

use super::delivery::{End, Item};
use super::feed::attached_feed;
use super::source::mapping;
use super::topic::{Origin, answer};
use crate::plan::Planned;
use crate::refusal::{GraphQLError, Refusal};

/// The answers to what came after the event `last`, and the event up to which they go. The subscriber is among those of
/// its topic already, so that everything after that is in its queue.
///
/// # Errors
/// `HISTORY_GONE` when the stream no longer holds all of it, `DOWNSTREAM_UNAVAILABLE` when it cannot be read.
pub(super) async fn missed(
    origin: Origin,
    planned: Planned,
    last: u64,
) -> Result<Option<(BoxStream<'static, Result<Item, End>>, u64)>, Refusal> {
    let Some(mapping) = mapping(&origin.context, &planned)? else {
        return Ok(None);
    };
    let feed = attached_feed(&origin.context, &mapping).await?;
    let (first, through) = feed.bounds().await?;
    // A stream that ends before it was made anew.
    if last > through || last + 1 < first {
        return Err(gone());
    }
    if last == through {
        return Ok(Some((futures::stream::empty().boxed(), through)));
    }
    let (count, events) = feed.history(last, through).await?;
    if count > origin.context.engine.config.subscriptions.catch_up {
        return Err(gone());
    }
    let missed = futures::stream::unfold(
        (events, mapping, origin, planned, false),
        |(mut events, mapping, origin, planned, ended)| async move {
            if ended {
                return None;
            }
            loop {
                let event = match events.next().await? {
                    Ok(event) => event,
                    Err(reason) => {
                        tracing::warn!(reason, "missed events cannot be read");
                        let refusal = Refusal::graphql(vec![GraphQLError::new(
                            Code::DownstreamUnavailable,
                            "What was missed cannot be read now; subscribe again later.",
                        )]);
                        let end = Err(End::from(refusal));
                        return Some((end, (events, mapping, origin, planned, true)));
                    }
                };
                let payload = mapping
                    .entity(&event)
                    .and_then(|entity| planned.plan.source_payload(&entity));
                if let Some(payload) = payload {
                    let source = SourceEvent {
                        payload,
                        id: Some(event.sequence),
                    };
                    let item = answer(&origin.context, &planned, source).await;
                    return Some((Ok(item), (events, mapping, origin, planned, false)));
                }
            }
        },
    );
    Ok(Some((missed.boxed(), through)))
}

fn gone() -> Refusal {
    Refusal::graphql(vec![GraphQLError::new(
        Code::HistoryGone,
        "Events after the given one are no longer kept: read the present state, then subscribe without an event id.",
    )])
}
