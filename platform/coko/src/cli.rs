//! The command line: names, options and their help. What commands do is in [`crate::commands`].

mod recommend;
mod router;
mod servers;
mod token;

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use uuid::Uuid;

pub use self::recommend::{EvaluateArgs, RebuildArgs, RecommendCommand};
pub use self::router::{
    CacheCommand, DictionariesCommand, OperationsCommand, PlanArgs, PurgeArgs, TrainArgs,
};
pub use self::servers::ServersCommand;
pub use self::token::{AttenuateArgs, TokenCommand};

const AFTER: &str = "\
Examples:
  coko up                                     the whole platform on this machine
  coko serve catalog --listen 0.0.0.0:4002    one role
  coko serve router --supergraph FILE         a router for any Federation 2 supergraph
  coko import books books.csv                 books into the catalogue
  coko doctor                                 what is missing or misconfigured here

Settings come from coko.toml and from COKO_<SECTION>_<KEY> variables (COKO_CATALOG_DATABASE_URL), which win.

Exit codes: 0 done; 1 failed; 2 the command line is wrong; 3 a check found something.";

/// Coko, a digital reading platform: every role and every command in one binary.
#[derive(Debug, Parser)]
#[command(name = "coko", version, about, after_help = AFTER, max_term_width = 110)]
pub struct Cli {
    /// What is printed: text for people or JSON for programs.
    #[arg(long, global = true, value_enum, default_value_t = Format::Text)]
    pub format: Format,
    /// The configuration file; coko.toml in the current folder when there is one.
    #[arg(long, global = true, value_name = "FILE", env = "COKO_CONFIG")]
    pub config: Option<PathBuf>,
    /// The folder of private servers, secrets and letters.
    #[arg(
        long,
        global = true,
        value_name = "DIR",
        default_value = ".coko",
        env = "COKO_HOME"
    )]
    pub home: PathBuf,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people.
    Text,
    /// For programs: one JSON value on standard output.
    Json,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Look at the file on standard input: what the file service has a process of its own do.
    #[command(name = coko_file::process::apart::COMMAND, hide = true)]
    InspectFile {
        /// The media type that its first bytes say.
        media_type: String,
        /// What it may hold, as JSON.
        limits: String,
    },
    /// Run the whole platform on this machine: private servers, every role in one process, a sample catalogue.
    Up(UpArgs),
    /// Stop what `coko up` runs, from another terminal or after a crash.
    Down(DownArgs),
    /// Run one or more roles, each on a port of its own.
    Serve(ServeArgs),
    /// Change the tables of databases: run, revert and list migrations.
    #[command(subcommand)]
    Migrate(MigrateCommand),
    /// What can be configured.
    #[command(subcommand)]
    Config(ConfigCommand),
    /// Write the committed contracts: SDLs, supergraph, event samples, operation manifests, the router's options.
    Schema(SchemaArgs),
    /// Persisted operations: check them against the schema, print their hashes.
    #[command(subcommand)]
    Operations(OperationsCommand),
    /// Access tokens: make root keys, look into a token, narrow one offline.
    #[command(subcommand)]
    Token(TokenCommand),
    /// Bring data into the platform.
    #[command(subcommand)]
    Import(ImportCommand),
    /// The search index.
    #[command(subcommand)]
    Search(SearchCommand),
    /// Domain events: history, live, and those that could not be handled.
    #[command(subcommand)]
    Events(EventsCommand),
    /// Make a domain's read model anew from the history of events. The domain may be served meanwhile.
    Rebuild(RebuildArgs),
    /// The models that recommend books.
    #[command(subcommand)]
    Recommend(RecommendCommand),
    /// Answers that routers keep: drop some, everywhere.
    #[command(subcommand)]
    Cache(CacheCommand),
    /// Compression dictionaries for answers that resemble each other (RFC 9842).
    #[command(subcommand)]
    Dictionaries(DictionariesCommand),
    /// Look for what is missing or misconfigured on this machine, and say what to do.
    Doctor,
    /// Print the query plan of an operation.
    Plan(PlanArgs),
    /// Print a completion script for a shell.
    ///
    /// Example: coko completions bash > ~/.local/share/bash-completion/completions/coko
    Completions {
        /// The shell.
        shell: clap_complete::Shell,
    },
    /// Ask a role whether it is well; exit code 0 when it answers 200. For container health checks.
    Health {
        /// Its address.
        #[arg(default_value = "http://127.0.0.1:4000/health")]
        url: url::Url,
    },
    /// Private PostgreSQL, NATS and Redis by themselves, for tests and development.
    #[command(subcommand)]
    Servers(ServersCommand),
}

