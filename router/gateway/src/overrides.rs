//! Which progressive `@override`s hold for a request. Plans differ by it, so they are kept by it.

use coko_executor::{OverrideContext, Supergraph};
use sha2::{Digest as _, Sha256};

use crate::config::{LabelRule, OverridesConfig, ShareBy};
use crate::context::RequestContext;

/// The labels and shares that a supergraph's overrides speak of.
#[derive(Debug, Default)]
pub(crate) struct Overrides {
    /// Sorted.
    labels: Vec<String>,
    /// Sorted, in the planner's unit.
    shares: Vec<u64>,
}

/// What is decided for one request: two requests with the same decision have the same plans.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Decision {
    /// For each label, whether it is on.
    on: Box<[bool]>,
    /// How many of the shares the request is beyond.
    beyond: usize,
}

impl Decision {
    /// The decision as bytes, for keys of what is kept.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        let on = self.on.iter().map(|on| u8::from(*on));
        on.chain(self.beyond.to_le_bytes()).collect()
    }
}

/// The planner counts hundred-millionths of a percent.
const PERCENT: f64 = 100_000_000.0;

impl Overrides {
    pub(crate) fn of(supergraph: &Supergraph) -> Self {
        let known = &supergraph.state().progressive_overrides;
        let mut labels: Vec<String> = known.flags.iter().cloned().collect();
        let mut shares: Vec<u64> = known.percentages.iter().copied().collect();
        labels.sort_unstable();
        shares.sort_unstable();
        Self { labels, shares }
    }

    /// Whether no field is overridden progressively, so that there is nothing to decide.
    pub(crate) fn is_empty(&self) -> bool {
        self.labels.is_empty() && self.shares.is_empty()
    }

    /// Decides for a request.
    pub(crate) fn decide(&self, context: &RequestContext) -> Decision {
        if self.is_empty() {
            return Decision::default();
        }
        let config = &context.engine.config.overrides;
        let key = share_key(config, context);
        let on = self
            .labels
            .iter()
            .map(|label| match config.labels.get(label) {
                None | Some(LabelRule::Off) => false,
                Some(LabelRule::On) => true,
                Some(LabelRule::Percent(share)) => draw(label, &key) < share * PERCENT,
                Some(LabelRule::Header { name, value }) => {
                    let given = context.headers.get(name.as_str());
                    given.is_some_and(|given| {
                        value.as_ref().is_none_or(|value| given == value.as_str())
                    })
                }
                Some(LabelRule::Roles(roles)) => {
                    let own = &context.viewer.roles;
                    roles.iter().any(|role| own.contains(role))
                }
            })
            .collect();
        let beyond = if self.shares.is_empty() {
            0
        } else {
            let drawn = draw("", &key);
            #[expect(
                clippy::cast_precision_loss,
                reason = "at most 100 percent, far below 2^53"
            )]
            let beyond = self.shares.iter().filter(|share| **share as f64 <= drawn);
            beyond.count()
        };
        Decision { on, beyond }
    }

    /// The decision in the planner's terms.
    pub(crate) fn context(&self, decision: &Decision) -> OverrideContext {
        let on = self.labels.iter().zip(&decision.on);
        let flags = on.filter(|(_, on)| **on).map(|(label, _)| label.clone());
        // The planner takes a share when the request's number is below it; the largest that it is beyond is such a number.
        let number = match decision.beyond.checked_sub(1) {
            Some(last) => self.shares.get(last).copied().unwrap_or_default(),
            None => 0,
        };
        OverrideContext {
            labels: flags.collect(),
            number,
        }
    }

    /// Whether decisions made for `other` mean the same here.
    pub(crate) fn agrees(&self, other: &Self) -> bool {
        self.labels == other.labels && self.shares == other.shares
    }
}

fn share_key(config: &OverridesConfig, context: &RequestContext) -> String {
    match config.share_by {
        ShareBy::Request => context.request_id.to_string(),
        ShareBy::Viewer if context.is_authenticated() => context.viewer.key(),
        ShareBy::Viewer => context.address.map_or_else(
            || context.request_id.to_string(),
            |address| address.to_string(),
        ),
    }
}

/// A number from 0 to below 100 percent, the same for the same label and key on every machine.
fn draw(label: &str, key: &str) -> f64 {
    let mut hasher = Sha256::new();
    hasher.update(label.as_bytes());
    hasher.update([0]);
    hasher.update(key.as_bytes());
    let digest = hasher.finalize();
    let number = u32::from_be_bytes([digest[0], digest[1], digest[2], digest[3]]);
    f64::from(number) / (f64::from(u32::MAX) + 1.0) * 100.0 * PERCENT
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn draws_are_stable_spread_and_independent() {
        let below = |label: &str, share: f64| {
            let people = (0..10_000).map(|number| format!("user:{number}"));
            people
                .filter(|key| draw(label, key) < share * PERCENT)
                .count()
        };
        assert!(
            (2_400..2_700).contains(&below("", 25.5)),
            "{}",
            below("", 25.5)
        );
        assert_eq!(below("a", 0.0), 0);
        assert_eq!(below("a", 100.0), 10_000);
        let both = (0..10_000)
            .map(|number| format!("user:{number}"))
            .filter(|key| draw("a", key) < 50.0 * PERCENT && draw("b", key) < 50.0 * PERCENT)
            .count();
        assert!((2_300..2_700).contains(&both), "{both}");
        assert!((draw("a", "user:1") - draw("a", "user:1")).abs() < f64::EPSILON);
    }

    #[test]
    fn a_decision_is_what_the_planner_would_have_drawn() {
        let overrides = Overrides {
            labels: vec!["a".to_owned(), "b".to_owned()],
            shares: vec![10, 20, 30],
        };
        for (beyond, taken) in [(0, [true; 3]), (1, [false, true, true]), (3, [false; 3])] {
            let decision = Decision {
                on: Box::new([false, true]),
                beyond,
            };
            let context = overrides.context(&decision);
            assert_eq!(context.labels, ["b".to_owned()].into());
            assert_eq!([10, 20, 30].map(|share| context.number < share), taken);
        }
    }
}
