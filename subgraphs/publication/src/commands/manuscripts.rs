//! Manuscripts: what they say of themselves, their versions, and what is said about them.

use coko_core::context::CommandContext;
use coko_core::database::Connection;
use coko_core::graphql::{Failure, Outcome};
use coko_core::identity::Viewer;
use coko_core::text;
use diesel::QueryResult;
use diesel::result::Error as Diesel;
use diesel_async::AsyncConnection as _;
use uuid::Uuid;

use super::{Publishing, author, members_manuscript, members_organization, reviews};
use crate::error::{ManuscriptCommentErrorCode, ManuscriptErrorCode, ManuscriptVersionErrorCode};
use crate::model::details::text_refusal;
use crate::model::manuscript::{Ids, MAX_VERSIONS};
use crate::model::note::MAX_BODY;
use crate::model::{Details, FileStatus, Manuscript, MemberRole, Note, Version};
use crate::store;

/// The index over ISBNs.
const ISBNS: &str = "manuscripts_by_isbn";
/// Most characters of a version's notes.
const MAX_NOTES: usize = 2_000;

/// Begins a manuscript.
///
/// # Errors
/// Refusals of the input; `FORBIDDEN` without `books:publish`, and for members who do not write.
pub(crate) async fn create(
    context: &CommandContext,
    publishing: &Publishing,
    organization: Uuid,
    details: Details,
) -> Outcome<Manuscript, ManuscriptErrorCode> {
    let user = author(context)?;
    let details = details.checked()?;
    let ids = Ids {
        manuscript: context.id(),
        book: context.id(),
    };
    let manuscript = Manuscript::draft(ids, organization, user, details, context.now);
    let mut connection = publishing.pool.get().await?;
    connection
        .transaction(async |connection| {
            let whose = (organization, user);
            let not_found = ManuscriptErrorCode::NotFound;
            members_organization(connection, whose, not_found, MemberRole::writes).await?;
            store::manuscripts::insert(connection, &manuscript)
                .await
                .map_err(isbn_taken)?;
            Ok::<_, Failure<ManuscriptErrorCode>>(())
        })
        .await?;
    metrics::counter!("publication_manuscripts_total", "source" => "AUTHOR").increment(1);
    Ok(manuscript)
}

/// Has a manuscript say something else of itself.
///
/// # Errors
/// Refusals of the input; `FORBIDDEN` without `books:publish`, and for members who do not write.
pub(crate) async fn update(
    context: &CommandContext,
    publishing: &Publishing,
    (id, version): (Uuid, i64),
    details: Details,
) -> Outcome<Manuscript, ManuscriptErrorCode> {
    use ManuscriptErrorCode as Code;
    let user = author(context)?;
    let details = details.checked()?;
    let mut connection = publishing.pool.get().await?;
    connection
        .transaction(async |connection| {
            let whose = (id, user);
            let mut manuscript =
                members_manuscript(connection, whose, Code::NotFound, MemberRole::writes).await?;
            if manuscript.version != version {
                return Err(Failure::field(Code::VersionConflict, "version"));
            }
            if !manuscript.status.is_editable() {
                return Err(Failure::field(Code::IllegalStatus, "manuscriptId"));
            }
            manuscript.describe(details, context.now);
            store::manuscripts::update(connection, &manuscript)
                .await
                .map_err(isbn_taken)?;
            Ok(manuscript)
        })
        .await
}

