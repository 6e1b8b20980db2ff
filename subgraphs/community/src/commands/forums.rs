//! Forums, which moderators keep.

use coko_core::context::CommandContext;
use coko_core::graphql::{Failure, Outcome, Refusal, Refusals};
use coko_core::text;
use diesel_async::AsyncConnection as _;
use uuid::Uuid;

use super::{Community, moderator};
use crate::error::ForumErrorCode as Code;
use crate::model::forum::{DESCRIPTION, FORUMS, NAME, is_slug};
use crate::model::{Forum, LogEntry};
use crate::store;

/// What a forum is called and about, in both languages.
#[derive(Clone, Debug)]
pub(crate) struct Called {
    pub(crate) name_fr: String,
    pub(crate) name_en: String,
    pub(crate) description_fr: String,
    pub(crate) description_en: String,
    pub(crate) position: i32,
    pub(crate) archived: bool,
}

impl Called {
    fn onto(&self, id: Uuid, slug: &str) -> Result<Forum, Vec<Refusal<Code>>> {
        let mut refusals = Refusals::default();
        let mut line = |text: &str, max, field| {
            let line = refusals.check(text::line(text, max), Code::NameInvalid, field);
            line.unwrap_or_default()
        };
        let forum = Forum {
            id,
            slug: slug.to_owned(),
            name_fr: line(&self.name_fr, NAME, "nameFr"),
            name_en: line(&self.name_en, NAME, "nameEn"),
            description_fr: line(&self.description_fr, DESCRIPTION, "descriptionFr"),
            description_en: line(&self.description_en, DESCRIPTION, "descriptionEn"),
            position: self.position,
            archived: self.archived,
        };
        refusals.finish(forum)
    }
}

/// Makes a forum (`slug`), or changes the one with an id. Needs `community:moderate`.
///
/// # Errors
/// Refusals of the input; `UNAUTHENTICATED`, `FORBIDDEN`.
pub(crate) async fn save(
    context: &CommandContext,
    community: &Community,
    known: Option<Uuid>,
    slug: Option<&str>,
    called: &Called,
) -> Outcome<Uuid, Code> {
    let user = moderator(context)?;
    if slug.is_some_and(|slug| !is_slug(slug)) || (known.is_none() && slug.is_none()) {
        return Err(Failure::field(Code::SlugInvalid, "slug"));
    }
    let mut connection = community.pool.get().await?;
    connection
        .transaction(async |connection| {
            let id = known.unwrap_or_else(|| context.id());
            let found = store::forums::by_ids(connection, &[id]).await?.pop();
            let full = store::forums::count_open(connection).await? >= FORUMS;
            if full && !called.archived && found.as_ref().is_none_or(|forum| forum.archived) {
                let most = usize::try_from(FORUMS).unwrap_or_default();
                return Err(vec![Refusal::beyond(Code::TooManyForums, "archived", most)].into());
            }
            match (known, found) {
                (Some(_), None) => return Err(Failure::field(Code::NotFound, "id")),
                // An address that was given out stays.
                (Some(_), Some(found)) => {
                    let forum = called.onto(id, &found.slug)?;
                    store::forums::update(connection, &forum).await?;
                }
                (None, _) => {
                    let forum = called.onto(id, slug.unwrap_or_default())?;
                    if !store::forums::insert(connection, &forum).await? {
                        return Err(Failure::field(Code::SlugTaken, "slug"));
                    }
                }
            }
            let entry = LogEntry {
                id: context.id(),
                at: context.now,
                moderator_id: Some(user),
                action: "forum.saved".to_owned(),
                subject_kind: "FORUM".to_owned(),
                subject_id: id,
                case_id: None,
                reason: None,
                note: None,
                address: context.address.map(|address| address.to_string()),
                request_id: context.request_id.clone(),
            };
            store::cases::log(connection, &entry).await?;
            Ok::<_, Failure<Code>>(id)
        })
        .await
}
