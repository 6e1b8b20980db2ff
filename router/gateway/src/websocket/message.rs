//! The messages of `graphql-transport-ws`.

use axum::extract::ws::{CloseFrame, Utf8Bytes};
use serde::Deserialize;
use serde_json::{Map, Value, json};

/// The subprotocol's name.
pub(super) const PROTOCOL: &str = "graphql-transport-ws";

/// What a client says.
#[derive(Debug, Deserialize, PartialEq)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum ClientMessage {
    ConnectionInit {
        #[serde(default)]
        payload: Option<Map<String, Value>>,
    },
    Ping {
        #[serde(default)]
        payload: Option<Map<String, Value>>,
    },
    Pong {},
    Subscribe {
        id: String,
        payload: Map<String, Value>,
    },
    Complete {
        id: String,
    },
}

/// Why the server closes the connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Close {
    pub(super) code: u16,
    pub(super) reason: String,
}

impl Close {
    fn new(code: u16, reason: impl Into<String>) -> Self {
        Self {
            code,
            reason: reason.into(),
        }
    }

    pub(super) fn going_away() -> Self {
        Self::new(1001, "Going away")
    }

    pub(super) fn invalid(reason: impl std::fmt::Display) -> Self {
        // A close frame holds 123 bytes of reason (RFC 6455, section 5.5).
        let reason: String = format!("Invalid message: {reason}");
        let end = reason.floor_char_boundary(120);
        Self::new(4400, &reason[..end])
    }

    pub(super) fn unauthorized() -> Self {
        Self::new(4401, "Unauthorized")
    }

    pub(super) fn forbidden() -> Self {
        Self::new(4403, "Forbidden")
    }

    pub(super) fn not_acceptable() -> Self {
        Self::new(4406, "Subprotocol not acceptable")
    }

    pub(super) fn initialisation_timeout() -> Self {
        Self::new(4408, "Connection initialisation timeout")
    }

    pub(super) fn already_exists(id: &str) -> Self {
        let id: String = id.chars().take(24).collect();
        Self::new(4409, format!("Subscriber for {id} already exists"))
    }

    pub(super) fn too_many_initialisations() -> Self {
        Self::new(4429, "Too many initialisation requests")
    }
}

impl From<Close> for CloseFrame {
    fn from(close: Close) -> Self {
        Self {
            code: close.code,
            reason: Utf8Bytes::from(close.reason),
        }
    }
}

pub(super) const ACK: &str = r#"{"type":"connection_ack"}"#;

pub(super) fn pong(payload: Option<Map<String, Value>>) -> String {
    match payload {
        Some(payload) => json!({ "type": "pong", "payload": payload }).to_string(),
        None => r#"{"type":"pong"}"#.to_owned(),
    }
}

/// An answer, whose JSON is taken as it is.
pub(super) fn next(id: &str, body: &[u8]) -> String {
    let id = Value::from(id).to_string();
    // The executor writes UTF-8 only.
    let body = String::from_utf8_lossy(body);
    format!(r#"{{"id":{id},"type":"next","payload":{body}}}"#)
}

pub(super) fn error(id: &str, errors: &[Value]) -> String {
    json!({ "id": id, "type": "error", "payload": errors }).to_string()
}

pub(super) fn complete(id: &str) -> String {
    json!({ "id": id, "type": "complete" }).to_string()
}

/// The token that a client sent when it could set no header: a browser's `WebSocket` cannot.
pub(super) fn token(payload: &Map<String, Value>) -> Option<String> {
    let named = |map: &Map<String, Value>, wanted: &str| {
        map.iter()
            .find(|(name, _)| name.eq_ignore_ascii_case(wanted))
            .and_then(|(_, value)| value.as_str())
            .map(str::to_owned)
    };
    named(payload, "authorization")
        .or_else(|| named(payload.get("headers")?.as_object()?, "authorization"))
        .or_else(|| named(payload, "token").map(|token| format!("Bearer {token}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_read_as_the_protocol_has_them() {
        let read = |text: &str| serde_json::from_str::<ClientMessage>(text).ok();
        assert_eq!(
            read(r#"{"type":"connection_init"}"#),
            Some(ClientMessage::ConnectionInit { payload: None })
        );
        assert_eq!(
            read(r#"{"type":"pong","payload":{}}"#),
            Some(ClientMessage::Pong {})
        );
        assert_eq!(
            read(r#"{"type":"complete","id":"1"}"#),
            Some(ClientMessage::Complete { id: "1".into() })
        );
        for bad in [
            "",
            "null",
            "{}",
            r#"{"type":"start","id":"1"}"#,
            r#"{"type":"subscribe","id":"1"}"#,
            r#"{"type":"subscribe","id":1,"payload":{}}"#,
            r#"{"type":"subscribe","payload":{"query":"{a}"}}"#,
            r#"{"type":"connection_init","payload":7}"#,
            r#"{"type":"complete"}"#,
        ] {
            assert_eq!(read(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_token_is_found_where_clients_put_it() {
        let find = |value: Value| token(value.as_object().unwrap());
        let expected = Some("Bearer x".to_owned());
        assert_eq!(find(json!({"Authorization": "Bearer x"})), expected);
        assert_eq!(
            find(json!({"headers": {"authorization": "Bearer x"}})),
            expected
        );
        assert_eq!(find(json!({"token": "x"})), expected);
        assert_eq!(find(json!({"token": 7, "headers": []})), None);
    }

    #[test]
    fn a_reason_fits_its_frame() {
        assert!(Close::invalid("é".repeat(500)).reason.len() <= 123);
        assert!(Close::already_exists(&"é".repeat(500)).reason.len() <= 123);
    }
}
