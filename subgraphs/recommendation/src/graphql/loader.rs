//! Loaders that batch what lists of books ask for of the viewer.

use std::collections::HashMap;
use std::sync::Arc;

use async_graphql::Request;
use async_graphql::dataloader::{DataLoader, Loader};
use coko_core::Error;
use coko_core::context::CommandContext;
use uuid::Uuid;

use crate::commands::{Advisor, answers};
use crate::model::Because;

/// Adds this request's loaders.
pub(super) fn attach(
    request: Request,
    advisor: &Arc<Advisor>,
    context: &CommandContext,
) -> Request {
    let asking = Asking {
        advisor: advisor.clone(),
        context: context.clone(),
    };
    request
        .data(DataLoader::new(Barred(asking.clone()), tokio::spawn))
        .data(DataLoader::new(Reasons(asking), tokio::spawn))
}

/// Who asks.
#[derive(Clone)]
struct Asking {
    advisor: Arc<Advisor>,
    context: CommandContext,
}

impl Asking {
    /// The viewer, where the token permits to see what only they see.
    fn reader(&self) -> Option<Uuid> {
        crate::commands::reader(&self.context.viewer).ok()
    }
}

/// Which books the viewer is not to be recommended; none for guests.
pub(super) struct Barred(Asking);

impl Loader<Uuid> for Barred {
    type Value = ();
    type Error = Error;

    async fn load(&self, books: &[Uuid]) -> Result<HashMap<Uuid, ()>, Error> {
        let Some(user) = self.0.reader() else {
            return Ok(HashMap::new());
        };
        let mut connection = self.0.advisor.pool.get().await?;
        let barred = answers::barred(&mut connection, user, books).await?;
        Ok(barred.into_iter().map(|book| (book, ())).collect())
    }
}

/// Why books would be recommended to the viewer; none for guests.
pub(super) struct Reasons(Asking);

impl Loader<Uuid> for Reasons {
    type Value = Because;
    type Error = Error;

    async fn load(&self, books: &[Uuid]) -> Result<HashMap<Uuid, Because>, Error> {
        let Some(user) = self.0.reader() else {
            return Ok(HashMap::new());
        };
        answers::explain(&self.0.context, &self.0.advisor, user, books).await
    }
}
