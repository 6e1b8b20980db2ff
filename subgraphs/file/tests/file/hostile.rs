//! Files that were made to harm, for whoever shows that they do not: the service here, and the process that looks at them in the
//! program's own tests.

use std::io::{Cursor, Write as _};

use lopdf::{Document, Object, dictionary};
use zip::write::SimpleFileOptions;

/// The media type of an EPUB.
pub(crate) const EPUB: &str = "application/epub+zip";

/// A document whose entities grow.
pub(crate) const LAUGHS: &[u8] =
    b"<!DOCTYPE html [<!ENTITY a \"ha\"><!ENTITY b \"&a;&a;&a;\">]><html><body>&b;</body></html>";

const CONTAINER: &[u8] = br#"<container xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles><rootfile full-path="p.opf"/></rootfiles></container>"#;
const PACKAGE: &[u8] = br#"<package xmlns="http://www.idpf.org/2007/opf" version="3.0"><manifest>
    <item id="a" href="a.xhtml" media-type="application/xhtml+xml"/><item id="s" href="s.smil" media-type="application/smil+xml"/>
    </manifest><spine><itemref idref="a"/></spine></package>"#;
const PAGE: &[u8] = b"<html><body><p>x</p></body></html>";
const OVERLAY: &[u8] = br#"<smil><body><par><text src="a.xhtml#x"/></par></body></smil>"#;

/// A small book, with one of its files replaced by `with`, and one more where there is no such file.
pub(crate) fn book(name: &str, with: &[u8]) -> Vec<u8> {
    let mut entries = vec![
        ("META-INF/container.xml", CONTAINER),
        ("p.opf", PACKAGE),
        ("a.xhtml", PAGE),
        ("s.smil", OVERLAY),
    ];
    match entries.iter_mut().find(|(known, _)| *known == name) {
        Some(entry) => entry.1 = with,
        None => entries.push((name, with)),
    }
    archive(&entries)
}

/// An archive of an EPUB's media type and these entries.
pub(crate) fn archive(entries: &[(&str, &[u8])]) -> Vec<u8> {
    let mut zip = begun();
    for (name, content) in entries {
        zip.start_file(*name, SimpleFileOptions::default()).unwrap();
        zip.write_all(content).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

fn begun() -> zip::ZipWriter<Cursor<Vec<u8>>> {
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let stored = SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
    zip.start_file("mimetype", stored).unwrap();
    zip.write_all(EPUB.as_bytes()).unwrap();
    zip
}

/// A book with a byte of a packed chapter changed, so that its CRC no longer holds.
pub(crate) fn damaged() -> Vec<u8> {
    let mut damaged = book("long.txt", b"abcdefghijklmnopqrstuvwxyz0123456789");
    let at = damaged
        .windows(8)
        .position(|window| window == b"long.txt")
        .unwrap()
        + 20;
    damaged[at] ^= 0x55;
    damaged
}

/// An archive of so many empty entries.
pub(crate) fn many(count: u32) -> Vec<u8> {
    let names: Vec<String> = (0..count).map(|number| format!("{number}.txt")).collect();
    let entries: Vec<(&str, &[u8])> = names.iter().map(|name| (name.as_str(), &b""[..])).collect();
    archive(&entries)
}

/// The same with a comment that looks like the end of an archive with one entry.
pub(crate) fn hidden(count: u32) -> Vec<u8> {
    let mut hidden = many(count);
    let comment = [&b"PK\x05\x06\0\0\0\0\x01\0\x01\0"[..], &[0xff; 12]].concat();
    let length = hidden.len() - 2;
    hidden[length..].copy_from_slice(&u16::try_from(comment.len()).unwrap().to_le_bytes());
    hidden.extend(comment);
    hidden
}

/// An archive with a symbolic link that leads out of it.
pub(crate) fn linked() -> Vec<u8> {
    let mut zip = begun();
    zip.add_symlink("link", "/etc/passwd", SimpleFileOptions::default())
        .unwrap();
    zip.finish().unwrap().into_inner()
}

/// A book of which a file is encrypted, says bit 0 of the general purpose flags in both headers of the last entry.
pub(crate) fn encrypted() -> Vec<u8> {
    let mut encrypted = book("secret.txt", b"x");
    for (signature, flags) in [(b"PK\x03\x04", 6), (b"PK\x01\x02", 8)] {
        let at = encrypted
            .windows(4)
            .rposition(|window| window == signature)
            .unwrap();
        encrypted[at + flags] |= 1;
    }
    encrypted
}

/// A PDF whose page tree is what `kids` makes of the ids of its root and its one page.
pub(crate) fn page_tree(kids: impl Fn((u32, u16), (u32, u16)) -> Vec<Object>) -> Vec<u8> {
    let mut document = Document::with_version("1.5");
    let root = document.new_object_id();
    let page = document.add_object(dictionary! { "Type" => "Page", "Parent" => root });
    let tree = dictionary! { "Type" => "Pages", "Kids" => kids(root, page), "Count" => 7000 };
    document.objects.insert(root, Object::Dictionary(tree));
    let catalog = document.add_object(dictionary! { "Type" => "Catalog", "Pages" => root });
    let info = document.add_object(dictionary! { "Title" => Object::string_literal("Le fleuve") });
    document.trailer.set("Root", catalog);
    document.trailer.set("Info", info);
    let mut bytes = Vec::new();
    document.save_to(&mut bytes).unwrap();
    bytes
}

/// The beginning of a PNG that claims this many pixels, with the right checksum.
pub(crate) fn png(width: u32, height: u32) -> Vec<u8> {
    let mut header = b"IHDR".to_vec();
    header.extend(width.to_be_bytes());
    header.extend(height.to_be_bytes());
    header.extend([8, 2, 0, 0, 0]);
    let mut crc = flate2::Crc::new();
    crc.update(&header);
    let mut bytes = b"\x89PNG\r\n\x1a\n\0\0\0\x0d".to_vec();
    bytes.extend(header);
    bytes.extend(crc.sum().to_be_bytes());
    // An empty IDAT and the end, so that a decoder gets as far as the pixels.
    for kind in [b"IDAT", b"IEND"] {
        let mut crc = flate2::Crc::new();
        crc.update(kind);
        bytes.extend([0; 4]);
        bytes.extend(kind);
        bytes.extend(crc.sum().to_be_bytes());
    }
    bytes
}
