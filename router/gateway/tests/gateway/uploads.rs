//! Files in requests: GraphQL multipart request specification, from the client through the gateway to subgraphs.

use std::collections::HashMap;
use std::fmt::Write as _;

use async_graphql::http::{MultipartOptions, receive_body};
use async_graphql::{
    Context, EmptySubscription, InputObject, Object, Schema, SimpleObject, Upload,
};
use axum::Router;
use axum::body::Bytes;
use axum::http::{HeaderMap, header};
use axum::routing::post;
use coko_composition::{SubgraphSource, compose};
use coko_gateway::{Config, Dependencies, Gateway, SupergraphSource};
use futures::io::Cursor;
use serde_json::{Value, json};

use crate::support::{Answer, Shape, serve, serve_gateway};

const BOUNDARY: &str = "----edge";

/// A file as the subgraph got it.
#[derive(SimpleObject)]
#[graphql(shareable)]
struct Stored {
    name: String,
    media: Option<String>,
    text: String,
}

fn stored(ctx: &Context<'_>, file: Upload) -> Stored {
    let value = file.value(ctx).expect("a file of this request");
    Stored {
        name: value.filename.clone(),
        media: value.content_type.clone(),
        text: String::from_utf8_lossy(&value.content).into_owned(),
    }
}

#[derive(InputObject)]
struct CoverInput {
    title: String,
    pages: Vec<Upload>,
}

struct Covers;

#[Object(name = "Mutation")]
impl Covers {
    async fn store(&self, ctx: &Context<'_>, file: Upload) -> Stored {
        stored(ctx, file)
    }

    async fn store_all(&self, ctx: &Context<'_>, cover: CoverInput) -> Vec<Stored> {
        let mut all = vec![Stored {
            name: cover.title,
            media: None,
            text: String::new(),
        }];
        all.extend(cover.pages.into_iter().map(|file| stored(ctx, file)));
        all
    }

    async fn echo(&self, text: String) -> String {
        text
    }
}

struct Archive;

#[Object(name = "Mutation")]
impl Archive {
    async fn archive(&self, ctx: &Context<'_>, file: Upload) -> Stored {
        stored(ctx, file)
    }
}

struct Nothing;

#[Object(name = "Query")]
impl Nothing {
    #[graphql(shareable)]
    async fn nothing(&self) -> Option<i32> {
        None
    }
}

fn subgraph<M: async_graphql::ObjectType + 'static>(mutation: M) -> (String, Router) {
    let schema = Schema::build(Nothing, mutation, EmptySubscription)
        .enable_federation()
        .finish();
    let sdl = schema.sdl_with_options(async_graphql::SDLExportOptions::new().federation());
    let answer = async move |headers: HeaderMap, body: Bytes| {
        let media = headers
            .get(header::CONTENT_TYPE)
            .and_then(|value| value.to_str().ok());
        let request = receive_body(media, Cursor::new(body), MultipartOptions::default())
            .await
            .expect("the gateway sends what the specification says");
        axum::Json(schema.execute(request).await)
    };
    (sdl, Router::new().route("/graphql", post(answer)))
}

pub(crate) struct Stack {
    pub(crate) gateway: Gateway,
    pub(crate) endpoint: String,
    client: reqwest::Client,
}

pub(crate) async fn stack(shape: Shape, change: impl FnOnce(&mut Config)) -> Stack {
    let (mut sources, mut in_process) = (Vec::new(), HashMap::new());
    for (name, (sdl, router)) in [("covers", subgraph(Covers)), ("archive", subgraph(Archive))] {
        let mut url = String::new();
        match shape {
            Shape::OverHttp => url = format!("{}/graphql", serve(router).await),
            Shape::InProcess => {
                in_process.insert(name.to_owned(), router);
            }
        }
        sources.push(SubgraphSource {
            name: name.to_owned(),
            url,
            sdl,
        });
    }
    let supergraph = compose(&sources).unwrap_or_else(|error| panic!("{error}"));
    let mut config = Config {
        supergraph: SupergraphSource::Sdl(supergraph.sdl),
        ..Config::default()
    };
    change(&mut config);
    let deps = Dependencies {
        in_process,
        ..Dependencies::default()
    };
    let gateway = Gateway::build(config, deps).await.unwrap();
    let endpoint = format!("{}/graphql", serve_gateway(&gateway).await);
    Stack {
        gateway,
        endpoint,
        client: reqwest::Client::new(),
    }
}

/// A part of a form: name, file name, content.
type Part<'a> = (&'a str, Option<&'a str>, &'a str);

