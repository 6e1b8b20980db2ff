//! Why a private server is not there.

use std::path::{Path, PathBuf};

use super::binaries::Program;

/// Why a server could not be started.
#[derive(Debug, thiserror::Error)]
pub enum ServerError {
    /// No binary on this machine.
    #[error("{} is not installed; {}", program.name(), program.advice())]
    Missing {
        /// What was looked for.
        program: Program,
    },
    /// A file or folder cannot be used.
    #[error("{} cannot be used: {source}", path.display())]
    File {
        /// Which one.
        path: PathBuf,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// PostgreSQL refuses to run as root, and there is nobody else to run it.
    #[error(
        "this is root, PostgreSQL refuses to run as root, and there is no user `postgres` to run it; \
         installing PostgreSQL from the distribution's packages creates that user, or run coko as an ordinary user"
    )]
    NoAccount,
    /// The data was written by another version.
    #[error(
        "the data in {} was written by PostgreSQL {found}, and {installed} is installed here; \
         install PostgreSQL {found} beside it, or remove the data with `coko down --purge`",
        path.display()
    )]
    Version {
        /// The data.
        path: PathBuf,
        /// The major version that wrote it.
        found: String,
        /// The major versions on this machine.
        installed: String,
    },
    /// The program ended instead of serving.
    #[error("{} did not start: {reason}{}", program.name(), quoted(log))]
    Failed {
        /// Which program.
        program: Program,
        /// What happened.
        reason: String,
        /// The last lines it wrote.
        log: String,
    },
}

impl ServerError {
    pub(super) fn file(path: &Path, source: std::io::Error) -> Self {
        Self::File {
            path: path.to_owned(),
            source,
        }
    }
}

fn quoted(log: &str) -> String {
    if log.trim().is_empty() {
        return String::new();
    }
    let lines: Vec<String> = log.lines().map(|line| format!("\n  | {line}")).collect();
    format!("; its last lines were:{}", lines.concat())
}