/// Adds a version, whose file was uploaded for the manuscript's book and looked at.
///
/// # Errors
/// Refusals of the input; `FORBIDDEN` without `books:publish`, and for members who do not write.
pub(crate) async fn add_version(
    context: &CommandContext,
    publishing: &Publishing,
    id: Uuid,
    file: Uuid,
    notes: Option<String>,
) -> Outcome<Version, ManuscriptVersionErrorCode> {
    use ManuscriptVersionErrorCode as Code;
    let user = author(context)?;
    let notes = match notes.as_deref().map(|notes| text::block(notes, MAX_NOTES)) {
        None | Some(Err(text::TextError::Empty)) => None,
        Some(Ok(notes)) => Some(notes),
        Some(Err(error)) => {
            let control = Code::ControlCharacters;
            let refusal = text_refusal(error, "notes", control, Code::TooLong, control);
            return Err(Failure::Refused(vec![refusal]));
        }
    };
    let mut connection = publishing.pool.get().await?;
    connection
        .transaction(async |connection| {
            let whose = (id, user);
            let mut manuscript =
                members_manuscript(connection, whose, Code::NotFound, MemberRole::writes).await?;
            if !manuscript.status.is_editable() {
                return Err(Failure::field(Code::IllegalStatus, "manuscriptId"));
            }
            let found = store::files::by_ids(connection, &[file]).await?.pop();
            let found = found
                .filter(|file| file.manuscript_id == id)
                .ok_or_else(|| Failure::field(Code::FileUnknown, "fileId"))?;
            if found.status == FileStatus::Rejected {
                return Err(Failure::field(Code::FileRejected, "fileId"));
            }
            if !found.is_text() {
                return Err(Failure::field(Code::WrongKind, "fileId"));
            }
            let last = store::versions::last_number(connection, id).await?;
            if last >= MAX_VERSIONS {
                return Err(Failure::field(Code::TooMany, "manuscriptId"));
            }
            let version = Version {
                id: context.id(),
                manuscript_id: id,
                number: last + 1,
                file_id: file,
                notes,
                created_by: user,
                created_at: context.now,
            };
            store::versions::insert(connection, &version).await?;
            manuscript.touch(context.now);
            store::manuscripts::update(connection, &manuscript).await?;
            Ok(version)
        })
        .await
}

/// Says something about a manuscript that the viewer may see.
///
/// # Errors
/// Refusals of the input; `FORBIDDEN` for whoever neither publishes nor reviews.
pub(crate) async fn comment(
    context: &CommandContext,
    publishing: &Publishing,
    id: Uuid,
    body: &str,
) -> Outcome<Note, ManuscriptCommentErrorCode> {
    use ManuscriptCommentErrorCode as Code;
    let user = context.viewer.require_user()?;
    if !reviews(&context.viewer) {
        context.viewer.require("books", "publish")?;
    }
    let body = text::block(body, MAX_BODY).map_err(|error| {
        let (required, control) = (Code::Required, Code::ControlCharacters);
        Failure::Refused(vec![text_refusal(
            error,
            "body",
            required,
            Code::TooLong,
            control,
        )])
    })?;
    let note = Note {
        id: context.id(),
        manuscript_id: id,
        author_id: Some(user),
        status: None,
        body: Some(body),
        at: context.now,
    };
    let mut connection = publishing.pool.get().await?;
    connection
        .transaction(async |connection| {
            let found = store::manuscripts::by_ids(connection, &[id]).await?;
            let seen = visible(connection, &context.viewer, found).await?;
            if seen.is_empty() {
                return Err(Failure::field(Code::NotFound, "manuscriptId"));
            }
            store::notes::insert(connection, &note).await?;
            Ok(note)
        })
        .await
}

/// Those of `manuscripts` that the viewer may see: their organisation's, and for reviewers what was ever submitted.
pub(crate) async fn visible(
    connection: &mut Connection,
    viewer: &Viewer,
    mut manuscripts: Vec<Manuscript>,
) -> QueryResult<Vec<Manuscript>> {
    let Some(user) = viewer.user_id() else {
        return Ok(Vec::new());
    };
    let reviews = reviews(viewer);
    let publishes = viewer.can("books", "publish");
    let mut theirs = Vec::new();
    if publishes {
        let mut organizations: Vec<Uuid> = manuscripts
            .iter()
            .map(|manuscript| manuscript.organization_id)
            .collect();
        organizations.sort_unstable();
        organizations.dedup();
        let roles = store::organizations::roles(connection, &organizations, user).await?;
        theirs.extend(roles.into_iter().map(|(organization, _)| organization));
    }
    manuscripts.retain(|manuscript| {
        theirs.contains(&manuscript.organization_id) || reviews && manuscript.status.is_reviewable()
    });
    Ok(manuscripts)
}

/// An ISBN that two manuscripts reach at once is a refusal like any other.
fn isbn_taken(error: Diesel) -> Failure<ManuscriptErrorCode> {
    match store::broken_index(&error) {
        Some(ISBNS) => Failure::field(ManuscriptErrorCode::IsbnTaken, "isbn"),
        _ => error.into(),
    }
}
