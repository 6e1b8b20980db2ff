//! What people wrote, and where.

use std::collections::HashMap;

use async_graphql::Request;
use async_graphql::dataloader::Loader;
use coko_core::Error;
use coko_core::database::Connection;
use uuid::Uuid;

use super::{Reader, by_id, grouped, loader};
use crate::commands::sight;
use crate::model::review::Summary;
use crate::model::{
    Case, CaseStatus, Club, Forum, Gathering, Post, Report, Review, Seen, Tag, Topic,
};
use crate::store;

pub(super) fn attach(request: Request, reader: &Reader) -> Request {
    request
        .data(loader(Reviews(reader.clone())))
        .data(loader(MyReviews(reader.clone())))
        .data(loader(Summaries(reader.clone())))
        .data(loader(Forums(reader.clone())))
        .data(loader(Topics(reader.clone())))
        .data(loader(TopicTags(reader.clone())))
        .data(loader(Posts(reader.clone())))
        .data(loader(Clubs(reader.clone())))
        .data(loader(Gatherings(reader.clone())))
        .data(loader(Cases(reader.clone())))
        .data(loader(CaseReports(reader.clone())))
}

/// Reviews by id.
pub(in crate::graphql) struct Reviews(Reader);

impl Loader<Uuid> for Reviews {
    type Value = Review;
    type Error = Error;

    async fn load(&self, ids: &[Uuid]) -> Result<HashMap<Uuid, Review>, Error> {
        let mut connection = self.0.connection().await?;
        let mut reviews = store::reviews::by_ids(&mut connection, ids).await?;
        let authors: Vec<Uuid> = reviews.iter().map(|review| review.user_id).collect();
        let sight = sight(&mut connection, &self.0.context.viewer, &authors, &[], &[]).await?;
        reviews.retain(|review| sight.of(review.written()) == Seen::Whole);
        Ok(by_id(reviews, |review| review.id))
    }
}

/// The viewer's own reviews by book.
pub(in crate::graphql) struct MyReviews(Reader);

impl Loader<Uuid> for MyReviews {
    type Value = Review;
    type Error = Error;

    async fn load(&self, books: &[Uuid]) -> Result<HashMap<Uuid, Review>, Error> {
        let Some(user) = self.0.user() else {
            return Ok(HashMap::new());
        };
        let mut connection = self.0.connection().await?;
        let reviews = store::reviews::of_reader(&mut connection, user, books).await?;
        Ok(by_id(reviews, |review| review.book_id))
    }
}

/// The sums of books' ratings.
pub(in crate::graphql) struct Summaries(Reader);

impl Loader<Uuid> for Summaries {
    type Value = Summary;
    type Error = Error;

    async fn load(&self, books: &[Uuid]) -> Result<HashMap<Uuid, Summary>, Error> {
        let mut connection = self.0.connection().await?;
        let ratings = store::reviews::ratings(&mut connection, books).await?;
        let ratings = grouped(ratings.into_iter().map(|rating| (rating.book_id, rating)));
        Ok(ratings
            .into_iter()
            .map(|(book, ratings)| (book, Summary::of(&ratings)))
            .collect())
    }
}

/// Forums by id.
pub(in crate::graphql) struct Forums(Reader);

impl Loader<Uuid> for Forums {
    type Value = Forum;
    type Error = Error;

    async fn load(&self, ids: &[Uuid]) -> Result<HashMap<Uuid, Forum>, Error> {
        let mut connection = self.0.connection().await?;
        let forums = store::forums::by_ids(&mut connection, ids).await?;
        Ok(by_id(forums, |forum| forum.id))
    }
}

/// The clubs of topics, by id.
async fn clubs_of(
    connection: &mut Connection,
    topics: &[Topic],
) -> Result<HashMap<Uuid, Club>, Error> {
    let mut ids: Vec<Uuid> = topics.iter().filter_map(|topic| topic.club_id).collect();
    ids.sort_unstable();
    ids.dedup();
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let clubs = store::clubs::by_ids(connection, &ids).await?;
    Ok(by_id(clubs, |club| club.id))
}

fn is_closed(topic: &Topic, clubs: &HashMap<Uuid, Club>) -> bool {
    let club = topic.club_id.and_then(|club| clubs.get(&club));
    club.is_some_and(Club::is_closed)
}

/// Topics by id.
pub(in crate::graphql) struct Topics(Reader);

impl Loader<Uuid> for Topics {
    type Value = Topic;
    type Error = Error;

    async fn load(&self, ids: &[Uuid]) -> Result<HashMap<Uuid, Topic>, Error> {
        let mut connection = self.0.connection().await?;
        let mut topics = store::topics::by_ids(&mut connection, ids).await?;
        let clubs = clubs_of(&mut connection, &topics).await?;
        let authors: Vec<Uuid> = topics.iter().map(|topic| topic.author_id).collect();
        let books: Vec<Uuid> = topics.iter().filter_map(|topic| topic.book_id).collect();
        let in_clubs: Vec<Uuid> = clubs.keys().copied().collect();
        let viewer = &self.0.context.viewer;
        let sight = sight(&mut connection, viewer, &authors, &books, &in_clubs).await?;
        topics.retain(|topic| sight.of(topic.written(is_closed(topic, &clubs))) == Seen::Whole);
        Ok(by_id(topics, |topic| topic.id))
    }
}

/// The tags of topics.
pub(in crate::graphql) struct TopicTags(Reader);

impl Loader<Uuid> for TopicTags {
    type Value = Vec<Tag>;
    type Error = Error;

