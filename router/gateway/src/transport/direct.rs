//! Subgraphs over plain HTTP/1.1 (RFC 9112), as in a cluster: the task that asks sends, waits and reads on a connection of
//! its own, and hands nothing to another task. What is behind TLS goes through [`super::http`].

use std::collections::{HashMap, VecDeque};
use std::io::{self, Write as _};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::{Buf as _, Bytes, BytesMut};
use coko_executor::{SubgraphReply, TransportError};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, Uri, header};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::Instant;

use super::route::{ACCEPTED, DEADLINE_HEADER, Message};
use super::{answer, encoding};

/// How long a connection is kept without being used.
const IDLE: Duration = Duration::from_secs(60);
/// How many unused connections are kept.
const MOST_IDLE: usize = 256;
/// Headers of an answer; one with more is refused.
const MOST_HEADERS: usize = 96;
/// Bytes of an answer's head, and of a line between chunks.
const MOST_HEAD: usize = 64 << 10;
/// What is read at once while an answer's size is not known.
const READ: usize = 2 << 10;
/// At most so much room is made before an answer's size is known.
const MOST_AHEAD: usize = 64 << 10;
/// What the head of a request takes, and a small body with it.
const HEAD: usize = 2 << 10;
/// A body up to this size goes out with the head in one piece.
const WITH_HEAD: usize = 32 << 10;

/// Headers that belong to a connection and are not handed on.
static OWN: [HeaderName; 6] = [
    header::HOST,
    header::CONTENT_LENGTH,
    header::TRANSFER_ENCODING,
    header::CONNECTION,
    header::TE,
    header::UPGRADE,
];

/// The way to one URL.
pub(crate) struct Direct {
    /// The request line and the `Host` header.
    head: String,
    /// About the size of the largest of the last answers.
    largest: AtomicUsize,
    connections: Arc<Connections>,
}

/// The connections to one address.
pub(crate) struct Connections {
    host: String,
    port: u16,
    connect_timeout: Duration,
    /// The one used last is at the back, and is taken first.
    idle: Mutex<VecDeque<(TcpStream, Instant)>>,
}

/// The connections to all addresses, which the ways of one supergraph leave to those of the next.
#[derive(Clone, Default)]
pub(crate) struct AllConnections(Arc<Mutex<ByAddress>>);

/// By host and port.
type ByAddress = HashMap<(String, u16), Arc<Connections>>;

impl AllConnections {
    fn to(&self, host: &str, port: u16, connect_timeout: Duration) -> Arc<Connections> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.entry((host.to_owned(), port))
            .or_insert_with(|| {
                Arc::new(Connections {
                    host: host.to_owned(),
                    port,
                    connect_timeout,
                    idle: Mutex::default(),
                })
            })
            .clone()
    }
}

/// How the end of a body is known (RFC 9112, section 6.3).
#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    Length(usize),
    Chunked,
    Close,
}

/// The head of an answer.
struct Head {
    status: StatusCode,
    headers: HeaderMap,
    end: End,
    keeps: bool,
}

impl Direct {
    /// The way to `uri`; none when it is not plain HTTP.
    pub(crate) fn new(
        uri: &Uri,
        connections: &AllConnections,
        connect_timeout: Duration,
    ) -> Option<Self> {
        let authority = uri.authority()?;
        if uri.scheme_str() != Some("http") || authority.as_str().contains('@') {
            return None;
        }
        let target = uri.path_and_query().map_or("/", |target| target.as_str());
        // An IPv6 address stands in brackets in a URL, and without where it is connected to.
        let host = authority.host().trim_matches(['[', ']']);
        let port = authority.port_u16().unwrap_or(80);
        Some(Self {
            head: format!("POST {target} HTTP/1.1\r\nhost: {authority}\r\n"),
            largest: AtomicUsize::new(0),
            connections: connections.to(host, port, connect_timeout),
        })
    }

    /// Sends one request and reads the whole answer. Dropping the future closes the connection.
    pub(crate) async fn exchange(
        &self,
        message: &Message<'_>,
        cap: usize,
    ) -> Result<SubgraphReply, TransportError> {
        let is_set = |name: &HeaderName| {
            [&header::CONTENT_TYPE, &header::ACCEPT, &DEADLINE_HEADER].contains(&name)
        };
        let mut head = self.head(message.forwarded, is_set);
        write_header(&mut head, "content-type", message.content_type.as_bytes());
        write_header(&mut head, "accept", ACCEPTED.as_bytes());
        if let Some(left) = message.patience_ms {
            write_number(&mut head, DEADLINE_HEADER.as_str(), left);
        }
        self.converse(head, &message.body, cap).await
    }

