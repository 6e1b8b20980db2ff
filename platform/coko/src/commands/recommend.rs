//! `coko recommend`: how good the models are.

use std::path::Path;
use std::process::ExitCode;

use anyhow::Context as _;
use coko_recommendation::evaluation::{Evaluation, Options, Report};

use super::Global;
use crate::cli::{EvaluateArgs, RecommendCommand};
use crate::output::table;

pub(super) fn run(global: &Global, command: &RecommendCommand) -> anyhow::Result<ExitCode> {
    match command {
        RecommendCommand::Evaluate(args) => evaluate(global, args),
    }
}

fn evaluate(global: &Global, args: &EvaluateArgs) -> anyhow::Result<ExitCode> {
    let machine = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let options = Options {
        seed: args.seed,
        liked: args.liked,
        most_readers: args.readers,
        threads: args.threads.unwrap_or(machine).max(1),
    };
    let report = evaluated(global, &args.file, options)
        .with_context(|| format!("{} could not be evaluated", args.file.display()))?;
    global.output.result(&report, || text(&report));
    Ok(ExitCode::SUCCESS)
}

fn evaluated(global: &Global, file: &Path, options: Options) -> anyhow::Result<Report> {
    let bar = global
        .progress
        .bar(format!("reading {}", file.display()), "bytes");
    let mut evaluation = Evaluation::read(file, options, |done, total| bar.at(done, total))?;
    bar.done("");
    let bar = global.progress.bar("training", "rows");
    let models = evaluation.train(&|done, total| {
        bar.at(done, total);
        true
    })?;
    bar.done("");
    let bar = global.progress.bar("testing", "lists");
    let report = evaluation.judge(&models, &|done, total| {
        bar.at(done, total);
        true
    })?;
    bar.done("");
    Ok(report)
}

fn text(report: &Report) -> String {
    let mut text = format!(
        "{} ratings of {} books by {} readers; {} and more is liked; one liked book held out of each of {} readers\n\
         trained in {:.2} s\n\n",
        report.ratings,
        report.books,
        report.readers,
        report.liked,
        report.tested,
        report.training_seconds
    );
    let rows: Vec<[String; 5]> = report
        .methods
        .iter()
        .map(|judged| {
            let numbers = [
                judged.ndcg_at_10,
                judged.recall_at_10,
                judged.precision_at_10,
                judged.coverage,
            ];
            let [ndcg, recall, precision, coverage] = numbers.map(|value| format!("{value:.4}"));
            [judged.method.to_owned(), ndcg, recall, precision, coverage]
        })
        .collect();
    let headings = ["method", "NDCG@10", "recall@10", "precision@10", "coverage"];
    text.push_str(&table(headings, &rows));
    text
}
