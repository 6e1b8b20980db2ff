//! What reading adds to `User`: what only they themselves see.

use async_graphql::connection::{Connection, EmptyFields};
use async_graphql::{Context, ID, Object};
use coko_core::graphql::{PageArgs, RequestExt as _, connection};
use coko_core::{Error, Result};
use time::{Date, Duration};
use uuid::Uuid;

use super::LibraryItemType;
use super::statistics::StatisticsType;
use crate::commands::reader;
use crate::graphql::{key, reading};
use crate::model::statistics::{MAX_PERIODS, running};
use crate::model::zone::day_in;
use crate::model::{Period, ReadingStatus, Statistics};
use crate::store;

/// A reader.
pub(crate) struct UserType {
    pub(crate) id: ID,
}

impl UserType {
    /// The account, when it is the viewer's own and the token permits to read what it reads.
    fn own(&self, context: &Context<'_>) -> Option<Uuid> {
        let user = reader(context.viewer(), "read").ok()?;
        (user == key(&self.id)).then_some(user)
    }
}

/// A reader; the fields are for the reader alone, and null for everyone else.
#[Object(name = "User")]
impl UserType {
    /// Identifies the account.
    async fn id(&self) -> &ID {
        &self.id
    }

    /// The reader's books, what came last first; those with one status, if one is given.
    async fn library(
        &self,
        context: &Context<'_>,
        status: Option<ReadingStatus>,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
    ) -> Result<Option<Connection<String, LibraryItemType, EmptyFields, EmptyFields>>> {
        let list = store::items::LIST;
        let page = PageArgs::new(first, after, last, before).page(list)?;
        let Some(user) = self.own(context) else {
            return Ok(None);
        };
        let mut database = reading(context).pool.get().await?;
        let slice = store::items::list(&mut database, &page, user, status).await?;
        Ok(Some(connection(
            list,
            slice,
            store::items::key,
            LibraryItemType,
        )))
    }

    /// What the reader read from `from` to `to`, by `period`: the last thirty periods when nothing is said.
    async fn reading_stats(
        &self,
        context: &Context<'_>,
        #[graphql(default_with = "Period::Day")] period: Period,
        from: Option<Date>,
        to: Option<Date>,
    ) -> Result<Option<StatisticsType>> {
        let Some(user) = self.own(context) else {
            return Ok(None);
        };
        let mut connection = reading(context).pool.get().await?;
        let reader = store::readers::find(&mut connection, user).await?;
        let zone = reader
            .as_ref()
            .map_or("UTC", |reader| reader.time_zone.as_str());
        let today = day_in(zone, context.command().now);
        let to = to.unwrap_or(today);
        let from = match from {
            Some(from) => from,
            None => to
                .checked_sub(Duration::days(29 * period.days()))
                .unwrap_or(to),
        };
        if from > to || to - from > Duration::days(MAX_PERIODS * period.days()) {
            return Err(Error::validation("from", "reading-period-invalid"));
        }
        let periods = store::days::summed(&mut connection, user, period, (from, to)).await?;
        let (streak, longest) = reader.map_or((0, 0), |reader| {
            let streak = running(reader.streak_days, reader.streak_end, today);
            (streak, reader.streak_longest)
        });
        Ok(Some(StatisticsType(Statistics {
            streak,
            longest,
            periods,
        })))
    }
}
