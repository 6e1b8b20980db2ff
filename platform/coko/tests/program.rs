//! The program as people use it: started, asked, killed, stopped.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

use coko_core::servers::{Place, Program, find};
use serde_json::{Value, json};

fn coko(home: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_coko"));
    command
        .arg("--home")
        .arg(home)
        .args(arguments)
        .current_dir(home.parent().unwrap());
    // What a developer has set up for other tests must not decide these.
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("COKO_") {
            command.env_remove(name);
        }
    }
    command
}

fn run(home: &Path, arguments: &[&str]) -> Output {
    coko(home, arguments).stdin(Stdio::null()).output().unwrap()
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn json_of(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {output:?}"))
}

fn servers_installed() -> bool {
    let missing = [Program::Postgres, Program::Nats]
        .into_iter()
        .find(|program| find(*program).is_none());
    if let Some(program) = missing {
        println!("skipped: {} is not installed", program.name());
    }
    missing.is_none()
}

/// A running `coko up`, killed when a test ends without stopping it.
struct Up {
    child: Child,
    announcement: Value,
}

impl Up {
    /// Starts it, and waits for what it announces.
    fn start(home: &Path) -> Self {
        let mut child = coko(home, &["--format", "json", "up", "--port", "0"])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut text = String::new();
        // The announcement is one value over several lines, after which nothing more is printed.
        for line in lines {
            text.push_str(&line.unwrap());
            if let Ok(announcement) = serde_json::from_str(&text) {
                return Self {
                    child,
                    announcement,
                };
            }
        }
        panic!("`coko up` announced nothing: {text}, {:?}", child.wait());
    }

    fn endpoint(&self) -> &str {
        self.announcement["endpoint"].as_str().unwrap()
    }

    fn token(&self, role: &str) -> &str {
        let accounts = self.announcement["accounts"].as_array().unwrap();
        let account = accounts
            .iter()
            .find(|account| account["role"] == role)
            .unwrap();
        account["token"].as_str().unwrap()
    }
}

impl Drop for Up {
    fn drop(&mut self) {
        // After a test that succeeded it has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Stops what a test left running, however the test ended.
struct Cleanup<'a>(&'a Path);

impl Drop for Cleanup<'_> {
    fn drop(&mut self) {
        run(self.0, &["down", "--purge"]);
    }
}

async fn ask(up: &Up, query: &str, token: Option<&str>) -> Value {
    let mut request = reqwest::Client::new()
        .post(up.endpoint())
        .json(&json!({ "query": query }));
    if let Some(token) = token {
        request = request.bearer_auth(token);
    }
    request.send().await.unwrap().json().await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_whole_platform_comes_up_survives_a_kill_and_goes_down() {
    if !servers_installed() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path().join(".coko");
    let _cleanup = Cleanup(&home);
    let mut up = Up::start(&home);

    let first = up.announcement["query"].as_str().unwrap().to_owned();
    let answer = ask(&up, &first, Some(up.token("reader"))).await;
    assert!(answer.get("errors").is_none(), "{answer:#}");
    assert!(
        answer["data"]["me"]["displayName"].is_string(),
        "{answer:#}"
    );
    assert_eq!(
        answer["data"]["books"]["nodes"].as_array().unwrap().len(),
        3
    );
    let opds = up.endpoint().replace("/graphql", "/opds");
    assert_eq!(reqwest::get(opds).await.unwrap().status(), 200);

    let second = run(&home, &["up", "--port", "0"]);
    assert_eq!(second.status.code(), Some(1));
    assert!(
        stderr(&second).contains(up.endpoint()),
        "{}",
        stderr(&second)
    );
    let status = json_of(&run(&home, &["--format", "json", "migrate", "status"]));
    assert_eq!(status["catalog"]["pending"], json!([]));
    let events = json_of(&run(
        &home,
        &["--format", "json", "events", "list", "auth", "--limit", "3"],
    ));
    assert_eq!(events.as_array().unwrap().len(), 3, "{events:#}");

    publish_and_withdraw(&home, &up).await;

    let library = library(&up).await;
    assert_eq!(library.len(), 6);
    begin_again(&up, &library[0]).await;

    // The servers outlive the process; the next start takes them over with their data.
    up.child.kill().unwrap();
    up.child.wait().unwrap();
    // As if it had been killed while it filled the library.
    let servers = home.join("servers");
    let marks = [
        servers.join("library"),
        Place::substitute(&servers).join("library"),
    ];
    let removed = marks
        .iter()
        .filter(|mark| std::fs::remove_file(mark).is_ok());
    assert_eq!(removed.count(), 1);
    let again = Up::start(&home);
    assert_eq!(
        self::library(&again).await,
        library,
        "nothing is there twice, nothing is missing"
    );
    let open = "{ myFiles(first: 50, status: PENDING) { nodes { id } } }";
    let open = ask(&again, open, Some(again.token("admin"))).await;
    assert_eq!(open["data"]["myFiles"]["nodes"], json!([]), "{open:#}");
    let answer = ask(&again, &first, Some(up.token("reader"))).await;
    assert!(
        answer["data"]["me"]["displayName"].is_string(),
        "the old token still counts: {answer:#}"
    );

    let down = json_of(&run(&home, &["--format", "json", "down", "--purge"]));
    assert_eq!(down["purged"], true);
    assert!(!home.exists());
    let mut again = again;
    assert!(again.child.wait().unwrap().success(), "it stopped softly");
}

/// The books that the demo reader may read, each with the digests of its files, once all of them were looked at.
async fn library(up: &Up) -> Vec<(Value, Value)> {
    let query = "{ books(first: 6, sort: POPULARITY) { nodes { id files { sha256 } } } }";
    for _ in 0..300 {
        let answer = ask(up, query, Some(up.token("reader"))).await;
        let books = answer["data"]["books"]["nodes"].as_array().unwrap();
        if books.iter().all(|book| book["files"] != json!([])) {
            return books
                .iter()
                .map(|book| (book["id"].clone(), book["files"].clone()))
                .collect();
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("the books were not looked at within half a minute");
}

/// Deletes a book's file, and begins to upload it anew: half of it.
async fn begin_again(up: &Up, (book, files): &(Value, Value)) {
    let admin = Some(up.token("admin"));
    let digest = &files[0]["sha256"];
    let id = format!("{{ book(id: {book}) {{ files {{ id byteSize }} }} }}");
    let file = ask(up, &id, admin).await["data"]["book"]["files"][0].clone();
    let link = format!(
        "mutation {{ createDownload(input: {{ id: {} }}) {{ url }} }}",
        file["id"]
    );
    let link = ask(up, &link, admin).await["data"]["createDownload"]["url"].clone();
    let response = reqwest::get(link.as_str().unwrap()).await.unwrap();
    let bytes = response.bytes().await.unwrap();
    let delete = format!(
        "mutation {{ deleteFile(input: {{ id: {} }}) {{ deletedId }} }}",
        file["id"]
    );
    let deleted = ask(up, &delete, admin).await;
    assert_eq!(
        deleted["data"]["deleteFile"]["deletedId"], file["id"],
        "{deleted:#}"
    );
    let create = format!(
        "mutation {{ createUpload(input: {{ kind: EPUB, name: \"x.epub\", mediaType: \"application/epub+zip\",
            byteSize: {}, sha256: {digest}, bookId: {book} }}) {{ uploadUrl errors {{ message }} }} }}",
        file["byteSize"]
    );
    let created = ask(up, &create, admin).await;
    let url = created["data"]["createUpload"]["uploadUrl"]
        .as_str()
        .unwrap();
    let sent = reqwest::Client::new()
        .patch(url)
        .header("tus-resumable", "1.0.0")
        .header("upload-offset", 0)
        .header("content-type", "application/offset+octet-stream")
        .body(bytes.slice(..bytes.len() / 2))
        .send()
        .await
        .unwrap();
    assert_eq!(sent.status(), 204);
}

