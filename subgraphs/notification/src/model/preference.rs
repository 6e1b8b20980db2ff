//! What somebody wants to hear, and how.

use diesel::prelude::*;
use uuid::Uuid;

use super::channel::Channel;
use super::kind::Workflow;
use crate::tables::preferences;

/// A row: an empty workflow or channel stands for all of them.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = preferences)]
pub(crate) struct PreferenceRow {
    pub(crate) user_id: Uuid,
    pub(crate) workflow: String,
    pub(crate) channel: String,
    pub(crate) enabled: bool,
}

/// One decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Choice {
    /// For what; none for everything.
    pub(crate) workflow: Option<Workflow>,
    /// By which way; none for every way.
    pub(crate) channel: Option<Channel>,
    /// Whether they want it.
    pub(crate) enabled: bool,
}

impl Choice {
    /// The decision of a row; none for one about what this version does not know.
    pub(crate) fn of(row: &PreferenceRow) -> Option<Self> {
        let workflow = match row.workflow.as_str() {
            "" => None,
            name => Some(name.parse().ok()?),
        };
        let channel = match row.channel.as_str() {
            "" => None,
            name => Some(name.parse().ok()?),
        };
        Some(Self {
            workflow,
            channel,
            enabled: row.enabled,
        })
    }

    /// The names under which it is kept.
    pub(crate) fn names(
        workflow: Option<Workflow>,
        channel: Option<Channel>,
    ) -> (&'static str, &'static str) {
        (
            workflow.map_or("", Workflow::as_str),
            channel.map_or("", Channel::as_str),
        )
    }
}

/// Everything that somebody decided.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Preferences(Vec<Choice>);

impl Preferences {
    /// The decisions of these rows.
    pub(crate) fn of(rows: &[PreferenceRow]) -> Self {
        Self(rows.iter().filter_map(Choice::of).collect())
    }

    /// The decisions one by one.
    pub(crate) fn choices(&self) -> &[Choice] {
        &self.0
    }

    /// Whether somebody wants `workflow` by `channel`: the most specific decision counts, and of two alike the one about the
    /// workflow; without any, the workflow's own channels.
    pub(crate) fn allow(&self, workflow: Workflow, channel: Channel) -> bool {
        let said = |of: Option<Workflow>, by: Option<Channel>| {
            let found = self.0.iter();
            let mut found = found.filter(|choice| choice.workflow == of && choice.channel == by);
            found.next().map(|choice| choice.enabled)
        };
        let usual = workflow.channels().contains(&channel);
        said(Some(workflow), Some(channel))
            // To want a workflow, or everything, is to want it by its usual ways, and not by every way there is.
            .or_else(|| said(Some(workflow), None).map(|enabled| enabled && usual))
            .or_else(|| said(None, Some(channel)))
            .or_else(|| said(None, None).map(|enabled| enabled && usual))
            .unwrap_or(usual)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn preferences(choices: &[(Option<Workflow>, Option<Channel>, bool)]) -> Preferences {
        let choice = |(workflow, channel, enabled): &(_, _, _)| Choice {
            workflow: *workflow,
            channel: *channel,
            enabled: *enabled,
        };
        Preferences(choices.iter().map(choice).collect())
    }

    #[test]
    fn the_most_specific_decision_counts() {
        let reply = Some(Workflow::Reply);
        let push = Some(Channel::Push);
        for (choices, by_push, by_sms) in [
            (vec![], true, false),
            (vec![(None, None, false)], false, false),
            (vec![(None, push, false)], false, false),
            (vec![(None, None, false), (None, push, true)], true, false),
            (vec![(None, None, false), (reply, None, true)], true, false),
            (vec![(reply, None, false), (None, push, true)], false, false),
            (vec![(reply, None, false), (reply, push, true)], true, false),
            (vec![(None, Some(Channel::Sms), true)], true, true),
            (vec![(reply, None, true)], true, false),
        ] {
            let preferences = preferences(&choices);
            let allow = |channel| preferences.allow(Workflow::Reply, channel);
            assert_eq!(allow(Channel::Push), by_push, "{choices:?}");
            assert_eq!(allow(Channel::Sms), by_sms, "{choices:?}");
        }
    }

    #[test]
    fn what_this_version_does_not_know_decides_nothing() {
        let row = |workflow: &str, channel: &str| PreferenceRow {
            user_id: Uuid::nil(),
            workflow: workflow.to_owned(),
            channel: channel.to_owned(),
            enabled: false,
        };
        let rows = [
            row("CARRIER_PIGEON", ""),
            row("", "TELEX"),
            row("REPLY", "PUSH"),
        ];
        let preferences = Preferences::of(&rows);
        assert_eq!(preferences.choices().len(), 1);
        assert!(!preferences.allow(Workflow::Reply, Channel::Push));
        assert!(preferences.allow(Workflow::Reply, Channel::Email));
    }
}
