//! What community tells of contents that were reported, and of what became of them.

use coko_core::Result;
use coko_core::database::Connection;
use coko_core::events::community::{ContentAppealed, ContentModerated, ContentReported};

use super::{finish, tally};
use crate::model::{Metric, ReportedContent, ReportedStatus};
use crate::store;

/// What is decided when a content is taken away, and when it is brought back.
const REMOVED: &str = "REMOVED";
const OVERTURNED: &str = "OVERTURNED";

/// Somebody reported a content.
pub(crate) async fn reported(connection: &mut Connection, event: &ContentReported) -> Result<()> {
    let mut author = store::people::lock(connection, event.author_id).await?;
    let what = (event.kind.as_str(), event.content_id);
    let new = ReportedContent::new(event.case_id, what, event.author_id, event.at);
    let mut content = store::reported::lock(connection, &new).await?;
    content.report(&event.reason, event.hidden, event.at);
    store::reported::update(connection, &content).await?;
    author.reports = author.reports.saturating_add(1);
    let mut tally = tally(&author);
    tally.add(Metric::Reports, event.at, 1);
    finish(connection, &author, tally).await
}

/// The author appealed: it waits again.
pub(crate) async fn appealed(connection: &mut Connection, event: &ContentAppealed) -> Result<()> {
    let what = (event.kind.as_str(), event.content_id);
    let new = ReportedContent::new(event.case_id, what, event.author_id, event.at);
    let mut content = store::reported::lock(connection, &new).await?;
    if content.turn(ReportedStatus::Appealed, None, event.at) {
        store::reported::update(connection, &content).await?;
    }
    Ok(())
}

/// A moderator decided.
pub(crate) async fn moderated(connection: &mut Connection, event: &ContentModerated) -> Result<()> {
    let mut author = store::people::lock(connection, event.author_id).await?;
    let what = (event.kind.as_str(), event.content_id);
    let new = ReportedContent::new(event.case_id, what, event.author_id, event.at);
    let mut content = store::reported::lock(connection, &new).await?;
    if content.turn(ReportedStatus::Decided, Some(&event.decision), event.at) {
        // What is brought back may be another content than the one that was taken away.
        content.content_id = event.content_id;
        store::reported::update(connection, &content).await?;
    }
    match event.decision.as_str() {
        REMOVED => author.removals = author.removals.saturating_add(1),
        OVERTURNED => author.removals = author.removals.saturating_sub(1),
        _ => return Ok(()),
    }
    let tally = tally(&author);
    finish(connection, &author, tally).await
}
