//! Compressed bodies: requests to subgraphs, and their answers within the cap on answers.

use async_compression::Level;
use async_compression::tokio::bufread::{
    BrotliDecoder, BrotliEncoder, GzipDecoder, GzipEncoder, ZstdDecoder, ZstdEncoder,
};
use async_compression::zstd::DParameter;
use bytes::{Bytes, BytesMut};
use coko_executor::TransportError;
use http::{HeaderMap, HeaderValue, header};
use tokio::io::{AsyncRead, AsyncReadExt as _};

use crate::config::{Encoding, SubgraphCompression};

/// What may come back compressed.
const ACCEPTED: HeaderValue = HeaderValue::from_static("zstd, br, gzip");
/// The window that content codings may take (RFC 9659): 8 MiB.
const ZSTD_WINDOW_LOG: u32 = 23;

/// The body as it is sent, with the headers that say so.
pub(super) async fn encode(
    config: &SubgraphCompression,
    body: Bytes,
    headers: &mut HeaderMap,
) -> Bytes {
    if config.answers {
        headers.insert(header::ACCEPT_ENCODING, ACCEPTED);
    }
    let Some(encoding) = config.requests.filter(|_| body.len() > config.above_bytes) else {
        return body;
    };
    let compressed = match encoding {
        Encoding::Gzip => {
            read_all(Box::pin(GzipEncoder::with_quality(
                &body[..],
                Level::Fastest,
            )))
            .await
        }
        Encoding::Br => {
            read_all(Box::pin(BrotliEncoder::with_quality(
                &body[..],
                Level::Precise(4),
            )))
            .await
        }
        Encoding::Zstd => {
            read_all(Box::pin(ZstdEncoder::with_quality(
                &body[..],
                Level::Precise(3),
            )))
            .await
        }
    };
    match compressed {
        Ok(compressed) => {
            let value = HeaderValue::from_static(encoding.as_str());
            headers.insert(header::CONTENT_ENCODING, value);
            compressed
        }
        // Compressing what is in memory does not fail; if it did, the body as it is would do.
        Err(_) => body,
    }
}

async fn read_all(reader: impl AsyncRead + Unpin) -> std::io::Result<Bytes> {
    read_up_to(reader, usize::MAX).await
}

/// Everything that comes, or a little more than `cap` bytes. Readers are boxed: coders are large, and most calls have none.
async fn read_up_to(mut reader: impl AsyncRead + Unpin, cap: usize) -> std::io::Result<Bytes> {
    let mut out = BytesMut::with_capacity(8 << 10);
    while out.len() <= cap && reader.read_buf(&mut out).await? > 0 {
        // Decoding waits for nothing; others get their turn all the same.
        tokio::task::consume_budget().await;
    }
    Ok(out.freeze())
}

/// An answer's body without its content coding, which must not make it larger than `cap` bytes.
pub(super) async fn decode(
    headers: &HeaderMap,
    body: Bytes,
    cap: usize,
) -> Result<Bytes, TransportError> {
    let Some(coding) = headers.get(header::CONTENT_ENCODING) else {
        return Ok(body);
    };
    let decoded = match coding.as_bytes() {
        b"identity" => return Ok(body),
        b"gzip" | b"x-gzip" => {
            let mut decoder = GzipDecoder::new(&body[..]);
            decoder.multiple_members(true);
            read_up_to(Box::pin(decoder), cap).await
        }
        b"br" => read_up_to(Box::pin(BrotliDecoder::new(&body[..])), cap).await,
        b"zstd" => {
            let window = [DParameter::window_log_max(ZSTD_WINDOW_LOG)];
            read_up_to(Box::pin(ZstdDecoder::with_params(&body[..], &window)), cap).await
        }
        other => {
            let seen: String = String::from_utf8_lossy(other).chars().take(40).collect();
            return Err(TransportError::Other(format!(
                "its answer is encoded as {seen:?}; gzip, br and zstd can be read"
            )));
        }
    };
    match decoded {
        Ok(decoded) if decoded.len() > cap => Err(TransportError::TooLarge { limit: cap }),
        Ok(decoded) => Ok(decoded),
        Err(error) => Err(TransportError::Other(format!(
            "its compressed answer cannot be read: {error}"
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [Encoding; 3] = [Encoding::Gzip, Encoding::Br, Encoding::Zstd];

    async fn encoded(encoding: Encoding, body: &Bytes) -> (Bytes, HeaderMap) {
        let config = SubgraphCompression {
            requests: Some(encoding),
            above_bytes: 10,
            answers: true,
        };
        let mut headers = HeaderMap::new();
        let out = encode(&config, body.clone(), &mut headers).await;
        (out, headers)
    }

    #[tokio::test]
    async fn what_is_encoded_is_decoded() {
        let body = Bytes::from(r#"{"query":"{ books { title } }"}"#.repeat(500));
        for encoding in ALL {
            let (out, headers) = encoded(encoding, &body).await;
            assert!(out.len() < body.len() / 5, "{encoding:?}");
            assert_eq!(headers[header::CONTENT_ENCODING], encoding.as_str());
            assert_eq!(decode(&headers, out.clone(), 1 << 20).await.unwrap(), body);
            let half = decode(&headers, out.slice(..out.len() / 2), 1 << 20).await;
            assert!(half.is_err(), "{encoding:?}");
        }
        let (out, headers) = encoded(Encoding::Gzip, &Bytes::from_static(b"{}")).await;
        assert_eq!(&out[..], b"{}");
        assert!(!headers.contains_key(header::CONTENT_ENCODING));
    }

    #[tokio::test]
    async fn a_bomb_is_not_blown_up() {
        let bomb = Bytes::from(vec![b' '; 64 << 20]);
        for encoding in ALL {
            let (out, headers) = encoded(encoding, &bomb).await;
            assert!(out.len() < 1 << 20, "{encoding:?}: {}", out.len());
            let outcome = decode(&headers, out, 1 << 20).await;
            assert!(
                matches!(outcome, Err(TransportError::TooLarge { limit }) if limit == 1 << 20),
                "{encoding:?}"
            );
        }
    }

    #[tokio::test]
    async fn an_unknown_coding_is_named() {
        let headers =
            HeaderMap::from_iter([(header::CONTENT_ENCODING, HeaderValue::from_static("lzma"))]);
        let error = decode(&headers, Bytes::new(), 10).await.unwrap_err();
        assert!(error.to_string().contains("lzma"), "{error}");
    }
}
