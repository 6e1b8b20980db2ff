//! What becomes of a file that was looked at.

use coko_core::context::CommandContext;
use coko_core::events::file::{FileFinding, FileProcessed, ImageVariant};
use coko_core::{Result, outbox};
use diesel_async::AsyncConnection as _;

use super::reject;
use crate::model::{Details, File, Kind, Reason, Status};
use crate::store::jobs::Job;
use crate::{Files, store};

/// Takes the next job, if one is due.
pub(crate) async fn lease(files: &Files, context: &CommandContext) -> Result<Option<Job>> {
    let mut connection = files.pool.get().await?;
    let until = context.now + files.lease();
    Ok(store::jobs::lease(&mut connection, context.id(), context.now, until).await?)
}

/// Ends a job with its outcome, unless another worker has taken it over meanwhile.
pub(crate) async fn settle(
    files: &Files,
    context: &CommandContext,
    job: &Job,
    outcome: Result<Details, Reason>,
) -> Result<()> {
    let mut connection = files.pool.get().await?;
    connection
        .transaction(async |connection| {
            let file = store::files::lock(connection, job.file_id).await?;
            let held = store::jobs::finish(connection, job).await?;
            let Some(mut file) = file.filter(|file| file.status != Status::Rejected) else {
                // What was just stored of a file that is gone goes too.
                let prefix = File::prefix(job.file_id);
                store::jobs::purge(connection, &prefix, context.now).await?;
                return Ok(());
            };
            if !held || file.status != Status::Processing {
                return Ok(());
            }
            match outcome {
                Err(reason) => reject(connection, context, &mut file, reason).await?,
                Ok(details) => {
                    let event = processed(files, context, &file, &details);
                    file.details = serde_json::to_value(details).unwrap_or_default();
                    file.status = Status::Ready;
                    file.updated_at = context.now;
                    store::files::update(connection, &file).await?;
                    metrics::counter!("file_processed_total", "kind" => file.kind.as_str(), "outcome" => "READY").increment(1);
                    outbox::enqueue(connection, context, &event).await?;
                }
            }
            Ok(())
        })
        .await
}

fn processed(
    files: &Files,
    context: &CommandContext,
    file: &File,
    details: &Details,
) -> FileProcessed {
    let images = details.widths.iter().map(|width| ImageVariant {
        width: *width,
        url: files.picture_url(file.id, *width),
    });
    let findings = details.findings.iter().map(|finding| FileFinding {
        severity: finding.severity.as_str().to_owned(),
        code: finding.code.clone(),
        path: finding.path.clone(),
    });
    FileProcessed {
        file_id: file.id,
        kind: file.kind.as_str().to_owned(),
        book_id: file.book_id,
        uploaded_by: file.owner_id.filter(|_| !file.by_staff),
        media_type: file.media_type.clone().unwrap_or_default(),
        page_count: details.pages,
        images: if file.kind.is_picture() {
            images.collect()
        } else {
            Vec::new()
        },
        public_url: (file.kind == Kind::Sample)
            .then(|| format!("{}/files/{}/content", files.public_url, file.id)),
        findings: findings.collect(),
        processed_at: context.now,
    }
}
