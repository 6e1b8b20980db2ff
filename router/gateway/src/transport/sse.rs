//! Subscriptions of subgraphs as server-sent events (WHATWG HTML, section 9.2; graphql-sse, distinct connections mode),
//! over HTTP and in this process.

use bytes::{Bytes, BytesMut};
use coko_executor::{SourceEvent, SubgraphEvents, TransportError};
use futures::StreamExt as _;
use http::{HeaderMap, HeaderValue, Response, header};
use http_body_util::BodyExt as _;

/// Headers of a request for a subscription.
pub(super) fn request_headers(forwarded: &HeaderMap) -> HeaderMap {
    let json = HeaderValue::from_static("application/json");
    let mut headers = super::route::request_headers(forwarded, json);
    headers.insert(
        header::ACCEPT,
        HeaderValue::from_static(
            "text/event-stream, application/graphql-response+json;q=0.9, application/json;q=0.8",
        ),
    );
    headers
}

/// The events of an answer. An answer that is no stream is its only event.
pub(super) async fn events<B>(
    response: Response<B>,
    cap: usize,
) -> Result<SubgraphEvents, TransportError>
where
    B: http_body::Body<Data = Bytes> + Send + Unpin + 'static,
    B::Error: std::fmt::Display,
{
    let is_stream = response
        .headers()
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|value| value.trim_start().starts_with("text/event-stream"));
    if !is_stream {
        let reply = super::answer::collect(response, cap).await?;
        let event = SourceEvent {
            payload: reply.body,
            id: None,
        };
        return Ok(futures::stream::iter([Ok(event)]).boxed());
    }
    if !response.status().is_success() {
        let status = response.status().as_u16();
        return Err(TransportError::Other(format!(
            "it answered with status {status}"
        )));
    }
    let reader = Reader {
        body: response.into_body(),
        parser: Parser::new(cap),
        ended: false,
    };
    let events = futures::stream::unfold(reader, |mut reader| async move {
        let event = reader.next().await?;
        reader.ended |= event.is_err();
        Some((event, reader))
    });
    Ok(events.boxed())
}

struct Reader<B> {
    body: B,
    parser: Parser,
    ended: bool,
}

impl<B> Reader<B>
where
    B: http_body::Body<Data = Bytes> + Unpin,
    B::Error: std::fmt::Display,
{
    async fn next(&mut self) -> Option<Result<SourceEvent, TransportError>> {
        while !self.ended {
            match self.parser.next() {
                Ok(Some(Parsed::Next(event))) => return Some(Ok(event)),
                Ok(Some(Parsed::Complete)) => return None,
                Ok(None) => {}
                Err(error) => return Some(Err(error)),
            }
            match self.body.frame().await {
                Some(Ok(frame)) => {
                    if let Ok(data) = frame.into_data() {
                        self.parser.push(&data);
                    }
                }
                Some(Err(error)) => {
                    let reason = format!("its stream broke off: {error}");
                    return Some(Err(TransportError::Other(reason)));
                }
                None => {
                    let reason = "its stream ended without saying so".to_owned();
                    return Some(Err(TransportError::Other(reason)));
                }
            }
        }
        None
    }
}

/// What a stream says.
#[derive(Debug, PartialEq)]
enum Parsed {
    Next(SourceEvent),
    Complete,
}

/// Lines to events.
struct Parser {
    /// Bytes of one event.
    cap: usize,
    buffer: BytesMut,
    /// Up to here there is no end of a line.
    searched: usize,
    /// The last line ended with a carriage return, to which a line feed may still belong.
    after_return: bool,
    event: Vec<u8>,
    data: Vec<u8>,
    has_data: bool,
    id: Option<u64>,
}

impl Parser {
    fn new(cap: usize) -> Self {
        Self {
            cap,
            buffer: BytesMut::new(),
            searched: 0,
            after_return: false,
            event: Vec::new(),
            data: Vec::new(),
            has_data: false,
            id: None,
        }
    }

