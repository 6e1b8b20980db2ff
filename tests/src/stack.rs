//! The platform's roles, databases and broker, put together for one test.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use coko_core::clock::Clock;
use coko_core::config::DatabaseConfig;
use coko_core::context::CommandContext;
use coko_core::database::{Connection, Pool};
use coko_core::ids::Entropy;
use coko_core::servers::NatsServer;
use coko_provider_simulator::Simulator;
use diesel_async::{AsyncConnection as _, SimpleAsyncConnection as _};
use serde_json::json;
use tempfile::TempDir;
use tokio::process::Command;

use crate::client::Client;
use crate::process::{Role, coko};
use crate::surroundings::{create_databases, environment, simulator, variable};

/// The name of a second router's process.
const SECOND: &str = "router-2";
/// The subgraphs' roles.
pub(crate) const SUBGRAPHS: [&str; 11] = [
    "auth",
    "catalog",
    "payment",
    "file",
    "reading",
    "recommendation",
    "gamification",
    "community",
    "publication",
    "notification",
    "admin",
];

const REGISTER: &str =
    "mutation($input: RegisterInput!) { register(input: $input) { errors { code message } } }";
const VERIFY: &str = "mutation($input: VerifyEmailInput!) { verifyEmail(input: $input) { errors { code message } } }";
const LOGIN: &str = "mutation($input: LoginInput!) { login(input: $input) { tokens { accessToken } errors { code message } } }";

/// How the roles are spread over processes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// All roles in one process; the router calls subgraphs without a socket.
    OneProcess,
    /// Every role its own process, over HTTP.
    ProcessPerRole,
}

/// An account of the stack.
#[derive(Clone, Debug)]
pub struct Account {
    /// The address that signs in.
    pub email: String,
    /// Its password.
    pub password: String,
}

/// A running platform.
#[derive(Debug)]
pub struct Stack {
    shape: Shape,
    folder: TempDir,
    environment: BTreeMap<String, String>,
    databases: BTreeMap<&'static str, String>,
    server: String,
    /// Running processes by the name of their first role; `all` in one process.
    processes: BTreeMap<String, Role>,
    /// What stands in for payment providers; its payers pay at once.
    pub simulator: Simulator,
    /// The broker of this stack alone.
    pub nats: NatsServer,
}

impl Stack {
    /// Starts everything and waits until the router is ready.
    ///
    /// # Errors
    /// When a server is missing or a role does not start.
    pub async fn start(shape: Shape) -> Result<Self> {
        Self::start_with(shape, &[]).await
    }

    /// The same with variables of its own.
    ///
    /// # Errors
    /// As [`Stack::start`].
    pub async fn start_with(shape: Shape, variables: &[(&str, &str)]) -> Result<Self> {
        let folder = tempfile::Builder::new().prefix("coko-stack-").tempdir()?;
        let server = variable("COKO_TEST_POSTGRES_URL")?;
        let nats_folder = folder.path().join("nats");
        let nats = NatsServer::start(&nats_folder).await?;
        let databases = create_databases(&server).await?;
        let mut environment = environment(folder.path(), &nats, &databases)?;
        for (name, value) in variables {
            environment.insert((*name).to_owned(), (*value).to_owned());
        }
        let simulator = simulator(&mut environment).await?;
        let mut stack = Self {
            shape,
            folder,
            environment,
            databases,
            server,
            processes: BTreeMap::new(),
            simulator,
            nats,
        };
        stack.command(&["migrate", "up"]).await?;
        match shape {
            Shape::OneProcess => stack.start_process("all", &[]).await?,
            Shape::ProcessPerRole => {
                for role in SUBGRAPHS {
                    stack.start_process(role, &[]).await?;
                }
                stack.start_process("router", &[]).await?;
            }
        }
        stack.ready().await?;
        // Notices come the way that providers send them: through the router.
        stack.simulator.set_webhook_url(&stack.base("router")?);
        Ok(stack)
    }

