//! The two content encodings with a dictionary (RFC 9842, sections 4 and 5).

use std::io;

use brotli::enc::interface::{PredictionModeContextMap, StaticCommand};
use brotli::enc::{BrotliEncoderParams, StandardAlloc};
use brotli::{
    BrotliCompressCustomIoCustomDict, InputPair, InputReferenceMut, IoReaderWrapper,
    IoWriterWrapper,
};
use bytes::{BufMut as _, Bytes, BytesMut};
use http::HeaderMap;
use zstd::bulk::Compressor;

use super::Dictionary;
use crate::media::encoding_quality;

/// What a `dcb` answer begins with, before the dictionary's SHA-256.
const DCB_MAGIC: [u8; 4] = [0xff, 0x44, 0x43, 0x42];
/// What a `dcz` answer begins with: a skippable Zstandard frame of 32 bytes, which are the dictionary's SHA-256.
const DCZ_MAGIC: [u8; 8] = [0x5e, 0x2a, 0x4d, 0x18, 0x20, 0, 0, 0];
/// The largest window that clients have to take: 16 MiB.
const LARGEST_WINDOW: i32 = 24;

/// A content encoding with a dictionary.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Coding {
    /// Brotli.
    Dcb,
    /// Zstandard.
    Dcz,
}

impl Coding {
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Dcb => "dcb",
            Self::Dcz => "dcz",
        }
    }

    /// The one that a client prefers; Zstandard, which is made much faster, where it has no preference.
    pub(super) fn preferred(headers: &HeaderMap) -> Option<Self> {
        let [dcb, dcz] = [Self::Dcb, Self::Dcz].map(|one| encoding_quality(headers, one.as_str()));
        match dcb.max(dcz) {
            0 => None,
            best if best == dcz => Some(Self::Dcz),
            _ => Some(Self::Dcb),
        }
    }

    /// An answer in this encoding; `None` when it is too large for it.
    pub(super) fn compress(
        self,
        dictionary: &Dictionary,
        answer: &[u8],
    ) -> io::Result<Option<Bytes>> {
        let (magic, compressed) = match self {
            Self::Dcb => (&DCB_MAGIC[..], brotli(dictionary, answer)?),
            Self::Dcz => (&DCZ_MAGIC[..], Some(zstandard(dictionary, answer)?)),
        };
        Ok(compressed.map(|compressed| {
            let mut encoded =
                BytesMut::with_capacity(magic.len() + dictionary.digest.len() + compressed.len());
            encoded.put_slice(magic);
            encoded.put_slice(&dictionary.digest);
            encoded.put_slice(&compressed);
            encoded.freeze()
        }))
    }
}

fn zstandard(dictionary: &Dictionary, answer: &[u8]) -> io::Result<Vec<u8>> {
    Compressor::with_prepared_dictionary(&dictionary.prepared)?.compress(answer)
}

/// The encoder keeps the dictionary in its window, as if it had been sent before, where decoders keep it beside theirs. That
/// comes to the same as long as nothing falls out of the window.
fn brotli(dictionary: &Dictionary, answer: &[u8]) -> io::Result<Option<Vec<u8>>> {
    let whole = dictionary.content.len() + answer.len();
    let Some(window) = (10..=LARGEST_WINDOW).find(|bits| whole <= (1 << bits) - 16) else {
        return Ok(None);
    };
    let params = BrotliEncoderParams {
        // The fastest one uses no dictionary.
        quality: i32::from(dictionary.level.max(2)),
        lgwin: window,
        size_hint: answer.len(),
        ..BrotliEncoderParams::default()
    };
    let (mut unread, mut compressed) = (answer, Vec::new());
    BrotliCompressCustomIoCustomDict(
        &mut IoReaderWrapper(&mut unread),
        &mut IoWriterWrapper(&mut compressed),
        &mut [0; 8192],
        &mut [0; 8192],
        &params,
        StandardAlloc::default(),
        &mut unobserved,
        &dictionary.content,
        io::Error::from(io::ErrorKind::UnexpectedEof),
    )?;
    Ok(Some(compressed))
}

/// What the encoder would tell of its blocks.
fn unobserved(
    _: &mut PredictionModeContextMap<InputReferenceMut<'_>>,
    _: &mut [StaticCommand],
    _: InputPair<'_>,
    _: &mut StandardAlloc,
) {
}