fn form(parts: &[Part<'_>]) -> String {
    let mut form = String::new();
    for (name, file, content) in parts {
        let file = file.map_or(String::new(), |file| {
            format!("; filename=\"{file}\"\r\ncontent-type: text/plain")
        });
        let _ = write!(
            form,
            "--{BOUNDARY}\r\ncontent-disposition: form-data; name=\"{name}\"{file}\r\n\r\n{content}\r\n"
        );
    }
    form + &format!("--{BOUNDARY}--\r\n")
}

impl Stack {
    fn post(&self, body: String) -> reqwest::RequestBuilder {
        self.client
            .post(&self.endpoint)
            .header(
                "content-type",
                format!("multipart/form-data; boundary={BOUNDARY}"),
            )
            .header("accept", "application/graphql-response+json")
            .header("coko-preflight", "1")
            .body(body)
    }

    async fn send(&self, parts: &[Part<'_>]) -> Answer {
        Answer::of(self.post(form(parts)).send().await.unwrap()).await
    }

    /// Sends one operation whose files are `0`, `1` and so on, each at its own path.
    async fn upload(&self, operation: &Value, files: &[(&str, &str)]) -> Answer {
        let names: Vec<String> = (0..files.len()).map(|number| number.to_string()).collect();
        let map: serde_json::Map<String, Value> = names
            .iter()
            .zip(files)
            .map(|(name, (path, _))| (name.clone(), json!([path])))
            .collect();
        let (operations, map) = (operation.to_string(), Value::from(map).to_string());
        let mut parts = vec![
            ("operations", None, operations.as_str()),
            ("map", None, &map),
        ];
        parts.extend(
            names
                .iter()
                .zip(files)
                .map(|(name, (_, text))| (name.as_str(), Some("é\\a.txt"), *text)),
        );
        self.send(&parts).await
    }
}

fn store() -> Value {
    json!({ "query": "mutation($file: Upload!) { store(file: $file) { name media text } }", "variables": { "file": null } })
}

#[tokio::test]
async fn a_file_reaches_its_subgraph() {
    for shape in [Shape::OverHttp, Shape::InProcess] {
        let stack = stack(shape, |_| ()).await;
        let answer = stack
            .upload(&store(), &[("variables.file", "line 1\r\n--line 2\r\n")])
            .await;
        assert_eq!(
            answer.data()["store"],
            json!({ "name": "é\\a.txt", "media": "text/plain", "text": "line 1\r\n--line 2\r\n" }),
            "{shape:?}"
        );
        let cover = json!({
            "query": "mutation($cover: CoverInput!) { storeAll(cover: $cover) { name text } }",
            "variables": { "cover": { "title": "T", "pages": [null, null] } },
        });
        let files = [
            ("variables.cover.pages.1", "second"),
            ("variables.cover.pages.0", "first"),
        ];
        let answer = stack.upload(&cover, &files).await;
        let texts: Vec<&str> = answer.data()["storeAll"]
            .as_array()
            .unwrap()
            .iter()
            .filter_map(|stored| stored["text"].as_str())
            .collect();
        assert_eq!(texts, ["", "first", "second"], "{shape:?}");
        // One file for a list, as the specification coerces single values.
        let cover = json!({
            "query": "mutation($pages: [Upload!]!) { storeAll(cover: { title: \"T\", pages: $pages }) { text } }",
            "variables": { "pages": null },
        });
        let answer = stack.upload(&cover, &[("variables.pages", "only")]).await;
        assert_eq!(answer.data()["storeAll"][1]["text"], "only", "{shape:?}");
    }
}

#[tokio::test]
async fn each_subgraph_gets_its_own_files() {
    let stack = stack(Shape::OverHttp, |config| config.batching.enabled = true).await;
    let both = json!({
        "query": "mutation($a: Upload!, $b: Upload!, $again: Upload!) {
            store(file: $a) { text } archive(file: $b) { text } other: archive(file: $again) { text } }",
        "variables": { "a": null, "b": null, "again": null },
    });
    let map = json!({ "x": ["variables.a", "variables.again"], "y": ["variables.b"] });
    let answer = stack
        .send(&[
            ("operations", None, &both.to_string()),
            ("map", None, &map.to_string()),
            ("x", Some("x"), "for both"),
            ("y", Some("y"), "for one"),
        ])
        .await;
    let data = answer.data();
    assert_eq!(data["store"]["text"], "for both");
    assert_eq!(data["archive"]["text"], "for one");
    assert_eq!(data["other"]["text"], "for both");
    // A batch: its paths begin with the operation's position.
    let batch = json!([store(), { "query": "{ nothing }" }, store()]);
    let map = json!({ "0": ["0.variables.file"], "1": ["2.variables.file"] });
    let answer = stack
        .send(&[
            ("operations", None, &batch.to_string()),
            ("map", None, &map.to_string()),
            ("1", Some("b"), "second"),
            ("0", Some("a"), "first"),
        ])
        .await;
    assert_eq!(
        answer.body[0]["data"]["store"]["text"], "first",
        "{}",
        answer.body
    );
    assert_eq!(answer.body[1]["data"]["nothing"], Value::Null);
    assert_eq!(answer.body[2]["data"]["store"]["text"], "second");
}

#[tokio::test]
async fn other_sites_cannot_send_forms() {
    let stack = stack(Shape::InProcess, |_| ()).await;
    let body = form(&[
        ("operations", None, &store().to_string()),
        ("map", None, r#"{"0":["variables.file"]}"#),
        ("0", Some("a"), "x"),
    ]);
    let send = async |headers: &[(&str, &str)]| {
        let mut request = stack.client.post(&stack.endpoint).body(body.clone());
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        Answer::of(request.send().await.unwrap()).await.status
    };
    for media in ["multipart/form-data", "Multipart/Form-Data"] {
        let media = format!("{media}; boundary={BOUNDARY}");
        assert_eq!(send(&[("content-type", &media)]).await, 400);
        for header in [
            ("apollo-require-preflight", "true"),
            ("authorization", "Bearer x"),
        ] {
            assert_eq!(send(&[("content-type", &media), header]).await, 200);
        }
    }
}

#[tokio::test]
async fn what_is_malformed_is_said() {
    let stack = stack(Shape::InProcess, |config| config.uploads.files = 2).await;
    let store = store().to_string();
    let file = ("0", Some("a"), "x");
    let operations = ("operations", None, store.as_str());
    let map = |map: &'static str| ("map", None, map);
    let good = map(r#"{"0":["variables.file"]}"#);
    let cases: [(&[Part<'_>], &str); 13] = [
        (&[], "operations"),
        (&[operations], "\"map\""),
        (&[good, operations, file], "operations"),
        (&[operations, file, good], "\"map\""),
        (&[operations, good], "missing"),
        (&[operations, good, ("1", Some("a"), "x")], "not in map"),
        (&[operations, good, file, file], "there twice"),
        (&[operations, map("[]"), file], "map"),
        (&[operations, map("{}")], "0 files"),
        (
            &[operations, map(r#"{"0":["variables.none"]}"#), file],
            "variables.none",
        ),
        (&[operations, map(r#"{"0":["query"]}"#), file], "query"),
        (
            &[
                operations,
                map(r#"{"0":["variables.file","variables.file"]}"#),
                file,
            ],
            "variables.file",
        ),
        (
            &[
                operations,
                map(r#"{"0":["variables.file"],"1":[],"2":[]}"#),
                file,
            ],
            "3 files",
        ),
    ];
    for (parts, reason) in cases {
        let answer = stack.send(parts).await;
        assert_eq!(answer.status, 400, "{}", answer.body);
        let message = answer.body["errors"][0]["message"].as_str().unwrap();
        assert!(message.contains(reason), "{message} does not name {reason}");
    }
    let cut = form(&[operations, good, file]);
    let cut = Answer::of(
        stack
            .post(cut[..cut.len() - 20].to_owned())
            .send()
            .await
            .unwrap(),
    );
    assert_eq!(cut.await.status, 400);
    // A file where the schema wants a text is no text, and a variable that needs a file is not content with none.
    let echo =
        json!({ "query": "mutation($t: String!) { echo(text: $t) }", "variables": { "t": null } });
    let answer = stack.upload(&echo, &[("variables.t", "x")]).await;
    assert_eq!(answer.codes(), ["VALIDATION_FAILED"]);
    let request = stack
        .client
        .post(&stack.endpoint)
        .json(&serde_json::from_str::<Value>(&store).unwrap());
    let answer = Answer::of(request.send().await.unwrap()).await;
    assert_eq!(answer.codes(), ["VALIDATION_FAILED"]);
}

#[tokio::test]
async fn files_are_bounded() {
    let stack = stack(Shape::InProcess, |config| {
        config.uploads.file_bytes = 1_000;
        config.uploads.bytes = 2_500;
        config.uploads.held_bytes = 2_500;
    })
    .await;
    let (small, large) = ("x".repeat(999), "x".repeat(1_001));
    let at = "variables.file";
    assert_eq!(stack.upload(&store(), &[(at, &small)]).await.status, 200);
    let answer = stack.upload(&store(), &[(at, &large)]).await;
    assert_eq!(
        (answer.status, answer.codes()),
        (413, vec!["PAYLOAD_TOO_LARGE"])
    );
    let cover = json!({
        "query": "mutation($cover: CoverInput!) { storeAll(cover: $cover) { text } }",
        "variables": { "cover": { "title": "T", "pages": [null, null, null] } },
    });
    let paths = [0, 1, 2].map(|page| format!("variables.cover.pages.{page}"));
    let files: Vec<(&str, &str)> = paths.iter().map(|path| (path.as_str(), &*small)).collect();
    assert_eq!(stack.upload(&cover, &files).await.status, 413);
    // Whoever is still sending hears of it, too.
    let huge = "x".repeat(50 << 20);
    assert_eq!(stack.upload(&store(), &[(at, &huge)]).await.status, 413);
    // What was held is free again.
    for _ in 0..4 {
        assert_eq!(stack.upload(&store(), &[(at, &small)]).await.status, 200);
    }
    drop(stack.gateway);
}

#[tokio::test]
async fn uploads_can_be_turned_off() {
    let stack = stack(Shape::InProcess, |config| config.uploads.enabled = false).await;
    let answer = stack.upload(&store(), &[("variables.file", "x")]).await;
    assert_eq!(answer.status, 415);
}
