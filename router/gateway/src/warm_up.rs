//! Before a new supergraph serves: what is in use is planned against it, most used first, within bounds of time and CPU.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use crate::engine::Engine;
use crate::overrides::Decision;
use crate::persisted::Document;
use crate::plan::plan_now;
use crate::prepare::{PreparedOperation, prepare_now};
use crate::snapshot::Snapshot;

/// One operation to prepare.
struct Task {
    document: Document,
    name: Option<Arc<str>>,
    /// The operation as the old supergraph had it.
    old: Option<Arc<PreparedOperation>>,
}

/// Fills the caches of `new` with what `old` has in use, and with persisted operations where that is configured.
pub(crate) async fn warm_up(engine: &Arc<Engine>, old: Option<&Snapshot>, new: &Arc<Snapshot>) {
    let config = &engine.config.warm_up;
    let started = Instant::now();
    let deadline = started + Duration::from_millis(config.max_ms);
    let tasks = tasks(engine, old);
    let (asked, mut done) = (tasks.len().min(config.operations), 0_usize);
    for task in tasks.into_iter().take(config.operations) {
        let begun = Instant::now();
        if begun >= deadline {
            break;
        }
        // The semaphore is never closed; were it, warming up without a limit is still right.
        let room = engine.planning.clone().acquire_owned().await.ok();
        let (engine, snapshot) = (engine.clone(), new.clone());
        let decisions = task
            .old
            .as_ref()
            .filter(|_| old.is_some_and(|old| old.overrides.agrees(&new.overrides)));
        let decisions = decisions.map_or_else(Vec::new, |old| old.plans.decisions());
        // Where nothing is overridden progressively, there is but one plan.
        let usual = new.overrides.is_empty().then(Decision::default);
        let (document, name) = (task.document.clone(), task.name.clone());
        let prepared = tokio::task::spawn_blocking(move || {
            let operation =
                prepare_now(&snapshot, &engine.config, &document, name.as_deref()).ok()?;
            let patience = Duration::from_millis(engine.config.timeouts.planning_ms);
            for decision in decisions.into_iter().chain(usual) {
                if let Ok(plan) = plan_now(&snapshot, &operation, &decision, patience) {
                    operation.plans.set(&decision, plan);
                }
            }
            Some(operation)
        })
        .await;
        drop(room);
        // What no longer fits the schema is refused when it is asked for.
        if let Ok(Some(operation)) = prepared {
            if let Some(old) = &task.old {
                operation.uses.inherit(&old.uses);
            }
            new.prepared
                .insert(task.document.digest, task.name, Arc::new(operation))
                .await;
            done += 1;
        }
        tokio::time::sleep(begun.elapsed()).await;
    }
    if asked > 0 {
        metrics::counter!("router_warm_up_operations_total").increment(done as u64);
        metrics::histogram!("router_warm_up_duration_seconds")
            .record(started.elapsed().as_secs_f64());
        tracing::info!(
            asked,
            done,
            "operations were planned before they are asked for"
        );
    }
}

/// What to prepare, in order.
fn tasks(engine: &Engine, old: Option<&Snapshot>) -> Vec<Task> {
    let mut used: Vec<Task> = old
        .map(|old| old.prepared.operations())
        .unwrap_or_default()
        .into_iter()
        .map(|(name, old)| Task {
            document: old.document.clone(),
            name,
            old: Some(old),
        })
        .collect();
    used.sort_by_key(|task| std::cmp::Reverse(task.old.as_ref().map_or(0, |old| old.uses.count())));
    if engine.config.warm_up.persisted {
        let mut known: HashSet<[u8; 32]> = used.iter().map(|task| task.document.digest).collect();
        for document in engine.documents.persisted() {
            if known.insert(document.digest) {
                used.push(Task {
                    document,
                    name: None,
                    old: None,
                });
            }
        }
    }
    used
}
