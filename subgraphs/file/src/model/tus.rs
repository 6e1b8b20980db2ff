//! The rules of tus 1.0: where bytes may be appended, and the checksum extension.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// Whether bytes that begin at `offset` may be appended to an upload that holds `received` bytes.
///
/// Only at its end: a client that lost an answer asks with HEAD where that is.
pub fn append_at(received: u64, offset: u64) -> bool {
    received == offset
}

/// The digest that a client announces for the body of one PATCH.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checksum(pub [u8; 32]);

/// Why a checksum cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ChecksumError {
    /// The header is not `algorithm base64`.
    #[error("Upload-Checksum is malformed: expected `sha256 <base64>`")]
    Malformed,
    /// The algorithm is not one that the server announces.
    #[error("Upload-Checksum names an algorithm that is not supported: expected sha256")]
    Unsupported,
}

impl std::str::FromStr for Checksum {
    type Err = ChecksumError;

    /// Reads `Upload-Checksum`.
    fn from_str(header: &str) -> Result<Self, ChecksumError> {
        let (algorithm, digest) = header
            .trim()
            .split_once(' ')
            .ok_or(ChecksumError::Malformed)?;
        if algorithm != "sha256" {
            return Err(ChecksumError::Unsupported);
        }
        let bytes = STANDARD
            .decode(digest.trim())
            .map_err(|_| ChecksumError::Malformed)?;
        let digest = bytes.try_into().map_err(|_| ChecksumError::Malformed)?;
        Ok(Self(digest))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use sha2::{Digest as _, Sha256};

    use super::*;

    #[test]
    fn checksums_are_read_or_refused() {
        let digest: [u8; 32] = Sha256::digest(b"x").into();
        let header = format!("sha256 {}", STANDARD.encode(digest));
        assert_eq!(header.parse(), Ok(Checksum(digest)));
        let parse = |text: &str| text.parse::<Checksum>();
        assert_eq!(parse("crc32 AAAA"), Err(ChecksumError::Unsupported));
        for malformed in ["", "sha256", "sha256 !!", "sha256 AAAA"] {
            assert_eq!(
                parse(malformed),
                Err(ChecksumError::Malformed),
                "{malformed}"
            );
        }
    }

    proptest! {
        /// However a client cuts, repeats and reorders what it sends, only a gapless file comes out.
        #[test]
        fn accepted_pieces_have_neither_gap_nor_overlap(pieces in prop::collection::vec((0_u64..40, 1_u64..10), 0..60)) {
            let mut received = 0;
            let mut end = 0;
            for (offset, length) in pieces {
                if append_at(received, offset) {
                    prop_assert_eq!(offset, end);
                    end = offset + length;
                    received += length;
                }
            }
            prop_assert_eq!(received, end);
        }
    }
}