    /// The same with these headers and no others.
    pub(crate) async fn exchange_with(
        &self,
        headers: &HeaderMap,
        body: &[u8],
        cap: usize,
    ) -> Result<SubgraphReply, TransportError> {
        self.converse(self.head(headers, |_| false), body, cap)
            .await
    }

    /// A request's head with all but its last lines; `without` says which headers are left out.
    fn head(&self, headers: &HeaderMap, without: impl Fn(&HeaderName) -> bool) -> Vec<u8> {
        let mut out = Vec::with_capacity(HEAD);
        out.extend_from_slice(self.head.as_bytes());
        for (name, value) in headers {
            if !OWN.contains(name) && !without(name) {
                write_header(&mut out, name.as_str(), value.as_bytes());
            }
        }
        out
    }

    async fn converse(
        &self,
        head: Vec<u8>,
        body: &[u8],
        cap: usize,
    ) -> Result<SubgraphReply, TransportError> {
        let mut stream = match self.connections.take() {
            Some(stream) => stream,
            None => self.connections.connect().await?,
        };
        send(&mut stream, head, body).await.map_err(unanswered)?;
        let expected = self.largest.load(Ordering::Relaxed);
        let mut buffer = BytesMut::with_capacity(expected + READ);
        let head = read_head(&mut stream, &mut buffer).await?;
        answer::check(head.status, &head.headers)?;
        let body = match head.end {
            End::Length(length) if length > cap => {
                return Err(TransportError::TooLarge { limit: cap });
            }
            End::Length(length) => {
                fill(&mut stream, &mut buffer, length)
                    .await
                    .map_err(broken)?;
                buffer.split_to(length).freeze()
            }
            End::Chunked => read_chunks(&mut stream, &mut buffer, cap).await?,
            End::Close => read_to_close(&mut stream, &mut buffer, cap).await?,
        };
        // Where answers are large, the next has room from the beginning; a little less each time they are not.
        let largest = body.len().max(expected - expected / 16);
        self.largest
            .store(largest.min(MOST_AHEAD), Ordering::Relaxed);
        // Whatever comes after an answer that nobody asked for says that the other side counts differently.
        if head.keeps && buffer.is_empty() {
            self.connections.keep(stream);
        }
        let body = encoding::decode(&head.headers, body, cap).await?;
        Ok(SubgraphReply {
            status: head.status,
            headers: head.headers,
            body,
        })
    }
}

impl Connections {
    /// An unused connection that the other side has not closed.
    fn take(&self) -> Option<TcpStream> {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        while let Some((stream, since)) = idle.pop_back() {
            if since.elapsed() > IDLE {
                // All others are older.
                idle.clear();
                return None;
            }
            // Nothing is expected, so anything that can be read is an end or a fault.
            let silent = stream.try_read(&mut [0]);
            if silent.is_err_and(|error| error.kind() == io::ErrorKind::WouldBlock) {
                return Some(stream);
            }
        }
        None
    }

    fn keep(&self, stream: TcpStream) {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        let is_old = |(_, since): &(TcpStream, Instant)| now - *since > IDLE;
        if idle.len() >= MOST_IDLE || idle.front().is_some_and(is_old) {
            idle.pop_front();
        }
        idle.push_back((stream, now));
    }

    async fn connect(&self) -> Result<TcpStream, TransportError> {
        let connecting = TcpStream::connect((self.host.as_str(), self.port));
        let stream = tokio::time::timeout(self.connect_timeout, connecting)
            .await
            .map_err(|_| TransportError::Connect("it did not accept in time".to_owned()))?
            .map_err(|error| TransportError::Connect(error.to_string()))?;
        // A small request must not wait for the acknowledgement of the segment before it.
        stream
            .set_nodelay(true)
            .map_err(|error| TransportError::Connect(error.to_string()))?;
        Ok(stream)
    }
}

fn write_header(out: &mut Vec<u8>, name: &str, value: &[u8]) {
    out.extend_from_slice(name.as_bytes());
    out.extend_from_slice(b": ");
    out.extend_from_slice(value);
    out.extend_from_slice(b"\r\n");
}

fn write_number(out: &mut Vec<u8>, name: &str, value: impl std::fmt::Display) {
    // Writing to memory does not fail.
    let _ = write!(out, "{name}: {value}\r\n");
}

