//! Messages on their way: what became of them, and when to try again.

use coko_core::text_enum;
use diesel::prelude::*;
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use super::channel::Channel;
use super::kind::Workflow;
use crate::tables::{attempts, deliveries};

/// Tries before a delivery is given up.
pub(crate) const MAX_TRIES: i32 = 8;
/// The pause after the first try; each one after it is twice as long.
const FIRST_PAUSE: Duration = Duration::seconds(20);
/// The longest pause.
const LONGEST_PAUSE: Duration = Duration::hours(2);
/// How long a message is worth sending.
const LIFE: Duration = Duration::days(2);

text_enum! {
    /// Where a delivery stands.
    #[graphql(name = "DeliveryStatus")]
    pub(crate) Status {
        /// It waits to be sent, or to be tried again.
        Pending = "PENDING",
        /// The provider took it.
        Sent = "SENT",
        /// The provider says that it arrived.
        Delivered = "DELIVERED",
        /// It will not arrive.
        Failed = "FAILED",
        /// The address is one to which nothing is sent any more.
        Suppressed = "SUPPRESSED",
        /// There was no reason to send it any more.
        Cancelled = "CANCELLED",
    }
}

text_enum! {
    /// What became of one attempt.
    #[graphql(name = "AttemptOutcome")]
    pub(crate) Outcome {
        /// The provider took it.
        Accepted = "ACCEPTED",
        /// It may work later.
        Retry = "RETRY",
        /// It will never work.
        Rejected = "REJECTED",
    }
}

/// A message over one channel.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = deliveries)]
pub(crate) struct Delivery {
    pub(crate) id: Uuid,
    pub(crate) user_id: Uuid,
    pub(crate) workflow: Workflow,
    pub(crate) channel: Channel,
    pub(crate) critical: bool,
    /// Whether more may join it until it leaves.
    pub(crate) digest: bool,
    pub(crate) status: Status,
    pub(crate) due_at: Option<OffsetDateTime>,
    pub(crate) tries: i32,
    pub(crate) expires_at: OffsetDateTime,
    pub(crate) escalate_at: Option<OffsetDateTime>,
    /// How long it may stay unread before it follows as an SMS.
    pub(crate) escalate_seconds: Option<i32>,
    pub(crate) provider: Option<String>,
    pub(crate) provider_ref: Option<String>,
    pub(crate) reason: Option<String>,
    pub(crate) created_at: OffsetDateTime,
    pub(crate) updated_at: OffsetDateTime,
}

impl Delivery {
    /// A message that leaves at `due`.
    pub(crate) fn new(
        id: Uuid,
        (user, workflow, channel): (Uuid, Workflow, Channel),
        critical: bool,
        due: OffsetDateTime,
        now: OffsetDateTime,
    ) -> Self {
        Self {
            id,
            user_id: user,
            workflow,
            channel,
            critical,
            digest: false,
            status: Status::Pending,
            due_at: Some(due),
            tries: 0,
            expires_at: due + LIFE,
            escalate_at: None,
            escalate_seconds: None,
            provider: None,
            provider_ref: None,
            reason: None,
            created_at: now,
            updated_at: now,
        }
    }

    /// When it is tried again after a try at `now` that did not work, no sooner than the provider asks; none when it is given up.
    pub(crate) fn again(
        &self,
        now: OffsetDateTime,
        after: Option<Duration>,
    ) -> Option<OffsetDateTime> {
        let at = now + pause(self.tries, self.id).max(after.unwrap_or_default());
        (self.tries < MAX_TRIES && at < self.expires_at).then_some(at)
    }

    /// When it follows as an SMS, once the push message was taken at `now`.
    pub(crate) fn escalates(&self, now: OffsetDateTime) -> Option<OffsetDateTime> {
        let seconds = self.escalate_seconds?;
        Some(now + Duration::seconds(seconds.into()))
    }
}

/// The pause after so many tries; up to a quarter longer, by the delivery's id, so that those that failed together do not come back
/// together.
fn pause(tries: i32, id: Uuid) -> Duration {
    let doublings = u32::try_from(tries.clamp(1, 20) - 1).unwrap_or_default();
    let pause = (FIRST_PAUSE * 2_i32.pow(doublings)).min(LONGEST_PAUSE);
    let spread = i32::from(id.as_bytes()[15]);
    pause + pause * spread / 1024
}

/// One attempt to send, as the log keeps it.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = attempts)]
pub(crate) struct Attempt {
    pub(crate) id: Uuid,
    pub(crate) delivery_id: Uuid,
    pub(crate) number: i32,
    pub(crate) channel: Channel,
    pub(crate) provider: String,
    pub(crate) outcome: Outcome,
    pub(crate) code: Option<String>,
    pub(crate) millis: i32,
    pub(crate) at: OffsetDateTime,
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use time::macros::datetime;

    use super::*;

    const NOW: OffsetDateTime = datetime!(2027-01-15 12:00 UTC);

    fn delivery(tries: i32) -> Delivery {
        let about = (Uuid::nil(), Workflow::Payment, Channel::Push);
        Delivery {
            tries,
            ..Delivery::new(Uuid::nil(), about, false, NOW, NOW)
        }
    }

    #[test]
    fn pauses_grow_and_providers_are_heard() {
        let again = |tries, after| delivery(tries).again(NOW, after).map(|at| at - NOW);
        assert_eq!(again(1, None), Some(Duration::seconds(20)));
        assert_eq!(again(2, None), Some(Duration::seconds(40)));
        assert_eq!(again(3, None), Some(Duration::seconds(80)));
        let minute = Some(Duration::minutes(1));
        assert_eq!(again(1, minute), minute);
        assert_eq!(again(3, minute), Some(Duration::seconds(80)));
        assert_eq!(again(MAX_TRIES, None), None);
        assert_eq!(again(1, Some(Duration::days(3))), None);
    }

    proptest! {
        #[test]
        fn pauses_stay_within_bounds(tries in any::<i32>(), id in any::<u128>()) {
            let pause = pause(tries, Uuid::from_u128(id));
            prop_assert!(pause >= FIRST_PAUSE);
            prop_assert!(pause <= LONGEST_PAUSE + LONGEST_PAUSE / 4);
        }
    }
}
