//! Clients as they are published on npm, against this router; `tests/npm` holds them and says more.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::LazyLock;

use coko_gateway::config::PersistedMode;
use tokio::process::Command;
use tokio::sync::OnceCell;

use crate::live::live_stack;
use crate::support::{Shape, Stack, stack_with};
use crate::uploads;

static FOLDER: LazyLock<PathBuf> =
    LazyLock::new(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/npm"));

/// Whether the clients can be run; why not is said on standard error.
async fn is_ready() -> bool {
    static READY: OnceCell<Result<(), String>> = OnceCell::const_new();
    match READY.get_or_init(install).await {
        Ok(()) => true,
        Err(reason) => {
            #[expect(
                clippy::disallowed_methods,
                reason = "tests are told by their environment what must not be skipped"
            )]
            let required = std::env::var("COKO_TEST_NPM").is_ok_and(|value| value == "required");
            assert!(!required, "{reason}");
            eprintln!("skipped: {reason}");
            false
        }
    }
}

/// Installs the locked packages, once for all tests of all processes.
async fn install() -> Result<(), String> {
    let run = async |program: &str, arguments: &[&str]| {
        let output = Command::new(program)
            .args(arguments)
            .current_dir(&*FOLDER)
            .stdin(Stdio::null())
            .output()
            .await
            .map_err(|error| format!("{program} cannot be run: {error}"))?;
        let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
        if output.status.success() {
            Ok(text(&output.stdout))
        } else {
            Err(format!(
                "{program} {arguments:?} failed: {}",
                text(&output.stderr)
            ))
        }
    };
    let version = run("node", &["--version"]).await?;
    let major = version.trim_start_matches('v').split('.').next();
    if !major.is_some_and(|major| major.parse::<u32>().is_ok_and(|major| major >= 20)) {
        return Err(format!("Node.js is {}, older than 20", version.trim()));
    }
    let lock = std::fs::File::create(FOLDER.join(".lock")).map_err(|error| error.to_string())?;
    lock.lock().map_err(|error| error.to_string())?;
    let installed = std::fs::read(FOLDER.join("node_modules/.installed"));
    let wanted =
        std::fs::read(FOLDER.join("package-lock.json")).map_err(|error| error.to_string())?;
    if installed.is_ok_and(|installed| installed == wanted) {
        return Ok(());
    }
    run(
        "npm",
        &[
            "ci",
            "--prefer-offline",
            "--no-audit",
            "--no-fund",
            "--ignore-scripts",
        ],
    )
    .await?;
    std::fs::write(FOLDER.join("node_modules/.installed"), wanted)
        .map_err(|error| error.to_string())
}

/// Runs a suite; its report is the failure's message.
async fn check(arguments: &[&str], endpoint: &str, sdl: &Path, manifests: &Path) {
    let output = Command::new("node")
        .args(arguments)
        .current_dir(&*FOLDER)
        .env("ROUTER_URL", endpoint)
        .env("ROUTER_API_SDL", sdl)
        .env("ROUTER_MANIFESTS", manifests)
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output()
        .await
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    let complained = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success(),
        "{arguments:?}\n{said}\n{complained}"
    );
    eprintln!("{said}");
}

async fn run(suite: &str, endpoint: &str, sdl: &str) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("api.graphql");
    std::fs::write(&path, sdl).unwrap();
    let suite = format!("suites/{suite}.test.mjs");
    let arguments = ["--test", "--test-reporter=spec", &suite];
    check(&arguments, endpoint, &path, folder.path()).await;
}

async fn run_on_stack(suite: &str) {
    if !is_ready().await {
        return;
    }
    let stack = stack_with(Shape::OverHttp, |config, _| config.batching.enabled = true).await;
    run(suite, &stack.endpoint(), &stack.gateway.public_sdl()).await;
}

#[tokio::test]
async fn npm_graphql_http_audits_the_router() {
    run_on_stack("audit").await;
}

#[tokio::test]
async fn npm_graphql_js_reads_the_introspection() {
    run_on_stack("introspection").await;
}

#[tokio::test]
async fn npm_apollo_client() {
    run_on_stack("apollo").await;
}

#[tokio::test]
async fn npm_urql() {
    run_on_stack("urql").await;
}

#[tokio::test]
async fn npm_clients_subscribe() {
    if !is_ready().await {
        return;
    }
    let stack = live_stack().await;
    let live = stack.live.clone();
    // Clients come and go; something happens all the time.
    let happening = tokio::spawn(async move {
        loop {
            live.change("2");
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    });
    let endpoint = format!("{}/graphql", stack.url);
    run("subscriptions", &endpoint, &stack.gateway.public_sdl()).await;
    happening.abort();
}

#[tokio::test]
async fn npm_apollo_upload_client() {
    if is_ready().await {
        let stack = uploads::stack(Shape::OverHttp, |_| ()).await;
        run("uploads", &stack.endpoint, &stack.gateway.public_sdl()).await;
    }
}

#[tokio::test]
async fn npm_persisted_documents_of_three_tools() {
    if !is_ready().await {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let manifest = |name: &str| folder.path().join(name);
    let sdl = manifest("api.graphql");
    let files = ["apollo.json", "relay.json", "preset.json"].map(manifest);
    for file in &files {
        std::fs::write(file, "{}").unwrap();
    }
    let stack: Stack = stack_with(Shape::OverHttp, |config, _| {
        config.persisted.mode = PersistedMode::IdsOnly;
        config.persisted.files = files.to_vec();
        config.timeouts.reload_ms = 20;
    })
    .await;
    std::fs::write(&sdl, stack.gateway.public_sdl()).unwrap();
    let endpoint = stack.endpoint();
    check(&["suites/manifests.mjs"], &endpoint, &sdl, folder.path()).await;
    // The router finds the tools' files by itself.
    let written = std::fs::read_to_string(&files[1]).unwrap();
    let written: serde_json::Value = serde_json::from_str(&written).unwrap();
    let last = written.as_object().unwrap().keys().next().unwrap().clone();
    // Under this media type the status tells an operation from a refusal.
    let media = "application/graphql-response+json";
    for _ in 0..500 {
        let address = format!("{endpoint}/{last}");
        let request = stack.client.get(address).header("accept", media);
        if request.send().await.unwrap().status() == 200 {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    let suite = [
        "--test",
        "--test-reporter=spec",
        "suites/persisted.test.mjs",
    ];
    check(&suite, &endpoint, &sdl, folder.path()).await;
}
