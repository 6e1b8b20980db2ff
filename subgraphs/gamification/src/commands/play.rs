//! What follows from what a reader did: points, sums, a streak, challenges, levels, badges.
//!
//! It comes to the same in whatever order and however often things are told: facts are a set, points are booked once for
//! each, and everything else follows from those two and never goes back.

use coko_core::context::CommandContext;
use coko_core::database::Connection;
use coko_core::events::gamification::{
    AchievementUnlocked, BadgeAwarded, ChallengeCompleted, LevelReached,
};
use coko_core::{Result, outbox};
use time::{Date, OffsetDateTime};
use uuid::Uuid;

use crate::model::{
    Achievement, AchievementKind, Badge, Booking, Challenge, ChallengeMetric, Fact, Kind, Level,
    Player, Streak, level,
};
use crate::store;

/// What a reader did.
#[derive(Clone, Debug)]
pub(crate) enum Deed {
    /// Something that counts once for each source.
    Fact(Kind, Fact),
    /// Read on these days, and on so many in a row at some time.
    Days(Vec<Date>, i32),
    /// Read so many seconds in a book so far, as was told at that moment.
    Time(Uuid, i64, OffsetDateTime),
}

/// Takes in what a reader did; what is told of an account that is gone is dropped. Where boards are kept in Redis
/// (`mirrored`), they are told.
pub(crate) async fn play(
    connection: &mut Connection,
    context: &CommandContext,
    mirrored: bool,
    user: Uuid,
    deeds: &[Deed],
) -> Result<()> {
    let mut player = store::players::lock(connection, user).await?;
    if player.is_gone() {
        return Ok(());
    }
    let mut completed = Vec::new();
    for deed in deeds {
        let (kind, facts) = take_in(connection, &mut player, deed).await?;
        book(connection, &mut player, kind, &facts).await?;
        completed.extend(challenges(connection, user, kind, &facts).await?);
    }
    if mirrored {
        store::boards::note(connection, user, player.country.as_deref()).await?;
    }
    reach(connection, context, &mut player, completed).await?;
    store::players::update(connection, &player).await?;
    Ok(())
}

/// Keeps what was done; returns it as facts of one kind.
async fn take_in(
    connection: &mut Connection,
    player: &mut Player,
    deed: &Deed,
) -> Result<(Kind, Vec<Fact>)> {
    let user = player.user_id;
    match deed {
        Deed::Fact(kind, fact) => {
            let facts = vec![fact.clone()];
            let fresh = store::facts::keep(connection, user, *kind, &facts).await?;
            player.count(*kind, fresh);
            Ok((*kind, facts))
        }
        Deed::Days(days, longest) => {
            let facts: Vec<_> = days.iter().copied().map(Fact::day).collect();
            let fresh = store::facts::keep(connection, user, Kind::ReadingDay, &facts).await?;
            if fresh > 0 {
                player.count(Kind::ReadingDay, fresh);
                let days = store::facts::days(connection, user).await?;
                player.keep_streak(&Streak::of(&days));
            }
            player.keep_longest_row(*longest);
            Ok((Kind::ReadingDay, facts))
        }
        Deed::Time(book, seconds, at) => {
            player.seconds_read +=
                store::facts::keep_time(connection, user, *book, *seconds).await?;
            Ok((Kind::HalfHourRead, Fact::half_hours(*book, *seconds, *at)))
        }
    }
}

/// Books the points.
async fn book(
    connection: &mut Connection,
    player: &mut Player,
    kind: Kind,
    facts: &[Fact],
) -> Result<()> {
    if facts.is_empty() {
        return Ok(());
    }
    let rules = store::rules::points(connection, kind).await?;
    let codes: Vec<_> = rules.iter().map(|rule| rule.code.as_str()).collect();
    let sources: Vec<_> = facts.iter().map(|fact| fact.source.as_str()).collect();
    let booked = store::ledger::booked(connection, player.user_id, &codes, &sources).await?;
    let booking = Booking::of(player.user_id, &rules, facts, &booked);
    store::ledger::book(connection, player, &booking).await?;
    player.points += booking.points;
    for entry in &booking.fresh {
        metrics::counter!("gamification_points_total", "rule" => entry.rule.clone())
            .increment(u64::try_from(entry.points).unwrap_or_default());
    }
    Ok(())
}

/// The challenges that these facts complete.
async fn challenges(
    connection: &mut Connection,
    user: Uuid,
    kind: Kind,
    facts: &[Fact],
) -> Result<Vec<Challenge>> {
    let Some(metric) = ChallengeMetric::of(kind) else {
        return Ok(Vec::new());
    };
    let mut concerned = store::participants::unfinished(connection, user, metric).await?;
    concerned.retain(|challenge| facts.iter().any(|fact| challenge.holds(fact.at)));
    done(connection, user, concerned).await
}

