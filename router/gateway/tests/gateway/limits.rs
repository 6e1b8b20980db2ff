//! Requests that ask for too much are refused before anything is planned or fetched, quickly and with a code.

use std::fmt::Write as _;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use coko_gateway::config::Audience;
use serde_json::{Value, json};

use crate::support::{Shape, stack, stack_with};

#[tokio::test]
async fn every_limit_has_its_refusal() {
    let stack = stack_with(Shape::OverHttp, |config, _| {
        config.limits.cost = 200;
        config.limits.root_fields = 20;
    })
    .await;
    let aliases = (0..10_000).fold(String::from("{"), |mut text, index| {
        let _ = write!(text, " a{index}: mood");
        text
    });
    let repeated = format!("{{ {} }}", "mood ".repeat(1_900));
    let bomb = (0..29).fold(String::from("{ books { ...F0 } } "), |mut text, level| {
        let _ = write!(
            text,
            "fragment F{level} on Book {{ ...F{0} ...F{0} }} ",
            level + 1
        );
        text
    }) + "fragment F29 on Book { title }";
    for (name, document, limit) in [
        (
            "10,000 deep",
            format!("{}{}", "{ a".repeat(10_000), "}".repeat(10_000)),
            "tokens",
        ),
        (
            "2,000 deep",
            format!("{}{}", "{ a".repeat(2_000), "}".repeat(2_000)),
            "depth",
        ),
        (
            "deep values",
            format!(
                "{{ book(id: {}1{}) {{ title }} }}",
                "[".repeat(2_000),
                "]".repeat(2_000)
            ),
            "depth",
        ),
        (
            "30 deep",
            format!(
                "{{ latestReview {}{} }}",
                "{ book { reviews ".repeat(12) + "{ stars }",
                "} }".repeat(12)
            ),
            "depth",
        ),
        ("10,000 aliases", format!("{aliases} }}"), "tokens"),
        (
            "200 aliases",
            aliases.split(" a200:").next().unwrap().to_owned() + " }",
            "aliases",
        ),
        ("root fields", repeated, "root_fields"),
        (
            "directives",
            format!("{{ mood {} }}", "@include(if: true) ".repeat(150)),
            "directives",
        ),
        ("fragment bomb", bomb, "fields"),
        (
            "introspection of introspection",
            "{ __schema { types { fields { type { fields { type { possibleTypes { name } } } } } } } }".to_owned(),
            "introspection_depth",
        ),
        (
            "cost",
            "{ books(first: 50) { reviews { stars } } }".to_owned(),
            "cost",
        ),
    ] {
        let began = Instant::now();
        let answer = stack.run(&document).await;
        assert_eq!(
            answer.codes(),
            ["COST_LIMIT_EXCEEDED"],
            "{name}: {}",
            answer.body
        );
        assert_eq!(
            answer.body["errors"][0]["extensions"]["limit"], limit,
            "{name}"
        );
        assert_eq!(answer.status, 400, "{name}");
        assert!(
            began.elapsed() < Duration::from_secs(2),
            "{name} took {:?}",
            began.elapsed()
        );
    }
    assert_eq!(
        stack.rogue.calls.load(Ordering::SeqCst),
        0,
        "nothing was fetched"
    );
    assert_eq!(stack.run("{ mood }").await.data()["mood"], "well");
}

#[tokio::test]
async fn cost_depends_on_variables() {
    let stack = stack_with(Shape::OverHttp, |config, _| config.limits.cost = 100).await;
    let query = "query($n: Int!) { books(first: $n) { title } }";
    assert_eq!(
        stack.run_with(query, json!({ "n": 50 })).await.codes(),
        Vec::<&str>::new()
    );
    assert_eq!(
        stack.run_with(query, json!({ "n": 101 })).await.codes(),
        ["COST_LIMIT_EXCEEDED"]
    );
}

