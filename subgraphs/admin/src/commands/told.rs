//! What other domains tell, as far as operators count it. Each runs in its consumer's transaction, and comes to the same however
//! often it is told.

pub(crate) mod moderation;
pub(crate) mod money;
pub(crate) mod reading;

use coko_core::Result;
use coko_core::context::CommandContext;
use coko_core::database::Connection;
use coko_core::events::auth::{UserDeleted, UserProfileUpdated, UserRegistered};
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use crate::model::metric::day_of;
use crate::model::{Metric, Person, Tally, person};
use crate::store;

/// How late news of activity still counts: less than it is remembered who was active.
const LATEST: Duration = Duration::days(60);

/// Somebody has an account.
pub(crate) async fn registered(
    connection: &mut Connection,
    context: &CommandContext,
    event: &UserRegistered,
    said_at: OffsetDateTime,
) -> Result<()> {
    let user = event.user_id;
    store::people::lock(connection, user).await?;
    let country = person::country(event.country.as_deref());
    store::people::set_country(connection, user, country.as_deref(), said_at).await?;
    let mut person = store::people::lock(connection, user).await?;
    person.registered_at = Some(event.registered_at);
    let mut tally = tally(&person);
    tally.add(Metric::Registrations, event.registered_at, 1);
    active(
        connection,
        context,
        &mut person,
        event.registered_at,
        &mut tally,
    )
    .await?;
    finish(connection, &person, tally).await
}

/// A profile is as auth says, unless something newer is known.
pub(crate) async fn profiled(
    connection: &mut Connection,
    event: &UserProfileUpdated,
    said_at: OffsetDateTime,
) -> Result<()> {
    store::people::lock(connection, event.user_id).await?;
    let country = person::country(event.country.as_deref());
    let (user, country) = (event.user_id, country.as_deref());
    store::people::set_country(connection, user, country, said_at).await?;
    Ok(())
}

/// Somebody did something that is counted, and that shows that they are there.
pub(crate) async fn did(
    connection: &mut Connection,
    context: &CommandContext,
    user: Uuid,
    metric: Metric,
    at: OffsetDateTime,
) -> Result<()> {
    let mut person = store::people::lock(connection, user).await?;
    let mut tally = tally(&person);
    tally.add(metric, at, 1);
    active(connection, context, &mut person, at, &mut tally).await?;
    finish(connection, &person, tally).await
}

/// Something happened to somebody that is counted; whether they are there does not follow from it.
pub(crate) async fn happened(
    connection: &mut Connection,
    user: Uuid,
    metric: Metric,
    at: OffsetDateTime,
) -> Result<()> {
    let person = store::people::by_ids(connection, &[user]).await?.pop();
    let mut tally = Tally::of(person.as_ref().and_then(|person| person.country.as_deref()));
    tally.add(metric, at, 1);
    store::metrics::add(connection, tally.finish()).await?;
    Ok(())
}

/// The account is gone, and everything of it goes but what was counted.
pub(crate) async fn forget(connection: &mut Connection, event: &UserDeleted) -> Result<()> {
    let person = store::people::lock(connection, event.user_id).await?;
    if person.is_gone() {
        return Ok(());
    }
    store::people::forget(connection, event.user_id, event.deleted_at).await?;
    store::actives::forget(connection, event.user_id).await?;
    let mut tally = tally(&person);
    tally.add(Metric::Deletions, event.deleted_at, 1);
    store::metrics::add(connection, tally.finish()).await?;
    Ok(())
}

/// Nothing yet, in the person's country.
fn tally(person: &Person) -> Tally {
    Tally::of(person.country.as_deref())
}

/// A locked person was active then: they count once in the day, the week and the month. What is told months late changes nothing,
/// as who was active then is not remembered; nor does what is not yet.
async fn active(
    connection: &mut Connection,
    context: &CommandContext,
    person: &mut Person,
    at: OffsetDateTime,
    tally: &mut Tally,
) -> Result<()> {
    let told = context.now - at;
    if person.is_gone() || told > LATEST || told < -Duration::DAY {
        return Ok(());
    }
    person.seen(at);
    for (step, start) in store::actives::seen(connection, person.user_id, day_of(at)).await? {
        tally.on(Metric::ActiveUsers.kept(step), start, 1);
    }
    Ok(())
}

/// Writes a locked person back, unless they are gone, and adds to the sums.
async fn finish(connection: &mut Connection, person: &Person, tally: Tally) -> Result<()> {
    if !person.is_gone() {
        store::people::update(connection, person).await?;
    }
    store::metrics::add(connection, tally.finish()).await?;
    Ok(())
}