    async fn load(&self, topics: &[Uuid]) -> Result<HashMap<Uuid, Vec<Tag>>, Error> {
        let mut connection = self.0.connection().await?;
        Ok(grouped(
            store::forums::tags_of(&mut connection, topics).await?,
        ))
    }
}

/// Posts by id, with how much of them is seen; those of which nothing is are not there.
pub(in crate::graphql) struct Posts(Reader);

impl Loader<Uuid> for Posts {
    type Value = (Post, Seen);
    type Error = Error;

    async fn load(&self, ids: &[Uuid]) -> Result<HashMap<Uuid, (Post, Seen)>, Error> {
        let mut connection = self.0.connection().await?;
        let posts = store::posts::by_ids(&mut connection, ids).await?;
        let mut topics: Vec<Uuid> = posts.iter().map(|post| post.topic_id).collect();
        topics.sort_unstable();
        topics.dedup();
        let topics = store::topics::by_ids(&mut connection, &topics).await?;
        let clubs = clubs_of(&mut connection, &topics).await?;
        // Whoever does not see a topic sees nothing in it.
        let authors = posts.iter().map(|post| post.author_id);
        let openers = topics.iter().map(|topic| topic.author_id);
        let authors: Vec<Uuid> = authors.chain(openers).collect();
        let books: Vec<Uuid> = topics.iter().filter_map(|topic| topic.book_id).collect();
        let in_clubs: Vec<Uuid> = clubs.keys().copied().collect();
        let viewer = &self.0.context.viewer;
        let sight = sight(&mut connection, viewer, &authors, &books, &in_clubs).await?;
        let topics = by_id(topics, |topic| topic.id);
        let mut seen = HashMap::new();
        for post in posts {
            let Some(topic) = topics.get(&post.topic_id) else {
                continue;
            };
            let closed = is_closed(topic, &clubs);
            let around = sight.of(topic.written(closed));
            let itself = sight.of(post.written(topic, closed));
            // The author of a removed opening post still reads it, and what was answered.
            let own = sight.viewer == Some(post.author_id);
            if itself != Seen::Nothing && (own || around == Seen::Whole) {
                seen.insert(post.id, (post, itself));
            }
        }
        Ok(seen)
    }
}

/// Clubs by id, without those that are disbanded and those of whoever is kept apart from the viewer.
pub(in crate::graphql) struct Clubs(Reader);

impl Loader<Uuid> for Clubs {
    type Value = Club;
    type Error = Error;

    async fn load(&self, ids: &[Uuid]) -> Result<HashMap<Uuid, Club>, Error> {
        let mut connection = self.0.connection().await?;
        let mut clubs = store::clubs::by_ids(&mut connection, ids).await?;
        let owners: Vec<Uuid> = clubs.iter().map(|club| club.owner_id).collect();
        let sight = sight(&mut connection, &self.0.context.viewer, &owners, &[], &[]).await?;
        clubs.retain(|club| sight.moderates || (!club.disbanded && sight.reaches(club.owner_id)));
        Ok(by_id(clubs, |club| club.id))
    }
}

/// Community events by id.
pub(in crate::graphql) struct Gatherings(Reader);

impl Loader<Uuid> for Gatherings {
    type Value = Gathering;
    type Error = Error;

    async fn load(&self, ids: &[Uuid]) -> Result<HashMap<Uuid, Gathering>, Error> {
        let mut connection = self.0.connection().await?;
        let mut gatherings = store::gatherings::by_ids(&mut connection, ids).await?;
        let hosts: Vec<Uuid> = gatherings
            .iter()
            .map(|gathering| gathering.host_id)
            .collect();
        let clubs: Vec<Uuid> = gatherings
            .iter()
            .filter_map(|gathering| gathering.club_id)
            .collect();
        let viewer = &self.0.context.viewer;
        let sight = sight(&mut connection, viewer, &hosts, &[], &clubs).await?;
        gatherings.retain(|gathering| {
            let invited = gathering
                .club_id
                .is_none_or(|club| sight.clubs.contains(&club));
            sight.moderates || (invited && sight.reaches(gathering.host_id))
        });
        Ok(by_id(gatherings, |gathering| gathering.id))
    }
}

/// Cases by id: all for moderators, for authors those about their own contents in which something was decided.
pub(in crate::graphql) struct Cases(Reader);

impl Loader<Uuid> for Cases {
    type Value = Case;
    type Error = Error;

    async fn load(&self, ids: &[Uuid]) -> Result<HashMap<Uuid, Case>, Error> {
        let Some(user) = self.0.user() else {
            return Ok(HashMap::new());
        };
        let moderates = self.0.moderates();
        let mut connection = self.0.connection().await?;
        let mut cases = store::cases::by_ids(&mut connection, ids).await?;
        cases.retain(|case| {
            let told = ![CaseStatus::Open, CaseStatus::Kept].contains(&case.status);
            moderates || (case.author_id == user && told)
        });
        Ok(by_id(cases, |case| case.id))
    }
}

/// The first reports of cases, for moderators.
pub(in crate::graphql) struct CaseReports(Reader);

impl Loader<Uuid> for CaseReports {
    type Value = Vec<Report>;
    type Error = Error;

    async fn load(&self, cases: &[Uuid]) -> Result<HashMap<Uuid, Vec<Report>>, Error> {
        if !self.0.moderates() {
            return Ok(HashMap::new());
        }
        let mut connection = self.0.connection().await?;
        let reports = store::cases::reports_of(&mut connection, cases).await?;
        Ok(grouped(
            reports.into_iter().map(|report| (report.case_id, report)),
        ))
    }
}
