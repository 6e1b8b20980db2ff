//! What a reader says about themselves and how they like to read.

use serde::{Deserialize, Serialize};
use url::Url;

use super::text_enum;

text_enum! {
    /// Who sees a profile beyond its display name.
    Privacy {
        /// Everybody.
        Public = "PUBLIC",
        /// Its owner and those who follow them; others see name and picture.
        Followers = "FOLLOWERS",
        /// Its owner; others see the name.
        Private = "PRIVATE",
    }
}

/// The colours of the reading applications.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(crate) enum Theme {
    /// As the device.
    #[default]
    System,
    /// Dark on light.
    Light,
    /// Light on dark.
    Dark,
    /// Brown on cream.
    Sepia,
}

/// How the applications behave for a reader; unknown and missing settings fall back to their defaults.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Preferences {
    /// Colours.
    pub theme: Theme,
    /// Size of running text in CSS pixels, 10 to 40.
    pub font_size: u8,
    /// Fetch less: small covers, nothing ahead of need.
    pub data_saver: bool,
    /// Whether anything but critical messages may be sent.
    pub notifications: bool,
}

impl Preferences {
    /// Sizes that remain readable.
    pub(crate) const FONT_SIZES: std::ops::RangeInclusive<i32> = 10..=40;
}

impl Default for Preferences {
    fn default() -> Self {
        Self {
            theme: Theme::System,
            font_size: 16,
            data_saver: false,
            notifications: true,
        }
    }
}

impl From<serde_json::Value> for Preferences {
    fn from(value: serde_json::Value) -> Self {
        serde_json::from_value(value).unwrap_or_default()
    }
}

/// The address of a picture, which applications will fetch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Avatar(String);

/// The text is not the address of a picture that may be shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected an https address of at most 500 characters without credentials")]
pub(crate) struct AvatarFault;

impl Avatar {
    /// Reads an address: `https`, a host name, no credentials, at most 500 characters.
    ///
    /// # Errors
    /// [`AvatarFault`] otherwise.
    pub(crate) fn parse(input: &str) -> Result<Self, AvatarFault> {
        if input.len() > 500 {
            return Err(AvatarFault);
        }
        let url = Url::parse(input.trim()).map_err(|_| AvatarFault)?;
        let sound = url.scheme() == "https"
            && url.domain().is_some()
            && url.username().is_empty()
            && url.password().is_none();
        if sound {
            Ok(Self(url.into()))
        } else {
            Err(AvatarFault)
        }
    }

    /// The address.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stored_preferences_survive_new_and_lost_fields() {
        let stored = serde_json::json!({ "theme": "SEPIA", "fontSize": 20, "future": 1 });
        let read = Preferences::from(stored);
        assert_eq!(
            read,
            Preferences {
                theme: Theme::Sepia,
                font_size: 20,
                ..Preferences::default()
            }
        );
        assert_eq!(
            Preferences::from(serde_json::json!(3)),
            Preferences::default()
        );
    }

    #[test]
    fn pictures_are_https_without_credentials() {
        assert!(Avatar::parse("https://images.example.org/a.webp").is_ok());
        for input in [
            "http://example.org/a",
            "javascript:alert(1)",
            "https://u:p@example.org/a",
            "https://127.0.0.1/a",
            "data:image/png;base64,AA",
            "",
        ] {
            assert_eq!(Avatar::parse(input), Err(AvatarFault), "{input}");
        }
    }
}
