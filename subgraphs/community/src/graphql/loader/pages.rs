//! Pages of lists that belong to something: those that are asked for the same page share a query.

use std::collections::HashMap;
use std::hash::{Hash, Hasher};

use async_graphql::Request;
use async_graphql::dataloader::Loader;
use coko_core::Error;
use coko_core::paging::{Page, Slice};
use uuid::Uuid;

use super::{Reader, loader};
use crate::model::{ClubMember, Follow, Post, Review};
use crate::store;
use crate::store::relations::End;

pub(super) fn attach(request: Request, reader: &Reader) -> Request {
    request
        .data(loader(BookReviews(reader.clone())))
        .data(loader(TopicPosts(reader.clone())))
        .data(loader(ClubMembers(reader.clone())))
        .data(loader(Follows(reader.clone())))
}

/// One page of the list that belongs to `owner`; `which` tells its lists apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::graphql) struct PageOf<K, W = ()> {
    pub(in crate::graphql) owner: Uuid,
    pub(in crate::graphql) which: W,
    pub(in crate::graphql) page: Page<K>,
}

impl<K: Hash, W: Hash> Hash for PageOf<K, W> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.owner.hash(state);
        self.which.hash(state);
        self.page.size.hash(state);
        self.page.from.hash(state);
    }
}

/// The owners that are asked for the same page of the same list.
fn alike<K: Clone + Eq, W: Clone + Eq>(keys: &[PageOf<K, W>]) -> Vec<(PageOf<K, W>, Vec<Uuid>)> {
    let mut groups: Vec<(PageOf<K, W>, Vec<Uuid>)> = Vec::new();
    for key in keys {
        let same = groups
            .iter_mut()
            .find(|(known, _)| known.page == key.page && known.which == key.which);
        match same {
            Some((_, owners)) => owners.push(key.owner),
            None => groups.push((key.clone(), vec![key.owner])),
        }
    }
    groups
}

/// What a query answered, by the keys that asked for it.
fn keyed<K: Clone + Eq + Hash, W: Clone + Eq + Hash, T>(
    group: &PageOf<K, W>,
    slices: HashMap<Uuid, Slice<T>>,
) -> impl Iterator<Item = (PageOf<K, W>, Slice<T>)> {
    slices.into_iter().map(|(owner, slice)| {
        let key = PageOf {
            owner,
            ..group.clone()
        };
        (key, slice)
    })
}

/// Pages of the reviews of books.
pub(in crate::graphql) struct BookReviews(Reader);

impl Loader<PageOf<Uuid>> for BookReviews {
    type Value = Slice<Review>;
    type Error = Error;

    async fn load(
        &self,
        keys: &[PageOf<Uuid>],
    ) -> Result<HashMap<PageOf<Uuid>, Slice<Review>>, Error> {
        let mut connection = self.0.connection().await?;
        let mut found = HashMap::new();
        for (group, books) in alike(keys) {
            let looker = self.0.looker();
            let slices =
                store::reviews::of_books(&mut connection, &group.page, looker, &books).await?;
            found.extend(keyed(&group, slices));
        }
        Ok(found)
    }
}

/// Pages of the posts of topics.
pub(in crate::graphql) struct TopicPosts(Reader);

impl Loader<PageOf<String>> for TopicPosts {
    type Value = Slice<Post>;
    type Error = Error;

    async fn load(
        &self,
        keys: &[PageOf<String>],
    ) -> Result<HashMap<PageOf<String>, Slice<Post>>, Error> {
        let mut connection = self.0.connection().await?;
        let mut found = HashMap::new();
        for (group, topics) in alike(keys) {
            let looker = self.0.looker();
            let slices =
                store::posts::of_topics(&mut connection, &group.page, looker, &topics).await?;
            found.extend(keyed(&group, slices));
        }
        Ok(found)
    }
}

/// Pages of the members of clubs, or of those who wait.
pub(in crate::graphql) struct ClubMembers(Reader);

impl Loader<PageOf<Uuid, bool>> for ClubMembers {
    type Value = Slice<ClubMember>;
    type Error = Error;

    async fn load(
        &self,
        keys: &[PageOf<Uuid, bool>],
    ) -> Result<HashMap<PageOf<Uuid, bool>, Slice<ClubMember>>, Error> {
        let mut connection = self.0.connection().await?;
        let mut found = HashMap::new();
        for (group, clubs) in alike(keys) {
            let (page, looker) = (&group.page, self.0.looker());
            let slices =
                store::clubs::members_of(&mut connection, page, looker, group.which, &clubs);
            let slices = slices.await?;
            found.extend(keyed(&group, slices));
        }
        Ok(found)
    }
}

/// Pages of whom people follow, and are followed by.
pub(in crate::graphql) struct Follows(Reader);

impl Loader<PageOf<Uuid, End>> for Follows {
    type Value = Slice<Follow>;
    type Error = Error;

    async fn load(
        &self,
        keys: &[PageOf<Uuid, End>],
    ) -> Result<HashMap<PageOf<Uuid, End>, Slice<Follow>>, Error> {
        let mut connection = self.0.connection().await?;
        let mut found = HashMap::new();
        for (group, people) in alike(keys) {
            let (page, looker) = (&group.page, self.0.looker());
            let slices =
                store::relations::follows_of(&mut connection, page, group.which, looker, &people);
            let slices = slices.await?;
            found.extend(keyed(&group, slices));
        }
        Ok(found)
    }
}
