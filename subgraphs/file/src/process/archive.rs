//! A ZIP archive that a stranger sent: opened only within bounds, read only within bounds.

use std::collections::HashMap;
use std::io::{self, Read, Seek, SeekFrom};

use zip::{CompressionMethod, ZipArchive};

use crate::config::ContentLimits;
use crate::model::{Entry, Index, Reason};

/// Bytes of an archive's end in which its end-of-central-directory record lies, whose comment has at most 65,535 bytes.
const TAIL: u64 = 128 << 10;
/// How far before that record the locator of an archive in ZIP64 form begins.
const LOCATOR: usize = 20;
/// Most bytes of an entry's name.
const MAX_NAME: usize = 1024;
/// What an entry may unpack to whatever its ratio.
const RATIO_FREE: u64 = 1 << 20;

/// A checked archive.
#[derive(Debug)]
pub struct Archive<R> {
    zip: ZipArchive<R>,
    entries: HashMap<String, usize>,
    /// Bytes of the whole archive.
    length: u64,
    document_bytes: u64,
}

impl<R: Read + Seek> Archive<R> {
    /// Opens an archive and checks what its directory says of every entry: how many there are, where they lead, what they
    /// are, and what they unpack to.
    ///
    /// # Errors
    /// The reason to reject it.
    pub fn open(mut reader: R, limits: &ContentLimits) -> Result<Self, Reason> {
        // Before the directory is read into memory, its own count says whether that is worth while.
        let length = reader
            .seek(SeekFrom::End(0))
            .map_err(|_| Reason::ArchiveDamaged)?;
        if announced(&mut reader, length)? > limits.entries {
            return Err(Reason::TooManyEntries);
        }
        let mut zip = ZipArchive::new(reader).map_err(|_| Reason::ArchiveDamaged)?;
        if zip.len() > limits.entries {
            return Err(Reason::TooManyEntries);
        }
        let mut entries = HashMap::with_capacity(zip.len());
        let mut total = 0_u64;
        for index in 0..zip.len() {
            let entry = zip
                .by_index_raw(index)
                .map_err(|_| Reason::ArchiveDamaged)?;
            let name = std::str::from_utf8(entry.name_raw()).map_err(|_| Reason::UnsafePath)?;
            if !is_safe(name) {
                return Err(Reason::UnsafePath);
            }
            if entry.is_symlink() {
                return Err(Reason::SymbolicLink);
            }
            if entry.encrypted() {
                return Err(Reason::Encrypted);
            }
            // EPUB OCF 3.3, 4.2.2 permits these two.
            if !matches!(
                entry.compression(),
                CompressionMethod::Stored | CompressionMethod::Deflated
            ) {
                return Err(Reason::ArchiveDamaged);
            }
            total = total.saturating_add(entry.size());
            let plausible = entry.compressed_size().saturating_mul(limits.ratio) + RATIO_FREE;
            if total > limits.unpacked_bytes() || entry.size() > plausible {
                return Err(Reason::ZipBomb);
            }
            if !name.ends_with('/') {
                entries.insert(name.to_owned(), index);
            }
        }
        Ok(Self {
            zip,
            entries,
            length,
            document_bytes: limits.document_bytes(),
        })
    }

