//! Settings and feature flags: what may be set, and how it is broadcast.

use coko_core::settings;
use coko_core::text;
use diesel::prelude::*;
use serde_json::Value;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::tables;

/// Characters of a key.
pub(crate) const KEY: usize = 80;
/// Characters of a description.
pub(crate) const DESCRIPTION: usize = 300;
/// Bytes of a value as JSON.
pub(crate) const VALUE: usize = 4096;
/// Most settings there can be.
pub(crate) const MOST: i64 = 500;

/// A setting.
#[derive(Clone, Debug, PartialEq, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = tables::settings, treat_none_as_null = true)]
pub(crate) struct Setting {
    pub(crate) key: String,
    pub(crate) description: String,
    /// None where it was removed.
    pub(crate) value: Option<Value>,
    /// For how many of a hundred people it holds.
    pub(crate) share: i16,
    pub(crate) for_clients: bool,
    pub(crate) version: i64,
    pub(crate) told: i64,
    pub(crate) updated_at: OffsetDateTime,
    pub(crate) updated_by: Option<Uuid>,
}

impl Setting {
    /// As it is broadcast.
    pub(crate) fn broadcast(&self) -> settings::Setting {
        settings::Setting {
            version: self.version,
            value: self.value.clone().unwrap_or(Value::Null),
            share: u8::try_from(self.share).unwrap_or(0).min(100),
            for_clients: self.for_clients,
        }
    }
}

/// A key: lower-case words of letters, digits and hyphens, put together by dots, from a letter on.
pub(crate) fn is_key(key: &str) -> bool {
    let word = |word: &str| {
        !word.is_empty()
            && word
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
    };
    let begins = key
        .bytes()
        .next()
        .is_some_and(|byte| byte.is_ascii_lowercase());
    begins && key.len() <= KEY && key.split('.').all(word)
}

/// A description, made tidy.
pub(crate) fn description(input: &str) -> Result<String, text::TextError> {
    text::line(input, DESCRIPTION)
}

/// Whether a value can be set: anything but null that is not too large.
pub(crate) fn is_value(value: &Value) -> bool {
    !value.is_null() && value.to_string().len() <= VALUE
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn keys_are_plain_words() {
        for key in ["a", "platform.read-only", "search.v2", "a1.b-2"] {
            assert!(is_key(key), "{key}");
        }
        let long = "a".repeat(KEY + 1);
        for key in [
            "", ".", "a.", ".a", "1a", "-a", "A", "a b", "a..b", "é", "a*", "a>", &long,
        ] {
            assert!(!is_key(key), "{key}");
        }
    }

    #[test]
    fn values_are_small_and_there() {
        for value in [json!(true), json!(0), json!("x"), json!({ "a": [1, 2] })] {
            assert!(is_value(&value), "{value}");
        }
        assert!(!is_value(&Value::Null));
        assert!(!is_value(&json!("x".repeat(VALUE))));
    }
}
