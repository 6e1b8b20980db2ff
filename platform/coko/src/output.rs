//! What commands print: text for people, JSON for programs, never both.

use std::io::Write as _;

use serde::Serialize;

use crate::cli::Format;

/// Where a command's result goes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Output(Format);

impl Output {
    pub(crate) fn new(format: Format) -> Self {
        Self(format)
    }

    /// Whether a program reads.
    pub(crate) fn is_json(self) -> bool {
        self.0 == Format::Json
    }

    /// The result: `text` for people, `value` for programs.
    pub(crate) fn result(self, value: &impl Serialize, text: impl FnOnce() -> String) {
        let mut printed = if self.is_json() {
            serde_json::to_string_pretty(value).unwrap_or_default()
        } else {
            text()
        };
        if !printed.ends_with('\n') {
            printed.push('\n');
        }
        write(&printed);
    }

    /// One of many results as they come: a line of JSON for programs.
    pub(crate) fn line(self, value: &impl Serialize, text: impl FnOnce() -> String) {
        let printed = if self.is_json() {
            serde_json::to_string(value).unwrap_or_default()
        } else {
            text()
        };
        write(&format!("{printed}\n"));
    }

    /// A failure, with everything that caused it.
    pub(crate) fn failure(self, error: &anyhow::Error) {
        let causes: Vec<String> = error.chain().map(ToString::to_string).collect();
        if self.is_json() {
            let value = serde_json::json!({ "error": causes[0], "causes": causes[1..] });
            eprintln!("{value}");
            return;
        }
        eprintln!("error: {}", causes[0]);
        for (cause, before) in causes[1..].iter().zip(&causes) {
            // Many errors repeat their cause in their own words.
            if !before.contains(cause.as_str()) {
                eprintln!("  because {cause}");
            }
        }
    }
}

/// Standard output may be a pipe whose reader has gone, which is no fault of ours.
fn write(text: &str) {
    let mut out = std::io::stdout().lock();
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}

/// Rows under headings, columns aligned, two spaces apart.
pub(crate) fn table<const N: usize>(headings: [&str; N], rows: &[[String; N]]) -> String {
    let mut widths = headings.map(|heading| heading.chars().count());
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let mut text = String::new();
    let headings = headings.map(str::to_owned);
    for row in std::iter::once(&headings).chain(rows) {
        let mut line = String::new();
        for (cell, width) in row.iter().zip(widths) {
            line.push_str(cell);
            line.extend(std::iter::repeat_n(' ', width + 2 - cell.chars().count()));
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_aligned_by_characters() {
        let rows = [
            ["é".to_owned(), "1".to_owned()],
            ["long".to_owned(), "2".to_owned()],
        ];
        assert_eq!(table(["name", "n"], &rows), "name  n\né     1\nlong  2\n");
    }
}
