//! Loaders that batch what lists ask for, as far as this viewer may see it.

mod contents;
mod pages;
mod people;

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::Arc;

use async_graphql::Request;
use async_graphql::dataloader::DataLoader;
use coko_core::Error;
use coko_core::context::CommandContext;
use coko_core::database::PooledConnection;
use uuid::Uuid;

use crate::commands::Community;

pub(super) use contents::*;
pub(super) use pages::*;
pub(super) use people::*;

/// What every loader works with.
#[derive(Clone)]
struct Reader {
    community: Arc<Community>,
    context: CommandContext,
}

impl Reader {
    async fn connection(&self) -> Result<PooledConnection, Error> {
        Ok(self.community.pool.get().await?)
    }

    fn user(&self) -> Option<Uuid> {
        self.context.viewer.user_id()
    }

    fn moderates(&self) -> bool {
        crate::commands::moderates(&self.context.viewer)
    }

    /// Who looks at a list, and whether they moderate.
    fn looker(&self) -> (Option<Uuid>, bool) {
        (self.user(), self.moderates())
    }
}

/// Adds this request's loaders.
pub(super) fn attach(
    request: Request,
    community: &Arc<Community>,
    context: &CommandContext,
) -> Request {
    let reader = Reader {
        community: community.clone(),
        context: context.clone(),
    };
    let request = contents::attach(request, &reader);
    let request = pages::attach(request, &reader);
    people::attach(request, &reader)
}

fn loader<L>(loader: L) -> DataLoader<L> {
    DataLoader::new(loader, tokio::spawn)
}

fn by_id<T>(rows: Vec<T>, id: impl Fn(&T) -> Uuid) -> HashMap<Uuid, T> {
    rows.into_iter().map(|row| (id(&row), row)).collect()
}

fn grouped<K: Eq + Hash, V>(rows: impl IntoIterator<Item = (K, V)>) -> HashMap<K, Vec<V>> {
    let mut groups: HashMap<K, Vec<V>> = HashMap::new();
    for (key, value) in rows {
        groups.entry(key).or_default().push(value);
    }
    groups
}
