//! The plans of one operation, by what is decided about progressive overrides, and how often it is asked for.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use coko_executor::ExecutablePlan;
use tokio::sync::OnceCell;

use crate::overrides::Decision;
use crate::refusal::Refusal;

/// One plan, or why there is none.
pub(crate) type PlanCell = OnceCell<Result<Arc<ExecutablePlan>, Refusal>>;

/// Decisions whose plans are kept besides the usual one; those beyond are planned anew each time.
const MOST_DECISIONS: usize = 64;

/// Plans by decision. Nearly every supergraph has but the one.
#[derive(Default)]
pub(crate) struct Plans {
    usual: Arc<PlanCell>,
    others: Mutex<HashMap<Decision, Arc<PlanCell>>>,
}

impl Plans {
    /// The place of the plan for a decision.
    pub(crate) fn of(&self, decision: &Decision) -> Arc<PlanCell> {
        if *decision == Decision::default() {
            return self.usual.clone();
        }
        let mut others = self.others.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(cell) = others.get(decision) {
            return cell.clone();
        }
        let cell = Arc::<PlanCell>::default();
        if others.len() < MOST_DECISIONS {
            others.insert(decision.clone(), cell.clone());
        }
        cell
    }

    /// Puts a plan where there is none.
    pub(crate) fn set(&self, decision: &Decision, plan: Arc<ExecutablePlan>) {
        // One that is there already is as good.
        let _ = self.of(decision).set(Ok(plan));
    }

    /// The decisions that plans were made for, the usual one left out.
    pub(crate) fn decisions(&self) -> Vec<Decision> {
        let others = self.others.lock().unwrap_or_else(PoisonError::into_inner);
        others.keys().cloned().collect()
    }
}

/// How often an operation was asked for, roughly: recent supergraphs count more.
#[derive(Default)]
pub(crate) struct Uses(AtomicU64);

impl Uses {
    pub(crate) fn add(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn count(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }

    /// Takes half of what was counted before, so that what falls out of use falls behind.
    pub(crate) fn inherit(&self, before: &Self) {
        self.0.fetch_add(before.count() / 2, Ordering::Relaxed);
    }
}
