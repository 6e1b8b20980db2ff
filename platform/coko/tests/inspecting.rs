//! Files that take memory, stack or time without end, each looked at as the file service has it done: the process ends at its
//! bounds, and the service hears why. What the process took of memory is measured, and bounded by what it is configured to take.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "../../../subgraphs/file/tests/file/hostile.rs"]
mod hostile;

use std::fmt::Write as _;
use std::io::{Read as _, Seek as _, Write as _};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::os::unix::process::ExitStatusExt as _;
use std::process::{Command, Stdio};
use std::sync::LazyLock;
use std::time::Duration;

use coko_file::config::ContentLimits;
use coko_file::process::apart::COMMAND;
use hostile::{
    EPUB, LAUGHS, archive, book, damaged, encrypted, hidden, linked, many, page_tree, png,
};
use nix::sys::signal::Signal;
use serde_json::{Value, json};

const PDF: &str = "application/pdf";
const PNG: &str = "image/png";

/// What came of a file.
#[derive(Debug)]
struct Looked {
    /// What the process found, or the signal that ended it.
    outcome: Result<Value, i32>,
    /// The most memory that it had, in MiB.
    peak: u64,
}

/// What looking at the smallest book takes, in MiB: most of it is the program itself.
static IDLE: LazyLock<u64> =
    LazyLock::new(|| inspect(EPUB, &book("extra.txt", b"x"), &ContentLimits::default()).peak);

/// Has a process look at `bytes`.
fn inspect(media_type: &str, bytes: &[u8], limits: &ContentLimits) -> Looked {
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(bytes).unwrap();
    file.rewind().unwrap();
    // There is no room for the report, so that the process waits before it ends: only while it is there can be read what it took.
    let (mut report, full) = UnixStream::pair().unwrap();
    let filled = fill(&full);
    let mut child = Command::new(env!("CARGO_BIN_EXE_coko"))
        .args([COMMAND, media_type, &serde_json::to_string(limits).unwrap()])
        .env_clear()
        .stdin(Stdio::from(file))
        .stdout(Stdio::from(OwnedFd::from(full)))
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let status = format!("/proc/{}/status", child.id());
    let mut peak = 0;
    loop {
        let status = std::fs::read_to_string(&status).unwrap_or_default();
        let field = |name: &str| {
            let mut lines = status.lines();
            lines.find_map(|line| line.strip_prefix(name)?.split_whitespace().next())
        };
        let kib: Option<u64> = field("VmHWM:").map(|kib| kib.parse().unwrap());
        peak = peak.max(kib.unwrap_or(0).div_ceil(1024));
        // It has one thread, and that sleeps only over its report.
        if field("State:") == Some("S") || child.try_wait().unwrap().is_some() {
            break;
        }
        std::thread::sleep(Duration::from_millis(2));
    }
    let mut said = Vec::new();
    report.read_to_end(&mut said).unwrap();
    let ended = child.wait().unwrap();
    let outcome = match ended.signal() {
        Some(signal) => Err(signal),
        None => Ok(serde_json::from_slice::<Value>(&said[filled..]).unwrap()),
    };
    println!(
        "{media_type} of {} bytes, {}: at most {peak} MiB",
        bytes.len(),
        match &outcome {
            Ok(found) => found["Rejected"].as_str().unwrap_or("accepted").to_owned(),
            Err(signal) => format!("ended by {:?}", Signal::try_from(*signal).unwrap()),
        }
    );
    Looked { outcome, peak }
}

/// Writes until there is no more room; returns how many bytes that took.
fn fill(mut stream: &UnixStream) -> usize {
    stream.set_nonblocking(true).unwrap();
    let mut filled = 0;
    while let Ok(more) = stream.write(&[0; 4096]) {
        filled += more;
    }
    stream.set_nonblocking(false).unwrap();
    filled
}

/// The MiB that looking at a file may take by its limits, beyond those of the program itself.
fn allowed(media_type: &str, bytes: &[u8], limits: &ContentLimits) -> u64 {
    match media_type {
        // One document at a time, as text and as what is made of it.
        EPUB => 4 * limits.document_mib,
        // The whole file, and of what is packed in it one part at a time, as bytes and as objects.
        PDF => 4 * ((bytes.len() as u64).div_ceil(1 << 20) + limits.pdf_stream_mib as u64),
        // Every pixel in four bytes, twice.
        _ => 8 * u64::from(limits.megapixels),
    }
}

/// Checks that a file is rejected for `reason`, and took no more than it may.
fn check(media_type: &str, bytes: &[u8], limits: &ContentLimits, reason: &str) {
    let looked = inspect(media_type, bytes, limits);
    assert_eq!(looked.outcome, Ok(json!({ "Rejected": reason })));
    let most = *IDLE + allowed(media_type, bytes, limits);
    assert!(
        most <= limits.memory_mib,
        "{most} MiB are more than it gets"
    );
    assert!(
        looked.peak <= most,
        "{reason}: {} of {most} MiB",
        looked.peak
    );
}

