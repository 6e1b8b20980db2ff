//! What notification says: that a person has something to look at.

use serde::{Deserialize, Serialize};
use uuid::{Uuid, uuid};

use super::Payload;

/// Somebody was told something: `notification.received`. Only the person's own devices are to hear of it, at once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NotificationReceived {
    /// The notification.
    pub notification_id: Uuid,
    /// Who was told.
    pub user_id: Uuid,
}

impl Payload for NotificationReceived {
    const DOMAIN: &'static str = "notification";
    const TYPE: &'static str = "notification.received";
    const VERSION: u16 = 1;
    const TRANSIENT: bool = true;

    fn subject(&self) -> String {
        self.user_id.to_string()
    }

    fn sample() -> Self {
        Self {
            notification_id: uuid!("01890a5d-ac96-774b-bcce-b302099a8801"),
            user_id: uuid!("01890a5d-ac96-774b-bcce-b302099a8001"),
        }
    }
}
