//! Layer 2: a subgraph whose calls keep failing is left alone for a while, and callers are told at once.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use coko_executor::{SubgraphReply, TransportError};
use tokio::time::Instant;

use crate::config::CircuitBreakerConfig;

/// Parts of the window, each counted by itself and forgotten as a whole.
const BUCKETS: usize = 10;
/// Bits of each count in a bucket.
const COUNT_BITS: u32 = 20;
const COUNT: u64 = (1 << COUNT_BITS) - 1;

/// Whether a subgraph is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CircuitState {
    /// It is.
    Closed,
    /// It is not.
    Open,
    /// A few calls try whether it answers again.
    HalfOpen,
}

impl CircuitState {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Closed => "CLOSED",
            Self::Open => "OPEN",
            Self::HalfOpen => "HALF_OPEN",
        }
    }
}

/// The circuit to one subgraph. While it is closed, calls cost two atomic operations and no lock.
pub(crate) struct Circuit {
    name: String,
    config: CircuitBreakerConfig,
    began: Instant,
    /// The number of its part of the window, then calls, then failures among them.
    buckets: [AtomicU64; BUCKETS],
    closed: AtomicBool,
    broken: Mutex<Broken>,
}

/// What counts while the circuit is not closed.
struct Broken {
    until: Instant,
    probing: u32,
    succeeded: u32,
}

impl Circuit {
    /// None when it is turned off.
    pub(super) fn new(name: &str, config: &CircuitBreakerConfig) -> Option<Self> {
        config.enabled.then(|| {
            let began = Instant::now();
            Self {
                name: name.to_owned(),
                config: config.clone(),
                began,
                buckets: Default::default(),
                closed: AtomicBool::new(true),
                broken: Mutex::new(Broken {
                    until: began,
                    probing: 0,
                    succeeded: 0,
                }),
            }
        })
    }

    pub(crate) fn state(&self) -> CircuitState {
        if self.closed.load(Ordering::Acquire) {
            CircuitState::Closed
        } else if Instant::now() < self.broken().until {
            CircuitState::Open
        } else {
            CircuitState::HalfOpen
        }
    }

    /// Lets a call through.
    ///
    /// # Errors
    /// [`TransportError::CircuitOpen`] while it is open, and while it is half open and enough others try it.
    pub(super) fn pass(&self) -> Result<Passage<'_>, TransportError> {
        let probe = !self.closed.load(Ordering::Acquire);
        if probe {
            let mut broken = self.broken();
            // It may have closed in between; then a probe too many is a call like any other.
            if Instant::now() < broken.until
                || broken.probing + broken.succeeded >= self.config.probes
            {
                return Err(TransportError::CircuitOpen);
            }
            broken.probing += 1;
        }
        Ok(Passage {
            circuit: self,
            probe,
        })
    }

    fn count(&self, failed: bool) {
        let part = self.part();
        let bucket = &self.buckets[usize::try_from(part).unwrap_or(0) % BUCKETS];
        let stamp = part << (2 * COUNT_BITS);
        let _ = bucket.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |seen| {
            let (calls, failures) = if seen >> (2 * COUNT_BITS) == stamp >> (2 * COUNT_BITS) {
                counts(seen)
            } else {
                (0, 0)
            };
            let calls = (calls + 1).min(COUNT);
            let failures = (failures + u64::from(failed)).min(COUNT);
            Some(stamp | (calls << COUNT_BITS) | failures)
        });
        // Calls that were under way when it opened do not keep it open for longer.
        if failed && self.closed.load(Ordering::Acquire) && self.fails_too_often() {
            self.open();
        }
    }

    fn fails_too_often(&self) -> bool {
        let now = self.part();
        let (mut calls, mut failures) = (0, 0);
        for bucket in &self.buckets {
            let seen = bucket.load(Ordering::Relaxed);
            let part = seen >> (2 * COUNT_BITS);
            let current = now & (u64::MAX >> (2 * COUNT_BITS));
            if current.wrapping_sub(part) < BUCKETS as u64 {
                let (more, failed) = counts(seen);
                calls += more;
                failures += failed;
            }
        }
        calls >= u64::from(self.config.minimum_calls)
            && failures * 100 >= calls * u64::from(self.config.failure_percent)
    }

    /// The number of the part of the window that is now.
    fn part(&self) -> u64 {
        let part = self.config.window_ms / BUCKETS as u64;
        let now = u64::try_from(self.began.elapsed().as_millis()).unwrap_or(0);
        // Parts begin with 1, so that an empty bucket belongs to none that is near.
        now / part.max(1) + 1
    }

    fn open(&self) {
        let mut broken = self.broken();
        *broken = Broken {
            until: Instant::now() + Duration::from_millis(self.config.open_ms),
            probing: 0,
            succeeded: 0,
        };
        self.closed.store(false, Ordering::Release);
        drop(broken);
        self.tell(CircuitState::Open);
    }

    fn close(&self) {
        for bucket in &self.buckets {
            bucket.store(0, Ordering::Relaxed);
        }
        self.closed.store(true, Ordering::Release);
        self.tell(CircuitState::Closed);
    }

    fn probed(&self, outcome: Option<bool>) {
        let mut broken = self.broken();
        broken.probing = broken.probing.saturating_sub(1);
        match outcome {
            Some(true) => {
                broken.succeeded += 1;
                if broken.succeeded >= self.config.probes {
                    drop(broken);
                    self.close();
                }
            }
            Some(false) => {
                drop(broken);
                self.open();
            }
            None => {}
        }
    }

    fn broken(&self) -> MutexGuard<'_, Broken> {
        self.broken.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn tell(&self, state: CircuitState) {
        let open = if state == CircuitState::Closed {
            0.0
        } else {
            1.0
        };
        metrics::gauge!("router_subgraph_circuit_open", "subgraph" => self.name.clone()).set(open);
        metrics::counter!("router_subgraph_circuit_transitions_total",
            "subgraph" => self.name.clone(), "state" => state.as_str())
        .increment(1);
        tracing::warn!(
            subgraph = self.name,
            state = state.as_str(),
            "the circuit changed"
        );
    }
}

