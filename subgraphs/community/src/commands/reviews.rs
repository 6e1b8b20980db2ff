//! Reviews: written, changed, deleted; the sums of books follow in the same transaction, other domains by event.

use coko_core::context::CommandContext;
use coko_core::database::Connection;
use coko_core::events::community::{ReviewPosted, ReviewRemoved, ReviewState, ReviewUpdated};
use coko_core::graphql::{Failure, Outcome, Refusal, Refusals};
use coko_core::{Code, Error, Result, outbox};
use diesel_async::AsyncConnection as _;
use uuid::Uuid;

use super::{Community, allowance, writer};
use crate::error::{DeleteReviewErrorCode, SaveReviewErrorCode, text_refused};
use crate::model::review::REVIEW;
use crate::model::{ContentStatus, Prose, Review};
use crate::store;

/// What a reader says of a book.
#[derive(Clone, Debug)]
pub(crate) struct Said {
    pub(crate) book: Uuid,
    pub(crate) half_stars: Option<i32>,
    pub(crate) text: Option<String>,
    pub(crate) spoiler: bool,
}

fn state(review: &Review) -> ReviewState {
    ReviewState {
        review_id: review.id,
        book_id: review.book_id,
        user_id: review.user_id,
        half_stars: review.half_stars.and_then(|stars| u8::try_from(stars).ok()),
        has_text: review.body.is_some(),
        at: review.updated_at,
    }
}

/// Says that a review is public.
pub(super) async fn announce_posted(
    connection: &mut Connection,
    context: &CommandContext,
    review: &Review,
) -> Result<()> {
    let review = state(review);
    outbox::enqueue(connection, context, &ReviewPosted { review }).await?;
    Ok(())
}

/// Says that a review is public no more.
pub(super) async fn announce_removed(
    connection: &mut Connection,
    context: &CommandContext,
    review: &Review,
) -> Result<()> {
    let removed = ReviewRemoved {
        review_id: review.id,
        book_id: review.book_id,
        at: context.now,
    };
    outbox::enqueue(connection, context, &removed).await?;
    Ok(())
}

/// Writes the viewer's review of a book, or writes it anew.
///
/// # Errors
/// Refusals of the input; `UNAUTHENTICATED`, `FORBIDDEN`, `RATE_LIMITED`.
pub(crate) async fn save(
    context: &CommandContext,
    community: &Community,
    said: Said,
) -> Outcome<Uuid, SaveReviewErrorCode> {
    let user = context.viewer.require_user()?;
    context.viewer.require("reviews", "write")?;
    let limits = &community.config.limits;
    community.throttle("reviews", user, limits.reviews).await?;
    let mut connection = community.pool.get().await?;
    let allowance = allowance(&mut connection, context, user).await?;
    let mut refusals = Refusals::default();
    let half_stars = match said.half_stars.map(i16::try_from) {
        None => None,
        Some(Ok(stars @ 1..=10)) => Some(stars),
        Some(_) => {
            refusals.add(SaveReviewErrorCode::RatingInvalid, "halfStars");
            None
        }
    };
    let prose = match said.text.as_deref().filter(|text| !text.trim().is_empty()) {
        None => None,
        Some(text) => match community.prose(text, REVIEW, allowance) {
            Ok(prose) => Some(prose),
            Err(error) => {
                refusals.push(text_refused(error, "text"));
                None
            }
        },
    };
    refusals.finish(())?;
    if half_stars.is_none() && prose.is_none() {
        return Err(Failure::whole(SaveReviewErrorCode::NothingSaid));
    }
    connection
        .transaction(async |connection| {
            let known = store::reviews::lock_of_reader(connection, user, said.book).await?;
            let before = known.as_ref().map(Review::counted).unwrap_or_default();
            let (review, fresh) = match known {
                Some(review) if review.status == ContentStatus::Removed => {
                    return Err(Failure::whole(SaveReviewErrorCode::Removed));
                }
                Some(known) => {
                    let review = written(known, half_stars, prose, said.spoiler);
                    (
                        Review {
                            updated_at: context.now,
                            edits: review.edits + 1,
                            ..review
                        },
                        false,
                    )
                }
                None => {
                    let blank = Review {
                        id: context.id(),
                        book_id: said.book,
                        user_id: user,
                        half_stars: None,
                        body: None,
                        body_html: None,
                        spoiler: false,
                        status: ContentStatus::Published,
                        created_at: context.now,
                        updated_at: context.now,
                        edits: 0,
                    };
                    (written(blank, half_stars, prose, said.spoiler), true)
                }
            };
            if fresh {
                // A reader's two first calls at once make one review; the second finds it when it is made again.
                if !store::reviews::insert(connection, &review).await? {
                    return Err(Error::new(Code::Conflict, "core-conflict").into());
                }
                announce_posted(connection, context, &review).await?;
            } else {
                store::reviews::update(connection, review.id, &review).await?;
                let review = state(&review);
                outbox::enqueue(connection, context, &ReviewUpdated { review }).await?;
            }
            let changes = before.difference(review.counted());
            store::reviews::count(connection, review.book_id, &changes).await?;
            let mut member = writer(connection, context, user).await?;
            if fresh {
                member.contribute(context.now);
                store::members::update(connection, &member).await?;
            }
            metrics::counter!("community_reviews_total", "fresh" => if fresh { "yes" } else { "no" })
                .increment(1);
            Ok::<_, Failure<SaveReviewErrorCode>>(review.id)
        })
        .await
}

fn written(review: Review, half_stars: Option<i16>, prose: Option<Prose>, spoiler: bool) -> Review {
    let (body, body_html) = prose.map(|prose| (prose.source, prose.html)).unzip();
    Review {
        half_stars,
        body,
        body_html,
        spoiler,
        ..review
    }
}

/// Deletes the viewer's review of a book, whatever moderators made of it.
///
/// # Errors
/// A refusal when there is none.
pub(crate) async fn delete(
    context: &CommandContext,
    community: &Community,
    book: Uuid,
) -> Outcome<Uuid, DeleteReviewErrorCode> {
    let user = context.viewer.require_user()?;
    context.viewer.require("reviews", "write")?;
    let mut connection = community.pool.get().await?;
    connection
        .transaction(async |connection| {
            let review = store::reviews::lock_of_reader(connection, user, book).await?;
            let review = review.ok_or_else(|| {
                Failure::from(vec![Refusal::field(
                    DeleteReviewErrorCode::NotFound,
                    "bookId",
                )])
            })?;
            let id = review.id;
            erase(connection, context, review).await?;
            Ok::<_, Failure<DeleteReviewErrorCode>>(id)
        })
        .await
}

/// Takes a locked review away, out of the sums and for everyone who heard of it.
pub(super) async fn erase(
    connection: &mut Connection,
    context: &CommandContext,
    mut review: Review,
) -> Result<()> {
    let before = review.counted();
    // Whoever heard that moderators removed it has nothing more to hear.
    let public = review.status != ContentStatus::Removed;
    review.delete(context.now);
    store::reviews::update(connection, review.id, &review).await?;
    let changes = before.difference(review.counted());
    store::reviews::count(connection, review.book_id, &changes).await?;
    if public {
        announce_removed(connection, context, &review).await?;
    }
    Ok(())
}
