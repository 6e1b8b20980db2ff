//! Reading what everything starts with: a document's text, and a supergraph.

#![expect(
    clippy::unwrap_used,
    reason = "what cannot be set up cannot be measured"
)]

use std::hint::black_box;

use coko_bench::{scenario::Scenario, subgraphs::supergraph};
use coko_executor::Supergraph;
use criterion::Criterion;
use graphql_tools::parser::parse_query;

fn documents(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("parse");
    for scenario in Scenario::ALL {
        group.bench_function(scenario.name(), |bencher| {
            bencher.iter(|| {
                parse_query::<String>(black_box(scenario.document()))
                    .unwrap()
                    .into_static()
            });
        });
    }
    let sdl = supergraph("http://127.0.0.1:4200").unwrap();
    group.bench_function("supergraph", |bencher| {
        bencher.iter(|| Supergraph::parse(black_box(&sdl)).unwrap());
    });
    group.finish();
}

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    documents(&mut criterion);
    criterion.final_summary();
}
