//! The log as JSON lines. A line is rendered straight into bytes, and lines go out together every few milliseconds: one
//! that says that something is wrong, and all before it, at once.

use std::io::{self, Write};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Level, Metadata, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields, MakeWriter};
use tracing_subscriber::layer::Context;
use tracing_subscriber::registry::LookupSpan;

/// How long a line may wait for others.
const PAUSE: Duration = Duration::from_millis(20);
/// With so many bytes waiting, whoever logs writes them: a log that nobody reads must not take all memory.
const MOST_WAITING: usize = 1 << 20;

/// Members of a line that no span can take the place of.
const OWN: [&str; 5] = ["timestamp", "level", "target", "message", "fields"];

/// A span's fields, each value as JSON.
#[derive(Default)]
struct Fields(Vec<(&'static str, Vec<u8>)>);

impl Fields {
    fn set_text(&mut self, field: &Field, value: &str) {
        self.set(field, &value);
    }

    fn set(&mut self, field: &Field, value: &impl serde::Serialize) {
        let name = field.name();
        // What is for the exporter of traces says nothing to people.
        if name.starts_with("otel.") {
            return;
        }
        let json = serde_json::to_vec(value).unwrap_or_default();
        match self.0.iter_mut().find(|(known, _)| *known == name) {
            Some((_, known)) => *known = json,
            None => self.0.push((name, json)),
        }
    }
}

/// An event's message and service, and its other fields as JSON members.
struct Rendered {
    message: Vec<u8>,
    /// The part of the process that speaks, where it says so itself.
    service: Vec<u8>,
    members: Vec<u8>,
}

impl Rendered {
    fn new() -> Self {
        Self {
            message: Vec::with_capacity(64),
            service: Vec::new(),
            members: Vec::with_capacity(512),
        }
    }

    fn set(&mut self, field: &Field, value: &impl serde::Serialize) {
        write_json(self.place(field), value);
    }

    fn set_text(&mut self, field: &Field, value: &str) {
        write_text(self.place(field), value);
    }

    /// Where the value goes.
    fn place(&mut self, field: &Field) -> &mut Vec<u8> {
        let whole = match field.name() {
            "message" => &mut self.message,
            "service" => &mut self.service,
            name => {
                if !self.members.is_empty() {
                    self.members.push(b',');
                }
                write_text(&mut self.members, name);
                self.members.push(b':');
                return &mut self.members;
            }
        };
        whole.clear();
        whole
    }
}

/// A string, whose characters mostly need no escape.
fn write_text(out: &mut Vec<u8>, text: &str) {
    let is_plain = |byte: u8| byte >= b' ' && byte != b'"' && byte != b'\\';
    if text.bytes().all(is_plain) {
        out.push(b'"');
        out.extend_from_slice(text.as_bytes());
        out.push(b'"');
    } else {
        write_json(out, &text);
    }
}

fn write_json(out: &mut Vec<u8>, value: &impl serde::Serialize) {
    let before = out.len();
    if serde_json::to_writer(&mut *out, value).is_err() {
        out.truncate(before);
        out.extend_from_slice(b"null");
    }
}

/// The methods that hand every kind of value to `set`.
macro_rules! visit_as_json {
    ($visitor:ty) => {
        impl Visit for $visitor {
            fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
                self.set(field, &format_args!("{value:?}"));
            }

            fn record_str(&mut self, field: &Field, value: &str) {
                self.set_text(field, value);
            }

            fn record_i64(&mut self, field: &Field, value: i64) {
                self.set(field, &value);
            }

            fn record_u64(&mut self, field: &Field, value: u64) {
                self.set(field, &value);
            }

            fn record_f64(&mut self, field: &Field, value: f64) {
                self.set(field, &value);
            }

            fn record_bool(&mut self, field: &Field, value: bool) {
                self.set(field, &value);
            }
        }
    };
}

visit_as_json!(Fields);
visit_as_json!(Rendered);

/// Keeps each span's fields, for the lines written inside it.
pub(super) struct SpanFields;

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for SpanFields {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        if let Some(span) = context.span(id) {
            let mut fields = Fields::default();
            attributes.record(&mut fields);
            span.extensions_mut().insert(fields);
        }
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        if let Some(span) = context.span(id)
            && let Some(fields) = span.extensions_mut().get_mut::<Fields>()
        {
            values.record(fields);
        }
    }
}

