//! `coko dictionaries`: compression dictionaries made of answers.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context as _, bail};
use serde_json::{Map, Value, json};

use super::Global;
use super::operations::operations_of;
use super::plan::read;
use crate::cli::{DictionariesCommand, TrainArgs};

/// An answer longer than this is like no other.
const LONGEST: usize = 256 << 10;
/// What all answers together may take.
const MOST: usize = 256 << 20;

/// What an operation is asked with, by its id.
type Variables = BTreeMap<String, Vec<Map<String, Value>>>;

pub(super) async fn run(
    global: &Global,
    command: &DictionariesCommand,
) -> anyhow::Result<ExitCode> {
    match command {
        DictionariesCommand::Train(args) => train(global, args).await,
    }
}

async fn train(global: &Global, args: &TrainArgs) -> anyhow::Result<ExitCode> {
    let mut answers = Answers::default();
    for path in &args.answers {
        answers.gather(path, true)?;
    }
    if let (Some(endpoint), Some(manifest)) = (&args.endpoint, &args.operations) {
        let variables = match &args.variables {
            Some(file) => serde_json::from_str(&read(file)?)
                .with_context(|| format!("{}: expected {{id: [variables, …]}}", file.display()))?,
            None => Variables::new(),
        };
        ask(endpoint, manifest, &variables, &mut answers).await?;
    }
    let bytes = usize::try_from(args.bytes)?;
    let dictionary = coko_gateway::train_dictionary(&answers.taken, bytes).with_context(|| {
        format!(
            "{} answers are too few, or too short, to make a dictionary of: give some hundred",
            answers.taken.len()
        )
    })?;
    std::fs::write(&args.output, &dictionary)
        .with_context(|| format!("{} cannot be written", args.output.display()))?;
    let told = json!({
        "file": args.output,
        "bytes": dictionary.len(),
        "answers": answers.taken.len(),
        "leftOut": answers.left_out,
    });
    global.output.result(&told, || {
        let mut lines = vec![format!(
            "{}: {} bytes of {} answers",
            args.output.display(),
            dictionary.len(),
            answers.taken.len()
        )];
        lines.extend(
            answers
                .left_out
                .iter()
                .map(|reason| format!("left out: {reason}")),
        );
        lines.join("\n")
    });
    Ok(ExitCode::SUCCESS)
}

/// What a dictionary is made of.
#[derive(Default)]
struct Answers {
    taken: Vec<Vec<u8>>,
    bytes: usize,
    /// What was not taken, and why.
    left_out: Vec<String>,
}

impl Answers {
    /// Takes the answers of a file, or of the files of a folder.
    fn gather(&mut self, path: &Path, into_folders: bool) -> anyhow::Result<()> {
        if path.is_dir() {
            let listed = std::fs::read_dir(path)
                .with_context(|| format!("{} cannot be read", path.display()))?;
            let mut paths = listed
                .map(|entry| Ok(entry?.path()))
                .collect::<Result<Vec<_>, std::io::Error>>()?;
            // The same folder makes the same dictionary.
            paths.sort();
            for path in paths.iter().filter(|path| into_folders || path.is_file()) {
                self.gather(path, false)?;
            }
            return Ok(());
        }
        let name = path.display().to_string();
        if path
            .extension()
            .is_some_and(|extension| extension == "jsonl")
        {
            for (number, line) in read(path)?.lines().enumerate() {
                self.take(line.as_bytes(), &format!("{name}, line {}", number + 1))?;
            }
        } else {
            self.take(read(path)?.trim().as_bytes(), &name)?;
        }
        Ok(())
    }

    /// Takes an answer if it is one without errors.
    fn take(&mut self, answer: &[u8], name: &str) -> anyhow::Result<()> {
        let parsed: Value = serde_json::from_slice(answer).unwrap_or_default();
        let reason = match &parsed {
            _ if answer.len() > LONGEST => "it is longer than 256 KiB",
            Value::Object(members) if members.contains_key("errors") => "it has errors",
            Value::Object(members) if members.contains_key("data") => {
                self.bytes += answer.len();
                if self.bytes > MOST {
                    bail!("the answers are more than 256 MiB; some hundred of them are enough");
                }
                self.taken.push(answer.to_vec());
                return Ok(());
            }
            _ => "it is no GraphQL answer",
        };
        self.left_out.push(format!("{name}: {reason}"));
        Ok(())
    }
}

/// Asks a router each query of a manifest, once with each of its variables. What changes something is refused to a `GET`.
async fn ask(
    endpoint: &url::Url,
    manifest: &Path,
    variables: &Variables,
    answers: &mut Answers,
) -> anyhow::Result<()> {
    let client = reqwest::Client::builder()
        .timeout(Duration::from_secs(30))
        .build()?;
    let without = vec![Map::new()];
    for (id, _) in operations_of(manifest)? {
        let mut address = endpoint.clone();
        address
            .path_segments_mut()
            .map_err(|()| anyhow::anyhow!("{endpoint} is no address of a router"))?
            .pop_if_empty()
            .push(&id);
        for variables in variables.get(&id).unwrap_or(&without) {
            let variables = serde_json::to_string(variables)?;
            let response = client
                .get(address.clone())
                .query(&[("variables", variables)])
                .send()
                .await
                .with_context(|| format!("nothing answers at {endpoint}"))?;
            answers.take(&response.bytes().await?, &id)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_taken_from_files_and_folders() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        std::fs::create_dir(path("more")).unwrap();
        std::fs::write(path("more/one.json"), "{\"data\":{\"a\":1}}\n").unwrap();
        std::fs::write(
            path("many.jsonl"),
            "{\"data\":{}}\n{\"data\":null,\"errors\":[]}\n",
        )
        .unwrap();
        std::fs::write(path("page.html"), "<html>").unwrap();
        let mut answers = Answers::default();
        answers.gather(folder.path(), true).unwrap();
        answers.gather(&path("more"), true).unwrap();
        assert_eq!(
            answers.taken,
            [
                &b"{\"data\":{}}"[..],
                b"{\"data\":{\"a\":1}}",
                b"{\"data\":{\"a\":1}}"
            ]
        );
        assert_eq!(answers.left_out.len(), 2, "{:?}", answers.left_out);
        assert!(answers.gather(&path("none"), true).is_err());
    }
}
