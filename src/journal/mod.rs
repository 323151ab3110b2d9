//! tracing to journald: fields stay fields, and every operator-facing event has a fixed `MESSAGE_ID`, which
//! `systemd/rehab-hub.catalog` explains (`journalctl -x`).
//!
//! A field `sensor` becomes `HUB_SENSOR`; `message_id` becomes `MESSAGE_ID`. All are prefixed, since journald's own
//! `PRIORITY` or `TARGET` must not be overwritten by a field that happens to be called so.

pub mod events;

use std::fmt::{self, Write as _};
use std::io::Write as _;

use systemd_journal_logger::JournalLog;
use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber, span};
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::SubscriberInitExt;

/// Sends this crate's events to journald, or to standard error where there is none or a person started the program.
/// Events below `level` are dropped. Called once, by a binary; a second call changes nothing.
pub fn install(level: LevelFilter) {
    let journal = systemd_journal_logger::connected_to_journal().then(JournalLog::new).and_then(Result::ok);
    let sink = match journal {
        Some(log) => Sink::Journal(Box::new(log.with_syslog_identifier("rehab-hubd".into()))),
        None => Sink::Stderr,
    };
    let ours = Targets::new().with_target("rehab_hub", level).with_target("rehabctl", level);
    let _ = tracing_subscriber::registry().with(JournalLayer { sink }.with_filter(ours)).try_init();
}

enum Sink {
    Journal(Box<JournalLog>),
    Stderr,
}

struct JournalLayer {
    sink: Sink,
}

/// The message of an event, and its fields under their journal names.
#[derive(Default, Clone)]
struct Fields {
    message: String,
    named: Vec<(String, String)>,
}

impl Fields {
    fn put(&mut self, field: &Field, value: impl fmt::Display) {
        let name = match field.name() {
            "message" => {
                let _ = write!(self.message, "{value}"); // writing to a String cannot fail
                return;
            }
            "message_id" => "MESSAGE_ID".to_owned(),
            name => format!("HUB_{}", name.to_ascii_uppercase()),
        };
        let value = value.to_string();
        match self.named.iter_mut().find(|(known, _)| *known == name) {
            Some((_, old)) => *old = value, // an event's own field wins over its span's
            None => self.named.push((name, value)),
        }
    }
}

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.put(field, format_args!("{value:?}"));
    }
    fn record_str(&mut self, field: &Field, value: &str) {
        self.put(field, value);
    }
    fn record_error(&mut self, field: &Field, value: &(dyn std::error::Error + 'static)) {
        self.put(field, Chain(value));
    }
}

/// An error with all its causes: `cannot open the store: permission denied`.
pub struct Chain<'a>(pub &'a (dyn std::error::Error + 'static));

impl fmt::Display for Chain<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)?;
        let mut cause = self.0.source();
        while let Some(error) = cause {
            write!(f, ": {error}")?;
            cause = error.source();
        }
        Ok(())
    }
}

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for JournalLayer {
    fn on_new_span(&self, attributes: &span::Attributes<'_>, id: &span::Id, context: Context<'_, S>) {
        let mut fields = Fields::default();
        attributes.record(&mut fields);
        if let Some(span) = context.span(id) {
            span.extensions_mut().insert(fields);
        }
    }

    fn on_record(&self, id: &span::Id, values: &span::Record<'_>, context: Context<'_, S>) {
        if let Some(span) = context.span(id)
            && let Some(fields) = span.extensions_mut().get_mut::<Fields>()
        {
            values.record(fields);
        }
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let mut fields = Fields::default();
        for span in context.event_scope(event).into_iter().flat_map(|scope| scope.from_root()) {
            if let Some(outer) = span.extensions().get::<Fields>() {
                fields.named.extend(outer.named.iter().cloned());
            }
        }
        event.record(&mut fields);
        self.sink.write(*event.metadata().level(), event.metadata().target(), &fields);
    }
}

impl Sink {
    fn write(&self, level: Level, target: &str, fields: &Fields) {
        match self {
            Self::Journal(journal) => {
                let pairs: Vec<(&str, &str)> =
                    fields.named.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
                // a log line that cannot be written must not stop the hub
                let _ = journal.journal_send(
                    &log::Record::builder()
                        .level(log_level(level))
                        .target(target)
                        .args(format_args!("{}", fields.message))
                        .key_values(&pairs.as_slice())
                        .build(),
                );
            }
            Self::Stderr => {
                let mut line = format!("{level}: {}", fields.message);
                for (name, value) in fields.named.iter().filter(|(name, _)| name != "MESSAGE_ID") {
                    let name = name.trim_start_matches("HUB_").to_ascii_lowercase();
                    let _ = write!(line, " {name}={value}");
                }
                line.push('\n');
                let _ = std::io::stderr().lock().write_all(line.as_bytes());
            }
        }
    }
}

fn log_level(level: Level) -> log::Level {
    match level {
        Level::ERROR => log::Level::Error,
        Level::WARN => log::Level::Warn,
        Level::INFO => log::Level::Info,
        Level::DEBUG => log::Level::Debug,
        Level::TRACE => log::Level::Trace,
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;

    #[derive(Clone, Default)]
    struct Collect(Arc<Mutex<Vec<Fields>>>);

    impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Collect {
        fn on_event(&self, event: &Event<'_>, _context: Context<'_, S>) {
            let mut fields = Fields::default();
            event.record(&mut fields);
            self.0.lock().unwrap().push(fields);
        }
    }

    #[test]
    fn fields_are_prefixed_and_the_message_id_is_journalds_own() {
        let collect = Collect::default();
        let subscriber = tracing_subscriber::registry().with(collect.clone());
        tracing::subscriber::with_default(subscriber, || {
            tracing::info!(message_id = events::STARTED, sensor = %"strap", priority = 3, "up");
        });
        let fields = collect.0.lock().unwrap().pop().unwrap();
        assert_eq!(fields.message, "up");
        let named: Vec<_> = fields.named.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
        let expected = [("MESSAGE_ID", events::STARTED), ("HUB_SENSOR", "strap"), ("HUB_PRIORITY", "3")];
        assert_eq!(named, expected);
    }

    #[test]
    fn an_error_is_logged_with_its_causes_each_once() {
        #[derive(Debug, thiserror::Error)]
        #[error("cannot open the door")]
        struct Door(#[source] std::fmt::Error);
        let text = Chain(&Door(std::fmt::Error)).to_string();
        assert_eq!(text, format!("cannot open the door: {}", std::fmt::Error));
    }
}
