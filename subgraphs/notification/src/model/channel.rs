//! Ways to reach a person.

use coko_core::text_enum;

text_enum! {
    /// A way to reach a person.
    #[graphql(name = "NotificationChannel")]
    pub(crate) Channel {
        /// The list in the applications.
        InApp = "IN_APP",
        /// A letter to the proven address.
        Email = "EMAIL",
        /// A text message to the proven number.
        Sms = "SMS",
        /// A message to the applications on the person's devices.
        Push = "PUSH",
    }
}

impl Channel {
    /// Whether it makes a noise wherever the person is: it waits for the end of quiet hours.
    pub(crate) fn interrupts(self) -> bool {
        matches!(self, Self::Sms | Self::Push)
    }
}
