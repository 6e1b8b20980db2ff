//! A mail server (RFC 5321) that takes letters from one client after another, without TLS.

use serde_json::Value;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};

use crate::Simulator;
use crate::messages::{Message, MessageScenario};

/// The longest line that is read (RFC 5321, section 4.5.3.1.6, and room to spare).
const MAX_LINE: u64 = 64 * 1024;
/// The largest letter.
const MAX_LETTER: usize = 4 * 1024 * 1024;

impl Simulator {
    /// Takes letters where the configuration says, if it does.
    ///
    /// # Errors
    /// When the address cannot be listened on.
    pub async fn listen_for_letters(&self) -> std::io::Result<()> {
        if let Some(address) = self.config.smtp {
            let listener = TcpListener::bind(address).await?;
            tokio::spawn(self.clone().serve_smtp(listener));
        }
        Ok(())
    }

    /// Takes letters from `listener` for as long as it is polled.
    pub async fn serve_smtp(self, listener: TcpListener) {
        loop {
            match listener.accept().await {
                Ok((stream, _)) => {
                    let simulator = self.clone();
                    tokio::spawn(async move {
                        if let Err(error) = converse(&simulator, stream).await {
                            tracing::debug!(%error, "a mail client went away");
                        }
                    });
                }
                Err(error) => tracing::debug!(%error, "a mail client did not come"),
            }
        }
    }
}

/// A line without its end; none at the end of the conversation.
async fn line(reader: &mut BufReader<OwnedReadHalf>) -> std::io::Result<Option<String>> {
    let mut bytes = Vec::new();
    let mut limited = reader.take(MAX_LINE);
    if limited.read_until(b'\n', &mut bytes).await? == 0 {
        return Ok(None);
    }
    let text = String::from_utf8_lossy(&bytes);
    Ok(Some(text.trim_end_matches(['\r', '\n']).to_owned()))
}

async fn say(writer: &mut OwnedWriteHalf, text: &str) -> std::io::Result<()> {
    writer.write_all(format!("{text}\r\n").as_bytes()).await
}

async fn converse(simulator: &Simulator, stream: TcpStream) -> std::io::Result<()> {
    let (reader, mut writer) = stream.into_split();
    let mut reader = BufReader::new(reader);
    let mut recipients: Vec<(String, MessageScenario)> = Vec::new();
    say(&mut writer, "220 simulator ESMTP").await?;
    while let Some(command) = line(&mut reader).await? {
        let verb = command.get(..4).unwrap_or_default().to_ascii_uppercase();
        match verb.as_str() {
            "EHLO" => say(&mut writer, "250-simulator\r\n250-8BITMIME\r\n250 SMTPUTF8").await?,
            "HELO" | "NOOP" => say(&mut writer, "250 OK").await?,
            "MAIL" | "RSET" => {
                recipients.clear();
                say(&mut writer, "250 OK").await?;
            }
            "RCPT" => {
                let address = between(&command);
                let scenario = simulator.message_scenario(&address);
                let answer = match scenario {
                    MessageScenario::Bounced | MessageScenario::Unregistered => {
                        "550 5.1.1 no such mailbox"
                    }
                    MessageScenario::ServerError => "451 4.3.0 try again later",
                    MessageScenario::RateLimited => "452 4.2.1 too many letters, try again later",
                    _ => {
                        recipients.push((address, scenario));
                        "250 OK"
                    }
                };
                say(&mut writer, answer).await?;
            }
            "DATA" if recipients.is_empty() => say(&mut writer, "503 no recipients").await?,
            "DATA" => {
                say(&mut writer, "354 go ahead").await?;
                let Some(letter) = letter(&mut reader).await? else {
                    return Ok(());
                };
                for (to, scenario) in recipients.drain(..) {
                    simulator.take(Message {
                        provider: "smtp",
                        to,
                        title: subject(&letter),
                        text: letter.clone(),
                        data: Value::Null,
                    });
                    simulator.dawdle(scenario).await;
                }
                say(&mut writer, "250 OK").await?;
            }
            "QUIT" => {
                say(&mut writer, "221 goodbye").await?;
                return Ok(());
            }
            _ => say(&mut writer, "502 not understood").await?,
        }
    }
    Ok(())
}

/// What stands between the angle brackets.
fn between(command: &str) -> String {
    let inner = command
        .split_once('<')
        .and_then(|(_, rest)| rest.split_once('>'));
    inner
        .map(|(address, _)| address)
        .unwrap_or_default()
        .to_owned()
}

/// A letter up to its dot; none when the conversation ends before, or it is too large.
async fn letter(reader: &mut BufReader<OwnedReadHalf>) -> std::io::Result<Option<String>> {
    let mut letter = String::new();
    while let Some(line) = line(reader).await? {
        if line == "." {
            return Ok(Some(letter));
        }
        letter.push_str(line.strip_prefix('.').unwrap_or(&line));
        letter.push_str("\r\n");
        if letter.len() > MAX_LETTER {
            return Ok(None);
        }
    }
    Ok(None)
}

/// The subject as it stands in the header, encoded or not.
fn subject(letter: &str) -> String {
    let mut lines = letter.lines();
    let found = lines.find_map(|line| line.strip_prefix("Subject: "));
    found.unwrap_or_default().to_owned()
}
