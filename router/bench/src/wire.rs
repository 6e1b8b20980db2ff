//! HTTP/1.1 as far as a measurement needs it: requests are bytes made once, answers are compared as bytes. Whatever
//! subgraphs and load generator spend, no router can save, so they spend as little as they can.

use std::io;

use bytes::{Buf as _, Bytes, BytesMut};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// Headers that are looked at; a message with more is refused.
const MOST_HEADERS: usize = 64;
/// What the buffer of a connection can take before it grows; a deep answer fits.
const BUFFER: usize = 128 << 10;

/// One kept connection, on either side.
pub struct Wire {
    stream: TcpStream,
    buffer: BytesMut,
    /// How much of the buffer's beginning was handed out before and is to be forgotten.
    taken: usize,
}

/// A message that came in, whole.
pub struct Message<'a> {
    /// The path of a request; empty for an answer.
    pub path: &'a str,
    /// The status of an answer; 0 for a request.
    pub status: u16,
    /// The body.
    pub body: &'a [u8],
}

/// Which kind of message is expected.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Expect {
    /// From a client.
    Request,
    /// From a server.
    Answer,
}

/// Where the parts of a message stand in the buffer.
struct Layout {
    path: (usize, usize),
    status: u16,
    head: usize,
    body: usize,
}

impl Wire {
    /// Takes over a connection.
    ///
    /// # Errors
    /// When the operating system refuses an option.
    pub fn new(stream: TcpStream) -> io::Result<Self> {
        stream.set_nodelay(true)?;
        Ok(Self {
            stream,
            buffer: BytesMut::with_capacity(BUFFER),
            taken: 0,
        })
    }

    /// Sends bytes.
    ///
    /// # Errors
    /// When the connection breaks.
    pub async fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.stream.write_all(bytes).await
    }

    /// The next message, `None` when the other side has closed between two.
    ///
    /// # Errors
    /// When the connection breaks, or what comes is not HTTP/1.1 with a `Content-Length`.
    pub async fn receive(&mut self, expect: Expect) -> io::Result<Option<Message<'_>>> {
        self.buffer.advance(self.taken);
        self.taken = 0;
        let layout = loop {
            if let Some(layout) = Layout::read(&self.buffer, expect)? {
                break layout;
            }
            if !self.read().await? {
                if self.buffer.is_empty() {
                    return Ok(None);
                }
                return Err(broken("it closed in the middle of a head"));
            }
        };
        let whole = layout.head + layout.body;
        while self.buffer.len() < whole {
            if !self.read().await? {
                return Err(broken("it closed in the middle of a body"));
            }
        }
        self.taken = whole;
        let path = &self.buffer[layout.path.0..layout.path.1];
        Ok(Some(Message {
            path: std::str::from_utf8(path).unwrap_or_default(),
            status: layout.status,
            body: &self.buffer[layout.head..whole],
        }))
    }

    /// Whether anything came.
    async fn read(&mut self) -> io::Result<bool> {
        if self.buffer.capacity() == self.buffer.len() {
            self.buffer.reserve(BUFFER);
        }
        Ok(self.stream.read_buf(&mut self.buffer).await? > 0)
    }
}

