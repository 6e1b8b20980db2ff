//! By which ways somebody is told something, and when.

use time::OffsetDateTime;

use super::channel::Channel;
use super::kind::Kind;
use super::person::Person;
use super::preference::Preferences;

/// One way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Planned {
    pub(crate) channel: Channel,
    /// When it leaves.
    pub(crate) due: OffsetDateTime,
    /// Whether more of the same may join it until then.
    pub(crate) digest: bool,
    /// How many seconds it may stay unread before it follows as an SMS.
    pub(crate) escalate: Option<i32>,
}

/// Whether `kind` is in the list of who has these preferences.
pub(crate) fn is_listed(kind: Kind, preferences: &Preferences) -> bool {
    is_wanted(kind, preferences, Channel::InApp)
}

/// Whether somebody wants `kind` by `channel`, or has no choice.
pub(crate) fn is_wanted(kind: Kind, preferences: &Preferences, channel: Channel) -> bool {
    let workflow = kind.workflow();
    let imposed = kind.is_critical() && workflow.channels().contains(&channel);
    imposed || preferences.allow(workflow, channel)
}

/// Whether a push message about `kind` follows as an SMS.
fn escalation(kind: Kind, preferences: &Preferences) -> Option<i32> {
    let after = kind.escalation()?;
    let wanted = kind.is_critical() || preferences.allow(kind.workflow(), Channel::Sms);
    let seconds = i32::try_from(after.whole_seconds()).ok()?;
    wanted.then_some(seconds)
}

/// The ways, besides the list, by which `person` is told about `kind` at `now`.
pub(crate) fn ways(
    kind: Kind,
    person: &Person,
    preferences: &Preferences,
    now: OffsetDateTime,
) -> Vec<Planned> {
    let critical = kind.is_critical();
    if person.suspended && !critical {
        return Vec::new();
    }
    let escalate = escalation(kind, preferences);
    let pushed = is_wanted(kind, preferences, Channel::Push);
    let wanted = |channel: Channel| match channel {
        Channel::InApp => false,
        // It follows the push message where there is one.
        Channel::Sms if escalate.is_some() => !pushed,
        channel => is_wanted(kind, preferences, channel),
    };
    let way = |channel: Channel| {
        let collected = person
            .digest
            .leaves(kind.workflow(), &person.time_zone, now);
        let collected = collected.filter(|_| !critical);
        let ready = collected.unwrap_or(now);
        let waits = channel.interrupts() && !critical;
        Planned {
            channel,
            due: if waits { person.awake(ready) } else { ready },
            digest: collected.is_some(),
            escalate: escalate.filter(|_| channel == Channel::Push),
        }
    };
    let channels = Channel::ALL.iter().copied();
    channels
        .filter(|channel| wanted(*channel))
        .map(way)
        .collect()
}

#[cfg(test)]
mod tests {
    use time::Duration;
    use time::macros::datetime;
    use uuid::Uuid;

    use super::*;
    use crate::model::preference::PreferenceRow;

    const NIGHT: OffsetDateTime = datetime!(2027-01-15 23:00 UTC);
    const MORNING: OffsetDateTime = datetime!(2027-01-16 7:00 UTC);

    fn sleeper() -> Person {
        Person {
            quiet_from: Some(22 * 60),
            quiet_until: Some(7 * 60),
            ..Person::new(Uuid::nil())
        }
    }

    fn said(rows: &[(&str, &str, bool)]) -> Preferences {
        let row = |(workflow, channel, enabled): &(&str, &str, bool)| PreferenceRow {
            user_id: Uuid::nil(),
            workflow: (*workflow).to_owned(),
            channel: (*channel).to_owned(),
            enabled: *enabled,
        };
        Preferences::of(&rows.iter().map(row).collect::<Vec<_>>())
    }

    fn plan(kind: Kind, rows: &[(&str, &str, bool)]) -> Vec<(Channel, OffsetDateTime, bool, bool)> {
        let planned = ways(kind, &sleeper(), &said(rows), NIGHT);
        let short = |way: Planned| (way.channel, way.due, way.digest, way.escalate.is_some());
        planned.into_iter().map(short).collect()
    }

    #[test]
    fn what_interrupts_waits_for_the_morning() {
        assert_eq!(
            plan(Kind::PaymentReceived, &[]),
            [
                (Channel::Email, NIGHT, false, false),
                (Channel::Push, MORNING, false, false)
            ]
        );
        let collected = NIGHT + Duration::minutes(10);
        assert_eq!(
            plan(Kind::PostReply, &[]),
            [
                (Channel::Email, collected, true, false),
                (Channel::Push, MORNING, true, false)
            ]
        );
    }

    #[test]
    fn what_is_critical_waits_for_nobody_and_asks_nobody() {
        let all = [
            (Channel::Email, NIGHT, false, false),
            (Channel::Push, NIGHT, false, true),
        ];
        assert_eq!(plan(Kind::SessionStolen, &[]), all);
        assert_eq!(plan(Kind::SessionStolen, &[("", "", false)]), all);
        assert!(is_listed(Kind::SessionStolen, &said(&[("", "", false)])));
        assert!(!is_listed(Kind::PostReply, &said(&[("", "", false)])));
        assert!(plan(Kind::PostReply, &[("", "", false)]).is_empty());
    }

    #[test]
    fn an_sms_follows_an_unread_push_where_it_is_wanted() {
        let sms = ("PAYMENT", "SMS", true);
        let plain = plan(Kind::OrderRefunded, &[]);
        assert!(plain.iter().all(|(.., escalates)| !escalates));
        let wanted = plan(Kind::OrderRefunded, &[sms]);
        assert_eq!(wanted[1], (Channel::Push, MORNING, false, true));
        assert_eq!(wanted.len(), 2);
        // Without a push message to follow, the SMS is sent by itself.
        let alone = plan(Kind::OrderRefunded, &[sms, ("", "PUSH", false)]);
        assert_eq!(alone[1], (Channel::Sms, MORNING, false, false));
        // What does not escalate is sent by every way that is wanted.
        let every = plan(Kind::PaymentReceived, &[sms]);
        assert_eq!(every.len(), 3);
    }

    #[test]
    fn who_is_suspended_hears_what_is_critical_only() {
        let person = Person {
            suspended: true,
            ..sleeper()
        };
        let none = Preferences::default();
        assert!(ways(Kind::PaymentReceived, &person, &none, NIGHT).is_empty());
        assert!(!ways(Kind::AccountSuspended, &person, &none, NIGHT).is_empty());
    }
}