/// An operation that is published can be run by its id until it is withdrawn.
async fn publish_and_withdraw(home: &Path, up: &Up) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let supergraph = root.join("schema/supergraph.graphql");
    let operations = |arguments: &[&str]| {
        let mut all = vec!["--format", "json", "operations"];
        all.extend_from_slice(arguments);
        run(home, &all)
    };
    let file = home.join("Titles.graphql");
    std::fs::write(
        &file,
        "query Titles { books(first: 1) { nodes { title } } }",
    )
    .unwrap();
    let (file, supergraph) = (file.to_str().unwrap(), supergraph.to_str().unwrap());
    let publish = |file: &str| {
        operations(&[
            "publish",
            file,
            "--client",
            "acme",
            "--supergraph",
            supergraph,
        ])
    };
    let published = json_of(&publish(file));
    let id = published["published"][0].as_str().unwrap().to_owned();
    let address = format!("{}/{id}", up.endpoint());
    // Under this media type the status tells an operation from a refusal.
    let media = "application/graphql-response+json";
    let client = reqwest::Client::new();
    let becomes = async |expected: u16| {
        let mut status = 0;
        for _ in 0..500 {
            let request = client.get(&address).header("accept", media);
            status = request.send().await.unwrap().status().as_u16();
            if status == expected {
                break;
            }
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
        assert_eq!(status, expected);
    };
    becomes(200).await;
    let listed = json_of(&operations(&["list"]));
    assert_eq!(listed, json!([{ "client": "acme", "id": id }]));
    std::fs::write(file, "{ nothingOfTheKind }").unwrap();
    let refused = publish(file);
    assert_eq!(refused.status.code(), Some(1), "{}", stderr(&refused));
    assert_eq!(
        json_of(&operations(&["withdraw", &id, "--client", "acme"])),
        json!({ "withdrawn": true })
    );
    becomes(404).await;
    let again = operations(&["withdraw", &id, "--client", "acme"]);
    assert_eq!(again.status.code(), Some(3));
}

