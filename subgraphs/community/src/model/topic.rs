//! Topics, and the tree of posts in each.

use diesel::prelude::*;
use time::OffsetDateTime;
use uuid::Uuid;

use super::content::ContentStatus;
use super::sight::Written;
use crate::tables::{posts, topics};

/// Most characters of a title.
pub(crate) const TITLE: usize = 150;
/// Most characters of a post.
pub(crate) const POST: usize = 10_000;
/// Hexadecimal digits of one step in a post's path.
const STEP: usize = 8;
/// Most steps of a path; answers to what lies deeper stand beside it.
const MAX_STEPS: usize = 12;

/// A conversation in a forum or a club.
#[derive(
    Clone, Debug, PartialEq, Queryable, Selectable, QueryableByName, Insertable, AsChangeset,
)]
#[diesel(table_name = topics, treat_none_as_null = true)]
pub(crate) struct Topic {
    pub(crate) id: Uuid,
    pub(crate) forum_id: Option<Uuid>,
    pub(crate) club_id: Option<Uuid>,
    pub(crate) book_id: Option<Uuid>,
    pub(crate) author_id: Uuid,
    pub(crate) title: String,
    pub(crate) spoils_after: f64,
    pub(crate) status: ContentStatus,
    pub(crate) locked: bool,
    pub(crate) pinned: bool,
    pub(crate) post_count: i32,
    pub(crate) last_post_id: Uuid,
    pub(crate) last_post_at: OffsetDateTime,
    pub(crate) created_at: OffsetDateTime,
}

impl Topic {
    /// What its visibility depends on; `closed` says whether its club is for members only.
    pub(crate) fn written(&self, closed: bool) -> Written {
        Written {
            author: self.author_id,
            status: self.status,
            spoils: self.book_id.map(|book| (book, self.spoils_after)),
            closed_club: self.club_id.filter(|_| closed),
        }
    }
}

/// One contribution to a topic.
#[derive(
    Clone, Debug, PartialEq, Queryable, Selectable, QueryableByName, Insertable, AsChangeset,
)]
#[diesel(table_name = posts, treat_none_as_null = true)]
pub(crate) struct Post {
    pub(crate) id: Uuid,
    pub(crate) topic_id: Uuid,
    pub(crate) parent_id: Option<Uuid>,
    pub(crate) author_id: Uuid,
    pub(crate) path: String,
    pub(crate) body: String,
    pub(crate) body_html: String,
    pub(crate) spoils_after: f64,
    pub(crate) status: ContentStatus,
    pub(crate) reply_count: i32,
    pub(crate) edited_at: Option<OffsetDateTime>,
    pub(crate) created_at: OffsetDateTime,
}

impl Post {
    /// What its visibility depends on, in this topic.
    pub(crate) fn written(&self, topic: &Topic, closed: bool) -> Written {
        Written {
            author: self.author_id,
            status: self.status,
            spoils: topic.book_id.map(|book| (book, self.spoils_after)),
            closed_club: topic.club_id.filter(|_| closed),
        }
    }

    /// Steps from the opening post.
    pub(crate) fn depth(&self) -> usize {
        (self.path.len() / STEP).saturating_sub(1)
    }

    /// Whether the topic begins with it.
    pub(crate) fn opens(&self) -> bool {
        self.parent_id.is_none()
    }

    /// Takes what was said away; the tree keeps its place.
    pub(crate) fn delete(&mut self, now: OffsetDateTime) {
        self.status = ContentStatus::Deleted;
        self.body.clear();
        self.body_html.clear();
        self.edited_at = Some(now);
    }
}

/// The path of the post with this number in its topic, under a parent with this path.
pub(crate) fn path(parent: Option<&str>, number: i32) -> String {
    let parent = parent.unwrap_or_default();
    let kept = parent.len().min((MAX_STEPS - 1) * STEP);
    format!("{}{number:08x}", &parent[..kept])
}

/// The place that an answer speaks of: never before what it answers, or the answer would give it away.
pub(crate) fn spoils_after(wanted: Option<f64>, parent: f64) -> f64 {
    wanted.unwrap_or(parent).max(parent)
}

/// Whether a share of a book is one.
pub(crate) fn is_share(value: f64) -> bool {
    (0.0..=1.0).contains(&value)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// Posts in the order of their paths are the tree, depth first, and answers in the order in which they came.
        #[test]
        fn paths_sort_as_the_tree(parents in prop::collection::vec(any::<prop::sample::Index>(), 1..60)) {
            let mut paths = vec![path(None, 0)];
            for (number, parent) in (1..).zip(&parents) {
                let under = parent.get(&paths).clone();
                let path = path(Some(&under), number);
                prop_assert!(path.len() <= MAX_STEPS * STEP);
                if under.len() < MAX_STEPS * STEP {
                    prop_assert!(path.starts_with(&under));
                }
                paths.push(path);
            }
            let mut sorted = paths.clone();
            sorted.sort();
            sorted.dedup();
            prop_assert_eq!(sorted.len(), paths.len());
            for pair in sorted.windows(2) {
                // What comes next answers this one, or one on the way to it.
                let above = &pair[1][..pair[1].len() - STEP];
                prop_assert!(pair[0].starts_with(above));
            }
        }

        #[test]
        fn an_answer_never_shows_before_what_it_answers(
            chain in prop::collection::vec(prop::option::of(0.0..=1.0_f64), 1..10),
        ) {
            let mut above = 0.0;
            for wanted in chain {
                let after = spoils_after(wanted, above);
                prop_assert!(after >= above && is_share(after));
                above = after;
            }
        }
    }

    #[test]
    fn what_is_no_number_is_no_share() {
        assert!(!is_share(f64::NAN) && !is_share(-0.1) && !is_share(1.01));
    }
}
