//! `coko completions`.

use std::process::ExitCode;

use clap::CommandFactory as _;

use crate::cli::Cli;

#[expect(clippy::unnecessary_wraps, reason = "every command has this shape")]
pub(super) fn run(shell: clap_complete::Shell) -> anyhow::Result<ExitCode> {
    clap_complete::generate(shell, &mut Cli::command(), "coko", &mut std::io::stdout());
    Ok(ExitCode::SUCCESS)
}
