//! A new supergraph is taken over while requests run, and a bad one is not.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use coko_gateway::SupergraphSource;

use crate::support::{Shape, Stack, stack, stack_with};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_changed_file_is_taken_over_without_dropping_a_request() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("supergraph.graphql");
    let file = path.clone();
    let stack = Arc::new(
        stack_with(Shape::OverHttp, move |config, _| {
            let SupergraphSource::Sdl(sdl) = &config.supergraph else {
                panic!("the stack gives an SDL")
            };
            std::fs::write(&file, sdl).unwrap();
            config.supergraph = SupergraphSource::File(file);
            config.timeouts.reload_ms = 20;
        })
        .await,
    );
    let first = stack.gateway.version();
    let stop = Arc::new(AtomicBool::new(false));
    let answered = Arc::new(AtomicUsize::new(0));
    let callers: Vec<_> = (0..4)
        .map(|_| {
            let (stack, stop, answered) = (stack.clone(), stop.clone(), answered.clone());
            tokio::spawn(async move {
                while !stop.load(Ordering::SeqCst) {
                    let answer = stack.run("{ books { title rating } }").await;
                    assert_eq!((answer.status, answer.codes()), (200, Vec::new()));
                    answered.fetch_add(1, Ordering::SeqCst);
                }
            })
        })
        .collect();

    let without = stack.sdl.replace("  sales: Int", "  turnover: Int");
    for (number, sdl) in [stack.sdl.as_str(), &without, &stack.sdl, &without]
        .into_iter()
        .enumerate()
    {
        std::fs::write(&path, format!("{sdl}\n# {number}\n")).unwrap();
        tokio::time::sleep(Duration::from_millis(150)).await;
    }
    let version = stack.gateway.version();
    assert_ne!(version, first);
    assert!(stack.gateway.public_sdl().contains("turnover"));

    // A file that cannot be served leaves the old one in use and says why.
    std::fs::write(&path, "type Query { a: Int }").unwrap();
    tokio::time::sleep(Duration::from_millis(150)).await;
    assert_eq!(stack.gateway.version(), version);
    let ready: serde_json::Value = stack
        .client
        .get(format!("{}/ready", stack.url))
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    assert_eq!(ready["status"], "ready");
    assert!(
        ready["reloadFault"]
            .as_str()
            .unwrap()
            .contains("join__Graph"),
        "{ready}"
    );

    stop.store(true, Ordering::SeqCst);
    for caller in callers {
        caller.await.unwrap();
    }
    assert!(answered.load(Ordering::SeqCst) > 10, "{answered:?}");
}

#[tokio::test]
async fn a_reload_is_judged_before_it_is_taken_over() {
    let stack = stack().await;
    let version = stack.gateway.version();
    for bad in [
        "",
        "type Query {",
        "type Query { a: Int }",
        &stack.sdl.replace("http://", "gopher://"),
    ] {
        let error = stack.gateway.reload(bad).await.unwrap_err().to_string();
        assert!(error.contains("stays in use"), "{error}");
    }
    assert_eq!(stack.gateway.version(), version);
    stack
        .gateway
        .reload(&format!("# changed\n{}", stack.sdl))
        .await
        .unwrap();
    assert_ne!(stack.gateway.version(), version);
    assert_eq!(stack.run("{ mood }").await.data()["mood"], "well");
}

/// The value of a counter of this process, 0 when nothing was counted yet.
async fn counted(stack: &Stack, name: &str) -> u64 {
    let url = format!("{}/metrics", stack.url);
    let text = stack
        .client
        .get(url)
        .send()
        .await
        .unwrap()
        .text()
        .await
        .unwrap();
    text.lines()
        .find_map(|line| line.strip_prefix(name)?.trim().parse().ok())
        .unwrap_or(0)
}

#[tokio::test]
async fn what_is_in_use_is_planned_before_a_supergraph_serves() {
    let stack = stack().await;
    for query in [
        "{ books { title } }",
        "{ books { title rating } }",
        "{ nonsense }",
    ] {
        stack.run(query).await;
    }
    let before = counted(&stack, "router_warm_up_operations_total").await;
    let without = stack.sdl.replace("  sales: Int", "  turnover: Int");
    stack.gateway.reload(&without).await.unwrap();
    let after = counted(&stack, "router_warm_up_operations_total").await;
    assert!(after >= before + 2, "{before} {after}");
    assert_eq!(
        stack.run("{ books { title } }").await.data()["books"]
            .as_array()
            .unwrap()
            .len(),
        3
    );
}

#[tokio::test]
async fn persisted_operations_are_planned_at_start_where_that_is_configured() {
    // Counting begins with the process, before a gateway is built.
    assert!(coko_core::telemetry::prometheus().is_some());
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("operations.json");
    std::fs::write(&path, r#"{"a":"{ books { title } }","b":"{ no such field }","c":"query A { mood } query B { mood }"}"#).unwrap();
    let stack = stack_with(Shape::OverHttp, move |config, _| {
        config.persisted.files = vec![path];
        config.warm_up.persisted = true;
    })
    .await;
    assert!(counted(&stack, "router_warm_up_operations_total").await >= 1);
    let request = stack.post(&serde_json::json!({"documentId": "a"}));
    assert_eq!(
        stack.send(request).await.data()["books"][0]["title"],
        "Une si longue lettre"
    );
}

#[tokio::test]
async fn plans_are_shown_to_those_they_are_open_to() {
    use coko_gateway::config::Audience;
    for (plans, status, shown) in [
        (None, 200, true),
        (Some(Audience::Everyone), 200, true),
        (Some(Audience::Authenticated), 403, false),
        (Some(Audience::Nobody), 200, false),
    ] {
        let stack = stack_with(Shape::OverHttp, move |config, _| config.plans = plans).await;
        let request = stack
            .client
            .post(format!("{}?plan=1", stack.endpoint()))
            .header("content-type", "application/json")
            .body(r#"{"query":"{ mood }"}"#);
        let answer = stack.send(request).await;
        assert_eq!(answer.status, status, "{plans:?}");
        let text = answer.body["extensions"]["plan"]["text"].as_str();
        assert_eq!(
            text.is_some_and(|text| text.contains("rogue")),
            shown,
            "{plans:?}"
        );
    }
}
