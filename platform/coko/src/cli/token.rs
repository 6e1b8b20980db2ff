//! Commands about access tokens.

use clap::{Args, Subcommand};

/// `coko token …`
#[derive(Debug, Subcommand)]
pub enum TokenCommand {
    /// Make a root key: the private half for auth, the public half for everyone.
    Keygen {
        /// The key's id, which tokens carry; a new key needs a new id.
        #[arg(long, default_value_t = 1)]
        id: u32,
    },
    /// Print what a token says, block by block. Without keys its signature is not checked.
    Inspect {
        /// The token, or `-` for standard input.
        token: String,
        /// Public keys `<id>:<hex>` to check the signature with, separated by commas.
        #[arg(long, value_name = "KEYS")]
        public_keys: Option<String>,
    },
    /// Narrow a token without asking anyone: the new one can do less and never more.
    #[command(after_help = "\
Example, a token for two persisted queries until tomorrow:
  coko token attenuate $TOKEN --operation $(coko operations hash books.graphql) --operation 9f86d0… --for 24h")]
    Attenuate(AttenuateArgs),
}

/// Options of `coko token attenuate`.
#[derive(Debug, Args)]
pub struct AttenuateArgs {
    /// The token, or `-` for standard input.
    pub token: String,
    /// Only operations with this SHA-256 (64 hexadecimal digits); repeat for several.
    #[arg(long, value_name = "HASH", num_args = 1..)]
    pub operation: Vec<String>,
    /// Only queries, mutations or subscriptions; repeat for several.
    #[arg(long, value_name = "KIND", value_parser = ["query", "mutation", "subscription"])]
    pub kind: Vec<String>,
    /// Only this subgraph; repeat for several.
    #[arg(long, value_name = "NAME")]
    pub subgraph: Vec<String>,
    /// Only until this moment (RFC 3339, such as 2027-01-31T18:00:00Z).
    #[arg(long, value_name = "TIME", conflicts_with = "lasting")]
    pub until: Option<String>,
    /// Only for so long from now: 90s, 15m, 24h, 7d.
    #[arg(long = "for", value_name = "DURATION")]
    pub lasting: Option<String>,
}
