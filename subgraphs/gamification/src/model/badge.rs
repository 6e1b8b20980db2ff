//! Badges, and the language in which their rules are written.
//!
//! A rule is JSON: `{"atLeast": {"metric": "BOOKS_COMPLETED", "count": 5}}`, `{"all": [rule, …]}` or `{"any": [rule, …]}`. No
//! metric ever goes down, so a rule that held goes on to hold: it does not matter in which order things became known.

use diesel::prelude::*;
use serde::{Deserialize, Serialize};

use super::player::Player;
use crate::tables::badges;

/// What a rule can ask for; it never goes down.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(crate) enum Metric {
    BooksCompleted,
    BooksPurchased,
    ReviewsPosted,
    ReadingDays,
    /// The most days of reading in a row, freezes apart.
    LongestRow,
    MinutesRead,
    Level,
    Points,
    ChallengesCompleted,
}

/// When a badge is awarded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) enum Rule {
    /// Once the metric has come to `count`.
    AtLeast {
        /// What is counted.
        metric: Metric,
        /// How much of it there must be.
        count: i64,
    },
    /// Once all of these hold.
    All(Vec<Rule>),
    /// Once one of these holds.
    Any(Vec<Rule>),
}

impl Rule {
    /// Whether the player fulfils it. Nobody fulfils a rule that asks for nothing.
    pub(crate) fn holds(&self, player: &Player) -> bool {
        match self {
            Self::AtLeast { metric, count } => player.measure(*metric) >= *count,
            Self::All(rules) => !rules.is_empty() && rules.iter().all(|rule| rule.holds(player)),
            Self::Any(rules) => rules.iter().any(|rule| rule.holds(player)),
        }
    }

    /// How much of it the player has done: 0 to 1.
    pub(crate) fn progress(&self, player: &Player) -> f64 {
        match self {
            Self::AtLeast { metric, count } => {
                #[expect(
                    clippy::cast_precision_loss,
                    reason = "a share that people look at needs no 53rd bit"
                )]
                let share = player.measure(*metric) as f64 / (*count).max(1) as f64;
                share.clamp(0.0, 1.0)
            }
            Self::All(rules) => {
                let count = u32::try_from(rules.len()).unwrap_or(u32::MAX);
                let sum: f64 = rules.iter().map(|rule| rule.progress(player)).sum();
                sum / f64::from(count.max(1))
            }
            Self::Any(rules) => rules
                .iter()
                .map(|rule| rule.progress(player))
                .fold(0.0, f64::max),
        }
    }
}

/// A badge, in its newest version.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = badges)]
pub(crate) struct Badge {
    pub(crate) code: String,
    pub(crate) version: i32,
    pub(crate) rule: serde_json::Value,
    pub(crate) position: i32,
    pub(crate) name_fr: String,
    pub(crate) name_en: String,
    pub(crate) description_fr: String,
    pub(crate) description_en: String,
    pub(crate) retired: bool,
}

impl Badge {
    /// Its rule; none where a newer program wrote one that this one cannot read, which therefore is awarded to nobody here.
    pub(crate) fn rule(&self) -> Option<Rule> {
        Rule::deserialize(&self.rule).ok()
    }

    /// Whether it is to be awarded to the player.
    pub(crate) fn is_earned_by(&self, player: &Player) -> bool {
        !self.retired && self.rule().is_some_and(|rule| rule.holds(player))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use uuid::Uuid;

    use super::*;

    fn player(books: i32, reviews: i32) -> Player {
        Player {
            books_completed: books,
            reviews_posted: reviews,
            ..Player::new(Uuid::nil())
        }
    }

    #[test]
    fn rules_are_read_and_followed() {
        let critic: Rule = serde_json::from_value(json!({ "all": [
            { "atLeast": { "metric": "REVIEWS_POSTED", "count": 2 } },
            { "any": [
                { "atLeast": { "metric": "BOOKS_COMPLETED", "count": 4 } },
                { "atLeast": { "metric": "LEVEL", "count": 7 } },
            ] },
        ] }))
        .unwrap();
        assert!(!critic.holds(&player(4, 1)));
        assert!(critic.holds(&player(4, 2)));
        assert!(!critic.holds(&player(3, 9)));
        assert!((critic.progress(&player(2, 1)) - 0.5).abs() < 1e-9);
        assert!((critic.progress(&player(9, 9)) - 1.0).abs() < 1e-9);
        assert!(!Rule::All(Vec::new()).holds(&player(9, 9)));
        assert!(!Rule::Any(Vec::new()).holds(&player(9, 9)));
    }

    #[test]
    fn what_is_no_rule_is_refused() {
        for bad in [
            json!({}),
            json!({ "atLeast": { "metric": "MOOD", "count": 1 } }),
            json!({ "atLeast": { "metric": "LEVEL" } }),
            json!({ "none": [] }),
        ] {
            assert!(
                serde_json::from_value::<Rule>(bad.clone()).is_err(),
                "{bad}"
            );
        }
    }
}