fn counts(bucket: u64) -> (u64, u64) {
    ((bucket >> COUNT_BITS) & COUNT, bucket & COUNT)
}

/// A call that was let through. One that is given up says nothing about the subgraph.
pub(super) struct Passage<'a> {
    circuit: &'a Circuit,
    probe: bool,
}

impl Passage<'_> {
    /// Counts how the call ended. `own_fault` says whether a time-out was the subgraph's, not the caller's impatience.
    pub(super) fn end(mut self, outcome: &Result<SubgraphReply, TransportError>, own_fault: bool) {
        let failed = match outcome {
            Ok(reply) => reply.status.is_server_error(),
            Err(TransportError::Timeout) if !own_fault => return,
            // It does answer; that this answer is too large is the query's fault.
            Err(TransportError::TooLarge { .. }) => false,
            Err(_) => true,
        };
        if self.probe {
            self.probe = false;
            self.circuit.probed(Some(!failed));
        } else {
            self.circuit.count(failed);
        }
    }
}

impl Drop for Passage<'_> {
    fn drop(&mut self) {
        if self.probe {
            self.circuit.probed(None);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn circuit() -> Circuit {
        let config = CircuitBreakerConfig {
            enabled: true,
            window_ms: 1_000,
            minimum_calls: 4,
            open_ms: 500,
            probes: 2,
            ..CircuitBreakerConfig::default()
        };
        Circuit::new("books", &config).unwrap()
    }

    fn reply() -> SubgraphReply {
        SubgraphReply {
            status: http::StatusCode::OK,
            headers: http::HeaderMap::new(),
            body: bytes::Bytes::new(),
        }
    }

    fn call(circuit: &Circuit, well: bool) -> bool {
        let Ok(passage) = circuit.pass() else {
            return false;
        };
        let outcome = if well {
            Ok(reply())
        } else {
            Err(TransportError::Timeout)
        };
        passage.end(&outcome, true);
        true
    }

    async fn pass_time(milliseconds: u64) {
        tokio::time::advance(Duration::from_millis(milliseconds)).await;
    }

    #[tokio::test(start_paused = true)]
    async fn it_opens_at_the_rate_and_closes_after_probes() {
        let circuit = circuit();
        for well in [true, false, true] {
            assert!(call(&circuit, well));
        }
        assert_eq!(circuit.state(), CircuitState::Closed);
        assert!(call(&circuit, false));
        assert_eq!(circuit.state(), CircuitState::Open);
        assert!(!call(&circuit, true));
        pass_time(501).await;
        assert_eq!(circuit.state(), CircuitState::HalfOpen);
        assert!(call(&circuit, true));
        assert_eq!(circuit.state(), CircuitState::HalfOpen);
        assert!(call(&circuit, true));
        assert_eq!(circuit.state(), CircuitState::Closed);
        // What was before counts no more.
        assert!(call(&circuit, false));
        assert_eq!(circuit.state(), CircuitState::Closed);
    }

    #[tokio::test(start_paused = true)]
    async fn a_failed_probe_opens_it_again_and_one_given_up_does_not_block_it() {
        let circuit = circuit();
        for _ in 0..4 {
            call(&circuit, false);
        }
        pass_time(501).await;
        let probes = (circuit.pass().unwrap(), circuit.pass().unwrap());
        assert!(circuit.pass().is_err());
        drop(probes);
        assert!(call(&circuit, false));
        assert_eq!(circuit.state(), CircuitState::Open);
        assert!(!call(&circuit, true));
    }

    #[tokio::test(start_paused = true)]
    async fn old_failures_are_forgotten() {
        let circuit = circuit();
        for _ in 0..3 {
            call(&circuit, false);
        }
        pass_time(1_100).await;
        call(&circuit, false);
        assert_eq!(circuit.state(), CircuitState::Closed);
        pass_time(300).await;
        for _ in 0..3 {
            call(&circuit, false);
        }
        assert_eq!(circuit.state(), CircuitState::Open);
    }

    #[tokio::test(start_paused = true)]
    async fn impatient_callers_and_large_answers_do_not_count() {
        let circuit = circuit();
        for _ in 0..20 {
            circuit
                .pass()
                .unwrap()
                .end(&Err(TransportError::Timeout), false);
            circuit
                .pass()
                .unwrap()
                .end(&Err(TransportError::TooLarge { limit: 1 }), true);
        }
        assert_eq!(circuit.state(), CircuitState::Closed);
    }
}
