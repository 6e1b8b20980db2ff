//! Layer 3: queries that failed in a way that may pass are tried again, within a budget.

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

use coko_core::ids::Entropy;
use coko_executor::{SubgraphReply, TransportError};
use http::StatusCode;
use tokio::time::Instant;

use crate::config::RetryConfig;

/// What one retry costs of the budget.
const RETRY: i64 = 100;

/// When calls of one subgraph are tried again.
pub(super) struct Retries {
    config: RetryConfig,
    entropy: Entropy,
    /// Hundredths of retries that may be made.
    budget: AtomicI64,
    most: i64,
    began: Instant,
    /// Milliseconds after `began` up to which the budget got its part per second.
    filled: AtomicU64,
}

impl Retries {
    /// None when they are turned off.
    pub(super) fn new(config: &RetryConfig, entropy: Entropy) -> Option<Self> {
        let per_second = RETRY * i64::from(config.budget_per_second);
        // What was saved up lasts for ten seconds' worth.
        let most = (10 * per_second).max(10 * RETRY);
        (config.attempts > 0).then(|| Self {
            config: config.clone(),
            entropy,
            budget: AtomicI64::new(per_second),
            most,
            began: Instant::now(),
            filled: AtomicU64::new(0),
        })
    }

    /// Notes that a call is made, which earns its part of a retry.
    pub(super) fn note_call(&self) {
        if self.budget.load(Ordering::Relaxed) < self.most {
            self.budget
                .fetch_add(self.config.budget_percent.into(), Ordering::Relaxed);
        }
    }

    /// How long to wait before the next attempt; none when this outcome stands. `made` attempts were made so far.
    pub(super) fn pause(
        &self,
        outcome: &Result<SubgraphReply, TransportError>,
        made: u32,
        deadline: Instant,
    ) -> Option<Duration> {
        if made > self.config.attempts || !may_pass(outcome) {
            return None;
        }
        let doubled = self
            .config
            .first_pause_ms
            .saturating_mul(1 << made.saturating_sub(1).min(20));
        let longest = doubled.min(self.config.longest_pause_ms);
        // The full range: those who failed together do not come back together.
        let pause = Duration::from_millis(
            u64::from_be_bytes(self.entropy.bytes()) % longest.saturating_add(1),
        );
        (Instant::now() + pause < deadline && self.withdraw()).then_some(pause)
    }

    fn withdraw(&self) -> bool {
        self.fill();
        self.budget
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |budget| {
                (budget >= RETRY).then_some(budget - RETRY)
            })
            .is_ok()
    }

    /// Adds what the time since the last look earned.
    fn fill(&self) {
        let now = u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX);
        let before = self.filled.swap(now, Ordering::Relaxed);
        let earned = now.saturating_sub(before) * u64::from(self.config.budget_per_second) / 10;
        if earned == 0 {
            // Too little time for a hundredth: it counts next time.
            self.filled.fetch_min(before, Ordering::Relaxed);
            return;
        }
        let earned = i64::try_from(earned).unwrap_or(i64::MAX);
        let _ = self
            .budget
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |budget| {
                Some(budget.saturating_add(earned).min(self.most).max(budget))
            });
    }
}

/// Whether the next attempt may go otherwise, and this one had no effect that matters to a query.
fn may_pass(outcome: &Result<SubgraphReply, TransportError>) -> bool {
    match outcome {
        Ok(reply) => is_passing(reply.status),
        Err(TransportError::Connect(_) | TransportError::Broken(_)) => true,
        Err(TransportError::Unavailable(status)) => is_passing(*status),
        Err(_) => false,
    }
}

/// Statuses by which intermediaries and overloaded servers say "not now".
pub(super) fn is_passing(status: StatusCode) -> bool {
    matches!(
        status,
        StatusCode::BAD_GATEWAY | StatusCode::SERVICE_UNAVAILABLE | StatusCode::GATEWAY_TIMEOUT
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn retries(change: impl FnOnce(&mut RetryConfig)) -> Retries {
        let mut config = RetryConfig::default();
        change(&mut config);
        Retries::new(&config, Entropy::seeded(1)).unwrap()
    }

    fn refused() -> Result<SubgraphReply, TransportError> {
        Err(TransportError::Connect("refused".to_owned()))
    }

    #[tokio::test(start_paused = true)]
    async fn the_budget_is_a_part_of_calls_and_a_rate() {
        let retries = retries(|config| {
            config.budget_per_second = 2;
            config.first_pause_ms = 0;
        });
        let deadline = Instant::now() + Duration::from_secs(24 * 3600);
        let granted = || {
            (0..1_000)
                .take_while(|_| retries.pause(&refused(), 1, deadline).is_some())
                .count()
        };
        assert_eq!(granted(), 2);
        assert_eq!(granted(), 0);
        for _ in 0..50 {
            retries.note_call();
        }
        assert_eq!(granted(), 10);
        tokio::time::advance(Duration::from_secs(3)).await;
        assert_eq!(granted(), 6);
        tokio::time::advance(Duration::from_secs(3600)).await;
        assert_eq!(granted(), 20);
    }

    #[tokio::test(start_paused = true)]
    async fn pauses_grow_and_end_before_the_deadline() {
        let retries = retries(|config| {
            config.attempts = 10;
            config.budget_per_second = 1_000;
            config.first_pause_ms = 100;
            config.longest_pause_ms = 300;
        });
        let far = Instant::now() + Duration::from_secs(60);
        let longest = |made| {
            (0..200)
                .filter_map(|_| retries.pause(&refused(), made, far))
                .max()
                .unwrap()
                .as_millis()
        };
        assert!((60..=100).contains(&longest(1)), "{}", longest(1));
        assert!((120..=200).contains(&longest(2)), "{}", longest(2));
        assert!((200..=300).contains(&longest(9)), "{}", longest(9));
        assert_eq!(retries.pause(&refused(), 11, far), None);
        assert_eq!(retries.pause(&refused(), 1, Instant::now()), None);
    }

    #[tokio::test]
    async fn only_what_may_pass_is_tried_again() {
        let retries = retries(|_| ());
        let deadline = Instant::now() + Duration::from_secs(60);
        let status = |status| {
            Ok(SubgraphReply {
                status,
                headers: http::HeaderMap::new(),
                body: bytes::Bytes::new(),
            })
        };
        let again = |outcome| retries.pause(&outcome, 1, deadline).is_some();
        assert!(again(refused()));
        assert!(again(Err(TransportError::Broken("reset".to_owned()))));
        assert!(again(Err(TransportError::Unavailable(
            StatusCode::BAD_GATEWAY
        ))));
        assert!(again(status(StatusCode::SERVICE_UNAVAILABLE)));
        assert!(!again(status(StatusCode::OK)));
        assert!(!again(status(StatusCode::INTERNAL_SERVER_ERROR)));
        assert!(!again(Err(TransportError::Timeout)));
        assert!(!again(Err(TransportError::TooLarge { limit: 1 })));
    }
}
