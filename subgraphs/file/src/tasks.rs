//! Work beside the requests: looking at files, removing objects, forgetting uploads that were given up.
//!
//! A job is a row that is leased. A worker that is killed leaves it, and the next one begins it again when the lease ends; a
//! file that kills every worker is rejected after some tries.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use coko_core::context::CommandContext;
use coko_core::service::Task;
use coko_core::{Error, Result};
use tokio_util::sync::CancellationToken;

use crate::commands::{downloads, processing, uploads};
use crate::model::{Details, File, Reason};
use crate::process::{self, ProcessError, apart};
use crate::store::jobs::Job;
use crate::{Files, store};

/// Tries before a file is rejected that cannot be processed.
const ATTEMPTS: i32 = 5;
/// How often the queue is looked at when nobody says that something is in it.
const POLL: Duration = Duration::from_secs(2);
/// How often leftovers are looked for.
const SWEEP: Duration = Duration::from_secs(5);

/// The tasks of this process.
pub(crate) fn tasks(files: &Arc<Files>) -> Vec<Task> {
    let mut tasks: Vec<Task> = (0..files.config.workers.clamp(1, 64))
        .map(|_| {
            let files = files.clone();
            Task::new("file-processing", move |stop| work(files.clone(), stop))
        })
        .collect();
    let files = files.clone();
    tasks.push(Task::every("file-sweeping", SWEEP, move || {
        let files = files.clone();
        async move { sweep(&files).await }
    }));
    tasks
}

async fn work(files: Arc<Files>, stop: CancellationToken) {
    while !stop.is_cancelled() {
        let more = next(&files).await.unwrap_or_else(|error| {
            tracing::warn!(%error, "processing a file failed and is tried again");
            false
        });
        if !more {
            tokio::select! {
                () = tokio::time::sleep(POLL) => {}
                () = files.wake.notified() => {}
                () = stop.cancelled() => {}
            }
        }
    }
}

/// Does the next job, if one is due; says whether one was.
///
/// # Errors
/// When the database or the storage does not answer; the job is then tried again later.
pub(crate) async fn next(files: &Arc<Files>) -> Result<bool> {
    let context = files.system();
    let Some(job) = processing::lease(files, &context).await? else {
        return Ok(false);
    };
    let context = CommandContext {
        request_id: job.request_id.clone(),
        traceparent: job.traceparent.clone(),
        ..context
    };
    if job.attempts > ATTEMPTS {
        processing::settle(files, &context, &job, Err(Reason::ProcessingFailed)).await?;
        return Ok(true);
    }
    let kept = keep(files.clone(), job.clone());
    let outcome = look(files, &job).await;
    kept.abort();
    let now = files.clock.now();
    let context = CommandContext { now, ..context };
    match outcome {
        Ok(outcome) => processing::settle(files, &context, &job, outcome).await?,
        Err(error) => {
            // Later each time, so that a storage that is down is not asked without end.
            let pause = time::Duration::seconds(5 << job.attempts.clamp(0, 6));
            let mut connection = files.pool.get().await?;
            store::jobs::hold(&mut connection, &job, now + pause).await?;
            return Err(error);
        }
    }
    Ok(true)
}

/// Renews the lease as long as the work goes on.
fn keep(files: Arc<Files>, job: Job) -> tokio::task::JoinHandle<()> {
    tokio::spawn(async move {
        let pause = files.lease().unsigned_abs() / 3;
        loop {
            tokio::time::sleep(pause).await;
            let until = files.clock.now() + files.lease();
            let held = match files.pool.get().await {
                Ok(mut connection) => store::jobs::hold(&mut connection, &job, until).await,
                Err(_) => continue,
            };
            if matches!(held, Ok(false)) {
                return;
            }
        }
    })
}

/// Fetches a file, looks at it apart from the requests' threads, and stores what is made of it.
async fn look(files: &Arc<Files>, job: &Job) -> Result<Result<Details, Reason>> {
    let file = {
        let mut connection = files.pool.get().await?;
        store::files::by_id(&mut connection, job.file_id).await?
    };
    let Some(file) = file else {
        return Ok(Err(Reason::ProcessingFailed));
    };
    let scratch = match &files.config.scratch {
        Some(folder) => tempfile::tempfile_in(folder),
        None => tempfile::tempfile(),
    };
    let scratch = scratch.map_err(Error::internal)?;
    let local = files.storage.fetch(&file.object(), scratch).await?;
    let media_type = file.media_type.clone().unwrap_or_default();
    let limits = files.config.content;
    let processed = match &files.config.inspector {
        Some(program) => apart::process_apart(program, local, &media_type, &limits).await,
        None => tokio::task::spawn_blocking(move || process::process(local, &media_type, &limits))
            .await
            // A panic is a fault of a parser; the job is tried again and rejected in the end.
            .map_err(Error::internal)?,
    };
    match processed {
        Ok(processed) => {
            for (width, bytes) in processed.pictures {
                let object = File::variant(file.id, width);
                files.storage.put(&object, Bytes::from(bytes)).await?;
            }
            if let Some(index) = processed.index {
                let bytes = serde_json::to_vec(&index).map_err(Error::internal)?;
                files.storage.put(&file.index(), bytes.into()).await?;
            }
            Ok(Ok(processed.details))
        }
        Err(ProcessError::Rejected(reason)) => Ok(Err(reason)),
        Err(ProcessError::Io(error)) => Err(Error::internal(error)),
    }
}

/// Removes objects that nothing refers to any more, and forgets uploads that were not completed in time and links that ended.
pub(crate) async fn sweep(files: &Files) -> Result<()> {
    let context = files.system();
    while uploads::forget_expired(files, &context).await? > 0 {}
    while downloads::forget_ended(files, &context).await? > 0 {}
    let due = uploads::due_purges(files, &context).await?;
    for prefix in due {
        files.storage.purge(&prefix).await?;
        let mut connection = files.pool.get().await?;
        store::jobs::purged(&mut connection, &prefix).await?;
    }
    Ok(())
}