    /// The names of all files, in no order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.entries.keys().map(String::as_str)
    }

    /// Whether there is a file of this name.
    pub fn contains(&self, name: &str) -> bool {
        self.entries.contains_key(name)
    }

    /// Unpacks everything once and throws it away, so that a damaged or lying entry is found; returns where everything lies.
    ///
    /// # Errors
    /// The reason to reject the archive.
    pub fn verify(&mut self) -> Result<Index, Reason> {
        let mut found = Index::default();
        for index in 0..self.zip.len() {
            let entry = self
                .zip
                .by_index(index)
                .map_err(|_| Reason::ArchiveDamaged)?;
            let announced = entry.size();
            let place = Entry {
                start: entry.data_start().ok_or(Reason::ArchiveDamaged)?,
                packed: entry.compressed_size(),
                size: announced,
                crc32: entry.crc32(),
                deflated: entry.compression() == CompressionMethod::Deflated,
                media_type: String::new(),
            };
            // What lies beyond the end could never be handed out, whatever was unpacked before it.
            if place.start.saturating_add(place.packed) > self.length {
                return Err(Reason::ArchiveDamaged);
            }
            // Its name was found to be text when the archive was opened.
            let name = String::from_utf8_lossy(entry.name_raw()).into_owned();
            // One byte more than announced is enough to know that the directory lies.
            let unpacked = io::copy(&mut entry.take(announced + 1), &mut io::sink())
                .map_err(|_| Reason::ArchiveDamaged)?;
            if unpacked > announced {
                return Err(Reason::ZipBomb);
            }
            if unpacked < announced {
                return Err(Reason::ArchiveDamaged);
            }
            if !name.ends_with('/') {
                found.0.insert(name, place);
            }
        }
        Ok(found)
    }

    /// The bytes of a file, if it is there; `None` also when it is larger than a document may be.
    ///
    /// # Errors
    /// When it is damaged.
    pub fn bytes(&mut self, name: &str) -> Result<Option<Vec<u8>>, Reason> {
        let Some(index) = self.entries.get(name) else {
            return Ok(None);
        };
        let entry = self
            .zip
            .by_index(*index)
            .map_err(|_| Reason::ArchiveDamaged)?;
        let announced = entry.size();
        if announced > self.document_bytes {
            return Ok(None);
        }
        let mut bytes = Vec::with_capacity(usize::try_from(announced).unwrap_or(0));
        entry
            .take(announced)
            .read_to_end(&mut bytes)
            .map_err(|_| Reason::ArchiveDamaged)?;
        Ok(Some(bytes))
    }
}

/// The number of entries that the end record announces; an archive in ZIP64 form announces more than any book has.
///
/// What looks like an end record may lie in the comment of another. Which of them counts is for the reader to choose, so the one
/// that announces most is believed.
fn announced<R: Read + Seek>(reader: &mut R, length: u64) -> Result<usize, Reason> {
    let damaged = |_| Reason::ArchiveDamaged;
    reader
        .seek(SeekFrom::Start(length.saturating_sub(TAIL)))
        .map_err(damaged)?;
    let mut tail = Vec::new();
    reader
        .by_ref()
        .take(TAIL)
        .read_to_end(&mut tail)
        .map_err(damaged)?;
    reader.rewind().map_err(damaged)?;
    tail.windows(4)
        .enumerate()
        .filter(|(_, window)| window == b"PK\x05\x06")
        .map(|(at, _)| match tail.get(at + 8..at + 12) {
            _ if at >= LOCATOR && tail[at - LOCATOR..].starts_with(b"PK\x06\x07") => usize::MAX,
            Some(&[a, b, c, d]) => u16::from_le_bytes([a, b])
                .max(u16::from_le_bytes([c, d]))
                .into(),
            _ => 0,
        })
        .max()
        .ok_or(Reason::ArchiveDamaged)
}

/// Whether a name stays inside the archive wherever it is unpacked.
fn is_safe(name: &str) -> bool {
    !name.is_empty()
        && name.len() <= MAX_NAME
        && !name.starts_with('/')
        && !name.contains(['\\', '\0', ':'])
        && !name.chars().any(char::is_control)
        && name.split('/').all(|part| part != ".." && part != ".")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_stays_inside() {
        for safe in ["mimetype", "OEBPS/", "OEBPS/a b/é.xhtml", "a/..b", "..."] {
            assert!(is_safe(safe), "{safe}");
        }
        for unsafe_ in [
            "",
            "/etc/passwd",
            "../x",
            "a/../../x",
            "a\\..\\x",
            "C:/x",
            "a/./b",
            "a\0b",
            "a\nb",
        ] {
            assert!(!is_safe(unsafe_), "{unsafe_:?}");
        }
        assert!(!is_safe(&"a".repeat(1025)));
    }
}
