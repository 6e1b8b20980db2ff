//! Progressive `@override`s: for whom a labelled field has moved.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// For whom fields with `@override(label:)` come from the subgraph that takes them over.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct OverridesConfig {
    /// Label -> when it is on. A label that is not listed is off. Labels of the form `percent(n)` need no entry.
    pub labels: BTreeMap<String, LabelRule>,
    /// What a share of requests is drawn by, for `percent` here and `percent(n)` in the schema. Default the viewer.
    pub share_by: ShareBy,
}

/// When a label is on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum LabelRule {
    /// For everyone.
    On,
    /// For no one.
    Off,
    /// For this share of requests, 0 to 100, drawn for each label by itself.
    Percent(f64),
    /// For requests with this header; with any value when none is given. Clients choose their headers: nothing may hang
    /// on it but where a field comes from.
    Header {
        /// The header's name.
        name: String,
        /// The value it must have.
        value: Option<String>,
    },
    /// For viewers with one of these roles.
    Roles(Vec<String>),
}

/// What requests are numbered by when a share of them is drawn. Equal numbers are drawn alike, in every process.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ShareBy {
    /// The viewer, and for callers without a token their address: the same person sees the same all the time.
    #[default]
    Viewer,
    /// The request's id: each request for itself.
    Request,
}

impl OverridesConfig {
    /// The first rule that cannot be: its label, and what is wrong with it.
    pub(super) fn fault(&self) -> Option<(String, &'static str)> {
        self.labels.iter().find_map(|(label, rule)| {
            let expected = match rule {
                LabelRule::Percent(share) if !(0.0..=100.0).contains(share) => "0 to 100 percent",
                LabelRule::Header { name, .. }
                    if http::HeaderName::from_bytes(name.as_bytes()).is_err() =>
                {
                    "a header's name"
                }
                _ => return None,
            };
            Some((label.clone(), expected))
        })
    }
}
