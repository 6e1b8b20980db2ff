//! Who meets a `@policy`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Who meets one policy: a caller with a valid token and any one of these. A policy without a rule is met by the role of
/// its name.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct PolicyRule {
    /// Names of roles.
    pub roles: Vec<String>,
    /// Rights, as `resource:action`.
    pub rights: Vec<String>,
    /// Whether a valid token is enough. Default false.
    pub any_token: bool,
}
