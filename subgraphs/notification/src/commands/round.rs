//! What one round of sending needs to know, asked for all of its deliveries at once.

use std::collections::{HashMap, HashSet};

use coko_core::Result;
use coko_core::ask::auth::{self, Contact};
use coko_core::database::Connection;
use uuid::Uuid;

use super::Dispatch;
use crate::model::preference::PreferenceRow;
use crate::model::{Channel, Delivery, Device, Notification, Person, Preferences};
use crate::store;
use crate::wording::Names;

/// What is known of the deliveries of a round. Where people are reached is forgotten with it.
#[derive(Default)]
pub(super) struct Round {
    items: HashMap<Uuid, Vec<Notification>>,
    people: HashMap<Uuid, Person>,
    preferences: HashMap<Uuid, Vec<PreferenceRow>>,
    devices: HashMap<Uuid, Vec<Device>>,
    /// None where auth did not answer.
    contacts: Option<HashMap<Uuid, Contact>>,
    pub(super) names: Names,
}

impl Round {
    /// Finds out about these deliveries.
    ///
    /// # Errors
    /// When the database does not answer; auth may be away.
    pub(super) async fn of(dispatch: &Dispatch, due: &[Delivery]) -> Result<Self> {
        let ids: Vec<Uuid> = due.iter().map(|delivery| delivery.id).collect();
        let users = users(due, |_| true);
        let pushed = users_by(due, Channel::Push);
        let mut connection = dispatch.pool.get().await?;
        let items = store::deliveries::items(&mut connection, &ids).await?;
        let names = names(&mut connection, items.values().flatten()).await?;
        let mut preferences: HashMap<Uuid, Vec<PreferenceRow>> = HashMap::new();
        for row in store::preferences::of(&mut connection, &users).await? {
            preferences.entry(row.user_id).or_default().push(row);
        }
        let mut devices: HashMap<Uuid, Vec<Device>> = HashMap::new();
        for device in store::devices::of(&mut connection, &pushed).await? {
            devices.entry(device.user_id).or_default().push(device);
        }
        let people = store::people::by_ids(&mut connection, &users).await?;
        drop(connection);
        Ok(Self {
            items,
            people: people
                .into_iter()
                .map(|person| (person.user_id, person))
                .collect(),
            preferences,
            devices,
            contacts: contacts(dispatch, due).await,
            names,
        })
    }

    /// What a delivery tells, the oldest first.
    pub(super) fn items(&self, delivery: &Delivery) -> &[Notification] {
        self.items.get(&delivery.id).map_or(&[], Vec::as_slice)
    }

    /// To whom a delivery goes.
    pub(super) fn person(&self, delivery: &Delivery) -> Person {
        let found = self.people.get(&delivery.user_id);
        found
            .cloned()
            .unwrap_or_else(|| Person::new(delivery.user_id))
    }

    /// What they decided.
    pub(super) fn preferences(&self, delivery: &Delivery) -> Preferences {
        let rows = self.preferences.get(&delivery.user_id);
        rows.map(|rows| Preferences::of(rows)).unwrap_or_default()
    }

    /// Their devices.
    pub(super) fn devices(&self, delivery: &Delivery) -> &[Device] {
        let found = self.devices.get(&delivery.user_id);
        found.map_or(&[], Vec::as_slice)
    }

    /// Whether auth said where people are reached.
    pub(super) fn is_answered(&self) -> bool {
        self.contacts.is_some()
    }

    /// Where they are reached; none where they have no account any more.
    pub(super) fn contact(&self, delivery: &Delivery) -> Option<&Contact> {
        self.contacts.as_ref()?.get(&delivery.user_id)
    }
}

/// Names of those that notifications are about.
///
/// # Errors
/// When the database does not answer.
pub(crate) async fn names<'a>(
    connection: &mut Connection,
    of: impl Iterator<Item = &'a Notification>,
) -> Result<Names> {
    let (mut people, mut books) = (HashSet::new(), HashSet::new());
    for notification in of {
        people.extend(notification.facts.people());
        books.extend(notification.facts.books());
    }
    let mut names = Names::default();
    if !people.is_empty() {
        let people: Vec<Uuid> = people.into_iter().collect();
        let found = store::people::by_ids(connection, &people).await?;
        let named = found.into_iter();
        names.people = named
            .map(|person| (person.user_id, person.display_name))
            .collect();
    }
    if !books.is_empty() {
        let books: Vec<Uuid> = books.into_iter().collect();
        let found = store::books::titles(connection, &books).await?;
        names.books = found.into_iter().collect();
    }
    Ok(names)
}

/// Where people are reached who get letters or text messages.
async fn contacts(dispatch: &Dispatch, due: &[Delivery]) -> Option<HashMap<Uuid, Contact>> {
    let user_ids = users(due, |channel| channel != Channel::Push);
    if user_ids.is_empty() {
        return Some(HashMap::new());
    }
    match auth::contacts(&dispatch.platform, &user_ids).await {
        Ok(found) => Some(
            found
                .into_iter()
                .map(|contact| (contact.user_id, contact))
                .collect(),
        ),
        Err(error) => {
            tracing::warn!(%error, "nobody says where people are reached: letters and text messages wait");
            None
        }
    }
}

fn users_by(due: &[Delivery], channel: Channel) -> Vec<Uuid> {
    users(due, |by| by == channel)
}

/// The people to whom something goes by such a channel, each once.
fn users(due: &[Delivery], by: impl Fn(Channel) -> bool) -> Vec<Uuid> {
    let concerned = due.iter().filter(|delivery| by(delivery.channel));
    let set: HashSet<Uuid> = concerned.map(|delivery| delivery.user_id).collect();
    set.into_iter().collect()
}
