//! One fetch with a large answer: reading it and projecting it, without representations and merging.
//!
//! Beside it stands the least that any reader of JSON does, for scale.

#![expect(
    clippy::unwrap_used,
    reason = "what cannot be set up cannot be measured"
)]

mod kit;

use std::hint::black_box;

use criterion::{Criterion, Throughput};
use kit::Prepared;
use tokio::runtime::Builder;

/// Aliases make the answer of one subgraph about as large as the deep operation's.
fn wide() -> String {
    const COPIES: usize = 240;
    let lists: Vec<String> = (0..COPIES)
        .map(|copy| format!("list{copy}: topProducts {{ upc name price weight __typename }}"))
        .collect();
    format!("{{ {} }}", lists.join(" "))
}

fn projecting(criterion: &mut Criterion) {
    let runtime = Builder::new_current_thread().enable_time().build().unwrap();
    let prepared = Prepared::new(&wide());
    let answer = runtime.block_on(prepared.answer());
    let mut group = criterion.benchmark_group("project");
    group.throughput(Throughput::Bytes(answer.len() as u64));
    group.bench_function("read and project", |bencher| {
        bencher.to_async(&runtime).iter(|| prepared.run());
    });
    group.bench_function("serde_json, checking only", |bencher| {
        bencher
            .iter(|| serde_json::from_slice::<serde::de::IgnoredAny>(black_box(&answer)).unwrap());
    });
    group.finish();
}

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    projecting(&mut criterion);
    criterion.final_summary();
}