#[test]
fn books_that_were_made_to_harm_take_a_document_at_a_time() {
    let limits = ContentLimits::default();
    let rejected = |bytes: Vec<u8>, reason: &str| check(EPUB, &bytes, &limits, reason);
    rejected(book("a.xhtml", LAUGHS), "XML_ENTITIES");
    rejected(book("p.opf", LAUGHS), "XML_ENTITIES");
    for name in ["../outside.txt", "/etc/passwd", "a/../../x", "C:\\x"] {
        rejected(book(name, b"x"), "UNSAFE_PATH");
    }
    rejected(book("bomb.bin", &vec![0; 256 << 20]), "ZIP_BOMB");
    let whole = book("extra.txt", b"x");
    rejected(whole[..whole.len() / 3].to_vec(), "ARCHIVE_DAMAGED");
    rejected(whole[..whole.len() - 30].to_vec(), "ARCHIVE_DAMAGED");
    rejected(damaged(), "ARCHIVE_DAMAGED");
    rejected(many(20_000), "TOO_MANY_ENTRIES");
    rejected(hidden(20_000), "TOO_MANY_ENTRIES");
    rejected(linked(), "SYMBOLIC_LINK");
    rejected(encrypted(), "ENCRYPTED");
    // As many entries as may be, none of which makes a book.
    rejected(many(9_000), "NOT_AN_EPUB");
    // Each plausible by itself.
    let zeros = vec![0; 1 << 20];
    let small = ContentLimits {
        unpacked_mib: 8,
        ..limits
    };
    let entries: Vec<String> = (0..9).map(|number| format!("{number}.bin")).collect();
    let entries: Vec<(&str, &[u8])> = entries
        .iter()
        .map(|name| (name.as_str(), &zeros[..]))
        .collect();
    check(EPUB, &archive(&entries), &small, "ZIP_BOMB");
}

#[test]
fn documents_that_were_made_to_harm_take_their_size_and_a_packed_part() {
    let limits = ContentLimits::default();
    let rejected = |bytes: Vec<u8>, reason: &str| check(PDF, &bytes, &limits, reason);
    rejected(page_tree(|root, _| vec![root.into()]), "PDF_LOOP");
    rejected(
        page_tree(|_, page| vec![page.into(), page.into()]),
        "PDF_LOOP",
    );
    rejected(page_tree(|_, _| Vec::new()), "PDF_DAMAGED");
    let mut packed = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::best());
    packed.write_all(&vec![0; 64 << 20]).unwrap();
    let packed = packed.finish().unwrap();
    let head = format!(
        "<</Type/ObjStm/N 1/First 4/Filter/FlateDecode/Length {}>>stream\n",
        packed.len()
    );
    let bomb = [head.as_bytes(), &packed, b"\nendstream"].concat();
    rejected(pdf(&[bomb]), "ZIP_BOMB");
}

#[test]
fn pictures_that_were_made_to_harm_take_no_pixels() {
    let limits = ContentLimits::default();
    let rejected = |bytes: Vec<u8>, reason: &str| check(PNG, &bytes, &limits, reason);
    rejected(png(30_000, 30_000), "TOO_MANY_PIXELS");
    rejected(png(u32::MAX >> 1, 1), "TOO_MANY_PIXELS");
    rejected(png(100, 100), "IMAGE_DAMAGED");
}

#[test]
fn what_is_something_else_is_not_taken_in() {
    let limits = ContentLimits::default();
    check(PNG, &book("extra.txt", b"x"), &limits, "TYPE_MISMATCH");
    check(EPUB, &png(100, 100), &limits, "ARCHIVE_DAMAGED");
    let html = b"<html><script>alert(1)</script></html>";
    check(PDF, html, &limits, "PDF_DAMAGED");
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

/// Whether a process was ended at its bounds, of memory, stack or time, and had no more memory than it gets.
fn is_ended(looked: &Looked, limits: &ContentLimits) -> bool {
    let bounds = [Signal::SIGABRT, Signal::SIGSEGV, Signal::SIGXCPU];
    let is_bound = |signal: &i32| bounds.contains(&Signal::try_from(*signal).unwrap());
    looked.outcome.as_ref().is_err_and(is_bound) && looked.peak <= limits.memory_mib
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
    let (bytes, limits) = (pdf(&[drawing]), ContentLimits::default());
    let looked = inspect(PDF, &bytes, &limits);
    let found = looked.outcome.unwrap();
    assert_eq!(found["Found"]["details"]["pages"], 1, "{found}");
    let most = *IDLE + allowed(PDF, &bytes, &limits);
    assert!(looked.peak <= most, "{} of {most} MiB", looked.peak);
}

#[test]
fn a_list_that_fills_memory_ends_only_its_process() {
    let list = [b"[".to_vec(), b"0 ".repeat(45_000_000), b"]".to_vec()].concat();
    let bytes = pdf(&[list]);
    for memory_mib in [1024, 2048] {
        let limits = ContentLimits {
            memory_mib,
            ..ContentLimits::default()
        };
        let looked = inspect(PDF, &bytes, &limits);
        assert!(is_ended(&looked, &limits), "{looked:?}");
    }
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
    let limits = ContentLimits::default();
    let looked = inspect(PDF, &pdf(&[stream.into_bytes()]), &limits);
    assert!(is_ended(&looked, &limits), "{looked:?}");
}

#[test]
fn lists_inside_lists_end_only_their_process() {
    let nested = [b"[".repeat(5_000_000), b"]".repeat(5_000_000)].concat();
    let (bytes, limits) = (pdf(&[nested]), ContentLimits::default());
    let looked = inspect(PDF, &bytes, &limits);
    // Rejected, or the end of its process: never of another.
    let is_answered = looked
        .outcome
        .as_ref()
        .is_ok_and(|found| found["Rejected"].is_string() || found["Found"].is_object());
    let is_small = looked.peak <= *IDLE + allowed(PDF, &bytes, &limits);
    assert!(
        is_answered && is_small || is_ended(&looked, &limits),
        "{looked:?}"
    );
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
    let looked = inspect(PDF, &bytes, &limits);
    assert_eq!(looked.outcome, Err(Signal::SIGXCPU as i32));
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
    check(PNG, b"\x89PNG\r\n\x1a\n", &limits, "IMAGE_DAMAGED");
    check(PNG, &png(1000, 1001), &limits, "TOO_MANY_PIXELS");
}
