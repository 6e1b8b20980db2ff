//! Composition end to end: what it writes, that a planner accepts it, and how it refuses.

use coko_composition::{CompositionError, SubgraphSource, Supergraph, compose};
use graphql_tools::parser::parse_schema;
use hive_router_query_planner::ast::normalization::normalize_operation;
use hive_router_query_planner::graph::PlannerOverrideContext;
use hive_router_query_planner::planner::{Planner, QueryPlannerOptions};
use hive_router_query_planner::utils::cancellation::CancellationToken;

const LINK: &str = r#"extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key", "@tag",
  "@inaccessible", "@override", "@requires", "@provides", "@external", "@shareable", "@interfaceObject",
  "@authenticated", "@requiresScopes", "@policy", "@cost", "@listSize"])
"#;

fn subgraph(name: &str, sdl: &str) -> SubgraphSource {
    SubgraphSource {
        name: name.into(),
        url: format!("http://localhost/{name}"),
        sdl: format!("{LINK}{sdl}"),
    }
}

fn composed(subgraphs: &[SubgraphSource]) -> Supergraph {
    compose(subgraphs).unwrap_or_else(|error| panic!("{error}"))
}

fn refused(subgraphs: &[SubgraphSource]) -> CompositionError {
    compose(subgraphs).expect_err("composition should fail")
}

fn planner(supergraph: &Supergraph) -> Planner {
    let document = parse_schema::<String>(&supergraph.sdl)
        .expect("a valid supergraph and query")
        .into_static();
    Planner::new_from_supergraph(&document, QueryPlannerOptions::default())
        .expect("a valid supergraph and query")
}

fn plan(supergraph: &Supergraph, query: &str) -> String {
    let planner = planner(supergraph);
    let document = graphql_tools::parser::parse_query::<String>(query)
        .expect("a valid supergraph and query")
        .into_static();
    let normalized = normalize_operation(&planner.supergraph, &document, None)
        .expect("a valid supergraph and query");
    let plan = planner
        .plan_from_normalized_operation(
            &normalized.operation,
            PlannerOverrideContext::default(),
            &CancellationToken::new(),
        )
        .expect("a valid supergraph and query");
    plan.to_string()
}

fn library() -> Vec<SubgraphSource> {
    vec![
        subgraph(
            "reviews",
            r#"
            type Book @key(fields: "id") { id: ID! title: String! @external reviews: [Review!]! @listSize(assumedSize: 20) label: String @requires(fields: "title") }
            type Review { stars: Int! @cost(weight: 3) secret: String @inaccessible }
            type Mutation { review(book: ID!, stars: Int!): Review @authenticated }
            type Query { latestReviews: [Review!]! @requiresScopes(scopes: [["reviews:read"]]) @policy(policies: [["staff"]]) }
        "#,
        ),
        subgraph(
            "catalog",
            r#"
            """
            A book. 📚 It's "quoted", and says:
            type Query
            {
            """
            type Book @key(fields: "id") @tag(name: "public") { id: ID! "The title, «français»." title: String! }
            scalar Instant @specifiedBy(url: "https://scalars.example/instant")
            type Mutation { rename(id: ID!, title: String!): Book }
            type Subscription { published: Book at: Instant }
            type Query { books(first: Int! = 20): [Book!]! @listSize(slicingArguments: ["first"]) }
        "#,
        ),
    ]
}

#[test]
fn a_planner_plans_over_the_result() {
    let supergraph = composed(&library());
    let plan = plan(
        &supergraph,
        "{ books(first: 3) { title reviews { stars } label } }",
    );
    assert!(
        plan.contains("catalog") && plan.contains("reviews") && plan.contains("Flatten"),
        "{plan}"
    );
    let mutation = self::plan(
        &supergraph,
        "mutation { rename(id: 1, title: \"x\") { reviews { stars } } }",
    );
    assert!(mutation.contains("Sequence"), "{mutation}");
}

