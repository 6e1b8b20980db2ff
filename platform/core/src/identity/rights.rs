//! Permissions as `resource:action`, with `resource:*` for everything that can be done to a resource.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// One permission: `books:read`, `users:*`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Right {
    resource: String,
    action: String,
}

/// The text is not `resource:action`.
#[derive(Debug, thiserror::Error)]
#[error("`{0}` is not a permission; expected resource:action such as books:read or books:*")]
pub struct RightError(String);

impl Right {
    /// What may be acted on.
    pub fn resource(&self) -> &str {
        &self.resource
    }

    /// What may be done; `*` is everything.
    pub fn action(&self) -> &str {
        &self.action
    }
}

impl FromStr for Right {
    type Err = RightError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let word = |part: &str| {
            !part.is_empty()
                && part.len() <= 40
                && part
                    .bytes()
                    .all(|b| b.is_ascii_lowercase() || b == b'_' || b == b'-')
        };
        match text.split_once(':') {
            Some((resource, action)) if word(resource) && (word(action) || action == "*") => {
                Ok(Self {
                    resource: resource.to_owned(),
                    action: action.to_owned(),
                })
            }
            _ => Err(RightError(text.chars().take(80).collect())),
        }
    }
}

impl TryFrom<String> for Right {
    type Error = RightError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<Right> for String {
    fn from(right: Right) -> Self {
        right.to_string()
    }
}

impl fmt::Display for Right {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.resource, self.action)
    }
}

/// What a viewer may do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RightSet {
    rights: BTreeSet<Right>,
    everything: bool,
}

impl RightSet {
    /// The system's own rights: everything.
    pub(super) fn everything() -> Self {
        Self {
            rights: BTreeSet::new(),
            everything: true,
        }
    }

    /// Whether `action` on `resource` is among them, by itself or through `resource:*`.
    pub fn allows(&self, resource: &str, action: &str) -> bool {
        self.everything
            || self.rights.iter().any(|right| {
                right.resource == resource && (right.action == action || right.action == "*")
            })
    }

    /// The rights one by one.
    pub fn iter(&self) -> impl Iterator<Item = &Right> {
        self.rights.iter()
    }
}

impl FromIterator<Right> for RightSet {
    fn from_iter<I: IntoIterator<Item = Right>>(rights: I) -> Self {
        Self {
            rights: rights.into_iter().collect(),
            everything: false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wildcard_covers_its_own_resource_only() {
        let rights: RightSet = ["books:*", "users:read"]
            .iter()
            .map(|text| text.parse().unwrap())
            .collect();
        assert!(rights.allows("books", "publish"));
        assert!(rights.allows("users", "read"));
        assert!(!rights.allows("users", "write"));
        assert!(!rights.allows("system", "read"));
        for bad in [
            "",
            "books",
            "books:",
            ":read",
            "*:*",
            "Books:read",
            "books:read:all",
            "b\u{e9}:read",
        ] {
            assert!(bad.parse::<Right>().is_err(), "{bad}");
        }
    }
}
