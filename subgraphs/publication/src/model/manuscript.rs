//! Manuscripts and their versions.

use diesel::prelude::*;
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use super::{Details, ManuscriptStatus, Prices, Step, Texts};
use crate::tables::{manuscript_versions, manuscripts};

/// Most versions of one manuscript.
pub(crate) const MAX_VERSIONS: i32 = 500;
/// How far ahead a publication may be scheduled.
const HORIZON: Duration = Duration::days(2 * 365);

/// A work on its way to readers.
#[derive(Clone, Debug, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = manuscripts, treat_none_as_null = true)]
pub(crate) struct Manuscript {
    #[diesel(skip_update)]
    pub(crate) id: Uuid,
    #[diesel(skip_update)]
    pub(crate) organization_id: Uuid,
    #[diesel(skip_update)]
    pub(crate) book_id: Uuid,
    pub(crate) title: String,
    pub(crate) subtitle: Option<String>,
    pub(crate) description: Option<String>,
    pub(crate) language: String,
    pub(crate) isbn: Option<String>,
    pub(crate) authors: Texts,
    pub(crate) categories: Texts,
    pub(crate) prices: Prices,
    pub(crate) status: ManuscriptStatus,
    pub(crate) version: i64,
    pub(crate) revision: i64,
    #[diesel(skip_update)]
    pub(crate) created_by: Uuid,
    pub(crate) onix_reference: Option<String>,
    pub(crate) onix_digest: Option<Vec<u8>>,
    pub(crate) submitted_at: Option<OffsetDateTime>,
    pub(crate) publish_at: Option<OffsetDateTime>,
    pub(crate) published_at: Option<OffsetDateTime>,
    #[diesel(skip_update)]
    pub(crate) created_at: OffsetDateTime,
    pub(crate) updated_at: OffsetDateTime,
}

/// The ids of a new manuscript and of the book that it may become.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ids {
    pub(crate) manuscript: Uuid,
    pub(crate) book: Uuid,
}

impl Manuscript {
    /// A draft of `organization` by `author`.
    pub(crate) fn draft(
        ids: Ids,
        organization: Uuid,
        author: Uuid,
        details: Details,
        now: OffsetDateTime,
    ) -> Self {
        let mut draft = Self {
            id: ids.manuscript,
            organization_id: organization,
            book_id: ids.book,
            title: String::new(),
            subtitle: None,
            description: None,
            language: String::new(),
            isbn: None,
            authors: Texts::default(),
            categories: Texts::default(),
            prices: Prices::default(),
            status: ManuscriptStatus::Draft,
            version: 0,
            revision: 0,
            created_by: author,
            onix_reference: None,
            onix_digest: None,
            submitted_at: None,
            publish_at: None,
            published_at: None,
            created_at: now,
            updated_at: now,
        };
        draft.describe(details, now);
        draft
    }

    /// What it says of itself.
    pub(crate) fn details(&self) -> Details {
        Details {
            title: self.title.clone(),
            subtitle: self.subtitle.clone(),
            description: self.description.clone(),
            language: self.language.clone(),
            isbn: self.isbn.clone(),
            authors: self.authors.clone(),
            categories: self.categories.clone(),
            prices: self.prices.clone(),
        }
    }

    /// Has it say this of itself from now on.
    pub(crate) fn describe(&mut self, details: Details, now: OffsetDateTime) {
        self.title = details.title;
        self.subtitle = details.subtitle;
        self.description = details.description;
        self.language = details.language;
        self.isbn = details.isbn;
        self.authors = details.authors;
        self.categories = details.categories;
        self.prices = details.prices;
        self.touch(now);
    }

    /// Counts a change.
    pub(crate) fn touch(&mut self, now: OffsetDateTime) {
        self.version += 1;
        self.updated_at = now;
    }

    /// Whether `step` can be taken now.
    pub(crate) fn permits(&self, step: Step) -> bool {
        step.origins().contains(&self.status)
    }

    /// Takes a step, which [`Manuscript::permits`]; `publish_at` is the moment of a schedule.
    pub(crate) fn take(
        &mut self,
        step: Step,
        publish_at: Option<OffsetDateTime>,
        now: OffsetDateTime,
    ) {
        self.status = step.target();
        self.publish_at = publish_at.filter(|_| step == Step::Schedule);
        match step {
            Step::Submit => self.submitted_at = Some(now),
            Step::Publish => {
                self.published_at = Some(now);
                self.revision += 1;
            }
            Step::Withdraw => self.revision += 1,
            _ => {}
        }
        self.touch(now);
    }
}

/// Whether a publication may be scheduled for `at`.
pub(crate) fn can_be_scheduled(at: OffsetDateTime, now: OffsetDateTime) -> bool {
    // Clocks differ a little.
    (now - Duration::minutes(5)..=now + HORIZON).contains(&at)
}

/// One state of a manuscript's text.
#[derive(Clone, Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = manuscript_versions)]
pub(crate) struct Version {
    pub(crate) id: Uuid,
    pub(crate) manuscript_id: Uuid,
    /// From 1.
    pub(crate) number: i32,
    pub(crate) file_id: Uuid,
    pub(crate) notes: Option<String>,
    pub(crate) created_by: Uuid,
    pub(crate) created_at: OffsetDateTime,
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn only_what_is_scheduled_has_a_moment(steps in prop::collection::vec(0_usize..Step::ALL.len(), 0..40)) {
            let now = OffsetDateTime::UNIX_EPOCH;
            let ids = Ids { manuscript: Uuid::from_u128(1), book: Uuid::from_u128(2) };
            let mut manuscript = Manuscript::draft(ids, Uuid::from_u128(3), Uuid::from_u128(4), Details::default(), now);
            let mut said = 0;
            for index in steps {
                let step = Step::ALL[index];
                if !manuscript.permits(step) {
                    continue;
                }
                let version = manuscript.version;
                manuscript.take(step, Some(now), now);
                said += i64::from(matches!(step, Step::Publish | Step::Withdraw));
                prop_assert_eq!(manuscript.version, version + 1);
                prop_assert_eq!(manuscript.revision, said);
                prop_assert_eq!(manuscript.publish_at.is_some(), manuscript.status == ManuscriptStatus::Scheduled);
            }
        }
    }
}
