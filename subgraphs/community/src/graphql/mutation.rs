//! Root mutations. Each answers with the new state, or with the reasons for which it refused.

mod clubs;
mod events;
mod forums;
mod moderation;
mod people;
mod posts;
mod reviews;

use async_graphql::MergedObject;

/// Root mutations of community.
#[derive(Default, MergedObject)]
pub(crate) struct Mutation(
    clubs::ClubMutation,
    events::EventMutation,
    forums::ForumMutation,
    moderation::ModerationMutation,
    people::PeopleMutation,
    posts::PostMutation,
    reviews::ReviewMutation,
);

/// Reads the thing that a command changed back, as the viewer sees it.
macro_rules! read_back {
    ($context:expr, $loader:ty, $id:expr) => {
        match $id {
            Some(id) => {
                $context
                    .data_unchecked::<async_graphql::dataloader::DataLoader<$loader>>()
                    .load_one(id)
                    .await?
            }
            None => None,
        }
    };
}
use read_back;
