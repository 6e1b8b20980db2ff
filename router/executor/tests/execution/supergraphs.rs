//! Reading supergraphs and choosing operations: what is refused, and how.

use coko_executor::{
    ErrorCode, NormalizeError, OperationKind, PlanCancellation, Supergraph, SupergraphError,
    normalize, plan,
};
use graphql_tools::parser::parse_query;

use crate::entities::shop;

#[test]
fn documents_that_are_no_supergraph_are_refused() {
    let not_supergraphs = [
        "type Query { a: Int }",
        "enum join__Graph { A @join__graph(name: \"a\", url: \"\") }",
        "enum join__Graph { A } type Query { a: Int }",
        "schema { query: Nope } enum join__Graph { A @join__graph(name: \"a\", url: \"\") }",
        "type Query { a: Int } type Query { b: Int } enum join__Graph { A @join__graph(name: \"a\", url: \"\") }",
        "extend type Query { a: Int } type Query { b: Int } enum join__Graph { A @join__graph(name: \"a\", url: \"\") }",
    ];
    for sdl in not_supergraphs {
        let error = Supergraph::parse(sdl).unwrap_err();
        assert!(
            matches!(error, SupergraphError::NotSupergraph(_)),
            "{sdl}: {error}"
        );
    }
    assert!(matches!(
        Supergraph::parse("type {"),
        Err(SupergraphError::Syntax(_))
    ));
}

#[test]
fn subgraphs_are_listed_and_the_public_schema_is_clean() {
    let world = shop();
    let names: Vec<_> = world
        .supergraph
        .subgraphs()
        .iter()
        .map(|entry| entry.name.as_str())
        .collect();
    assert_eq!(names, ["accounts", "inventory", "products", "reviews"]);
    assert_eq!(
        world.supergraph.subgraphs()[0].url,
        "http://accounts.test/graphql"
    );
    let sdl = world.supergraph.public_sdl();
    assert!(
        sdl.contains("type Product") && !sdl.contains("join__") && !sdl.contains("__Schema"),
        "{sdl}"
    );
    assert_eq!(world.supergraph.hash(), shop().supergraph.hash());
}

#[test]
fn operations_are_chosen_by_name() {
    let world = shop();
    let document = parse_query::<String>("query A { me { id } } query B { top { id } }")
        .unwrap()
        .into_static();
    let choose = |name| normalize(&world.supergraph, &document, name);
    assert_eq!(choose(Some("B")).unwrap().name(), Some("B"));
    assert_eq!(choose(Some("A")).unwrap().kind(), OperationKind::Query);
    assert!(matches!(choose(None), Err(NormalizeError::NameRequired(2))));
    assert!(matches!(
        choose(Some("C")),
        Err(NormalizeError::UnknownOperation(_))
    ));
    let document = parse_query::<String>("fragment F on Query { me { id } }")
        .unwrap()
        .into_static();
    assert!(matches!(
        normalize(&world.supergraph, &document, None),
        Err(NormalizeError::NoOperation)
    ));
    let document = parse_query::<String>("mutation { a }")
        .unwrap()
        .into_static();
    assert!(matches!(
        normalize(&world.supergraph, &document, None),
        Err(NormalizeError::NoRootType("mutation"))
    ));
}

#[test]
fn documents_that_do_not_fit_the_schema_are_refused_without_a_panic() {
    let world = shop();
    for text in [
        "{ nope }",
        "{ me { nope } }",
        "{ ...Missing }",
        "query { ...A } fragment A on Query { ...A }",
    ] {
        let document = parse_query::<String>(text).unwrap().into_static();
        let refused = normalize(&world.supergraph, &document, None)
            .map_err(|error| error.code())
            .and_then(|normalized| {
                plan(&world.supergraph, &normalized, &PlanCancellation::new())
                    .map_err(|error| error.code())
            });
        assert!(refused.is_err(), "{text}");
    }
}

#[test]
fn a_cancelled_plan_is_a_timeout() {
    let world = shop();
    let cancellation = PlanCancellation::new();
    cancellation.cancel();
    let error = plan(
        &world.supergraph,
        &world.normalize("{ top { verdict } }"),
        &cancellation,
    )
    .unwrap_err();
    assert_eq!(error.code(), ErrorCode::Timeout);
}