async fn send(stream: &mut TcpStream, mut head: Vec<u8>, body: &[u8]) -> io::Result<()> {
    write_number(&mut head, "content-length", body.len());
    head.extend_from_slice(b"\r\n");
    if body.len() <= WITH_HEAD {
        head.extend_from_slice(body);
        return stream.write_all(&head).await;
    }
    stream.write_all(&head).await?;
    stream.write_all(body).await
}

/// The connection ended before anything came of an answer.
fn unanswered(error: io::Error) -> TransportError {
    TransportError::Broken(format!("the connection broke: {error}"))
}

fn broken(error: io::Error) -> TransportError {
    TransportError::Other(format!("its answer broke off: {error}"))
}

fn malformed(what: impl std::fmt::Display) -> TransportError {
    TransportError::Other(format!("its answer is not HTTP/1.1: {what}"))
}

/// Reads until the buffer holds `length` bytes.
async fn fill(stream: &mut TcpStream, buffer: &mut BytesMut, length: usize) -> io::Result<()> {
    buffer.reserve(length.saturating_sub(buffer.len()));
    while buffer.len() < length {
        if stream.read_buf(buffer).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
    Ok(())
}

/// Reads what there is; an end is an error.
async fn more(stream: &mut TcpStream, buffer: &mut BytesMut) -> io::Result<()> {
    let length = buffer.len() + 1;
    fill(stream, buffer, length).await
}

/// The head of the answer; interim ones (1xx) are passed over.
async fn read_head(stream: &mut TcpStream, buffer: &mut BytesMut) -> Result<Head, TransportError> {
    loop {
        if let Some((length, head)) = parse_head(buffer)? {
            buffer.advance(length);
            if !head.status.is_informational() {
                return Ok(head);
            }
        } else {
            if buffer.len() > MOST_HEAD {
                return Err(malformed("its head does not end"));
            }
            let fault = if buffer.is_empty() {
                unanswered
            } else {
                broken
            };
            more(stream, buffer).await.map_err(fault)?;
        }
    }
}

fn parse_head(bytes: &[u8]) -> Result<Option<(usize, Head)>, TransportError> {
    let mut headers = [httparse::EMPTY_HEADER; MOST_HEADERS];
    let mut answer = httparse::Response::new(&mut headers);
    let httparse::Status::Complete(length) = answer.parse(bytes).map_err(malformed)? else {
        return Ok(None);
    };
    let status = StatusCode::from_u16(answer.code.unwrap_or_default()).map_err(malformed)?;
    let mut map = HeaderMap::with_capacity(answer.headers.len());
    for header in answer.headers {
        let name = HeaderName::from_bytes(header.name.as_bytes()).map_err(malformed)?;
        let value = HeaderValue::from_bytes(header.value).map_err(malformed)?;
        map.append(name, value);
    }
    let end = body_end(status, &map)?;
    let closes = map
        .get_all(header::CONNECTION)
        .iter()
        .any(|value| has_token(value, "close"));
    let keeps = answer.version == Some(1) && !closes && end != End::Close;
    let head = Head {
        status,
        headers: map,
        end,
        keeps,
    };
    Ok(Some((length, head)))
}

fn has_token(value: &HeaderValue, token: &str) -> bool {
    value.to_str().is_ok_and(|text| {
        text.split(',')
            .any(|part| part.trim().eq_ignore_ascii_case(token))
    })
}

fn body_end(status: StatusCode, headers: &HeaderMap) -> Result<End, TransportError> {
    if status.is_informational()
        || status == StatusCode::NO_CONTENT
        || status == StatusCode::NOT_MODIFIED
    {
        return Ok(End::Length(0));
    }
    let mut codings = headers.get_all(header::TRANSFER_ENCODING).iter();
    if let Some(coding) = codings.next() {
        let only = codings.next().is_none() && coding.as_bytes().eq_ignore_ascii_case(b"chunked");
        return if only {
            Ok(End::Chunked)
        } else {
            Err(malformed("its transfer coding is not `chunked`"))
        };
    }
    let mut lengths = headers.get_all(header::CONTENT_LENGTH).iter();
    let Some(length) = lengths.next() else {
        return Ok(End::Close);
    };
    let digits = length.to_str().ok();
    let number = digits.filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()));
    match number.and_then(|text| text.parse().ok()) {
        Some(number) if lengths.all(|other| other == length) => Ok(End::Length(number)),
        _ => Err(malformed("its Content-Length is no number")),
    }
}

