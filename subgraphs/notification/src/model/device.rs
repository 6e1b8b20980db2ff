//! Devices that push messages go to.

use coko_core::text_enum;
use diesel::prelude::*;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::tables::devices;

/// Devices that one person may have; the one that was seen longest ago gives way.
pub(crate) const MOST: usize = 10;
/// The longest token that is taken.
const MAX_TOKEN: usize = 4096;

text_enum! {
    /// What runs on a device.
    #[graphql(name = "DevicePlatform")]
    pub(crate) DevicePlatform {
        /// Android.
        Android = "ANDROID",
        /// iOS or iPadOS.
        Ios = "IOS",
        /// A browser.
        Web = "WEB",
    }
}

/// A device.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = devices)]
pub(crate) struct Device {
    pub(crate) id: Uuid,
    pub(crate) user_id: Uuid,
    pub(crate) platform: DevicePlatform,
    pub(crate) name: Option<String>,
    /// The token of Firebase, sealed: who has it can push to the device.
    pub(crate) token_sealed: Vec<u8>,
    pub(crate) token_index: Vec<u8>,
    pub(crate) created_at: OffsetDateTime,
    pub(crate) seen_at: OffsetDateTime,
}

/// Whether a text can be a registration token.
pub(crate) fn is_token(text: &str) -> bool {
    (16..=MAX_TOKEN).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_printable_and_bounded() {
        assert!(is_token("fcm:APA91bHun4MxP5egoKMwt2KZFBaFUH-1RYqx"));
        for bad in [
            "",
            "short",
            "a token with spaces in it",
            "jeton-avec-accents-éé",
        ] {
            assert!(!is_token(bad), "{bad}");
        }
        assert!(!is_token(&"a".repeat(MAX_TOKEN + 1)));
    }
}
