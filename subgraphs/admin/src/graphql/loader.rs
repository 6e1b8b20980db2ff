//! Loaders that batch what lists of people ask for. Ask for the permission first: what they load is operators' alone.

use std::collections::HashMap;
use std::sync::Arc;

use async_graphql::Request;
use async_graphql::dataloader::{DataLoader, Loader};
use coko_core::Error;
use coko_core::money::Money;
use uuid::Uuid;

use crate::commands::Admin;
use crate::model::{Note, Person};
use crate::store;

/// Adds this request's loaders.
pub(super) fn attach(request: Request, admin: &Arc<Admin>) -> Request {
    request
        .data(DataLoader::new(People(admin.clone()), tokio::spawn))
        .data(DataLoader::new(Spendings(admin.clone()), tokio::spawn))
        .data(DataLoader::new(Notes(admin.clone()), tokio::spawn))
}

/// People, as far as anything is known of them.
pub(super) struct People(Arc<Admin>);

impl Loader<Uuid> for People {
    type Value = Person;
    type Error = Error;

    async fn load(&self, users: &[Uuid]) -> Result<HashMap<Uuid, Person>, Error> {
        let mut connection = self.0.pool.get().await?;
        let people = store::people::by_ids(&mut connection, users).await?;
        let known = people.into_iter().filter(|person| !person.is_gone());
        Ok(known.map(|person| (person.user_id, person)).collect())
    }
}

/// What people spent, by currency.
pub(super) struct Spendings(Arc<Admin>);

impl Loader<Uuid> for Spendings {
    type Value = Vec<Money>;
    type Error = Error;

    async fn load(&self, users: &[Uuid]) -> Result<HashMap<Uuid, Vec<Money>>, Error> {
        let mut connection = self.0.pool.get().await?;
        let mut spent: HashMap<Uuid, Vec<Money>> = HashMap::new();
        for (user, money) in store::people::spent(&mut connection, users).await? {
            spent.entry(user).or_default().push(money);
        }
        Ok(spent)
    }
}

/// The newest notes about people.
pub(super) struct Notes(Arc<Admin>);

impl Loader<Uuid> for Notes {
    type Value = Vec<Note>;
    type Error = Error;

    async fn load(&self, users: &[Uuid]) -> Result<HashMap<Uuid, Vec<Note>>, Error> {
        let mut connection = self.0.pool.get().await?;
        let mut notes: HashMap<Uuid, Vec<Note>> = HashMap::new();
        for note in store::notes::of(&mut connection, users).await? {
            notes.entry(note.user_id).or_default().push(note);
        }
        Ok(notes)
    }
}
