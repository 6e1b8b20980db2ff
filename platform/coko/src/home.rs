//! The home folder of a private platform (`.coko`): who runs in it, its servers' place, its secrets.

use std::fs::{File, OpenOptions};
use std::io::{Read as _, Seek as _, Write as _};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use base64::Engine as _;
use coko_core::config::Secret;
use coko_core::identity::RootKey;
use coko_core::ids::Entropy;
use coko_core::servers::Place;
use serde::{Deserialize, Serialize};

/// The home folder.
#[derive(Clone, Debug)]
pub struct Home {
    directory: PathBuf,
}

/// Who runs in a home folder.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Occupant {
    /// The process.
    pub pid: u32,
    /// What it does: `coko up`.
    pub command: String,
    /// Its endpoint, if it has one.
    pub endpoint: Option<String>,
}

impl std::fmt::Display for Occupant {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "`{}` (process {})", self.command, self.pid)?;
        match &self.endpoint {
            Some(endpoint) => write!(f, " at {endpoint}"),
            None => Ok(()),
        }
    }
}

/// Holds a home folder; the operating system frees it when the process ends, however it ends.
#[derive(Debug)]
pub struct Occupied {
    _lock: File,
}

/// A demo account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// What it may do: `reader`, `author`, `publisher`, `admin`.
    pub role: String,
    /// The address that signs in.
    pub email: String,
    /// Its password.
    pub password: String,
}

impl Home {
    /// The home folder at `directory`, which is created when it is first written to.
    ///
    /// # Errors
    /// When the current folder is gone, so that the path cannot be made absolute.
    pub fn new(directory: &Path) -> anyhow::Result<Self> {
        let directory =
            std::path::absolute(directory).context("the current folder cannot be read")?;
        Ok(Self { directory })
    }

    /// Its path, absolute.
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// Where the servers keep their data: here, or elsewhere when their user cannot reach this folder.
    ///
    /// # Errors
    /// When neither place can be used.
    pub fn servers(&self) -> anyhow::Result<Place> {
        Ok(Place::near(&self.directory.join("servers"))?)
    }

    /// Takes the folder for this process.
    ///
    /// # Errors
    /// When another process has it; the message says which.
    pub fn occupy(&self, command: &str, endpoint: Option<&str>) -> anyhow::Result<Occupied> {
        let mut lock = self.lock_file()?;
        if lock.try_lock().is_err() {
            match read_occupant(&mut lock) {
                Some(occupant) => bail!(self.refusal(&occupant)),
                None => bail!(
                    "another process just started in {}; try again",
                    self.directory.display()
                ),
            }
        }
        let occupant = Occupant {
            pid: std::process::id(),
            command: command.to_owned(),
            endpoint: endpoint.map(str::to_owned),
        };
        lock.set_len(0)?;
        lock.rewind()?;
        lock.write_all(serde_json::to_string(&occupant)?.as_bytes())?;
        lock.flush()?;
        Ok(Occupied { _lock: lock })
    }

    /// What somebody is told who comes second.
    pub(crate) fn refusal(&self, occupant: &Occupant) -> String {
        format!(
            "{occupant} already runs in {}; stop it with `coko down`, or choose another folder with --home and another --port",
            self.directory.display()
        )
    }

    /// Who runs in the folder now.
    pub fn occupant(&self) -> Option<Occupant> {
        if !self.lock_path().exists() {
            return None;
        }
        let mut lock = self.lock_file().ok()?;
        match lock.try_lock() {
            Ok(()) => None,
            Err(_) => read_occupant(&mut lock),
        }
    }

    fn lock_path(&self) -> PathBuf {
        self.directory.join("lock")
    }

