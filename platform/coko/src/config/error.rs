//! What is wrong with a configuration, and what to do about it.

use super::DEFAULT_FILE;

/// A configuration that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// A required setting has no value.
    #[error("`{key}` is not set; set it in {DEFAULT_FILE} or as {variable}{hint}")]
    Missing {
        /// `section.key`.
        key: String,
        /// The variable.
        variable: String,
        /// What else helps, beginning with a semicolon, or nothing.
        hint: &'static str,
    },
    /// A value has the wrong type or form.
    #[error("the setting `{key}`{origin} is wrong: {reason}")]
    Wrong {
        /// `section.key`.
        key: String,
        /// Where the value comes from.
        origin: String,
        /// Found and expected.
        reason: String,
    },
    /// A section that nothing reads, which is most likely misspelt.
    #[error("{file} has a section `{section}` that nothing reads; the sections are {known}")]
    Unknown {
        /// The file.
        file: String,
        /// The section.
        section: String,
        /// Those that exist.
        known: String,
    },
    /// The file does not exist or is not TOML.
    #[error("the configuration file {file} cannot be read: {reason}")]
    File {
        /// The file.
        file: String,
        /// Why.
        reason: String,
    },
}

/// What to do about a missing `key`.
pub(crate) fn missing(key: &str) -> SettingsError {
    let hint = match key {
        "internal.key" | "identity.public_keys" | "auth.root_keys" => {
            "; `coko token keygen` makes keys"
        }
        "nats.url" => "; `coko up` starts a private NATS by itself",
        key if key.ends_with("database_url") => "; `coko up` starts a private PostgreSQL by itself",
        _ => "",
    };
    SettingsError::Missing {
        key: key.to_owned(),
        variable: variable(key),
        hint,
    }
}

/// The variable that sets `key`: `router.limits.depth` is `COKO_ROUTER_LIMITS__DEPTH`.
pub(super) fn variable(key: &str) -> String {
    let (section, rest) = key.split_once('.').unwrap_or((key, ""));
    let rest = rest.replace('.', "__");
    let name = if rest.is_empty() {
        section.to_owned()
    } else {
        format!("{section}_{rest}")
    };
    format!("COKO_{}", name.to_ascii_uppercase())
}

/// A figment error, which may list several, as the first of them in our words.
pub(super) fn explain(section: &str, error: figment::Error) -> SettingsError {
    let Some(first) = error.clone().into_iter().next() else {
        return SettingsError::Wrong {
            key: section.to_owned(),
            origin: String::new(),
            reason: error.to_string(),
        };
    };
    let mut path: Vec<String> = Vec::new();
    if !section.is_empty() {
        path.push(section.to_owned());
    }
    path.extend(
        first
            .path
            .iter()
            .filter(|part| part.as_str() != section)
            .cloned(),
    );
    if let figment::error::Kind::MissingField(field) = &first.kind {
        path.push(field.to_string());
        return missing(&path.join("."));
    }
    let origin = first.metadata.as_ref().map(|metadata| {
        let place = metadata
            .source
            .as_ref()
            .map(|source| format!(" {source}"))
            .unwrap_or_default();
        format!(" from {}{place}", metadata.name)
    });
    SettingsError::Wrong {
        key: path.join("."),
        origin: origin.unwrap_or_default(),
        reason: first.kind.to_string(),
    }
}