#[cfg(test)]
mod tests {
    use brotli_decompressor::{BrotliDecompressStream, BrotliResult, BrotliState};
    use http::{HeaderValue, header};

    use super::*;

    const RAW: &[u8] = br#"{"data":{"books":[{"title":"","authors":[{"name":""}]}]}}"#;
    const ANSWER: &[u8] =
        br#"{"data":{"books":[{"title":"Segou","authors":[{"name":"Maryse"}]}]}}"#;

    /// What a client makes of it, whose window does not hold the dictionary.
    fn unpacked(encoded: &[u8], dictionary: &[u8], most: usize) -> Vec<u8> {
        let alloc = StandardAlloc::default;
        let mut state = BrotliState::new(alloc(), alloc(), alloc());
        assert!(state.attach_dictionary_borrowed(dictionary.to_vec().leak()));
        let mut out = vec![0; most];
        let (mut left, mut read, mut room, mut written, mut total) = (encoded.len(), 0, most, 0, 0);
        let result = BrotliDecompressStream(
            &mut left,
            &mut read,
            encoded,
            &mut room,
            &mut written,
            &mut out,
            &mut total,
            &mut state,
        );
        assert!(matches!(result, BrotliResult::ResultSuccess));
        out.truncate(written);
        out
    }

    #[test]
    fn an_answer_is_read_back_with_its_dictionary() {
        let dictionary = Dictionary::new(RAW, 4).unwrap();
        let encoded = Coding::Dcz.compress(&dictionary, ANSWER).unwrap().unwrap();
        assert_eq!(encoded[..8], DCZ_MAGIC);
        assert_eq!(encoded[8..40], dictionary.digest);
        assert!(encoded.len() - 40 < ANSWER.len());
        let mut decoder = zstd::bulk::Decompressor::with_dictionary(RAW).unwrap();
        assert_eq!(decoder.decompress(&encoded[40..], 1000).unwrap(), ANSWER);
        for level in 1..=9 {
            let dictionary = Dictionary::new(RAW, level).unwrap();
            let encoded = Coding::Dcb.compress(&dictionary, ANSWER).unwrap().unwrap();
            assert_eq!(encoded[..4], DCB_MAGIC);
            assert_eq!(encoded[4..36], dictionary.digest);
            assert!(encoded.len() - 36 < ANSWER.len(), "{level}");
            assert_eq!(unpacked(&encoded[36..], RAW, 1000), ANSWER, "{level}");
        }
    }

    #[test]
    fn long_answers_keep_the_dictionary_within_reach() {
        let mut answer = Vec::new();
        for number in 0_u32..5_000 {
            answer.extend_from_slice(number.wrapping_mul(2_654_435_761).to_string().as_bytes());
            answer.extend_from_slice(&RAW[..20]);
        }
        answer.extend_from_slice(RAW);
        for level in [2, 5, 9] {
            let dictionary = Dictionary::new(&RAW.repeat(20), level).unwrap();
            let encoded = Coding::Dcb.compress(&dictionary, &answer).unwrap().unwrap();
            let unpacked = unpacked(&encoded[36..], &dictionary.content, answer.len() + 1);
            assert!(unpacked == answer, "{level}");
        }
        let dictionary = Dictionary::new(RAW, 4).unwrap();
        let too_large = vec![b' '; 1 << LARGEST_WINDOW];
        assert!(
            Coding::Dcb
                .compress(&dictionary, &too_large)
                .unwrap()
                .is_none()
        );
    }

    #[test]
    fn the_client_chooses() {
        let preferred = |accepted: &'static str| {
            let accepted = HeaderValue::from_static(accepted);
            Coding::preferred(&HeaderMap::from_iter([(header::ACCEPT_ENCODING, accepted)]))
        };
        assert_eq!(preferred("gzip, br, zstd"), None);
        assert_eq!(preferred("gzip, dcb, dcz"), Some(Coding::Dcz));
        assert_eq!(preferred("dcb, dcz;q=0.5"), Some(Coding::Dcb));
        assert_eq!(preferred("dcb"), Some(Coding::Dcb));
        assert_eq!(preferred("dcb;q=0"), None);
    }
}
