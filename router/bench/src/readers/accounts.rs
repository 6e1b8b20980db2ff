//! Readers: accounts that are signed up for a run, as people do it, or that are there already.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail, ensure};
use coko_core::clock::Clock;
use coko_core::ids::Entropy;
use futures::{StreamExt as _, TryStreamExt as _, stream};
use serde::Deserialize;
use serde_json::{Value, json};
use url::Url;

use super::client::{Client, Endpoint};
use super::fault;
use super::operations::{self, Operation};

/// Accounts that are signed up at once: hashing passwords is what takes long.
const AT_ONCE: usize = 8;
/// How long the next letter may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// What to do about a limit.
const HINT: &str = "; a platform that was started with `--config router/bench/readers.toml` lets many sign up from one address";

/// Somebody who is signed in.
#[derive(Debug)]
pub(super) struct Reader {
    /// Counted from 0.
    pub(super) number: u64,
    /// The access token.
    pub(super) token: String,
    /// The id that the device made for itself.
    pub(super) device: String,
}

/// What `coko up --format json` prints, as far as it is needed here.
#[derive(Debug, Deserialize)]
pub(super) struct Announcement {
    /// Where the platform answers.
    pub(super) endpoint: Url,
    accounts: Vec<Demo>,
}

#[derive(Debug, Deserialize)]
struct Demo {
    token: Option<String>,
}

impl Announcement {
    /// The tokens of the demo accounts.
    pub(super) fn into_tokens(self) -> Vec<String> {
        let tokens = self.accounts.into_iter();
        tokens.filter_map(|account| account.token).collect()
    }
}

/// The tokens of the demo accounts in a file of what `coko up --format json` printed.
///
/// # Errors
/// When it is something else.
pub(super) fn demo_tokens(file: &Path) -> anyhow::Result<Vec<String>> {
    let text = std::fs::read_to_string(file)
        .with_context(|| format!("{} cannot be read", file.display()))?;
    let announcement: Announcement = serde_json::from_str(&text).with_context(|| {
        format!(
            "{} is not what `coko up --format json` prints",
            file.display()
        )
    })?;
    Ok(announcement.into_tokens())
}

/// A reader for each of these tokens.
pub(super) fn readers(tokens: Vec<String>) -> Vec<Reader> {
    let (entropy, now) = (Entropy::system(), Clock::system().now());
    let readers = (0..).zip(tokens).map(|(number, token)| Reader {
        number,
        token,
        device: entropy.uuid(now).to_string(),
    });
    readers.collect()
}

/// Registers so many accounts, proves their addresses by the letters that come into the folder `letters`, and signs them
/// in; returns their tokens.
///
/// # Errors
/// When the endpoint refuses a step, or letters do not come.
pub(super) async fn sign_up(
    endpoint: &Arc<Endpoint>,
    letters: &Path,
    count: usize,
) -> anyhow::Result<Vec<String>> {
    let entropy = Entropy::system();
    let run = hex::encode(entropy.bytes::<4>());
    let password = entropy.token();
    let emails: Vec<String> = (0..count)
        .map(|number| format!("bench-{run}-{number}@coko.example"))
        .collect();
    each(&emails, async |email| {
        let input = json!({
            "email": email, "password": password, "displayName": "Awa Ndiaye", "language": "en",
            "consents": { "tracking": true },
        });
        mutate(endpoint, &operations::REGISTER, input).await
    })
    .await?;
    let secrets = secrets(letters, &emails).await?;
    each(&secrets, async |secret| {
        mutate(endpoint, &operations::VERIFY, json!({ "token": secret })).await
    })
    .await?;
    each(&emails, async |email| {
        let input = json!({ "email": email, "password": password, "device": "coko-bench" });
        let answer = mutate(endpoint, &operations::SIGN_IN, input).await?;
        let token = answer["data"]["login"]["tokens"]["accessToken"].as_str();
        token.map(str::to_owned).context("a sign-in gave no token")
    })
    .await
}

/// Does `work` for all of them, some at once; what comes out is in any order.
async fn each<T>(
    items: &[String],
    work: impl AsyncFn(&String) -> anyhow::Result<T>,
) -> anyhow::Result<Vec<T>> {
    let work = &work;
    let running = stream::iter(items).map(|item| async move { work(item).await });
    running.buffer_unordered(AT_ONCE).try_collect().await
}