/// Options of `coko up`.
#[derive(Debug, Args)]
pub struct UpArgs {
    /// The port of the endpoint on 127.0.0.1; 0 takes a free one.
    #[arg(long, default_value_t = 4000)]
    pub port: u16,
    /// Begin anew: removes all data and secrets of the home folder first.
    #[arg(long)]
    pub reset: bool,
    /// Leave out the sample catalogue and the demo accounts.
    #[arg(long)]
    pub no_sample: bool,
    /// Print what happens inside, not only what is wrong.
    #[arg(long, short)]
    pub verbose: bool,
}

/// Options of `coko down`.
#[derive(Debug, Args)]
pub struct DownArgs {
    /// Remove all data and secrets, too.
    #[arg(long)]
    pub purge: bool,
}

/// Options of `coko serve`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  coko serve auth catalog
  coko serve catalog --listen 0.0.0.0:4002
  coko serve auth catalog --listen auth=0.0.0.0:4001 --listen catalog=0.0.0.0:4002
  coko serve router --supergraph schema/supergraph.graphql --listen 0.0.0.0:4000")]
pub struct ServeArgs {
    /// The roles: router, or the name of a subgraph.
    #[arg(required = true, value_name = "ROLE", value_parser = role_names())]
    pub roles: Vec<String>,
    /// Where to listen: ADDRESS:PORT for a single role, or ROLE=ADDRESS:PORT.
    #[arg(long, value_name = "[ROLE=]ADDR", value_parser = parse_listen)]
    pub listen: Vec<Listen>,
    /// The router's supergraph; any Federation 2 supergraph SDL.
    #[arg(long, value_name = "FILE")]
    pub supergraph: Option<PathBuf>,
}

/// Where a role listens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listen {
    /// The role, when named.
    pub role: Option<String>,
    /// Address and port.
    pub address: SocketAddr,
}

fn role_names() -> clap::builder::PossibleValuesParser {
    clap::builder::PossibleValuesParser::new(crate::roles::names())
}

fn parse_listen(text: &str) -> Result<Listen, String> {
    let (role, address) = match text.split_once('=') {
        Some((role, address)) => (Some(role.to_owned()), address),
        None => (None, text),
    };
    let address = address.parse().map_err(|_| {
        format!("`{address}` is not ADDRESS:PORT, such as 127.0.0.1:4000 or [::]:4000")
    })?;
    Ok(Listen { role, address })
}

/// `coko migrate …`
#[derive(Debug, Subcommand)]
pub enum MigrateCommand {
    /// Run what is pending, in every database or one.
    Up(DomainArgs),
    /// Revert the newest migration of one domain.
    Down {
        /// The domain.
        #[arg(value_parser = domain_names())]
        domain: String,
    },
    /// List what is applied and what is pending.
    Status(DomainArgs),
}

/// Which domain; all of them when not said.
#[derive(Debug, Args)]
pub struct DomainArgs {
    /// The domain; all when not given.
    #[arg(value_parser = domain_names())]
    pub domain: Option<String>,
}

fn domain_names() -> clap::builder::PossibleValuesParser {
    clap::builder::PossibleValuesParser::new(
        crate::roles::SUBGRAPHS.iter().map(|subgraph| subgraph.name),
    )
}

