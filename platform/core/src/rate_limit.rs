//! Rate limits by the generic cell rate algorithm, in this process or shared through Redis.
//!
//! With Redis gone, each process counts for itself: the platform keeps serving and says so.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use fred::types::scripts::Script;

use crate::clock::Clock;

/// Keys that one process remembers; beyond it the least recently used are forgotten.
const LOCAL_KEYS: u64 = 200_000;

/// How much is allowed: `permits` at once, refilled evenly over `per`.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize, schemars::JsonSchema,
)]
pub struct Quota {
    /// How many requests fit in the window.
    pub permits: u32,
    /// The window's length in seconds.
    pub seconds: u32,
}

impl Quota {
    /// `permits` in `per`.
    pub const fn new(permits: u32, per: Duration) -> Self {
        Self {
            permits,
            #[expect(
                clippy::cast_possible_truncation,
                reason = "windows are hours, not centuries"
            )]
            seconds: per.as_secs() as u32,
        }
    }

    fn increment_micros(self) -> i64 {
        i64::from(self.seconds) * 1_000_000 / i64::from(self.permits.max(1))
    }
}

/// Too many requests; the next one is allowed after this time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("too many requests; try again in {0:?}")]
pub struct RetryAfter(pub Duration);

impl From<RetryAfter> for crate::Error {
    fn from(RetryAfter(wait): RetryAfter) -> Self {
        Self::rate_limited(wait)
    }
}

/// Counts requests per class and key.
#[derive(Clone)]
pub struct RateLimiter {
    clock: Clock,
    /// The theoretical arrival time of the next request, in microseconds since the epoch.
    local: moka::sync::Cache<String, Arc<Mutex<i64>>>,
    redis: Option<(fred::clients::Client, Arc<Script>)>,
    /// Whether Redis did not answer when it was last asked.
    alone: Arc<AtomicBool>,
}

impl std::fmt::Debug for RateLimiter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RateLimiter")
            .field("redis", &self.redis.is_some())
            .finish_non_exhaustive()
    }
}

/// Keeps the theoretical arrival time under one key; answers 0 or the microseconds to wait. The caller's clock is used, as all
/// processes' clocks are synchronised far better than a window is long.
const SCRIPT: &str = r"
local now, increment, window = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local arrival = math.max(tonumber(redis.call('GET', KEYS[1]) or now), now) + increment
if arrival - now > window then return string.format('%.0f', arrival - now - window) end
redis.call('SET', KEYS[1], string.format('%.0f', arrival), 'PX', math.ceil((arrival - now) / 1000) + 1)
return '0'
";

impl RateLimiter {
    /// A limiter that shares its counts through `redis` where given.
    pub fn new(clock: Clock, redis: Option<fred::clients::Client>) -> Self {
        Self {
            clock,
            local: moka::sync::Cache::builder()
                .max_capacity(LOCAL_KEYS)
                .time_to_idle(Duration::from_secs(2 * 3600))
                .build(),
            redis: redis.map(|client| (client, Arc::new(Script::from_lua(SCRIPT)))),
            alone: Arc::default(),
        }
    }

    /// Takes one permit of `class` for `key`.
    ///
    /// # Errors
    /// [`RetryAfter`] when the quota is used up; nothing is taken then.
    pub async fn check(&self, class: &str, key: &str, quota: Quota) -> Result<(), RetryAfter> {
        let name = format!("coko:rate:{class}:{key}");
        if let Some((client, script)) = &self.redis {
            // Only who shares pays for the size of a call to Redis.
            match Box::pin(self.check_shared(client, script, &name, quota)).await {
                Ok(wait) => {
                    if self.alone.load(Ordering::Relaxed) {
                        self.tell(false, None);
                    }
                    return if wait == 0 {
                        Ok(())
                    } else {
                        Err(retry_after(wait))
                    };
                }
                Err(error) => {
                    metrics::counter!("rate_limit_fallbacks_total").increment(1);
                    self.tell(true, Some(error));
                }
            }
        }
        self.check_local(name, quota)
    }

    /// Whether this process counts for itself although it should not: Redis did not answer when it was last asked.
    pub fn counts_alone(&self) -> bool {
        self.alone.load(Ordering::Relaxed)
    }

    /// Says once that Redis went, and once that it came back.
    fn tell(&self, alone: bool, error: Option<fred::error::Error>) {
        if self.alone.swap(alone, Ordering::Relaxed) == alone {
            return;
        }
        metrics::gauge!("rate_limit_alone").set(if alone { 1.0 } else { 0.0 });
        if alone {
            let error = error.map(|error| error.to_string());
            tracing::warn!(
                error,
                "rate limits are counted by this process alone: Redis does not answer"
            );
        } else {
            tracing::info!("rate limits are shared again: Redis answers");
        }
    }

    async fn check_shared(
        &self,
        client: &fred::clients::Client,
        script: &Script,
        name: &str,
        quota: Quota,
    ) -> Result<i64, fred::error::Error> {
        let arguments = vec![
            self.now_micros().to_string(),
            quota.increment_micros().to_string(),
            (i64::from(quota.seconds) * 1_000_000).to_string(),
        ];
        let wait: String = script.evalsha_with_reload(client, name, arguments).await?;
        Ok(wait.parse().unwrap_or(0))
    }

    fn check_local(&self, name: String, quota: Quota) -> Result<(), RetryAfter> {
        let now = self.now_micros();
        let cell = self.local.get_with(name, || Arc::new(Mutex::new(now)));
        let mut arrival = cell.lock().unwrap_or_else(PoisonError::into_inner);
        let next = (*arrival).max(now) + quota.increment_micros();
        let over = next - now - i64::from(quota.seconds) * 1_000_000;
        if over > 0 {
            return Err(retry_after(over));
        }
        *arrival = next;
        Ok(())
    }

    fn now_micros(&self) -> i64 {
        i64::try_from(self.clock.now().unix_timestamp_nanos() / 1000).unwrap_or(i64::MAX)
    }
}

fn retry_after(micros: i64) -> RetryAfter {
    RetryAfter(Duration::from_micros(u64::try_from(micros).unwrap_or(0)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::OffsetDateTime;

    #[tokio::test]
    async fn a_quota_is_used_up_and_refills() {
        let clock = Clock::fixed(OffsetDateTime::UNIX_EPOCH + time::Duration::days(20_000));
        let limiter = RateLimiter::new(clock.clone(), None);
        let quota = Quota::new(5, Duration::from_secs(60));
        for _ in 0..5 {
            assert_eq!(limiter.check("login", "a", quota).await, Ok(()));
        }
        let RetryAfter(wait) = limiter.check("login", "a", quota).await.unwrap_err();
        assert_eq!(wait, Duration::from_secs(12));
        assert_eq!(limiter.check("login", "b", quota).await, Ok(()));
        clock.advance(time::Duration::seconds(12));
        assert_eq!(limiter.check("login", "a", quota).await, Ok(()));
        assert!(limiter.check("login", "a", quota).await.is_err());
    }
}
