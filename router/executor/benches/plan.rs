//! Normalizing and planning, cold, beside the planner library alone: what compiling a plan adds to it.

#![expect(
    clippy::unwrap_used,
    reason = "what cannot be set up cannot be measured"
)]

use std::hint::black_box;

use coko_bench::{scenario::Scenario, subgraphs::supergraph};
use coko_executor::{PlanCancellation, Supergraph, normalize, plan};
use criterion::Criterion;
use graphql_tools::parser::parse_query;
use hive_router_query_planner::graph::PlannerOverrideContext;
use hive_router_query_planner::{
    planner::{Planner, QueryPlannerOptions},
    utils::parsing::safe_parse_schema,
};

fn planning(criterion: &mut Criterion) {
    let sdl = supergraph("http://127.0.0.1:4200").unwrap();
    let graph = Supergraph::parse(&sdl).unwrap();
    let library = Planner::new_from_supergraph(
        &safe_parse_schema(&sdl).unwrap(),
        QueryPlannerOptions::default(),
    )
    .unwrap();
    let cancellation = PlanCancellation::new();
    for scenario in Scenario::ALL {
        let mut group = criterion.benchmark_group(format!("plan/{}", scenario.name()));
        let document = parse_query::<String>(scenario.document())
            .unwrap()
            .into_static();
        let normalized = normalize(&graph, &document, None).unwrap();
        let operation = normalized.operation().unwrap();
        group.bench_function("normalize", |bencher| {
            bencher.iter(|| normalize(&graph, black_box(&document), None).unwrap());
        });
        group.bench_function("plan and compile", |bencher| {
            bencher.iter(|| plan(&graph, black_box(&normalized), &cancellation).unwrap());
        });
        group.bench_function("planner alone", |bencher| {
            bencher.iter(|| {
                library
                    .plan_from_normalized_operation(
                        black_box(operation),
                        PlannerOverrideContext::default(),
                        &cancellation,
                    )
                    .unwrap()
            });
        });
        group.finish();
    }
}

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    planning(&mut criterion);
    criterion.final_summary();
}
