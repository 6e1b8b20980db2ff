//! How roles do.

use async_graphql::{ID, SimpleObject};
use coko_core::heartbeat::Beat;
use coko_core::text_enum;
use time::OffsetDateTime;

text_enum! {
    /// How a role does, or one of its processes.
    #[graphql(name = "RoleStatus")]
    pub(crate) Status {
        /// It answers.
        Ready = "READY",
        /// It is about to stop.
        Stopping = "STOPPING",
        /// It runs, and its database does not answer.
        NotReady = "NOT_READY",
        /// Nothing was heard of it for longer than it should take.
        Silent = "SILENT",
    }
}

/// One process of a role.
#[derive(SimpleObject)]
#[graphql(name = "RoleInstance")]
struct InstanceType {
    /// Identifies the process.
    id: ID,
    /// How it does.
    status: Status,
    /// The version of the program.
    version: String,
    /// When it began.
    started_at: OffsetDateTime,
    /// When it was last heard of.
    heard_at: OffsetDateTime,
    /// Whether its database answers; null for a role without one.
    database: Option<bool>,
    /// Whether it is connected to the broker.
    broker: bool,
}

/// How a role does.
#[derive(SimpleObject)]
#[graphql(name = "RoleHealth")]
pub(crate) struct RoleHealthType {
    /// The role: `catalog`.
    role: String,
    /// As its best process does.
    status: Status,
    /// Events of its database that wait to be published; null where that is not known.
    outbox_pending: Option<i64>,
    /// Events that it could not handle, counted up to a thousand; null where that is not known.
    dead_letters: Option<i64>,
    /// Its processes of the last hour, without those that stopped in an orderly way.
    instances: Vec<InstanceType>,
}

fn status(beat: &Beat, now: OffsetDateTime) -> Status {
    match &beat.health {
        _ if beat.is_late(now) => Status::Silent,
        health if health.stopping => Status::Stopping,
        health if health.ready => Status::Ready,
        _ => Status::NotReady,
    }
}

/// The roles of these beats, which are in the order of roles.
pub(crate) fn roles(beats: Vec<Beat>, now: OffsetDateTime) -> Vec<RoleHealthType> {
    let mut roles: Vec<RoleHealthType> = Vec::new();
    for beat in beats {
        let status = status(&beat, now);
        if roles.last().is_none_or(|last| last.role != beat.role) {
            roles.push(RoleHealthType {
                role: beat.role.clone(),
                status: Status::Silent,
                outbox_pending: None,
                dead_letters: None,
                instances: Vec::new(),
            });
        }
        let Some(role) = roles.last_mut() else {
            continue;
        };
        // The statuses are in order, the best first.
        role.status = role.status.min(status);
        if status != Status::Silent {
            role.outbox_pending = beat.health.outbox.or(role.outbox_pending);
            role.dead_letters = beat.health.dead_letters.or(role.dead_letters);
        }
        role.instances.push(InstanceType {
            id: beat.instance.into(),
            status,
            version: beat.version,
            started_at: beat.started_at,
            heard_at: beat.at,
            database: beat.health.database,
            broker: beat.health.broker,
        });
    }
    roles
}

#[cfg(test)]
mod tests {
    use coko_core::heartbeat::Health;
    use time::Duration;
    use time::macros::datetime;
    use uuid::Uuid;

    use super::*;

    #[test]
    fn a_role_does_as_its_best_process() {
        let now = datetime!(2026-02-01 09:00 UTC);
        let beat = |role: &str, number: u128, age: i64, ready: bool| Beat {
            role: role.to_owned(),
            instance: Uuid::from_u128(number),
            version: "1".to_owned(),
            started_at: now - Duration::HOUR,
            at: now - Duration::seconds(age),
            health: Health {
                ready,
                dead_letters: Some(i64::try_from(number).unwrap()),
                ..Health::default()
            },
        };
        let roles = roles(
            vec![
                beat("auth", 1, 600, true),
                beat("auth", 2, 1, true),
                beat("file", 3, 1, false),
                beat("reading", 4, 600, true),
            ],
            now,
        );
        let seen: Vec<_> = roles
            .iter()
            .map(|role| (role.role.as_str(), role.status, role.dead_letters))
            .collect();
        assert_eq!(
            seen,
            [
                ("auth", Status::Ready, Some(2)),
                ("file", Status::NotReady, Some(3)),
                ("reading", Status::Silent, None),
            ]
        );
        assert_eq!(roles[0].instances.len(), 2);
    }
}