#[test]
fn servers_are_there_for_one_command_and_gone_after_it() {
    if !servers_installed() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path().join(".coko");
    let script = "test -n \"$COKO_TEST_POSTGRES_URL\" && test -n \"$COKO_TEST_NATS_URL\" && echo $COKO_TEST_NATS_URL && exit 7";
    let output = run(&home, &["servers", "run", "--", "sh", "-c", script]);
    assert_eq!(output.status.code(), Some(7), "{}", stderr(&output));
    let url: url::Url = String::from_utf8(output.stdout)
        .unwrap()
        .trim()
        .parse()
        .unwrap();
    let address = ("127.0.0.1", url.port().unwrap());
    assert!(
        std::net::TcpStream::connect(address).is_err(),
        "the server is stopped"
    );
    assert_eq!(
        std::fs::read_dir(home.join("tests")).unwrap().count(),
        0,
        "its data is removed"
    );
}

#[test]
fn stale_contracts_are_found() {
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path().join(".coko");
    let schema = folder.path().join("schema");
    let schema = schema.to_str().unwrap();
    assert!(run(&home, &["schema", "--dir", schema]).status.success());
    assert!(
        run(&home, &["schema", "--dir", schema, "--check"])
            .status
            .success()
    );
    std::fs::write(
        Path::new(schema).join("catalog.graphql"),
        "type Query { old: Int }",
    )
    .unwrap();
    let output = run(
        &home,
        &["--format", "json", "schema", "--dir", schema, "--check"],
    );
    assert_eq!(output.status.code(), Some(3));
    assert!(
        json_of(&output)["stale"][0]
            .as_str()
            .unwrap()
            .ends_with("catalog.graphql")
    );
}

#[test]
fn the_committed_contracts_are_fresh() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let folder = tempfile::tempdir().unwrap();
    let below = |path: &str| root.join(path).to_str().unwrap().to_owned();
    let (schema, docs, guide) = (below("schema"), below("router/docs"), below("docs"));
    let output = run(
        &folder.path().join(".coko"),
        &[
            "schema", "--check", "--dir", &schema, "--docs", &docs, "--guide", &guide,
        ],
    );
    assert_eq!(
        output.status.code(),
        Some(0),
        "{}",
        String::from_utf8_lossy(&output.stdout)
    );
}

#[test]
fn faults_are_told_with_a_code_and_a_remedy() {
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path().join(".coko");
    let cases: [(&[&str], i32, &str); 5] = [
        (&["serve", "catalog"], 1, "COKO_CATALOG_DATABASE_URL"),
        (&["serve", "nobody"], 2, "catalog"),
        (&["import", "books", "missing.csv"], 1, "missing.csv"),
        (&["plan", "missing.graphql"], 1, "cannot be read"),
        (
            &["serve", "router", "--supergraph", "missing.graphql"],
            1,
            "missing.graphql",
        ),
    ];
    for (arguments, code, expected) in cases {
        let output = run(&home, arguments);
        assert_eq!(output.status.code(), Some(code), "{arguments:?}");
        assert!(
            stderr(&output).contains(expected),
            "{arguments:?}: {}",
            stderr(&output)
        );
    }
    let output = run(&home, &["--format", "json", "serve", "catalog"]);
    let fault: Value = serde_json::from_slice(&output.stderr).unwrap();
    assert!(
        fault["causes"][0]
            .as_str()
            .unwrap()
            .contains("catalog.database_url"),
        "{fault}"
    );
}

#[test]
fn a_token_is_narrowed_and_looked_into_on_the_command_line() {
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path().join(".coko");
    let test = coko_core::testkit::TestPlatform::new();
    let token = test.token(&coko_core::testkit::TokenFor::Partner {
        partner: "acme",
        client: "web",
        rights: vec!["books:read"],
    });
    let hash = "ab".repeat(32);
    let narrowed = json_of(&run(
        &home,
        &[
            "--format",
            "json",
            "token",
            "attenuate",
            &token,
            "--operation",
            &hash,
            "--for",
            "1h",
        ],
    ));
    let narrowed = narrowed["token"].as_str().unwrap();
    let key = coko_core::testkit::TestPlatform::root_key().published();
    let keys = format!("{}:{}", key.id, key.key);
    let seen = json_of(&run(
        &home,
        &[
            "--format",
            "json",
            "token",
            "inspect",
            narrowed,
            "--public-keys",
            &keys,
        ],
    ));
    assert_eq!(seen["signature"], "genuine");
    assert!(
        seen["blocks"][1].as_str().unwrap().contains(&hash),
        "{seen:#}"
    );
    let made = json_of(&run(
        &home,
        &["--format", "json", "token", "keygen", "--id", "2"],
    ));
    let other = made["public"].as_str().unwrap();
    let seen = json_of(&run(
        &home,
        &[
            "--format",
            "json",
            "token",
            "inspect",
            narrowed,
            "--public-keys",
            other,
        ],
    ));
    assert!(
        seen["signature"].as_str().unwrap().starts_with("FORGED"),
        "{seen:#}"
    );
}
