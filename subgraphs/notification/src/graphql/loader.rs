//! Loaders that batch what lists of notifications ask for. What the viewer may not see is not there.

use std::collections::HashMap;
use std::sync::Arc;

use async_graphql::Request;
use async_graphql::dataloader::{DataLoader, Loader};
use coko_core::Error;
use coko_core::context::CommandContext;
use uuid::Uuid;

use crate::commands::{Dispatch, reader};
use crate::model::{Attempt, Notification, Person};
use crate::store;

/// Adds this request's loaders.
pub(super) fn attach(
    request: Request,
    dispatch: &Arc<Dispatch>,
    context: &CommandContext,
) -> Request {
    let asking = Asking {
        dispatch: dispatch.clone(),
        context: context.clone(),
    };
    request
        .data(DataLoader::new(Notifications(asking.clone()), tokio::spawn))
        .data(DataLoader::new(People(asking.clone()), tokio::spawn))
        .data(DataLoader::new(Titles(asking.clone()), tokio::spawn))
        .data(DataLoader::new(Attempts(asking), tokio::spawn))
}

/// Who asks.
#[derive(Clone)]
struct Asking {
    dispatch: Arc<Dispatch>,
    context: CommandContext,
}

/// The viewer's notifications by id.
pub(super) struct Notifications(Asking);

impl Loader<Uuid> for Notifications {
    type Value = Notification;
    type Error = Error;

    async fn load(&self, ids: &[Uuid]) -> Result<HashMap<Uuid, Notification>, Error> {
        let Ok(user) = reader(&self.0.context.viewer) else {
            return Ok(HashMap::new());
        };
        let mut connection = self.0.dispatch.pool.get().await?;
        let found = store::notifications::by_ids(&mut connection, user, ids).await?;
        let by_id = found.into_iter().map(|found| (found.id, found));
        Ok(by_id.collect())
    }
}

/// People by account; only their names and the viewer's own settings are shown.
pub(super) struct People(Asking);

impl Loader<Uuid> for People {
    type Value = Person;
    type Error = Error;

    async fn load(&self, users: &[Uuid]) -> Result<HashMap<Uuid, Person>, Error> {
        let mut connection = self.0.dispatch.pool.get().await?;
        let found = store::people::by_ids(&mut connection, users).await?;
        let by_id = found.into_iter().map(|found| (found.user_id, found));
        Ok(by_id.collect())
    }
}

/// Titles of books.
pub(super) struct Titles(Asking);

impl Loader<Uuid> for Titles {
    type Value = String;
    type Error = Error;

    async fn load(&self, books: &[Uuid]) -> Result<HashMap<Uuid, String>, Error> {
        let mut connection = self.0.dispatch.pool.get().await?;
        let found = store::books::titles(&mut connection, books).await?;
        Ok(found.into_iter().collect())
    }
}

/// The attempts of deliveries, in order; ask only for what the viewer may see.
pub(super) struct Attempts(Asking);

impl Loader<Uuid> for Attempts {
    type Value = Vec<Attempt>;
    type Error = Error;

    async fn load(&self, deliveries: &[Uuid]) -> Result<HashMap<Uuid, Vec<Attempt>>, Error> {
        let days = time::Duration::days(self.0.dispatch.config.timers.delivery_days);
        let since = self.0.context.now - days;
        let mut connection = self.0.dispatch.pool.get().await?;
        let mut grouped: HashMap<Uuid, Vec<Attempt>> = HashMap::new();
        for attempt in store::attempts::of(&mut connection, deliveries, since).await? {
            grouped
                .entry(attempt.delivery_id)
                .or_default()
                .push(attempt);
        }
        Ok(grouped)
    }
}
