//! A file is looked at in a process of its own: what a stranger made may take memory without end, or the stack, or time, and then
//! that process ends, not the service. It has no secrets: its environment is empty, and the file is all it is given.

use std::fs::File;
use std::io::Write as _;
use std::os::fd::AsFd as _;
use std::os::unix::process::ExitStatusExt as _;
use std::path::Path;
use std::process::Stdio;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rustix::process::{Resource, Rlimit, Signal, getrlimit, setrlimit};
use serde::{Deserialize, Serialize};
use tokio::io::AsyncReadExt as _;
use tokio::process::Command;

use super::{ProcessError, Processed, process};
use crate::config::ContentLimits;
use crate::model::{Details, Index, Reason};

/// The command by which the program looks at the file on its standard input: [`inspect`].
pub const COMMAND: &str = "inspect-file";

/// Most bytes of a report: three pictures and the directory of a large book.
const REPORT: u64 = 64 << 20;

/// What a process tells the one that began it.
#[derive(Debug, Serialize, Deserialize)]
enum Report {
    Found {
        details: Box<Details>,
        /// In base64.
        pictures: Vec<(u32, String)>,
        index: Option<Index>,
    },
    Rejected(Reason),
    Failed(String),
}

/// Looks at the file on standard input, and writes what it finds to standard output. For a process that does nothing else: it
/// takes away from itself what a book does not need.
///
/// # Errors
/// When the limits cannot be read or set, or the report cannot be written.
pub fn inspect(media_type: &str, limits: &str) -> std::io::Result<()> {
    let limits: ContentLimits = serde_json::from_str(limits)?;
    let memory = limits.memory_mib.saturating_mul(1 << 20);
    for (resource, most) in [
        (Resource::As, memory),
        (Resource::Cpu, limits.cpu_seconds),
        (Resource::Core, 0),
        (Resource::Fsize, 0),
    ] {
        let allowed = getrlimit(resource).maximum.unwrap_or(u64::MAX);
        let limit = Rlimit {
            current: Some(most.min(allowed)),
            // Beyond the other limit, so that the process is told which one it reached: the hard one of time only kills.
            maximum: Some(most.saturating_add(5).min(allowed)),
        };
        setrlimit(resource, limit)?;
    }
    let file = File::from(std::io::stdin().as_fd().try_clone_to_owned()?);
    let report = match process(file, media_type, &limits) {
        Ok(found) => Report::Found {
            details: Box::new(found.details),
            pictures: found
                .pictures
                .into_iter()
                .map(|(width, bytes)| (width, STANDARD.encode(bytes)))
                .collect(),
            index: found.index,
        },
        Err(ProcessError::Rejected(reason)) => Report::Rejected(reason),
        Err(ProcessError::Io(error)) => Report::Failed(error.to_string()),
    };
    let mut out = std::io::stdout().lock();
    serde_json::to_writer(&mut out, &report)?;
    out.flush()
}

/// Has `program` look at a file of a sniffed media type.
///
/// # Errors
/// Why the file is rejected, or that it could not be looked at.
pub(crate) async fn process_apart(
    program: &Path,
    file: File,
    media_type: &str,
    limits: &ContentLimits,
) -> Result<Processed, ProcessError> {
    let limits = serde_json::to_string(limits).map_err(std::io::Error::from)?;
    let mut child = Command::new(program)
        .args([COMMAND, media_type, &limits])
        .env_clear()
        .stdin(Stdio::from(file))
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()?;
    let mut report = Vec::new();
    if let Some(out) = child.stdout.take() {
        out.take(REPORT).read_to_end(&mut report).await?;
    }
    let status = child.wait().await?;
    if status.success() {
        return understood(&report);
    }
    // Memory that is not given ends in SIGABRT, as does a stack that is full.
    let bounds = [Signal::ABORT, Signal::SEGV, Signal::XCPU].map(Signal::as_raw);
    if status
        .signal()
        .is_some_and(|signal| bounds.contains(&signal))
    {
        return Err(Reason::TooDemanding.into());
    }
    Err(ProcessError::Io(std::io::Error::other(format!(
        "the process that looked at a file ended: {status}"
    ))))
}

fn understood(report: &[u8]) -> Result<Processed, ProcessError> {
    match serde_json::from_slice(report).map_err(std::io::Error::from)? {
        Report::Found {
            details,
            pictures,
            index,
        } => {
            let pictures = pictures
                .into_iter()
                .map(|(width, bytes)| Ok((width, STANDARD.decode(bytes)?)))
                .collect::<Result<_, base64::DecodeError>>()
                .map_err(std::io::Error::other)?;
            Ok(Processed {
                details: *details,
                pictures,
                index,
            })
        }
        Report::Rejected(reason) => Err(reason.into()),
        Report::Failed(error) => Err(ProcessError::Io(std::io::Error::other(error))),
    }
}
