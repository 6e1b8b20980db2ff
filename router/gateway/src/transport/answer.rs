//! Taking in what a subgraph answers.

use ::http::{HeaderMap, Response, StatusCode, header};
use bytes::{Bytes, BytesMut};
use coko_executor::{SubgraphReply, TransportError};

use super::{encoding, retry};

/// Reads an answer, giving up as soon as it is clear that it is not GraphQL or too large.
pub(super) async fn collect<B>(
    response: Response<B>,
    cap: usize,
) -> Result<SubgraphReply, TransportError>
where
    B: http_body_util::BodyExt<Data = Bytes> + Unpin,
    B::Error: std::fmt::Display,
{
    let (parts, mut body) = response.into_parts();
    check(parts.status, &parts.headers)?;
    let announced = body.size_hint().lower();
    if announced > cap as u64 {
        return Err(TransportError::TooLarge { limit: cap });
    }
    let mut first: Option<Bytes> = None;
    let mut gathered = BytesMut::new();
    while let Some(frame) = body.frame().await {
        let frame = frame
            .map_err(|error| TransportError::Other(format!("its answer broke off: {error}")))?;
        let Ok(data) = frame.into_data() else {
            continue;
        };
        let length = first.as_ref().map_or(gathered.len(), Bytes::len) + data.len();
        if length > cap {
            return Err(TransportError::TooLarge { limit: cap });
        }
        // A small answer comes in one frame, and is then not copied.
        match first.take() {
            None if gathered.is_empty() => first = Some(data),
            Some(earlier) => {
                gathered.reserve(usize::try_from(announced).unwrap_or(0).max(length));
                gathered.extend_from_slice(&earlier);
                gathered.extend_from_slice(&data);
            }
            None => gathered.extend_from_slice(&data),
        }
    }
    let body = first.unwrap_or_else(|| gathered.freeze());
    let body = encoding::decode(&parts.headers, body, cap).await?;
    Ok(SubgraphReply {
        status: parts.status,
        headers: parts.headers,
        body,
    })
}

/// Refuses by its head what is no GraphQL response; one may go without a media type.
pub(super) fn check(status: StatusCode, headers: &HeaderMap) -> Result<(), TransportError> {
    if retry::is_passing(status) && !is_graphql(headers) {
        return Err(TransportError::Unavailable(status));
    }
    if let Some(essence) = media_type(headers)
        && !is_json(essence)
    {
        let seen: String = essence.chars().take(80).collect();
        let status = status.as_u16();
        return Err(TransportError::NotGraphQL(format!(
            "{seen} (status {status})"
        )));
    }
    Ok(())
}

fn media_type(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(header::CONTENT_TYPE)?.to_str().ok()?;
    Some(value.split(';').next().unwrap_or_default().trim())
}

fn is_json(essence: &str) -> bool {
    let suffix = essence.len().checked_sub("+json".len());
    let suffix = suffix.and_then(|start| essence.get(start..));
    essence.eq_ignore_ascii_case("application/json")
        || suffix.is_some_and(|suffix| suffix.eq_ignore_ascii_case("+json"))
}

fn is_graphql(headers: &HeaderMap) -> bool {
    media_type(headers).is_some_and(is_json)
}
