//! The program `coko`: parses the command line and hands over to [`coko::commands`].

use std::process::ExitCode;

use clap::Parser as _;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    coko::commands::main(coko::cli::Cli::parse())
}
