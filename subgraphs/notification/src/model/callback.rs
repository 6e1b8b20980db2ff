//! What providers tell of deliveries afterwards.

use coko_core::text_enum;
use uuid::Uuid;

use super::delivery::Status;

text_enum! {
    /// Why nothing is sent to an address or number any more.
    #[graphql(name = "SuppressionReason")]
    pub(crate) SuppressionReason {
        /// There is no such mailbox.
        Bounced = "BOUNCED",
        /// Its owner called a letter unwanted.
        Complained = "COMPLAINED",
        /// Its owner asked the provider for no more.
        Unsubscribed = "UNSUBSCRIBED",
        /// There is no such number, or it takes no texts.
        Invalid = "INVALID",
    }
}

/// One thing that a provider tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Told {
    /// The provider's id of it, by which it counts once.
    pub(crate) event_id: String,
    /// The delivery, where it is one of ours.
    pub(crate) delivery: Option<Uuid>,
    /// Where the delivery stands by it.
    pub(crate) status: Option<Status>,
    /// The provider's code of a failure.
    pub(crate) code: Option<String>,
    /// The address or number to which nothing is sent any more, and why.
    pub(crate) suppress: Option<(String, SuppressionReason)>,
}

impl Status {
    /// Where a delivery stands that stood at `self` when a provider tells `told`: reports come late and in any order, and what
    /// has arrived has arrived.
    pub(crate) fn after(self, told: Self) -> Self {
        match (self, told) {
            (Self::Pending | Self::Sent, told) => told,
            (Self::Failed, Self::Delivered) => Self::Delivered,
            (stands, _) => stands,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reports_in_any_order_come_to_the_same() {
        let all = [Status::Sent, Status::Failed, Status::Delivered];
        for first in all {
            for second in all {
                for third in all {
                    let end = Status::Sent.after(first).after(second).after(third);
                    let arrived = [first, second, third].contains(&Status::Delivered);
                    assert_eq!(
                        end == Status::Delivered,
                        arrived,
                        "{first:?} {second:?} {third:?}"
                    );
                }
            }
        }
        assert_eq!(
            Status::Cancelled.after(Status::Delivered),
            Status::Cancelled
        );
        assert_eq!(Status::Suppressed.after(Status::Sent), Status::Suppressed);
    }
}
