//! Loaders that batch what lists of users ask for.

use std::collections::HashMap;
use std::sync::Arc;

use async_graphql::Request;
use async_graphql::dataloader::{DataLoader, Loader};
use coko_core::Error;
use coko_core::context::CommandContext;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::commands::Auth;
use crate::model::{Account, PartnerClient, PartnerToken, Session};
use crate::store;

/// Adds this request's loaders.
pub(super) fn attach(request: Request, auth: &Arc<Auth>, context: &CommandContext) -> Request {
    let follower = context.viewer.user_id();
    request
        .data(DataLoader::new(Accounts(auth.clone()), tokio::spawn))
        .data(DataLoader::new(Roles(auth.clone()), tokio::spawn))
        .data(DataLoader::new(
            Sessions(auth.clone(), context.now),
            tokio::spawn,
        ))
        .data(DataLoader::new(
            Followed(auth.clone(), follower),
            tokio::spawn,
        ))
        .data(DataLoader::new(Clients(auth.clone()), tokio::spawn))
        .data(DataLoader::new(
            Tokens(auth.clone(), context.now),
            tokio::spawn,
        ))
}

/// Accounts by id.
pub(super) struct Accounts(Arc<Auth>);

impl Loader<Uuid> for Accounts {
    type Value = Account;
    type Error = Error;

    async fn load(&self, ids: &[Uuid]) -> Result<HashMap<Uuid, Account>, Error> {
        let mut connection = self.0.pool.get().await?;
        let accounts = store::accounts::by_ids(&mut connection, ids).await?;
        Ok(accounts
            .into_iter()
            .map(|account| (account.id, account))
            .collect())
    }
}

/// Role names by account.
pub(super) struct Roles(Arc<Auth>);

impl Loader<Uuid> for Roles {
    type Value = Vec<String>;
    type Error = Error;

    async fn load(&self, ids: &[Uuid]) -> Result<HashMap<Uuid, Vec<String>>, Error> {
        let mut connection = self.0.pool.get().await?;
        Ok(store::roles::of(&mut connection, ids).await?)
    }
}

/// Live sessions by account.
pub(super) struct Sessions(Arc<Auth>, OffsetDateTime);

impl Loader<Uuid> for Sessions {
    type Value = Vec<Session>;
    type Error = Error;

    async fn load(&self, ids: &[Uuid]) -> Result<HashMap<Uuid, Vec<Session>>, Error> {
        let mut connection = self.0.pool.get().await?;
        let mut sessions: HashMap<Uuid, Vec<Session>> = HashMap::new();
        for session in store::sessions::live_of(&mut connection, ids, self.1).await? {
            sessions.entry(session.user_id).or_default().push(session);
        }
        Ok(sessions)
    }
}

/// Whether the viewer follows an account.
pub(super) struct Followed(Arc<Auth>, Option<Uuid>);

impl Loader<Uuid> for Followed {
    type Value = ();
    type Error = Error;

    async fn load(&self, ids: &[Uuid]) -> Result<HashMap<Uuid, ()>, Error> {
        let Some(follower) = self.1 else {
            return Ok(HashMap::new());
        };
        let mut connection = self.0.pool.get().await?;
        let followed = store::followers::followed_by(&mut connection, follower, ids).await?;
        Ok(followed.into_iter().map(|id| (id, ())).collect())
    }
}

/// Clients by partner.
pub(super) struct Clients(Arc<Auth>);

impl Loader<String> for Clients {
    type Value = Vec<PartnerClient>;
    type Error = Error;

    async fn load(
        &self,
        partners: &[String],
    ) -> Result<HashMap<String, Vec<PartnerClient>>, Error> {
        let mut connection = self.0.pool.get().await?;
        let mut clients: HashMap<String, Vec<PartnerClient>> = HashMap::new();
        for client in store::partners::clients_of(&mut connection, partners).await? {
            clients
                .entry(client.partner.clone())
                .or_default()
                .push(client);
        }
        Ok(clients)
    }
}

/// Live tokens by client.
pub(super) struct Tokens(Arc<Auth>, OffsetDateTime);

impl Loader<String> for Tokens {
    type Value = Vec<PartnerToken>;
    type Error = Error;

    async fn load(&self, clients: &[String]) -> Result<HashMap<String, Vec<PartnerToken>>, Error> {
        let mut connection = self.0.pool.get().await?;
        let mut tokens: HashMap<String, Vec<PartnerToken>> = HashMap::new();
        for token in store::partners::tokens_of(&mut connection, clients, self.1).await? {
            tokens.entry(token.client.clone()).or_default().push(token);
        }
        Ok(tokens)
    }
}
