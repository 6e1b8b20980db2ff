//! A plan from its first fetch to the bytes of its answer, without any network.

#![expect(
    clippy::unwrap_used,
    reason = "what cannot be set up cannot be measured"
)]

mod kit;

use coko_bench::scenario::Scenario;
use criterion::{Criterion, Throughput};
use kit::Prepared;
use tokio::runtime::Builder;

fn executing(criterion: &mut Criterion) {
    let runtime = Builder::new_current_thread().enable_time().build().unwrap();
    let mut group = criterion.benchmark_group("execute");
    for scenario in Scenario::ALL {
        let prepared = Prepared::new(scenario.document());
        let answer = runtime.block_on(prepared.answer());
        group.throughput(Throughput::Bytes(answer.len() as u64));
        group.bench_function(scenario.name(), |bencher| {
            bencher.to_async(&runtime).iter(|| prepared.run());
        });
    }
    group.finish();
}

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    executing(&mut criterion);
    criterion.final_summary();
}
