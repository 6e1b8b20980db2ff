//! A server that does to connections what it is told, and counts: below HTTP libraries, which would be too polite.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

/// What becomes of one request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// The connection is closed with a reset, without a byte.
    Reset,
    /// A status without a GraphQL body.
    Status(u16),
    /// The head of an answer and half of its body, then nothing more.
    Half,
    /// `{"data":{"mood":"well"}}`.
    None,
}

/// The server, which goes through its faults request by request and then does well.
#[derive(Clone)]
pub(crate) struct Faulty {
    pub(crate) url: String,
    pub(crate) requests: Arc<AtomicUsize>,
}

impl Faulty {
    pub(crate) async fn serve(faults: Vec<Fault>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/graphql", listener.local_addr().unwrap());
        let requests = Arc::new(AtomicUsize::new(0));
        let counted = requests.clone();
        let faults = Arc::new(faults);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(converse(stream, counted.clone(), faults.clone()));
            }
        });
        Self { url, requests }
    }

    pub(crate) fn requests(&self) -> usize {
        self.requests.load(Ordering::SeqCst)
    }
}

async fn converse(mut stream: TcpStream, requests: Arc<AtomicUsize>, faults: Arc<Vec<Fault>>) {
    while read_request(&mut stream).await.is_some() {
        let number = requests.fetch_add(1, Ordering::SeqCst);
        let head = |status: u16, media: &str, length: usize| {
            format!(
                "HTTP/1.1 {status} X\r\ncontent-type: {media}\r\ncontent-length: {length}\r\n\r\n"
            )
        };
        let (bytes, ends) = match faults.get(number).copied().unwrap_or(Fault::None) {
            Fault::Reset => {
                // Unread or unsent data with a linger of zero makes the close a reset.
                let _ = stream.set_zero_linger();
                return;
            }
            Fault::Status(status) => (format!("{}down", head(status, "text/plain", 4)), false),
            Fault::Half => (
                format!("{}{{\"data\":", head(200, "application/json", 100)),
                true,
            ),
            Fault::None => {
                let body = r#"{"data":{"mood":"well"}}"#;
                (
                    format!("{}{body}", head(200, "application/json", body.len())),
                    false,
                )
            }
        };
        if stream.write_all(bytes.as_bytes()).await.is_err() || ends {
            return;
        }
    }
}

/// Reads one request whole; none when the client is gone.
async fn read_request(stream: &mut TcpStream) -> Option<()> {
    let mut seen = Vec::new();
    loop {
        let mut chunk = [0; 4096];
        let count = stream
            .read(&mut chunk)
            .await
            .ok()
            .filter(|count| *count > 0)?;
        seen.extend_from_slice(&chunk[..count]);
        let text = String::from_utf8_lossy(&seen).to_lowercase();
        let Some(end) = text.find("\r\n\r\n") else {
            continue;
        };
        let length: usize = text
            .lines()
            .find_map(|line| line.strip_prefix("content-length: "))
            .and_then(|length| length.trim().parse().ok())
            .unwrap_or(0);
        if seen.len() >= end + 4 + length {
            return Some(());
        }
    }
}
