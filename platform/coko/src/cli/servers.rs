//! The command line of private servers.

use std::path::PathBuf;

use clap::Subcommand;

/// `coko servers …`
#[derive(Debug, Subcommand)]
pub enum ServersCommand {
    /// Run a command with fresh servers, whose addresses are in COKO_TEST_POSTGRES_URL, COKO_TEST_NATS_URL and
    /// COKO_TEST_REDIS_URL, and stop them afterwards. The exit code is the command's.
    ///
    /// Example: coko servers run -- cargo nextest run --workspace
    Run {
        /// The command.
        #[arg(required = true, trailing_var_arg = true, allow_hyphen_values = true)]
        command: Vec<String>,
    },
    /// Start servers that stay, and print the variables that tests need.
    ///
    /// Example: coko servers start --dir /tmp/servers && . /tmp/servers/env
    Start {
        /// Their folder.
        #[arg(long)]
        dir: PathBuf,
    },
    /// Stop the servers of a folder.
    Stop {
        /// Their folder.
        #[arg(long)]
        dir: PathBuf,
        /// Remove the folder, too.
        #[arg(long)]
        remove: bool,
    },
}