/// One line of JSON: timestamp, level, service, the spans' fields (trace_id, span_id, user_id), target, message, fields.
pub(super) struct JsonLine {
    pub(super) service: &'static str,
}

impl<S, N> FormatEvent<S, N> for JsonLine
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> std::fmt::Result {
        let mut rendered = Rendered::new();
        event.record(&mut rendered);
        let now = crate::clock::Clock::system()
            .now()
            .format(&time::format_description::well_known::Rfc3339)
            .unwrap_or_default();
        let mut line = Vec::with_capacity(256 + rendered.members.len());
        line.extend_from_slice(b"{\"timestamp\":\"");
        line.extend_from_slice(now.as_bytes());
        line.extend_from_slice(b"\",\"level\":\"");
        line.extend_from_slice(event.metadata().level().as_str().as_bytes());
        line.push(b'"');
        let mut known: Vec<&'static str> = Vec::new();
        let mut member = |name: &'static str, json: &[u8]| {
            if !OWN.contains(&name) && !known.contains(&name) {
                known.push(name);
                line.push(b',');
                write_text(&mut line, name);
                line.push(b':');
                line.extend_from_slice(json);
            }
        };
        if !rendered.service.is_empty() {
            member("service", &rendered.service);
        }
        // From the innermost span on: it knows better than those around it.
        for span in context.event_scope().into_iter().flatten() {
            if let Some(fields) = span.extensions().get::<Fields>() {
                for (name, json) in &fields.0 {
                    member(name, json);
                }
            }
        }
        let mut service = Vec::with_capacity(16);
        write_text(&mut service, self.service);
        member("service", &service);
        line.extend_from_slice(b",\"target\":");
        write_text(&mut line, event.metadata().target());
        line.extend_from_slice(b",\"message\":");
        if rendered.message.is_empty() {
            line.extend_from_slice(b"null");
        }
        line.extend_from_slice(&rendered.message);
        if !rendered.members.is_empty() {
            line.extend_from_slice(b",\"fields\":{");
            line.extend_from_slice(&rendered.members);
            line.push(b'}');
        }
        line.extend_from_slice(b"}\n");
        writer.write_str(std::str::from_utf8(&line).map_err(|_| std::fmt::Error)?)
    }
}

/// Where lines wait to be written to the standard error. Clones share it.
#[derive(Clone, Default)]
pub(super) struct Lines(Arc<Waiting>);

#[derive(Default)]
struct Waiting {
    bytes: Mutex<Vec<u8>>,
    /// Signalled when the first line comes.
    some: Condvar,
    /// Held while bytes are written, so that lines stay in order. Keeps its memory for the next time.
    output: Mutex<Vec<u8>>,
}

impl Lines {
    /// Starts the thread that writes.
    ///
    /// # Errors
    /// When there can be no further thread.
    pub(super) fn start() -> io::Result<Self> {
        let lines = Self::default();
        let waiting = lines.0.clone();
        std::thread::Builder::new()
            .name("log".to_owned())
            .spawn(move || waiting.write_forever())?;
        Ok(lines)
    }

    /// Writes everything that waits.
    pub(super) fn flush(&self) {
        self.0.flush();
    }
}