    fn push(&mut self, bytes: &[u8]) {
        self.buffer.extend_from_slice(bytes);
    }

    /// The next event that is whole.
    fn next(&mut self) -> Result<Option<Parsed>, TransportError> {
        while let Some(line) = self.line() {
            if line.is_empty() {
                if let Some(parsed) = self.dispatch() {
                    return Ok(Some(parsed));
                }
                continue;
            }
            self.field(&line);
        }
        if self.buffer.len() + self.data.len() > self.cap {
            return Err(TransportError::TooLarge { limit: self.cap });
        }
        Ok(None)
    }

    fn line(&mut self) -> Option<BytesMut> {
        if self.after_return && !self.buffer.is_empty() {
            self.after_return = false;
            if self.buffer[0] == b'\n' {
                let _ = self.buffer.split_to(1);
            }
        }
        let end = self.buffer[self.searched..]
            .iter()
            .position(|byte| matches!(byte, b'\n' | b'\r'));
        let Some(end) = end else {
            self.searched = self.buffer.len();
            return None;
        };
        let line = self.buffer.split_to(self.searched + end);
        let terminator = self.buffer.split_to(1);
        self.after_return = terminator[0] == b'\r';
        self.searched = 0;
        Some(line)
    }

    fn field(&mut self, line: &[u8]) {
        let (name, value) = match line.iter().position(|byte| *byte == b':') {
            Some(colon) => (&line[..colon], &line[colon + 1..]),
            None => (line, &[][..]),
        };
        let value = value.strip_prefix(b" ").unwrap_or(value);
        match name {
            b"event" => self.event = value.to_vec(),
            b"data" => {
                if self.has_data {
                    self.data.push(b'\n');
                }
                self.has_data = true;
                self.data.extend_from_slice(value);
            }
            b"id" => {
                self.id = std::str::from_utf8(value)
                    .ok()
                    .and_then(|id| id.parse().ok());
            }
            // Comments, "retry" and whatever is unknown.
            _ => {}
        }
    }

    fn dispatch(&mut self) -> Option<Parsed> {
        let event = std::mem::take(&mut self.event);
        let data = std::mem::take(&mut self.data);
        let has_data = std::mem::take(&mut self.has_data);
        match event.as_slice() {
            b"complete" => Some(Parsed::Complete),
            b"next" | b"" if has_data && !data.is_empty() => Some(Parsed::Next(SourceEvent {
                payload: data.into(),
                id: self.id,
            })),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(pieces: &[&[u8]]) -> Vec<Parsed> {
        let mut parser = Parser::new(100);
        let mut parsed = Vec::new();
        for piece in pieces {
            parser.push(piece);
            while let Some(event) = parser.next().unwrap() {
                parsed.push(event);
            }
        }
        parsed
    }

    fn event(payload: &'static str, id: Option<u64>) -> Parsed {
        Parsed::Next(SourceEvent {
            payload: Bytes::from_static(payload.as_bytes()),
            id,
        })
    }

    #[test]
    fn events_are_whole_however_they_are_cut() {
        let text = b":\n\nevent: next\nid: 7\ndata: {\"a\":\r\ndata:1}\r\n\r\nretry: 5\nevent:other\ndata: x\n\ndata: {}\r\revent: complete\ndata:\n\n";
        let expected = [
            event("{\"a\":\n1}", Some(7)),
            event("{}", Some(7)),
            Parsed::Complete,
        ];
        assert_eq!(parse(&[text]), expected);
        let bytes: Vec<&[u8]> = text.chunks(1).collect();
        assert_eq!(parse(&bytes), expected);
    }

    #[test]
    fn an_endless_event_is_given_up() {
        let mut parser = Parser::new(100);
        parser.push(b"data: ");
        for _ in 0..20 {
            parser.push(b"0123456789");
        }
        assert!(matches!(
            parser.next(),
            Err(TransportError::TooLarge { limit: 100 })
        ));
    }
}
