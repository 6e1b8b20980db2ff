//! What a file is, from its first bytes.

/// Bytes from the start of a file that [`sniff`] wants.
pub const SNIFFED: usize = 1024;

/// The media type that the first bytes of a file say, of those that are accepted at all.
///
/// An EPUB begins with a stored entry `mimetype` (EPUB OCF 3.3, 4.2.3); a PDF's header is in its first 1,024 bytes.
pub fn sniff(start: &[u8]) -> Option<&'static str> {
    const MIMETYPE: &[u8] = b"mimetypeapplication/epub+zip";
    match start {
        [0xFF, 0xD8, 0xFF, ..] => Some("image/jpeg"),
        [0x89, b'P', b'N', b'G', 0x0D, 0x0A, 0x1A, 0x0A, ..] => Some("image/png"),
        [
            b'R',
            b'I',
            b'F',
            b'F',
            _,
            _,
            _,
            _,
            b'W',
            b'E',
            b'B',
            b'P',
            ..,
        ] => Some("image/webp"),
        [b'P', b'K', 3, 4, ..]
            if start
                .get(30..)
                .is_some_and(|rest| rest.starts_with(MIMETYPE)) =>
        {
            Some("application/epub+zip")
        }
        _ => {
            let head = &start[..start.len().min(SNIFFED)];
            head.windows(5)
                .any(|window| window == b"%PDF-")
                .then_some("application/pdf")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_do_not_decide_but_bytes_do() {
        assert_eq!(sniff(b"\x89PNG\r\n\x1a\n...."), Some("image/png"));
        assert_eq!(sniff(b"\xff\xd8\xff\xe0"), Some("image/jpeg"));
        assert_eq!(sniff(b"RIFF\0\0\0\0WEBPVP8 "), Some("image/webp"));
        assert_eq!(sniff(b"\n%PDF-1.7\n"), Some("application/pdf"));
        let mut zip = b"PK\x03\x04".to_vec();
        zip.resize(30, 0);
        assert_eq!(sniff(&zip), None);
        zip.extend(b"mimetypeapplication/epub+zip");
        assert_eq!(sniff(&zip), Some("application/epub+zip"));
        for other in [
            &b""[..],
            b"MZ\x90",
            b"<html>",
            b"PK\x03\x04",
            b"RIFF....AVI ",
        ] {
            assert_eq!(sniff(other), None);
        }
    }
}