fn lock(bytes: &Mutex<Vec<u8>>) -> MutexGuard<'_, Vec<u8>> {
    bytes.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Waiting {
    fn write_forever(&self) {
        loop {
            let guard = lock(&self.bytes);
            let guard = self.some.wait_while(guard, |bytes| bytes.is_empty());
            drop(guard.unwrap_or_else(PoisonError::into_inner));
            std::thread::sleep(PAUSE);
            self.flush();
        }
    }

    fn flush(&self) {
        let mut output = lock(&self.output);
        std::mem::swap(&mut *lock(&self.bytes), &mut *output);
        // Nobody is left to be told that the log cannot be written.
        let _ = io::stderr().write_all(&output);
        output.clear();
    }
}

impl<'a> MakeWriter<'a> for Lines {
    type Writer = Line<'a>;

    fn make_writer(&'a self) -> Line<'a> {
        Line {
            waiting: &self.0,
            urgent: true,
        }
    }

    fn make_writer_for(&'a self, metadata: &Metadata<'_>) -> Line<'a> {
        Line {
            waiting: &self.0,
            urgent: *metadata.level() <= Level::WARN,
        }
    }
}

/// Takes one line.
pub(super) struct Line<'a> {
    waiting: &'a Waiting,
    urgent: bool,
}

impl Write for Line<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut waiting = lock(&self.waiting.bytes);
        let is_first = waiting.is_empty();
        waiting.extend_from_slice(bytes);
        let is_much = waiting.len() > MOST_WAITING;
        drop(waiting);
        if self.urgent || is_much {
            self.waiting.flush();
        } else if is_first {
            self.waiting.some.notify_one();
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.waiting.flush();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};
    use tracing_subscriber::layer::SubscriberExt as _;

    use super::*;

    /// The lines that `log` writes.
    fn logged(log: impl FnOnce()) -> Vec<Value> {
        let lines = Lines::default();
        let layer = tracing_subscriber::fmt::layer()
            .with_writer(lines.clone())
            .event_format(JsonLine { service: "test" });
        let subscriber = tracing_subscriber::registry().with(SpanFields).with(layer);
        tracing::subscriber::with_default(subscriber, log);
        let bytes = lock(&lines.0.bytes).clone();
        bytes
            .split(|byte| *byte == b'\n')
            .filter(|line| !line.is_empty())
            .map(|line| serde_json::from_slice(line).unwrap())
            .collect()
    }

    #[test]
    fn lines_hold_the_fields_of_event_and_spans() {
        let lines = logged(|| {
            let outer =
                tracing::info_span!("outer", service = "router", user_id = 1, otel.kind = "x");
            let _outer = outer.enter();
            let inner =
                tracing::info_span!("inner", user_id = tracing::field::Empty, level = "own");
            inner.record("user_id", tracing::field::display("a\"b"));
            inner.record("user_id", tracing::field::display("c\\d"));
            let _inner = inner.enter();
            tracing::info!(
                bytes = 3_u64,
                ratio = 0.5,
                none = Option::<u64>::None,
                good = true,
                "said \"so\"\n"
            );
            tracing::debug!("bare");
        });
        assert!(lines[0]["timestamp"].as_str().unwrap().ends_with('Z'));
        assert_eq!(lines[0]["level"], "INFO");
        assert_eq!(lines[0]["service"], "router");
        assert_eq!(lines[0]["user_id"], "c\\d");
        assert_eq!(lines[0]["message"], "said \"so\"\n");
        assert_eq!(
            lines[0]["fields"],
            json!({"bytes": 3, "ratio": 0.5, "good": true})
        );
        assert!(lines[0].get("otel.kind").is_none());
        assert!(lines[1].get("fields").is_none());
    }

    #[test]
    fn what_is_wrong_is_written_at_once() {
        let lines = Lines::default();
        let write = |urgent| {
            let mut line = Line {
                waiting: &lines.0,
                urgent,
            };
            line.write_all(b"{}\n").unwrap();
            lock(&lines.0.bytes).len()
        };
        assert_eq!(write(false), 3);
        assert_eq!(write(false), 6);
        assert_eq!(write(true), 0);
    }
}