    /// The endpoint of the router.
    ///
    /// # Errors
    /// When the router does not run.
    pub fn client(&self) -> Result<Client> {
        Ok(Client::new(format!(
            "http://{}/graphql",
            self.address("router")?
        )))
    }

    /// The endpoint of a subgraph by itself.
    ///
    /// # Errors
    /// When it does not run.
    pub fn subgraph(&self, role: &str) -> Result<Client> {
        Ok(Client::new(format!(
            "http://{}/graphql",
            self.address(role)?
        )))
    }

    /// Another router beside the one there is, in a process of its own.
    ///
    /// # Errors
    /// When it does not start.
    pub async fn another_router(&mut self) -> Result<Client> {
        let anywhere = SocketAddr::from(([127, 0, 0, 1], 0));
        self.start_process("router", &[(SECOND.to_owned(), anywhere)])
            .await?;
        let process = self.processes.get(SECOND).context("it was just started")?;
        let address = process
            .addresses
            .get("router")
            .context("a router listens")?;
        Ok(Client::new(format!("http://{address}/graphql")))
    }

    /// The base URL of a role.
    ///
    /// # Errors
    /// When it does not run.
    pub fn base(&self, role: &str) -> Result<String> {
        Ok(format!("http://{}", self.address(role)?))
    }