async fn read_to_close(
    stream: &mut TcpStream,
    buffer: &mut BytesMut,
    cap: usize,
) -> Result<Bytes, TransportError> {
    while buffer.len() <= cap {
        buffer.reserve(READ);
        if stream.read_buf(buffer).await.map_err(broken)? == 0 {
            return Ok(buffer.split().freeze());
        }
    }
    Err(TransportError::TooLarge { limit: cap })
}

/// A body in chunks (RFC 9112, section 7.1), its trailers left out.
async fn read_chunks(
    stream: &mut TcpStream,
    buffer: &mut BytesMut,
    cap: usize,
) -> Result<Bytes, TransportError> {
    let mut body = BytesMut::new();
    loop {
        let line = read_line(stream, buffer).await?;
        let size = line[..].split(|byte| *byte == b';').next();
        let size = size.unwrap_or_default();
        let size = std::str::from_utf8(size.trim_ascii())
            .ok()
            .filter(|text| !text.starts_with('+'))
            .and_then(|text| usize::from_str_radix(text, 16).ok())
            .ok_or_else(|| malformed("a chunk has no size"))?;
        if size == 0 {
            while !read_line(stream, buffer).await?.is_empty() {}
            return Ok(body.freeze());
        }
        if size > cap - body.len() {
            return Err(TransportError::TooLarge { limit: cap });
        }
        fill(stream, buffer, size + 2).await.map_err(broken)?;
        body.extend_from_slice(&buffer[..size]);
        if &buffer[size..size + 2] != b"\r\n" {
            return Err(malformed("a chunk does not end where it says"));
        }
        buffer.advance(size + 2);
    }
}

/// A line without its end.
async fn read_line(
    stream: &mut TcpStream,
    buffer: &mut BytesMut,
) -> Result<BytesMut, TransportError> {
    loop {
        if let Some(end) = buffer.windows(2).position(|pair| pair == b"\r\n") {
            let line = buffer.split_to(end);
            buffer.advance(2);
            return Ok(line);
        }
        if buffer.len() > MOST_HEAD {
            return Err(malformed("a line does not end"));
        }
        more(stream, buffer).await.map_err(broken)?;
    }
}

#[cfg(test)]
mod tests {
    use tokio::net::TcpListener;

    use super::*;

    const CAP: usize = 64;

