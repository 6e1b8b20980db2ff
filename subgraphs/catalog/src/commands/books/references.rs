//! What a book refers to: it must exist, and be the editor's to use.

use coko_core::Error;
use coko_core::database::Connection;
use coko_core::graphql::{Outcome, Refusal, Refusals};
use diesel::QueryResult;
use uuid::Uuid;

use crate::model::reason::{UnknownAuthor, UnknownCategory, UnknownPublisher, UnknownSeries};
use crate::model::{Book, CheckedChanges, Contribution, Editor};
use crate::store;

/// Checks that everything the changes refer to exists and may be used by this editor; `book` is what they change, unless
/// it is new.
pub(super) async fn check_references<C>(
    connection: &mut Connection,
    editor: &Editor,
    changes: &CheckedChanges,
    book: Option<&Book>,
) -> Outcome<(), C>
where
    C: From<UnknownAuthor> + From<UnknownCategory> + From<UnknownPublisher> + From<UnknownSeries>,
{
    let mut refusals = Refusals::default();
    if let Some(contributions) = changes.contributors() {
        for path in unknown_contributors(connection, contributions).await? {
            refusals.add(C::from(UnknownAuthor), path);
        }
    }
    if let Some(categories) = changes.categories() {
        for refusal in unknown_categories(connection, categories).await? {
            refusals.push(refusal);
        }
    }
    if let Some(publisher) = changes.publisher() {
        let unchanged = book.is_some_and(|book| book.publisher_id == Some(publisher));
        let known = !store::publishers::by_ids(connection, &[publisher])
            .await?
            .is_empty();
        // A house that is not the viewer's answers like one that does not exist.
        if !known || !(unchanged || editor.may_use_publisher(publisher)) {
            refusals.add(C::from(UnknownPublisher), "publisherId");
        }
    }
    if let Some(series) = changes.series()
        && store::series::by_ids(connection, &[series])
            .await?
            .is_empty()
    {
        refusals.add(C::from(UnknownSeries), "series.seriesId");
    }
    if changes.features() && !editor.manages_any {
        return Err(Error::forbidden().into());
    }
    Ok(refusals.finish(())?)
}

/// The paths of contributions by authors that do not exist.
async fn unknown_contributors(
    connection: &mut Connection,
    contributions: &[Contribution],
) -> QueryResult<Vec<String>> {
    let mut ids: Vec<Uuid> = contributions
        .iter()
        .map(|contribution| contribution.author_id)
        .collect();
    ids.sort_unstable();
    ids.dedup();
    let known = store::authors::by_ids(connection, &ids).await?;
    Ok(contributions
        .iter()
        .enumerate()
        .filter(|(_, contribution)| {
            known
                .iter()
                .all(|author| author.id != contribution.author_id)
        })
        .map(|(index, _)| format!("contributors.{index}.authorId"))
        .collect())
}

/// A refusal for each category that does not exist.
pub(super) async fn unknown_categories<C: From<UnknownCategory>>(
    connection: &mut Connection,
    categories: &[Uuid],
) -> QueryResult<Vec<Refusal<C>>> {
    let known = store::categories::by_ids(connection, categories).await?;
    Ok(categories
        .iter()
        .enumerate()
        .filter(|(_, category)| known.iter().all(|found| found.id != **category))
        .map(|(index, _)| Refusal::field(UnknownCategory.into(), format!("categoryIds.{index}")))
        .collect())
}
