//! Files that take memory, stack or time without end, each looked at as the file service has it done: the process ends at its
//! bounds, and the service hears why.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fmt::Write as _;
use std::io::{Read as _, Seek as _, Write as _};
use std::os::unix::process::ExitStatusExt as _;
use std::process::{Command, Stdio};
use std::time::Duration;

use coko_file::config::ContentLimits;
use coko_file::process::apart::COMMAND;
use nix::sys::signal::Signal;
use serde_json::{Value, json};

/// What a process finds in `bytes`, or the signal that ended it.
fn inspect(media_type: &str, bytes: &[u8], limits: &ContentLimits) -> Result<Value, i32> {
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(bytes).unwrap();
    file.rewind().unwrap();
    let mut child = Command::new(env!("CARGO_BIN_EXE_coko"))
        .args([COMMAND, media_type, &serde_json::to_string(limits).unwrap()])
        .env_clear()
        .stdin(Stdio::from(file))
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let status = format!("/proc/{}/status", child.id());
    let mut peak = 0;
    let ended = loop {
        let status = std::fs::read_to_string(&status).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kib = line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
        peak = peak.max(kib.unwrap_or(0) / 1024);
        if let Some(ended) = child.try_wait().unwrap() {
            break ended;
        }
        std::thread::sleep(Duration::from_millis(2));
    };
    println!(
        "{media_type} of {} bytes: {ended}, at most {peak} MiB",
        bytes.len()
    );
    let mut report = Vec::new();
    child
        .stdout
        .take()
        .unwrap()
        .read_to_end(&mut report)
        .unwrap();
    match ended.signal() {
        Some(signal) => Err(signal),
        None => Ok(serde_json::from_slice(&report).unwrap()),
    }
}

/// A PDF of these objects, numbered from 1: the catalogue, the tree of pages, its one page, and what comes after.
fn pdf(more: &[Vec<u8>]) -> Vec<u8> {
    let first = [
        "<</Type/Catalog/Pages 2 0 R>>",
        "<</Type/Pages/Kids[3 0 R]/Count 1>>",
        "<</Type/Page/Parent 2 0 R>>",
    ];
    let objects = first
        .iter()
        .map(|text| text.as_bytes())
        .chain(more.iter().map(Vec::as_slice));
    let mut bytes = b"%PDF-1.5\n".to_vec();
    let mut table = format!("xref\n0 {}\n0000000000 65535 f \n", 4 + more.len());
    for (number, object) in (1..).zip(objects) {
        writeln!(table, "{:010} 00000 n ", bytes.len()).unwrap();
        bytes.extend(format!("{number} 0 obj").bytes());
        bytes.extend(object);
        bytes.extend(b"endobj\n");
    }
    let start = bytes.len();
    let trailer = format!(
        "trailer<</Size {}/Root 1 0 R>>\nstartxref\n{start}\n%%EOF\n",
        4 + more.len()
    );
    bytes.extend(table.bytes());
    bytes.extend(trailer.bytes());
    bytes
}

fn within(outcome: &Result<Value, i32>) -> bool {
    outcome.as_ref().is_err_and(|signal| {
        [Signal::SIGABRT, Signal::SIGSEGV, Signal::SIGXCPU]
            .contains(&Signal::try_from(*signal).unwrap())
    })
}

#[test]
fn a_sound_document_of_the_largest_size_is_read() {
    // What pages are drawn with is most of a document, and is not read.
    let drawing = [
        b"<</Length 100000000>>stream\n".to_vec(),
        vec![b'0'; 100_000_000],
        b"\nendstream".to_vec(),
    ]
    .concat();
    let found = inspect(
        "application/pdf",
        &pdf(&[drawing]),
        &ContentLimits::default(),
    )
    .unwrap();
    assert_eq!(found["Found"]["details"]["pages"], 1, "{found}");
}

#[test]
fn a_list_that_fills_memory_ends_only_its_process() {
    let list = [b"[".to_vec(), b"0 ".repeat(45_000_000), b"]".to_vec()].concat();
    let outcome = inspect("application/pdf", &pdf(&[list]), &ContentLimits::default());
    assert!(within(&outcome), "{outcome:?}");
}

#[test]
fn objects_that_share_their_bytes_end_only_their_process() {
    const MEMBERS: usize = 100_000;
    let mut index = String::new();
    for number in 0..MEMBERS {
        write!(index, "{} 0 ", number + 10).unwrap();
    }
    let list = format!("[{}]", "0 ".repeat(100_000));
    let head = format!(
        "<</Type/ObjStm/N {MEMBERS}/First {}/Length {}>>stream\n",
        index.len(),
        index.len() + list.len()
    );
    let stream = [head, index, list, "\nendstream".to_owned()].concat();
    let outcome = inspect(
        "application/pdf",
        &pdf(&[stream.into_bytes()]),
        &ContentLimits::default(),
    );
    assert!(within(&outcome), "{outcome:?}");
}

#[test]
fn lists_inside_lists_end_only_their_process() {
    let nested = [b"[".repeat(5_000_000), b"]".repeat(5_000_000)].concat();
    let outcome = inspect(
        "application/pdf",
        &pdf(&[nested]),
        &ContentLimits::default(),
    );
    // Rejected, or the end of its process: never of another.
    let rejected = outcome
        .as_ref()
        .is_ok_and(|found| found["Rejected"].is_string() || found["Found"].is_object());
    assert!(rejected || within(&outcome), "{outcome:?}");
}

#[test]
fn a_file_that_takes_too_long_is_given_up() {
    let limits = ContentLimits {
        cpu_seconds: 1,
        memory_mib: 64 << 10,
        ..ContentLimits::default()
    };
    // Every entry of the table leads to the same long list, which is read again each time.
    let list = [b"[".to_vec(), b"0 ".repeat(200_000), b"]".to_vec()].concat();
    let mut bytes = pdf(&[list]);
    let text = bytes
        .windows(9)
        .rposition(|window| window == b"startxref")
        .unwrap();
    let table = bytes[..text]
        .windows(4)
        .rposition(|window| window == b"xref")
        .unwrap();
    let entry = bytes[table..text]
        .split(|byte| *byte == b'\n')
        .nth(6)
        .unwrap()
        .to_vec();
    bytes.truncate(table);
    bytes.extend(b"xref\n0 100000\n0000000000 65535 f \n");
    for number in 1..100_000 {
        let line = match number {
            1..4 => bytes_of(&bytes, number),
            _ => entry.clone(),
        };
        bytes.extend(line);
        bytes.push(b'\n');
    }
    bytes
        .extend(format!("trailer<</Size 100000/Root 1 0 R>>\nstartxref\n{table}\n%%EOF\n").bytes());
    let outcome = inspect("application/pdf", &bytes, &limits);
    assert_eq!(outcome, Err(Signal::SIGXCPU as i32));
}

/// The line of the table for an object of [`pdf`].
fn bytes_of(bytes: &[u8], number: u32) -> Vec<u8> {
    let start = format!("{number} 0 obj");
    let at = bytes
        .windows(start.len())
        .position(|window| window == start.as_bytes())
        .unwrap();
    format!("{at:010} 00000 n ").into_bytes()
}

#[test]
fn what_it_is_told_decides() {
    let limits = ContentLimits {
        megapixels: 1,
        ..ContentLimits::default()
    };
    let found = inspect("image/png", b"\x89PNG\r\n\x1a\n", &limits).unwrap();
    assert_eq!(found, json!({ "Rejected": "IMAGE_DAMAGED" }));
}