/// Those of a player's challenges whose goal is reached.
async fn done(
    connection: &mut Connection,
    user: Uuid,
    mut of: Vec<Challenge>,
) -> Result<Vec<Challenge>> {
    if of.is_empty() {
        return Ok(of);
    }
    let ids: Vec<_> = of.iter().map(|challenge| challenge.id).collect();
    let counts = store::participants::done(connection, &ids, &[user]).await?;
    of.retain(|challenge| {
        let key = (challenge.id, user);
        let count = counts.iter().find(|(found, _)| *found == key);
        count.is_some_and(|(_, count)| *count >= i64::from(challenge.target))
    });
    Ok(of)
}

/// Completes a challenge at once that a locked player joins with the goal already reached.
pub(super) async fn join(
    connection: &mut Connection,
    context: &CommandContext,
    player: &mut Player,
    challenge: &Challenge,
) -> Result<()> {
    let completed = done(connection, player.user_id, vec![challenge.clone()]).await?;
    reach(connection, context, player, completed).await?;
    store::players::update(connection, player).await?;
    Ok(())
}

/// Unlocks what the player has reached by now, and says so.
async fn reach(
    connection: &mut Connection,
    context: &CommandContext,
    player: &mut Player,
    completed: Vec<Challenge>,
) -> Result<()> {
    let user = player.user_id;
    let done: Vec<_> = completed.iter().map(|challenge| challenge.id).collect();
    if !done.is_empty() {
        store::participants::complete(connection, user, &done, context.now).await?;
    }
    let achieved = |kind, subject: String, version| Achievement {
        id: context.id(),
        user_id: user,
        kind,
        subject,
        version,
        at: context.now,
    };
    let challenge = |id: &Uuid| achieved(AchievementKind::Challenge, id.to_string(), 1);
    let reached: Vec<_> = done.iter().map(challenge).collect();
    let mut unlocked = store::achievements::unlock(connection, &reached).await?;
    player.challenges += i32::try_from(unlocked.len()).unwrap_or_default();

    let levels = store::rules::levels(connection).await?;
    let above = level::reached(&levels, player.level, player.points);
    player.level = above.last().map_or(player.level, |level| level.number);
    let reached: Vec<_> = above
        .iter()
        .map(|level| achieved(AchievementKind::Level, level.number.to_string(), 1))
        .collect();
    unlocked.extend(store::achievements::unlock(connection, &reached).await?);

    let badges = store::rules::badges(connection).await?;
    let reached: Vec<_> = badges
        .iter()
        .filter(|badge| badge.is_earned_by(player))
        .map(|badge| achieved(AchievementKind::Badge, badge.code.clone(), badge.version))
        .collect();
    unlocked.extend(store::achievements::unlock(connection, &reached).await?);

    let known = Known {
        challenges: &completed,
        levels: &levels,
        badges: &badges,
    };
    say(connection, context, player, &unlocked, &known).await
}

/// What achievements are about.
struct Known<'a> {
    challenges: &'a [Challenge],
    levels: &'a [Level],
    badges: &'a [Badge],
}

/// Says what was unlocked: to other domains by kind, and to the reader's devices all of it.
async fn say(
    connection: &mut Connection,
    context: &CommandContext,
    player: &Player,
    unlocked: &[Achievement],
    known: &Known<'_>,
) -> Result<()> {
    let user_id = player.user_id;
    for achievement in unlocked {
        metrics::counter!("gamification_achievements_total", "kind" => achievement.kind.as_str())
            .increment(1);
        let subject = &achievement.subject;
        match achievement.kind {
            AchievementKind::Badge => {
                let found = known.badges.iter().find(|badge| badge.code == *subject);
                if let Some(badge) = found {
                    let event = BadgeAwarded {
                        user_id,
                        badge_code: badge.code.clone(),
                        rule_version: badge.version,
                        name_fr: badge.name_fr.clone(),
                        name_en: badge.name_en.clone(),
                        awarded_at: achievement.at,
                    };
                    outbox::enqueue(connection, context, &event).await?;
                }
            }
            AchievementKind::Level => {
                let of = |level: &&Level| level.number.to_string() == *subject;
                if let Some(level) = known.levels.iter().find(of) {
                    let event = LevelReached {
                        user_id,
                        level: level.number,
                        name_fr: level.name_fr.clone(),
                        name_en: level.name_en.clone(),
                        points: player.points,
                        reached_at: achievement.at,
                    };
                    outbox::enqueue(connection, context, &event).await?;
                }
            }
            AchievementKind::Challenge => {
                let of = |challenge: &&Challenge| challenge.id.to_string() == *subject;
                if let Some(challenge) = known.challenges.iter().find(of) {
                    let event = ChallengeCompleted {
                        user_id,
                        challenge_id: challenge.id,
                        title_fr: challenge.title_fr.clone(),
                        title_en: challenge.title_en.clone(),
                        completed_at: achievement.at,
                    };
                    outbox::enqueue(connection, context, &event).await?;
                }
            }
        }
    }
    let live: Vec<_> = unlocked
        .iter()
        .map(|achievement| AchievementUnlocked {
            achievement_id: achievement.id,
            user_id,
        })
        .collect();
    outbox::enqueue_all(connection, context, &live).await?;
    Ok(())
}
