//! The command line of recommending, and of read models.

use std::path::PathBuf;

use clap::{Args, Subcommand};

/// Options of `coko rebuild`.
#[derive(Debug, Args)]
pub struct RebuildArgs {
    /// The domain.
    #[arg(value_parser = rebuildable())]
    pub domain: String,
}

fn rebuildable() -> clap::builder::PossibleValuesParser {
    clap::builder::PossibleValuesParser::new(crate::commands::rebuildable())
}

/// `coko recommend …`
#[derive(Debug, Subcommand)]
pub enum RecommendCommand {
    /// Say how good the models are on ratings from a file: a liked book of each reader is held out, and looked for among the first
    /// ten recommended. Nothing is connected to and nothing is kept.
    ///
    /// Example: coko recommend evaluate ratings.csv --seed 7
    Evaluate(EvaluateArgs),
}

/// Options of `coko recommend evaluate`.
#[derive(Debug, Args)]
pub struct EvaluateArgs {
    /// CSV of user,item,rating, with or without a header.
    pub file: PathBuf,
    /// Where all randomness begins: one seed gives one result.
    #[arg(long, default_value_t = 42)]
    pub seed: u64,
    /// The lowest rating that says that a book was liked; seven tenths of the highest when not given.
    #[arg(long)]
    pub liked: Option<f32>,
    /// Most readers to test with.
    #[arg(long, default_value_t = 10_000)]
    pub readers: usize,
    /// Threads; as many as the machine has when not given. The result is the same for any number.
    #[arg(long)]
    pub threads: Option<usize>,
}