#[test]
fn directives_and_descriptions_survive() {
    let sdl = composed(&library()).sdl;
    for expected in [
        "A book. 📚 It's \"quoted\", and says:",
        "«français»",
        "@tag(name: \"public\")",
        "@inaccessible",
        "@requiresScopes(scopes: [[\"reviews:read\"]])",
        "@policy(policies: [[\"staff\"]])",
        "@authenticated",
        "@cost(weight: 3)",
        "@listSize(assumedSize: 20)",
        "slicingArguments: [\"first\"]",
        "requires: \"title\"",
        "@specifiedBy(url: \"https://scalars.example/instant\")",
        "https://specs.apollo.dev/requiresScopes/v0.1",
        "directive @join__type(graph: join__Graph!, key: join__FieldSet, extension: Boolean! = false, resolvable: Boolean! = true, isInterfaceObject: Boolean! = false) repeatable",
        "directive @policy(",
        "books(first: Int! = 20)",
    ] {
        assert!(sdl.contains(expected), "{expected} is missing in\n{sdl}");
    }
    for root in [
        "type Query\n  @join__type(graph: CATALOG)\n  @join__type(graph: REVIEWS)\n{",
        "type Mutation\n  @join__type(graph: CATALOG)\n  @join__type(graph: REVIEWS)\n{",
        "type Subscription\n  @join__type(graph: CATALOG)\n{",
    ] {
        assert!(sdl.contains(root), "{root} is missing in\n{sdl}");
    }
    let definitions = sdl.matches("\ndirective @join__field(").count();
    assert_eq!(definitions, 1, "{sdl}");
}

#[test]
fn the_order_of_subgraphs_does_not_matter() {
    let forward = library();
    let mut backward = library();
    backward.reverse();
    assert_eq!(composed(&forward), composed(&backward));
}

#[test]
fn provides_override_and_interface_objects_survive() {
    let supergraph = composed(&[
        subgraph(
            "media",
            r#"interface Media @key(fields: "id") { id: ID! title: String! }
               type Book implements Media @key(fields: "id") { id: ID! title: String! pages: Int! }
               type Query { media: [Media!]! }"#,
        ),
        subgraph(
            "reviews",
            r#"type Media @key(fields: "id") @interfaceObject { id: ID! stars: Int! }
               type Author @key(fields: "id") { id: ID! name: String! @external }
               type Query { best: Author @provides(fields: "name") }"#,
        ),
        subgraph(
            "authors",
            r#"type Author @key(fields: "id") { id: ID! name: String! @shareable born: Int @override(from: "reviews") }
               type Query { authors: [Author!]! }"#,
        ),
    ]);
    assert!(
        supergraph.sdl.contains("isInterfaceObject: true"),
        "{}",
        supergraph.sdl
    );
    assert!(
        supergraph.sdl.contains("provides: \"name\""),
        "{}",
        supergraph.sdl
    );
    assert!(
        supergraph.sdl.contains("override: \"reviews\""),
        "{}",
        supergraph.sdl
    );
    let plan = plan(&supergraph, "{ media { title stars } best { name } }");
    assert!(
        plan.contains("media") && plan.contains("reviews") && !plan.contains("authors"),
        "{plan}"
    );
}

/// Each subgraph knows something else of what all of them share.
#[test]
fn shared_types_may_differ_where_every_field_can_be_reached() {
    // By a key.
    let keyed = composed(&[
        subgraph(
            "a",
            "type Query { book: Book } type Book @key(fields: \"id\") @shareable { id: ID! title: String }",
        ),
        subgraph(
            "b",
            "type Book @key(fields: \"id\") @shareable { id: ID! price: Int }",
        ),
    ]);
    assert!(plan(&keyed, "{ book { title price } }").contains("price"));
    // Because whoever answers the type is shared with one that has the field: here the page of a list.
    let paged = |name: &str, page: &str, query: &str| {
        let sdl = format!(
            "type Query {{ {query} }} type List @shareable {{ page: Page }} type Page @shareable {{ {page} }}"
        );
        subgraph(name, &sdl)
    };
    let shared = composed(&[
        paged("a", "number: Int", "list: List @shareable"),
        paged(
            "b",
            "number: Int size(of: [Int!] = [1]): Int!",
            "list: List @shareable",
        ),
    ]);
    assert!(plan(&shared, "{ list { page { number size } } }").contains("size"));
    // Nobody with the field is asked for this list.
    let refused = refused(&[
        paged("a", "number: Int", "list: List @shareable mine: List"),
        paged("b", "number: Int size: Int", "list: List @shareable"),
    ]);
    let found: Vec<_> = refused
        .diagnostics
        .iter()
        .map(|found| (found.subgraph.as_deref(), found.code))
        .collect();
    assert_eq!(
        found,
        [(Some("a"), Some("SATISFIABILITY_ERROR"))],
        "{refused}"
    );
    assert!(
        refused.to_string().contains("Page has no field size"),
        "{refused}"
    );
    // What nobody can ask need not be reached.
    composed(&[
        paged("a", "number: Int", "mine: List"),
        paged("b", "number: Int size: Int @inaccessible", "list: List"),
    ]);
    // What changes something is not done twice.
    let changing = |name: &str, page: &str| {
        subgraph(
            name,
            &format!(
                "type Query {{ {name}: Int }} type Mutation {{ turn: Page @shareable }} type Page @shareable {{ {page} }}"
            ),
        )
    };
    let changed = compose(&[
        changing("a", "number: Int"),
        changing("b", "number: Int size: Int"),
    ]);
    assert!(changed.unwrap_err().to_string().contains("size"));
}

