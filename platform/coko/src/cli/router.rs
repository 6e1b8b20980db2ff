//! Commands around the router.

use std::path::PathBuf;

use clap::{Args, Subcommand};

/// Commands about the router's cache.
#[derive(Debug, Subcommand)]
pub enum CacheCommand {
    /// Drop cached answers of every router.
    Purge(PurgeArgs),
}

/// Options of `coko cache purge`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  coko cache purge --type Book --key id=01890a5d-ac96-774b-bcce-b302099a8101
  coko cache purge --field Query.newReleases
  coko cache purge --subgraph catalog --router https://api.example
  coko cache purge --all")]
pub struct PurgeArgs {
    /// Everything.
    #[arg(long, required_unless_present_any = ["type_name", "field", "subgraph"], conflicts_with_all = ["type_name", "field", "subgraph"])]
    pub all: bool,
    /// Answers that hold an entity of this type.
    #[arg(long = "type", value_name = "TYPE", conflicts_with_all = ["field", "subgraph"])]
    pub type_name: Option<String>,
    /// Only the entity with this key; once for each field of the key.
    #[arg(long, value_name = "FIELD=VALUE", requires = "type_name", value_parser = key_field)]
    pub key: Vec<(String, String)>,
    /// Answers to this root field, such as Query.books.
    #[arg(long, value_name = "TYPE.FIELD", conflicts_with = "subgraph")]
    pub field: Option<String>,
    /// Answers of this subgraph.
    #[arg(long, value_name = "NAME")]
    pub subgraph: Option<String>,
    /// One of the routers; it tells the others.
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:4000")]
    pub router: url::Url,
    /// The operators' token, or an access token with the permission system:manage; by default what `router.admin.token` is
    /// set to.
    #[arg(
        long,
        value_name = "TOKEN",
        env = "COKO_ADMIN_TOKEN",
        hide_env_values = true
    )]
    pub token: Option<String>,
}

fn key_field(text: &str) -> Result<(String, String), String> {
    let (field, value) = text
        .split_once('=')
        .ok_or("expected FIELD=VALUE such as id=1")?;
    Ok((field.to_owned(), value.to_owned()))
}

/// `coko operations …`
#[derive(Debug, Subcommand)]
pub enum OperationsCommand {
    /// Check every operation of a document or manifest against the supergraph: it must validate and plan.
    Check {
        /// A GraphQL document, or a manifest in Apollo's, Relay's or the plain format.
        file: PathBuf,
        /// The supergraph.
        #[arg(long, value_name = "FILE", default_value = "schema/supergraph.graphql")]
        supergraph: PathBuf,
    },
    /// Publish operations to every router of the platform, which run them by their SHA-256 from then on.
    ///
    /// Each must fit the supergraph, or none is published.
    Publish {
        /// A GraphQL document, or a manifest in Apollo's, Relay's or the plain format.
        file: PathBuf,
        /// Whose operations they are.
        #[arg(long, value_name = "NAME")]
        client: String,
        /// The supergraph.
        #[arg(long, value_name = "FILE", default_value = "schema/supergraph.graphql")]
        supergraph: PathBuf,
    },
    /// Withdraw a published operation; exit code 3 when it is not there.
    Withdraw {
        /// Its SHA-256.
        id: String,
        /// Whose operation it is.
        #[arg(long, value_name = "NAME")]
        client: String,
    },
    /// List what is published.
    List,
    /// Print the SHA-256 of each operation, which is its id and what tokens are narrowed to.
    Hash {
        /// A GraphQL document, or a manifest.
        file: PathBuf,
    },
}

/// Options of `coko plan`.
#[derive(Debug, Args)]
pub struct PlanArgs {
    /// The GraphQL document.
    pub file: PathBuf,
    /// The supergraph.
    #[arg(long, value_name = "FILE", default_value = "schema/supergraph.graphql")]
    pub supergraph: PathBuf,
    /// Which operation, when the document has several.
    #[arg(long, value_name = "NAME")]
    pub operation: Option<String>,
    /// Variables, as JSON or as @FILE; the plan is then without what @skip and @include leave out.
    #[arg(long, value_name = "JSON")]
    pub variables: Option<String>,
    /// A label of a progressive @override that is on; may be given several times.
    #[arg(long = "label", value_name = "LABEL")]
    pub labels: Vec<String>,
    /// The request's place among a hundred: fields with the override label percent(n) have moved for those below n.
    #[arg(long, value_name = "PERCENT", default_value_t = 0.0, value_parser = share)]
    pub share: f64,
}

/// A number from 0 to 100.
fn share(text: &str) -> Result<f64, String> {
    let share: f64 = text.parse().map_err(|error| format!("{error}"))?;
    if (0.0..=100.0).contains(&share) {
        Ok(share)
    } else {
        Err("expected 0 to 100".to_owned())
    }
}

/// `coko dictionaries …`
#[derive(Debug, Subcommand)]
pub enum DictionariesCommand {
    /// Train a dictionary from answers that resemble those to come: recorded ones, or those that a router gives now.
    Train(TrainArgs),
}

/// Options of `coko dictionaries train`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  coko dictionaries train answers/ --output coko.dictionary
  coko dictionaries train --endpoint http://127.0.0.1:4000/graphql --operations schema/operations/first.json \\
      --variables variables.json --output coko.dictionary

The router loads it where `router.compression.dictionaries.files` names it. Whoever fetches a dictionary sees pieces of the
answers: train it on what anybody may see. Operations are asked without any token.")]
pub struct TrainArgs {
    /// Recorded answers: files with one each, files that end in .jsonl with one a line, and folders of such files.
    #[arg(value_name = "ANSWERS", required_unless_present = "endpoint")]
    pub answers: Vec<PathBuf>,
    /// A router's GraphQL endpoint, which is asked the queries of --operations.
    #[arg(long, value_name = "URL", requires = "operations")]
    pub endpoint: Option<url::Url>,
    /// The manifest of the operations, which are registered with the router.
    #[arg(long, value_name = "FILE", requires = "endpoint")]
    pub operations: Option<PathBuf>,
    /// What to ask them with: JSON, a list of variables for each operation's id. Without it they are asked with none.
    #[arg(long, value_name = "FILE", requires = "operations")]
    pub variables: Option<PathBuf>,
    /// Most bytes of the dictionary.
    #[arg(long, value_name = "BYTES", default_value_t = 64 << 10, value_parser = clap::value_parser!(u32).range(256..=1 << 20))]
    pub bytes: u32,
    /// The dictionary's file.
    #[arg(long, value_name = "FILE")]
    pub output: PathBuf,
}