impl Layout {
    /// `None` while the head is not whole.
    fn read(bytes: &[u8], expect: Expect) -> io::Result<Option<Self>> {
        let mut headers = [httparse::EMPTY_HEADER; MOST_HEADERS];
        let malformed = |error: httparse::Error| broken(&error.to_string());
        let mut layout = Self {
            path: (0, 0),
            status: 0,
            head: 0,
            body: 0,
        };
        let headers: &[httparse::Header<'_>] = if expect == Expect::Request {
            let mut request = httparse::Request::new(&mut headers);
            let httparse::Status::Complete(head) = request.parse(bytes).map_err(malformed)? else {
                return Ok(None);
            };
            layout.head = head;
            let path = request.path.unwrap_or_default();
            let start = path.as_ptr().addr() - bytes.as_ptr().addr();
            layout.path = (start, start + path.len());
            request.headers
        } else {
            let mut answer = httparse::Response::new(&mut headers);
            let httparse::Status::Complete(head) = answer.parse(bytes).map_err(malformed)? else {
                return Ok(None);
            };
            layout.head = head;
            layout.status = answer.code.unwrap_or_default();
            answer.headers
        };
        let length = headers
            .iter()
            .find(|header| header.name.eq_ignore_ascii_case("content-length"));
        layout.body = length
            .and_then(|header| std::str::from_utf8(header.value).ok()?.parse().ok())
            .ok_or_else(|| broken("it says no Content-Length"))?;
        Ok(Some(layout))
    }
}

fn broken(what: &str) -> io::Error {
    io::Error::other(what.to_owned())
}

/// A request with JSON.
pub fn request(host: &str, path: &str, body: &[u8]) -> Bytes {
    request_as(None, host, path, body)
}

/// The same from whoever holds an access token.
pub fn request_as(token: Option<&str>, host: &str, path: &str, body: &[u8]) -> Bytes {
    let authorization = token
        .map(|token| format!("authorization: Bearer {token}\r\n"))
        .unwrap_or_default();
    let mut bytes = format!(
        "POST {path} HTTP/1.1\r\nhost: {host}\r\n{authorization}content-type: application/json\r\n\
         accept: application/json\r\ncontent-length: {}\r\n\r\n",
        body.len()
    )
    .into_bytes();
    bytes.extend_from_slice(body);
    Bytes::from(bytes)
}

/// An answer with JSON.
pub fn answer(status: &str, body: &[u8]) -> Bytes {
    let mut bytes = format!(
        "HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
        body.len()
    )
    .into_bytes();
    bytes.extend_from_slice(body);
    Bytes::from(bytes)
}

#[cfg(test)]
mod tests {
    use tokio::net::TcpListener;

    use super::*;

    /// What comes out of these bytes, sent one by one and then closed.
    async fn received(bytes: Bytes, expect: Expect) -> io::Result<Vec<(String, u16, Vec<u8>)>> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let sending = async {
            let mut stream = TcpStream::connect(address).await?;
            for byte in bytes {
                stream.write_u8(byte).await?;
            }
            stream.shutdown().await
        };
        let receiving = async {
            let mut wire = Wire::new(listener.accept().await?.0)?;
            let mut messages = Vec::new();
            while let Some(message) = wire.receive(expect).await? {
                messages.push((
                    message.path.to_owned(),
                    message.status,
                    message.body.to_vec(),
                ));
            }
            Ok(messages)
        };
        futures::future::try_join(sending, receiving)
            .await
            .map(|((), messages)| messages)
    }

    #[tokio::test]
    async fn messages_are_read_however_they_are_cut() {
        let two = [
            request("a", "/x", b"{}"),
            request_as(Some("t"), "a", "/graphql", b"second"),
        ]
        .concat();
        let messages = received(Bytes::from(two), Expect::Request).await.unwrap();
        assert_eq!(messages[0], ("/x".to_owned(), 0, b"{}".to_vec()));
        assert_eq!(messages[1], ("/graphql".to_owned(), 0, b"second".to_vec()));
        let answers = received(answer("404 Not Found", b"no"), Expect::Answer)
            .await
            .unwrap();
        assert_eq!(answers, [(String::new(), 404, b"no".to_vec())]);
    }

    #[tokio::test]
    async fn what_is_not_understood_is_an_error() {
        for bad in [
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
            "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nshor",
            "HTTP/1.1 200 OK\r\nconte",
            "nonsense\r\n\r\n",
        ] {
            let outcome = received(Bytes::from(bad), Expect::Answer).await;
            assert!(outcome.is_err(), "{bad}");
        }
    }
}
