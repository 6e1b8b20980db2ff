//! A reader's place among the downloads that run: taken before the first byte, renewed meanwhile, given back with the last.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use coko_core::Result;
use futures::Stream;
use tokio::task::JoinHandle;
use uuid::Uuid;

use crate::commands::downloads;
use crate::{Files, storage, store};

/// For how long a place is taken without a sign of life.
const TERM: time::Duration = time::Duration::seconds(60);
/// How often a place is renewed.
const RENEWAL: Duration = Duration::from_secs(20);

/// A place that is taken, given back when this is dropped.
#[derive(Debug)]
pub(super) struct Place {
    files: Arc<Files>,
    id: Uuid,
    renewal: JoinHandle<()>,
}

impl Place {
    /// Takes a place for `user`; `None` when all are taken.
    pub(super) async fn take(files: &Arc<Files>, user: Uuid) -> Result<Option<Self>> {
        let now = files.clock.now();
        let id = files.entropy.uuid(now);
        if !downloads::occupy(files, id, user, now, now + TERM).await? {
            return Ok(None);
        }
        let renewing = files.clone();
        let renewal = tokio::spawn(async move {
            loop {
                tokio::time::sleep(RENEWAL).await;
                let until = renewing.clock.now() + TERM;
                if let Ok(mut connection) = renewing.pool.get().await {
                    // A place that could not be renewed is only taken by another sooner.
                    let _ = store::transfers::renew(&mut connection, id, until).await;
                }
            }
        });
        Ok(Some(Self {
            files: files.clone(),
            id,
            renewal,
        }))
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.renewal.abort();
        let (files, id) = (self.files.clone(), self.id);
        // Where no runtime is left the process ends, and the place ends with its term.
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(async move {
                if let Ok(mut connection) = files.pool.get().await {
                    let _ = store::transfers::vacate(&mut connection, id).await;
                }
            });
        }
    }
}

/// Bytes on their way out that hold a place until they are sent or given up.
pub(super) struct Held {
    pub(super) stream: storage::Stream,
    pub(super) _place: Option<Place>,
}

impl Stream for Held {
    type Item = Result<Bytes, object_store::Error>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.stream.as_mut().poll_next(context)
    }
}