async fn mutate(
    endpoint: &Arc<Endpoint>,
    operation: &Operation,
    input: Value,
) -> anyhow::Result<Value> {
    let mut client = Client::new(endpoint);
    let variables = json!({ "input": input });
    let answer = client.run(None, operation, &variables).await?;
    match fault::code(&answer).as_deref() {
        None => Ok(answer),
        Some(code) => {
            let hint = if code == "RATE_LIMITED" { HINT } else { "" };
            bail!("{} is refused with {code}{hint}", operation.name)
        }
    }
}

/// The secrets in the letters to these addresses, once all of them are there.
async fn secrets(folder: &Path, emails: &[String]) -> anyhow::Result<Vec<String>> {
    let mut awaited: HashSet<&str> = emails.iter().map(String::as_str).collect();
    let mut secrets = Vec::with_capacity(emails.len());
    // Files that hold nothing that is still to come.
    let mut done = HashSet::new();
    let mut newest = Instant::now();
    while !awaited.is_empty() {
        ensure!(
            newest.elapsed() < PATIENCE,
            "{} letters have not come into {}; name the folder with --letters, which is `letters` in coko's --home",
            awaited.len(),
            folder.display()
        );
        for (file, letter) in fresh(folder, &done) {
            let Some(recipient) = recipient(&letter) else {
                continue;
            };
            if !awaited.contains(recipient) {
                done.insert(file);
            } else if let Some(secret) = secret(&letter) {
                awaited.remove(recipient);
                secrets.push(secret);
                newest = Instant::now();
                done.insert(file);
            }
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    Ok(secrets)
}

/// The letters of a folder that are not `done`.
fn fresh(folder: &Path, done: &HashSet<PathBuf>) -> Vec<(PathBuf, String)> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let files = entries.map(|entry| entry.path());
    files
        .filter(|file| !done.contains(file))
        .filter_map(|file| {
            let letter = std::fs::read_to_string(&file).ok()?;
            Some((file, letter))
        })
        .collect()
}

fn recipient(letter: &str) -> Option<&str> {
    let line = letter.lines().find_map(|line| line.strip_prefix("To:"))?;
    Some(line.trim().trim_matches(['<', '>']))
}

/// The secret in the link of a letter, once the letter is written as far as that.
fn secret(letter: &str) -> Option<String> {
    // Quoted-printable text has its lines broken anywhere, and `=` written as `=3D`.
    let text = letter.replace("=\r\n", "").replace("=3D", "=");
    let (_, rest) = text.split_once("token=")?;
    let end =
        rest.find(|letter: char| !letter.is_ascii_alphanumeric() && !"-_".contains(letter))?;
    Some(rest[..end].to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    const LETTER: &str = "From: a@coko.example\r\nTo: bench-1@coko.example\r\nSubject: x\r\n\r\nOpen \
        http://127.0.0.1:4000/verify?token=3DAb-c_=\r\n9 now\r\n";

    #[test]
    fn the_secret_of_a_letter_is_read_however_it_is_broken() {
        assert_eq!(recipient(LETTER), Some("bench-1@coko.example"));
        assert_eq!(secret(LETTER).as_deref(), Some("Ab-c_9"));
        let (written, _) = LETTER.split_once(" now").unwrap();
        assert_eq!(secret(written), None, "the letter may go on");
    }

    #[tokio::test]
    async fn letters_to_others_are_passed_over() {
        let folder = tempfile::tempdir().unwrap();
        let other = LETTER.replace("bench-1@", "bench-2@").replace('_', "-");
        std::fs::write(folder.path().join("1.eml"), other).unwrap();
        std::fs::write(folder.path().join("2.eml"), LETTER).unwrap();
        let emails = ["bench-1@coko.example".to_owned()];
        assert_eq!(secrets(folder.path(), &emails).await.unwrap(), ["Ab-c_9"]);
    }

    #[test]
    fn demo_accounts_without_a_token_are_left_out() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let text = r#"{"endpoint":"http://127.0.0.1:4000/graphql","query":"{ me }","accounts":[
            {"role":"reader","email":"a@b","password":"x","token":"one"},{"role":"admin","email":"a@b","password":"x","token":null}]}"#;
        std::fs::write(file.path(), text).unwrap();
        let tokens = demo_tokens(file.path()).unwrap();
        assert_eq!(tokens, ["one"]);
        assert_eq!(readers(tokens)[0].token, "one");
        std::fs::write(file.path(), "{}").unwrap();
        assert!(demo_tokens(file.path()).is_err());
    }
}