    fn lock_file(&self) -> anyhow::Result<File> {
        self.create()?;
        let path = self.lock_path();
        OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path)
            .with_context(|| format!("{} cannot be written", path.display()))
    }

    /// Creates the folder; servers of another user may pass through it, but not list it.
    fn create(&self) -> anyhow::Result<()> {
        if !self.directory.is_dir() {
            std::fs::create_dir_all(&self.directory)
                .and_then(|()| {
                    std::fs::set_permissions(
                        &self.directory,
                        std::fs::Permissions::from_mode(0o711),
                    )
                })
                .with_context(|| format!("{} cannot be created", self.directory.display()))?;
        }
        Ok(())
    }

    /// The file of this folder's secrets, in the form of a configuration file; made at the first call, readable by its owner alone.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn secrets(&self, entropy: &Entropy) -> anyhow::Result<PathBuf> {
        let path = self.directory.join("secrets.toml");
        if path.exists() {
            // A platform that an older version made lacks what came later.
            let text = std::fs::read_to_string(&path)
                .with_context(|| format!("{} cannot be read", path.display()))?;
            let lacks = |section: &str| !text.lines().any(|line| line.starts_with(section));
            // What signs the simulator's notices is shared by payment, notification and the simulator.
            let known: toml::Table = text
                .parse()
                .with_context(|| format!("{} cannot be read", path.display()))?;
            let notices = known
                .get("simulator")
                .and_then(|simulator| simulator.get("webhook_secret")?.as_str())
                .map_or_else(|| entropy.token(), str::to_owned);
            let mut added = String::new();
            if lacks("[payment") {
                added = format!("\n{}", payment_secrets(entropy, &notices)?);
            }
            if lacks("[notification") {
                added = format!("{added}\n{}", notification_secrets(entropy, &notices)?);
            }
            if lacks("[reading") {
                added = format!("{added}\n{}", reading_secrets(entropy)?);
            }
            if lacks("[publication") {
                added = format!("{added}\n{}", publication_secrets(entropy)?);
            }
            if !added.is_empty() {
                write_private(&path, &format!("{text}{added}"))?;
            }
        } else {
            self.create()?;
            write_private(&path, &fresh_secrets(entropy)?)?;
        }
        Ok(path)
    }

    /// The demo accounts, with passwords made at the first call and kept.
    ///
    /// # Errors
    /// When the file cannot be written, or is not what was written.
    pub fn accounts(&self, entropy: &Entropy) -> anyhow::Result<Vec<Account>> {
        let path = self.directory.join("accounts.json");
        if let Ok(text) = std::fs::read_to_string(&path) {
            return serde_json::from_str(&text).with_context(|| {
                format!(
                    "{} is damaged; remove it, or begin anew with `coko up --reset`",
                    path.display()
                )
            });
        }
        let accounts: Vec<Account> = ["reader", "author", "publisher", "admin"]
            .into_iter()
            .map(|role| Account {
                role: role.to_owned(),
                email: format!("{role}@coko.example"),
                password: entropy
                    .token()
                    .chars()
                    .filter(char::is_ascii_alphanumeric)
                    .take(20)
                    .collect(),
            })
            .collect();
        self.create()?;
        write_private(&path, &serde_json::to_string_pretty(&accounts)?)?;
        Ok(accounts)
    }

    /// Removes everything that a platform left here, data, secrets, accounts and letters, and the folder itself. Call it while
    /// occupying the folder, when no server runs in it.
    ///
    /// # Errors
    /// When something cannot be removed.
    pub fn purge(&self) -> anyhow::Result<()> {
        self.purge_contents()?;
        removed(&self.directory, std::fs::remove_dir_all(&self.directory))
    }

    /// The same, except for the folder and the lock in it, which its occupant goes on holding.
    ///
    /// # Errors
    /// When something cannot be removed.
    pub fn purge_contents(&self) -> anyhow::Result<()> {
        let elsewhere = Place::substitute(&self.directory.join("servers"));
        removed(&elsewhere, std::fs::remove_dir_all(&elsewhere))?;
        for entry in std::fs::read_dir(&self.directory)
            .into_iter()
            .flatten()
            .flatten()
        {
            let path = entry.path();
            if path == self.lock_path() {
                continue;
            }
            let outcome = if path.is_dir() {
                std::fs::remove_dir_all(&path)
            } else {
                std::fs::remove_file(&path)
            };
            removed(&path, outcome)?;
        }
        Ok(())
    }
}

fn read_occupant(lock: &mut File) -> Option<Occupant> {
    let mut text = String::new();
    lock.rewind().ok()?;
    lock.read_to_string(&mut text).ok()?;
    serde_json::from_str(&text).ok()
}

/// What is not there any more need not be removed.
fn removed(path: &Path, outcome: std::io::Result<()>) -> anyhow::Result<()> {
    match outcome {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("{} cannot be removed", path.display()))
        }
        _ => Ok(()),
    }
}

/// Writes a file that only its owner reads.
fn write_private(path: &Path, text: &str) -> anyhow::Result<()> {
    OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(path)
        .and_then(|mut file| file.write_all(text.as_bytes()))
        .with_context(|| format!("{} cannot be written", path.display()))
}

/// Keys for one private platform, as a configuration file.
fn fresh_secrets(entropy: &Entropy) -> anyhow::Result<String> {
    #[derive(Serialize)]
    struct Secrets {
        internal: Internal,
        identity: Identity,
        auth: Auth,
    }
    #[derive(Serialize)]
    struct Internal {
        key: String,
    }
    #[derive(Serialize)]
    struct Identity {
        public_keys: String,
    }
    #[derive(Serialize)]
    struct Auth {
        root_keys: String,
        column_keys: String,
        lookup_key: String,
    }
    let (root_keys, public_keys) = root_key(entropy, 1)?;
    let secrets = Secrets {
        internal: Internal {
            key: entropy.token(),
        },
        identity: Identity { public_keys },
        auth: Auth {
            root_keys: root_keys.expose().to_owned(),
            column_keys: column_key(entropy, 1),
            lookup_key: entropy.token(),
        },
    };
    let notices = entropy.token();
    let head = "# Secrets of this private platform, made at its first start. Losing them loses what they sealed.\n\n";
    Ok(format!(
        "{head}{}\n{}\n{}\n{}\n{}",
        toml::to_string(&secrets)?,
        payment_secrets(entropy, &notices)?,
        reading_secrets(entropy)?,
        notification_secrets(entropy, &notices)?,
        publication_secrets(entropy)?
    ))
}

