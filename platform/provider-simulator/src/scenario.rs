//! What payers and providers do.

use serde::{Deserialize, Serialize};

/// How a payment goes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Scenario {
    /// A person decides, on the page.
    #[default]
    Manual,
    /// It is paid and notified.
    Success,
    /// The payer has not enough money.
    InsufficientFunds,
    /// The payer declines.
    Decline,
    /// The payer does nothing until it expires.
    Expired,
    /// It is paid, and notified three times.
    Duplicate,
    /// It is paid, and the notice of an earlier failure comes last.
    OutOfOrder,
    /// It is paid, and never notified.
    NeverNotified,
    /// It is paid and notified before the call that opened it is answered.
    EarlyNotice,
    /// It is paid, and the notice is signed wrongly.
    BadSignature,
    /// It is opened, and the answer is 500; it is paid where it can be found again.
    ServerError,
    /// The answer takes long.
    Slow,
}