#[tokio::test]
async fn cycles_and_repetition_do_not_take_long() {
    let stack = stack().await;
    let began = Instant::now();
    let cycle = stack
        .run("{ books { ...A } } fragment A on Book { title ...B } fragment B on Book { ...A }")
        .await;
    assert!(
        cycle.codes().contains(&"GRAPHQL_VALIDATION_FAILED"),
        "{}",
        cycle.body
    );
    let repeated = format!("{{ books {{ {} }} }}", "title ".repeat(1_900));
    assert_eq!(stack.run(&repeated).await.codes(), Vec::<&str>::new());
    assert!(
        began.elapsed() < Duration::from_secs(5),
        "{:?}",
        began.elapsed()
    );
}

#[tokio::test]
async fn suggestions_can_be_turned_off() {
    for (suggestions, expected) in [(true, true), (false, false)] {
        let stack = stack_with(Shape::OverHttp, |config, _| {
            config.suggestions = suggestions;
        })
        .await;
        let answer = stack.run("{ moood }").await;
        let message = answer.body["errors"][0]["message"]
            .as_str()
            .unwrap()
            .to_owned();
        assert!(message.contains("moood"), "{message}");
        assert_eq!(message.contains("Did you mean"), expected, "{message}");
    }
}

#[tokio::test]
async fn quotas_and_room() {
    use coko_core::rate_limit::Quota;
    let stack = stack_with(Shape::OverHttp, |config, _| {
        config.rate_limits.guest = Some(Quota::new(3, Duration::from_secs(3600)));
    })
    .await;
    for _ in 0..3 {
        assert_eq!(stack.run("{ mood }").await.status, 200);
    }
    let answer = stack.run("{ mood }").await;
    assert_eq!((answer.status, answer.codes()), (429, vec!["RATE_LIMITED"]));
    let wait: u64 = answer.headers["retry-after"]
        .to_str()
        .unwrap()
        .parse()
        .unwrap();
    assert!((1..=1200).contains(&wait), "{wait}");

    let stack = stack_with(Shape::OverHttp, |config, _| config.limits.in_flight = 1).await;
    stack.rogue.feel(crate::support::Mood::Slow);
    let (first, second) = tokio::join!(stack.run("{ mood }"), async {
        tokio::time::sleep(Duration::from_millis(300)).await;
        stack.run("{ books { title } }").await
    });
    assert_eq!(first.codes(), ["TIMEOUT"]);
    assert_eq!((second.status, second.codes()), (503, vec!["RATE_LIMITED"]));
}

/// The validation rules take any name of this form for introspection's.
#[tokio::test]
async fn fields_that_only_look_like_introspection_are_refused() {
    let stack = stack().await;
    for query in [
        "{ __typename2 }",
        "{ books { __foo } }",
        "{ books { ...F } } fragment F on Book { a: __x }",
        "{ books { __schema { queryType { name } } } }",
        "{ books { ...F } } fragment F on Book { ... { __type(name: \"Book\") { name } } }",
    ] {
        let answer = stack.run(query).await;
        assert_eq!(
            (answer.status, answer.codes()),
            (400, vec!["GRAPHQL_VALIDATION_FAILED"]),
            "{query}: {answer:?}"
        );
    }
}

#[tokio::test]
async fn the_cost_is_told_to_those_who_may_know_it() {
    let ask = async |audience: Audience, query: &str| {
        let stack = stack_with(Shape::InProcess, |config, _| {
            config.limits.cost_shown_to = audience;
        })
        .await;
        let request = stack
            .post(&json!({ "query": query }))
            .header("x-graphql-cost", "1");
        stack.send(request).await.body["extensions"]["cost"].clone()
    };
    let query = "{ books(first: 3) { title } again: books(first: 2) { id reviews { stars } } }";
    // Three books, two books, and of each of the two one review where ten were assumed.
    let told = ask(Audience::Everyone, query).await;
    assert_eq!(told["actual"], 7);
    assert_eq!(told["estimated"], 25);
    let none = ask(Audience::Everyone, "{ book(id: \"99\") { title } }").await;
    assert_eq!(
        (&none["estimated"], &none["actual"]),
        (&json!(1), &json!(0))
    );
    assert_eq!(ask(Audience::Authenticated, query).await, Value::Null);
    assert_eq!(ask(Audience::Nobody, query).await, Value::Null);
}