#[test]
fn overridden_fields_are_no_way() {
    let sdl = |query: &str, page: &str| {
        format!("type Query {{ {query} }} type Page @shareable {{ {page} }}")
    };
    let subgraphs = |taken: &str| {
        [
            subgraph("a", &sdl(&format!("page: Page {taken}"), "number: Int")),
            subgraph("b", &sdl("page: Page @shareable", "number: Int size: Int")),
        ]
    };
    composed(&subgraphs("@shareable"));
    let refused = refused(&subgraphs("@override(from: \"b\")"));
    assert!(
        refused.to_string().contains("Page has no field size"),
        "{refused}"
    );
}

#[test]
fn refusals_say_what_and_where() {
    let broken = refused(&[SubgraphSource {
        name: "a".into(),
        url: String::new(),
        sdl: "type Query {".into(),
    }]);
    assert_eq!(broken.diagnostics[0].subgraph.as_deref(), Some("a"));
    assert!(
        broken.to_string().contains("the SDL does not parse"),
        "{broken}"
    );

    let shared = refused(&[
        subgraph("a", "type Query { one: Int } type T { x: Int }"),
        subgraph("b", "type Query { one: Int } type T { x: Int }"),
    ]);
    assert!(
        shared
            .diagnostics
            .iter()
            .any(|found| found.code == Some("INVALID_FIELD_SHARING")),
        "{shared}"
    );

    let kinds = refused(&[
        subgraph("a", "type Query { t: T } type T { x: Int }"),
        subgraph("b", "enum T { X }"),
    ]);
    assert!(kinds.to_string().contains('T'), "{kinds}");

    let control = refused(&[subgraph("a", "\"\"\"\u{1}\"\"\" type Query { a: Int }")]);
    assert!(control.to_string().contains("U+0001"), "{control}");
    let none = refused(&[]);
    assert!(
        none.to_string().contains("no subgraph to compose"),
        "{none}"
    );
    let twice = refused(&[
        subgraph("a", "type Query { a: Int }"),
        subgraph("a", "type Query { b: Int }"),
    ]);
    assert!(
        twice.to_string().contains("two subgraphs are named \"a\""),
        "{twice}"
    );
    let unnamed = refused(&[subgraph("a b", "type Query { a: Int }")]);
    assert!(
        unnamed.to_string().contains("is not a subgraph name"),
        "{unnamed}"
    );
    let mutations = refused(&[subgraph("a", "type Mutation { a: Int }")]);
    assert!(
        mutations
            .to_string()
            .contains("no subgraph defines a query field"),
        "{mutations}"
    );
    let queryless = refused(&[subgraph("a", "type T @key(fields: \"id\") { id: ID! }")]);
    assert!(queryless.to_string().contains("Query"), "{queryless}");
}

#[test]
fn scopes_that_differ_are_remarked() {
    let sdl = |scope: &str, root: &str| {
        format!(
            "type Query {{ {root}: T }} type T @key(fields: \"id\") {{ id: ID! price: Int @shareable @requiresScopes(scopes: [[\"{scope}\"]]) }}"
        )
    };
    let hints = |second: &str| {
        composed(&[
            subgraph("a", &sdl("prices:read", "x")),
            subgraph("b", &sdl(second, "y")),
        ])
        .hints
    };
    assert_eq!(hints("prices:read"), Vec::<String>::new());
    let remark = "T.price has different @requiresScopes in a, b; the supergraph lets pass who meets any of them";
    assert_eq!(hints("books:read"), [remark]);
}

/// The merge asserts that types exist and that lists are not nested too deeply.
#[test]
fn what_breaks_the_merges_assertions_is_refused() {
    let deep = format!(
        "type Query {{ a: {}Int{} }}",
        "[".repeat(60),
        "]".repeat(60)
    );
    let missing = "type Query { a: Missing }";
    for sdl in [deep.as_str(), missing] {
        let error = refused(&[subgraph("s", sdl)]).to_string();
        assert!(!error.is_empty(), "{sdl}");
    }
}