    /// Where the broker, the letters and the files of this stack are.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    fn address(&self, role: &str) -> Result<SocketAddr> {
        self.processes
            .values()
            .find_map(|process| process.addresses.get(role))
            .copied()
            .with_context(|| format!("{role} does not run"))
    }

    /// Connections to a domain's database.
    ///
    /// # Errors
    /// When there is no such domain.
    pub fn pool(&self, domain: &str) -> Result<Pool> {
        let url = self
            .databases
            .get(domain)
            .with_context(|| format!("there is no domain {domain}"))?;
        Ok(Pool::new(&DatabaseConfig::new(url)))
    }

    /// Runs a command of the binary in this stack's environment and returns its standard output.
    ///
    /// # Errors
    /// When it fails, with what it said.
    pub async fn command(&self, arguments: &[&str]) -> Result<String> {
        let output = Command::new(coko()?)
            .args(arguments)
            .env_clear()
            .env("PATH", "/usr/local/bin:/usr/bin:/bin")
            .envs(&self.environment)
            .current_dir(self.folder.path())
            .output()
            .await?;
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        if !output.status.success() {
            let complaint = String::from_utf8_lossy(&output.stderr);
            bail!("`coko {}` failed: {said}{complaint}", arguments.join(" "));
        }
        Ok(said)
    }

    /// SIGKILLs the process that serves `role`.
    ///
    /// # Errors
    /// When it does not run.
    pub async fn kill(&mut self, role: &str) -> Result<()> {
        let name = self.process_of(role);
        self.processes
            .get_mut(&name)
            .with_context(|| format!("{role} does not run"))?
            .kill()
            .await
    }

    /// Starts the process that served `role` again, on the same ports.
    ///
    /// # Errors
    /// When it does not start.
    pub async fn restart(&mut self, role: &str) -> Result<()> {
        let name = self.process_of(role);
        let old = self
            .processes
            .remove(&name)
            .with_context(|| format!("{role} never ran"))?;
        let ports: Vec<(String, SocketAddr)> = old.addresses.clone().into_iter().collect();
        drop(old);
        self.start_process(&name, &ports).await?;
        self.ready().await
    }

    fn process_of(&self, role: &str) -> String {
        match self.shape {
            Shape::OneProcess => "all".to_owned(),
            Shape::ProcessPerRole => role.to_owned(),
        }
    }

    async fn start_process(&mut self, name: &str, ports: &[(String, SocketAddr)]) -> Result<()> {
        let roles: Vec<&str> = match name {
            "all" => SUBGRAPHS.into_iter().chain(["router"]).collect(),
            role => vec![role],
        };
        let mut arguments: Vec<String> = roles.iter().map(|role| (*role).to_owned()).collect();
        for role in &roles {
            let known = ports
                .iter()
                .find(|(known, _)| known == role)
                .map(|(_, address)| *address);
            let address = known.unwrap_or_else(|| SocketAddr::from(([127, 0, 0, 1], 0)));
            arguments.extend(["--listen".to_owned(), format!("{role}={address}")]);
        }
        let mut environment = self.environment.clone();
        if name == "router" {
            for subgraph in SUBGRAPHS {
                let variable = format!("COKO_ROUTER_SUBGRAPHS__{}__URL", subgraph.to_uppercase());
                environment.insert(variable, format!("{}/graphql", self.base(subgraph)?));
            }
        }
        if roles.contains(&"router") {
            let schema = Path::new(env!("CARGO_MANIFEST_DIR")).join("../schema");
            let operations = json!([schema.join("operations/web.json")]);
            environment.insert(
                "COKO_ROUTER_PERSISTED__FILES".to_owned(),
                operations.to_string(),
            );
            let supergraph = schema.join("supergraph.graphql");
            arguments.extend(["--supergraph".to_owned(), supergraph.display().to_string()]);
        }
        let log = self.log();
        let process = Role::start(&arguments, &environment, log).await?;
        let second = ports.iter().any(|(port, _)| port == SECOND);
        let name = if second { SECOND } else { name };
        self.processes.insert(name.to_owned(), process);
        Ok(())
    }

    /// Everything that the processes logged.
    pub fn log(&self) -> PathBuf {
        self.folder.path().join("coko.log")
    }

    /// Waits until every role says that it is ready.
    async fn ready(&self) -> Result<()> {
        for role in SUBGRAPHS.into_iter().chain(["router"]) {
            let url = format!("{}/ready", self.base(role)?);
            let mut last = String::new();
            for _ in 0..150 {
                match reqwest::get(&url).await {
                    Ok(response) if response.status().is_success() => {
                        last.clear();
                        break;
                    }
                    Ok(response) => last = response.text().await.unwrap_or_default(),
                    Err(error) => last = error.to_string(),
                }
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
            if !last.is_empty() {
                bail!(
                    "{role} does not become ready: {last}\n{}",
                    std::fs::read_to_string(self.log())?
                );
            }
        }
        Ok(())
    }

    /// Registers an account, confirms its address by the letter it gets, and signs it in.
    ///
    /// # Errors
    /// When a step is refused.
    pub async fn sign_up(&self, name: &str) -> Result<(Account, Client)> {
        let account = Account {
            email: format!(
                "{}-{}@coko.example",
                name.to_lowercase(),
                Entropy::system().digits(9)
            ),
            password: format!("{}-baobab", Entropy::system().digits(9)),
        };
        let client = self.client()?;
        let input = json!({
            "email": account.email, "password": account.password, "displayName": name, "consents": { "tracking": true },
        });
        let registered = client.run_with(REGISTER, json!({ "input": input })).await?;
        refused(&registered.ok()["register"])?;
        let secret = self.secret_sent_to(&account.email).await?;
        let verified = client
            .run_with(VERIFY, json!({ "input": { "token": secret } }))
            .await?;
        refused(&verified.ok()["verifyEmail"])?;
        let signed_in = self.sign_in(&account).await?;
        Ok((account, signed_in))
    }

    /// Makes an account with `roles` and signs it in.
    ///
    /// # Errors
    /// When there is no such role.
    pub async fn staff(&self, name: &str, roles: &[&str]) -> Result<Client> {
        let account = Account {
            email: format!(
                "{}-{}@coko.example",
                name.to_lowercase(),
                Entropy::system().digits(9)
            ),
            password: format!("{}-baobab", Entropy::system().digits(9)),
        };
        let demo = coko_auth::DemoAccount {
            email: account.email.clone(),
            password: account.password.clone(),
            display_name: name.to_owned(),
            roles: roles.iter().map(|role| (*role).to_owned()).collect(),
        };
        let context = CommandContext::system(Clock::system().now(), Entropy::system());
        coko_auth::seed_demo(&self.pool("auth")?, &context, &[demo]).await?;
        self.sign_in(&account).await
    }

    /// Signs an account in.
    ///
    /// # Errors
    /// When it is refused.
    pub async fn sign_in(&self, account: &Account) -> Result<Client> {
        Ok(self.client()?.with_token(&self.token(account).await?))
    }

    /// An access token of an account.
    ///
    /// # Errors
    /// When its sign-in is refused.
    pub async fn token(&self, account: &Account) -> Result<String> {
        let client = self.client()?;
        let input = json!({ "email": account.email, "password": account.password });
        let answer = client.run_with(LOGIN, json!({ "input": input })).await?;
        let token = answer.ok()["login"]["tokens"]["accessToken"].as_str();
        let token = token.with_context(|| format!("sign-in was refused: {:#}", answer.body))?;
        Ok(token.to_owned())
    }

    /// The secret in the newest letter to `recipient` that has one in its link, once it is there.
    ///
    /// # Errors
    /// When no letter with a link comes within ten seconds.
    pub async fn secret_sent_to(&self, recipient: &str) -> Result<String> {
        for _ in 0..100 {
            let letters = self.letters(recipient);
            let mut secrets = letters.iter().rev();
            if let Some((_, rest)) = secrets.find_map(|letter| letter.split_once("token=")) {
                return Ok(rest
                    .chars()
                    .take_while(|c| c.is_ascii_alphanumeric() || "-_".contains(*c))
                    .collect());
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        bail!("no letter with a link reached {recipient}")
    }

    /// Letters that were sent to `recipient`, newest last, with their quoted-printable encoding undone.
    pub fn letters(&self, recipient: &str) -> Vec<String> {
        self.sent("letters", recipient)
            .iter()
            .map(|letter| letter.replace("=\r\n", "").replace("=3D", "="))
            .collect()
    }

    /// Text messages of auth that were sent to the number, newest last.
    pub fn texts(&self, number: &str) -> Vec<String> {
        self.sent("texts", number)
    }

    /// Files of a folder of ours in which `recipient` is named, newest last.
    fn sent(&self, folder: &str, recipient: &str) -> Vec<String> {
        let mut files: Vec<PathBuf> = std::fs::read_dir(self.folder.path().join(folder))
            .map(|entries| entries.flatten().map(|entry| entry.path()).collect())
            .unwrap_or_default();
        // Names are UUIDv7, so they sort by time.
        files.sort();
        files
            .iter()
            .filter_map(|file| std::fs::read_to_string(file).ok())
            .filter(|text| text.contains(recipient))
            .collect()
    }
}

impl Drop for Stack {
    fn drop(&mut self) {
        self.processes.clear();
        let (server, databases) = (self.server.clone(), self.databases.clone());
        // Dropping databases needs a runtime, and the test's own may be ending around us.
        let dropping = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build();
            let Ok(runtime) = runtime else { return };
            runtime.block_on(async {
                let Ok(mut admin) = Connection::establish(&server).await else {
                    return;
                };
                for url in databases.values() {
                    let name = url.rsplit('/').next().unwrap_or_default();
                    // What cannot be dropped goes with the private server.
                    let _ = admin
                        .batch_execute(&format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"))
                        .await;
                }
            });
        });
        let _ = dropping.join();
    }
}

/// An error when a payload has refusals.
fn refused(payload: &serde_json::Value) -> Result<()> {
    match payload["errors"].as_array().map(Vec::as_slice) {
        Some([]) => Ok(()),
        _ => bail!("refused: {payload}"),
    }
}
