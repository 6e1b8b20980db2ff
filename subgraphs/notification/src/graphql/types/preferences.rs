//! `NotificationPreferences`: what the viewer wants to hear, and how.

use async_graphql::{Object, SimpleObject};

use crate::model::{Channel, Choice, DigestInterval, Kind, Person, Preferences, Workflow};

/// What the viewer wants to hear, and how.
pub(crate) struct PreferencesType {
    pub(crate) person: Person,
    pub(crate) preferences: Preferences,
}

/// A choice that the viewer made.
#[derive(SimpleObject)]
#[graphql(name = "NotificationChoice")]
pub(crate) struct ChoiceType {
    /// For what; null for everything.
    workflow: Option<Workflow>,
    /// By which way; null for every way.
    channel: Option<Channel>,
    /// Whether the viewer wants it.
    enabled: bool,
}

impl From<&Choice> for ChoiceType {
    fn from(choice: &Choice) -> Self {
        Self {
            workflow: choice.workflow,
            channel: choice.channel,
            enabled: choice.enabled,
        }
    }
}

/// Hours in which nothing interrupts.
#[derive(SimpleObject)]
#[graphql(name = "QuietHours")]
pub(crate) struct QuietHoursType {
    /// When they begin in the viewer's zone: `22:00`.
    from: String,
    /// When they end, perhaps on the next day: `07:00`.
    until: String,
}

/// By which ways the viewer hears of something.
#[derive(SimpleObject)]
#[graphql(name = "WorkflowPreference")]
pub(crate) struct WorkflowType {
    /// Of what.
    workflow: Workflow,
    /// By which ways, by the viewer's choices and where there is none by default.
    channels: Vec<Channel>,
    /// What of it comes in any case.
    critical: Vec<Kind>,
}

/// What the viewer wants to hear, and how.
#[Object(name = "NotificationPreferences")]
impl PreferencesType {
    /// What comes by which ways.
    async fn workflows(&self) -> Vec<WorkflowType> {
        let workflows = Workflow::ALL.iter();
        let workflows = workflows.map(|workflow| {
            let channels = Channel::ALL.iter().copied();
            let kinds = Kind::ALL.iter().copied();
            WorkflowType {
                workflow: *workflow,
                channels: channels
                    .filter(|channel| self.preferences.allow(*workflow, *channel))
                    .collect(),
                critical: kinds
                    .filter(|kind| kind.workflow() == *workflow && kind.is_critical())
                    .collect(),
            }
        });
        workflows.collect()
    }

    /// The choices that the viewer made: of those about the same, the most specific one decides.
    async fn choices(&self) -> Vec<ChoiceType> {
        let choices = self.preferences.choices().iter();
        choices.map(ChoiceType::from).collect()
    }

    /// Hours in which no push message and no SMS comes but what is critical; null for none.
    async fn quiet_hours(&self) -> Option<QuietHoursType> {
        let (from, until) = self.person.quiet_hours()?.times();
        Some(QuietHoursType { from, until })
    }

    /// How long what can be collected is collected: badges, followers, answers.
    async fn digest(&self) -> DigestInterval {
        self.person.digest
    }
}
