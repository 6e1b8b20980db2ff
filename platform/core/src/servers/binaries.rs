//! Where the machine keeps the servers' binaries.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// A server program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Program {
    /// PostgreSQL (`postgres`, with `initdb` beside it).
    Postgres,
    /// `nats-server`.
    Nats,
    /// `redis-server`, or its successor `valkey-server`.
    Redis,
}

impl Program {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Postgres, Self::Nats, Self::Redis];

    /// The name people know it by.
    pub fn name(self) -> &'static str {
        match self {
            Self::Postgres => "PostgreSQL",
            Self::Nats => "nats-server",
            Self::Redis => "Redis",
        }
    }

    /// Whether Coko runs without it.
    pub fn is_optional(self) -> bool {
        self == Self::Redis
    }

    /// The Debian package that has it.
    pub fn debian_package(self) -> &'static str {
        match self {
            Self::Postgres => "postgresql",
            Self::Nats => "nats-server",
            Self::Redis => "redis-server",
        }
    }

    /// The Homebrew formula that has it.
    pub fn homebrew_formula(self) -> &'static str {
        match self {
            Self::Postgres => "postgresql@17",
            Self::Nats => "nats-server",
            Self::Redis => "redis",
        }
    }

    /// How to install it, as a clause.
    pub fn advice(self) -> String {
        format!(
            "install it with `apt-get install {}` (Debian, Ubuntu) or `brew install {}` (macOS)",
            self.debian_package(),
            self.homebrew_formula()
        )
    }

    fn executables(self) -> &'static [&'static str] {
        match self {
            Self::Postgres => &["postgres"],
            Self::Nats => &["nats-server"],
            Self::Redis => &["redis-server", "valkey-server"],
        }
    }
}

/// The best binary of `program` on this machine: for PostgreSQL the newest version that has its `initdb` beside it.
pub fn find(program: Program) -> Option<PathBuf> {
    all(program).into_iter().next()
}

/// Every binary of `program`, best first, each only once.
pub(super) fn all(program: Program) -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> = Vec::new();
    for folder in folders(program) {
        for name in program.executables() {
            let path = folder.join(name);
            // `initdb` looks for its files beside itself, so the file behind a link is what counts. Redis however does
            // what the name it was called by says, and must be called by the link's.
            let path = match program {
                Program::Postgres => path.canonicalize().unwrap_or(path),
                Program::Nats | Program::Redis => path,
            };
            let complete = program != Program::Postgres || path.with_file_name("initdb").is_file();
            if path.is_file() && complete && !found.contains(&path) {
                found.push(path);
            }
        }
    }
    found
}

/// What the binary says its version is: the first thing in its answer to `--version` that looks like one.
pub fn version(binary: &Path) -> Option<String> {
    let output = Command::new(binary)
        .arg("--version")
        .stdin(Stdio::null())
        .output()
        .ok()?;
    version_in(&String::from_utf8_lossy(&output.stdout))
}

fn version_in(text: &str) -> Option<String> {
    text.split(|c: char| c.is_whitespace() || c == '=')
        .map(|word| word.trim_start_matches('v'))
        .find(|word| word.contains('.') && word.starts_with(|c: char| c.is_ascii_digit()))
        .map(str::to_owned)
}

/// The folders to look in: where packages put PostgreSQL, newest version first, then the search path, then where servers
/// are although the search path of an ordinary user does not say so.
fn folders(program: Program) -> Vec<PathBuf> {
    let mut folders = Vec::new();
    if program == Program::Postgres {
        folders.extend(numbered("/usr/lib/postgresql", "", "bin"));
        folders.extend(numbered("/usr", "pgsql-", "bin"));
        for prefix in ["/opt/homebrew/opt", "/usr/local/opt"] {
            folders.extend(numbered(prefix, "postgresql@", "bin"));
        }
        folders.extend(numbered(
            "/Applications/Postgres.app/Contents/Versions",
            "",
            "bin",
        ));
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    folders.extend(std::env::split_paths(&path).filter(|folder| folder.is_absolute()));
    let usual = [
        "/usr/sbin",
        "/usr/local/sbin",
        "/usr/local/bin",
        "/usr/bin",
        "/opt/homebrew/bin",
    ];
    folders.extend(usual.map(PathBuf::from));
    folders
}

/// The folders `<parent>/<prefix><number>/<below>`, greatest number first.
fn numbered(parent: &str, prefix: &str, below: &str) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(parent).into_iter().flatten().flatten();
    let mut found: Vec<(u32, PathBuf)> = entries
        .filter_map(|entry| {
            let name = entry.file_name();
            let number = name.to_str()?.strip_prefix(prefix)?.parse().ok()?;
            Some((number, entry.path().join(below)))
        })
        .collect();
    found.sort_by_key(|(number, _)| std::cmp::Reverse(*number));
    found.into_iter().map(|(_, path)| path).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read_from_what_each_program_prints() {
        let cases = [
            (
                "postgres (PostgreSQL) 15.13 (Debian 15.13-0+deb12u1)\n",
                Some("15.13"),
            ),
            ("nats-server: v2.9.10\n", Some("2.9.10")),
            (
                "Redis server v=7.0.15 sha=00000000:0 malloc=jemalloc-5.3.0\n",
                Some("7.0.15"),
            ),
            ("no such option\n", None),
        ];
        for (text, expected) in cases {
            assert_eq!(version_in(text).as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn newer_versions_come_first() {
        let parent = tempfile::tempdir().unwrap();
        for name in ["9", "15", "17", "16", "data", "pg-17"] {
            std::fs::create_dir_all(parent.path().join(name).join("bin")).unwrap();
        }
        let found = numbered(parent.path().to_str().unwrap(), "", "bin");
        let names: Vec<_> = found
            .iter()
            .map(|path| {
                path.parent()
                    .unwrap()
                    .file_name()
                    .unwrap()
                    .to_str()
                    .unwrap()
            })
            .collect();
        assert_eq!(names, ["17", "16", "15", "9"]);
    }
}