/// Options of `coko schema`.
#[derive(Debug, Args)]
pub struct SchemaArgs {
    /// Write nothing; exit with 3 and list the files when any is stale.
    #[arg(long)]
    pub check: bool,
    /// The folder of the contracts.
    #[arg(long, value_name = "DIR", default_value = "schema")]
    pub dir: PathBuf,
    /// The folder of the router's reference documentation.
    #[arg(long, value_name = "DIR", default_value = "router/docs")]
    pub docs: PathBuf,
    /// The folder of the catalogue of events.
    #[arg(long, value_name = "DIR", default_value = "docs")]
    pub guide: PathBuf,
}

/// `coko config …`
#[derive(Debug, Subcommand)]
pub enum ConfigCommand {
    /// Print the JSON Schema of the router's options, which are the section `router` of coko.toml.
    ///
    /// Example: coko config schema > config.schema.json
    Schema,
    /// Print the router's options as Markdown, with types, defaults, meanings and the variables that set them.
    Reference,
}

/// `coko import …`
#[derive(Debug, Subcommand)]
pub enum ImportCommand {
    /// Books into the catalogue, from CSV or ONIX 3.0. Running it again changes only what has changed.
    Books {
        /// The file; `.xml` and `.onix` are read as ONIX, everything else as CSV with a header.
        file: PathBuf,
        /// Where the books come from; a book is known again by this and its id there. The file's name when not given.
        #[arg(long)]
        source: Option<String>,
    },
}

/// `coko search …`
#[derive(Debug, Subcommand)]
pub enum SearchCommand {
    /// Build the index of the catalogue again from its database.
    Reindex,
}

/// `coko events …`
#[derive(Debug, Subcommand)]
pub enum EventsCommand {
    /// The newest events of a domain, oldest first.
    List {
        /// The domain; all when not given.
        domain: Option<String>,
        /// How many at most.
        #[arg(long, default_value_t = 20)]
        limit: u64,
    },
    /// Events as they happen, until Ctrl-C.
    Tail {
        /// The domain; all when not given.
        domain: Option<String>,
    },
    /// Events that a consumer could not handle.
    Dead(DomainArgs),
    /// Hand a dead event to its consumer again.
    Replay(DeadArgs),
    /// Forget a dead event for good.
    Discard(DeadArgs),
}

/// One dead event.
#[derive(Debug, Args)]
pub struct DeadArgs {
    /// The consuming domain.
    #[arg(value_parser = domain_names())]
    pub domain: String,
    /// The event's id, as `coko events dead` prints it.
    pub id: Uuid,
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory as _;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn listening_addresses_name_a_role_or_not() {
        let address = "127.0.0.1:4001".parse().unwrap();
        assert_eq!(
            parse_listen("127.0.0.1:4001"),
            Ok(Listen {
                role: None,
                address
            })
        );
        assert_eq!(
            parse_listen("auth=127.0.0.1:4001"),
            Ok(Listen {
                role: Some("auth".to_owned()),
                address
            })
        );
        assert!(parse_listen("4001").unwrap_err().contains("ADDRESS:PORT"));
    }

    #[test]
    fn unknown_roles_and_missing_commands_are_refused() {
        for line in [
            "coko",
            "coko serve",
            "coko serve nobody",
            "coko servers run",
            "coko migrate down",
            "coko rebuild",
            "coko rebuild payment",
            "coko recommend evaluate",
            "coko token attenuate t --kind x",
            "coko dictionaries train --output d",
            "coko dictionaries train --endpoint http://localhost --output d",
        ] {
            assert!(Cli::try_parse_from(line.split(' ')).is_err(), "{line}");
        }
        for line in [
            "coko up --port 5000 --no-sample",
            "coko serve auth catalog --listen auth=0.0.0.0:1 --format json",
            "coko servers run -- cargo nextest run --workspace",
            "coko migrate status",
            "coko rebuild recommendation",
            "coko recommend evaluate ratings.csv --seed 7 --liked 3.5",
            "coko dictionaries train answers --output d",
            "coko dictionaries train --endpoint http://localhost --operations m.json --output d",
            "coko token attenuate t --operation a b --for 1h",
        ] {
            assert!(Cli::try_parse_from(line.split(' ')).is_ok(), "{line}");
        }
    }
}
