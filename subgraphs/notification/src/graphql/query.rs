//! Root queries.

use async_graphql::connection::{Connection, EmptyFields};
use async_graphql::{Context, ID, MergedObject, Object};
use coko_core::Result;
use coko_core::graphql::{PageArgs, RequestExt as _, connection};

use super::entity::EntityQuery;
use super::types::{DeliveryType, DeviceType, NotificationType, PreferencesType};
use super::{dispatch, key};
use crate::commands::reader;
use crate::model::{Person, Preferences};
use crate::store;

/// Root queries of notification.
#[derive(Default, MergedObject)]
pub(crate) struct Query(NotificationQuery, EntityQuery);

#[derive(Default)]
struct NotificationQuery;

#[Object]
impl NotificationQuery {
    /// What the viewer was told, the newest first: all of it, or what is not read yet (`unread`).
    async fn notifications(
        &self,
        context: &Context<'_>,
        #[graphql(default)] unread: bool,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
    ) -> Result<Connection<String, NotificationType, EmptyFields, EmptyFields>> {
        let user = reader(context.viewer())?;
        let list = if unread {
            store::notifications::UNREAD
        } else {
            store::notifications::LIST
        };
        let page = PageArgs::new(first, after, last, before).page(list)?;
        let mut database = dispatch(context).pool.get().await?;
        let slice = store::notifications::list(&mut database, &page, user, unread).await?;
        let place = store::notifications::key;
        Ok(connection(list, slice, place, NotificationType))
    }

    /// How many of the viewer's notifications are not read yet; 1000 where there are more.
    async fn unread_count(&self, context: &Context<'_>) -> Result<i64> {
        let user = reader(context.viewer())?;
        let mut database = dispatch(context).pool.get().await?;
        Ok(store::notifications::count_unread(&mut database, user).await?)
    }

    /// What the viewer wants to hear, and how.
    async fn preferences(&self, context: &Context<'_>) -> Result<PreferencesType> {
        let user = reader(context.viewer())?;
        let mut database = dispatch(context).pool.get().await?;
        let found = store::people::by_ids(&mut database, &[user]).await?;
        let rows = store::preferences::of(&mut database, &[user]).await?;
        let person = found.into_iter().next();
        Ok(PreferencesType {
            person: person.unwrap_or_else(|| Person::new(user)),
            preferences: Preferences::of(&rows),
        })
    }

    /// The devices that push messages of the viewer's go to, the one that was seen last before the rest; at most ten.
    async fn push_devices(&self, context: &Context<'_>) -> Result<Vec<DeviceType>> {
        let user = reader(context.viewer())?;
        let mut database = dispatch(context).pool.get().await?;
        let devices = store::devices::of(&mut database, &[user]).await?;
        Ok(devices.into_iter().map(DeviceType).collect())
    }

    /// The messages that were sent to somebody, or are to be, the newest first. For operators.
    async fn deliveries(
        &self,
        context: &Context<'_>,
        user_id: ID,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
    ) -> Result<Connection<String, DeliveryType, EmptyFields, EmptyFields>> {
        context.viewer().require("system", "read")?;
        let list = store::deliveries::LIST;
        let page = PageArgs::new(first, after, last, before).page(list)?;
        let mut database = dispatch(context).pool.get().await?;
        let slice = store::deliveries::list(&mut database, &page, key(&user_id)).await?;
        let place = store::deliveries::key;
        Ok(connection(list, slice, place, DeliveryType))
    }
}
