//! What other domains tell. Each runs in its consumer's transaction, and comes to the same in whatever order and however often
//! it is told.

use coko_core::Result;
use coko_core::context::CommandContext;
use coko_core::database::Connection;
use coko_core::events::auth::UserRegistered;
use coko_core::events::reading::{ReadingCompleted, ReadingStreak};
use time::macros::format_description;
use time::{Date, Duration, OffsetDateTime};
use uuid::Uuid;

use super::play::{Deed, play};
use crate::model::{Fact, Kind};
use crate::store;
use crate::store::players::Profile;

/// Days that a streak may have to be believed: eleven years.
const MOST_DAYS: i32 = 4000;

/// A streak that cannot be.
#[derive(Debug, thiserror::Error)]
#[error(
    "a streak of {days} days up to `{last_day}`: expected 1 to {most} days and a date such as 2026-02-09",
    most = MOST_DAYS
)]
pub(crate) struct ImpossibleStreak {
    days: i32,
    last_day: String,
}

/// A book was finished.
pub(crate) async fn completed(
    connection: &mut Connection,
    context: &CommandContext,
    mirrored: bool,
    event: &ReadingCompleted,
) -> Result<()> {
    let (book, at) = (event.book_id, event.completed_at);
    let deeds = [
        Deed::Fact(Kind::BookCompleted, Fact::of(book, at)),
        Deed::Time(book, event.seconds_read.max(0), at),
    ];
    play(connection, context, mirrored, event.user_id, &deeds).await
}

/// The days of a streak, the oldest first.
///
/// # Errors
/// [`ImpossibleStreak`].
pub(crate) fn days_of(event: &ReadingStreak) -> Result<Vec<Date>, ImpossibleStreak> {
    let impossible = || ImpossibleStreak {
        days: event.days,
        last_day: event.last_day.chars().take(40).collect(),
    };
    let format = format_description!("[year]-[month]-[day]");
    let last = Date::parse(&event.last_day, &format).map_err(|_| impossible())?;
    if !(1..=MOST_DAYS).contains(&event.days) {
        return Err(impossible());
    }
    (0..event.days)
        .rev()
        .map(|back| last.checked_sub(Duration::days(back.into())))
        .collect::<Option<Vec<_>>>()
        .ok_or_else(impossible)
}

/// Somebody has an account.
pub(crate) async fn registered(
    connection: &mut Connection,
    context: &CommandContext,
    mirrored: bool,
    event: &UserRegistered,
    said_at: OffsetDateTime,
) -> Result<()> {
    let user = event.user_id;
    let profile = Profile {
        country: event.country.as_deref(),
        time_zone: &event.time_zone,
        privacy: None,
        at: said_at,
    };
    profiled(connection, mirrored, user, &profile).await?;
    let fact = Fact::of(user, event.registered_at);
    let deeds = [Deed::Fact(Kind::AccountRegistered, fact)];
    play(connection, context, mirrored, user, &deeds).await
}

/// A profile is as auth says, unless something newer is known.
pub(crate) async fn profiled(
    connection: &mut Connection,
    mirrored: bool,
    user: Uuid,
    profile: &Profile<'_>,
) -> Result<()> {
    let before = store::players::lock(connection, user).await?;
    if !store::players::set_profile(connection, user, profile).await? {
        return Ok(());
    }
    let after = store::players::lock(connection, user).await?;
    if (&before.country, before.is_hidden()) != (&after.country, after.is_hidden()) {
        store::boards::show(connection, &after).await?;
        if mirrored {
            store::boards::note(connection, user, before.country.as_deref()).await?;
        }
    }
    Ok(())
}

/// The account is gone, and everything of it goes.
pub(crate) async fn forget(
    connection: &mut Connection,
    mirrored: bool,
    user: Uuid,
    at: OffsetDateTime,
) -> Result<()> {
    let player = store::players::lock(connection, user).await?;
    store::players::forget(connection, user, at).await?;
    if mirrored {
        store::boards::note(connection, user, player.country.as_deref()).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use coko_core::events::Payload as _;
    use time::macros::date;

    use super::*;

    #[test]
    fn a_streak_is_its_days() {
        let streak = ReadingStreak {
            days: 3,
            last_day: "2026-03-01".to_owned(),
            ..ReadingStreak::sample()
        };
        assert_eq!(
            days_of(&streak).unwrap(),
            [
                date!(2026 - 02 - 27),
                date!(2026 - 02 - 28),
                date!(2026 - 03 - 01)
            ]
        );
    }

    #[test]
    fn what_is_no_streak_is_refused() {
        for (days, last_day) in [
            (0, "2026-03-01"),
            (4001, "2026-03-01"),
            (3, "yesterday"),
            (3, "2026-02-30"),
            (-1, "2026-03-01"),
        ] {
            let streak = ReadingStreak {
                days,
                last_day: last_day.to_owned(),
                ..ReadingStreak::sample()
            };
            assert!(days_of(&streak).is_err(), "{days} {last_day}");
        }
    }
}