/// Keys of payment, and what it shares with the simulator that stands in for the providers: what signs their notices.
fn payment_secrets(entropy: &Entropy, notices: &str) -> anyhow::Result<String> {
    let secrets = serde_json::json!({
        "payment": {
            "column_keys": column_key(entropy, 1),
            "lookup_key": entropy.token(),
            "wave": { "api_key": "wave_sn_simulated", "webhook_secret": notices },
            "orange_money": { "client_id": "simulated", "client_secret": "simulated", "merchant_key": "simulated" },
            "stripe": { "api_key": "sk_simulated", "webhook_secret": notices },
            "paypal": { "client_id": "simulated", "client_secret": "simulated", "webhook_id": "simulated" },
        },
        "simulator": { "webhook_secret": notices },
    });
    Ok(toml::to_string(&secrets)?)
}

/// Keys of notification, and what it shares with the simulator.
fn notification_secrets(entropy: &Entropy, notices: &str) -> anyhow::Result<String> {
    let secrets = serde_json::json!({
        "notification": {
            "column_keys": column_key(entropy, 1),
            "lookup_key": entropy.token(),
            "twilio": { "account_sid": "ACsimulated", "auth_token": notices, "from": "Coko" },
            "fcm": { "project_id": "coko" },
        },
    });
    Ok(toml::to_string(&secrets)?)
}

/// The key of reading, which signs offline licences.
fn reading_secrets(entropy: &Entropy) -> anyhow::Result<String> {
    let (license_keys, _) = root_key(entropy, 1)?;
    let secrets = serde_json::json!({ "reading": { "license_keys": license_keys.expose() } });
    Ok(toml::to_string(&secrets)?)
}

/// The keys of publication, which seal where payouts go.
fn publication_secrets(entropy: &Entropy) -> anyhow::Result<String> {
    let secrets = serde_json::json!({
        "publication": { "column_keys": column_key(entropy, 1), "lookup_key": entropy.token() },
    });
    Ok(toml::to_string(&secrets)?)
}

/// A fresh root key: `<id>:<hex>` private and public.
///
/// # Errors
/// Never for random bytes; the type of the key's constructor allows it.
pub(crate) fn root_key(entropy: &Entropy, id: u32) -> anyhow::Result<(Secret, String)> {
    let seed = entropy.bytes::<32>();
    let published = RootKey::from_seed(id, &seed)?.published();
    Ok((
        Secret::new(format!("{id}:{}", hex::encode(seed))),
        format!("{id}:{}", published.key),
    ))
}

/// A fresh key for sealed columns: `<id>:<base64 of 32 bytes>`.
fn column_key(entropy: &Entropy, id: u32) -> String {
    let bytes = entropy.bytes::<32>();
    format!(
        "{id}:{}",
        base64::engine::general_purpose::STANDARD.encode(bytes)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mode(path: &Path) -> u32 {
        std::fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn secrets_and_accounts_are_made_once_and_private() {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::new(&folder.path().join(".coko")).unwrap();
        let entropy = Entropy::system();
        let path = home.secrets(&entropy).unwrap();
        let first = std::fs::read_to_string(&path).unwrap();
        assert_eq!(home.secrets(&entropy).unwrap(), path);
        assert_eq!(std::fs::read_to_string(&path).unwrap(), first);
        assert_eq!(mode(&path), 0o600);

        let accounts = home.accounts(&entropy).unwrap();
        assert_eq!(home.accounts(&entropy).unwrap(), accounts);
        assert!(accounts.iter().all(|account| account.password.len() == 20));
        assert_eq!(mode(&home.directory().join("accounts.json")), 0o600);

        home.purge().unwrap();
        assert!(!home.directory().exists());
    }

    #[test]
    fn a_second_occupant_is_told_who_the_first_is() {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::new(folder.path()).unwrap();
        assert_eq!(home.occupant(), None);
        let held = home
            .occupy("coko up", Some("http://127.0.0.1:4000/graphql"))
            .unwrap();
        let occupant = home.occupant().unwrap();
        assert_eq!(occupant.pid, std::process::id());
        let refusal = home.occupy("coko up", None).unwrap_err().to_string();
        assert!(
            refusal.contains("process") && refusal.contains("http://127.0.0.1:4000/graphql"),
            "{refusal}"
        );
        drop(held);
        assert_eq!(home.occupant(), None);
        home.occupy("coko migrate", None).unwrap();
    }
}