    /// A subgraph that answers the requests of each connection with these bytes in turn, one by one, and then closes it.
    async fn subgraph(connections: &'static [&'static [&'static str]]) -> Direct {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move {
            for answers in connections {
                let (mut stream, _) = listener.accept().await.unwrap();
                for answer in *answers {
                    let mut request = BytesMut::new();
                    while !request.ends_with(b"{}") {
                        assert!(stream.read_buf(&mut request).await.unwrap() > 0);
                    }
                    let text = std::str::from_utf8(&request).unwrap();
                    assert!(text.starts_with("POST /a?b HTTP/1.1\r\nhost: 127.0.0.1:"));
                    assert!(text.contains("\r\ncontent-length: 2\r\n"));
                    assert!(text.contains("\r\nx-request-timeout-ms: 7\r\n"));
                    assert!(text.contains("\r\nx-a: 1\r\n") && !text.contains("x-host"));
                    for byte in answer.bytes() {
                        stream.write_u8(byte).await.unwrap();
                    }
                }
            }
        });
        let uri = format!("http://{address}/a?b").parse().unwrap();
        Direct::new(&uri, &AllConnections::default(), Duration::from_secs(5)).unwrap()
    }

    async fn ask(direct: &Direct) -> Result<SubgraphReply, TransportError> {
        let mut headers = HeaderMap::new();
        headers.insert("x-a", HeaderValue::from_static("1"));
        headers.insert(header::HOST, HeaderValue::from_static("x-host"));
        headers.insert(header::CONTENT_LENGTH, HeaderValue::from_static("9"));
        let message = Message {
            forwarded: &headers,
            content_type: HeaderValue::from_static("application/json"),
            patience_ms: Some(7),
            body: Bytes::from_static(b"{}"),
        };
        direct.exchange(&message, CAP).await
    }

    #[tokio::test]
    async fn bodies_end_as_the_head_says_and_connections_are_kept() {
        let direct = subgraph(&[&[
            "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nCache-Control: private\r\n\r\n[1]",
            "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 500 No\r\ncontent-length: 2\r\ncontent-length: 2\r\n\r\n{}",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2;x=y\r\n[1\r\n00A\r\n,2,3,4,5,6\r\n1\r\n]\r\n0\r\nX-T: 1\r\n\r\n",
            "HTTP/1.1 204 No Content\r\n\r\n",
            "HTTP/1.0 200 OK\r\n\r\n[to the end]",
        ]])
        .await;
        let reply = ask(&direct).await.unwrap();
        assert_eq!((reply.status.as_u16(), &reply.body[..]), (200, &b"[1]"[..]));
        assert_eq!(reply.headers[header::CACHE_CONTROL], "private");
        let reply = ask(&direct).await.unwrap();
        assert_eq!((reply.status.as_u16(), &reply.body[..]), (500, &b"{}"[..]));
        let reply = ask(&direct).await.unwrap();
        assert_eq!(reply.body, "[1,2,3,4,5,6]");
        assert!(ask(&direct).await.unwrap().body.is_empty());
        assert_eq!(ask(&direct).await.unwrap().body, "[to the end]");
        // There was one connection, and it is closed.
        assert!(direct.connections.take().is_none());
    }

    #[tokio::test]
    async fn what_is_no_answer_is_an_error() {
        for bad in [
            "nonsense\r\n\r\n",
            "HTTP/1.1 200 OK\r\ncontent-length: x\r\n\r\n",
            "HTTP/1.1 200 OK\r\ncontent-length: +1\r\n\r\n1",
            "HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n12",
            "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\n123",
            "HTTP/1.1 200 OK\r\ntransfer-encoding: gzip\r\n\r\n",
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nx\r\n",
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\n12\r\n",
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nffffffffffffffff1\r\n",
            "HTTP/1.1 200 OK\r\n",
            "",
        ] {
            let answers: &'static [&'static str] = vec![bad].leak();
            let direct = subgraph(vec![answers].leak()).await;
            let outcome = ask(&direct).await;
            let is_fault = match bad {
                "" => matches!(outcome, Err(TransportError::Broken(_))),
                _ => matches!(outcome, Err(TransportError::Other(_))),
            };
            assert!(is_fault, "{bad}: {outcome:?}");
            assert!(direct.connections.take().is_none(), "{bad}");
        }
    }

    #[tokio::test]
    async fn answers_have_a_cap_and_a_media_type() {
        for large in [
            "HTTP/1.1 200 OK\r\ncontent-length: 65\r\n\r\n",
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n41\r\n",
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nffffffffffffffff\r\n",
            "HTTP/1.1 200 OK\r\n\r\n0123456789012345678901234567890123456789012345678901234567890123456789",
        ] {
            let answers: &'static [&'static str] = vec![large].leak();
            let direct = subgraph(vec![answers].leak()).await;
            let outcome = ask(&direct).await;
            assert!(
                matches!(outcome, Err(TransportError::TooLarge { limit: CAP })),
                "{large}"
            );
        }
        let direct = subgraph(&[&["HTTP/1.1 404 No\r\ncontent-type: text/html\r\n\r\n"]]).await;
        let outcome = ask(&direct).await;
        assert!(matches!(outcome, Err(TransportError::NotGraphQL(_))));
    }

    #[tokio::test]
    async fn a_connection_that_was_closed_meanwhile_is_not_used() {
        const ANSWER: &str = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}";
        let direct = subgraph(&[
            &[ANSWER],
            &["HTTP/1.1 200 OK\r\nconnection: x, Close\r\ncontent-length: 2\r\n\r\n{}"],
            &[ANSWER],
        ])
        .await;
        ask(&direct).await.unwrap();
        // The end of the first connection shows as soon as it can be read.
        let (stream, _) = direct.connections.idle.lock().unwrap().pop_back().unwrap();
        stream.readable().await.unwrap();
        direct.connections.keep(stream);
        ask(&direct).await.unwrap();
        assert!(direct.connections.idle.lock().unwrap().is_empty());
        ask(&direct).await.unwrap();
    }

    #[test]
    fn only_plain_http_is_direct() {
        let all = AllConnections::default();
        let direct = |uri: &str| Direct::new(&uri.parse().unwrap(), &all, Duration::from_secs(1));
        assert!(direct("https://a/graphql").is_none());
        assert!(direct("http://name:secret@a/graphql").is_none());
        let way = direct("http://[::1]:4001").unwrap();
        let to = &way.connections;
        assert_eq!((to.host.as_str(), to.port), ("::1", 4001));
        assert_eq!(way.head, "POST / HTTP/1.1\r\nhost: [::1]:4001\r\n");
        let (one, other) = (
            direct("http://a/x").unwrap(),
            direct("http://a:80/y").unwrap(),
        );
        assert!(Arc::ptr_eq(&one.connections, &other.connections));
    }
}
