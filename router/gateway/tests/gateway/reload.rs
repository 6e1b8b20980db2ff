//! A new supergraph is taken over while requests run, and a bad one is not.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use coko_gateway::SupergraphSource;

use crate::support::{Shape, stack, stack_with};

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
